import { limits } from '../../config/limits.ts'
import type { Sql, Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/**
 * clear – judge a CDR; deliver – bring a CDR to its receiver; sync – bring the current object to a peer; settle – what is
 * due in settlement; alert – webhook; client_info – tell a platform what a party is now (subject party|role);
 * credentials – give a 2.3.0 partner new Credentials; probe – ask a silent platform whether it is there; pull – fetch a
 * module (subject) from a partner; lint – look at an owner's (subject) new
 * tariffs; explain – find out why the price of a CDR differs; retain – erase personal data
 * whose time is over; match – the records
 * of an eMSP (subject) with CDRs; reconcile – compare everything (subject: its id); webhook – tell a platform (subject) what happened;
 * dispute_push – bring a dispute as it stands to a partner (subject party|id); dispute_clock – the deadline of a dispute
 * (subject) is over.
 */
export type OutboxKind =
  | 'clear'
  | 'deliver'
  | 'sync'
  | 'settle'
  | 'alert'
  | 'client_info'
  | 'credentials'
  | 'probe'
  | 'pull'
  | 'lint'
  | 'explain'
  | 'retain'
  | 'match'
  | 'reconcile'
  | 'webhook'
  | 'dispute_push'
  | 'dispute_clock'

/** What is to be done, never the message itself. `platformId` '' when it concerns no single platform. */
export type OutboxEntry = {
  kind: OutboxKind
  platformId?: string
  subject: string
  correlationId?: string | null
  /** Milliseconds from now; 0 when absent. */
  delayMs?: number
  expiresInMs?: number
}

/** Appends work in the transaction of the fact it follows from. An equal row that nobody has taken yet serves for both. */
export async function appendOutbox(tx: Tx, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject, correlation_id, due_at, expires_at)
    select distinct on (kind, platform_id, subject)
      kind, platform_id, subject, correlation_id, clock_timestamp() + delay_ms * interval '1 millisecond',
      clock_timestamp() + expires_ms * interval '1 millisecond'
    from unnest(${entries.map((e) => e.kind)}::text[], ${entries.map((e) => e.platformId ?? '')}::text[],
      ${entries.map((e) => e.subject)}::text[], ${entries.map((e) => e.correlationId ?? null)}::text[],
      ${entries.map((e) => e.delayMs ?? 0)}::float8[], ${entries.map((e) => e.expiresInMs ?? null)}::float8[])
      as t (kind, platform_id, subject, correlation_id, delay_ms, expires_ms)
    order by kind, platform_id, subject, delay_ms
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}

export type OutboxRow = {
  id: bigint
  kind: OutboxKind
  platformId: string
  subject: string
  correlationId: string | null
  attempts: number
  createdAt: Date
  expired: boolean
}

type Raw = {
  id: bigint
  kind: OutboxKind
  platform_id: string
  subject: string
  correlation_id: string | null
  attempts: number
  created_at: Date
  expired: boolean
}

/**
 * Takes due rows for the relay: nobody else gets them until they are re-opened. Of each platform only so many are out
 * at once, so that a slow one neither fills the queue nor holds up the others; and of all probes, so that when many
 * platforms fall silent together, what is for the others goes out all the same. Of equal rows only one is out at a time,
 * so that what an older one brings never arrives after what a newer one brings. Locks them, skipping locked ones.
 */
