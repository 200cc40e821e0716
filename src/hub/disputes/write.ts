import { assert } from '../../assert.ts'
import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import type { DisputeVerb, Side } from '../../clearing/disputes/machine.ts'
import type { Stepped } from '../../clearing/disputes/step.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { DisputeRow } from './rows.ts'

/** Who did it: `actor` is `hub`, `operator:…` or a party. */
export type Doer = { side: Side; actor: string; text: string | null }

/**
 * Writes what became of a dispute, with its event, whose hash chains the one before. Its deadline is a time of
 * PostgreSQL's clock. The row is locked; the epoch is a second fence.
 */
export async function writeStep(
  tx: Tx,
  step: { row: DisputeRow; next: Stepped; verb: DisputeVerb; doer: Doer },
): Promise<void> {
  const { row, next, verb, doer } = step
  const { clock, upheld, proposed } = next
  const isKept = clock === 'keep'
  const days = clock === null || isKept ? null : clock.days
  const fromOpening = clock !== null && !isKept && clock.from === 'opened'
  const opensNow = next.isOpening
  const written = await tx.rows(sql`
    with moment as materialized (select clock_timestamp() as at), wanted as materialized (
      select d.id, d.epoch + 1 as epoch, d.event_hash as prev, m.at,
        case when ${opensNow} then m.at else d.opened_at end as opened_at,
        case when ${isKept} then d.deadline_at
          when ${fromOpening} then greatest(d.deadline_at, d.opened_at + ${days}::float8 * interval '1 day')
          when ${days}::float8 is not null then m.at + ${days}::float8 * interval '1 day' end as deadline_at,
        case when ${isKept} then d.default_verb else ${clock === null || isKept ? null : clock.verb}::text end as default_verb
      from disputes d cross join moment m
      where d.id = ${row.id.toString()}::bigint and d.epoch = ${row.epoch}
    ), hashed as materialized (
      select w.*, event_hash(w.prev, 'dispute:' || w.id, w.epoch, array[${next.state}::text, ${next.via.join(' ')}::text,
        ${doer.actor}::text, ${row.code}::text, ${doer.text ?? ''}::text, ${verb}::text, ${doer.side}::text,
        ${next.said?.net.toString() ?? null}::text, ${next.said?.tax.toString() ?? null}::text], w.at) as hash
      from wanted w
    ), moved as (
      update disputes d set state = ${next.state}, epoch = h.epoch, round = ${next.round}, event_hash = h.hash,
        last_round = ${next.isLastRound},
        upheld_net = ${upheld.net.toString()}::bigint, upheld_tax = ${upheld.tax.toString()}::bigint,
        proposed_net = ${proposed?.amount.net.toString() ?? null}::bigint,
        proposed_tax = ${proposed?.amount.tax.toString() ?? null}::bigint, proposed_by = ${proposed?.by ?? null}::text,
        deadline_at = h.deadline_at, default_verb = h.default_verb, opened_at = h.opened_at,
        outcome = ${next.outcome}::text, closed_at = case when ${next.outcome}::text is not null then h.at end
      from hashed h where d.id = h.id returning d.id
    )
    insert into dispute_events (dispute_id, epoch, state, via, verb, side, actor, reason_code, reason, net_micros,
      tax_micros, deadline_at, at, prev_hash, hash)
    select h.id, h.epoch, ${next.state}::text, ${[...next.via]}::text[], ${verb}::text, ${doer.side}::text,
      ${doer.actor}::text, ${row.code}::text, ${doer.text}::text, ${next.said?.net.toString() ?? null}::bigint,
      ${next.said?.tax.toString() ?? null}::bigint, h.deadline_at, h.at, h.prev, h.hash
    from hashed h join moved using (id)
    returning dispute_id`)
  assert(written.length === 1, 'a dispute changed while its row was locked')
}

