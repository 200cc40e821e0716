import { add, divide, isNegative, multiply, shifted, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './line.ts'
import type { PricingPolicy } from './policy.ts'
import { note } from './reading.ts'
import type { Reading } from './reading.ts'

/** An amount before and after taxes; null: that side cannot be known. */
export type Amount = { readonly excl: Exact | null; readonly incl: Exact | null }

/** What a bill comes to: the sum of the lines, that held to price limits, and that rounded. */
export type Totals = { readonly sum: Amount; readonly limited: Amount; readonly total: Amount }

type Taxing = {
  readonly reading: Reading
  readonly policy: PricingPolicy
  readonly isTaxKnown: boolean
}

const HUNDRED = whole(100)

/**
 * What a line costs before and after taxes. Prices exclude taxes (OCPI 2.2.1, PriceComponent) unless the tariff says
 * tax_included YES (OCPI 2.3.0). Without a rate both sides are equal, except that taxes inside a price stay unknown.
 */
export function amountOf({ component, tariff, billed }: Line, taxing: Taxing): Amount {
  const { reading, isTaxKnown } = taxing
  const { price, source: at } = component
  const amount = multiply(billed, price)
  if (!isTaxKnown) {
    note(reading, { code: 'tax_unknown', at })
    return { excl: amount, incl: null }
  }
  const rate = component.vat ?? (taxing.policy.absent_vat === 'zero_rate' ? ZERO : null)
  if (tariff.taxes === 'none') {
    if (component.vat !== null) note(reading, { code: 'vat_ignored', at })
    return { excl: amount, incl: amount }
  }
  const isIncluded = tariff.taxes === 'included'
  if (rate === null) {
    note(reading, { code: isIncluded ? 'tax_included_without_rate' : 'vat_absent', at })
    return { excl: isIncluded ? null : amount, incl: amount }
  }
  if (isNegative(rate)) {
    note(reading, { code: 'vat_negative', at })
    return { excl: amount, incl: amount }
  }
  const factor = shifted(add(HUNDRED, rate), 2)
  return isIncluded
    ? { excl: divide(amount, factor), incl: amount }
    : { excl: amount, incl: multiply(amount, factor) }
}

/** The sum, side by side; a side that one amount leaves unknown is unknown in the sum. */
export function sumOf(amounts: readonly Amount[]): Amount {
  let excl: Exact | null = ZERO
  let incl: Exact | null = ZERO
  for (const amount of amounts) {
    excl = plus(excl, amount.excl)
    incl = plus(incl, amount.incl)
  }
  return { excl, incl }
}

/** The sum; unknown when one of both is. */
export function plus(a: Exact | null, b: Exact | null): Exact | null {
  return a === null || b === null ? null : add(a, b)
}
