import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Replacement } from './redact.ts'
import { redactWords } from './redact.ts'

type ByCdr = ReadonlyMap<bigint, readonly Replacement[]>

/**
 * What people wrote about these CDRs and their disputes without the cards: statements, what was said with each event, the
 * audit log. The hash of an event stays, over what was said; who checks the chain is told by `redacted_at`.
 */
export async function redactTexts(tx: Tx, byCdr: ByCdr): Promise<void> {
  const byDispute = await readDisputes(tx, byCdr)
  await tx.rows(sql`select set_config('crosscharge.redacting', 'on', true)`)
  await redactStatements(tx, byDispute)
  await redactDisputeEvents(tx, byDispute)
  await redactCdrEvents(tx, byCdr)
  await redactAudit(tx, { byCdr, byDispute })
  await tx.rows(sql`select set_config('crosscharge.redacting', 'off', true)`)
}

/** The disputes about the CDRs, of one or of a pattern, each with all that its texts are rid of. */
async function readDisputes(tx: Tx, byCdr: ByCdr): Promise<ByCdr> {
  const ids = [...byCdr.keys()].map(String)
  const rows = await tx.rows<{ id: bigint; cdr_id: bigint }>(sql`
    select id, cdr_id from disputes where cdr_id = any(${ids}::bigint[])
    union all
    select dispute_id, cdr_id from dispute_items where cdr_id = any(${ids}::bigint[])`)
  const byDispute = new Map<bigint, Replacement[]>()
  for (const { id, cdr_id: cdr } of rows)
    byDispute.set(id, [...(byDispute.get(id) ?? []), ...(byCdr.get(cdr) ?? [])])
  return byDispute
}

async function redactStatements(tx: Tx, byDispute: ByCdr): Promise<void> {
  const rows = await tx.rows<{ id: bigint; text: string }>(sql`
    select id, statement as text from disputes
    where id = any(${[...byDispute.keys()].map(String)}::bigint[]) and statement is not null`)
  const changed = changedOf(rows, ({ id }) => byDispute.get(id))
  if (changed.length === 0) return
  await tx.rows(sql`
    update disputes d set statement = t.text
    from unnest(${changed.map(({ id }) => id.toString())}::bigint[], ${changed.map(({ text }) => text)}::text[])
      as t (id, text)
    where d.id = t.id`)
}

type Said = { id: bigint; epoch: number; text: string }

async function redactDisputeEvents(tx: Tx, byDispute: ByCdr): Promise<void> {
  const rows = await tx.rows<Said>(sql`
    select dispute_id as id, epoch, reason as text from dispute_events
    where dispute_id = any(${[...byDispute.keys()].map(String)}::bigint[]) and reason is not null`)
  const changed = changedOf(rows, ({ id }) => byDispute.get(id))
  if (changed.length === 0) return
  await tx.rows(sql`
    update dispute_events e set reason = t.text, redacted_at = clock_timestamp()
    from unnest(${changed.map(({ id }) => id.toString())}::bigint[], ${changed.map(({ epoch }) => epoch)}::int[],
      ${changed.map(({ text }) => text)}::text[]) as t (id, epoch, text)
    where e.dispute_id = t.id and e.epoch = t.epoch`)
}

async function redactCdrEvents(tx: Tx, byCdr: ByCdr): Promise<void> {
  const rows = await tx.rows<Said>(sql`
    select cdr_id as id, epoch, reason as text from cdr_events
    where cdr_id = any(${[...byCdr.keys()].map(String)}::bigint[]) and reason is not null`)
  const changed = changedOf(rows, ({ id }) => byCdr.get(id))
  if (changed.length === 0) return
  await tx.rows(sql`
    update cdr_events e set reason = t.text, redacted_at = clock_timestamp()
    from unnest(${changed.map(({ id }) => id.toString())}::bigint[], ${changed.map(({ epoch }) => epoch)}::int[],
      ${changed.map(({ text }) => text)}::text[]) as t (id, epoch, text)
    where e.cdr_id = t.id and e.epoch = t.epoch`)
}

/** Entries name a CDR by its owner and id, a dispute by its number. */
async function redactAudit(
  tx: Tx,
  { byCdr, byDispute }: { byCdr: ByCdr; byDispute: ByCdr },
): Promise<void> {
  const rows = await tx.rows<{ id: bigint; about: bigint; of_cdr: boolean; text: string }>(sql`
    select a.id, c.id as about, true as of_cdr, a.reason as text
    from cdrs c join audit_entries a on a.subject = c.owner || '/' || c.cdr_id
    where c.id = any(${[...byCdr.keys()].map(String)}::bigint[]) and a.action like 'cdr.%' and a.reason is not null
    union all
    select a.id, d.id, false, a.reason
    from unnest(${[...byDispute.keys()].map(String)}::bigint[]) as d (id)
    join audit_entries a on a.subject = d.id::text
    where a.action like 'dispute.%' and a.reason is not null`)
  const changed = changedOf(rows, (row) => (row.of_cdr ? byCdr : byDispute).get(row.about))
  if (changed.length === 0) return
  await tx.rows(sql`
    update audit_entries a set reason = t.text
    from unnest(${changed.map(({ id }) => id.toString())}::bigint[], ${changed.map(({ text }) => text)}::text[])
      as t (id, text)
    where a.id = t.id`)
}

/** The rows that name a card, without it. */
function changedOf<Row extends { text: string }>(
  rows: readonly Row[],
  replacementsOf: (row: Row) => readonly Replacement[] | undefined,
): Row[] {
  return rows.flatMap((row) => {
    const text = redactWords(row.text, replacementsOf(row) ?? [])
    return text === row.text ? [] : [{ ...row, text }]
  })
}
