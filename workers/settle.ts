import type { Context } from '../src/context.ts'
import { approveDue } from '../src/hub/cdrs/approve-due.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { currentRows, retryOutbox } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/** Deemed approvals: one job for everything that is due, not one per CDR. */
export async function runSettle(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  if (rows.length === 0) return
  try {
    await approveDue(
      context,
      rows.map(({ id }) => id),
    )
  } catch (error) {
    context.log.warn({ err: error }, 'approvals failed, to be tried again')
    const text = error instanceof Error ? error.message : 'unknown error'
    for (const row of rows) {
      await retryOutbox(context.db, {
        id: row.id,
        delayMs: backoffMs('settle', row.attempts),
        error: text.slice(0, 500),
      })
    }
  }
}
