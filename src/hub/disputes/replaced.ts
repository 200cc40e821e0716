import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { settleAwaiting } from './awaiting.ts'
import { tellConsumed } from './tell-documents.ts'

/**
 * A CDR that takes the place of a credited one whose adjustments wait for it. `difference`: what it claims beyond what was
 * agreed, in micro-units. `dueDays`: how long a replacement is waited for.
 */
export type Replacement = {
  cdrId: bigint
  originalId: bigint
  difference: { net: bigint; tax: bigint }
  dueDays: number
}

/**
 * CDRs that were booked and replace a credited one consume what waits for them, each once: the first of them takes it.
 * Under the locks of clearing (session and card) nobody else takes the same. Returns how many adjustments were consumed.
 */
export async function consumeAdjustments(
  tx: Tx,
  replacements: readonly Replacement[],
): Promise<number> {
  const taken = new Set<bigint>()
  let count = 0
  for (const { cdrId, originalId, difference, dueDays } of replacements) {
    if (taken.has(originalId)) continue
    taken.add(originalId)
    const consumed = await tx.rows<{ id: bigint; dispute_id: bigint }>(sql`
      update adjustments set state = 'consumed', replacement_id = ${cdrId.toString()}::bigint, due_at = null,
        difference_net = ${difference.net.toString()}::bigint, difference_tax = ${difference.tax.toString()}::bigint,
        consumed_at = clock_timestamp()
      where cdr_id = ${originalId.toString()}::bigint and state = 'awaiting_replacement'
      returning id, dispute_id`)
    count += consumed.length
    await tellConsumed(
      tx,
      consumed.map(({ id }) => id),
    )
    await settleAwaiting(tx, {
      disputes: consumed.map(({ dispute_id: id }) => id),
      reasonCode: 'replaced',
      dueDays,
    })
  }
  return count
}
