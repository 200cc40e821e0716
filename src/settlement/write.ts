import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

export type DocumentKind = 'preliminary' | 'final'

/** Keeps the lines of a cycle as they stand: all of them in a preliminary document, the approved ones in a final one. */
export async function writeLines(
  tx: Tx,
  document: { cycleId: string; kind: DocumentKind },
): Promise<void> {
  await tx.rows(sql`
    insert into cycle_lines (cycle_id, kind, cdr_id, part, debtor, creditor, state, net_micros, tax_micros, tax_known,
      carried_from, late_from)
    select cycle_id, ${document.kind}::text, cdr_id, part, debtor, creditor, state, net_micros, tax_micros, tax_known,
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
 * Carries what is provisional or held to another cycle and records each move: part 0 of CDRs, and what disputes hold of
 * them. A CDR whose part 0 is approved stays, its disputed part goes on. The caller holds the first cycle for update, so
 * nobody else changes these CDRs. Where all of a CDR is disputed there is no line of its part 0, and so no move of it.
 */
export async function carryLines(tx: Tx, move: { from: string; to: string }): Promise<number> {
  const moved = await tx.rows(sql`
    with carried as (
      update cdr_states set cycle_id = ${move.to}, carried_from = ${move.from}, updated_at = clock_timestamp()
      where cycle_id = ${move.from} and booked->>'book' in ('provisional', 'held')
      returning cdr_id, receiver, owner, booked->>'book' as state, coalesce(part_net, net_micros, 0) as net,
        coalesce(part_tax, tax_micros, 0) as tax, tax_known, part_net is null as is_whole
    ), parts as (
      update cdr_parts set cycle_id = ${move.to}, carried_from = ${move.from}
      where cycle_id = ${move.from} and book = 'held'
      returning cdr_id, part, receiver, owner, net_micros as net, tax_micros as tax, tax_known
    )
    insert into cycle_moves (from_cycle, cdr_id, part, to_cycle, debtor, creditor, state, net_micros, tax_micros, tax_known)
    select ${move.from}, cdr_id, 0, ${move.to}, receiver, owner, state, net, tax, tax_known from carried
      where is_whole or net <> 0 or tax <> 0
    union all
    select ${move.from}, cdr_id, part, ${move.to}, receiver, owner, 'held', net, tax, tax_known from parts
    returning cdr_id`)
  return moved.length
}

/**
 * CDRs of a cycle that has become final are netted when nothing of them is left outside of final cycles: each an event,
 * in one statement. What is held, contested, credited or withdrawn keeps its state. The cycle's row says final already.
 */
export async function markNetted(tx: Tx, { cycleId }: { cycleId: string }): Promise<number> {
  const netted = await tx.rows(sql`
    with concerned as (
      select cdr_id from cdr_states where cycle_id = ${cycleId} and state = 'approved'
      union
      select cdr_id from cdr_parts where cycle_id = ${cycleId} and book = 'due'
    ), wanted as materialized (
      select s.cdr_id, s.epoch + 1 as epoch, s.event_hash as prev, clock_timestamp() as at
      from concerned join cdr_states s using (cdr_id) join cycles y on y.id = s.cycle_id
      where s.state = 'approved' and y.state = 'final' and not exists (
        select from cdr_parts p join cycles z on z.id = p.cycle_id
        where p.cdr_id = s.cdr_id and p.book <> 'ended' and z.state <> 'final')
      order by s.cdr_id
    ), hashed as materialized (
      select w.*, event_hash(w.prev, 'cdr:' || w.cdr_id, w.epoch,
        array['netted', 'allocated', 'hub', ${`cycle ${cycleId} final`}::text, ''], w.at) as hash
      from wanted w
    ), moved as (
      update cdr_states s set state = 'netted', epoch = h.epoch, event_hash = h.hash, updated_at = h.at
      from hashed h where s.cdr_id = h.cdr_id returning s.cdr_id
    )
    insert into cdr_events (cdr_id, epoch, state, via, actor, reason_code, at, prev_hash, hash)
    select h.cdr_id, h.epoch, 'netted', '{allocated}', 'hub', ${`cycle ${cycleId} final`}::text, h.at, h.prev, h.hash
    from hashed h join moved using (cdr_id)
    returning cdr_id`)
  return netted.length
}
