import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { lastRetentionRun, runRetention } from '../retention/run.ts'
import type { RetentionRun } from '../retention/run.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'

/** Erases what is due now, and says what was done. Refuses while a run is under way. */
export async function retainBy(
  context: Context,
  deed: { actor: string; reason?: string | undefined },
) {
  const run = await runRetention(context, {
    actor: deed.actor,
    rowsMax: limits.retentionRowsAtOnce,
  })
  if (run === null)
    throw new Refusal('conflict', 'A run is under way; ask for its report in a while.')
  const done = Object.fromEntries(run.report.map(({ kind, done: rows }) => [kind, rows]))
  const entry = { action: 'retention.run', subject: 'personal data', details: done }
  await context.db.transaction((tx) => appendAudit(tx, { ...deed, ...entry }))
  return shownRun(run)
}

/** What the last run did. */
export async function showRetention(context: Context) {
  const run = await lastRetentionRun(context.db)
  if (run === null)
    throw new Refusal('notFound', 'No run yet: personal data is looked at once a day.')
  return shownRun(run)
}

function shownRun(run: RetentionRun) {
  return {
    actor: run.actor,
    started_at: run.started_at.toISOString(),
    finished_at: run.finished_at.toISOString(),
    kinds: run.report.map((line) => ({ ...line })),
  }
}
