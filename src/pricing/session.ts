import { add, compare, divide, isNegative, isZero, multiply, negated } from './exact.ts'
import { subtract, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { PricingPolicy } from './policy.ts'
import { fieldOf, instantAt, note, objectAt, objectsAt, textAt } from './reading.ts'
import { requiredInstantAt, requiredTextAt } from './reading.ts'
import type { Source } from './reading.ts'
import { readVolumes } from './volumes.ts'
import type { Volumes } from './volumes.ts'

/** A charging period: quantities in kWh and hours, 0 when absent; currents in A and powers in kW, null when absent. */
export type Period = {
  readonly source: Source
  /** Its place in charging_periods. */
  readonly index: number
  readonly startMs: number
  /** The start of the next period, or the end of the session; null while that is unknown. */
  readonly endMs: number | null
  readonly tariffId: string | null
  readonly energyKwh: Exact
  readonly timeH: Exact
  readonly parkingH: Exact
  readonly reservationH: Exact
  /** No TIME was sent; by the policy, `timeH` is the length of the period. */
  readonly isTimeByClock: boolean
  /** False when an end of the session or the start of the period is a placeholder: then its times are not priced. */
  readonly isTimeKnown: boolean
  readonly minCurrent: Exact | null
  readonly maxCurrent: Exact | null
  readonly minPower: Exact | null
  readonly maxPower: Exact | null
  readonly volumes: Volumes
}

/** A CDR reduced to what a price depends on, whatever its version. */
export type Session = {
  readonly source: Source
  readonly startMs: number
  /** Null: unknown, as while a session runs. */
  readonly endMs: number | null
  readonly currency: string
  /** OCPI 2.1.1 knows no VAT: prices exclude it and totals after taxes cannot be known. */
  readonly isTaxKnown: boolean
  readonly isReservationExpired: boolean
  readonly isOutOfOrder: boolean
  readonly periods: readonly Period[]
}

/** 1970-01-01T00:00:00Z stands for an unknown time. */
const PLACEHOLDER_MS = 0
const HOUR_MS = whole(3_600_000)
/** One unit of the 4th decimal of an hour: OCPI numbers have 4 decimals. */
const SNAP_MS = whole(360)
/** So much may three times of 4 decimals be longer than their period. */
const OVERLAP_MS = 1_000
const EVSE_KEYS = ['evse_uid', 'evse_id', 'connector_id'] as const

/**
 * Reads a CDR or a Session of OCPI 2.1.1, 2.2.1 or 2.3.0, with its periods in the order given or, `isSorted`, in that of time. What
 * cannot be read is recorded as the problem of `source.reading`.
 */
export function readSession(
  source: Source,
  { policy, isSorted }: { policy: PricingPolicy; isSorted: boolean },
): Session {
  const { startKey, endKey, isOld } = namesOf(source)
  const startMs = requiredInstantAt(source, startKey)
  const statedMs = instantAt(source, endKey)
  const endMs = known(statedMs)
  const isTimeKnown = startMs !== PLACEHOLDER_MS && statedMs !== PLACEHOLDER_MS
  if (!isTimeKnown) note(source.reading, { code: 'time_placeholder', at: source })
  const currency = requiredTextAt(source, 'currency')
  const periods = readPeriods(source, { policy, isSorted, isOld, isTimeKnown, endMs })
  const isOutOfOrder = noteOrder(source, { startMs, endMs, periods })
  noteKind(source)
  return {
    source,
    startMs,
    endMs,
    currency,
    isTaxKnown: !isOld,
    isReservationExpired: isExpired(source, periods),
    isOutOfOrder,
    periods,
  }
}

/** A CDR of OCPI 2.1.1 calls its end stop_date_time, and a Session of that version writes datetime as one word. */
function namesOf(source: Source): { startKey: string; endKey: string; isOld: boolean } {
  const has = (key: string): boolean => fieldOf(source, key) !== undefined
  if (!has('start_date_time') && has('start_datetime'))
    return { startKey: 'start_datetime', endKey: 'end_datetime', isOld: true }
  const isOld = !has('end_date_time') && has('stop_date_time')
  return { startKey: 'start_date_time', endKey: isOld ? 'stop_date_time' : 'end_date_time', isOld }
}

/** An instant, unless it is the placeholder for an unknown one. */
export function known(ms: number | null): number | null {
  return ms === PLACEHOLDER_MS ? null : ms
}

/** A number of milliseconds in hours. */
function hoursOf(ms: number): Exact {
  return divide(whole(ms), HOUR_MS)
}

/** total_time of a CDR in hours: the whole session, or as the policy says; null when an end of it is unknown. */
export function sessionHours(
  { startMs, endMs, periods }: Session,
  { total_time: rule }: PricingPolicy,
): Exact | null {
  if (rule === 'periods_sum') {
    let sum = ZERO
    for (const { timeH, parkingH } of periods) sum = add(add(sum, timeH), parkingH)
    return sum
  }
  const first = rule === 'periods_span' ? (periods[0]?.startMs ?? startMs) : startMs
  return endMs === null || first === PLACEHOLDER_MS ? null : hoursOf(endMs - first)
}

type Frame = {
  readonly policy: PricingPolicy
  readonly isSorted: boolean
  readonly isOld: boolean
  readonly isTimeKnown: boolean
  readonly endMs: number | null
}

function readPeriods(source: Source, frame: Frame): Period[] {
  const sources = objectsAt(source, 'charging_periods')
  const starts = sources.map((period) => requiredInstantAt(period, 'start_date_time'))
  const order = starts.map((_, index) => index)
  if (frame.isSorted) order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0))
  const periods: Period[] = []
  for (let place = 0; place < order.length; place++) {
    const index = order[place] ?? 0
    const period = sources[index]
    const next = order[place + 1]
    if (period === undefined) continue
    const span = {
      startMs: starts[index] ?? 0,
      endMs: next === undefined ? frame.endMs : (starts[next] ?? null),
    }
    periods.push(readPeriod(period, { index, span, frame }))
  }
  return periods
}

