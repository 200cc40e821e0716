import type { Context } from '../../src/context.ts'
import { sql } from '../../src/db/sql.ts'
import type { Database } from '../../src/db/sql.ts'
import { reconcile } from '../../src/hub/records/reconcile.ts'
import { currentRows } from '../../src/outbox/outbox.ts'
import { workerContext } from '../helpers/bare-context.ts'
import { testDatabase } from '../helpers/database.ts'
import { size } from '../helpers/seed.ts'
import { perSecond, timed } from './bench.ts'
import type { Bench, Measured } from './bench.ts'
import { FROM, STEPS, TO, expectedCounts, finishFilling } from './reconcile-world.ts'

const asked = 1_000_000
const secondsMax = 60
const megabytesMax = 1_024
const stepMs = 900_000
const lookMs = 1_000

/** Everything compared with everything: matched first, then joined three ways, both ways missing, all written down. */
export const reconciling: Bench = {
  name: 'reconcile',
  about: `${asked} CDRs × sessions × eMSP records compared in one job, planted differences counted`,
  run: async () => {
    const count = size(asked)
    await using database = await testDatabase()
    await fill(database.db, count)
    const context = workerContext(database.url)
    try {
      const ms = await timed(() => compareAll(context))
      const megabytes = Math.round(process.resourceUsage().maxRSS / 1_024)
      const limitMs = await timed(() => joinBarely(database.db))
      const what = `${count} sessions in ${(ms / 1_000).toFixed(1)} s, peak ${megabytes} MB`
      const measured: Measured = {
        what,
        rate: perSecond(count, ms),
        unit: 'sessions/s',
        limit: `one bare join of the same tables that counts differences (${(limitMs / 1_000).toFixed(1)} s)`,
        limitRate: perSecond(count, limitMs),
      }
      const failed = [
        ...(await wrongCounts(context.db, count)),
        ...(count <= asked && ms > secondsMax * 1_000 ? [`it took more than ${secondsMax} s`] : []),
        ...(megabytes > megabytesMax ? [`the process needed ${megabytes} MB`] : []),
      ].join('; ')
      return [failed === '' ? measured : { ...measured, failed }]
    } finally {
      await context.close()
    }
  },
}

async function fill(db: Database, count: number): Promise<void> {
  for (const { name, run } of STEPS) {
    const ms = await timed(() => db.transaction((tx) => run(tx, count), { deadlineMs: stepMs }))
    show(`${name} of ${count} sessions written in ${Math.round(ms / 1_000)} s`)
  }
  const ms = await timed(() => db.transaction(finishFilling, { deadlineMs: stepMs }))
  show(`indexed in ${Math.round(ms / 1_000)} s`)
}

/** The job of the worker, with its progress as an operator sees it. */
async function compareAll(context: Context): Promise<void> {
  const { db } = context
  await db.rows(sql`
    insert into reconciliations (from_at, to_at, asked_by) values (${FROM}, ${TO}, 'bench')`)
  const [open] = await db.rows<{ id: bigint }>(sql`
    insert into outbox (kind, subject, enqueued_at, attempts) select 'reconcile', id::text, clock_timestamp(), 1
    from reconciliations returning id`)
  const [row] = await currentRows(db, [{ id: String(open?.id), attempt: 1 }])
  if (row === undefined) throw new Error('the job is not there')
  const looking = setInterval(() => void showProgress(db), lookMs)
  try {
    await reconcile(context, row)
  } finally {
    clearInterval(looking)
  }
}

let shownStep = ''

async function showProgress(db: Database): Promise<void> {
  const [row] = await db.rows<{ step: string | null; steps_done: number; steps: number }>(
    sql`select step, steps_done, steps from reconciliations`,
  )
  const text = row?.step ? `${row.steps_done} of ${row.steps}: ${row.step}` : ''
  if (text !== '' && text !== shownStep) show(text)
  shownStep = text
}

function show(text: string): void {
  process.stderr.write(`  ${text}\n`)
}

async function wrongCounts(db: Database, count: number): Promise<string[]> {
  const rows = await db.rows<{ kind: string; many: bigint }>(
    sql`select kind, count(*) as many from reconciliation_lines group by kind`,
  )
  const found = new Map(rows.map(({ kind, many }) => [kind, Number(many)]))
  const expected = expectedCounts(count)
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((kind) => {
    const [is, should] = [found.get(kind) ?? 0, expected.get(kind) ?? 0]
    return is === should ? [] : [`${is} ${kind} found where ${should} were planted`]
  })
}

/** The least: read the three sides once, join them by session, count what is too far apart. Nothing matched or written. */
async function joinBarely(db: Database): Promise<void> {
  await db.transaction(
    async (tx) => {
      await tx.script(`set local work_mem = '128MB'; set local jit = off`)
      await tx.rows(sql`
        select count(*) from cdr_figures f
        full join objects o on o.module = 'sessions' and o.owner = f.owner and o.object_key = f.session_key
        full join emsp_records r on r.owner = f.owner and r.session_key = f.session_key
        where f.cdr_id is null or o.seq is null or r.id is null
          or abs(f.energy_mwh - round((o.value -> 'kwh')::numeric * 1000000)) > 50000
          or abs(f.energy_mwh - r.energy_mwh) > 200000 or abs(f.net_micros - r.net_micros) > 20000
          or abs(extract(epoch from f.started_at - (o.value ->> 'start_date_time')::timestamptz)) > 90
          or abs(extract(epoch from f.started_at - r.started_at)) > 90`)
    },
    { deadlineMs: stepMs },
  )
}
