import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createContext } from '../../src/context.ts'
import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { seededRandom } from '../../src/sandbox/random.ts'
import type { Random } from '../../src/sandbox/random.ts'
import type { QueueName } from '../../config/queues.ts'
import type { QueueSet, RowRef } from '../../workers/queues.ts'
import { relayOnce } from '../../workers/relay.ts'
import { reopenMissing, sweepDue } from '../../workers/sweep.ts'
import { JOBS } from '../../workers/table.ts'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { note } from '../helpers/note.ts'
import { cdrOf, creditOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { seed, size } from '../helpers/seed.ts'

const CPO = 'NL-TNM'
const EMSPS = ['DE-MSP', 'FR-MSP']
const timesMax = 10
const atOnce = 6
const roundsMax = 100

const jobs = suite('jobs')

type Job = { queue: QueueName; rows: readonly RowRef[] }
/** Does the work of a hub; returns how many jobs ran. */
type Work = (hub: TestHub) => Promise<number>

jobs('jobs that run ten times, in any order and at once, leave what one run leaves', async () => {
  const random = seededRandom(seed())
  const count = size(20)
  const once = await live(count, (hub) => work(hub, { random, times: 1, contexts: [hub.context] }))
  const often = await live(count, async (hub) => {
    const other = createContext(hub.context.config, 'worker')
    try {
      return await work(hub, { random, times: timesMax, contexts: [hub.context, other] })
    } finally {
      await other.close()
    }
  })
  assert.equal(
    often.state.filter((row) => at(row, 'troubles') !== 0),
    [],
    'no job failed, none is left',
  )
  const other = new Set(once.state.map((row) => JSON.stringify(row)))
  const differing = often.state.filter((row) => !other.has(JSON.stringify(row)))
  const ids = differing.map((row) => at(row, 'cdr_id'))
  const expected = once.state.filter((row) => ids.includes(at(row, 'cdr_id')))
  assert.equal(differing, expected, 'every CDR is as after one run')
  assert.is(often.state.length, once.state.length)
  assert.equal(often.accounts, once.accounts)
  assert.equal(often.arrived, once.arrived)
  assert.ok(often.jobs >= once.jobs * timesMax, 'jobs ran often')
  note(
    `jobs: seed ${seed()}, ${once.state.length} CDRs, ${once.jobs} jobs once, ${often.jobs} in all`,
  )
})

jobs('work that Redis has lost is open again; work that it still has is not', async () => {
  await using hub = await startHub()
  const { context } = hub
  const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
  await hub.connect({ parties: [{ party: EMSPS[0] ?? '', role: 'EMSP' }] })
  for (const id of ['LOST', 'HELD'])
    await accept(cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...chargeTo(0), id }) }))
  const refs = (await relay(context)).flatMap(({ rows }) => rows)
  assert.is(refs.length, 2)
  const handedOut = () =>
    context.db.rows<{ id: bigint }>(
      sql`select id from outbox where finished_at is null and enqueued_at is not null`,
    )
  const queues = { isReady: () => true, held: async () => refs.slice(1) }
  await reopenMissing(context, queues)
  assert.is((await handedOut()).length, 2, 'what was handed out just now may be on its way')
  await context.db.rows(sql`update outbox set enqueued_at = enqueued_at - interval '6 seconds'`)
  await reopenMissing(context, { ...queues, isReady: () => false })
  assert.is((await handedOut()).length, 2, 'an absent Redis says nothing')
  await reopenMissing(context, queues)
  assert.equal(await handedOut(), [{ id: BigInt(refs[1]?.id ?? 0) }])
})

/** Runs what is due until nothing is: every job `times` times, shuffled, several at once; then all of them once more. */
async function work(
  hub: TestHub,
  input: { random: Random; times: number; contexts: readonly Context[] },
): Promise<number> {
  const { random, times, contexts } = input
  const all: Job[] = []
  let ran = 0
  for (let round = 0; round < roundsMax; round += 1) {
    await sweepDue(hub.context)
    const added = await relay(hub.context)
    all.push(...added)
    if (added.length === 0) break
    const copies = Array.from({ length: times }, () => added.flatMap((job) => cut(job, random)))
    ran += await runAll(times === 1 ? added : random.shuffle(copies.flat()), input)
  }
  // Stale jobs: what a worker that was away for long may still bring.
  if (times > 1) ran += await runAll(random.shuffle(all), { ...input, contexts })
  return ran
}

/** The rows of a job in other batches: workers that race need not have been given the same ones. */
function cut({ queue, rows }: Job, random: Random): Job[] {
  const left = random.shuffle(rows)
  const pieces: Job[] = []
  while (left.length > 0)
    pieces.push({ queue, rows: left.splice(0, random.between(1, left.length)) })
  return pieces
}

async function relay(context: Context): Promise<Job[]> {
  const added: Job[] = []
  const queues: QueueSet = {
    isReady: () => true,
    add: async (queue, batches) => void added.push(...batches.map((rows) => ({ queue, rows }))),
    held: async () => [],
    work: () => undefined,
    close: async () => undefined,
  }
  await relayOnce(context, queues)
  return added
}

