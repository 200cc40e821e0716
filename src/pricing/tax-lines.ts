import { add, compare, divide, exactText, isZero, multiply, rounded } from './exact.ts'
import { subtract, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './line.ts'
import type { PricingPolicy } from './policy.ts'
import { OUTPUT_DECIMALS } from './rounding.ts'
import type { Grain } from './rounding.ts'
import type { Amount, Totals } from './taxes.ts'
import type { TaxLine } from './types.ts'

/** What the lines of one rate cost before taxes and after. */
type Group = { readonly rate: Exact; base: Exact; gross: Exact }

/**
 * The taxes of a bill by rate, in the order in which the rates were met; empty where an amount before or after taxes is
 * unknown. A price limit that moves the total before taxes moves every base and its tax with it; what then differs from
 * the taxes of the total is one line without a rate. The last line takes what rounding leaves, so that the lines add up
 * to the difference of the totals. OCPI 2.3.0, Price and TaxAmount.
 */
export function taxLines(
  { lines, amounts }: { lines: readonly Line[]; amounts: readonly Amount[] },
  { totals, policy, grain }: { totals: Totals; policy: PricingPolicy; grain: Grain },
): TaxLine[] {
  const { excl, incl } = totals.total
  if (excl === null || incl === null) return []
  const groups = groupByRate({ lines, amounts }, policy)
  const isExplained = totals.limited === totals.sum || follow(groups, totals)
  const written: TaxLine[] = []
  let rest = subtract(rounded(incl, grain.decimals), rounded(excl, grain.decimals))
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index]
    if (group === undefined) continue
    const isLast = isExplained && index === groups.length - 1
    const tax = subtract(group.gross, group.base)
    const amount = isLast ? rest : rounded(tax, grain.decimals, grain.mode)
    rest = subtract(rest, amount)
    const base = rounded(group.base, grain.decimals, grain.mode)
    written.push({ percentage: textOf(group.rate), base: textOf(base), amount: textOf(amount) })
  }
  if (!isZero(rest)) written.push({ percentage: null, base: null, amount: textOf(rest) })
  return written
}

/** Moves bases and taxes with the total before taxes. Answers whether that explains the taxes of the total. */
function follow(groups: readonly Group[], { sum, limited }: Totals): boolean {
  if (sum.excl === null || sum.incl === null || limited.excl === null || limited.incl === null)
    return false
  const isMoved = compare(limited.excl, sum.excl) !== 0 && !isZero(sum.excl)
  if (isMoved) {
    for (const group of groups) {
      group.base = divide(multiply(group.base, limited.excl), sum.excl)
      group.gross = divide(multiply(group.gross, limited.excl), sum.excl)
    }
  }
  const taxes = subtract(sum.incl, sum.excl)
  const moved = isMoved ? divide(multiply(taxes, limited.excl), sum.excl) : taxes
  return compare(moved, subtract(limited.incl, limited.excl)) === 0
}

function textOf(value: Exact): string {
  return exactText(value, OUTPUT_DECIMALS)
}

function groupByRate(
  { lines, amounts }: { lines: readonly Line[]; amounts: readonly Amount[] },
  policy: PricingPolicy,
): Group[] {
  const groups: Group[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]
    const amount = amounts[index]
    if (line === undefined || !amount || amount.excl === null || amount.incl === null) continue
    const rate = line.component.vat ?? (policy.absent_vat === 'zero_rate' ? ZERO : null)
    // Where no tax applies, or the rate is below zero, the amounts are held the same and there is no line.
    if (rate === null || line.tariff.taxes === 'none' || compare(rate, ZERO) < 0) continue
    // As the amounts have it, so that lines that were rounded one by one add up to their taxes.
    const group = groupOf(groups, rate)
    if (group === null) groups.push({ rate, base: amount.excl, gross: amount.incl })
    else {
      group.base = add(group.base, amount.excl)
      group.gross = add(group.gross, amount.incl)
    }
  }
  return groups
}

function groupOf(groups: readonly Group[], rate: Exact): Group | null {
  for (const group of groups) if (compare(group.rate, rate) === 0) return group
  return null
}
