import type { Known } from '../../src/clearing/known.ts'
import { sql } from '../../src/db/sql.ts'
import { readCdrRows, readFacts } from '../../src/hub/cdrs/clear-facts.ts'
import type { TestHub } from './hub.ts'

/** What the hub knows about the session of a CDR, by the CDR's id. */
export async function knownOf(hub: TestHub, cdrId: string): Promise<Known> {
  const { db } = hub.context
  const found = await db.rows<{ id: bigint }>(sql`select id from cdrs where cdr_id = ${cdrId}`)
  const ids = found.map(({ id }) => id)
  const known = await db.transaction(async (tx) => {
    const rows = await readCdrRows(tx, { ids, forUpdate: false })
    return (await readFacts(tx, rows, [])).known
  })
  const [first] = known.values()
  if (!first) throw new Error(`there is no CDR ${cdrId}`)
  return first
}
