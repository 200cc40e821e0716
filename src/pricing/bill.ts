import { add, decimalText, exactText, scaled, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './lines.ts'
import type { Session } from './session.ts'
import type { Amount } from './taxes.ts'
import type { CostDimension, Money, PricedBill, PricedSegment, Quantities } from './types.ts'

/** Decimals of every figure of a bill; half-even, and the only rounding after the step sizes. */
const OUTPUT_DECIMALS = 20
const DIMENSIONS: readonly CostDimension[] = ['energy', 'time', 'parking', 'reservation', 'fixed']

type Scaled = { readonly excl: bigint | null; readonly incl: bigint | null }
type Priced = { readonly lines: readonly Line[]; readonly amounts: readonly Amount[] }

/** Turns exact amounts into the decimal texts of a bill, such that segments, dimensions and total add up to the digit. */
export function writeBill(
  session: Session,
  priced: Priced & { readonly total: Amount },
): Omit<PricedBill, 'ok' | 'currency' | 'notes'> {
  const parts = shareOut(priced)
  const sum = addUp(parts)
  const total = { excl: roundOff(priced.total.excl), incl: roundOff(priced.total.incl) }
  return {
    total: moneyText(total),
    clamp: moneyText({ excl: minus(total.excl, sum.excl), incl: minus(total.incl, sum.incl) }),
    dimensions: costsOf(priced.lines, parts),
    quantities: quantitiesOf(session, priced.lines),
    segments: priced.lines.map((line, index) => segmentText(line, parts[index] ?? sum)),
  }
}

/**
 * Rounds each amount as the growth of the rounded running sum, dimension by dimension: parts are at most one last digit
 * off and always add up to the rounded total.
 */
function shareOut({ lines, amounts }: Priced): readonly Scaled[] {
  const order = DIMENSIONS.flatMap((dimension) =>
    lines.flatMap((line, index) => (line.dimension === dimension ? [index] : [])),
  )
  const excl = shareSide(
    amounts.map((amount) => amount.excl),
    order,
  )
  const incl = shareSide(
    amounts.map((amount) => amount.incl),
    order,
  )
  return amounts.map((_, index) => ({ excl: excl[index] ?? null, incl: incl[index] ?? null }))
}

function shareSide(
  amounts: readonly (Exact | null)[],
  order: readonly number[],
): (bigint | null)[] {
  const shares = amounts.map(roundOff)
  let sum = ZERO
  let rounded = 0n
  for (const index of order) {
    const amount = amounts[index]
    if (amount === null || amount === undefined) continue
    sum = add(sum, amount)
    const grown = scaled(sum, OUTPUT_DECIMALS)
    shares[index] = grown - rounded
    rounded = grown
  }
  return shares
}

function costsOf(lines: readonly Line[], parts: readonly Scaled[]): Record<CostDimension, Money> {
  const cost = (dimension: CostDimension): Money =>
    moneyText(addUp(parts.filter((_, index) => lines[index]?.dimension === dimension)))
  return {
    energy: cost('energy'),
    time: cost('time'),
    parking: cost('parking'),
    reservation: cost('reservation'),
    fixed: cost('fixed'),
  }
}

/** Measured quantities count all of the session, billed ones what found a price. */
function quantitiesOf(
  { periods }: Session,
  lines: readonly Line[],
): Quantities & { billed: Quantities } {
  const sum = (values: readonly Exact[]): string =>
    exactText(values.reduce(add, ZERO), OUTPUT_DECIMALS)
  const billed = (dimension: CostDimension): string =>
    sum(
      lines.flatMap((line) =>
        line.dimension === dimension && line.component.type !== 'FLAT' ? [line.billed] : [],
      ),
    )
  return {
    energyKwh: sum(periods.map((period) => period.energyKwh)),
    timeH: sum(periods.map((period) => period.timeH)),
    parkingH: sum(periods.map((period) => period.parkingH)),
    reservationH: sum(periods.map((period) => period.reservationH)),
    billed: {
      energyKwh: billed('energy'),
      timeH: billed('time'),
      parkingH: billed('parking'),
      reservationH: billed('reservation'),
    },
  }
}

function segmentText(line: Line, amount: Scaled): PricedSegment {
  const { period, dimension, tariff, component } = line
  return {
    period,
    dimension,
    type: component.type,
    tariffId: tariff.id,
    element: component.element,
    component: component.index,
    measured: exactText(line.measured, OUTPUT_DECIMALS),
    billed: exactText(line.billed, OUTPUT_DECIMALS),
    unitPrice: exactText(component.price, OUTPUT_DECIMALS),
    vat: component.vat === null ? null : exactText(component.vat, OUTPUT_DECIMALS),
    ...moneyText(amount),
  }
}

function addUp(parts: readonly Scaled[]): Scaled {
  const side = (key: 'excl' | 'incl'): bigint | null =>
    parts.reduce<bigint | null>((sum, part) => plus(sum, part[key]), 0n)
  return { excl: side('excl'), incl: side('incl') }
}

function plus(a: bigint | null, b: bigint | null): bigint | null {
  return a === null || b === null ? null : a + b
}

function minus(a: bigint | null, b: bigint | null): bigint | null {
  return a === null || b === null ? null : a - b
}

function roundOff(amount: Exact | null): bigint | null {
  return amount === null ? null : scaled(amount, OUTPUT_DECIMALS)
}

function moneyText({ excl, incl }: Scaled): Money {
  return { excl: scaledText(excl), incl: scaledText(incl) }
}

function scaledText(value: bigint | null): string | null {
  return value === null ? null : decimalText(value, OUTPUT_DECIMALS)
}
