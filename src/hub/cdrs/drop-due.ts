import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { lockSubjects } from '../../store/objects.ts'
import { judgeAgain } from '../objects/objects-batch.ts'
import { readCdrRows } from './clear-facts.ts'
import { planDrop, planVerb } from './clear-plan.ts'
import { standingSubjects } from './clear.ts'
import { writeWatches } from './clear-write.ts'
import { writeTransitions } from './write-transitions.ts'

/**
 * Gives up, in batches, the CDRs that have been quarantined for `limits.quarantineAgeMsMax` by the database's clock, and
 * sends back those that were held as a whole for as long as was agreed: wrong credits, claims below zero.
 * Returns how many. Doing it twice, or by two workers at once, does each once.
 */
export async function dropDue(context: Context, outboxIds: readonly bigint[]): Promise<number> {
  let total = 0
  for (;;) {
    const dropped = await dropBatch(context)
    total += dropped
    if (dropped < limits.clearBatchMax) break
  }
  let returned = 0
  for (;;) {
    const more = await returnBatch(context)
    returned += more
    // Where nothing moved, another worker was faster.
    if (more === 0) break
  }
  await finishOutbox(context.db, { ids: outboxIds, outcome: 'done' })
  if (total > 0) context.metrics.cdrs.inc({ state: 'dropped' }, total)
  if (returned > 0) context.metrics.cdrs.inc({ state: 'withdrawn' }, returned)
  return total + returned
}

/** Sends back what is due, of one currency. Locks: subjects, cycles, CDR rows. */
async function returnBatch(context: Context): Promise<number> {
  const found = await context.db.rows<{ cdr_id: bigint; currency: string; epoch: number }>(sql`
    select cdr_id, currency, epoch from cdr_states where state = 'held' and drop_at <= clock_timestamp()
    order by currency, cdr_id limit ${limits.clearBatchMax}`)
  const [first] = found
  if (first === undefined) return 0
  const due = found.filter(({ currency }) => currency === first.currency)
  const ids = due.map(({ cdr_id: id }) => id)
  const epochs = new Map(due.map(({ cdr_id: id, epoch }) => [id, epoch]))
  return context.db.transaction(async (tx) => {
    const before = await readCdrRows(tx, { ids, forUpdate: false })
    const subjects = before.flatMap(standingSubjects)
    await lockSubjects(
      tx,
      subjects.map((subject) => ({ subject, exclusive: true })),
    )
    await holdCycles(tx, first.currency)
    const rows = await readCdrRows(tx, { ids, forUpdate: true })
    const transitions = rows
      .filter(({ id, epoch }) => epoch === epochs.get(id))
      .map((row) =>
        planVerb(row, { verb: 'return', reasonCode: 'held for too long', contestUntil: null }),
      )
    await writeTransitions(tx, transitions, { actor: 'hub', reason: null })
    await writeWatches(
      tx,
      transitions.map(({ row }) => ({ cdrId: row.id, subjects: [] })),
    )
    await judgeAgain(
      tx,
      transitions.flatMap(({ row }) => standingSubjects(row)),
    )
    return transitions.length
  })
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
