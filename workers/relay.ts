import { limits } from '../config/limits.ts'
import { queues } from '../config/queues.ts'
import type { QueueName } from '../config/queues.ts'
import type { Context } from '../src/context.ts'
import { raiseAlert } from '../src/hub/alerts.ts'
import { claimDue, finishOutbox, unclaim } from '../src/outbox/outbox.ts'
import type { OutboxKind, OutboxRow } from '../src/outbox/outbox.ts'
import type { QueueSet, RowRef } from './queues.ts'

/** Which queue a kind of work goes to. */
const QUEUE_OF: Readonly<Record<OutboxKind, QueueName>> = {
  clear: 'clear',
  deliver: 'deliver',
  sync: 'deliver',
  alert: 'deliver',
  client_info: 'deliver',
  credentials: 'deliver',
  probe: 'deliver',
  pull: 'deliver',
  settle: 'settle',
  lint: 'study',
  explain: 'study',
  retain: 'study',
  match: 'study',
  reconcile: 'study',
  webhook: 'notify',
  dispute_push: 'notify',
  dispute_clock: 'settle',
}

/**
 * Hands due outbox rows to the queues. Rows are claimed in PostgreSQL first; what Redis does not take is given back at
 * once, and what it loses is re-opened by reconcile. Returns how many rows went out.
 */
export async function relayOnce(context: Context, queueSet: QueueSet): Promise<number> {
  if (!queueSet.isReady()) return 0
  const claimed = await claimDue(context.db, limits.relayRowsMax)
  const due = await parkExhausted(context, claimed)
  for (const name of ['clear', 'deliver', 'settle', 'notify', 'study'] as const) {
    const rows = due.filter(({ kind }) => QUEUE_OF[kind] === name)
    if (rows.length === 0) continue
    try {
      await queueSet.add(name, jobsOf(name, rows))
    } catch (error) {
      context.log.warn(
        { err: error instanceof Error ? error.message : '', queue: name },
        'the queue did not take work',
      )
      await unclaim(
        context.db,
        rows.map(({ id }) => id),
      )
    }
  }
  return due.length
}

/** CDRs are cleared in batches, one transaction each; everything else is one row a job. */
function jobsOf(name: QueueName, rows: readonly OutboxRow[]): RowRef[][] {
  const refs = rows.map((row) => ({ id: row.id.toString(), attempt: row.attempts }))
  const size = name === 'clear' ? limits.clearBatchMax : 1
  const jobs: RowRef[][] = []
  for (let at = 0; at < refs.length; at += size) jobs.push(refs.slice(at, at + size))
  return jobs
}

/** Work that has been tried too often is parked with an alert, also when each try killed its process. */
async function parkExhausted(context: Context, rows: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const exhausted = rows.filter((row) => row.attempts > queues[QUEUE_OF[row.kind]].attempts)
  for (const row of exhausted) {
    await context.db.transaction(async (tx) => {
      await finishOutbox(tx, {
        ids: [row.id],
        outcome: 'failed',
        error: `given up after ${row.attempts - 1} attempts`,
      })
      await raiseAlert(tx, {
        code: 'work_failed',
        severity: 'critical',
        subject: `${row.kind}/${row.subject}`,
        message: `${row.kind} of ${row.subject} was tried ${row.attempts - 1} times without success`,
        advice:
          'Read GET /admin/v1/outbox?state=failed for the error; after a mend POST /admin/v1/outbox/{id}/replay',
      })
    })
  }
  return rows.filter((row) => !exhausted.includes(row))
}
