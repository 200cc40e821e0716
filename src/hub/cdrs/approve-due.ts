import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { DatabaseUnavailable } from '../../db/database.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import { holdCycles } from '../../settlement/cycles.ts'
import { raiseAlert } from '../alerts.ts'
import { readCdrRows } from './clear-facts.ts'
import { planDeemed } from './clear-plan.ts'
import { writeTransitions } from './write-transitions.ts'

type Due = { cdr_id: bigint; currency: string }

/**
 * Approves, in batches per currency, the CDRs whose contest period is over by the database's clock (deemed approval): all
 * of them that is not disputed.
 * Returns how many. Doing it twice, or by two workers at once, approves each once. One that cannot be approved does not
 * hold up the others: an operator is told, and the next run tries it again.
 */
export async function approveDue(context: Context, outboxIds: readonly bigint[]): Promise<number> {
  const failed: bigint[] = []
  let total = 0
  for (;;) {
    const due = await readDue(context, failed)
    const before = failed.length
    const approved = due.length === 0 ? 0 : await approveEach(context, { due, failed })
    total += approved
    // Where nothing moved, another worker was faster.
    if (approved === 0 && failed.length === before) break
  }
  await finishOutbox(context.db, { ids: outboxIds, outcome: 'done' })
  if (total > 0) context.metrics.cdrs.inc({ state: 'approved' }, total)
  return total
}

/** What is due next, of one currency, without what has failed in this run. */
async function readDue(context: Context, failed: readonly bigint[]): Promise<Due[]> {
  const due = await context.db.rows<Due>(sql`
    select cdr_id, currency from cdr_states
    where state in ('provisional', 'held', 'contested') and contest_until <= clock_timestamp()
      and cdr_id <> all(${failed.map(String)}::bigint[])
    order by currency, cdr_id limit ${limits.clearBatchMax}`)
  return due.filter(({ currency }) => currency === due[0]?.currency)
}

/** All together; when that fails, one by one, and `failed` gets those that cannot be. */
async function approveEach(
  context: Context,
  { due, failed }: { due: readonly Due[]; failed: bigint[] },
): Promise<number> {
  try {
    return await approveBatch(context, due)
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error
    if (due.length === 1) {
      for (const one of due) {
        failed.push(one.cdr_id)
        await tellFailure(context, { cdrId: one.cdr_id, error })
      }
      return 0
    }
  }
  let approved = 0
  for (const one of due) approved += await approveEach(context, { due: [one], failed })
  return approved
}

async function approveBatch(context: Context, due: readonly Due[]): Promise<number> {
  const [first] = due
  if (!first) return 0
  return context.db.transaction(async (tx) => {
    await holdCycles(tx, first.currency)
    const rows = await readCdrRows(tx, { ids: due.map(({ cdr_id }) => cdr_id), forUpdate: true })
    const transitions = rows
      // Another worker may have been faster.
      .filter((row) => row.booked?.book === 'provisional' && row.contest_until !== null)
      .map(planDeemed)
    await writeTransitions(tx, transitions, { actor: 'hub', reason: null })
    return transitions.length
  })
}

async function tellFailure(
  context: Context,
  { cdrId, error }: { cdrId: bigint; error: unknown },
): Promise<void> {
  context.log.error({ err: error, cdr_id: cdrId.toString() }, 'a CDR could not be approved')
  const [cdr] = await context.db.rows<{ owner: string; cdr_id: string }>(sql`
    select owner, cdr_id from cdrs where id = ${cdrId.toString()}::bigint`)
  await raiseAlert(context.db, {
    code: 'cdr_not_approved',
    severity: 'critical',
    subject: cdr ? `${cdr.owner}/${cdr.cdr_id}` : `cdr ${cdrId}`,
    message: `its contest period is over and it cannot be approved: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown error'}`,
    advice:
      'It is tried again with every sweep. POST /admin/v1/ledger/verify shows whether the books are sound',
  })
}
