import type { Context } from '../src/context.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { explainPrice } from '../src/hub/cdrs/explain-price.ts'
import { matchReceiver } from '../src/hub/records/match-blocks.ts'
import { reconcile } from '../src/hub/records/reconcile.ts'
import { lintTariffs } from '../src/hub/objects/lint-tariffs.ts'
import { retain } from '../src/hub/retention/run.ts'
import { currentRows, finishOutbox, retryOutbox } from '../src/outbox/outbox.ts'
import type { OutboxRow } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/** What the hub finds out for people and nothing waits for: one thing after the other. */
export async function runStudy(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  for (const row of rows) {
    try {
      await studyOne(context, row)
    } catch (error) {
      const text = error instanceof Error ? error.message : 'unknown error'
      context.log.warn({ err: error, kind: row.kind }, 'a study failed, to be tried again')
      await retryOutbox(context.db, {
        id: row.id,
        delayMs: backoffMs('study', row.attempts),
        error: text.slice(0, 500),
      })
    }
  }
}

async function studyOne(context: Context, row: OutboxRow): Promise<void> {
  if (row.kind === 'lint') return lintTariffs(context, row)
  if (row.kind === 'explain') return explainPrice(context, row)
  if (row.kind === 'retain') return retain(context, row)
  if (row.kind === 'match') return matchReceiver(context, row)
  if (row.kind === 'reconcile') return reconcile(context, row)
  const error = 'a kind of another queue'
  return finishOutbox(context.db, { ids: [row.id], outcome: 'failed', error })
}
