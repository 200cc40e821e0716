import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { dropTokens } from './drop-tokens.ts'
import { redactCdrs } from './redact-cdrs.ts'
import { eraseSteps, redactAuthorizations, redactRecords, redactSessions } from './redact-rows.ts'
import { hasherOf } from './redact.ts'
import type { Hasher } from './redact.ts'

type Kind = {
  kind: string
  days: number
  work(tx: Tx, slice: { before: Date; limit: number; hash: Hasher }): Promise<number>
}

/** What is kept for how long, and what is done then. */
const KINDS: readonly Kind[] = [
  { kind: 'session_messages', days: limits.retentionSessionDays, work: eraseSteps },
  { kind: 'sessions', days: limits.retentionSessionDays, work: redactSessions },
  { kind: 'authorizations', days: limits.retentionAuthorizationDays, work: redactAuthorizations },
  { kind: 'emsp_records', days: limits.retentionRecordDays, work: redactRecords },
  { kind: 'tokens', days: limits.retentionTokenDays, work: dropTokens },
  { kind: 'cdrs', days: limits.retentionCdrDays, work: redactCdrs },
]

/** What a run did of one kind. `left`: there is more, for the next run. */
export type RetentionLine = {
  kind: string
  days: number
  before: string
  done: number
  left: boolean
}

export type RetentionRun = {
  actor: string
  started_at: Date
  finished_at: Date
  report: readonly RetentionLine[]
}

const LEASE = 'retention'

/**
 * Erases or hashes personal data whose time is over, kind by kind, some rows at a time and at most about `rowsMax` of
 * each, and keeps a report. Money, ids, hashes and proofs stay. Null while another run is under way.
 */
export async function runRetention(
  context: Context,
  { actor, rowsMax }: { actor: string; rowsMax: number },
): Promise<RetentionRun | null> {
  const holder = context.ids.uuid()
  if (!(await takeLease(context.db, holder))) return null
  try {
    const started = await nowOf(context.db)
    const hash = hasherOf(context.secrets)
    const report: RetentionLine[] = []
    for (const kind of KINDS) report.push(await runKind(context, { kind, hash, rowsMax }))
    const [run] = await context.db.rows<RetentionRun>(sql`
      insert into retention_runs (actor, started_at, finished_at, report)
      values (${actor}, ${started}, clock_timestamp(), ${JSON.stringify(report)}::jsonb)
      returning actor, started_at, finished_at, report`)
    return run ?? null
  } finally {
    await context.db.rows(sql`
      update leases set expires_at = clock_timestamp() where name = ${LEASE} and holder = ${holder}`)
  }
}

async function runKind(
  context: Context,
  { kind: { kind, days, work }, hash, rowsMax }: { kind: Kind; hash: Hasher; rowsMax: number },
): Promise<RetentionLine> {
  const now = await nowOf(context.db)
  const before = new Date(now.getTime() - days * dayMs)
  const limit = limits.retentionBatchRows
  let done = 0
  let last: number = limit
  while (last > 0 && done < rowsMax) {
    last = await context.db.transaction((tx) => work(tx, { before, limit, hash }), {
      deadlineMs: limits.settlementMs,
    })
    done += last
  }
  return { kind, days, before: before.toISOString(), done, left: last > 0 }
}

const dayMs = 86_400_000

async function nowOf(client: Sql): Promise<Date> {
  const [row] = await client.rows<{ now: Date }>(sql`select clock_timestamp() as now`)
  return row?.now ?? new Date(0)
}

async function takeLease(client: Sql, holder: string): Promise<boolean> {
  const taken = await client.rows(sql`
    insert into leases (name, holder, expires_at)
    values (${LEASE}, ${holder}, clock_timestamp() + ${limits.retentionLeaseMs}::float8 * interval '1 millisecond')
    on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at, epoch = leases.epoch + 1
      where leases.expires_at < clock_timestamp()
    returning epoch`)
  return taken.length > 0
}

/** The last run; null before the first one. */
export async function lastRetentionRun(client: Sql): Promise<RetentionRun | null> {
  const [run] = await client.rows<RetentionRun>(sql`
    select actor, started_at, finished_at, report from retention_runs order by id desc limit 1`)
  return run ?? null
}

/** Makes work of it once a day. */
export async function scheduleRetention(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, subject)
    select 'retain', 'all'
    where coalesce((select finished_at from retention_runs order by id desc limit 1),
        (select created_at from installation)) < clock_timestamp() - interval '1 day'
      and not exists (select 1 from outbox where kind = 'retain' and (finished_at is null or
        (outcome = 'failed' and finished_at > clock_timestamp() - interval '1 day')))
    on conflict do nothing`)
}

/** The daily run. */
export async function retain(context: Context, row: OutboxRow): Promise<void> {
  await runRetention(context, { actor: 'hub', rowsMax: limits.retentionRowsMax })
  await finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
}
