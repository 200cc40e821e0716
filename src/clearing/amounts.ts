import { textOf } from './decimal.ts'
import { at, readPrice, readText } from './read.ts'

/** What the CPO claims: decimal texts in units of the currency. `tax` null: not stated, so not known. */
export type Amounts = { currency: string; net: string; tax: string | null }

/**
 * The claim of a CDR out of total_cost: 2.2.1 {excl_vat, incl_vat?} or 2.3.0 {before_taxes, taxes?}. Exact; negative in
 * a credit CDR. Null when the amount or the currency cannot be read.
 */
export function claimedAmounts(cdr: unknown): Amounts | null {
  const currency = readText(at(cdr, '/currency'))?.toUpperCase() ?? null
  const total = readPrice(at(cdr, '/total_cost'))
  if (currency === null || total === null) return null
  const tax = total.incl === null ? null : textOf(total.incl - total.excl)
  return { currency, net: textOf(total.excl), tax }
}
