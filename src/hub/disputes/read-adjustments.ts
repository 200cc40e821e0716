import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import type { Page, PageRequest } from '../admin/paging.ts'
import { beforeId, pageOf } from '../admin/paging.ts'
import type { Scope } from '../admin/scope.ts'
import { partyOf } from './read.ts'

/** What was taken off a CDR by a dispute, and the documents of the CPO for it. Amounts decimal texts in `currency`. */
export type AdjustmentView = {
  id: string
  dispute_id: string
  cdr: { country_code: string; party_id: string; id: string }
  cpo: string
  emsp: string
  currency: string
  net: string
  tax: string
  /** undocumented: its time is over and its dispute ended without the documents; one that still comes is taken. */
  state: 'awaiting_document' | 'awaiting_replacement' | 'consumed' | 'undocumented'
  /** The ids of the credit CDR and of the one that replaces the original; null while they are awaited. */
  credit: string | null
  replacement: string | null
  /** What the replacement claims beyond what was agreed; `0.00` where it fits. */
  difference_net: string | null
  difference_tax: string | null
  due_at: string | null
  /** Of the place where was charged; null: not known. */
  time_zone: string | null
  created_at: string
  consumed_at: string | null
}

type Row = {
  id: bigint
  dispute_id: bigint
  owner: string
  receiver: string
  currency: string
  net_micros: bigint
  tax_micros: bigint
  state: AdjustmentView['state']
  cdr_id: string
  credit: string | null
  replacement: string | null
  difference_net: bigint | null
  difference_tax: bigint | null
  due_at: Date | null
  time_zone: string | null
  created_at: Date
  consumed_at: Date | null
}

/** A page of adjustments, newest first, as far as the scope may see them. */
export async function listAdjustments(
  db: Sql,
  scope: Scope,
  filter: PageRequest & { state?: string; counterparty?: string },
): Promise<Page<AdjustmentView>> {
  const { before, limit } = beforeId(filter)
  const isAll = scope.kind === 'operator'
  const owners = isAll ? [] : [...scope.cpos]
  const receivers = isAll ? [] : [...scope.emsps]
  const rows = await db.rows<Row>(sql`
    select a.id, a.dispute_id, a.owner, a.receiver, a.currency, a.net_micros, a.tax_micros, w.state, c.cdr_id,
      k.cdr_id as credit, r.cdr_id as replacement, a.difference_net, a.difference_tax, case when w.state <> 'undocumented' then a.due_at end as due_at, a.created_at, a.consumed_at,
      cdr_time_zone(a.cdr_id) as time_zone
    from adjustments a join cdrs c on c.id = a.cdr_id join cdr_states s on s.cdr_id = a.cdr_id left join cdrs k on k.id = a.credit_id
      left join cdrs r on r.id = a.replacement_id
      cross join lateral (select case when a.state <> 'consumed' and a.due_at <= clock_timestamp() and exists (
          select from disputes d where d.id = a.dispute_id and d.closed_at is not null)
        then 'undocumented' else a.state end as state) w
    where (${before?.toString() ?? null}::bigint is null or a.id < ${before?.toString() ?? null}::bigint)
      and (${isAll} or a.owner = any(${owners}::text[]) or (a.receiver = any(${receivers}::text[]) and s.delivery <> 'withheld'))
      and (${filter.state ?? null}::text is null or w.state = ${filter.state ?? null})
      and (${filter.counterparty ?? null}::text is null or a.owner = ${filter.counterparty ?? null}
        or a.receiver = ${filter.counterparty ?? null})
    order by a.id desc limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [String(row.id)], item: viewOf })
}

function viewOf(row: Row): AdjustmentView {
  return {
    id: row.id.toString(),
    dispute_id: row.dispute_id.toString(),
    cdr: { ...partyOf(row.owner), id: row.cdr_id },
    cpo: row.owner,
    emsp: row.receiver,
    currency: row.currency,
    net: fromMicros(row.net_micros),
    tax: fromMicros(row.tax_micros),
    state: row.state,
    credit: row.credit,
    replacement: row.replacement,
    difference_net: row.difference_net === null ? null : fromMicros(row.difference_net),
    difference_tax: row.difference_tax === null ? null : fromMicros(row.difference_tax),
    due_at: row.due_at?.toISOString() ?? null,
    time_zone: row.time_zone,
    created_at: row.created_at.toISOString(),
    consumed_at: row.consumed_at?.toISOString() ?? null,
  }
}
