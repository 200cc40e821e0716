import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { isNothing, less, NOTHING, remainderOf } from '../../clearing/disputes/amounts.ts'
import { exactly, multiply } from '../../clearing/decimal.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import { ENERGY_CODES } from '../../clearing/disputes/energy.ts'
import type { Tx } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { hasTariffs } from '../cdrs/clear-tariffs.ts'
import type { FilledTerms } from '../filled-terms.ts'
import { standing } from './apply.ts'
import type { Deed } from './apply.ts'
import { readFinding, riskOf } from './finding.ts'
import { DUPLICATE_CODES, proveDuplicate } from './prove-duplicate.ts'
import type { MayReplace } from './prove-duplicate.ts'
import { proveEnergy } from './prove-energy.ts'
import { grossText } from './tell.ts'

/**
 * What decides a dispute without anybody's word. `atOnce`: as soon as it is opened; otherwise the CPO may answer until the
 * clock of the draft ends. `proof` is kept as evidence. `mayReplace`: a second bill that may be the document of a dispute
 * about the first one, and is to wait for that.
 */
export type Resolution = {
  verb: DisputeVerb & ('resolve' | 'tolerate')
  amount: DisputeAmount
  sentence: string
  atOnce: boolean
  proof: Readonly<Record<string, unknown>>
  mayReplace?: MayReplace | null
}

/** What a proof does, in its words. */
export function deedOf(found: Resolution): Deed {
  const { verb, amount, sentence, proof } = found
  const deed = { verb, doer: { side: 'hub' as const, actor: 'hub', text: sentence } }
  const named = verb === 'resolve' ? amount : null
  return { ...deed, amount: named, proof: { ...proof, sentence } }
}

type Question = {
  row: CdrRow
  code: string
  /** What is disputed. */
  amount: DisputeAmount
  terms: FilledTerms
}

/**
 * The resolution that the facts give by themselves, or null: too small to matter; a proven duplicate; a price that the
 * CPO's own tariff does not give; energy that signed registers show. Reads, and writes nothing.
 */
export async function findResolution(tx: Tx, question: Question): Promise<Resolution | null> {
  const { row, code, amount } = question
  const tolerated = tolerate(question)
  if (tolerated !== null) return tolerated
  if (DUPLICATE_CODES.has(code)) {
    const proven = await proveDuplicate(tx, row)
    return proven && { verb: 'resolve', amount, atOnce: false, ...proven }
  }
  if (ENERGY_CODES.has(code) && (await isAboutEnergy(tx, question))) {
    const proven = await proveEnergy(tx, { row, amount, terms: question.terms })
    return proven && { verb: 'resolve', atOnce: true, ...proven }
  }
  return code === 'P1' && hasTariffs(row) ? ownTariff(tx, question) : null
}

/** Not where a CDR differs from its session in the cost alone: that is no matter of the meter. */
async function isAboutEnergy(tx: Tx, { row, code }: Question): Promise<boolean> {
  const { explanation } = (await readFinding(tx, { cdrId: row.id, code })) ?? {}
  return !isRecord(explanation) || explanation.unit !== row.currency
}

/**
 * A difference within what the two parties tolerate, without tax and with it, as the prices are checked: each time
 * max(absolute, relative × what the claim would be without it). Only a part of a claim is a difference; who contests all
 * of a small CDR says something else.
 */
function tolerate({ row, amount, terms }: Question): Resolution | null {
  const claim = { net: row.net_micros ?? 0n, tax: row.tax_micros ?? 0n }
  if (amount.net >= claim.net) return null
  const right = less(claim, amount)
  const { absolute, relative } = terms.tolerance.cost
  const fixed = toMicros(absolute)
  const allowedOf = (price: bigint): bigint => {
    const share = multiply(exactly(relative), price)
    return fixed.status === 'ok' && fixed.micros > share ? fixed.micros : share
  }
  const allowed = { net: allowedOf(right.net), gross: allowedOf(right.net + right.tax) }
  if (amount.net > allowed.net || amount.net + amount.tax > allowed.gross) return null
  const text = (micros: bigint): string => grossText({ net: micros, tax: 0n }, row.currency)
  return {
    verb: 'tolerate',
    amount: NOTHING,
    atOnce: true,
    sentence: `${text(amount.net)} without tax are within the ${text(allowed.net)} that the two parties tolerate, and ${grossText(amount, row.currency)} with tax within ${text(allowed.gross)}; small differences are watched as a pattern.`,
    proof: { rule: 'tolerance', absolute, relative },
  }
}

/**
 * The price that the tariffs of the CDR itself give, as the finding that stands recomputed it, without what was taken off
 * the claim already. Null where that is all of it: what else is disputed, people decide.
 */
async function ownTariff(tx: Tx, { row, code, amount }: Question): Promise<Resolution | null> {
  const finding = await readFinding(tx, { cdrId: row.id, code })
  if (finding?.severity !== 'S') return null
  const claim = { net: row.net_micros ?? 0n, tax: row.tax_micros ?? 0n }
  const found = riskOf(finding, claim)
  if (found === null) return null
  const risk = remainderOf(found, [less(claim, standing(row, ['held', 'due']))])
  if (isNothing(risk) && !isNothing(found)) return null
  const net = least(risk.net, amount.net)
  const tax = least(risk.tax, amount.tax)
  return {
    verb: 'resolve',
    amount: { net, tax },
    atOnce: false,
    sentence: `The tariff that the CDR itself carries gives ${grossText({ net, tax }, row.currency)} less than it claims. ${finding.message}`,
    proof: { rule: 'own tariff', finding: finding.message, explanation: finding.explanation },
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
