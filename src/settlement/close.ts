import { assert } from '../assert.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { cycleIdOf, findCycle, lockCycle, openNext } from './cycles.ts'
import type { CycleRow } from './cycles.ts'
import { writeLines, writeStatements } from './write.ts'

/** What became of a closing. A cycle that is already final counts as closed. */
const CLOSE_STATUSES = ['closed', 'already_closed', 'not_found'] as const

export type Closing = {
  readonly status: (typeof CLOSE_STATUSES)[number]
  /** The cycle that takes what arrives from now on; null when the cycle is not known. */
  readonly nextCycleId: string | null
}

/**
 * open → closing, and the next cycle opens in the same moment. Waits for whoever still books into the cycle. Does
 * nothing to a cycle that is past this. A transaction of its own before closeCycle keeps the wait of newcomers short.
 */
export async function fenceCycle(
  tx: Tx,
  { cycleId }: { cycleId: string },
): Promise<CycleRow | undefined> {
  const cycle = await lockCycle(tx, cycleId)
  if (cycle?.state !== 'open') return cycle
  await tx.rows(
    sql`update cycles set state = 'closing', closing_at = clock_timestamp() where id = ${cycle.id}`,
  )
  await openNext(tx, cycle)
  return { ...cycle, state: 'closing' }
}

/**
 * Closes a cycle that is open or closing: opens the next one, writes the preliminary lines and statements, opens the
 * contest. The second to do it, also at the same time, changes nothing and gets the same next cycle.
 */
export async function closeCycle(tx: Tx, { cycleId }: { cycleId: string }): Promise<Closing> {
  const cycle = await fenceCycle(tx, { cycleId })
  if (!cycle) return { status: 'not_found', nextCycleId: null }
  const nextCycleId = cycleIdOf({ currency: cycle.currency, number: cycle.number + 1 })
  if (cycle.state !== 'closing') return { status: 'already_closed', nextCycleId }
  const next = await findCycle(tx, nextCycleId)
  assert(next, `cycle ${cycle.id} is closing but nothing follows it`)
  await writeLines(tx, { cycleId: cycle.id, kind: 'preliminary' })
  await writeStatements(tx, { cycleId: cycle.id, kind: 'preliminary' })
  await tx.rows(sql`
    update cycles set state = 'contest', closed_at = clock_timestamp(), contest_at = clock_timestamp()
    where id = ${cycle.id}`)
  return { status: 'closed', nextCycleId }
}
