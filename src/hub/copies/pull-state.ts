import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Platform } from '../../directory/snapshot.ts'
import type { Module } from '../../ocpi/define.ts'

/** A fetch on its way. `completeUntil` is as of the last one that ended well; `resumeUrl` the page it goes on with. */
export type PullRun = {
  platformId: string
  module: string
  /** When the hub first fetched here, or was to. */
  since: Date
  isFull: boolean
  startedAt: Date
  completeUntil: Date | null
  resumeUrl: string | null
  pages: number
  objects: number
}

/** One fetch of a module from a partner, as far as one job takes it. */
export type Pull = {
  run: PullRun
  platform: Platform
  module: Module
  endpoint: string
  /** The platform's parties whose objects these are, in the module's owner roles. */
  owners: readonly string[]
  correlationId: string
}

type Row = {
  since: Date
  is_full: boolean
  started_at: Date
  complete_until: Date | null
  next_url: string | null
  pages: number
  objects: bigint
}

type Place = { platformId: string; module: string }

/** Begins a fetch, or goes on with the one that was begun: of everything when that is due, else of what changed. */
export async function beginPull(client: Sql, { platformId, module }: Place): Promise<PullRun> {
  const [row] = await client.rows<Row>(sql`
    insert into pulls as p (platform_id, module, started_at, is_full, last_attempt_at)
    values (${platformId}, ${module}, clock_timestamp(), true, clock_timestamp())
    on conflict (platform_id, module) do update set
      is_full = case when p.started_at is null then p.full_due or p.complete_until is null else p.is_full end,
      objects = case when p.started_at is null then 0 else p.objects end,
      refused = case when p.started_at is null then 0 else p.refused end,
      unreadable = case when p.started_at is null then 0 else p.unreadable end,
      pages = case when p.started_at is null then 0 else p.pages end,
      started_at = coalesce(p.started_at, clock_timestamp()), last_attempt_at = clock_timestamp()
    returning p.since, p.is_full, p.started_at, p.complete_until, p.next_url, p.pages, p.objects`)
  if (!row) throw new Error('a fetch could not be written down')
  return {
    platformId,
    module,
    since: row.since,
    isFull: row.is_full,
    startedAt: row.started_at,
    completeUntil: row.complete_until,
    resumeUrl: row.next_url,
    pages: row.pages,
    objects: Number(row.objects),
  }
}

/** Counts what was stored and refused of a page; unreadable: refused without an id that says which object it is. */
export async function countPage(
  tx: Tx,
  run: PullRun,
  page: { objects: number; refused: number; unreadable: number },
): Promise<void> {
  await tx.rows(sql`
    update pulls set pages = pages + 1, objects = objects + ${page.objects}::int, refused = refused + ${page.refused}::int,
      unreadable = unreadable + ${page.unreadable}::int
    where platform_id = ${run.platformId} and module = ${run.module}`)
}

/** Remembers the page that a fetch goes on with. */
export async function leavePull(tx: Tx, run: PullRun, nextUrl: string): Promise<void> {
  await tx.rows(sql`
    update pulls set next_url = ${nextUrl} where platform_id = ${run.platformId} and module = ${run.module}`)
}

/**
 * Ends a fetch. Without an error everything up to its beginning is here; with one the next fetch begins anew where the
 * last good one had ended. A fetch of everything that was asked for meanwhile stays due.
 */
export async function endPull(tx: Tx, run: PullRun, error: string | null): Promise<void> {
  await tx.rows(sql`
    update pulls set next_url = null, error = ${error}, started_at = null,
      complete_until = case when ${error}::text is null then started_at else complete_until end,
      last_success_at = case when ${error}::text is null then clock_timestamp() else last_success_at end,
      last_full_at = case when ${error}::text is null and is_full then clock_timestamp() else last_full_at end,
      full_due = full_due and not (${error}::text is null and is_full)
    where platform_id = ${run.platformId} and module = ${run.module} and started_at is not null`)
}

/** Notes why a page did not come; the fetch is tried again from there. */
export async function notePullError(tx: Tx, run: PullRun, error: string): Promise<void> {
  await tx.rows(sql`
    update pulls set error = ${error} where platform_id = ${run.platformId} and module = ${run.module}`)
}