async function runAll(
  list: readonly Job[],
  { times, contexts }: { times: number; contexts: readonly Context[] },
): Promise<number> {
  const queue = [...list]
  const lanes = Array.from({ length: times === 1 ? 1 : atOnce }, async (_none, lane) => {
    const context = contexts[lane % contexts.length]
    for (let job = queue.shift(); job && context; job = queue.shift())
      await JOBS[job.queue](context, job.rows)
  })
  await Promise.all(lanes)
  return list.length
}

type Outcome = { state: unknown[]; accounts: unknown[]; arrived: string[]; jobs: number }

/** One provider contests, with the other all is approved at once. Of each kind of CDR `count`, in three waves. */
async function live(count: number, doWork: Work): Promise<Outcome> {
  await using hub = await startHub()
  const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
  const emsps = []
  for (const [index, party] of EMSPS.entries()) {
    emsps.push(await hub.connect({ parties: [{ party, role: 'EMSP' }] }))
    const terms = { cdr_delivery: 'clear', contest_days: index * 30 }
    assert.ok((await hub.admin('PUT', `/agreements/${CPO}/${party}`, terms)).status < 300)
  }
  const sent = new Map<string, Json>()
  let ran = 0
  for (const wave of [sendCdrs, sendReplacements, sendLateCards]) {
    for (let index = 0; index < count; index += 1) {
      const emsp = emsps[index % emsps.length]
      if (emsp) await wave({ cpo, emsp, index, sent })
    }
    ran += await doWork(hub)
  }
  assert.ok((await verifyLedger(hub.context.db)).ok)
  return {
    ...(await readState(hub)),
    arrived: [...new Set(emsps.flatMap(arrivals))].sort(),
    jobs: ran,
  }
}

/** `sent` holds the CDRs by id: a credit repeats its original to the second. */
type Wave = { cpo: FakePartner; emsp: FakePartner; index: number; sent: Map<string, Json> }

function chargeTo(index: number) {
  return { owner: CPO, payer: EMSPS[index] ?? '' }
}

function chargeOf({ emsp, index }: Wave, kind: string) {
  const id = `${kind}${index}`
  return { owner: CPO, payer: emsp.party, id, uid: `CARD-${id}`, session: `S-${id}` }
}

/** A sound one, an overpriced one, a second one of the same session, one whose card nobody knows yet. */
async function sendCdrs(wave: Wave): Promise<void> {
  for (const kind of ['A', 'B', 'C']) {
    const charge = chargeOf(wave, kind)
    if (kind !== 'C') await accept(put(wave.emsp, 'tokens', tokenOf(charge.payer, charge.uid)))
    await accept(put(wave.cpo, 'sessions', sessionOf({ ...charge, id: charge.session })))
    const more = kind === 'B' ? { total_cost: { excl_vat: 30, incl_vat: 36 } } : {}
    await post(wave, cdrOf(charge, more))
  }
  const charge = chargeOf(wave, 'A')
  await post(wave, cdrOf({ ...charge, id: `${charge.id}-2` }))
}

/** The sound and the overpriced one are taken back; the latter is sent anew. */
async function sendReplacements(wave: Wave): Promise<void> {
  const [sound, overpriced] = [chargeOf(wave, 'A'), chargeOf(wave, 'B')]
  const wrong = wave.sent.get(overpriced.id) ?? {}
  const first = wave.sent.get(sound.id) ?? {}
  if (wave.index % 3 === 0) await post(wave, creditOf(first, `${sound.id}-C`))
  await post(wave, cdrOf({ ...overpriced, id: `${overpriced.id}-R` }))
  await post(wave, creditOf(wrong, `${overpriced.id}-C`))
  await post(wave, creditOf(wrong, `${overpriced.id}-C2`))
}

async function sendLateCards(wave: Wave): Promise<void> {
  const charge = chargeOf(wave, 'C')
  await accept(put(wave.emsp, 'tokens', tokenOf(charge.payer, charge.uid)))
}

async function post({ cpo, sent }: Wave, body: Json): Promise<void> {
  sent.set(String(body['id']), body)
  await accept(cpo.send('POST', 'receiver/cdrs', { body }))
}

async function accept(reply: Promise<{ code: number; text: string }>): Promise<void> {
  const { code, text } = await reply
  assert.is(code, 1000, text)
}

async function readState(hub: TestHub): Promise<Pick<Outcome, 'state' | 'accounts'>> {
  const { db } = hub.context
  const state = await db.rows(sql`
    select c.cdr_id, s.state, s.net_micros::text as net, s.tax_micros::text as tax, s.booked ->> 'book' as book,
      s.cycle_id, s.delivery,
      (select string_agg(f.code || f.severity, ' ' order by f.code) from cdr_findings f
        where f.cdr_id = c.id and f.superseded_at is null) as findings,
      (select count(*)::integer from outbox o where o.subject = c.id::text
        and (o.finished_at is null or o.error is not null)) as troubles
    from cdrs c join cdr_states s on s.cdr_id = c.id order by c.cdr_id`)
  const accounts = await db.rows(sql`
    select code, (debits_pending - credits_pending)::text as pending, (debits_posted - credits_posted)::text as posted
    from ledger_accounts order by code`)
  return { state, accounts }
}

function arrivals(emsp: FakePartner): string[] {
  return emsp
    .received('receiver/cdrs', 'POST')
    .map(({ json }) => `${emsp.party} ${String(Object(json).id)}`)
}

jobs.run()
