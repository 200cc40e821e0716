import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { PartyLine } from './lines.ts'

/** A line that was not approved when its cycle became final, and the cycle to which it went on. */
export type CarriedLine = Omit<PartyLine, 'carriedFrom' | 'lateFrom'> & {
  readonly carriedTo: string
}

/** How a cursor begins that stands among the carried lines, which follow all others. */
const MARK = 'carried:'

/** The place of a carried line, for `after`; null: before the first one. */
export function carriedCursor(line: CarriedLine | null): string {
  return line === null ? MARK : `${MARK}${line.id}:${line.part}:${line.direction}`
}

/** True where a cursor stands among the carried lines. */
export function isCarriedCursor(after: string | undefined): after is string {
  return after?.startsWith(MARK) === true
}

/** A page of what a final cycle carried of a party, in the order of its lines. */
export async function readCarried(
  db: Sql,
  query: { cycleId: string; party: string; after: string | undefined; limit: number },
): Promise<CarriedLine[]> {
  const { cycleId, party, limit } = query
  const place = /^carried:(\d{1,18}):(\d{1,9}):(gets|owes)$/.exec(query.after ?? '')
  return db.rows(sql`
    select l.cdr_id as id, l.part, p.dispute_id as dispute, c.cdr_id as "cdrId", c.owner, l.counterparty, l.direction,
      l.state, l.net_micros as net, l.tax_micros as tax, l.tax_known as "taxKnown", l.to_cycle as "carriedTo"
    from (
      select m.*, m.debtor as counterparty, 'gets' as direction from cycle_moves m
        where m.from_cycle = ${cycleId} and m.creditor = ${party}
      union all
      select m.*, m.creditor as counterparty, 'owes' as direction from cycle_moves m
        where m.from_cycle = ${cycleId} and m.debtor = ${party}
    ) l join cdrs c on c.id = l.cdr_id left join cdr_parts p on l.part > 0 and p.cdr_id = l.cdr_id and p.part = l.part
    where (l.cdr_id, l.part, l.direction) > (${place?.[1] ?? '0'}::bigint, ${place?.[2] ?? '0'}::int, ${place?.[3] ?? ''}::text)
    order by l.cdr_id, l.part, l.direction limit ${limit}`)
}
