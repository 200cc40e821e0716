import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'

type PartRow = {
  part: number
  kind: 'disputed' | 'adjustment'
  dispute_id: bigint
  net_micros: bigint
  tax_micros: bigint
  book: 'held' | 'due' | 'ended'
  cycle_id: string
  carried_from: string | null
}

/**
 * What stands, or stood, beside what nobody disputes of a CDR, by number: `held` by its dispute, `due` in its cycle,
 * `ended`: gone. Amounts as decimal text; an adjustment is below zero.
 */
export async function readPartsOf(db: Sql, cdrId: bigint) {
  const rows = await db.rows<PartRow>(sql`
    select part, kind, dispute_id, net_micros, tax_micros, book, cycle_id, carried_from from cdr_parts
    where cdr_id = ${cdrId} order by part`)
  return rows.map((row) => ({
    part: row.part,
    kind: row.kind,
    dispute: row.dispute_id.toString(),
    net: fromMicros(row.net_micros),
    tax: fromMicros(row.tax_micros),
    book: row.book,
    cycle: row.book === 'ended' ? null : row.cycle_id,
    carried_from: row.carried_from,
  }))
}
