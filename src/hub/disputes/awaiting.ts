import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { tellDocumented } from './tell-documents.ts'
import type { DocumentedDispute } from './tell-documents.ts'

/**
 * Moves disputes on whose documents have come: to await_replacement when every adjustment of theirs has its credit, to
 * closed when every one is consumed. Set-wise, each with its event, which both parties are told. `dueDays`: how long a
 * replacement is waited for.
 */
export async function settleAwaiting(
  tx: Tx,
  input: { disputes: readonly bigint[]; reasonCode: string; dueDays: number },
): Promise<void> {
  if (input.disputes.length === 0) return
  const ids = [...new Set(input.disputes)].map(String)
  const moved = await tx.rows<DocumentedDispute>(sql`
    with counted as (
      select dispute_id, bool_and(state = 'consumed') as is_over, bool_or(state = 'awaiting_document') as is_waiting
      from adjustments where dispute_id = any(${ids}::bigint[]) group by dispute_id
    ), wanted as materialized (
      select d.id, d.epoch + 1 as epoch, d.event_hash as prev, c.is_over, clock_timestamp() as at,
        case when c.is_over then 'closed' else 'await_replacement' end as state,
        case when c.is_over then 'consume' else 'credit' end as verb, d.upheld_net as net, d.upheld_tax as tax,
        case when c.is_over then
          case when d.upheld_net = d.net_micros and d.upheld_tax = d.tax_micros then 'upheld' else 'partly_upheld' end
        end as outcome
      from disputes d join counted c on c.dispute_id = d.id
      where d.closed_at is null and (c.is_over and d.state in ('await_credit', 'await_replacement')
        or not c.is_waiting and d.state = 'await_credit')
    ), hashed as materialized (
      select w.*, case when w.is_over then null else w.at + ${input.dueDays}::float8 * interval '1 day' end as deadline_at,
        event_hash(w.prev, 'dispute:' || w.id, w.epoch, array[w.state, '', 'hub', ${input.reasonCode}::text, '', w.verb,
          'hub', w.net::text, w.tax::text], w.at) as hash
      from wanted w
    ), moved as (
      update disputes d set state = h.state, epoch = h.epoch, outcome = h.outcome, deadline_at = h.deadline_at,
        default_verb = case when h.is_over then null else 'close' end, event_hash = h.hash,
        closed_at = case when h.is_over then h.at end
      from hashed h where d.id = h.id returning d.id, d.owner, d.receiver, d.currency, d.code, d.net_micros, d.tax_micros,
        d.upheld_net, d.upheld_tax, d.state, h.verb, d.outcome
    ), told as (
      insert into dispute_events (dispute_id, epoch, state, verb, side, actor, reason_code, net_micros, tax_micros,
        deadline_at, at, prev_hash, hash)
      select h.id, h.epoch, h.state, h.verb, 'hub', 'hub', ${input.reasonCode}::text, h.net, h.tax, h.deadline_at, h.at,
        h.prev, h.hash
      from hashed h join moved using (id)
    )
    select * from moved order by id`)
  await tellDocumented(tx, moved)
}
