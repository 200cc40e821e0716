import type { Claim, CostClaim } from './claims.ts'
import { comparisonOf, itemOf, judgeCost, termsOf } from './comparison.ts'
import type { ComparedItem, Comparison, CostTolerance, Terms } from './comparison.ts'
import { amountText, figureOf, figureText } from './figures.ts'
import type { CannotPrice } from './types.ts'

/**
 * Compares with a CDR that could not be priced. Where the time zone is unknown there are bounds: a total outside of them
 * is wrong in any zone, one inside stays open, and the sentence says between what.
 */
export function compareBounds(
  claims: readonly Claim[],
  { priced, tolerance }: { priced: CannotPrice; tolerance: CostTolerance | null },
): Comparison {
  const { bounds, code, message } = priced
  const why = `The CDR cannot be priced: ${message}.`
  const open = { verdict: 'cannot_price', totalVerdict: 'cannot_price', code } as const
  if (bounds === null) return { ...open, reason: why, items: [] }
  const { currency } = bounds.low
  const terms = termsOf(currency, tolerance)
  const items = claims.flatMap((claim) => {
    if (claim.kind !== 'cost' || claim.item !== 'total_cost') return []
    const [low, high] = [bounds.low.total[claim.side], bounds.high.total[claim.side]]
    return low === null || high === null ? [] : [boundedItem(claim, { low, high, terms, currency })]
  })
  if (items.some(({ verdict }) => verdict === 'differs'))
    return { ...comparisonOf(items), code, reason: why }
  return { ...open, reason: [why, ...items.flatMap(({ reason }) => reason ?? [])].join(' '), items }
}

type Bounds = { low: string; high: string; terms: Terms; currency: string }

function boundedItem(claim: CostClaim, { low, high, terms, currency }: Bounds): ComparedItem {
  const ends = [figureOf(low), figureOf(high)].sort((a, b) => (a < b ? -1 : 1))
  const [least = 0n, most = 0n] = ends
  const { value } = claim
  const nearest = value === null || value < least ? least : value > most ? most : value
  const head = { item: claim.item, side: claim.side, rate: null, unit: 'money' } as const
  const isWrong =
    value !== null && judgeCost({ claimed: value, computed: nearest }, terms).verdict === 'differs'
  const [from, to] = [least, most].map((end) => amountText(end, currency))
  const side = claim.side === 'excl' ? 'before' : 'after'
  return itemOf(claim, {
    head,
    computed: isWrong ? figureText(nearest) : null,
    words: `Over all time zones it costs from ${from} to ${to} ${side} taxes, and the claim is among these.`,
    judge: (pair) => judgeCost(pair, terms),
  })
}
