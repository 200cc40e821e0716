import { TERMS } from '../../clearing/terms.ts'
import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import { sql } from '../../db/sql.ts'
import type { Database, Tx } from '../../db/sql.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { toMicros } from '../../ledger/money.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { defaultTerms } from '../agreement-terms.ts'
import { agreementAt } from '../agreements.ts'
import { dropAllLikenesses, matchByIds } from './match-by-ids.ts'
import {
  compareRecords,
  compareSessions,
  findMissingRecords,
  findMissingSessions,
} from './reconcile-compare.ts'
import {
  fillCdrs,
  fillRecords,
  fillSessions,
  fillTerms,
  openSets,
  readPairs,
} from './reconcile-sets.ts'
import type { Half, PairTerms, Span } from './reconcile-sets.ts'

const dayMs = 86_400_000

/**
 * Compares all CDRs of a span of time with their sessions and with the eMSPs' records, both ways, as sets: the rows stay
 * in PostgreSQL, and this process holds none of them. What was found before by the same comparison is replaced, so it
 * may run twice. Subject: the id of the reconciliation.
 */
export async function reconcile(context: Context, row: OutboxRow): Promise<void> {
  const [asked] = await context.db.rows<{ id: bigint; from_at: Date; to_at: Date }>(sql`
    update reconciliations set state = 'running', started_at = clock_timestamp(), steps = ${STEPS.length}, steps_done = 0,
      step = ${STEPS[0]}, error = null
    where id = ${row.subject}::bigint and state <> 'done' returning id, from_at, to_at`)
  if (asked) {
    const span = { id: asked.id, from: asked.from_at, to: asked.to_at }
    try {
      await compareAll(context, span)
    } catch (error) {
      const text = error instanceof Error ? error.message : 'unknown error'
      await context.db.rows(sql`
        update reconciliations set state = 'failed', error = ${text.slice(0, 500)}, finished_at = clock_timestamp()
        where id = ${span.id.toString()}::bigint`)
      throw error
    }
  }
  await finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
}

const STEPS = [
  'reading sessions, and matching records with CDRs',
  'reading CDRs',
  'comparing CDRs with sessions',
  'waiting for the last matches',
  'reading records',
  'comparing CDRs with records',
  'looking for what is missing',
  'adding up',
] as const

/** Two halves side by side, beside the matching: each of them keeps one processor busy. What they write is one job's. */
async function compareAll(context: Context, span: Span): Promise<void> {
  const { db } = context
  const deadlineMs = limits.reconcileStepMs
  await db.transaction(
    async (tx) => {
      await oneAtATime(tx)
      // By itself, so that what the halves write comes after it.
      await db.rows(
        sql`delete from reconciliation_lines where reconciliation_id = ${span.id.toString()}::bigint`,
      )
      const matching = db.transaction((own) => matchAll(own, span), { deadlineMs })
      const done = whenBoth(db, span)
      const halves = ([0, 1] as const).map((half) =>
        db.transaction((own) => compareHalf(context, own, { ...span, half, matching, done }), {
          deadlineMs,
        }),
      )
      // All of them have ended when one has failed: nothing of this job writes after it.
      const ends = await Promise.allSettled([matching, ...halves])
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      await addUp(tx, { span, compared: added(await Promise.all(halves)) })
    },
    { deadlineMs: 2 * deadlineMs },
  )
  await db.rows(sql`
    update reconciliations set state = 'done', steps_done = steps, step = null, finished_at = clock_timestamp()
    where id = ${span.id.toString()}::bigint`)
}

/** Says how far the job is: a step is done when both halves have done it. */
function whenBoth(db: Database, { id }: Span): (steps: number) => Promise<void> {
  const halves = new Map<number, number>()
  return async (steps) => {
    const many = (halves.get(steps) ?? 0) + 1
    halves.set(steps, many)
    if (many < 2) return
    await db.rows(sql`
      update reconciliations set steps_done = ${steps}, step = ${STEPS[steps] ?? null}
      where id = ${id.toString()}::bigint and state = 'running'`)
  }
}

