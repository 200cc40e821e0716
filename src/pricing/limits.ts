import { compare, divide, isZero, multiply } from './exact.ts'
import type { Exact } from './exact.ts'
import { note } from './reading.ts'
import type { Reading } from './reading.ts'
import type { PriceLimit, Tariff } from './tariffs.ts'
import type { Amount } from './taxes.ts'

/**
 * Holds a session total to min_price, then to max_price, on both sides of taxes ("they both apply", OCPI 2.2.1, Tariff).
 * A limit without an amount after taxes scales that side with the other. A total exactly on a limit is left alone.
 */
export function applyLimits(
  total: Amount,
  { tariff, reading }: { tariff: Tariff; reading: Reading },
): Amount {
  const raised =
    tariff.minPrice === null
      ? total
      : hold(total, { limit: tariff.minPrice, sign: 1, tariff, reading })
  if (tariff.maxPrice === null) return raised
  const lowered = hold(raised, { limit: tariff.maxPrice, sign: -1, tariff, reading })
  const { excl, incl } = lowered
  const hasBitten = incl !== null && raised.incl !== null && compare(incl, raised.incl) < 0
  if (!hasBitten || tariff.maxPrice.incl === null || excl === null || compare(incl, excl) >= 0)
    return lowered
  note(reading, { code: 'limit_below_net', pointer: `${tariff.pointer}/max_price` })
  return { excl: incl, incl }
}

type Bound = { limit: PriceLimit; sign: 1 | -1; tariff: Tariff; reading: Reading }

/** `sign` 1 holds the total at or above the limit, -1 at or below it. */
function hold(total: Amount, { limit, sign, tariff, reading }: Bound): Amount {
  const isBeyond = (value: Exact | null, bound: Exact | null): boolean =>
    value !== null && bound !== null && compare(value, bound) * sign < 0
  const bitesExcl = isBeyond(total.excl, limit.excl)
  const bitesIncl = isBeyond(total.incl, limit.incl)
  if (!bitesExcl && !bitesIncl) return total
  const pointer = `${tariff.pointer}/${sign === 1 ? 'min_price' : 'max_price'}`
  note(reading, {
    code: sign === 1 ? 'total_raised_to_min' : 'total_lowered_to_max',
    pointer: pointer,
  })
  const excl = bitesExcl ? limit.excl : total.excl
  if (bitesIncl) {
    if (isUntaxed(total) && !isUntaxed({ excl, incl: limit.incl }))
      note(reading, { code: 'limit_unattributed_tax', pointer })
    return { excl, incl: limit.incl }
  }
  if (!bitesExcl || limit.incl !== null) return { excl, incl: total.incl }
  return { excl, incl: scaleTax(total, { excl, reading, pointer }) }
}

function isUntaxed({ excl, incl }: Amount): boolean {
  return excl !== null && incl !== null && compare(excl, incl) === 0
}

function scaleTax(
  total: Amount,
  { excl, reading, pointer }: { excl: Exact | null; reading: Reading; pointer: string },
): Exact | null {
  if (total.incl === null || total.excl === null || excl === null) return total.incl
  if (!isZero(total.excl)) return divide(multiply(total.incl, excl), total.excl)
  note(reading, { code: 'limit_tax_unknown', pointer })
  return excl
}
