import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { less, NOTHING, proportionalTax, remainderOf } from '../../clearing/disputes/amounts.ts'
import { exactly, multiply } from '../../clearing/decimal.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import { ENERGY_CODES } from '../../clearing/disputes/energy.ts'
import type { Tx } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { hasTariffs } from '../cdrs/clear-tariffs.ts'
import type { FilledTerms } from '../filled-terms.ts'
import { standing } from './apply.ts'
import type { Deed } from './apply.ts'
import { readFinding, riskOf } from './finding.ts'
import { proveDuplicate } from './prove-duplicate.ts'
import { proveEnergy } from './prove-energy.ts'
import { grossText } from './tell.ts'

/**
 * What decides a dispute without anybody's word. `atOnce`: as soon as it is opened; otherwise the CPO may answer until the
 * clock of the draft ends. `proof` is kept as evidence.
 */
export type Resolution = {
  verb: DisputeVerb & ('resolve' | 'tolerate')
  amount: DisputeAmount
  sentence: string
  atOnce: boolean
  proof: Readonly<Record<string, unknown>>
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

/** Codes of CDRs that bill what another CDR bills. */
const DUPLICATE_CODES: ReadonlySet<string> = new Set(['D2', 'D4', 'C4'])

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
  if (ENERGY_CODES.has(code)) {
    const proven = await proveEnergy(tx, { row, amount, terms: question.terms })
    return proven && { verb: 'resolve', atOnce: true, ...proven }
  }
  return code === 'P1' && hasTariffs(row) ? ownTariff(tx, question) : null
}

/**
 * A difference within what the two parties tolerate: max(absolute, relative × claim), net. Only a part of a claim is a
 * difference; who contests all of a small CDR says something else.
 */
function tolerate({ row, amount, terms }: Question): Resolution | null {
  const claim = row.net_micros ?? 0n
  if (amount.net >= claim) return null
  const { absolute, relative } = terms.tolerance.cost
  const fixed = toMicros(absolute)
  const share = multiply(exactly(relative), claim)
  const allowed = fixed.status === 'ok' && fixed.micros > share ? fixed.micros : share
  if (amount.net > allowed) return null
  const bound = grossText({ net: allowed, tax: 0n }, row.currency)
  return {
    verb: 'tolerate',
    amount: NOTHING,
    atOnce: true,
    sentence: `${grossText({ net: amount.net, tax: 0n }, row.currency)} net are within the ${bound} that the two parties tolerate; small differences are watched as a pattern.`,
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
  if (risk.net === 0n && found.net > 0n) return null
  const net = risk.net > amount.net ? amount.net : risk.net
  const tax =
    risk.net > amount.net ? proportionalTax({ net, of: amount }) : least(risk.tax, amount.tax)
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