type Compared = { cdrs: number; sessions: number; records: number }

async function compareHalf(
  context: Context,
  tx: Tx,
  half: Half & { matching: Promise<void>; done: (steps: number) => Promise<void> },
): Promise<Compared> {
  const { matching, done } = half
  const snapshot = await context.directory.snapshot()
  await mayWait(tx)
  await openSets(tx)
  const sessions = await fillSessions(tx, half)
  await done(1)
  const cdrs = await fillCdrs(tx, half)
  const pairs = await readPairs(tx)
  await fillTerms(
    tx,
    pairs.map((pair) => termsOf(context, { ...pair, snapshot, at: half.to })),
  )
  await done(2)
  await compareSessions(tx, half)
  await findMissingSessions(tx, half)
  await done(3)
  await matching
  await done(4)
  const records = await fillRecords(tx)
  await done(5)
  await compareRecords(tx, half)
  await done(6)
  await findMissingRecords(tx, half)
  await done(7)
  return { cdrs, sessions, records }
}

function added(all: readonly Compared[]): Compared {
  const sum = (of: keyof Compared): number => all.reduce((total, each) => total + each[of], 0)
  return { cdrs: sum('cdrs'), sessions: sum('sessions'), records: sum('records') }
}

/** Who waits for the other transactions of the job is not idle. */
async function mayWait(tx: Tx): Promise<void> {
  await tx.script(`set local idle_in_transaction_session_timeout = ${limits.reconcileStepMs}`)
}

/** A job that runs twice at once, because its queue had lost it, does the same after the other. */
async function oneAtATime(tx: Tx): Promise<void> {
  await mayWait(tx)
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended('reconcile', 0))`)
}

/** A day more on both sides: a shifted clock puts the two sides of one session on two days. */
async function matchAll(tx: Tx, { from, to }: Span): Promise<void> {
  await tx.script(
    `set local work_mem = '256MB'; set local jit = off; set local synchronous_commit = off`,
  )
  const scope = {
    receiver: null,
    from: new Date(from.getTime() - dayMs),
    to: new Date(to.getTime() + dayMs),
  }
  await matchByIds(tx, scope)
  await dropAllLikenesses(tx)
}

/** What the pair agreed on as of the end of the span; the hub's defaults where it agreed nothing. */
function termsOf(
  context: Context,
  of: { owner: string; receiver: string; snapshot: Snapshot; at: Date },
): PairTerms {
  const { owner, receiver, snapshot, at } = of
  const mode = context.config.agreements
  const agreed = agreementAt({ snapshot, mode, cpo: owner, emsp: receiver, at })
  const { cost, energy, duration } = (agreed?.terms ?? defaultTerms).tolerance
  const kwh = energy ?? TERMS.tolerance.energy
  const time = duration ?? TERMS.tolerance.duration
  return {
    owner,
    receiver,
    energy_abs: millionths(kwh.absolute),
    energy_rel: String(kwh.relative),
    cost_abs: millionths(cost.absolute),
    cost_rel: String(cost.relative),
    time_abs: String(Math.ceil(Number(time.absolute_s))),
    time_rel: String(time.relative),
  }
}

function millionths(value: string | number): string {
  const amount = toMicros(String(value))
  return amount.status === 'ok' ? amount.micros.toString() : '0'
}

async function addUp(tx: Tx, input: { span: Span; compared: Compared }): Promise<void> {
  const id = input.span.id.toString()
  await tx.rows(sql`
    update reconciliations set compared = ${JSON.stringify(input.compared)}::jsonb, totals = (
      select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'currency', currency, 'count', many, 'value_micros', value::text)
        order by kind, currency), '[]'::jsonb)
      from (
        select kind, currency, count(*) as many, sum(value_micros) as value from reconciliation_lines
        where reconciliation_id = ${id}::bigint group by kind, currency
      ) t)
    where id = ${id}::bigint`)
}
