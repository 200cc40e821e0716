import { exactly, readDecimal, textOf } from '../../clearing/decimal.ts'
import { isRecord } from '../../clearing/read.ts'
import type { ComponentType, PricedBill, PricedSegment, Quantities } from '../../pricing/types.ts'
import type { Sheet } from './check.ts'
import { checkUnreadable } from './check.ts'
import { roundedTo } from './rounding.ts'
import { printedPlaces } from './stated.ts'

const NAME =
  /^(ENERGY|TIME|PARKING_TIME|RESERVATION_TIME|FLAT)(_billable)?_(kwh|wh|hours|minutes|seconds|count)(_incl_reserved)?(_last_period)?$/i

const PER_UNIT: Readonly<Record<string, string>> = {
  kwh: '1',
  wh: '1000',
  hours: '1',
  minutes: '60',
  seconds: '3600',
  count: '1',
}

type Named = {
  dimension: string
  factor: string
  withReserved: boolean
  lastPeriod: boolean
}

/** `expected.billed`: quantities after step_size, compared after rounding ours to the digits printed. */
export function checkBilled(sheet: Sheet, expected: unknown, bill: PricedBill): void {
  checkEach(sheet, { item: 'billed', expected }, (named) => billedOf(bill, named))
}

/** `expected.measured`: quantities as the CDR states them. */
export function checkMeasured(sheet: Sheet, expected: unknown, bill: PricedBill): void {
  checkEach(sheet, { item: 'measured', expected }, (named) => measuredOf(bill, named))
}

function checkEach(
  sheet: Sheet,
  { item, expected }: { item: string; expected: unknown },
  read: (named: Named) => bigint | null,
): void {
  if (!isRecord(expected)) {
    if (expected !== null) sheet.unchecked.push({ item, why: 'is no object' })
    return
  }
  for (const [name, value] of Object.entries(expected)) {
    if (value === null) continue
    const named = readName(name)
    const wanted = readDecimal(value)
    if (wanted === null) {
      checkUnreadable(sheet, { item: `${item}.${name}`, value })
      continue
    }
    const own = named === null ? null : read(named)
    if (named === null || own === null) {
      sheet.unchecked.push({ item: `${item}.${name}`, why: 'is a quantity that is not known here' })
      continue
    }
    const found = roundedTo((own * exactly(named.factor)) / exactly('1'), {
      places: printedPlaces(value),
      mode: 'half_up',
    })
    sheet.checks.push({
      item: `${item}.${name}`,
      expected: textOf(wanted),
      computed: textOf(found),
      agrees: found === wanted,
    })
  }
}

function readName(name: string): Named | null {
  const match = NAME.exec(name)
  if (match === null) return null
  const [, dimension = '', , unit = '', reserved, last] = match
  const isEnergy = dimension.toUpperCase() === 'ENERGY'
  const lower = unit.toLowerCase()
  const isFitting = dimension.toUpperCase() === 'FLAT' ? lower === 'count' : lower !== 'count'
  if (!isFitting || isEnergy !== lower.endsWith('wh')) return null
  return {
    dimension: dimension.toUpperCase(),
    factor: PER_UNIT[lower] ?? '1',
    withReserved: reserved !== undefined,
    lastPeriod: last !== undefined,
  }
}

function billedOf(bill: PricedBill, named: Named): bigint | null {
  if (!named.lastPeriod && named.dimension !== 'FLAT')
    return quantityOf(bill.quantities.billed, named)
  const lines = bill.segments.filter((segment) => isOf(segment, named))
  const last = lines.at(-1)?.period
  return sumBilled(named.lastPeriod ? lines.filter(({ period }) => period === last) : lines)
}

function measuredOf(bill: PricedBill, named: Named): bigint | null {
  if (named.lastPeriod || named.dimension === 'FLAT') return null
  return quantityOf(bill.quantities, named)
}

function quantityOf(quantities: Quantities, { dimension, withReserved }: Named): bigint {
  const own = exactly(quantityText(quantities, dimension))
  return withReserved ? own + exactly(quantities.reservationH) : own
}

function quantityText(quantities: Quantities, dimension: string): string {
  if (dimension === 'ENERGY') return quantities.energyKwh
  if (dimension === 'PARKING_TIME') return quantities.parkingH
  return dimension === 'TIME' ? quantities.timeH : quantities.reservationH
}

function sumBilled(lines: readonly PricedSegment[]): bigint {
  return lines.reduce((sum, { billed }) => sum + exactly(billed), 0n)
}

/** Reserved time is priced by TIME components; what it belongs to tells the two apart. */
function isOf({ type, dimension }: PricedSegment, named: Named): boolean {
  const wanted: ComponentType | null =
    named.dimension === 'RESERVATION_TIME' ? 'TIME' : readType(named.dimension)
  if (type !== wanted) return false
  const isReserved = dimension === 'reservation'
  return type !== 'TIME' || isReserved === (named.dimension === 'RESERVATION_TIME')
}

function readType(name: string): ComponentType | null {
  return name === 'ENERGY' || name === 'TIME' || name === 'PARKING_TIME' || name === 'FLAT'
    ? name
    : null
}
