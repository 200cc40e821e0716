import type { Database, Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'

type AuditEntry = {
  actor: string
  /** `noun.verb`, say `platform.suspend`. */
  action: string
  /** What it was done to: an id, a party pair, a path. */
  subject: string
  reason?: string | undefined
  details?: object
}

/** Writes one line of the append-only audit log, in the transaction of the deed it tells of. */
export async function appendAudit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.rows(sql`
    insert into audit_entries (actor, action, subject, reason, details)
    values (${entry.actor}, ${entry.action}, ${entry.subject}, ${entry.reason ?? null},
            ${JSON.stringify(entry.details ?? {})})`)
}

type AuditRow = {
  id: bigint
  at: Date
  actor: string
  action: string
  subject: string
  reason: string | null
  details: unknown
}

/** A page of the audit log, newest first. */
export async function listAudit(
  db: Sql,
  filter: PageRequest & { actor?: string; action?: string; subject?: string },
) {
  const { before, limit } = beforeId(filter)
  const rows = await db.rows<AuditRow>(sql`
    select id, at, actor, action, subject, reason, details from audit_entries
    where (${before}::bigint is null or id < ${before}) and (${filter.actor ?? null}::text is null or actor = ${filter.actor ?? null})
      and (${filter.action ?? null}::text is null or action = ${filter.action ?? null})
      and (${filter.subject ?? null}::text is null or subject = ${filter.subject ?? null})
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [String(row.id)],
    item: (row) => ({ ...row, id: String(row.id), at: row.at.toISOString() }),
  })
}

/** Notes that somebody with a valid token tried what the token does not allow. */
export async function recordDenial(
  db: Database,
  attempt: { actor: string; method: string; path: string },
): Promise<void> {
  const subject = `${attempt.method} ${attempt.path}`
  await db.transaction((tx) =>
    appendAudit(tx, { actor: attempt.actor, action: 'access.denied', subject }),
  )
}
