import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { violates } from '../../db/database.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'

/** open: not finished, also while a worker is at it. failed: given up, replay re-opens it. */
type OutboxState = 'failed' | 'open' | 'finished'

type OutboxRow = {
  id: bigint
  kind: string
  platform_id: string
  subject: string
  correlation_id: string | null
  created_at: Date
  due_at: Date
  expires_at: Date | null
  enqueued_at: Date | null
  finished_at: Date | null
  outcome: string | null
  error: string | null
  attempts: number
}

/** A page of the outbox, newest first. */
export async function listOutbox(
  db: Sql,
  filter: PageRequest & { state?: OutboxState; kind?: string; platform?: string },
) {
  const { before, limit } = beforeId(filter)
  const state = filter.state ?? null
  const rows = await db.rows<OutboxRow>(sql`
    select id, kind, platform_id, subject, correlation_id, created_at, due_at, expires_at, enqueued_at, finished_at,
      outcome, error, attempts
    from outbox
    where (${before}::bigint is null or id < ${before})
      and case ${state}::text when 'failed' then outcome = 'failed' when 'open' then finished_at is null
        when 'finished' then finished_at is not null else true end
      and (${filter.kind ?? null}::text is null or kind = ${filter.kind ?? null})
      and (${filter.platform ?? null}::text is null or platform_id = ${filter.platform ?? null})
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [String(row.id)], item: asAnswer })
}

/** Re-opens finished work with a full set of attempts, its age counted anew. Conflict while it, or its equal, is open. */
export async function replayOutbox(
  context: Context,
  deed: { actor: string; id: string; reason?: string | undefined },
) {
  try {
    const row = await context.db.transaction(async (tx) => {
      const [before] =
        await tx.rows<OutboxRow>(sql`select id, kind, platform_id, subject, correlation_id, created_at, due_at, expires_at, enqueued_at, finished_at,
        outcome, error, attempts
        from outbox where id = ${deed.id}::bigint for update`)
      if (!before)
        throw new Refusal(
          'notFound',
          `There is no outbox row ${deed.id}; finished ones are purged in time.`,
        )
      if (before.finished_at === null)
        throw new Refusal('conflict', 'This work is open already; wait for its outcome.')
      const [opened] = await tx.rows<OutboxRow>(sql`
        update outbox set finished_at = null, outcome = null, error = null, enqueued_at = null, attempts = 0,
          created_at = clock_timestamp(), due_at = clock_timestamp(), expires_at = case when expires_at < clock_timestamp()
            then clock_timestamp() + ${limits.adminOutboxReplayAgeMs} * interval '1 millisecond' else expires_at end
        where id = ${deed.id}::bigint returning id, kind, platform_id, subject, correlation_id, created_at, due_at, expires_at, enqueued_at, finished_at,
          outcome, error, attempts`)
      const entry = {
        actor: deed.actor,
        action: 'outbox.replay',
        subject: deed.id,
        reason: deed.reason,
      }
      await appendAudit(tx, { ...entry, details: { outcome: before.outcome, error: before.error } })
      return opened ?? before
    })
    return asAnswer(row)
  } catch (error) {
    if (!violates(error, 'outbox_open_key')) throw error
    throw new Refusal(
      'conflict',
      'The same work is open in a newer row; there is nothing to replay.',
    )
  }
}

function asAnswer(row: OutboxRow) {
  return {
    id: String(row.id),
    kind: row.kind,
    platform: row.platform_id === '' ? null : row.platform_id,
    subject: row.subject,
    correlation_id: row.correlation_id,
    created_at: row.created_at.toISOString(),
    due_at: row.due_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    enqueued_at: row.enqueued_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
    outcome: row.outcome,
    error: row.error,
    attempts: row.attempts,
  }
}
