import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Loss } from '../../ocpi/adapt/define.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import type { PageRequest } from './paging.ts'
import { Refusal } from './refusal.ts'

type Row = {
  platform_id: string
  module: string
  owner: string
  object_key: string
  from_version: string
  to_version: string
  withheld: boolean
  losses: Loss[]
  at: Date
  taken_back_at: Date | null
  micros: bigint
  place: string
}

/**
 * A page of what the last conversion of each object for a platform of another version lost, newest first. Withheld: the
 * platform was not given it at all; the first loss says why.
 */
export async function listConversions(
  db: Sql,
  filter: PageRequest & { platform?: string; module?: string; withheld?: 'true' | 'false' },
) {
  const limit = pageLimit(filter)
  const [micros, place] = cursorParts(filter, 2)
  if (micros !== undefined && !/^[0-9]{1,18}$/.test(micros))
    throw new Refusal('invalidQuery', 'Take the cursor from next_cursor of the page before.')
  const rows = await db.rows<Row>(sql`
    select * from (
      select platform_id, module, owner, object_key, from_version, to_version, withheld, losses, at, taken_back_at,
        (extract(epoch from at) * 1000000)::bigint as micros, concat_ws('|', platform_id, module, owner, object_key) as place
      from conversions
      where (${filter.platform ?? null}::text is null or platform_id = ${filter.platform ?? null})
        and (${filter.module ?? null}::text is null or module = ${filter.module ?? null})
        and (${filter.withheld ?? null}::boolean is null or withheld = ${filter.withheld ?? null})
    ) c
    where ${micros ?? null}::bigint is null or (micros, place) < (${micros ?? null}::bigint, ${place ?? null}::text)
    order by micros desc, place desc limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [String(row.micros), row.place],
    item: (row) => ({
      platform: row.platform_id,
      module: row.module,
      owner: row.owner,
      key: row.object_key,
      from_version: row.from_version,
      to_version: row.to_version,
      withheld: row.withheld,
      losses: row.losses,
      at: row.at.toISOString(),
      taken_back_at: row.taken_back_at?.toISOString() ?? null,
    }),
  })
}
