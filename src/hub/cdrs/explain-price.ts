import { limits } from '../../../config/limits.ts'
import { evidenceOf } from '../../clearing/evidence.ts'
import type { Evidence } from '../../clearing/evidence.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxEntry, OutboxRow } from '../../outbox/outbox.ts'
import { attribute } from '../../pricing/attribution.ts'
import { compareCdr } from '../../pricing/compare.ts'
import { agreedFor } from './clear-agreed.ts'
import { judgeRow } from './clear-decide.ts'
import type { Judged } from './clear-decide.ts'
import { readCdrRows, readFacts } from './clear-facts.ts'
import { readNeighbours, tariffKey } from './clear-tariffs.ts'
import type { Neighbours } from './clear-tariffs.ts'
import type { CdrFindings } from './clear-write.ts'

/** The work that follows where the price of CDRs was found to differ. */
export function explainEntries(written: readonly CdrFindings[]): OutboxEntry[] {
  return written
    .filter(({ findings }) => findings.some(({ code }) => code === 'P1'))
    .map(({ cdrId }) => ({ kind: 'explain', subject: cdrId.toString() }))
}

/**
 * Adds to a price that differs why it does: the readings that reproduce the claim. It reckons the price many times
 * over, so it comes after clearing, with no lock held, and changes neither verdict nor booking.
 */
export async function explainPrice(context: Context, row: OutboxRow): Promise<void> {
  const read = await context.db.transaction((tx) => readCase(tx, context, BigInt(row.subject)))
  const evidence = read === null ? null : explain(read)
  await context.db.transaction(async (tx) => {
    if (evidence !== null) await writeEvidence(tx, { cdrId: row.subject, evidence })
    await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
  })
}

type PricedCase = { judged: Judged; neighbours: Neighbours | undefined }

/** Null when the price does not differ any more, as a later run sees it. */
async function readCase(tx: Tx, context: Context, id: bigint): Promise<PricedCase | null> {
  const rows = await readCdrRows(tx, { ids: [id], forUpdate: false })
  const [row] = rows
  if (row === undefined || row.is_credit) return null
  const snapshot = await context.directory.snapshot()
  const facts = await readFacts(tx, rows, [])
  const agreed = agreedFor(context, { row, snapshot })
  const judged = judgeRow({ row, facts, agreed, now: context.clock() })
  if (!judged.judgement.findings.some(({ code }) => code === 'P1')) return null
  const [neighbours] = await readNeighbours(tx, rows, facts.locations)
  return { judged, neighbours }
}

function explain({ judged, neighbours }: PricedCase): Evidence | null {
  const { pricing, priced, agreed } = judged
  if (pricing === null || priced === null) return null
  const tolerance = agreed.terms.tolerance.cost
  const previous = instead(pricing.tariffs, neighbours?.previous)
  const next = instead(pricing.tariffs, neighbours?.next)
  const attributions = attribute({
    ...pricing,
    tolerance,
    ...(previous === null ? {} : { previousTariffs: previous }),
    ...(next === null ? {} : { nextTariffs: next }),
  })
  const { items } = compareCdr(pricing.cdr, priced, { tolerance })
  return evidenceOf(attributions, { items, readingsMax: limits.evidenceReadingsMax })
}

/** The tariffs with other versions in their places; null where none is known. */
function instead(
  tariffs: readonly unknown[],
  versions: ReadonlyMap<string, unknown> | undefined,
): readonly unknown[] | null {
  let isOther = false
  const list = tariffs.map((tariff) => {
    const other = versions?.get(tariffKey(tariff) ?? '')
    if (other === undefined) return tariff
    isOther = true
    return other
  })
  return isOther ? list : null
}

async function writeEvidence(
  tx: Tx,
  { cdrId, evidence }: { cdrId: string; evidence: Evidence },
): Promise<void> {
  await tx.rows(sql`
    update cdr_findings set evidence = ${JSON.stringify(evidence)}::jsonb
    where cdr_id = ${cdrId}::bigint and code = 'P1' and superseded_at is null`)
}
