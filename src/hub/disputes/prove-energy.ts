import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import {
  isNothing,
  NOTHING,
  proportionalTax,
  remainderOf,
} from '../../clearing/disputes/amounts.ts'
import { readEnergyVerdict, withSignedEnergy } from '../../clearing/disputes/energy.ts'
import type { EnergyVerdict } from '../../clearing/disputes/energy.ts'
import type { Tx } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import { readFacts } from '../cdrs/clear-facts.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { readMeters } from '../cdrs/clear-known-meter.ts'
import { priceRow, tariffOf } from '../cdrs/clear-price.ts'
import type { FilledTerms } from '../filled-terms.ts'
import { standing } from './apply.ts'
import { grossText } from './tell.ts'

/** What signed registers make of an energy dispute. */
export type EnergyProof = {
  amount: DisputeAmount
  sentence: string
  proof: Readonly<Record<string, unknown>>
}

/**
 * Decides by valid signed meter data of the CDR: right within the resolution of the meter, or too high by what still
 * stands of the CDR above its price with the signed energy; what was taken off already is not taken off again. Null
 * without valid data, or where no price can be reckoned.
 */
export async function proveEnergy(
  tx: Tx,
  question: { row: CdrRow; amount: DisputeAmount; terms: FilledTerms },
): Promise<EnergyProof | null> {
  const { row, amount } = question
  const meters = await readMeters(tx, [row])
  const verdict = readEnergyVerdict(row.value, meters.get(row.id)?.signed ?? [])
  if (verdict === null) return null
  if (verdict.says !== 'less')
    return { amount: NOTHING, sentence: verdict.sentence, proof: proofOf(verdict, null) }
  const price = await priceSigned(tx, { ...question, verdict })
  if (price === null) return null
  const { above, text } = price
  const net = least(above.net, amount.net)
  const less = { net, tax: least(above.tax, proportionalTax({ net, of: amount })) }
  const none = isNothing(less) ? ' No more than that stands of it any more.' : ''
  return {
    amount: less,
    sentence: `${verdict.sentence} Priced again with the signed energy, spread over its charging periods as the billed one was, it costs ${text} net.${none}`,
    proof: proofOf(verdict, text),
  }
}

function proofOf(verdict: EnergyVerdict, price: string | null): EnergyProof['proof'] {
  return {
    rule: 'signed energy',
    signed_kwh: verdict.signedKwh,
    billed_kwh: verdict.billedKwh,
    resolution_kwh: verdict.resolutionKwh,
    record_sha256: verdict.hash,
    ...(price === null
      ? {}
      : { price_with_signed_energy_net: price, periods: 'scaled by signed / billed' }),
  }
}

/**
 * What the CDR would cost with the signed energy, and what stands of it above that, in micro-units. The tax of that price
 * is the proportional one of the claim.
 */
async function priceSigned(
  tx: Tx,
  input: { row: CdrRow; terms: FilledTerms; verdict: EnergyVerdict },
): Promise<{ above: DisputeAmount; text: string } | null> {
  const { row, terms, verdict } = input
  const value = withSignedEnergy(row.value, verdict.signedKwh)
  if (value === null) return null
  const facts = await readFacts(tx, [row], [])
  // The text of a CDR of 2.1.1 bills the energy that it bills: its lifted value is priced instead.
  const changed = { ...row, value, text_211: null }
  const { priced } = priceRow({
    row: changed,
    facts,
    tariff: tariffOf(row, facts),
    agreed: { version: row.agreement_version ?? 0, terms },
  })
  if (priced === null || !priced.ok || priced.total.excl === null) return null
  const net = toMicros(priced.total.excl)
  if (net.status !== 'ok' || row.net_micros === null) return null
  const claim = { net: row.net_micros, tax: row.tax_micros ?? 0n }
  const tax = proportionalTax({ net: least(net.micros, claim.net), of: claim })
  return {
    above: remainderOf(standing(row, ['held', 'due']), [{ net: net.micros, tax }]),
    text: grossText({ net: net.micros, tax: 0n }, row.currency),
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