export async function claimDue(client: Sql, limit: number): Promise<OutboxRow[]> {
  const rows = await client.rows<Raw>(sql`
    with waiting as (
      select distinct platform_id from outbox
      where finished_at is null and enqueued_at is null and due_at <= clock_timestamp()
    ), out as materialized (
      select kind, platform_id, subject from outbox where finished_at is null and enqueued_at is not null
    ), busy as (
      select platform_id, count(*) as rows from out group by platform_id
    ), candidates as (
      select c.id, c.kind, c.due_at from waiting w left join busy b using (platform_id)
      cross join lateral (
        select id, kind, due_at from outbox o
        where o.platform_id = w.platform_id and o.finished_at is null and o.enqueued_at is null
          and o.due_at <= clock_timestamp()
          and (o.kind, o.platform_id, o.subject) not in (select kind, platform_id, subject from out)
        order by o.due_at, o.id
        limit greatest(0, case when w.platform_id = '' then ${limits.hubRowsInFlightMax}::int
          else ${limits.platformRowsInFlightMax}::int end - coalesce(b.rows, 0))
      ) c
    ), chosen as (
      select id from candidates where kind <> 'probe'
      union all (
        select id from candidates where kind = 'probe' order by due_at, id
        limit greatest(0, ${limits.probesInFlightMax}::int - (select count(*) from out where kind = 'probe')))
    ), due as (
      select id from outbox
      where id in (select id from chosen) and finished_at is null and enqueued_at is null
      order by id limit ${limit} for update skip locked
    )
    update outbox o set enqueued_at = clock_timestamp(), attempts = attempts + 1
    from due where o.id = due.id
    returning o.id, o.kind, o.platform_id, o.subject, o.correlation_id, o.attempts, o.created_at,
      coalesce(o.expires_at < clock_timestamp(), false) as expired`)
  return rows.map(fromRaw).sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** The rows of a job that are still this attempt's to do; a later attempt or an end makes them somebody else's. */
export async function currentRows(
  client: Sql,
  refs: readonly { id: string; attempt: number }[],
): Promise<OutboxRow[]> {
  const rows = await client.rows<Raw>(sql`
    select o.id, o.kind, o.platform_id, o.subject, o.correlation_id, o.attempts, o.created_at,
      coalesce(o.expires_at < clock_timestamp(), false) as expired
    from outbox o join unnest(${refs.map((r) => r.id)}::bigint[], ${refs.map((r) => r.attempt)}::int[]) as r (id, attempt)
      on o.id = r.id and o.attempts = r.attempt
    where o.finished_at is null
    order by o.id`)
  return rows.map(fromRaw)
}

/** Ends rows with their outcome. */
export async function finishOutbox(
  tx: Sql,
  input: {
    ids: readonly bigint[]
    outcome: 'done' | 'failed' | 'expired' | 'refused' | 'withheld'
    error?: string
  },
): Promise<void> {
  if (input.ids.length === 0) return
  await tx.rows(sql`
    update outbox set finished_at = clock_timestamp(), outcome = ${input.outcome}, error = ${input.error ?? null}
    where id = any(${input.ids.map(String)}::bigint[]) and finished_at is null`)
}

/** Opens a row again after `delayMs`, with the reason. A newer equal row that is already open takes its place. */
export async function retryOutbox(
  tx: Sql,
  input: { id: bigint; delayMs: number; error: string },
): Promise<void> {
  await tx.rows(sql`
    update outbox o set
      enqueued_at = case when open_twin then o.enqueued_at end,
      finished_at = case when open_twin then clock_timestamp() end,
      outcome = case when open_twin then 'done' end,
      due_at = clock_timestamp() + ${input.delayMs}::float8 * interval '1 millisecond',
      error = ${input.error}
    from (select exists (
      select 1 from outbox twin join outbox self using (kind, platform_id, subject)
      where self.id = ${input.id.toString()}::bigint and twin.id <> self.id
        and twin.finished_at is null and twin.enqueued_at is null) as open_twin) t
    where o.id = ${input.id.toString()}::bigint and o.finished_at is null`)
}

/** The oldest rows that were handed to the queue more than `olderThanMs` ago and are not finished. */
export async function readHandedOut(
  client: Sql,
  where: { olderThanMs: number; limit: number },
): Promise<{ id: bigint; attempts: number }[]> {
  return client.rows(sql`
    select id, attempts from outbox
    where finished_at is null and enqueued_at < clock_timestamp() - ${where.olderThanMs}::float8 * interval '1 millisecond'
    order by enqueued_at limit ${where.limit}`)
}

/**
 * Re-opens rows that were handed to the queue more than `olderThanMs` ago and never finished, all or those of `ids`: the
 * whole answer to a lost Redis or worker. Returns how many.
 */
export async function reopenLost(
  client: Sql,
  lost: { olderThanMs: number; ids?: readonly bigint[] },
): Promise<number> {
  const ids = lost.ids?.map(String) ?? null
  const rows = await client.rows<{ id: bigint }>(sql`
    with locked as (
      select id, kind, platform_id, subject from outbox
      where finished_at is null
        and enqueued_at < clock_timestamp() - ${lost.olderThanMs}::float8 * interval '1 millisecond'
        and (${ids}::bigint[] is null or id = any(${ids}::bigint[]))
      for update skip locked
    ), lost as (
      select id, row_number() over (partition by kind, platform_id, subject order by id) as copy,
        exists (select 1 from outbox twin where twin.kind = l.kind and twin.platform_id = l.platform_id
          and twin.subject = l.subject and twin.finished_at is null and twin.enqueued_at is null) as open_twin
      from locked l
    )
    update outbox o set
      enqueued_at = case when open_twin or copy > 1 then o.enqueued_at end,
      finished_at = case when open_twin or copy > 1 then clock_timestamp() end,
      outcome = case when open_twin or copy > 1 then 'done' end
    from lost where o.id = lost.id returning o.id`)
  return rows.length
}

function fromRaw(row: Raw): OutboxRow {
  return {
    id: row.id,
    kind: row.kind,
    platformId: row.platform_id,
    subject: row.subject,
    correlationId: row.correlation_id,
    attempts: row.attempts,
    createdAt: row.created_at,
    expired: row.expired,
  }
}

/** Gives claimed rows back that the queue did not take; the attempt does not count. */
export async function unclaim(client: Sql, ids: readonly bigint[]): Promise<void> {
  await client.rows(sql`
    update outbox o set enqueued_at = null, attempts = attempts - 1
    where id = any(${ids.map(String)}::bigint[]) and finished_at is null
      and not exists (select 1 from outbox twin where twin.kind = o.kind and twin.platform_id = o.platform_id
        and twin.subject = o.subject and twin.finished_at is null and twin.enqueued_at is null)`)
}
