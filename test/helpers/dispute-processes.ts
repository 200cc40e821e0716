import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { checkAnswer } from '../../src/http/openapi.ts'
import { startWeb, tokenHeader } from '../bench/web.ts'
import type { Web } from '../bench/web.ts'
import { ask, at, items } from './ask.ts'
import type { Reply } from './ask.ts'
import type { FakePartner } from './fake-partner.ts'
import { cdrOf, put, sessionOf, tokenOf } from './objects.ts'
import type { Json } from './objects.ts'
import { until } from './processes.ts'

/** A web and a worker process with a CPO, an eMSP and somebody else, told over HTTP alone. */
export type DisputeStory = AsyncDisposable & {
  web: Web
  cpo: FakePartner
  emsp: FakePartner
  stranger: FakePartner
  /** The party API as a partner sees it; a path below /party/v1. */
  as(partner: FakePartner, method: string, path: string, body?: unknown): Promise<Reply>
  admin(method: string, path: string, body?: unknown): Promise<Reply>
  /** The card and the completed session; gives the CDR, which is not sent. */
  charge(
    id: string,
    more?: { cdr?: Json; session?: Json; price?: number; kwh?: number },
  ): Promise<Json>
  send(cdr: Json): Promise<void>
  /** The CDR as the operator sees it once it is in this state. */
  cdrIn(id: string, state: string): Promise<unknown>
  /** The one dispute of a CDR, as its eMSP sees it, once it is in this state. */
  disputeIn(cdrId: string, state: string): Promise<Json>
  adjustments(partner: FakePartner, cdrId: string): Promise<Json[]>
  /** Days go by: what is due is due; the worker's own sweeps do the rest. */
  pass(days: number): Promise<void>
}

const waitMs = 60_000

export async function startDisputeStory(): Promise<DisputeStory> {
  const web = await startWeb()
  await web.addWorker()
  const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const emsp = await web.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
  const stranger = await web.connect({
    parties: [
      { party: 'FR-XYZ', role: 'CPO' },
      { party: 'FR-XYZ', role: 'EMSP' },
    ],
  })
  const { db } = web.database
  await db.rows(sql`update platforms set quirks = quirks || '{"pull": false}'`)
  const call =
    (surface: string, authorization: string) =>
    async (method: string, path: string, body?: unknown): Promise<Reply> => {
      const full = `${surface}${path}`
      const json = { authorization, 'content-type': 'application/json' }
      const reply = await ask(
        body === undefined
          ? { url: `${web.url}${full}`, method, headers: { authorization } }
          : { url: `${web.url}${full}`, method, headers: json, body: JSON.stringify(body) },
      )
      assert.equal(
        checkAnswer(method, full, reply.status, reply.json ?? reply.text),
        [],
        reply.text,
      )
      return reply
    }
  const as: DisputeStory['as'] = (partner, method, path, body) =>
    call('/party/v1', tokenHeader(partner.token))(method, path, body)
  const admin = call('/admin/v1', `Bearer ${web.adminToken}`)
  const cdrIn: DisputeStory['cdrIn'] = async (id, state) => {
    let seen: unknown
    await until(
      async () => {
        const reply = await admin('GET', `/cdrs/NL/TNM/${id}`)
        seen = reply.json
        return at(seen, 'state') === state
      },
      { what: `${id} to be ${state}`, limitMs: waitMs },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(seen)}`)
    })
    return seen
  }
  const disputeIn: DisputeStory['disputeIn'] = async (cdrId, state) => {
    let seen: Json = {}
    await until(
      async () => {
        const { json } = await as(emsp, 'GET', '/disputes')
        seen =
          items(at(json, 'items'))
            .map(Object)
            .find((one) => at(one, 'cdr', 'id') === cdrId) ?? {}
        return seen['state'] === state
      },
      { what: `the dispute of ${cdrId} to be ${state}`, limitMs: waitMs },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(seen)}`)
    })
    return seen
  }
  return {
    web,
    cpo,
    emsp,
    stranger,
    as,
    admin,
    cdrIn,
    disputeIn,
    charge: async (id, more = {}) => {
      const { price = 0.3, kwh = 10 } = more
      const one = { owner: 'NL-TNM', payer: 'DE-EMA', id, uid: `CARD-${id}`, kwh }
      await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
      const place = { location_id: `L-${id}`, evse_uid: `E-${id}` }
      await put(
        cpo,
        'sessions',
        sessionOf({ ...one, id: `S-${id}` }, { ...place, ...more.session }),
      )
      const cdr = cdrOf({ ...one, price })
      const cdr_location = { ...Object(cdr['cdr_location']), id: `L-${id}`, evse_uid: `E-${id}` }
      return { ...cdr, cdr_location, ...more.cdr }
    },
    send: async (cdr) => {
      const answer = await cpo.send('POST', 'receiver/cdrs', { body: cdr })
      assert.is(answer.code, 1000, answer.text)
    },
    adjustments: async (partner, cdrId) => {
      const { json } = await as(partner, 'GET', '/adjustments')
      return items(at(json, 'items'))
        .map(Object)
        .filter((one) => at(one, 'cdr', 'id') === cdrId)
    },
    pass: async (days) => {
      await db.rows(sql`
        update cdr_states set contest_until = contest_until - ${days} * interval '1 day'
        where contest_until is not null`)
      await db.rows(sql`
        update disputes set deadline_at = deadline_at - ${days} * interval '1 day',
          opened_at = opened_at - ${days} * interval '1 day' where closed_at is null`)
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  }
}
