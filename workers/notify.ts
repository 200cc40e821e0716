import type { Context } from '../src/context.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { pushDispute } from '../src/hub/disputes/push-dispute.ts'
import { sendWebhook } from '../src/hub/disputes/send-webhook.ts'
import { currentRows, finishOutbox, retryOutbox } from '../src/outbox/outbox.ts'
import type { OutboxRow } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/** What parties are told beside OCPI's own modules. Apart from deliveries: a dead receiver of news holds up no money. */
export async function runNotify(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  context.directory.invalidate()
  for (const row of rows) {
    try {
      await notifyOne(context, row)
    } catch (error) {
      const text = error instanceof Error ? error.message : 'unknown error'
      context.log.warn({ err: error, kind: row.kind }, 'somebody was not told, to be tried again')
      await retryOutbox(context.db, {
        id: row.id,
        delayMs: backoffMs('notify', row.attempts),
        error: text.slice(0, 500),
      })
    }
  }
}

async function notifyOne(context: Context, row: OutboxRow): Promise<void> {
  if (row.kind === 'webhook') return sendWebhook(context, row)
  if (row.kind === 'dispute_push') return pushDispute(context, row)
  const error = 'a kind of another queue'
  return finishOutbox(context.db, { ids: [row.id], outcome: 'failed', error })
}
