import { compare, divide, isZero, multiply } from './exact.ts'
import type { Exact } from './exact.ts'
import type { PricingPolicy } from './policy.ts'
import { note } from './reading.ts'
import type { Reading } from './reading.ts'
import type { PriceLimit, Tariff } from './tariffs.ts'
import type { Amount } from './taxes.ts'

type Limiting = {
  readonly tariff: Tariff
  readonly policy: PricingPolicy
  readonly reading: Reading
}

/**
 * Holds a session total to min_price, then to max_price, on both sides of taxes ("they both apply", OCPI 2.2.1, Tariff).
 * A limit without an amount after taxes scales that side with the other, unless the policy leaves it alone. A total
 * exactly on a limit is left alone.
 */
export function applyLimits(total: Amount, limiting: Limiting): Amount {
  const { tariff, policy, reading } = limiting
  const { minPrice, maxPrice } = tariff
  if (policy.price_limits === 'ignored') return total
  const raised = minPrice === null ? total : hold(total, { limit: minPrice, sign: 1, limiting })
  if (maxPrice === null) return raised
  const lowered = hold(raised, { limit: maxPrice, sign: -1, limiting })
  const { excl, incl } = lowered
  const hasBitten = incl !== null && raised.incl !== null && compare(incl, raised.incl) < 0
  if (!hasBitten || maxPrice.incl === null || excl === null || compare(incl, excl) >= 0)
    return lowered
  note(reading, { code: 'limit_below_net', at: tariff.source, key: 'max_price' })
  return { excl: incl, incl }
}

/** `sign` 1 holds the total at or above the limit, -1 at or below it. */
function hold(
  total: Amount,
  { limit, sign, limiting }: { limit: PriceLimit; sign: 1 | -1; limiting: Limiting },
): Amount {
  const bitesExcl = order(total.excl, limit.excl) * sign < 0
  const bitesIncl = order(total.incl, limit.incl) * sign < 0
  if (!bitesExcl && !bitesIncl) return total
  const { reading, policy, tariff } = limiting
  const at = tariff.source
  const key = sign === 1 ? 'min_price' : 'max_price'
  note(reading, { code: sign === 1 ? 'total_raised_to_min' : 'total_lowered_to_max', at, key })
  const excl = bitesExcl ? limit.excl : total.excl
  if (bitesIncl) {
    if (isUntaxed(total) && !isUntaxed({ excl, incl: limit.incl }))
      note(reading, { code: 'limit_unattributed_tax', at, key })
    return { excl, incl: limit.incl }
  }
  if (limit.incl !== null || policy.price_limits === 'both_unscaled')
    return { excl, incl: total.incl }
  if (total.incl === null || total.excl === null || excl === null) return { excl, incl: total.incl }
  if (!isZero(total.excl)) return { excl, incl: divide(multiply(total.incl, excl), total.excl) }
  note(reading, { code: 'limit_tax_unknown', at, key })
  return { excl, incl: excl }
}

/** Below zero when the value is below the bound, above zero when above; 0 as well where one of them is unknown. */
function order(value: Exact | null, bound: Exact | null): number {
  return value === null || bound === null ? 0 : compare(value, bound)
}

function isUntaxed({ excl, incl }: Amount): boolean {
  return excl !== null && incl !== null && compare(excl, incl) === 0
}