type Span = { readonly startMs: number; readonly endMs: number | null }

function readPeriod(
  source: Source,
  { index, span, frame }: { index: number; span: Span; frame: Frame },
): Period {
  const { policy, isOld } = frame
  const { startMs, endMs } = span
  const volumes = readVolumes(source, { policy, isOld })
  let timeH = volumes.TIME ?? ZERO
  let parkingH = volumes.PARKING_TIME ?? ZERO
  let reservationH = volumes.RESERVATION_TIME ?? ZERO
  // The bookings extension of OCPI 2.3.0 states the expired part of a reservation apart.
  if (volumes.RESERVATION_EXPIRES !== null)
    reservationH = add(reservationH, volumes.RESERVATION_EXPIRES)
  const isTimeByClock =
    policy.missing_time === 'wall_clock' &&
    endMs !== null &&
    endMs > startMs &&
    isZero(timeH) &&
    isZero(parkingH) &&
    isZero(reservationH)
  if (isTimeByClock) timeH = hoursOf(endMs - startMs)
  else if (policy.volumes === 'snapped') {
    const others = {
      time: isZero(timeH),
      parking: isZero(parkingH),
      reserved: isZero(reservationH),
    }
    if (others.parking && others.reserved) timeH = snap(timeH, span)
    else if (others.time && others.reserved) parkingH = snap(parkingH, span)
    else if (others.time && others.parking) reservationH = snap(reservationH, span)
  }
  if (policy.parking_time === 'charging' && !isZero(parkingH)) {
    timeH = add(timeH, parkingH)
    parkingH = ZERO
  }
  return {
    source,
    index,
    startMs,
    endMs,
    tariffId: textAt(source, 'tariff_id'),
    energyKwh: volumes.ENERGY ?? ZERO,
    timeH,
    parkingH,
    reservationH,
    isTimeByClock,
    isTimeKnown: frame.isTimeKnown && startMs !== PLACEHOLDER_MS,
    minCurrent: volumes.MIN_CURRENT,
    maxCurrent: volumes.MAX_CURRENT,
    minPower: volumes.MIN_POWER,
    maxPower: volumes.MAX_POWER,
    volumes,
  }
}

