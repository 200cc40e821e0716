import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { CycleState } from './cycles.ts'

/** `running`: as the CDRs stand now. `preliminary`: as they stood at the close. `final`: as they were netted. */
export type StatementKind = 'running' | 'preliminary' | 'final'

/** One line as a party sees it, amounts in micro-units as the creditor claims them (a credit is negative). */
export type PartyLine = {
  readonly id: bigint
  /** 0: what nobody disputes of the CDR; others: what a dispute holds or held, or an adjustment. */
  readonly part: number
  /** The dispute of a part beyond 0. */
  readonly dispute: bigint | null
  readonly cdrId: string
  readonly owner: string
  readonly counterparty: string
  readonly direction: 'owes' | 'gets'
  readonly state: 'approved' | 'provisional' | 'held'
  readonly net: bigint
  readonly tax: bigint
  readonly taxKnown: boolean
  readonly carriedFrom: string | null
  readonly lateFrom: string | null
}

export type LinesQuery = {
  readonly cycleId: string
  readonly kind: StatementKind
  readonly party: string
  readonly after: string | undefined
  readonly limit: number
}

/** The document that stands for a cycle in this state. */
export function kindOf(state: CycleState): StatementKind {
  switch (state) {
    case 'open':
    case 'closing':
      return 'running'
    case 'closed':
    case 'contest':
      return 'preliminary'
    case 'final':
      return 'final'
    default:
      return state satisfies never
  }
}

/** The place of a line in its statement, for `after`. */
export function cursorOf(line: PartyLine): string {
  return `${line.id}:${line.part}:${line.direction}`
}

/** A page of a party's lines, in the order in which the CDRs were received; one it owes itself appears on both sides. */
export async function readLines(db: Sql, query: LinesQuery): Promise<PartyLine[]> {
  const { cycleId, kind, party, limit } = query
  const place = /^(\d{1,18}):(\d{1,9}):(gets|owes)$/.exec(query.after ?? '')
  return db.rows(sql`
    select l.cdr_id as id, l.part, p.dispute_id as dispute, c.cdr_id as "cdrId", c.owner, l.counterparty, l.direction, l.state, l.net_micros as net,
      l.tax_micros as tax, l.tax_known as "taxKnown", l.carried_from as "carriedFrom",
      l.late_from as "lateFrom"
    from (
      select s.*, s.debtor as counterparty, 'gets' as direction from settlement_lines s
        where s.cycle_id = ${cycleId} and s.kind = ${kind} and s.creditor = ${party}
      union all
      select s.*, s.creditor as counterparty, 'owes' as direction from settlement_lines s
        where s.cycle_id = ${cycleId} and s.kind = ${kind} and s.debtor = ${party}
    ) l join cdrs c on c.id = l.cdr_id left join cdr_parts p on l.part > 0 and p.cdr_id = l.cdr_id and p.part = l.part
    where (l.cdr_id, l.part, l.direction) > (${place?.[1] ?? '0'}::bigint, ${place?.[2] ?? '0'}::int, ${place?.[3] ?? ''}::text)
    order by l.cdr_id, l.part, l.direction limit ${limit}`)
}
