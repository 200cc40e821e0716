import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Page } from '../../ocpi/paging.ts'
import { UNSEEN_STATES } from './visible.ts'

/** Where a record stands: what its matches say. */
export type RecordState = 'matched' | 'suggested' | 'ambiguous' | 'unmatched'

type Row = {
  id: bigint
  record_id: string
  revision: number
  received_at: Date
  value: unknown
  state: RecordState
  cdrs: string[]
}

/** An eMSP's own records in the order they first came, with the ids of the CDRs they belong to and that it may see. */
export async function listOwnRecords(
  client: Sql,
  { receiver, page }: { receiver: string; page: Page },
): Promise<{ rows: Row[]; total: number; after: string | null }> {
  const [count] = await client.rows<{ total: bigint }>(sql`
    select count(*) as total from emsp_records where receiver = ${receiver}
      and (${page.dateFrom}::timestamptz is null or received_at >= ${page.dateFrom})
      and (${page.dateTo}::timestamptz is null or received_at < ${page.dateTo})`)
  const found = await client.rows<Row>(sql`
    select r.id, r.record_id, r.revision, r.received_at, r.value, f.state, f.cdrs
    from emsp_records r
    cross join lateral (
      select case when bool_or(m.confirmed) then 'matched' when bool_or(m.kind = 'ambiguous') then 'ambiguous'
          when count(*) > 0 then 'suggested' else 'unmatched' end as state,
        coalesce(array_agg(c.cdr_id order by c.id) filter (where m.confirmed), '{}') as cdrs
      from record_matches m join cdrs c on c.id = m.cdr_id join cdr_states s on s.cdr_id = m.cdr_id
      where m.record_id = r.id and not m.rejected
        and s.state <> all(${UNSEEN_STATES}::text[]) and s.delivery <> 'withheld') f
    where r.receiver = ${receiver}
      and (${page.dateFrom}::timestamptz is null or r.received_at >= ${page.dateFrom})
      and (${page.dateTo}::timestamptz is null or r.received_at < ${page.dateTo})
      and (${page.after}::bigint is null or r.id > ${page.after}::bigint)
    order by r.id offset ${page.after === null ? page.offset : 0} limit ${page.limit + 1}`)
  const rows = found.slice(0, page.limit)
  const last = rows.at(-1)
  const after = found.length > page.limit && last ? last.id.toString() : null
  return { rows, total: Number(count?.total ?? 0n), after }
}
