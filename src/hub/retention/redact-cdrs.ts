import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { textOf } from '../../store/cdrs.ts'
import { redactDocument, redactText, redactValue, redactWords, replacementsOf } from './redact.ts'
import type { Hasher, Replacement } from './redact.ts'
import { redactTexts } from './redact-texts.ts'

type Row = {
  id: bigint
  receiver: string
  original: Buffer
  value: unknown
  token_key: string
}

/**
 * Hashes the cards of CDRs that were received before `before`, are over and done, and are not the subject of a dispute
 * that is open or of an adjustment whose documents are not due yet; with each what was found and written about it and
 * the evidence of its disputes. The database lets nothing
 * else of a CDR change. Returns how many.
 */
export async function redactCdrs(
  tx: Tx,
  { before, limit, hash }: { before: Date; limit: number; hash: Hasher },
): Promise<number> {
  const rows = await tx.rows<Row>(sql`
    select c.id, c.receiver, c.original, c.value, c.token_key
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.redacted_at is null and c.received_at < ${before}
      and s.state in ('netted', 'settled', 'credited', 'withdrawn', 'dropped')
      and not exists (select from disputes d where d.cdr_id = c.id and d.closed_at is null)
      and not exists (select from dispute_items i join disputes d on d.id = i.dispute_id
        where i.cdr_id = c.id and d.closed_at is null)
      -- What is not documented when its time is over never will be: money does not wait for it, nor do personal data.
      and not exists (select from adjustments a where a.cdr_id = c.id and a.state <> 'consumed' and a.due_at > clock_timestamp())
    order by c.received_at limit ${limit}`)
  if (rows.length === 0) return 0
  const redacted = rows.map((row) => redactRow(row, hash))
  await tx.rows(sql`select set_config('crosscharge.redacting', 'on', true)`)
  await tx.rows(sql`
    update cdrs c set original = t.original, value = t.value, token_key = t.token_key, redacted_at = clock_timestamp()
    from unnest(${redacted.map(({ id }) => id.toString())}::bigint[],
      ${redacted.map(({ original }) => original)}::bytea[], ${redacted.map(({ value }) => JSON.stringify(value))}::jsonb[],
      ${redacted.map(({ tokenKey }) => tokenKey)}::text[]) as t (id, original, value, token_key)
    where c.id = t.id and c.redacted_at is null`)
  await tx.rows(sql`select set_config('crosscharge.redacting', 'off', true)`)
  const byCdr = new Map(redacted.map(({ id, replacements }) => [id, replacements]))
  await tx.rows(sql`
    update cdr_figures f set token_uid = t.uid, contract_key = null
    from unnest(${redacted.map(({ id }) => id.toString())}::bigint[], ${redacted.map(({ uid }) => uid)}::text[])
      as t (id, uid)
    where f.cdr_id = t.id`)
  await redactFindings(tx, byCdr)
  await redactEvidence(tx, byCdr)
  await redactTexts(tx, byCdr)
  return rows.length
}

function redactRow(row: Row, hash: Hasher) {
  const replacements = replacementsOf(row.value, { party: row.receiver, hash })
  const [card, type] = cut(row.token_key)
  const uid = hash('uid', row.receiver, card)
  return {
    uid,
    id: row.id,
    replacements,
    original: Buffer.from(redactText(textOf(row.original), replacements)),
    value: redactValue(row.value, replacements),
    tokenKey: `${uid}|${type}`,
  }
}

/** A token's key: its folded uid, and its type behind the last bar. */
export function cut(tokenKey: string): [string, string] {
  const at = tokenKey.lastIndexOf('|')
  return at < 0 ? [tokenKey, ''] : [tokenKey.slice(0, at), tokenKey.slice(at + 1)]
}

type ByCdr = ReadonlyMap<bigint, readonly Replacement[]>

const TEXTS = ['message', 'expected', 'actual', 'difference'] as const
const VALUES = ['inputs', 'evidence', 'explanation'] as const
type Finding = { id: bigint; cdr_id: bigint } & Record<
  (typeof TEXTS)[number] | (typeof VALUES)[number],
  string | null
>

async function redactFindings(tx: Tx, byCdr: ByCdr): Promise<void> {
  const found = await tx.rows<Finding>(sql`
    select id, cdr_id, message, expected, actual, difference, inputs::text as inputs, evidence::text as evidence,
      explanation::text as explanation
    from cdr_findings where cdr_id = any(${[...byCdr.keys()].map(String)}::bigint[])`)
  const changed = found.flatMap((row) => {
    const rid = (text: string | null): string | null =>
      text === null ? null : redactWords(text, byCdr.get(row.cdr_id) ?? [])
    const after = {
      id: row.id,
      message: rid(row.message),
      expected: rid(row.expected),
      actual: rid(row.actual),
      difference: rid(row.difference),
      inputs: rid(row.inputs),
      evidence: rid(row.evidence),
      explanation: rid(row.explanation),
    }
    return [...TEXTS, ...VALUES].some((name) => row[name] !== after[name]) ? [after] : []
  })
  if (changed.length === 0) return
  await tx.rows(sql`
    update cdr_findings f set message = t.message, expected = t.expected, actual = t.actual,
      difference = t.difference, inputs = t.inputs, evidence = t.evidence, explanation = t.explanation
    from unnest(${changed.map(({ id }) => id.toString())}::bigint[], ${changed.map((f) => f.message)}::text[],
      ${changed.map((f) => f.expected)}::text[], ${changed.map((f) => f.actual)}::text[],
      ${changed.map((f) => f.difference)}::text[], ${changed.map((f) => f.inputs)}::jsonb[],
      ${changed.map((f) => f.evidence)}::jsonb[], ${changed.map((f) => f.explanation)}::jsonb[])
      as t (id, message, expected, actual, difference, inputs, evidence, explanation)
    where f.id = t.id`)
}

/** The hashes of what was frozen stay; whoever compares is told that the bytes were redacted. */
async function redactEvidence(tx: Tx, byCdr: ByCdr): Promise<void> {
  const found = await tx.rows<{
    dispute_id: bigint
    number: number
    cdr_id: bigint
    bytes: Buffer
  }>(sql`
    select e.dispute_id, e.number, d.cdr_id, e.bytes from dispute_evidence e join disputes d on d.id = e.dispute_id
    where d.cdr_id = any(${[...byCdr.keys()].map(String)}::bigint[]) and e.redacted_at is null`)
  const changed = found.flatMap(({ cdr_id: id, bytes, ...row }) => {
    const text = bytes.toString('utf8')
    const after = redactDocument(text, byCdr.get(id) ?? [])
    return after === text ? [] : [{ ...row, bytes: Buffer.from(after) }]
  })
  if (changed.length === 0) return
  await tx.rows(sql`
    update dispute_evidence e set bytes = t.bytes, redacted_at = clock_timestamp()
    from unnest(${changed.map((e) => e.dispute_id.toString())}::bigint[], ${changed.map((e) => e.number)}::int[],
      ${changed.map((e) => e.bytes)}::bytea[]) as t (dispute_id, number, bytes)
    where e.dispute_id = t.dispute_id and e.number = t.number`)
}
