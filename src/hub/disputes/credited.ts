import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { settleAwaiting } from './awaiting.ts'
import type { EndedDispute } from './ends.ts'
import { tellConsumed } from './tell-documents.ts'

/** A CDR that a credit takes back as a whole. `dueDays`: how long what replaces it is waited for. */
export type CreditedCdr = { cdrId: bigint; creditId: bigint; dueDays: number }

/**
 * What a credit does to the disputes of the CDR that it takes back, and to what was taken off before. Disputes that are
 * not decided end as `credited`: what they were about need not be paid. Where something of the claim is left, neither
 * disputed nor taken off, a replacement is waited for: everything that was adjusted waits with it, and so does what the
 * disputes were about. Where nothing is left, all of that is consumed by the credit alone, and kept all the same: what
 * comes later for the same charge has nothing to claim.
 *
 * Returns the disputes that ended. The CDR's row is locked, and so is what it stands in the way of; an adjustment that is
 * consumed never changes again.
 */
export async function creditDisputes(
  tx: Tx,
  credited: readonly CreditedCdr[],
): Promise<EndedDispute[]> {
  const ended: EndedDispute[] = []
  for (const cdr of credited) {
    const open = await closeUndecided(tx, cdr)
    ended.push(...open)
    const adjusted = await readAdjusted(tx, cdr)
    if (open.length === 0 && adjusted.disputes.length === 0) continue
    const agreed = coversAll(adjusted, open) && !open.some(isAgreed) ? [] : open
    const isAll = coversAll(adjusted, agreed)
    const documented = await documentAdjustments(tx, { cdr, isAll })
    const added = await insertAgreed(tx, { cdr, isAll, disputes: agreed.map(({ id }) => id) })
    if (isAll) await tellConsumed(tx, [...documented, ...added])
    await settleAwaiting(tx, {
      disputes: adjusted.disputes,
      reasonCode: 'credited',
      dueDays: cdr.dueDays,
    })
  }
  return ended
}

type Closed = EndedDispute & { opened_by: 'hub' | 'emsp' | 'operator' }

/** True where nothing is left beside what was taken off and what these disputes are about. */
function coversAll(left: { leftNet: bigint; leftTax: bigint }, open: readonly Closed[]): boolean {
  const sum = (key: 'net' | 'tax'): bigint => open.reduce((total, each) => total + each[key], 0n)
  return left.leftNet === sum('net') && left.leftTax === sum('tax')
}

/** Checks that say what was agreed before. */
const AGREEMENT_CODES: ReadonlySet<string> = new Set(['C4', 'C7'])

/**
 * True where crediting a CDR of which nothing else is left says that nothing need be paid: a person disputed it, or it
 * was agreed before. Where only checks of the hub hold all of a CDR, the corrected one is asked again.
 */
function isAgreed({ opened_by: openedBy, code }: Closed): boolean {
  return openedBy !== 'hub' || AGREEMENT_CODES.has(code)
}

/** Closes the undecided disputes of a CDR, and returns them. */
async function closeUndecided(tx: Tx, cdr: CreditedCdr): Promise<Closed[]> {
  return tx.rows(sql`
    with wanted as materialized (
      select id, owner, receiver, currency, code, opened_by, epoch + 1 as epoch, event_hash as prev, net_micros as net, tax_micros as tax, clock_timestamp() as at
      from disputes
      where cdr_id = ${cdr.cdrId.toString()}::bigint and closed_at is null
        and state not in ('await_credit', 'await_replacement')
      order by id
    ), hashed as materialized (
      select w.*, event_hash(w.prev, 'dispute:' || w.id, w.epoch, array['closed', '', 'hub', 'credited', '', 'credit', 'hub',
        w.net::text, w.tax::text], w.at) as hash
      from wanted w
    ), moved as (
      update disputes d set state = 'closed', epoch = h.epoch, outcome = 'credited', closed_at = h.at, deadline_at = null,
        default_verb = null, event_hash = h.hash
      from hashed h where d.id = h.id returning d.id
    ), told as (
      insert into dispute_events (dispute_id, epoch, state, verb, side, actor, reason_code, net_micros, tax_micros, at,
        prev_hash, hash)
      select id, epoch, 'closed', 'credit', 'hub', 'hub', 'credited', net, tax, at, prev, hash from hashed
    )
    select h.id, h.owner, h.receiver, h.currency, h.code, h.opened_by, 'closed' as state, h.net, h.tax, 'credited' as outcome
    from hashed h join moved using (id) order by h.id`)
}

