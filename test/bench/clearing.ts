import { limits } from '../../config/limits.ts'
import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import { clearCdrs } from '../../src/hub/cdrs/clear.ts'
import { bareContext, workerContext } from '../helpers/bare-context.ts'
import { FAULTS } from '../helpers/clearing-world-faults.ts'
import { runWorld } from '../helpers/clearing-world-run.ts'
import { scoreTable, shortfall } from '../helpers/clearing-world-score.ts'
import { testDatabase } from '../helpers/database.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { cdrOf, fromNow, sessionOf, tokenOf } from '../helpers/objects.ts'
import { seed, size } from '../helpers/seed.ts'
import { perSecond, rateOf, shoot, timed } from './bench.ts'
import type { Bench, BenchOptions, Measured } from './bench.ts'
import { readRows, writeRows } from './copy-rows.ts'
import { shotAt, startWeb } from './web.ts'
import type { Web } from './web.ts'

const perCard = 200
const parallel = 64
const soundMax = 5_000
const checkSessions = 100_000
const monthSessions = 2_000
const wrongsShown = 20
const hourMs = 3_600_000

/** What clearing leaves behind: states, history, findings, transfers. */
const written = [
  { table: 'ledger_accounts' },
  { table: 'cdr_states' },
  { table: 'cdr_events', where: 'epoch > 0' },
  { table: 'cdr_findings' },
  { table: 'ledger_transfers' },
]

/** How fast one worker process clears: match, price, check, decide, book, batch by batch. */
export const clearing: Bench = {
  name: 'clearing',
  about:
    'CDRs a second cleared and booked by one worker; with --check 100,000 of them, and every planted fault must be found',
  run: async (options) => {
    const sound = await measureSound()
    return [sound, await measureMonth(options, sound)]
  },
}

/** Sound CDRs that came through the HTTP door, against a plain insert of what clearing wrote. */
async function measureSound(): Promise<Measured> {
  await using web = await startWeb()
  const count = Math.min(size(1_000), soundMax)
  await pushAll(web, count)
  const context = workerContext(web.database.url)
  try {
    const batches = await openBatches(context)
    const ms = await timed(async () => {
      for (const batch of batches) await clearCdrs(context, batch)
    })
    await mustHaveCleared(context, count)
    const rows = await readRows(web.database.db, written)
    await using plain = await testDatabase()
    const limitMs = await timed(() => writeRows(plain.db, rows))
    const limit = 'the rows it wrote in one insert per table, one commit'
    const limitRate = perSecond(count, limitMs)
    return { what: 'clear', rate: perSecond(count, ms), unit: 'CDRs/s', limit, limitRate }
  } finally {
    await context.close()
  }
}

/**
 * A made-up month of 20 CPOs and 20 eMSPs with every kind of fault. Its messages do not come over HTTP: CDRs pass
 * admitCdr and recordCdr, records saveRecords, objects writeObjects, and are then dated back; only clearing is timed.
 */
async function measureMonth({ isCheck }: BenchOptions, sound: Measured): Promise<Measured> {
  const sessions = process.env['SIZE'] ? size(0) : isCheck ? checkSessions : monthSessions
  await using bare = await bareContext()
  const run = await runWorld(bare.context, { seed: seed(), sessions, progress: tellProgress })
  const failed = shortfall(run.score)
  return {
    what: `clear ${run.cdrs} CDRs of ${sessions} sessions, seed ${seed()}, faults of ${FAULTS.size} kinds`,
    rate: perSecond(run.cdrs, run.clearMs),
    unit: 'CDRs/s',
    limit: 'sound ones alone, see above',
    limitRate: sound.rate,
    report: [scoreTable(run.score), ...run.score.wrongs.slice(0, wrongsShown)].join('\n'),
    ...(failed === undefined ? {} : { failed }),
  }
}

function tellProgress(told: string): void {
  process.stderr.write(`  ${told}\n`)
}

/** Cards, completed sessions and their CDRs, all sound: one session after the other on each card. */
async function pushAll(web: Web, count: number): Promise<void> {
  const cpo = await web.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const emsp = await web.connect({
    parties: [{ party: 'DE-EMA', role: 'EMSP' }],
    modules: ['sender/tokens'],
  })
  const put = (partner: FakePartner, target: string, body: unknown) =>
    shoot(shotAt(web, { partner, method: 'PUT', target, body }))
  await rateOf({ count: Math.ceil(count / perCard), parallel }, (index) =>
    put(emsp, `receiver/tokens/DE/EMA/CARD${index}`, tokenOf('DE-EMA', `CARD${index}`)),
  )
  await rateOf({ count, parallel }, (index) =>
    put(
      cpo,
      `receiver/sessions/NL/TNM/S-C${index}`,
      sessionOf({ ...charge(index), id: `S-C${index}` }, timesOf(index)),
    ),
  )
  await rateOf({ count, parallel }, (index) => {
    const times = timesOf(index)
    const cdr = cdrOf(charge(index), times)
    const [period] = Array.isArray(cdr['charging_periods']) ? cdr['charging_periods'] : []
    const charging_periods = [{ ...period, start_date_time: times.start_date_time }]
    const body = { ...cdr, charging_periods }
    return shoot(shotAt(web, { partner: cpo, method: 'POST', target: 'receiver/cdrs', body }))
  })
}

function charge(index: number) {
  const uid = `CARD${Math.floor(index / perCard)}`
  return { owner: 'NL-TNM', payer: 'DE-EMA', id: `C${index}`, uid }
}

function timesOf(index: number): { start_date_time: string; end_date_time: string } {
  const end = fromNow(-((index % perCard) * 2 + 1) * hourMs)
  const start = fromNow(-((index % perCard) * 2 + 2) * hourMs)
  return { start_date_time: start, end_date_time: end }
}

/** What the relay would hand to the queue `clear`, batch by batch. */
async function openBatches(
  context: Context,
): Promise<{ ids: readonly bigint[]; outboxIds: readonly bigint[] }[]> {
  const rows = await context.db.rows<{ id: bigint; subject: string }>(
    sql`select id, subject from outbox where kind = 'clear' and finished_at is null order by id`,
  )
  return Array.from({ length: Math.ceil(rows.length / limits.clearBatchMax) }, (_, index) => {
    const batch = rows.slice(index * limits.clearBatchMax, (index + 1) * limits.clearBatchMax)
    return {
      ids: batch.map(({ subject }) => BigInt(subject)),
      outboxIds: batch.map(({ id }) => id),
    }
  })
}

async function mustHaveCleared(context: Context, count: number): Promise<void> {
  const states = await context.db.rows<{ state: string; many: bigint }>(
    sql`select state, count(*) as many from cdr_states group by state`,
  )
  if (states.length === 1 && states[0]?.state === 'provisional' && Number(states[0].many) === count)
    return
  const found = states.map(({ state, many }) => `${many} ${state}`).join(', ')
  throw new Error(`of ${count} sound CDRs there are ${found}`)
}
