import type { Context } from '../src/context.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { tellClient } from '../src/hub/connection/client-info.ts'
import { deliverCdr } from '../src/hub/cdrs/deliver-cdr.ts'
import { probePlatform } from '../src/hub/connection/probe.ts'
import { pullPartner } from '../src/hub/copies/pull-partner.ts'
import { refreshCredentials } from '../src/hub/connection/refresh-credentials.ts'
import { sendAlert } from '../src/hub/send-alert.ts'
import { syncObject } from '../src/hub/objects/sync-object.ts'
import { currentRows, finishOutbox, retryOutbox } from '../src/outbox/outbox.ts'
import type { OutboxRow } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/** Everything that speaks to a partner: brings CDRs, current objects, alerts and what the hub is; asks and fetches. */
export async function runDeliver(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  // Another process wrote these rows down: a copy from before does not know whom it had connected by then.
  context.directory.invalidate()
  for (const row of rows) {
    try {
      await deliverOne(context, row)
    } catch (error) {
      const text = error instanceof Error ? error.message : 'unknown error'
      context.log.warn(
        { err: error, outbox_id: row.id.toString() },
        'a delivery failed, to be tried again',
      )
      await retryOutbox(context.db, {
        id: row.id,
        delayMs: backoffMs('deliver', row.attempts),
        error: text.slice(0, 500),
      })
    }
  }
}

async function deliverOne(context: Context, row: OutboxRow): Promise<void> {
  switch (row.kind) {
    case 'deliver':
      return deliverCdr(context, row)
    case 'sync':
      return syncObject(context, row)
    case 'alert':
      return sendAlert(context, row)
    case 'client_info':
      return tellClient(context, row)
    case 'credentials':
      return refreshCredentials(context, row)
    case 'probe':
      return probePlatform(context, row)
    case 'pull':
      return pullPartner(context, row)
    case 'clear':
    case 'settle':
    case 'lint':
    case 'explain':
    case 'retain':
    case 'match':
    case 'reconcile':
    case 'webhook':
    case 'dispute_push':
    case 'dispute_clock':
      return finishOutbox(context.db, {
        ids: [row.id],
        outcome: 'failed',
        error: 'a kind of another queue',
      })
    default:
      return row.kind satisfies never
  }
}
