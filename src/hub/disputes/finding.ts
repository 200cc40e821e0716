import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { proportionalTax } from '../../clearing/disputes/amounts.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import { isRecord } from '../../ocpi/validate.ts'

/** What a finding that stands puts at risk, as it is stored: decimal texts, `all`, or null where it holds nothing. */
export type StandingFinding = {
  id: bigint
  code: string
  severity: 'F' | 'S' | 'W' | 'I'
  message: string
  explanation: unknown
}

/** The finding of a CDR with this code that stands, or null. */
export async function readFinding(
  client: Sql,
  of: { cdrId: bigint; code: string },
): Promise<StandingFinding | null> {
  const [row] = await client.rows<StandingFinding>(sql`
    select id, code, severity, message, explanation from cdr_findings
    where cdr_id = ${of.cdrId.toString()}::bigint and code = ${of.code} and superseded_at is null
    order by id desc limit 1`)
  return row ?? null
}

/**
 * What a finding puts at risk of an amount, never more than it; null where the finding says nothing of it. Without tax of
 * its own, the proportional one.
 */
export function riskOf(finding: StandingFinding | null, of: DisputeAmount): DisputeAmount | null {
  const { explanation } = finding ?? {}
  const risk = isRecord(explanation) ? explanation.at_risk : undefined
  if (risk === 'all') return of
  if (!isRecord(risk) || typeof risk.net !== 'string') return null
  const stated = toMicros(risk.net)
  if (stated.status !== 'ok' || stated.micros < 0n) return null
  const net = stated.micros > of.net ? of.net : stated.micros
  const tax = typeof risk.tax === 'string' ? toMicros(risk.tax) : null
  if (tax === null || tax.status !== 'ok' || tax.micros < 0n || net < stated.micros)
    return { net, tax: proportionalTax({ net, of }) }
  return { net, tax: tax.micros > of.tax ? of.tax : tax.micros }
}
