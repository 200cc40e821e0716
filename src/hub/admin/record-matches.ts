import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { foldKey, partyOf } from '../../ocpi/primitives.ts'
import { orderMatching, orderMatchingOf } from '../records/days.ts'
import type { Pair } from '../records/days.ts'
import { reviewCdrs } from '../records/review.ts'
import { unseenBy } from '../records/visible.ts'
import { appendAudit } from './audit.ts'
import { readRecord } from './records.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

type Decision = {
  scope: Scope
  /** Of the record. */
  id: string
  verb: 'confirm' | 'reject'
  cdr: { country_code: string; party_id: string; id: string }
  reason?: string | undefined
}

/**
 * A person says which CDR a record belongs to, or that it does not: it stays so, whatever comes later. The CDR is held
 * against its record anew.
 */
export async function decideMatch(context: Context, decision: Decision) {
  const { scope, id, verb } = decision
  await context.db.transaction(async (tx) => {
    const { record, cdrId } = await findPair(tx, decision)
    const deed = { recordId: id, cdrId, actor: scope.actor }
    const apart = verb === 'confirm' ? await confirm(tx, deed) : await reject(tx, deed)
    await orderMatching(tx, [record])
    await orderMatchingOf(tx, apart)
    await reviewCdrs(tx, [...new Set([cdrId, ...apart.map((pair) => pair.cdr_id)])])
    await appendAudit(tx, {
      actor: scope.actor,
      action: `record.${verb}`,
      subject: id,
      reason: decision.reason,
      details: { cdr: decision.cdr },
    })
  })
  return readRecord(context, scope, id)
}

type Found = { record: { receiver: string; started_at: Date | null }; cdrId: bigint }

/** Locks the record. A CDR that a party may not see is none for it. */
async function findPair(tx: Tx, { scope, id, cdr }: Decision): Promise<Found> {
  const own = scope.kind === 'operator' ? null : [...scope.emsps]
  const [record] = await tx.rows<{ receiver: string; started_at: Date | null }>(sql`
    select receiver, started_at from emsp_records
    where id = ${id}::bigint and (${own}::text[] is null or receiver = any(${own}::text[])) for update`)
  if (!record) throw new Refusal('notFound', `There is no record ${id}.`)
  const owner = partyOf(cdr.country_code, cdr.party_id)
  const unseen = unseenBy(scope)
  const [found] = await tx.rows<{ id: bigint }>(sql`
    select c.id from cdrs c join cdr_figures f on f.cdr_id = c.id join cdr_states s on s.cdr_id = c.id
    where c.owner = ${owner} and c.cdr_key = ${foldKey(cdr.id)} and c.receiver = ${record.receiver} and not c.is_credit
      and (${unseen}::text[] is null or (s.state <> all(${unseen}::text[]) and s.delivery <> 'withheld'))`)
  if (!found) throw new Refusal('notFound', `${record.receiver} has no CDR ${cdr.id} of ${owner}.`)
  return { record, cdrId: found.id }
}

type Deed = { recordId: string; cdrId: bigint; actor: string }

/** Returns what the two were taken for until now. */
async function confirm(tx: Tx, { recordId, cdrId, actor }: Deed): Promise<Pair[]> {
  const cdr = cdrId.toString()
  const apart = await tx.rows<Pair>(sql`
    delete from record_matches where (record_id = ${recordId}::bigint or cdr_id = ${cdr}::bigint) and not rejected
      and not (record_id = ${recordId}::bigint and cdr_id = ${cdr}::bigint)
    returning record_id, cdr_id`)
  await tx.rows(sql`
    insert into record_matches (record_id, cdr_id, kind, tier, score, confirmed, decided_by)
    values (${recordId}::bigint, ${cdr}::bigint, 'one', 6, 1, true, ${actor})
    on conflict (record_id, cdr_id) do update set kind = 'one', confirmed = true, rejected = false, decided_by = ${actor},
      at = clock_timestamp()`)
  return apart
}

async function reject(tx: Tx, { recordId, cdrId, actor }: Deed): Promise<Pair[]> {
  await tx.rows(sql`
    insert into record_matches (record_id, cdr_id, kind, tier, score, confirmed, rejected, decided_by)
    values (${recordId}::bigint, ${cdrId.toString()}::bigint, 'one', 6, 0, false, true, ${actor})
    on conflict (record_id, cdr_id) do update set confirmed = false, rejected = true, decided_by = ${actor},
      at = clock_timestamp()`)
  return [{ record_id: BigInt(recordId), cdr_id: cdrId }]
}