/** The length of the period, when the volume is that up to a unit of its 4th decimal; else the volume. */
function snap(volumeH: Exact, { startMs, endMs }: Span): Exact {
  if (endMs === null || isZero(volumeH)) return volumeH
  const away = subtract(multiply(volumeH, HOUR_MS), whole(endMs - startMs))
  const distance = isNegative(away) ? negated(away) : away
  return compare(distance, SNAP_MS) < 0 ? hoursOf(endMs - startMs) : volumeH
}

/**
 * Did a reservation expire? When the dimension for that is there, or when nothing but reserved time was used and no EVSE
 * ('#NA', OCPI 2.2.1, CdrLocation) or no session is named.
 */
function isExpired(source: Source, periods: readonly Period[]): boolean {
  let isReserved = false
  let isUsed = false
  for (const { volumes, energyKwh, timeH, parkingH, reservationH, isTimeByClock } of periods) {
    if (volumes.RESERVATION_EXPIRES !== null) return true
    if (!isZero(reservationH)) isReserved = true
    if (!isZero(energyKwh) || (!isZero(timeH) && !isTimeByClock) || !isZero(parkingH)) isUsed = true
  }
  if (!isReserved || isUsed) return false
  // A Session, which states kwh, has its name in another member.
  const session = fieldOf(source, 'session_id') ?? fieldOf(source, 'kwh')
  if (session === undefined || session === '') return true
  const location = objectAt(source, 'cdr_location')
  return location !== null && EVSE_KEYS.some((key) => location.fields[key] === '#NA')
}

/** What a CDR says about itself that does not change its price. */
function noteKind(source: Source): void {
  const { reading, fields } = source
  if (fields['credit'] === true) note(reading, { code: 'credit', at: source, key: 'credit' })
  if (fields['home_charging_compensation'] === true) {
    const key = 'home_charging_compensation'
    note(reading, { code: 'home_charging', at: source, key })
  }
}

/** Notes what is odd about the times. Answers whether the periods are out of the order of time. */
function noteOrder(
  source: Source,
  { startMs, endMs, periods }: Span & { periods: readonly Period[] },
): boolean {
  const { reading } = source
  if (endMs !== null && endMs < startMs)
    note(reading, { code: 'end_before_start', at: source, key: namesOf(source).endKey })
  const first = periods[0]
  if (first === undefined)
    note(reading, { code: 'no_periods', at: source, key: 'charging_periods' })
  else if (first.startMs !== startMs)
    note(reading, { code: 'first_period_offset', at: first.source })
  let isOutOfOrder = false
  let previousMs = Number.NEGATIVE_INFINITY
  for (const period of periods) {
    const at = period.source
    if (period.startMs < previousMs) {
      isOutOfOrder = true
      note(reading, { code: 'periods_out_of_order', at })
    }
    if (period.startMs < startMs || (endMs !== null && period.startMs > endMs))
      note(reading, { code: 'period_outside_session', at })
    if (period.startMs === PLACEHOLDER_MS) note(reading, { code: 'time_placeholder', at })
    if (isLonger(period)) note(reading, { code: 'volume_longer_than_period', at })
    previousMs = period.startMs
  }
  return isOutOfOrder
}

/** Periods cannot overlap, each ends where the next begins; times longer than their period are how that shows. */
function isLonger({ startMs, endMs, timeH, parkingH, reservationH }: Period): boolean {
  if (endMs === null || (isZero(timeH) && isZero(parkingH) && isZero(reservationH))) return false
  const hours = add(add(timeH, parkingH), reservationH)
  return compare(multiply(hours, HOUR_MS), whole(endMs - startMs + OVERLAP_MS)) > 0
}
