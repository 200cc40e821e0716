import type { Finding } from '../../clearing/findings.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

type StandingFinding = Omit<Finding, 'inputs' | 'explanation' | 'atRisk'>

export type CdrFindings = { cdrId: bigint; epoch: number; findings: readonly Finding[] }

/** Findings of the door and of the receiver: no clearing run replaces them. */
const FOREIGN_CODES = ['D1', 'D3', 'R1']

/**
 * Replaces the findings of CDRs where they differ from those that stand; a run that finds the same writes nothing.
 * Returns what it wrote.
 */
export async function writeFindings(
  tx: Tx,
  all: readonly CdrFindings[],
): Promise<readonly CdrFindings[]> {
  const standing = await readStanding(tx, all)
  const changed = all.filter(({ cdrId, findings }) => {
    const known = standing.get(cdrId) ?? []
    return (
      known.length !== findings.length ||
      findings.some((finding, at) => known[at] !== textOf(finding))
    )
  })
  if (changed.length === 0) return []
  await tx.rows(sql`
    update cdr_findings set superseded_at = clock_timestamp()
    where cdr_id = any(${changed.map(({ cdrId }) => cdrId.toString())}::bigint[]) and superseded_at is null
      and code <> all(${FOREIGN_CODES}::text[])`)
  await insertFindings(tx, changed)
  return changed
}

/** What stands of each CDR, in the order it was written. */
async function readStanding(tx: Tx, all: readonly CdrFindings[]): Promise<Map<bigint, string[]>> {
  const rows = await tx.rows<StandingFinding & { cdr_id: bigint }>(sql`
    select cdr_id, code, severity, message, expected, actual, difference, tolerance from cdr_findings
    where cdr_id = any(${all.map(({ cdrId }) => cdrId.toString())}::bigint[]) and superseded_at is null
      and code <> all(${FOREIGN_CODES}::text[])
    order by cdr_id, id`)
  const standing = new Map<bigint, string[]>()
  for (const row of rows)
    standing.set(row.cdr_id, [...(standing.get(row.cdr_id) ?? []), textOf(row)])
  return standing
}

function textOf(finding: StandingFinding): string {
  const { code, severity, message, expected, actual, difference, tolerance } = finding
  return JSON.stringify([code, severity, message, expected, actual, difference, tolerance])
}

async function insertFindings(tx: Tx, all: readonly CdrFindings[]): Promise<void> {
  const rows = all.flatMap(({ cdrId, epoch, findings }) =>
    findings.map((finding) => ({ cdrId, epoch, finding })),
  )
  if (rows.length === 0) return
  await tx.rows(sql`
    insert into cdr_findings (cdr_id, epoch, code, severity, message, inputs, expected, actual, difference, tolerance,
      explanation)
    select * from unnest(${rows.map((r) => r.cdrId.toString())}::bigint[], ${rows.map((r) => r.epoch)}::int[],
      ${rows.map((r) => r.finding.code)}::text[], ${rows.map((r) => r.finding.severity)}::text[],
      ${rows.map((r) => r.finding.message)}::text[], ${rows.map((r) => JSON.stringify(r.finding.inputs))}::jsonb[],
      ${rows.map((r) => r.finding.expected)}::text[], ${rows.map((r) => r.finding.actual)}::text[],
      ${rows.map((r) => r.finding.difference)}::text[], ${rows.map((r) => r.finding.tolerance)}::text[],
      ${rows.map((r) => JSON.stringify(r.finding.explanation))}::jsonb[])`)
}

/** Replaces what CDRs wait for or were judged by. */
export async function writeWatches(
  tx: Tx,
  watches: readonly { cdrId: bigint; subjects: readonly string[] }[],
): Promise<void> {
  if (watches.length === 0) return
  await tx.rows(sql`
    delete from cdr_watches where cdr_id = any(${watches.map(({ cdrId }) => cdrId.toString())}::bigint[])`)
  const rows = watches.flatMap(({ cdrId, subjects }) =>
    [...new Set(subjects)].map((subject) => ({ cdrId, subject })),
  )
  if (rows.length === 0) return
  await tx.rows(sql`
    insert into cdr_watches (subject, cdr_id)
    select * from unnest(${rows.map(({ subject }) => subject)}::text[], ${rows.map(({ cdrId }) => cdrId.toString())}::bigint[])`)
}

/** Keeps the worked price, the wait's end and the agreement's version beside the state. */
export async function writeJudgements(
  tx: Tx,
  judged: readonly {
    cdrId: bigint
    breakdown: unknown
    waitUntil: Date
    agreementVersion: number
  }[],
): Promise<void> {
  if (judged.length === 0) return
  await tx.rows(sql`
    update cdr_states s set breakdown = t.breakdown, wait_until = t.wait_until, agreement_version = t.agreement_version
    from unnest(${judged.map((j) => j.cdrId.toString())}::bigint[],
      ${judged.map((j) => (j.breakdown === null ? null : JSON.stringify(j.breakdown)))}::jsonb[],
      ${judged.map((j) => j.waitUntil)}::timestamptz[], ${judged.map((j) => j.agreementVersion)}::int[])
      as t (cdr_id, breakdown, wait_until, agreement_version)
    where s.cdr_id = t.cdr_id`)
}

/** How CDRs reach their receiver from now on. */
export async function writeDeliveries(
  tx: Tx,
  deliveries: readonly { cdrId: bigint; delivery: string }[],
): Promise<void> {
  if (deliveries.length === 0) return
  await tx.rows(sql`
    update cdr_states s set delivery = t.delivery,
      visible_seq = case when t.delivery in ('none', 'withheld') then s.visible_seq
        else coalesce(s.visible_seq, nextval('cdr_visible_seq')) end
    from unnest(${deliveries.map((d) => d.cdrId.toString())}::bigint[], ${deliveries.map((d) => d.delivery)}::text[])
      as t (cdr_id, delivery)
    where s.cdr_id = t.cdr_id`)
}
