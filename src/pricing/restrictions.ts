import { compare, isNegative, multiply, scaled, whole } from './exact.ts'
import type { Exact } from './exact.ts'
import { timeOfDay } from './instant.ts'
import type { PricingPolicy } from './policy.ts'
import { dayAt, fieldOf, listAt, note, textAt, unboundedAt, unreadable } from './reading.ts'
import type { Reading, Source } from './reading.ts'
import type { Period } from './session.ts'
import { localTime } from './time-zone.ts'
import type { LocalTime, Zone } from './time-zone.ts'

/** From `min`, included, to `max`, excluded. */
export type Range = { readonly min: Exact | null; readonly max: Exact | null }

/** Restrictions of a tariff element that depend on the place's clock. Bounds are milliseconds of the day and days. */
type LocalRestrictions = {
  readonly startMs: number | null
  readonly endMs: number | null
  readonly startDay: number | null
  readonly endDay: number | null
  /** Bit 0 = Sunday … bit 6 = Saturday; null: every day. */
  readonly weekdays: number | null
}

/** Conditions of a tariff element, all of which have to hold (OCPI 2.2.1, TariffRestrictions); null: no such condition. */
export type Restrictions = {
  /** By the policy no moment meets them. */
  readonly isNever: boolean
  readonly kwh: Range | null
  /** Whole milliseconds since the session start. */
  readonly duration: { readonly minMs: number; readonly maxMs: number } | null
  readonly current: Range | null
  readonly power: Range | null
  readonly local: LocalRestrictions | null
}

/** The situation in which a component is chosen: the start of a period, or another moment when auditing it. */
export type Moment = {
  readonly place: Place
  readonly period: Period
  readonly atMs: number
  /** Since the session start, whatever the vehicle did. */
  readonly durationMs: number
  /** Energy of the session up to here. */
  readonly kwh: Exact
  /** What a probe meets is not part of the bill, so it is not noted. */
  readonly isProbe: boolean
  /** Local time, once somebody asked. */
  local: LocalTime | null
}

/** Where and how moments are judged. */
export type Place = {
  readonly reading: Reading
  readonly policy: PricingPolicy
  /** Null: unknown. */
  readonly zone: Zone | null
  /** Did a restriction ask for the local time? */
  isLocalAsked: boolean
}

const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
const DAY_MS = 86_400_000
const SECOND_MS = whole(1000)
/** Longer than all of the time that timestamps can name. */
const MS_MAX = whole(1_000_000_000_000_000)

/**
 * Do all restrictions hold at this moment? Lower bounds are included, upper bounds excluded. 'time_zone' when everything
 * else holds and the answer depends on a local time that is unknown.
 */
export function isMet(restrictions: Restrictions, moment: Moment): boolean | 'time_zone' {
  const { kwh, duration, current, power, local } = restrictions
  if (restrictions.isNever) return false
  if (duration !== null) {
    const { durationMs } = moment
    if (durationMs < duration.minMs || durationMs >= duration.maxMs) return false
  }
  if (kwh !== null && !isWithin(kwh, moment.kwh)) return false
  const { period } = moment
  if (
    current !== null &&
    !isSpanWithin(current, { lowest: period.minCurrent, highest: period.maxCurrent, moment })
  )
    return false
  if (
    power !== null &&
    !isSpanWithin(power, { lowest: period.minPower, highest: period.maxPower, moment })
  )
    return false
  if (local === null) return true
  return localOf(moment) === null ? 'time_zone' : isLocalMet(local, localOf(moment))
}

function localOf(moment: Moment): LocalTime | null {
  if (moment.local !== null) return moment.local
  const { place } = moment
  place.isLocalAsked = true
  if (place.zone !== null) moment.local = localTime(place.zone, moment.atMs)
  return moment.local
}

function isWithin({ min, max }: Range, value: Exact): boolean {
  if (min !== null && compare(value, min) < 0) return false
  return max === null || compare(value, max) < 0
}

type Span = { readonly lowest: Exact | null; readonly highest: Exact | null }

/**
 * A minimum is held against the highest value of the period and a maximum against the lowest, where both are stated; or,
 * by the policy, each against its own.
 */
function isSpanWithin(
  { min, max }: Range,
  { lowest, highest, moment }: Span & { readonly moment: Moment },
): boolean {
  const { reading, policy } = moment.place
  const isCrossed = policy.meter_pairing === 'crossed'
  const forMin = isCrossed ? (highest ?? lowest) : lowest
  const forMax = isCrossed ? (lowest ?? highest) : highest
  if ((min !== null && forMin === null) || (max !== null && forMax === null)) {
    if (!moment.isProbe) note(reading, { code: 'dimension_missing', at: moment.period.source })
    if (policy.missing_meter !== 'met') return false
  }
  if (min !== null && forMin !== null && compare(forMin, min) < 0) return false
  return max === null || forMax === null || compare(forMax, max) < 0
}

