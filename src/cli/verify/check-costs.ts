import { exactly, textOf } from '../../clearing/decimal.ts'
import type { CostDimension, Money, PricedBill, PricedSegment } from '../../pricing/types.ts'
import type { Sheet } from './check.ts'
import { checkMoney, newSheet } from './check.ts'

const OWN_COSTS = { total_energy_cost: 'energy', total_time_cost: 'time' } as const
/** These three share the flat fees. */
const SHARED_COSTS = {
  total_fixed_cost: 'fixed',
  total_parking_cost: 'parking',
  total_reservation_cost: 'reservation',
} as const
/** More fees than that are no session, and every way of placing them is tried. */
const FEES_MAX = 4

type Fields = Readonly<Record<string, unknown>>
type Home = (typeof SHARED_COSTS)[keyof typeof SHARED_COSTS]
type Way = Readonly<Record<Home, Money>>

/** The members of expected.json that this looks at. */
export const COST_KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(OWN_COSTS),
  ...Object.keys(SHARED_COSTS),
])

/**
 * Compares the costs per dimension. Costs of parking and reservation include their fixed components and total_fixed_cost
 * leaves them out (OCPI 2.2.1, mod_cdrs), but no FLAT says what it is for: any way of placing the flat fees agrees that
 * fits all three costs stated, ours first.
 */
export function checkCosts(sheet: Sheet, expected: Fields, bill: PricedBill): void {
  checkEach(sheet, { costs: OWN_COSTS, expected, money: bill.dimensions })
  const trials = waysOf(bill).map((way) => {
    const trial = newSheet(sheet.comparing)
    checkEach(trial, { costs: SHARED_COSTS, expected, money: way })
    return trial
  })
  const best = trials.find(({ checks }) => checks.every(({ agrees }) => agrees)) ?? trials[0]
  sheet.checks.push(...(best?.checks ?? []))
  sheet.unchecked.push(...(best?.unchecked ?? []))
}

function checkEach<Dimension extends CostDimension>(
  sheet: Sheet,
  {
    costs,
    expected,
    money,
  }: {
    costs: Readonly<Record<string, Dimension>>
    expected: Fields
    money: Readonly<Record<Dimension, Money>>
  },
): void {
  for (const [item, dimension] of Object.entries(costs)) {
    const value = expected[item] ?? null
    if (value !== null) checkMoney(sheet, item, { expected: value, computed: money[dimension] })
  }
}

function waysOf(bill: PricedBill): readonly Way[] {
  const { fixed, parking, reservation } = bill.dimensions
  const own: Way = { fixed, parking, reservation }
  const fees = bill.segments.filter(({ type }) => type === 'FLAT')
  if (fees.length > FEES_MAX) return [own]
  const homes: readonly Home[] = ['fixed', 'parking', 'reservation'].filter(isUsed(bill))
  let ways = [own]
  for (const fee of fees) {
    const from = fee.dimension === 'reservation' ? 'reservation' : 'fixed'
    ways = ways.flatMap((way) => [
      way,
      ...homes.filter((home) => home !== from).map((to) => moved(way, { fee, from, to })),
    ])
  }
  return ways
}

/** A flat fee may stand for parking or a reservation only where there was any. */
function isUsed({ quantities }: PricedBill): (home: string) => home is Home {
  return (home): home is Home =>
    home === 'fixed' ||
    (home === 'parking' && exactly(quantities.parkingH) !== 0n) ||
    (home === 'reservation' && exactly(quantities.reservationH) !== 0n)
}

function moved(way: Way, { fee, from, to }: { fee: PricedSegment; from: Home; to: Home }): Way {
  return { ...way, [from]: added(way[from], fee, -1n), [to]: added(way[to], fee, 1n) }
}

function added(money: Money, fee: PricedSegment, sign: bigint): Money {
  const side = (key: 'excl' | 'incl'): string | null => {
    const [amount, part] = [money[key], fee[key]]
    return amount === null || part === null ? null : textOf(exactly(amount) + sign * exactly(part))
  }
  return { excl: side('excl'), incl: side('incl') }
}
