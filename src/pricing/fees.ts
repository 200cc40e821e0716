import type { Claim, CostClaim } from './claims.ts'
import { judgeCost } from './comparison.ts'
import type { Terms } from './comparison.ts'
import { figureOf, figureText } from './figures.ts'
import type { Figure } from './figures.ts'
import type { Money, PricedBill, PricedSegment } from './types.ts'

/** What flat fees may belong to. */
type Home = 'fixed' | 'parking' | 'reservation'
/** The three costs that share the flat fees; null: no way of sharing them fits the claims, so it is not comparable. */
export type PlacedFees = Readonly<Record<Home, Money | null>>

/** Three homes each: more fees than that are no session, and trying all ways would take long. */
const FEES_MAX = 4
const ITEMS: Readonly<Partial<Record<CostClaim['item'], Home>>> = {
  total_fixed_cost: 'fixed',
  total_parking_cost: 'parking',
  total_reservation_cost: 'reservation',
}

/**
 * Costs of parking and reservation include their fixed components and total_fixed_cost leaves these out (OCPI 2.2.1,
 * mod_cdrs), but no FLAT says what it is for. So of all ways of placing the fees the first one counts that matches every
 * claim, else the first within the tolerance; the bill's own comes first.
 */
export function placeFees(
  claims: readonly Claim[],
  { bill, terms }: { bill: PricedBill; terms: Terms },
): PlacedFees {
  const own = pick(bill)
  const fees = bill.segments.filter(({ type }) => type === 'FLAT')
  const homes = homesOf(bill)
  if (fees.length === 0 || homes.length === 1) return own
  const shared = claims.flatMap((claim) => {
    if (claim.kind !== 'cost') return []
    const home = ITEMS[claim.item]
    return home !== undefined && homes.includes(home) ? [{ claim, home }] : []
  })
  const ways = fees.length > FEES_MAX ? [own] : waysOf(own, { fees, homes })
  for (const limit of [['matches'], ['matches', 'within_tolerance']]) {
    const way = ways.find((each) =>
      shared.every((one) => limit.includes(verdictOf(one, { way: each, terms }))),
    )
    if (way !== undefined) return way
  }
  return { ...own, ...Object.fromEntries(homes.map((home) => [home, null])) }
}

type Way = Readonly<Record<Home, Money>>

function pick({ dimensions: { fixed, parking, reservation } }: PricedBill): Way {
  return { fixed, parking, reservation }
}

function homesOf({ quantities }: PricedBill): readonly Home[] {
  const homes: Home[] = ['fixed']
  if (figureOf(quantities.parkingH) !== 0n) homes.push('parking')
  if (figureOf(quantities.reservationH) !== 0n) homes.push('reservation')
  return homes
}

function waysOf(
  own: Way,
  { fees, homes }: { fees: readonly PricedSegment[]; homes: readonly Home[] },
): readonly Way[] {
  let ways: readonly Way[] = [own]
  for (const fee of fees) {
    const from: Home = fee.dimension === 'reservation' ? 'reservation' : 'fixed'
    const others = homes.filter((home) => home !== from)
    ways = ways.flatMap((way) => [
      way,
      ...others.map((home) => moved(way, { fee, from, to: home })),
    ])
  }
  return ways
}

function moved(way: Way, { fee, from, to }: { fee: PricedSegment; from: Home; to: Home }): Way {
  return {
    ...way,
    [from]: plus(way[from], { fee, sign: -1n }),
    [to]: plus(way[to], { fee, sign: 1n }),
  }
}

function plus(money: Money, { fee, sign }: { fee: PricedSegment; sign: 1n | -1n }): Money {
  const side = (key: 'excl' | 'incl'): string | null => {
    const [amount, part] = [money[key], fee[key]]
    return amount === null || part === null
      ? null
      : figureText(figureOf(amount) + sign * figureOf(part))
  }
  return { excl: side('excl'), incl: side('incl') }
}

function verdictOf(
  { claim, home }: { claim: CostClaim; home: Home },
  { way, terms }: { way: Way; terms: Terms },
): string {
  const claimed: Figure | null = claim.value
  const computed = way[home][claim.side]
  // What cannot be compared stands against no way of placing the fees.
  if (claimed === null || computed === null) return 'matches'
  return judgeCost({ claimed, computed: figureOf(computed) }, terms).verdict
}