function isLocalMet(restrictions: LocalRestrictions, local: LocalTime | null): boolean {
  if (local === null) return false
  const { startDay, endDay, weekdays } = restrictions
  if (startDay !== null && local.day < startDay) return false
  if (endDay !== null && local.day >= endDay) return false
  if (weekdays !== null && (weekdays & (1 << local.weekday)) === 0) return false
  return isInWindow(restrictions, local.msOfDay)
}

function isInWindow({ startMs, endMs }: LocalRestrictions, msOfDay: number): boolean {
  if (startMs === null || endMs === null) {
    return (startMs === null || msOfDay >= startMs) && (endMs === null || msOfDay < endMs)
  }
  if (startMs < endMs) return msOfDay >= startMs && msOfDay < endMs
  // The window wraps past midnight.
  return msOfDay >= startMs || msOfDay < endMs
}

/** Reads what restricts an element in time, energy and power; null when nothing does. */
export function readRestrictions(source: Source, policy: PricingPolicy): Restrictions | null {
  const kwh = rangeAt(source, 'min_kwh', 'max_kwh')
  const duration = readDuration(source)
  const current = rangeAt(source, 'min_current', 'max_current')
  const power = rangeAt(source, 'min_power', 'max_power')
  const window = readWindow(source, policy)
  const isNever = window === 'never'
  const local = readLocal(source, { window: isNever ? ALL_DAY : window, policy })
  const isMetered = policy.missing_meter !== 'ignored'
  if (
    !isNever &&
    kwh === null &&
    duration === null &&
    local === null &&
    (!isMetered || (current === null && power === null))
  )
    return null
  return {
    isNever,
    kwh,
    duration,
    current: isMetered ? current : null,
    power: isMetered ? power : null,
    local,
  }
}

function rangeAt(source: Source, minKey: string, maxKey: string): Range | null {
  const min = unboundedAt(source, minKey)
  const max = unboundedAt(source, maxKey)
  return min === null && max === null ? null : { min, max }
}

/** Durations are whole milliseconds, so a finer bound lies at the next one. */
function readDuration(source: Source): Restrictions['duration'] {
  const range = rangeAt(source, 'min_duration', 'max_duration')
  if (range === null) return null
  return {
    minMs: range.min === null ? Number.NEGATIVE_INFINITY : ceilMs(range.min),
    maxMs: range.max === null ? Number.POSITIVE_INFINITY : ceilMs(range.max),
  }
}

function ceilMs(seconds: Exact): number {
  const ms = multiply(seconds, SECOND_MS)
  if (compare(ms, MS_MAX) > 0) return Number.POSITIVE_INFINITY
  if (isNegative(ms)) return 0
  const near = Number(scaled(ms, 0))
  return compare(ms, whole(near)) > 0 ? near + 1 : near
}

function readLocal(
  source: Source,
  { window, policy }: { window: Window; policy: PricingPolicy },
): LocalRestrictions | null {
  const { startMs, endMs } = window
  const startDay = dayAt(source, 'start_date')
  const lastDay = dayAt(source, 'end_date')
  const endDay = lastDay !== null && policy.end_date === 'inclusive' ? lastDay + 1 : lastDay
  const weekdays = readWeekdays(source)
  const isFree =
    startMs === null && endMs === null && startDay === null && endDay === null && weekdays === null
  return isFree ? null : { startMs, endMs, startDay, endDay, weekdays }
}

type Window = { readonly startMs: number | null; readonly endMs: number | null }

const ALL_DAY: Window = { startMs: null, endMs: null }

/** The daily window; both bounds null when it is open all day, so that no time zone is needed for it. */
function readWindow(source: Source, policy: PricingPolicy): Window | 'never' {
  const startMs = clockAt(source, 'start_time')
  const endMs = clockAt(source, 'end_time')
  if (endMs === null) return startMs === null ? ALL_DAY : { startMs, endMs }
  // "To stop at the end of the day use 00:00" (OCPI 2.2.1, TariffRestrictions), also where no start is given.
  if (startMs === null) {
    if (endMs === DAY_MS) return ALL_DAY
    if (endMs !== 0) return { startMs, endMs }
    return policy.midnight_end === 'never' ? 'never' : ALL_DAY
  }
  if (startMs === endMs) {
    note(source.reading, { code: 'window_whole_day', at: source })
    return policy.equal_window === 'never' ? 'never' : ALL_DAY
  }
  return endMs < startMs && policy.wrapping_window === 'never' ? 'never' : { startMs, endMs }
}

function clockAt(source: Source, key: string): number | null {
  const text = textAt(source, key)
  if (text === null) return null
  return (
    timeOfDay(text) ?? unreadable(source, { key, is: 'not a time of day, as 08:00 is', instead: 0 })
  )
}

function readWeekdays(source: Source): number | null {
  if (fieldOf(source, 'day_of_week') === undefined) return null
  const days = listAt(source, 'day_of_week')
  if (days.length === 0) return null
  let bits = 0
  for (const day of days) {
    const index = typeof day === 'string' ? WEEKDAYS.indexOf(day) : -1
    if (index < 0)
      unreadable(source, {
        key: 'day_of_week',
        is: 'not a list of weekdays, as MONDAY is',
        instead: 0,
      })
    else bits |= 1 << index
  }
  return bits
}
