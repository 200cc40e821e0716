import type { Side } from '../../clearing/disputes/machine.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/**
 * What clearing, or a decision about a CDR as a whole, does to disputes of it. cleared: the finding is gone. withdrawn:
 * the CDR was released or approved. returned: the CPO takes the CDR back, so all is upheld. adjusted: a draft goes on
 * with another amount. `disputes` null: all that are not closed.
 */
export type DisputeEnd = {
  kind: 'cleared' | 'withdrawn' | 'returned' | 'adjusted'
  cdrId: bigint
  disputes: readonly bigint[] | null
  reasonCode: string
  /** Of a draft that goes on. */
  netMicros: bigint | null
  taxMicros: bigint | null
}

const ENDS = {
  cleared: { state: 'withdrawn', verb: 'clear', outcome: 'cleared', upholds: false },
  withdrawn: { state: 'withdrawn', verb: 'withdraw', outcome: 'withdrawn', upholds: false },
  returned: { state: 'closed', verb: 'accept', outcome: 'upheld', upholds: true },
  adjusted: { state: 'draft', verb: 'open', outcome: null, upholds: false },
} as const

/** The side of who decides about a CDR as a whole: of the parties, only the eMSP may. */
export function sideOf(actor: string): Side {
  if (actor === 'hub') return 'hub'
  return actor.startsWith('operator') ? 'operator' : 'emsp'
}

/** A dispute as an end left it; `outcome` null where it goes on with another amount. */
export type EndedDispute = {
  id: bigint
  owner: string
  receiver: string
  currency: string
  code: string
  state: string
  net: bigint
  tax: bigint
  outcome: 'cleared' | 'credited' | 'withdrawn' | 'upheld' | null
}

/**
 * Writes ends of disputes set-wise, each with its event, and returns them. The CDRs' rows are locked; a dispute that is
 * closed stays.
 */
export async function endDisputes(
  tx: Tx,
  ends: readonly DisputeEnd[],
  decider: { actor: string; side: Side; reason: string | null },
): Promise<EndedDispute[]> {
  if (ends.length === 0) return []
  const targets = ends.flatMap(({ disputes, ...end }) =>
    (disputes ?? [null]).map((id) => ({ ...end, id, ...ENDS[end.kind] })),
  )
  return tx.rows<EndedDispute>(sql`
    with wanted as materialized (
      select d.id, d.owner, d.receiver, d.currency, d.code, d.epoch + 1 as epoch, d.event_hash as prev, t.state, t.verb, t.outcome, t.upholds, t.reason_code,
        coalesce(t.net, d.net_micros) as net, coalesce(t.tax, d.tax_micros) as tax, d.deadline_at, clock_timestamp() as at
      from unnest(${targets.map((t) => t.cdrId.toString())}::bigint[], ${targets.map((t) => t.id?.toString() ?? null)}::bigint[],
        ${targets.map((t) => t.state)}::text[], ${targets.map((t) => t.verb)}::text[],
        ${targets.map((t) => t.outcome)}::text[], ${targets.map((t) => t.upholds)}::boolean[],
        ${targets.map((t) => t.reasonCode)}::text[], ${targets.map((t) => t.netMicros?.toString() ?? null)}::bigint[],
        ${targets.map((t) => t.taxMicros?.toString() ?? null)}::bigint[])
        as t (cdr_id, id, state, verb, outcome, upholds, reason_code, net, tax)
      join disputes d on d.cdr_id = t.cdr_id and (t.id is null or d.id = t.id) and d.closed_at is null
    ), hashed as materialized (
      select w.*, event_hash(w.prev, 'dispute:' || w.id, w.epoch, array[w.state, '', ${decider.actor}::text, w.reason_code,
        ${decider.reason ?? ''}::text, w.verb, ${decider.side}::text, w.net::text, w.tax::text], w.at) as hash
      from wanted w
    ), moved as (
      update disputes d set state = h.state, epoch = h.epoch, outcome = h.outcome, net_micros = h.net, tax_micros = h.tax,
        upheld_net = case when h.upholds then h.net else d.upheld_net end,
        upheld_tax = case when h.upholds then h.tax else d.upheld_tax end, event_hash = h.hash,
        closed_at = case when h.outcome is null then null else h.at end,
        deadline_at = case when h.outcome is null then d.deadline_at end,
        default_verb = case when h.outcome is null then d.default_verb end
      from hashed h where d.id = h.id returning d.id
    ), told as (
      insert into dispute_events (dispute_id, epoch, state, verb, side, actor, reason_code, reason, net_micros, tax_micros,
        deadline_at, at, prev_hash, hash)
      select h.id, h.epoch, h.state, h.verb, ${decider.side}::text, ${decider.actor}::text, h.reason_code,
        ${decider.reason}::text, h.net, h.tax, case when h.outcome is null then h.deadline_at end, h.at, h.prev, h.hash
      from hashed h
    )
    select h.id, h.owner, h.receiver, h.currency, h.code, h.state, h.net, h.tax, h.outcome
    from hashed h join moved using (id) order by h.id`)
}
