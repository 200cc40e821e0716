import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import type { Scope } from './scope.ts'

type NoticeKind = 'session' | 'record' | 'cpo'

type NoticeRow = {
  kind: NoticeKind
  subject: string
  owner: string
  receiver: string
  level: number
  message: string
  since: Date
  told_at: Date
  resolved_at: Date | null
  told: string
}

/** What is missing between parties, what was told last first; as far as the asker is one of the two. */
export async function listNotices(
  db: Sql,
  scope: Scope,
  filter: PageRequest & {
    state?: 'open' | 'resolved'
    kind?: NoticeKind
    level?: number
    counterparty?: string
  },
) {
  const limit = pageLimit(filter)
  const [told = null, key = ''] = cursorParts(filter, 2)
  const party = filter.counterparty === undefined ? null : foldUpper(filter.counterparty)
  const isAll = scope.kind === 'operator'
  const cpos = isAll ? [] : scope.cpos
  const emsps = isAll ? [] : scope.emsps
  const state = filter.state ?? 'open'
  const rows = await db.rows<NoticeRow & { key: string }>(sql`
    select * from (
      select n.*, n.told_at::text as told, concat_ws('|', n.kind, n.owner, n.receiver, n.subject) as key
      from missing_notices n
      where (${isAll} or n.owner = any(${cpos}::text[]) or n.receiver = any(${emsps}::text[]))
        and (n.resolved_at is null) = (${state} = 'open')
        and (${filter.kind ?? null}::text is null or n.kind = ${filter.kind ?? null})
        and (${filter.level ?? null}::int is null or n.level >= ${filter.level ?? null})
        and (${party}::text is null or n.owner = ${party} or n.receiver = ${party})
    ) n
    where ${told}::timestamptz is null or (told_at, key) < (${told}::timestamptz, ${key})
    order by told_at desc, key desc limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [row.told, row.key],
    item: (row) => ({
      kind: row.kind,
      subject: row.subject,
      cpo: row.owner,
      emsp: row.receiver === '' ? null : row.receiver,
      level: row.level,
      message: row.message,
      since: row.since.toISOString(),
      told_at: row.told_at.toISOString(),
      resolved_at: row.resolved_at?.toISOString() ?? null,
    }),
  })
}
