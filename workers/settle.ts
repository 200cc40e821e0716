import type { Context } from '../src/context.ts'
import { approveDue } from '../src/hub/cdrs/approve-due.ts'
import { dropDue } from '../src/hub/cdrs/drop-due.ts'
import { backoffMs } from '../src/hub/backoff.ts'
import { runDisputeClock } from '../src/hub/disputes/clock.ts'
import { lintTariffs } from '../src/hub/objects/lint-tariffs.ts'
import { currentRows, retryOutbox } from '../src/outbox/outbox.ts'
import type { OutboxRow } from '../src/outbox/outbox.ts'
import type { RowRef } from './queues.ts'

/**
 * What the hub does by itself, one thing after the other. Deemed approvals: one job for everything that is due, not one
 * per CDR. CDRs that are given up: the same. The deadline of
 * a dispute: each on its own. Lint: the new tariffs of an owner.
 */
export async function runSettle(context: Context, refs: readonly RowRef[]): Promise<void> {
  const rows = await currentRows(context.db, refs)
  const lints = rows.filter(({ kind }) => kind === 'lint')
  const drops = rows.filter(({ kind, subject }) => kind === 'settle' && subject === 'drop-due')
  const clocks = rows.filter(({ kind }) => kind === 'dispute_clock')
  const others = [...lints, ...drops, ...clocks]
  const approvals = rows.filter((row) => !others.includes(row))
  for (const row of clocks)
    await tried(context, { rows: [row], work: () => runDisputeClock(context, row) })
  for (const row of lints)
    await tried(context, { rows: [row], work: () => lintTariffs(context, row) })
  if (drops.length > 0) {
    const dropIds = drops.map(({ id }) => id)
    await tried(context, { rows: drops, work: () => dropDue(context, dropIds) })
  }
  if (approvals.length === 0) return
  const ids = approvals.map(({ id }) => id)
  await tried(context, { rows: approvals, work: () => approveDue(context, ids) })
}

async function tried(
  context: Context,
  { rows, work }: { rows: readonly OutboxRow[]; work: () => Promise<unknown> },
): Promise<void> {
  try {
    await work()
  } catch (error) {
    context.log.warn(
      { err: error, kind: rows[0]?.kind },
      'work of our own failed, to be tried again',
    )
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
