import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

export type DocumentKind = 'preliminary' | 'final'

/** Keeps the lines of a cycle as they stand: all of them in a preliminary document, the approved ones in a final one. */
export async function writeLines(
  tx: Tx,
  document: { cycleId: string; kind: DocumentKind },
): Promise<void> {
  await tx.rows(sql`
    insert into cycle_lines (cycle_id, kind, cdr_id, debtor, creditor, state, net_micros, tax_micros, tax_known,
      carried_from, late_from)
    select cycle_id, ${document.kind}::text, cdr_id, debtor, creditor, state, net_micros, tax_micros, tax_known,
      carried_from, late_from
    from settlement_lines
    where cycle_id = ${document.cycleId} and kind = 'running' and (state = 'approved' or ${document.kind} = 'preliminary')`)
}

/** Sums the kept lines into one row per debtor and creditor. */
export async function writeStatements(
  tx: Tx,
  document: { cycleId: string; kind: DocumentKind },
): Promise<void> {
  await tx.rows(sql`
    insert into cycle_statements (cycle_id, kind, debtor, creditor, line_count, tax_unknown_count, approved_net,
      approved_tax, provisional_net, provisional_tax, held_net, held_tax)
    select cycle_id, kind, debtor, creditor, count(*), count(*) filter (where not tax_known),
      coalesce(sum(net_micros) filter (where state = 'approved'), 0),
      coalesce(sum(tax_micros) filter (where state = 'approved'), 0),
      coalesce(sum(net_micros) filter (where state = 'provisional'), 0),
      coalesce(sum(tax_micros) filter (where state = 'provisional'), 0),
      coalesce(sum(net_micros) filter (where state = 'held'), 0),
      coalesce(sum(tax_micros) filter (where state = 'held'), 0)
    from cycle_lines where cycle_id = ${document.cycleId} and kind = ${document.kind}
    group by cycle_id, kind, debtor, creditor`)
}

/**
 * Carries what is provisional or held to another cycle and records each move. The caller holds the first cycle for
 * update, so nobody else changes these CDRs.
 */
export async function carryLines(tx: Tx, move: { from: string; to: string }): Promise<number> {
  const moved = await tx.rows(sql`
    with carried as (
      update cdr_states set cycle_id = ${move.to}, carried_from = ${move.from}, updated_at = clock_timestamp()
      where cycle_id = ${move.from} and state in ('provisional', 'held')
      returning cdr_id, receiver, owner, state, coalesce(net_micros, 0) as net, coalesce(tax_micros, 0) as tax, tax_known
    )
    insert into cycle_moves (from_cycle, cdr_id, to_cycle, debtor, creditor, state, net_micros, tax_micros, tax_known)
    select ${move.from}, cdr_id, ${move.to}, receiver, owner, state, net, tax, tax_known from carried
    returning cdr_id`)
  return moved.length
}
