import type { DisputeState, DisputeVerb, Outcome, Side } from '../../clearing/disputes/machine.ts'
import { isUndecided } from '../../clearing/disputes/machine.ts'
import type { DisputeStand } from '../../clearing/disputes/stand.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/** A dispute as it is stored. Amounts in micro-units. */
export type DisputeRow = {
  id: bigint
  cdr_id: bigint | null
  part: number | null
  owner: string
  receiver: string
  currency: string
  code: string
  opened_by: 'hub' | 'emsp' | 'operator'
  state: DisputeState
  epoch: number
  round: number
  net_micros: bigint
  tax_micros: bigint
  tax_known: boolean
  upheld_net: bigint
  upheld_tax: bigint
  proposed_net: bigint | null
  proposed_tax: bigint | null
  proposed_by: Side | null
  deadline_at: Date | null
  default_verb: DisputeVerb | null
  out_of_time: boolean
  statement: string | null
  outcome: Outcome | null
  evidence_hash: Buffer | null
  event_hash: Buffer | null
  opened_at: Date
  closed_at: Date | null
  is_overdue: boolean
  /** What was done last, by whom and with which amount and text: doing it again changes nothing. */
  last: LastEvent | null
}

export type LastEvent = {
  verb: DisputeVerb
  side: Side
  reason: string | null
  net: string | null
  tax: string | null
}

/**
 * The disputes of CDRs that are not closed, and those with the ids named, locked in the order of their ids. The rows of
 * the CDRs are locked before, so that nobody waits for them with a dispute in hand.
 */
export async function lockDisputes(
  tx: Tx,
  where: { cdrIds: readonly bigint[]; ids: readonly bigint[] },
): Promise<DisputeRow[]> {
  const cdrIds = where.cdrIds.map(String)
  const ids = where.ids.map(String)
  await tx.rows(sql`
    select id from disputes
    where (cdr_id = any(${cdrIds}::bigint[]) and closed_at is null) or id = any(${ids}::bigint[])
    order by id for update`)
  return readDisputeRows(tx, where)
}

async function readDisputeRows(
  client: Sql,
  where: { cdrIds: readonly bigint[]; ids: readonly bigint[] },
): Promise<DisputeRow[]> {
  return client.rows<DisputeRow>(sql`
    select d.id, d.cdr_id, d.part, d.owner, d.receiver, d.currency, d.code, d.opened_by, d.state, d.epoch, d.round,
      d.net_micros, d.tax_micros, d.tax_known, d.upheld_net, d.upheld_tax, d.proposed_net, d.proposed_tax, d.proposed_by,
      d.deadline_at, d.default_verb, d.out_of_time, d.statement, d.outcome, d.evidence_hash, d.event_hash, d.opened_at,
      d.closed_at, coalesce(d.deadline_at <= clock_timestamp(), false) as is_overdue,
      (select jsonb_build_object('verb', e.verb, 'side', e.side, 'reason', e.reason, 'net', e.net_micros::text,
        'tax', e.tax_micros::text) from dispute_events e where e.dispute_id = d.id and e.epoch = d.epoch) as last
    from disputes d
    where (d.cdr_id = any(${where.cdrIds.map(String)}::bigint[]) and d.closed_at is null)
      or d.id = any(${where.ids.map(String)}::bigint[])
    order by d.id`)
}

/** The zone by which people are told of a CDR, UTC where nobody knows it (see cdr_time_zone). */
export async function readZone(client: Sql, cdrId: bigint): Promise<string> {
  const [row] = await client.rows<{ zone: string | null }>(
    sql`select cdr_time_zone(${cdrId.toString()}::bigint) as zone`,
  )
  return row?.zone ?? 'UTC'
}

/** What of a row says how the dispute stands. */
type StandRow = Pick<DisputeRow, 'state' | 'round' | 'net_micros' | 'tax_micros' | 'is_overdue'> &
  Pick<
    DisputeRow,
    'upheld_net' | 'upheld_tax' | 'proposed_net' | 'proposed_tax' | 'proposed_by'
  > & {
    last: Pick<LastEvent, 'verb' | 'side'> | null
  }

/** The dispute as the machine sees it. */
export function standOf(row: StandRow): DisputeStand {
  const { proposed_net: net, proposed_tax: tax, proposed_by: by, last } = row
  const isHalfAgreed =
    row.state === 'proposed' &&
    last?.verb === 'accept' &&
    (last.side === 'cpo' || last.side === 'emsp')
  return {
    state: row.state,
    round: row.round,
    amount: { net: row.net_micros, tax: row.tax_micros },
    upheld: { net: row.upheld_net, tax: row.upheld_tax },
    proposed: net === null || tax === null || by === null ? null : { amount: { net, tax }, by },
    // While an offer stands, only the acceptance of one side leaves it where it is.
    acceptedBy: isHalfAgreed ? last.side : null,
    isOverdue: row.is_overdue,
  }
}

/** How many disputes of a CDR are drafts, and how many others are not decided, when `except` is left out. */
export function countUndecided(
  rows: readonly Pick<DisputeRow, 'id' | 'cdr_id' | 'state'>[],
  of: { cdrId: bigint; except: bigint | null },
): { drafts: number; undecided: number } {
  const states = rows
    .filter((row) => row.cdr_id === of.cdrId && row.id !== of.except)
    .map(({ state }) => state)
  return {
    drafts: states.filter((state) => state === 'draft').length,
    undecided: states.filter((state) => state !== 'draft' && isUndecided(state)).length,
  }
}