/** A dispute that begins open, not as a draft of the hub. */
export type NewDispute = {
  cdrId: bigint | null
  /** The part it will hold; null: it holds nothing. */
  part: number | null
  owner: string
  receiver: string
  currency: string
  code: string
  openedBy: 'emsp' | 'operator' | 'hub'
  amount: DisputeAmount
  taxKnown: boolean
  isOutOfTime: boolean
  statement: string | null
  clock: { days: number; verb: DisputeVerb }
}

/** Opens a dispute with its first event, verb `contest`, and returns its id. */
export async function insertDispute(tx: Tx, dispute: NewDispute, doer: Doer): Promise<bigint> {
  const { amount, clock } = dispute
  const [row] = await tx.rows<{ id: bigint }>(sql`
    with wanted as materialized (
      select nextval(pg_get_serial_sequence('disputes', 'id')) as id, clock_timestamp() as at
    ), hashed as materialized (
      select w.*, w.at + ${clock.days}::float8 * interval '1 day' as deadline_at,
        event_hash(null, 'dispute:' || w.id, 0, array['open', '', ${doer.actor}::text, ${dispute.code}::text,
          ${doer.text ?? ''}::text, 'contest', ${doer.side}::text, ${amount.net.toString()}::text,
          ${amount.tax.toString()}::text], w.at) as hash
      from wanted w
    ), made as (
      insert into disputes (id, cdr_id, part, owner, receiver, currency, code, opened_by, state, net_micros, tax_micros,
        tax_known, deadline_at, default_verb, out_of_time, statement, event_hash, opened_at)
      overriding system value
      select id, ${dispute.cdrId?.toString() ?? null}::bigint, ${dispute.part}::int, ${dispute.owner}, ${dispute.receiver},
        ${dispute.currency}, ${dispute.code}, ${dispute.openedBy}, 'open', ${amount.net.toString()}::bigint,
        ${amount.tax.toString()}::bigint, ${dispute.taxKnown}, deadline_at, ${clock.verb}, ${dispute.isOutOfTime},
        ${dispute.statement}::text, hash, at
      from hashed returning id
    )
    insert into dispute_events (dispute_id, epoch, state, verb, side, actor, reason_code, reason, net_micros, tax_micros,
      deadline_at, at, hash)
    select h.id, 0, 'open', 'contest', ${doer.side}, ${doer.actor}, ${dispute.code}, ${doer.text}::text,
      ${amount.net.toString()}::bigint, ${amount.tax.toString()}::bigint, h.deadline_at, h.at, h.hash
    from hashed h join made using (id)
    returning dispute_id as id`)
  assert(row !== undefined, 'a dispute that was just opened is not there')
  return row.id
}

export type PostedAdjustment = { id: bigint } & DisputeAmount

/** What was upheld is taken off: a row per CDR that waits for the document of its CPO. */
export async function insertAdjustments(
  tx: Tx,
  input: {
    dispute: Pick<DisputeRow, 'id' | 'owner' | 'receiver' | 'currency'>
    items: readonly ({ cdrId: bigint } & DisputeAmount)[]
    creditDays: number
  },
): Promise<PostedAdjustment[]> {
  const { dispute, items, creditDays } = input
  return tx.rows<PostedAdjustment>(sql`
    insert into adjustments (dispute_id, cdr_id, owner, receiver, currency, net_micros, tax_micros, state, due_at)
    select ${dispute.id.toString()}::bigint, cdr_id, ${dispute.owner}, ${dispute.receiver}, ${dispute.currency}, net, tax,
      'awaiting_document', clock_timestamp() + ${creditDays}::float8 * interval '1 day'
    from unnest(${items.map(({ cdrId }) => cdrId.toString())}::bigint[], ${items.map(({ net }) => net.toString())}::bigint[],
      ${items.map(({ tax }) => tax.toString())}::bigint[]) as t (cdr_id, net, tax)
    order by cdr_id
    returning id, net_micros as net, tax_micros as tax`)
}
