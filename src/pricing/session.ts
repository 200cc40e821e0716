import { add, isZero, readExact, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import { exactAt, fail, fieldOf, instantAt, note, objectAt, objectsAt, textAt } from './reading.ts'
import { requiredInstantAt, requiredTextAt } from './reading.ts'
import type { Source } from './reading.ts'

/** A charging period: quantities in kWh and hours, 0 when absent; currents in A and powers in kW, null when absent. */
export type Period = {
  readonly index: number
  readonly pointer: string
  readonly startMs: number
  /** The start of the next period, or the end of the session; null while that is unknown. */
  readonly endMs: number | null
  readonly tariffId: string | null
  readonly energyKwh: Exact
  readonly timeH: Exact
  readonly parkingH: Exact
  readonly reservationH: Exact
  readonly minCurrent: Exact | null
  readonly maxCurrent: Exact | null
  readonly minPower: Exact | null
  readonly maxPower: Exact | null
}

/** A CDR reduced to what a price depends on, whatever its version. */
export type Session = {
  readonly startMs: number
  readonly currency: string
  /** OCPI 2.1.1 knows no VAT: prices exclude it and totals after taxes cannot be known. */
  readonly isTaxKnown: boolean
  readonly isReservationExpired: boolean
  readonly periods: readonly Period[]
}

const EVSE_KEYS = ['evse_uid', 'evse_id', 'connector_id'] as const

/** Reads a CDR of OCPI 2.1.1, 2.2.1 or 2.3.0. What cannot be read is recorded as the problem of `source.reading`. */
export function readSession(source: Source): Session {
  const startMs = requiredInstantAt(source, 'start_date_time')
  const isOld =
    fieldOf(source, 'end_date_time') === undefined &&
    fieldOf(source, 'stop_date_time') !== undefined
  const endMs = instantAt(source, isOld ? 'stop_date_time' : 'end_date_time')
  const currency = requiredTextAt(source, 'currency')
  const { periods, hasExpiry } = readPeriods(source, endMs)
  noteOrder(source, { startMs, endMs, periods })
  return {
    startMs,
    currency,
    isTaxKnown: !isOld,
    isReservationExpired: hasExpiry || isNeverCharged(source, periods),
    periods,
  }
}

function readPeriods(
  source: Source,
  endMs: number | null,
): { periods: Period[]; hasExpiry: boolean } {
  const sources = objectsAt(source, 'charging_periods')
  const starts = sources.map((period) => requiredInstantAt(period, 'start_date_time'))
  let hasExpiry = false
  const periods = sources.map((period, index) => {
    const volumes = readDimensions(period)
    const expiry = volumes.get('RESERVATION_EXPIRES')
    if (expiry !== undefined) hasExpiry = true
    return {
      index,
      pointer: period.pointer,
      startMs: starts[index] ?? 0,
      endMs: starts[index + 1] ?? endMs,
      tariffId: textAt(period, 'tariff_id'),
      energyKwh: volumes.get('ENERGY') ?? ZERO,
      timeH: volumes.get('TIME') ?? ZERO,
      parkingH: volumes.get('PARKING_TIME') ?? ZERO,
      // The bookings extension of OCPI 2.3.0 states the expired part of a reservation apart.
      reservationH: add(volumes.get('RESERVATION_TIME') ?? ZERO, expiry ?? ZERO),
      minCurrent: volumes.get('MIN_CURRENT') ?? null,
      maxCurrent: volumes.get('MAX_CURRENT') ?? null,
      minPower: volumes.get('MIN_POWER') ?? null,
      maxPower: volumes.get('MAX_POWER') ?? null,
    }
  })
  return { periods, hasExpiry }
}

const PRICED_DIMENSIONS: ReadonlySet<string> = new Set([
  ...['ENERGY', 'TIME', 'PARKING_TIME', 'RESERVATION_TIME', 'RESERVATION_EXPIRES'],
  ...['MIN_CURRENT', 'MAX_CURRENT', 'MIN_POWER', 'MAX_POWER'],
])

/** The volumes that matter by type. Dimensions that no price depends on only have to be in range. */
function readDimensions(period: Source): Map<string, Exact> {
  const volumes = new Map<string, Exact>()
  for (const dimension of objectsAt(period, 'dimensions')) {
    const type = requiredTextAt(dimension, 'type')
    if (!PRICED_DIMENSIONS.has(type)) {
      if (readExact(fieldOf(dimension, 'volume')) === 'out_of_range') exactAt(dimension, 'volume')
      continue
    }
    const volume = exactAt(dimension, 'volume')
    if (volume === null) {
      fail(period.reading, {
        code: 'unreadable',
        pointer: `${dimension.pointer}/volume`,
        message: 'volume is missing',
      })
    } else if (volumes.has(type)) {
      note(period.reading, { code: 'dimension_duplicate', pointer: dimension.pointer })
    } else {
      volumes.set(type, volume)
    }
  }
  return volumes
}

/** A reservation that never became a session: only reserved time, and no EVSE or no session is named. */
function isNeverCharged(source: Source, periods: readonly Period[]): boolean {
  const isOnlyReserved =
    periods.some((period) => !isZero(period.reservationH)) &&
    periods.every(
      ({ energyKwh, timeH, parkingH }) => isZero(energyKwh) && isZero(timeH) && isZero(parkingH),
    )
  if (!isOnlyReserved) return false
  const location = objectAt(source, 'cdr_location')
  const isWithoutEvse = location !== null && EVSE_KEYS.some((key) => location.fields[key] === '#NA')
  return isWithoutEvse || fieldOf(source, 'session_id') === undefined
}

function noteOrder(
  { reading }: Source,
  {
    startMs,
    endMs,
    periods,
  }: { startMs: number; endMs: number | null; periods: readonly Period[] },
): void {
  if (endMs !== null && endMs < startMs)
    note(reading, { code: 'end_before_start', pointer: '/end_date_time' })
  if (periods[0] === undefined) note(reading, { code: 'no_periods', pointer: '/charging_periods' })
  else if (periods[0].startMs !== startMs)
    note(reading, { code: 'first_period_offset', pointer: periods[0].pointer })
  periods.forEach((period, index) => {
    const previous = periods[index - 1]
    if (previous && period.startMs < previous.startMs)
      note(reading, { code: 'periods_out_of_order', pointer: period.pointer })
  })
}
