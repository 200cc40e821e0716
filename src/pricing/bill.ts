import { add, exactText, rounded, subtract, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './line.ts'
import type { PricingPolicy } from './policy.ts'
import { OUTPUT_DECIMALS } from './rounding.ts'
import { sessionHours } from './session.ts'
import type { Session } from './session.ts'
import type { Component } from './tariffs.ts'
import type { Amount } from './taxes.ts'
import type { CostDimension, Money, PricedBill, PricedSegment } from './types.ts'

const DIMENSIONS = ['energy', 'time', 'parking', 'reservation', 'fixed'] as const

type Priced = {
  readonly lines: readonly Line[]
  readonly amounts: readonly Amount[]
}

/** One side of taxes: what each line costs, each of DIMENSIONS, and all. Null where a line has no amount. */
type Side = {
  readonly parts: readonly (Exact | null)[]
  readonly dimensions: readonly (Exact | null)[]
  readonly sum: Exact | null
}

/** Turns exact amounts into the decimal texts of a bill, such that segments, dimensions and total add up to the digit. */
export function writeBill(
  session: Session,
  { lines, amounts, total, policy }: Priced & { readonly total: Amount; policy: PricingPolicy },
): Pick<PricedBill, 'total' | 'clamp' | 'dimensions' | 'quantities' | 'segments'> {
  const excl = shareOut(
    lines,
    amounts.map((amount) => amount.excl),
  )
  const incl = shareOut(
    lines,
    amounts.map((amount) => amount.incl),
  )
  return {
    total: moneyOf(total.excl, total.incl),
    clamp: moneyOf(added(total.excl, excl.sum), added(total.incl, incl.sum)),
    dimensions: {
      energy: moneyOf(excl.dimensions[0], incl.dimensions[0]),
      time: moneyOf(excl.dimensions[1], incl.dimensions[1]),
      parking: moneyOf(excl.dimensions[2], incl.dimensions[2]),
      reservation: moneyOf(excl.dimensions[3], incl.dimensions[3]),
      fixed: moneyOf(excl.dimensions[4], incl.dimensions[4]),
    },
    quantities: quantitiesOf(session, { lines, policy }),
    segments: segmentsOf(lines, { excl, incl }),
  }
}

/**
 * Rounds each amount as the growth of the rounded running sum, dimension by dimension: parts are at most one last digit
 * off and always add up to the rounded total.
 */
function shareOut(lines: readonly Line[], amounts: readonly (Exact | null)[]): Side {
  const parts = amounts.slice()
  const dimensions: (Exact | null)[] = []
  let sum = ZERO
  let shared = ZERO
  let isKnown = true
  for (const dimension of DIMENSIONS) {
    const before = shared
    let isDimensionKnown = true
    for (let index = 0; index < lines.length; index++) {
      if (lines[index]?.dimension !== dimension) continue
      const amount = amounts[index] ?? null
      if (amount === null) {
        isDimensionKnown = false
        continue
      }
      sum = add(sum, amount)
      const grown = rounded(sum, OUTPUT_DECIMALS)
      parts[index] = subtract(grown, shared)
      shared = grown
    }
    dimensions.push(isDimensionKnown ? subtract(shared, before) : null)
    isKnown &&= isDimensionKnown
  }
  return { parts, dimensions, sum: isKnown ? shared : null }
}

/** Measured quantities count all of the session, billed ones what found a price. */
function quantitiesOf(
  session: Session,
  { lines, policy }: { lines: readonly Line[]; policy: PricingPolicy },
): PricedBill['quantities'] {
  let energyKwh = ZERO
  let timeH = ZERO
  let parkingH = ZERO
  let reservationH = ZERO
  const sessionH = sessionHours(session, policy)
  for (const period of session.periods) {
    energyKwh = add(energyKwh, period.energyKwh)
    timeH = add(timeH, period.timeH)
    parkingH = add(parkingH, period.parkingH)
    reservationH = add(reservationH, period.reservationH)
  }
  return {
    energyKwh: textOf(energyKwh),
    timeH: textOf(timeH),
    parkingH: textOf(parkingH),
    reservationH: textOf(reservationH),
    sessionH: sessionH === null ? null : textOf(sessionH),
    billed: {
      energyKwh: billedText(lines, 'energy'),
      timeH: billedText(lines, 'time'),
      parkingH: billedText(lines, 'parking'),
      reservationH: billedText(lines, 'reservation'),
    },
  }
}

function billedText(lines: readonly Line[], dimension: CostDimension): string {
  let sum = ZERO
  for (const line of lines)
    if (line.dimension === dimension && line.component.type !== 'FLAT') sum = add(sum, line.billed)
  return textOf(sum)
}

/** The texts of what a component asks for, which stands in many lines. */
type Terms = { readonly unitPrice: string; readonly vat: string | null }

function segmentsOf(
  lines: readonly Line[],
  { excl, incl }: { excl: Side; incl: Side },
): PricedSegment[] {
  const known = new Map<Component, Terms>()
  return lines.map((line, index) => {
    const { component } = line
    let terms = known.get(component)
    if (terms === undefined) {
      terms = termsOf(component)
      known.set(component, terms)
    }
    return segmentOf(line, {
      terms,
      money: moneyOf(excl.parts[index], incl.parts[index]),
    })
  })
}

function termsOf({ price, vat }: Component): Terms {
  return { unitPrice: textOf(price), vat: vat === null ? null : textOf(vat) }
}

function segmentOf(line: Line, { terms, money }: { terms: Terms; money: Money }): PricedSegment {
  const { period, dimension, tariff, component, measured, billed } = line
  const measuredText = textOf(measured)
  return {
    period,
    dimension,
    type: component.type,
    tariffId: tariff.id,
    element: component.element,
    component: component.index,
    measured: measuredText,
    billed: billed === measured ? measuredText : textOf(billed),
    unitPrice: terms.unitPrice,
    vat: terms.vat,
    excl: money.excl,
    incl: money.incl,
  }
}

function moneyOf(excl: Exact | null | undefined, incl: Exact | null | undefined): Money {
  return { excl: excl ? textOf(excl) : null, incl: incl ? textOf(incl) : null }
}

/** How much was added to the sum of the lines. */
function added(total: Exact | null, sum: Exact | null): Exact | null {
  return total === null || sum === null ? null : subtract(rounded(total, OUTPUT_DECIMALS), sum)
}

function textOf(value: Exact): string {
  return exactText(value, OUTPUT_DECIMALS)
}
