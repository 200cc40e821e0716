import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'

/**
 * Begins a change of the directory that reads or locks first and writes then: locks the revision, which every write of
 * platforms, parties, endpoints, tokens and agreements takes before any row. So all changes of the directory come one
 * after the other and none waits for another in a circle. Taken before anything else but subjects' advisory locks.
 */
export async function lockDirectory(tx: Tx): Promise<void> {
  await tx.rows(sql`select revision from directory_revision for update`)
}