/** What of the claim is left after all that was taken off before, and by which disputes it was. */
async function readAdjusted(
  tx: Tx,
  cdr: CreditedCdr,
): Promise<{ leftNet: bigint; leftTax: bigint; disputes: bigint[] }> {
  const [row] = await tx.rows<{
    left_net: bigint
    left_tax: bigint
    disputes: bigint[] | null
  }>(sql`
    select coalesce(s.net_micros, 0) - coalesce(sum(a.net_micros), 0)::bigint as left_net,
      coalesce(s.tax_micros, 0) - coalesce(sum(a.tax_micros), 0)::bigint as left_tax,
      array_agg(a.dispute_id) filter (where a.state = 'awaiting_document') as disputes
    from cdr_states s left join adjustments a on a.cdr_id = s.cdr_id
    where s.cdr_id = ${cdr.cdrId.toString()}::bigint group by s.net_micros, s.tax_micros`)
  return {
    leftNet: row?.left_net ?? 0n,
    leftTax: row?.left_tax ?? 0n,
    disputes: row?.disputes ?? [],
  }
}

/** The credit is the document of what was adjusted; where nothing is left to claim it is all there will be. The ids. */
async function documentAdjustments(
  tx: Tx,
  { cdr, isAll }: { cdr: CreditedCdr; isAll: boolean },
): Promise<bigint[]> {
  const rows = await tx.rows<{ id: bigint }>(sql`
    update adjustments set credit_id = ${cdr.creditId.toString()}::bigint,
      state = case when ${isAll} then 'consumed' else 'awaiting_replacement' end,
      consumed_at = case when ${isAll} then clock_timestamp() end, difference_net = case when ${isAll} then 0 end,
      difference_tax = case when ${isAll} then 0 end,
      due_at = case when ${isAll} then null else clock_timestamp() + ${cdr.dueDays}::float8 * interval '1 day' end
    where cdr_id = ${cdr.cdrId.toString()}::bigint and state = 'awaiting_document' returning id`)
  return rows.map(({ id }) => id)
}

/** What the disputes were about need not be paid, and is posted nowhere: what replaces the CDR is held to it. The ids. */
async function insertAgreed(
  tx: Tx,
  { cdr, isAll, disputes }: { cdr: CreditedCdr; isAll: boolean; disputes: readonly bigint[] },
): Promise<bigint[]> {
  if (disputes.length === 0) return []
  const rows = await tx.rows<{ id: bigint }>(sql`
    insert into adjustments (dispute_id, cdr_id, owner, receiver, currency, net_micros, tax_micros, credit_id, state,
      consumed_at, difference_net, difference_tax, due_at)
    select id, cdr_id, owner, receiver, currency, net_micros, tax_micros, ${cdr.creditId.toString()}::bigint,
      case when ${isAll} then 'consumed' else 'awaiting_replacement' end,
      case when ${isAll} then clock_timestamp() end, case when ${isAll} then 0 end, case when ${isAll} then 0 end,
      case when ${isAll} then null else clock_timestamp() + ${cdr.dueDays}::float8 * interval '1 day' end
    from disputes where id = any(${disputes.map(String)}::bigint[]) and (net_micros > 0 or tax_micros > 0)
    order by id returning id`)
  return rows.map(({ id }) => id)
}
