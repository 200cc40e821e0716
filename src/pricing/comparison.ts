import { figureOf, figureText, minorDigits, roundHalfUp } from './figures.ts'
import { decimalsOf, sizeOf, timesFigure, unitFigure } from './figures.ts'
import type { Figure } from './figures.ts'

/** How one claimed figure stands to the computed one. */
export type ItemVerdict = 'matches' | 'within_tolerance' | 'differs' | 'not_compared'

/**
 * One claimed figure beside the computed one. `item` is the CDR's member (total_cost, total_energy_cost, total_time, …;
 * `total_cost.taxes` for tax lines of OCPI 2.3.0), `pointer` leads to it in the CDR. `side` of taxes is null for
 * quantities and tax lines; `rate` is the percentage of a tax line, null for the sum of all. Decimal texts in the
 * currency, kWh or hours. `difference` is claimed − computed. `reason` says why a figure was not compared.
 */
export type ComparedItem = {
  readonly item: string
  readonly side: 'excl' | 'incl' | null
  readonly rate: string | null
  readonly unit: 'money' | 'kwh' | 'hours'
  readonly pointer: string
  readonly claimed: string | null
  readonly computed: string | null
  readonly difference: string | null
  readonly tolerance: string | null
  readonly verdict: ItemVerdict
  readonly reason: string | null
}

export type ComparisonVerdict = 'matches' | 'within_tolerance' | 'differs' | 'cannot_price'

/**
 * `verdict`: the worst of all items; `totalVerdict`: the worst of total_cost before and after taxes, which is what is
 * owed. Where nothing could be compared, `code` is `credit`, `nothing_claimed` or that of CannotPrice, and `reason` says
 * it in a sentence; else both are null.
 */
export type Comparison = {
  readonly verdict: ComparisonVerdict
  readonly totalVerdict: ComparisonVerdict
  readonly code: string | null
  readonly reason: string | null
  readonly items: readonly ComparedItem[]
}

/** Decimal texts: an amount in the currency and a share of the computed amount. The larger of the two counts. */
export type CostTolerance = { readonly absolute: string; readonly relative: string }

/** Without an agreement: two minor units of the currency, or half a percent. */
const MINOR_UNITS_DEFAULT = 2n
const SHARE_DEFAULT = figureOf('0.005')
/** Hours come with four decimals at best (OCPI 2.2.1, Types, number). */
const QUANTITY_TOLERANCE_MIN = figureOf('0.00005')
/** JSON loses trailing zeros, so a short number need not be a coarse one: 2 may have been 2.00. */
const QUANTITY_DECIMALS_MIN = 2

export type Terms = {
  readonly digits: number
  readonly absolute: Figure
  readonly relative: Figure
}
export type Pair = { readonly claimed: Figure; readonly computed: Figure }
type Judged = {
  readonly verdict: 'matches' | 'within_tolerance' | 'differs'
  readonly tolerance: Figure
}
type Head = Pick<ComparedItem, 'item' | 'side' | 'rate' | 'unit'>

export function termsOf(currency: string, tolerance: CostTolerance | null): Terms {
  const digits = minorDigits(currency)
  const standard = MINOR_UNITS_DEFAULT * unitFigure(digits)
  return {
    digits,
    absolute: tolerance === null ? standard : figureOf(tolerance.absolute),
    relative: tolerance === null ? SHARE_DEFAULT : figureOf(tolerance.relative),
  }
}

/** Amounts: equal at the digits of the currency, else by the tolerance. */
export function judgeCost({ claimed, computed }: Pair, terms: Terms): Judged {
  const share = timesFigure(sizeOf(computed), terms.relative)
  const tolerance = largestOf(terms.absolute, share, unitFigure(terms.digits) / 2n)
  if (roundHalfUp(claimed, terms.digits) === roundHalfUp(computed, terms.digits))
    return { verdict: 'matches', tolerance }
  const isNear = sizeOf(claimed - computed) <= tolerance
  return { verdict: isNear ? 'within_tolerance' : 'differs', tolerance }
}

/** Quantities: equal as far as the claim says. */
export function judgeQuantity({ claimed, computed }: Pair): Judged {
  const decimals = Math.max(decimalsOf(claimed), QUANTITY_DECIMALS_MIN)
  const tolerance = largestOf(unitFigure(decimals) / 2n, QUANTITY_TOLERANCE_MIN)
  return { verdict: sizeOf(claimed - computed) <= tolerance ? 'matches' : 'differs', tolerance }
}

/** `computed` null: `words` say why there is nothing to compare with. */
export function itemOf(
  { pointer, value }: { readonly pointer: string; readonly value: Figure | null },
  {
    head,
    computed,
    words,
    judge,
  }: { head: Head; computed: string | null; words: string; judge: (pair: Pair) => Judged },
): ComparedItem {
  const claimed = value === null ? null : figureText(value)
  const base = { ...head, pointer, claimed, computed }
  if (value === null || computed === null) {
    const reason = value === null ? 'The claim cannot be read as a number.' : words
    return { ...base, difference: null, tolerance: null, verdict: 'not_compared', reason }
  }
  const { verdict, tolerance } = judge({ claimed: value, computed: figureOf(computed) })
  const difference = figureText(value - figureOf(computed))
  return { ...base, difference, tolerance: figureText(tolerance), verdict, reason: null }
}

/** The comparison that these items make up. */
export function comparisonOf(items: readonly ComparedItem[]): Comparison {
  const verdict = worstOf(items)
  const totalVerdict = worstOf(items.filter(({ item }) => item === 'total_cost'))
  if (verdict !== 'cannot_price') return { verdict, totalVerdict, code: null, reason: null, items }
  const reason = 'The CDR claims nothing that can be compared.'
  return { verdict, totalVerdict, code: 'nothing_claimed', reason, items }
}

function worstOf(items: readonly ComparedItem[]): ComparisonVerdict {
  const order = ['differs', 'within_tolerance', 'matches'] as const
  return order.find((verdict) => items.some((item) => item.verdict === verdict)) ?? 'cannot_price'
}

function largestOf(first: Figure, ...rest: readonly Figure[]): Figure {
  return rest.reduce((most, figure) => (figure > most ? figure : most), first)
}
