import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { finishOutbox } from '../outbox/outbox.ts'
import { holdCycles } from '../settlement/cycles.ts'
import { readCdrRows } from './clear-facts.ts'
import { planVerb } from './clear-plan.ts'
import { writeTransitions } from './clear-write.ts'

/**
 * Approves, in batches per currency, the CDRs whose contest period is over by the database's clock (deemed approval).
 * Returns how many. Doing it twice, or by two workers at once, approves each once.
 */
export async function approveDue(context: Context, outboxIds: readonly bigint[]): Promise<number> {
  let total = 0
  for (;;) {
    const approved = await approveBatch(context)
    total += approved
    if (approved < limits.clearBatchMax) break
  }
  await finishOutbox(context.db, { ids: outboxIds, outcome: 'done' })
  if (total > 0) context.metrics.cdrs.inc({ state: 'approved' }, total)
  return total
}

async function approveBatch(context: Context): Promise<number> {
  return context.db.transaction(async (tx) => {
    const due = await tx.rows<{ cdr_id: bigint; currency: string }>(sql`
      select cdr_id, currency from cdr_states
      where state = 'provisional' and contest_until <= clock_timestamp()
      order by currency, cdr_id limit ${limits.clearBatchMax}`)
    const currency = due[0]?.currency
    if (currency === undefined) return 0
    await holdCycles(tx, currency)
    const ids = due.filter((row) => row.currency === currency).map((row) => row.cdr_id)
    const rows = await readCdrRows(tx, { ids, forUpdate: true })
    const transitions = rows
      .filter((row) => row.state === 'provisional')
      .map((row) =>
        planVerb(row, {
          verb: 'approve',
          state: 'approved',
          reasonCode: 'contest period over',
          contestUntil: null,
        }),
      )
    await writeTransitions(tx, transitions, { actor: 'hub', reason: null })
    // More than this currency was due: the caller must look again.
    return rows.length < due.length ? limits.clearBatchMax : transitions.length
  })
}
