import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { appendOutbox } from '../../outbox/outbox.ts'

/**
 * CDRs about which something came or changed are judged again by a worker, under the locks of clearing: also those that
 * are booked, which then may be held as far as they are not approved (clear-review.ts). Not what has lost its personal
 * data: it would be held against what is no longer there.
 */
export async function reviewCdrs(tx: Tx, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await tx.rows<{ id: bigint }>(sql`
    select id from cdrs where id = any(${ids.map(String)}::bigint[]) and redacted_at is null`)
  await appendOutbox(
    tx,
    rows.map(({ id }) => ({ kind: 'clear', subject: id.toString() })),
  )
}

/**
 * The same for the booked CDRs of sessions and payments, by their subjects; other subjects are nobody's here. They have
 * no watches, which every CDR would need for good: one read by an index finds them.
 */
export async function reviewBooked(tx: Tx, subjects: readonly string[]): Promise<void> {
  const sessions = keysOf(subjects, 'sessions')
  if (sessions.owners.length > 0) {
    const found = await tx.rows<{ id: bigint }>(sql`
      select c.id from unnest(${sessions.owners}::text[], ${sessions.keys}::text[]) as k (owner, session_key)
      join cdrs c using (owner, session_key)`)
    await reviewCdrs(
      tx,
      found.map(({ id }) => id),
    )
  }
  const captures = keysOf(subjects, 'captures')
  if (captures.owners.length > 0) {
    const found = await tx.rows<{ id: bigint }>(sql`
      select f.cdr_id as id from unnest(${captures.owners}::text[], ${captures.keys}::text[]) as k (owner, reference)
      join cdr_figures f using (owner, reference)`)
    await reviewCdrs(
      tx,
      found.map(({ id }) => id),
    )
  }
}

/** The subject of what payment terminals captured under an authorization_reference. */
export function captureSubject(cpo: string, reference: string): string {
  return `captures|${cpo}|${reference}`
}

/** A key may hold anything, also what parts a subject. */
function keysOf(subjects: readonly string[], kind: string): { owners: string[]; keys: string[] } {
  const named = subjects.flatMap((subject) => {
    const [first, owner, ...key] = subject.split('|')
    return first === kind && owner !== undefined ? [{ owner, key: key.join('|') }] : []
  })
  return { owners: named.map(({ owner }) => owner), keys: named.map(({ key }) => key) }
}
