import { DatabaseUnavailable } from '../src/db/database.ts'
import type { Context } from '../src/context.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { clearCdrs } from '../src/hub/cdrs/clear.ts'
import { currentRows, retryOutbox } from '../src/outbox/outbox.ts'
import type { OutboxRow } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/** Clears a batch of CDRs. When the batch fails, each CDR is tried alone, so that a bad one fails alone. */
export async function runClear(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  if (rows.length === 0) return
  try {
    await clear(context, rows)
  } catch (error) {
    if (error instanceof DatabaseUnavailable || rows.length === 1)
      return retry(context, rows, error)
    for (const row of rows)
      await clear(context, [row]).catch((alone: unknown) => retry(context, [row], alone))
  }
}

async function clear(context: Context, rows: readonly OutboxRow[]): Promise<void> {
  await clearCdrs(context, {
    ids: rows.map(({ subject }) => BigInt(subject)),
    outboxIds: rows.map(({ id }) => id),
  })
}

async function retry(context: Context, rows: readonly OutboxRow[], error: unknown): Promise<void> {
  const text = error instanceof Error ? error.message : 'unknown error'
  const log = error instanceof DatabaseUnavailable ? context.log.warn : context.log.error
  log.call(
    context.log,
    { err: error, cdrs: rows.map(({ subject }) => subject).slice(0, 10) },
    'clearing failed, to be tried again',
  )
  for (const row of rows) {
    await retryOutbox(context.db, {
      id: row.id,
      delayMs: backoffMs('clear', row.attempts),
      error: text.slice(0, 500),
    })
  }
}
