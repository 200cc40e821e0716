import { add, divide, isNegative, multiply, whole } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './lines.ts'
import { note } from './reading.ts'
import type { Reading } from './reading.ts'

/** An amount before and after taxes; null: that side cannot be known. */
export type Amount = { readonly excl: Exact | null; readonly incl: Exact | null }

const HUNDRED = whole(100)

/**
 * What a line costs before and after taxes. Prices exclude taxes (OCPI 2.2.1, PriceComponent) unless the tariff says
 * tax_included YES (OCPI 2.3.0). Without a rate both sides are equal, except that taxes inside a price stay unknown.
 */
export function amountOf(
  line: Line,
  { reading, isTaxKnown }: { reading: Reading; isTaxKnown: boolean },
): Amount {
  const { component, tariff } = line
  const amount = multiply(line.billed, component.price)
  const both = { excl: amount, incl: amount }
  if (!isTaxKnown) {
    note(reading, { code: 'tax_unknown', pointer: component.pointer })
    return { excl: amount, incl: null }
  }
  if (tariff.taxes === 'none') {
    if (component.vat !== null) note(reading, { code: 'vat_ignored', pointer: component.pointer })
    return both
  }
  if (component.vat === null) {
    const isIncluded = tariff.taxes === 'included'
    note(reading, {
      code: isIncluded ? 'tax_included_without_rate' : 'vat_absent',
      pointer: component.pointer,
    })
    return isIncluded ? { excl: null, incl: amount } : both
  }
  if (isNegative(component.vat)) {
    note(reading, { code: 'vat_negative', pointer: component.pointer })
    return both
  }
  const factor = divide(add(HUNDRED, component.vat), HUNDRED)
  return tariff.taxes === 'included'
    ? { excl: divide(amount, factor), incl: amount }
    : { excl: amount, incl: multiply(amount, factor) }
}

/** The sum, side by side; a side that one amount leaves unknown is unknown in the sum. */
export function sumOf(amounts: readonly Amount[]): Amount {
  const side = (key: 'excl' | 'incl'): Exact | null =>
    amounts.reduce<Exact | null>((sum, amount) => {
      const part = amount[key]
      return sum === null || part === null ? null : add(sum, part)
    }, whole(0))
  return { excl: side('excl'), incl: side('incl') }
}
