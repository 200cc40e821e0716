import { currencies } from '../../config/currencies.ts'
import { exactText, rounded, subtract, ZERO } from './exact.ts'
import type { Exact, RoundingMode } from './exact.ts'
import { figureOf, figureText } from './figures.ts'
import type { Line } from './line.ts'
import type { PricingPolicy } from './policy.ts'
import { plus, sumOf } from './taxes.ts'
import type { Amount, Totals } from './taxes.ts'
import type { CostDimension, Money, PricedBill } from './types.ts'

/** Decimals of every figure of a bill that a policy leaves exact; half-even. */
export const OUTPUT_DECIMALS = 20

/** To what amounts are rounded. */
export type Grain = { readonly decimals: number; readonly mode: RoundingMode }

type Costs = Readonly<Record<CostDimension, Amount>>

const FINEST: Grain = { decimals: OUTPUT_DECIMALS, mode: 'half_even' }
/** Minor digits of a currency that ISO 4217 does not list. */
const USUAL_DIGITS = 2

/** What the policy rounds amounts in this currency to; without a rounding, the decimals of a bill. */
export function grainOf({ rounding }: PricingPolicy, currency: string): Grain {
  if (rounding === null) return FINEST
  const { decimals, mode } = rounding
  if (decimals !== 'currency') return { decimals, mode }
  return { decimals: currencies.get(currency.toUpperCase()) ?? USUAL_DIGITS, mode }
}

/** What the lines cost: exactly, or each rounded where the policy says so, for lines of a bill that add up as shown. */
export function lineAmounts(
  amounts: readonly Amount[],
  { policy, grain }: { policy: PricingPolicy; grain: Grain },
): readonly Amount[] {
  return policy.rounding?.stage === 'segment'
    ? amounts.map((amount) => roundAmount(amount, grain))
    : amounts
}

/** The sum of what lineAmounts answered, each dimension rounded before where the policy says so. */
export function sumBy(
  { lines, amounts }: { lines: readonly Line[]; amounts: readonly Amount[] },
  { policy, grain }: { policy: PricingPolicy; grain: Grain },
): Amount {
  return policy.rounding?.stage === 'dimension'
    ? sumOf(Object.values(costsBy({ lines, amounts }, grain)))
    : sumOf(amounts)
}

/** An amount under the policy's rounding. */
export function roundAmount({ excl, incl }: Amount, { decimals, mode }: Grain): Amount {
  return {
    excl: excl === null ? null : rounded(excl, decimals, mode),
    incl: incl === null ? null : rounded(incl, decimals, mode),
  }
}

/**
 * A bill whose total was rounded by the policy, with that taken out of the clamp and shown as `rounding`, and with the
 * costs by dimension as they were rounded: total = segments + clamp + rounding on each side of taxes.
 */
export function showRounding(
  bill: Pick<PricedBill, 'clamp' | 'dimensions'>,
  {
    lines,
    amounts,
    totals,
  }: { lines: readonly Line[]; amounts: readonly Amount[]; totals: Totals },
  { policy, grain }: { policy: PricingPolicy; grain: Grain },
): Pick<PricedBill, 'clamp' | 'dimensions' | 'rounding'> {
  const { sum, limited } = totals
  const clamp = {
    excl: differenceText(limited.excl, sum.excl),
    incl: differenceText(limited.incl, sum.incl),
  }
  return {
    clamp,
    rounding: {
      excl: restText(bill.clamp.excl, clamp.excl),
      incl: restText(bill.clamp.incl, clamp.incl),
    },
    dimensions:
      policy.rounding?.stage === 'dimension'
        ? textsOf(costsBy({ lines, amounts }, grain))
        : bill.dimensions,
  }
}

/** What each dimension costs, rounded. */
function costsBy(
  { lines, amounts }: { lines: readonly Line[]; amounts: readonly Amount[] },
  grain: Grain,
): Costs {
  const costs = { energy: NONE, time: NONE, parking: NONE, reservation: NONE, fixed: NONE }
  lines.forEach(({ dimension }, index) => {
    const amount = amounts[index] ?? NONE
    const cost = costs[dimension]
    costs[dimension] = { excl: plus(cost.excl, amount.excl), incl: plus(cost.incl, amount.incl) }
  })
  return {
    energy: roundAmount(costs.energy, grain),
    time: roundAmount(costs.time, grain),
    parking: roundAmount(costs.parking, grain),
    reservation: roundAmount(costs.reservation, grain),
    fixed: roundAmount(costs.fixed, grain),
  }
}

const NONE: Amount = { excl: ZERO, incl: ZERO }

function textsOf({ energy, time, parking, reservation, fixed }: Costs): PricedBill['dimensions'] {
  return {
    energy: moneyOf(energy),
    time: moneyOf(time),
    parking: moneyOf(parking),
    reservation: moneyOf(reservation),
    fixed: moneyOf(fixed),
  }
}

function moneyOf({ excl, incl }: Amount): Money {
  return { excl: excl === null ? null : textOf(excl), incl: incl === null ? null : textOf(incl) }
}

function differenceText(a: Exact | null, b: Exact | null): string | null {
  if (a === null || b === null) return null
  return textOf(subtract(rounded(a, OUTPUT_DECIMALS), rounded(b, OUTPUT_DECIMALS)))
}

/** What is left of everything that was added to the segments after the clamp. */
function restText(added: string | null, clamp: string | null): string | null {
  if (added === null || clamp === null) return null
  return figureText(figureOf(added) - figureOf(clamp))
}

function textOf(value: Exact): string {
  return exactText(value, OUTPUT_DECIMALS)
}
