import * as assert from 'uvu/assert'
import type { DisputeVerb, Side } from '../../src/clearing/disputes/machine.ts'
import { sql } from '../../src/db/sql.ts'
import type { Scope } from '../../src/hub/admin/scope.ts'
import { actOnDispute } from '../../src/hub/disputes/act.ts'
import type { Acted, AmountGiven } from '../../src/hub/disputes/act.ts'
import { contestCdr } from '../../src/hub/disputes/contest.ts'
import { getDispute } from '../../src/hub/disputes/read-detail.ts'
import type { DisputeDetail } from '../../src/hub/disputes/read-detail.ts'
import { listDisputes } from '../../src/hub/disputes/read.ts'
import type { DisputeView } from '../../src/hub/disputes/read.ts'
import { at } from './ask.ts'
import { storyOf } from './cdr-story.ts'
import type { Story } from './cdr-story.ts'
import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'
import { money } from './objects.ts'
import type { Json } from './objects.ts'

type More = { amount?: AmountGiven; text?: string; code?: string }

/** One CPO and one eMSP that disagree. */
export type DisputeStory = Story & {
  scopes: Readonly<Record<Side, Scope>>
  /** A CDR of 3.00 with 0.60 of tax that nobody objects to yet. */
  clean(id: string, more?: Json): Promise<Json>
  /** The same, claiming 4.00 (+ 0.80) by a tariff that gives 3.00: P1, 1.00 at risk. */
  wrong(id: string): Promise<Json>
  contest(id: string, more?: More): Promise<DisputeView>
  tryContest(id: string, more?: More & { side?: 'emsp' | 'operator' }): Promise<Acted>
  act(dispute: DisputeView, verb: DisputeVerb, side: Side, more?: More): Promise<DisputeView>
  tryAct(dispute: DisputeView, verb: DisputeVerb, side: Side, more?: More): Promise<Acted>
  /** All disputes of a CDR, oldest first. */
  of(id: string): Promise<DisputeView[]>
  detail(dispute: DisputeView): Promise<DisputeDetail>
  /** `state part0 …`: the CDR's state and its parts as book:net, part 0 first. */
  parts(id: string): Promise<string>
  days(count: number): Promise<void>
  /** Asserts that the books are sound. */
  verify(): Promise<void>
}

const DAY_MS = 86_400_000
/** A little more, so that what is due by then is due. */
const MARGIN_MS = 60_000

export function disputesOf(
  hub: TestHub,
  pair: { cpo: FakePartner; emsp: FakePartner },
): DisputeStory {
  const { cpo, emsp } = pair
  const story = storyOf(hub, cpo)
  const operator: Scope = { kind: 'operator', actor: 'operator:test', roles: ['admin'] }
  const scopes = {
    operator,
    hub: operator,
    cpo: { kind: 'party', actor: cpo.party, platformId: cpo.id, cpos: [cpo.party], emsps: [] },
    emsp: { kind: 'party', actor: emsp.party, platformId: emsp.id, cpos: [], emsps: [emsp.party] },
  } as const
  const send = async (id: string, more: Json): Promise<Json> => {
    const charge = story.charge(id, emsp)
    await story.prepare(charge, emsp)
    const cdr = story.cdr(charge, more)
    const answer = await story.post(cdr)
    assert.is(answer.code, 1000, answer.text)
    await hub.drain()
    return cdr
  }
  const tryContest: DisputeStory['tryContest'] = (id, { side = 'emsp', ...more } = {}) =>
    contestCdr(hub.context, {
      cdr: { owner: cpo.party, cdrId: id },
      side,
      actor: scopes[side].actor,
      scope: scopes[side],
      code: more.code ?? 'Q2',
      ...(more.amount === undefined ? {} : { amount: more.amount }),
      ...(more.text === undefined ? {} : { text: more.text }),
    })
  const tryAct: DisputeStory['tryAct'] = (dispute, verb, side, more = {}) =>
    actOnDispute(hub.context, {
      disputeId: BigInt(dispute.id),
      verb,
      side,
      actor: scopes[side].actor,
      scope: scopes[side],
      text: more.text ?? (verb === 'answer' || verb === 'rebut' ? 'our meter says so' : ''),
      ...(more.amount === undefined ? {} : { amount: more.amount }),
    })
  return {
    ...story,
    scopes,
    clean: (id, more = {}) => send(id, more),
    wrong: (id) => send(id, { total_cost: money(4), total_energy_cost: money(4) }),
    tryContest,
    tryAct,
    contest: async (id, more) => done(await tryContest(id, more)),
    act: async (...args) => done(await tryAct(...args)),
    of: async (id) => {
      const cdr = { owner: cpo.party, cdrId: id }
      const page = await listDisputes(hub.context.db, operator, { cdr })
      return page.items.toReversed()
    },
    detail: (dispute) => getDispute(hub.context.db, operator, BigInt(dispute.id)),
    parts: (id) => readParts(hub, { owner: cpo.party, id }),
    days: (count) => hub.passTime(count * DAY_MS + MARGIN_MS).then(() => hub.drain()),
    verify: async () => {
      const { json } = await hub.admin('POST', '/ledger/verify', {})
      assert.is(at(json, 'ok'), true, JSON.stringify(json))
    },
  }
}

function done(acted: Acted): DisputeView {
  if (!acted.ok) throw new Error(`${acted.reason}: ${acted.message}`)
  return acted.dispute
}

async function readParts(hub: TestHub, cdr: { owner: string; id: string }): Promise<string> {
  const rows = await hub.context.db.rows<{ text: string }>(sql`
    select s.state || ' ' || concat_ws(' ', coalesce(s.booked->>'book', 'none') || ':'
      || trim_scale(coalesce(s.part_net, s.net_micros, 0) / 1000000.0)::text,
      (select string_agg(p.book || ':' || trim_scale(p.net_micros / 1000000.0)::text, ' ' order by p.part)
        from cdr_parts p where p.cdr_id = s.cdr_id and p.book <> 'ended')) as text
    from cdr_states s join cdrs c on c.id = s.cdr_id
    where c.owner = ${cdr.owner} and c.cdr_id = ${cdr.id}`)
  return rows[0]?.text ?? 'none'
}
