import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { OperatorRole } from './scope.ts'

const ROOT = 'root'

type OperatorRow = { id: string; name: string; roles: OperatorRole[]; created_at: Date }

/** Creates an operator and returns the token, which is shown this once and kept only as a keyed hash. */
export async function createOperator(
  context: Context,
  order: {
    actor: string
    name: string
    roles: readonly OperatorRole[]
    reason?: string | undefined
  },
) {
  const id = context.ids.id('op')
  const token = context.secrets.newToken()
  const roles = [...new Set(order.roles)]
  const created = await context.db.transaction(async (tx) => {
    const [row] = await tx.rows<OperatorRow>(sql`
      insert into operators (id, name, roles, token_hash)
      values (${id}, ${order.name}, ${roles}, ${context.secrets.hash(token)})
      returning id, name, roles, created_at`)
    const details = { name: order.name, roles }
    await appendAudit(tx, {
      actor: order.actor,
      action: 'operator.create',
      subject: id,
      reason: order.reason,
      details,
    })
    return row
  })
  return {
    id,
    name: order.name,
    roles,
    created_at: created?.created_at.toISOString() ?? null,
    token,
  }
}

/** The operators that can sign in, by id; on the first page the one of ADMIN_TOKEN, which has no row, stands first. */
export async function listOperators(db: Sql, request: PageRequest) {
  const limit = pageLimit(request)
  const [after] = cursorParts(request, 1)
  const rows = await db.rows<OperatorRow>(sql`
    select id, name, roles, created_at from operators
    where removed_at is null and (${after ?? null}::text is null or id > ${after ?? null})
    order by id limit ${limit + 1}`)
  const page = pageOf(rows, {
    limit,
    cursor: (row) => [row.id],
    item: (row) => ({ ...row, created_at: row.created_at.toISOString() }),
  })
  const root = { id: ROOT, name: 'ADMIN_TOKEN', roles: ['admin' as const], created_at: null }
  return after === undefined ? { ...page, items: [root, ...page.items] } : page
}

/** Ends an operator's token at once. What it did stays in the audit log. */
export async function removeOperator(
  context: Context,
  order: { actor: string; id: string; reason?: string | undefined },
): Promise<void> {
  if (order.id === ROOT)
    throw new Refusal('conflict', 'To lock out the first operator, change ADMIN_TOKEN and restart.')
  await context.db.transaction(async (tx) => {
    const removed = await tx.rows(sql`
      update operators set removed_at = clock_timestamp() where id = ${order.id} and removed_at is null returning id`)
    if (removed.length === 0) throw new Refusal('notFound', `No operator has the id ${order.id}.`)
    await appendAudit(tx, {
      actor: order.actor,
      action: 'operator.remove',
      subject: order.id,
      reason: order.reason,
    })
  })
}
