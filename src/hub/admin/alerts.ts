import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'

type AlertState = 'open' | 'acknowledged'

type AlertRow = {
  id: bigint
  code: string
  severity: 'critical' | 'warning' | 'notice'
  subject: string
  message: string
  advice: string
  state: AlertState
  first_seen: Date
  last_seen: Date
  count: bigint
  acknowledged_by: string | null
}

/** A page of alerts, newest first. */
export async function listAlerts(
  db: Sql,
  filter: PageRequest & { state?: AlertState; code?: string },
) {
  const { before, limit } = beforeId(filter)
  const rows = await db.rows<AlertRow>(sql`
    select id, code, severity, subject, message, advice, state, first_seen, last_seen, count, acknowledged_by
    from alerts
    where (${before}::bigint is null or id < ${before}) and (${filter.state ?? null}::text is null or state = ${filter.state ?? null})
      and (${filter.code ?? null}::text is null or code = ${filter.code ?? null})
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [String(row.id)], item: asAnswer })
}

/** Takes an alert off the open list; a second time changes nothing. The same trouble later opens a new one. */
export async function acknowledgeAlert(
  context: Context,
  deed: { actor: string; id: string; reason?: string | undefined },
) {
  const row = await context.db.transaction(async (tx) => {
    const [changed] = await tx.rows<AlertRow>(sql`
      update alerts set state = 'acknowledged', acknowledged_by = coalesce(acknowledged_by, ${deed.actor})
      where id = ${deed.id}::bigint 
      returning id, code, severity, subject, message, advice, state, first_seen, last_seen, count, acknowledged_by`)
    if (!changed) throw new Refusal('notFound', `There is no alert ${deed.id}.`)
    const { code, subject } = changed
    const entry = {
      actor: deed.actor,
      action: 'alert.acknowledge',
      subject: deed.id,
      reason: deed.reason,
    }
    await appendAudit(tx, { ...entry, details: { code, subject } })
    return changed
  })
  return asAnswer(row)
}

function asAnswer(row: AlertRow) {
  return {
    id: String(row.id),
    code: row.code,
    severity: row.severity,
    subject: row.subject,
    message: row.message,
    what_to_do: row.advice,
    state: row.state,
    first_seen: row.first_seen.toISOString(),
    last_seen: row.last_seen.toISOString(),
    count: Number(row.count),
    acknowledged_by: row.acknowledged_by,
  }
}
