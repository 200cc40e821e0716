import { limits } from '../config/limits.ts'
import type { Context } from '../src/context.ts'
import { sql } from '../src/db/sql.ts'
import { announceByClock } from '../src/hub/connection/agreement-clock.ts'
import { purgeCallbacks } from '../src/hub/commands/callbacks.ts'
import { sweepDisputes } from '../src/hub/disputes/clock.ts'
import { remindDisputes } from '../src/hub/disputes/remind.ts'
import { scheduleProbes } from '../src/hub/connection/probe.ts'
import { scheduleWebhooks, tidyEvents } from '../src/hub/disputes/send-webhook.ts'
import { sweepPulls } from '../src/hub/copies/pull-schedule.ts'
import { scheduleRetention } from '../src/hub/retention/run.ts'
import { scheduleRenewals } from '../src/hub/connection/refresh-credentials.ts'
import { readHandedOut, reopenLost } from '../src/outbox/outbox.ts'
import type { QueueSet } from './queues.ts'

/**
 * Finds what is due by the database's clock and turns it into outbox rows: CDRs that have waited long enough, contest
 * periods that are over, CDRs quarantined for too long, deadlines of disputes, agreements that begin or end, platforms that have been silent, tokens and copies that have
 * aged. Every state with a clock has its query here, so losing Redis delays and loses nothing.
 */
export async function sweepDue(context: Context): Promise<void> {
  await context.db.rows(sql`
    insert into outbox (kind, subject)
    select 'clear', cdr_id::text from cdr_states
    where state in ('unmatched', 'orphan_credit') and wait_until <= clock_timestamp()
      -- What was given up waits for a person, not for the next second.
      and cdr_id::text not in (select subject from outbox where kind = 'clear' and outcome = 'failed')
    order by cdr_id limit ${limits.sweepRowsMax}
    on conflict do nothing`)
  await context.db.rows(sql`
    insert into outbox (kind, subject)
    select 'settle', 'approve-due'
    where exists (select 1 from cdr_states
        where state in ('provisional', 'held', 'contested') and contest_until <= clock_timestamp())
      and not exists (select 1 from outbox where kind = 'settle' and subject = 'approve-due' and finished_at is null)
    on conflict do nothing`)
  await context.db.rows(sql`
    insert into outbox (kind, subject)
    select 'settle', 'drop-due'
    where exists (select 1 from cdr_states where drop_at <= clock_timestamp())
      and not exists (select 1 from outbox where kind = 'settle' and subject = 'drop-due' and finished_at is null)
    on conflict do nothing`)
  await sweepDisputes(context.db)
  await remindDisputes(context.db)
  await announceByClock(context)
  await scheduleProbes(context.db)
  await scheduleRenewals(context.db)
  await sweepPulls(context.db)
  await scheduleRetention(context.db)
  await scheduleWebhooks(context.db)
}

/**
 * Re-opens work that was handed out and that Redis does not have: lost there, or with the worker that was about to hand
 * it over. PostgreSQL is asked first, so a job that ends meanwhile has closed its rows already.
 */
export async function reopenMissing(
  context: Context,
  queueSet: Pick<QueueSet, 'isReady' | 'held'>,
): Promise<void> {
  const olderThanMs = limits.outboxMissingAfterMs
  const out = await readHandedOut(context.db, { olderThanMs, limit: limits.sweepRowsMax })
  if (out.length === 0 || !queueSet.isReady()) return
  const held = new Set((await queueSet.held()).map(({ id, attempt }) => `${id}/${attempt}`))
  const ids = out.filter((row) => !held.has(`${row.id}/${row.attempts}`)).map(({ id }) => id)
  if (ids.length === 0) return
  const reopened = await reopenLost(context.db, { olderThanMs, ids })
  context.log.warn({ reopened }, 'work that Redis has lost is open again')
}

/** Re-opens work that nobody has finished for long, and drops finished rows, messages, callbacks and tokens whose time is over. */
export async function reconcile(context: Context): Promise<void> {
  const reopened = await reopenLost(context.db, { olderThanMs: limits.outboxReopenAfterMs })
  if (reopened > 0) context.log.warn({ reopened }, 'work that nobody has finished is open again')
  await context.db.rows(sql`
    delete from outbox where id in (
      select id from outbox where finished_at < clock_timestamp() - ${limits.outboxKeepFinishedMs}::float8 * interval '1 millisecond'
        and outcome <> 'failed' limit ${limits.sweepRowsMax})`)
  await context.db.rows(sql`
    delete from messages where id in (
      select id from messages where at < clock_timestamp() - ${limits.messagesAgeMsMax}::float8 * interval '1 millisecond'
      order by at limit ${limits.sweepRowsMax})`)
  await tidyEvents(context.db)
  await purgeCallbacks(context)
  // A delete makes every process read the directory again, even when it deletes nothing.
  const ended = await context.db.rows(sql`
    select 1 from credentials_tokens where expires_at < clock_timestamp() limit 1`)
  if (ended.length > 0)
    await context.db.rows(sql`
      delete from credentials_tokens where expires_at < clock_timestamp()`)
}

/**
 * Runs `work` when this holder has, or can take, the lease: of all workers one sweeps. The lease is PostgreSQL's, its
 * clock too; a holder that dies loses it after leaseMs.
 */
export async function underLease(
  context: Context,
  lease: { name: string; holder: string },
  work: () => Promise<void>,
): Promise<void> {
  const held = await context.db.rows(sql`
    insert into leases (name, holder, expires_at)
    values (${lease.name}, ${lease.holder}, clock_timestamp() + ${limits.leaseMs}::float8 * interval '1 millisecond')
    on conflict (name) do update set
      holder = excluded.holder, expires_at = excluded.expires_at,
      epoch = leases.epoch + (leases.holder <> excluded.holder)::int
      where leases.holder = excluded.holder or leases.expires_at < clock_timestamp()
    returning epoch`)
  if (held.length > 0) await work()
}
