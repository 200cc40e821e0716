import { compare } from './exact.ts'
import type { Exact } from './exact.ts'
import { timeOfDay } from './instant.ts'
import { dayAt, exactAt, listAt, note, textAt, unreadable } from './reading.ts'
import type { Reading, Source } from './reading.ts'
import type { Period } from './session.ts'
import type { LocalTime } from './time-zone.ts'

type Range = { readonly min: Exact | null; readonly max: Exact | null }

/** Restrictions of a tariff element that depend on the place's clock. Bounds are milliseconds of the day and days. */
type LocalRestrictions = {
  readonly startMs: number | null
  readonly endMs: number | null
  readonly startDay: number | null
  readonly endDay: number | null
  /** Bit 0 = Sunday … bit 6 = Saturday; null: every day. */
  readonly weekdays: number | null
}

/** Conditions of a tariff element, all of which have to hold (OCPI 2.2.1, TariffRestrictions). */
export type Restrictions = {
  readonly kwh: Range
  readonly durationS: Range
  readonly current: Range
  readonly power: Range
  readonly local: LocalRestrictions | null
}

/** The situation in which a component is chosen: the start of a period, or another moment when auditing it. */
export type Moment = {
  readonly period: Period
  /** Energy of the session up to here. */
  readonly kwh: Exact
  /** Seconds since the session start, whatever the vehicle did. */
  readonly durationS: Exact
  /** Null when the time zone is unknown. */
  readonly local: LocalTime | null
}

const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
const DAY_MS = 86_400_000

/**
 * Do all restrictions hold at this moment? Lower bounds are included, upper bounds excluded. 'time_zone' when everything
 * else holds and the answer depends on a local time that is unknown.
 */
export function isMet(
  restrictions: Restrictions,
  { moment, reading }: { moment: Moment; reading: Reading },
): boolean | 'time_zone' {
  if (!isWithin(restrictions.kwh, moment.kwh)) return false
  if (!isWithin(restrictions.durationS, moment.durationS)) return false
  const { period } = moment
  const currents = {
    range: restrictions.current,
    lowest: period.minCurrent,
    highest: period.maxCurrent,
  }
  if (!isSpanWithin(currents, { reading, period })) return false
  const powers = { range: restrictions.power, lowest: period.minPower, highest: period.maxPower }
  if (!isSpanWithin(powers, { reading, period })) return false
  if (restrictions.local === null) return true
  return moment.local === null ? 'time_zone' : isLocalMet(restrictions.local, moment.local)
}

export function readRestrictions(source: Source): Restrictions {
  return {
    kwh: rangeAt(source, 'kwh'),
    durationS: rangeAt(source, 'duration'),
    current: rangeAt(source, 'current'),
    power: rangeAt(source, 'power'),
    local: readLocal(source),
  }
}

function isWithin(range: Range, value: Exact): boolean {
  if (range.min !== null && compare(value, range.min) < 0) return false
  return range.max === null || compare(value, range.max) < 0
}

/** A minimum is held against the highest value of the period and a maximum against the lowest, where both are stated. */
function isSpanWithin(
  { range, lowest, highest }: { range: Range; lowest: Exact | null; highest: Exact | null },
  { reading, period }: { reading: Reading; period: Period },
): boolean {
  if (range.min === null && range.max === null) return true
  const forMin = highest ?? lowest
  const forMax = lowest ?? highest
  if (forMin === null || forMax === null) {
    note(reading, { code: 'dimension_missing', pointer: period.pointer })
    return false
  }
  if (range.min !== null && compare(forMin, range.min) < 0) return false
  return range.max === null || compare(forMax, range.max) < 0
}

function isLocalMet(restrictions: LocalRestrictions, local: LocalTime): boolean {
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

function rangeAt(source: Source, name: string): Range {
  return { min: exactAt(source, `min_${name}`), max: exactAt(source, `max_${name}`) }
}

function readLocal(source: Source): LocalRestrictions | null {
  const { startMs, endMs } = readWindow(source)
  const startDay = dayAt(source, 'start_date')
  const endDay = dayAt(source, 'end_date')
  const weekdays = readWeekdays(source)
  const isFree =
    startMs === null && endMs === null && startDay === null && endDay === null && weekdays === null
  return isFree ? null : { startMs, endMs, startDay, endDay, weekdays }
}

/** The daily window; both bounds null when it is open all day, so that no time zone is needed for it. */
function readWindow(source: Source): { startMs: number | null; endMs: number | null } {
  const allDay = { startMs: null, endMs: null }
  const startMs = clockAt(source, 'start_time')
  const endMs = clockAt(source, 'end_time')
  // "To stop at the end of the day use 00:00" (OCPI 2.2.1, TariffRestrictions), also where no start is given.
  if (startMs === null && (endMs === 0 || endMs === DAY_MS)) return allDay
  if (startMs === null || startMs !== endMs) return { startMs, endMs }
  note(source.reading, { code: 'window_whole_day', pointer: source.pointer })
  return allDay
}

function clockAt(source: Source, key: string): number | null {
  const text = textAt(source, key)
  if (text === null) return null
  return timeOfDay(text) ?? unreadable(source, { key, is: 'not a time of day', instead: 0 })
}

function readWeekdays(source: Source): number | null {
  const days = listAt(source, 'day_of_week')
  if (days.length === 0) return null
  return days.reduce<number>((bits, day) => {
    const index = typeof day === 'string' ? WEEKDAYS.indexOf(day) : -1
    return index < 0
      ? unreadable(source, { key: 'day_of_week', is: 'not a list of weekdays', instead: 0 })
      : bits | (1 << index)
  }, 0)
}
