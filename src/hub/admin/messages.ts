import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import type { Scope } from './scope.ts'

type MessageRow = {
  id: bigint
  at: Date
  direction: 'in' | 'out'
  platform_id: string | null
  correlation_id: string | null
  request_id: string | null
  from_party: string | null
  to_party: string | null
  module: string | null
  method: string
  path: string
  http_status: number | null
  ocpi_status: number | null
  outcome: string
  duration_ms: number
}

/** A page of who sent what to whom, newest first, without bodies. A platform sees its own messages. */
export async function listMessages(
  db: Sql,
  scope: Scope,
  filter: PageRequest & { correlation_id?: string; platform?: string },
) {
  const { before, limit } = beforeId(filter)
  const platform = filter.platform ?? null
  const own = scope.kind === 'party' ? scope.platformId : null
  const rows = await db.rows<MessageRow>(sql`
    select id, at, direction, platform_id, correlation_id, request_id, from_party, to_party, module, method, path,
      http_status, ocpi_status, outcome, duration_ms
    from messages
    where (${before}::bigint is null or id < ${before})
      and (${filter.correlation_id ?? null}::text is null or correlation_id = ${filter.correlation_id ?? null})
      and (${platform}::text is null or platform_id = ${platform}) and (${own}::text is null or platform_id = ${own})
    order by id desc limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [String(row.id)],
    item: ({ platform_id, ...row }) => ({
      ...row,
      id: String(row.id),
      platform: platform_id,
      at: row.at.toISOString(),
    }),
  })
}
