import { isCreditCdr, readClaims } from './claims.ts'
import type { CostClaim, QuantityClaim, TaxClaim } from './claims.ts'
import { compareBounds } from './compare-bounds.ts'
import { comparisonOf, itemOf, judgeCost, judgeQuantity, termsOf } from './comparison.ts'
import type { ComparedItem, Comparison, CostTolerance, Terms } from './comparison.ts'
import { placeFees } from './fees.ts'
import type { PlacedFees } from './fees.ts'
import { figureOf, figureText } from './figures.ts'
import type { PricedBill, PricedCdr } from './types.ts'

/**
 * Compares what a CDR claims with what it costs (OCPI 2.1.1, 2.2.1 and 2.3.0, mod_cdrs). `claimed` is the CDR as parsed
 * JSON, `priced` what priceCdr made of it.
 *
 * Amounts match when they are equal after both are rounded half up to the digits of the currency's minor unit, since
 * OCPI leaves rounding to others. Beyond that they may be `tolerance` apart: `absolute` in the currency or `relative`
 * of the computed amount, whichever is larger, and never less than half a minor unit; null: two minor units or 0.5 %.
 * Quantities match within half of the last decimal sent, at least 0.00005, at most 0.005. What is not claimed is not
 * compared. Where a flat fee stands beside parking or reserved time, nobody can tell which of the costs it belongs to
 * (OCPI 2.2.1, total_fixed_cost), so any way of placing it that adds up is a match and none is a difference.
 * A credit CDR is compared with its original by the caller, never with a price. Pure; never throws on partners' values.
 */
export function compareCdr(
  claimed: unknown,
  priced: PricedCdr,
  { tolerance }: { tolerance: CostTolerance | null },
): Comparison {
  if (isCreditCdr(claimed)) {
    const reason = 'A credit CDR takes back its original; compare it with that one.'
    return {
      verdict: 'cannot_price',
      totalVerdict: 'cannot_price',
      code: 'credit',
      reason,
      items: [],
    }
  }
  const claims = readClaims(claimed)
  if (!priced.ok) return compareBounds(claims, { priced, tolerance })
  const terms = termsOf(priced.currency, tolerance)
  const fees = placeFees(claims, { bill: priced, terms })
  const items = claims.map((claim) => {
    if (claim.kind === 'cost') return costItem(claim, { bill: priced, fees, terms })
    if (claim.kind === 'tax') return taxItem(claim, { bill: priced, terms })
    return quantityItem(claim, priced)
  })
  return comparisonOf(items)
}

type Compared = { readonly bill: PricedBill; readonly terms: Terms }

function costItem(
  claim: CostClaim,
  { bill, fees, terms }: Compared & { fees: PlacedFees },
): ComparedItem {
  const computed = {
    total_cost: bill.total,
    total_energy_cost: bill.dimensions.energy,
    total_time_cost: bill.dimensions.time,
    total_fixed_cost: fees.fixed,
    total_parking_cost: fees.parking,
    total_reservation_cost: fees.reservation,
  }[claim.item]
  return itemOf(claim, {
    head: { item: claim.item, side: claim.side, rate: null, unit: 'money' },
    computed: computed?.[claim.side] ?? null,
    words:
      computed === null
        ? 'OCPI does not say whether a flat fee belongs to parking, to the reservation or to neither, and no way of placing it fits the claim.'
        : 'This side of taxes cannot be known from the tariff.',
    judge: (pair) => judgeCost(pair, terms),
  })
}

/** Lines are compared by rate; where the bill holds tax that no rate explains, that would compare other things. */
function taxItem(claim: TaxClaim, { bill, terms }: Compared): ComparedItem {
  const { rate } = claim
  const isKnown = bill.total.excl !== null && bill.total.incl !== null
  const isUnexplained = rate !== null && bill.taxes.some((line) => line.percentage === null)
  const lines = bill.taxes.filter(
    ({ percentage }) =>
      rate === null || (percentage !== null && figureOf(percentage) === figureOf(rate)),
  )
  const sum = lines.reduce((total, line) => total + figureOf(line.amount), 0n)
  return itemOf(claim, {
    head: { item: 'total_cost.taxes', side: null, rate, unit: 'money' },
    computed: isKnown && !isUnexplained ? figureText(sum) : null,
    words: isKnown
      ? 'The bill holds tax that no rate explains, so lines by rate cannot be compared.'
      : 'The taxes cannot be known from the tariff.',
    judge: (pair) => judgeCost(pair, terms),
  })
}

function quantityItem(claim: QuantityClaim, { quantities }: PricedBill): ComparedItem {
  const computed = {
    total_energy: quantities.energyKwh,
    total_time: quantities.sessionH,
    total_parking_time: quantities.parkingH,
  }[claim.item]
  return itemOf(claim, {
    head: { item: claim.item, side: null, rate: null, unit: claim.unit },
    computed,
    words: 'The end of the session is unknown.',
    judge: judgeQuantity,
  })
}
