import type { Money, PricedBill, PricedCdr } from '../pricing/types.ts'
import { exactly, multiply, readDecimal, textOf, unitOf } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import { at, isRecord, listOf, readPrice, readText } from './read.ts'

/**
 * A bill, its amounts with tax unknown where a tariff in it adds taxes and states no rate at all (OCPI 2.3.0: NO, and no
 * vat, as in North America, where they depend on the place). What its taxes are only the CDR says then; where they are
 * more than their own percentages give, the total with tax is by these.
 */
export function withUntoldTax(
  bill: PricedCdr,
  { cdr, tariffs }: { cdr: unknown; tariffs: readonly unknown[] },
): PricedCdr {
  const untold = new Set(tariffs.filter(isUntold).map((tariff) => idOf(at(tariff, '/id'))))
  if (untold.size === 0) return bill
  if (bill.ok) return withStated(bill, { cdr, untold })
  const { bounds } = bill
  if (bounds === null) return bill
  const [low, high] = [bounds.low, bounds.high].map((one) => withStated(one, { cdr, untold }))
  return low === undefined || high === undefined ? bill : { ...bill, bounds: { low, high } }
}

/** Each tax that states a percentage and is more than that of the amount before taxes, by more than `within`. */
export function taxesBeyond(
  total: unknown,
  within: Decimal,
): readonly { pointer: string; percentage: Decimal; amount: Decimal; expected: Decimal }[] {
  const base = readPrice(total)?.excl ?? null
  if (base === null || base < 0n) return []
  return listOf(at(total, '/taxes')).flatMap((tax, index) => {
    const [percentage, amount] = [at(tax, '/percentage'), at(tax, '/amount')].map(readDecimal)
    if (percentage === undefined || percentage === null) return []
    if (amount === undefined || amount === null) return []
    // Less is what a part of the amount is taxed with.
    const expected = multiply(base, percentage) / 100n
    return amount - expected > within
      ? [{ pointer: `/taxes/${index}`, percentage, amount, expected }]
      : []
  })
}

type Untold = { cdr: unknown; untold: ReadonlySet<string | null> }

function withStated(bill: PricedBill, { cdr, untold }: Untold): PricedBill {
  const isUsed = bill.segments.some(
    ({ tariffId, excl }) => untold.has(idOf(tariffId)) && exactly(excl ?? '0') !== 0n,
  )
  if (!isUsed) return bill
  const total = at(cdr, '/total_cost')
  const isBeyond = taxesBeyond(total, unitOf(2)).length > 0
  const rate = isBeyond ? ratesOf(total) : null
  const stated = ({ excl }: Money): Money => {
    const incl = excl === null || rate === null ? null : textOf(withRate(exactly(excl), rate))
    return { excl, incl }
  }
  const { energy, time, parking, reservation, fixed } = bill.dimensions
  return {
    ...bill,
    total: stated(bill.total),
    clamp: stated(bill.clamp),
    rounding: stated(bill.rounding),
    taxes: [],
    dimensions: {
      energy: stated(energy),
      time: stated(time),
      parking: stated(parking),
      reservation: stated(reservation),
      fixed: stated(fixed),
    },
    segments: bill.segments.map((segment) => ({ ...segment, ...stated(segment) })),
  }
}

function withRate(excl: Decimal, rate: Decimal): Decimal {
  return excl + multiply(excl, rate) / 100n
}

/** The sum of the percentages; null where a tax states none. */
function ratesOf(total: unknown): Decimal | null {
  const rates = listOf(at(total, '/taxes')).map((tax) => readDecimal(at(tax, '/percentage')))
  return rates.reduce<Decimal | null>(
    (sum, rate) => (sum === null || rate === null ? null : sum + rate),
    0n,
  )
}

function isUntold(tariff: unknown): boolean {
  if (!isRecord(tariff) || tariff['tax_included'] !== 'NO') return false
  return listOf(tariff['elements'])
    .flatMap((element) => listOf(at(element, '/price_components')))
    .every((component) => readDecimal(at(component, '/vat')) === null)
}

function idOf(value: unknown): string | null {
  return readText(value)?.toUpperCase() ?? null
}
