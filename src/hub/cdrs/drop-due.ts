import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import { readCdrRows } from './clear-facts.ts'
import { planDrop } from './clear-plan.ts'
import { writeWatches } from './clear-write.ts'
import { writeTransitions } from './write-transitions.ts'

/**
 * Gives up, in batches, the CDRs that have been quarantined for `limits.quarantineAgeMsMax` by the database's clock.
 * Returns how many. Doing it twice, or by two workers at once, drops each once.
 */
export async function dropDue(context: Context, outboxIds: readonly bigint[]): Promise<number> {
  let total = 0
  for (;;) {
    const dropped = await dropBatch(context)
    total += dropped
    if (dropped < limits.clearBatchMax) break
  }
  await finishOutbox(context.db, { ids: outboxIds, outcome: 'done' })
  if (total > 0) context.metrics.cdrs.inc({ state: 'dropped' }, total)
  return total
}

async function dropBatch(context: Context): Promise<number> {
  return context.db.transaction(async (tx) => {
    const due = await tx.rows<{ cdr_id: bigint }>(sql`
      select cdr_id from cdr_states where state = 'quarantined' and drop_at <= clock_timestamp()
      order by cdr_id limit ${limits.clearBatchMax} for update`)
    const rows = await readCdrRows(tx, {
      ids: due.map(({ cdr_id: id }) => id),
      forUpdate: false,
    })
    const transitions = rows.filter(({ state }) => state === 'quarantined').map(planDrop)
    await writeTransitions(tx, transitions, { actor: 'hub', reason: null })
    await writeWatches(
      tx,
      transitions.map(({ row }) => ({ cdrId: row.id, subjects: [] })),
    )
    return transitions.length
  })
}
