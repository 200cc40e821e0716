import type { Known } from '../../clearing/known.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { referenceOf } from './clear-known-authority.ts'
import type { KnownRow } from './known-row.ts'

type Captured = NonNullable<Known['captured']>

/** What a payment terminal captured under the authorization_reference of each CDR, as last said; see noteCapture. */
export async function readCaptured(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, Captured>> {
  const asked = rows.filter((row) => referenceOf(row) !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<Captured & { cdr: bigint }>(sql`
    select distinct on (q.id) q.id as cdr, c.total, c.currency, c.status, c.confirmation_id as id
    from unnest(${asked.map(({ id }) => id.toString())}::bigint[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(referenceOf)}::text[]) as q (id, cpo, reference)
    join captures c using (cpo, reference) where c.total is not null
    order by q.id, c.received_at desc`)
  return new Map(found.map(({ cdr, ...captured }) => [cdr, captured]))
}
