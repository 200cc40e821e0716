import { compare, isNegative, isZero } from '../exact.ts'
import type { Exact } from '../exact.ts'
import { dayNumber, timeOfDay } from '../instant.ts'
import {
  CURRENT_HIGH,
  CURRENT_LOW,
  cutTo,
  DATE,
  DAY_MS,
  DURATION,
  END,
  isPossible,
  KWH,
  onWeekdays,
  POWER_HIGH,
  POWER_LOW,
  TIME,
  UNIVERSE,
} from './boxes.ts'
import type { Box } from './boxes.ts'
import { exactAt, listAt, textAt } from './terms.ts'
import type { Element, Json } from './terms.ts'
import type { LintVersion } from './types.ts'

/** A number that a tariff names in a restriction, and the text it was sent as. */
type Edge = { readonly value: Exact; readonly text: string }

/** The numbers above zero that the restrictions of a tariff name, in order; one that is named twice is there twice. */
export type Edges = Readonly<Record<Quantity, readonly Edge[]>>

export type Quantity = 'kwh' | 'duration' | 'current' | 'power'
const QUANTITIES: readonly Quantity[] = ['kwh', 'duration', 'current', 'power']

const WEEKDAY_NAMES = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']

export function edgesOf(elements: readonly Element[]): Edges {
  const all: Record<Quantity, Edge[]> = { kwh: [], duration: [], current: [], power: [] }
  for (const { restrictions } of elements) {
    if (restrictions === null) continue
    for (const quantity of QUANTITIES)
      for (const key of [`min_${quantity}`, `max_${quantity}`]) {
        const value = exactAt(restrictions, key)
        if (value !== null && isAbove(value))
          all[quantity].push({ value, text: String(restrictions[key]) })
      }
  }
  for (const edges of Object.values(all)) edges.sort((a, b) => compare(a.value, b.value))
  return all
}

function isAbove(value: Exact): boolean {
  return !isNegative(value) && !isZero(value)
}

/** The place of a number between the edges: 0 up to the first of them, 1 from there on, … Equal ones share the first. */
function placeOf(value: Exact, edges: readonly Edge[]): number {
  return isAbove(value) ? 1 + edges.findIndex((edge) => compare(edge.value, value) === 0) : 0
}

/**
 * The moments at which an element applies, as pricing reads its restrictions; empty when there is none, null when a
 * restriction cannot be read. OCPI 2.1.1 has no MIN_POWER and MAX_POWER, so nothing meets a restriction on power there.
 */
export function regionOf(
  { restrictions }: Element,
  { edges, version }: { edges: Edges; version: LintVersion },
): readonly Box[] | null {
  if (restrictions === null) return [UNIVERSE]
  const window = readWindow(restrictions)
  const dates = readDates(restrictions)
  const weekdays = weekdaysOf(restrictions)
  if (window === null || dates === null || weekdays === null) return null
  if (!QUANTITIES.every((quantity) => isReadable(restrictions, quantity))) return null
  if (version === '2.1.1' && isBound(restrictions, 'power')) return []
  let box = onWeekdays(cutTo(UNIVERSE, DATE, dates), weekdays)
  box = cutTo(box, KWH, rangeOf(restrictions, 'kwh', edges))
  box = cutTo(box, DURATION, rangeOf(restrictions, 'duration', edges))
  if (isBound(restrictions, 'current'))
    box = metered(box, rangeOf(restrictions, 'current', edges), [CURRENT_HIGH, CURRENT_LOW])
  if (isBound(restrictions, 'power'))
    box = metered(box, rangeOf(restrictions, 'power', edges), [POWER_HIGH, POWER_LOW])
  return window.map((each) => cutTo(box, TIME, each)).filter(isPossible)
}

/** A minimum is held against the highest value and a maximum against the lowest; both have to be stated. */
function metered(box: Box, { from, to }: Interval, [high, low]: readonly [number, number]): Box {
  return cutTo(cutTo(box, high, { from, to: END }), low, { from: 0, to })
}

type Interval = { readonly from: number; readonly to: number }

function rangeOf(restrictions: Json, quantity: Quantity, edges: Edges): Interval {
  const min = exactAt(restrictions, `min_${quantity}`)
  const max = exactAt(restrictions, `max_${quantity}`)
  return {
    from: min === null ? 0 : placeOf(min, edges[quantity]),
    to: max === null ? END : placeOf(max, edges[quantity]),
  }
}

export function isBound(restrictions: Json, quantity: Quantity): boolean {
  return isStated(restrictions, `min_${quantity}`) || isStated(restrictions, `max_${quantity}`)
}

function isReadable(restrictions: Json, quantity: Quantity): boolean {
  return [`min_${quantity}`, `max_${quantity}`].every(
    (key) => !isStated(restrictions, key) || exactAt(restrictions, key) !== null,
  )
}

function isStated(restrictions: Json, key: string): boolean {
  return restrictions[key] !== undefined && restrictions[key] !== null
}

/** The parts of the day in which it applies, as pricing reads start_time and end_time; null when unreadable. */
function readWindow(restrictions: Json): readonly Interval[] | null {
  const start = clockAt(restrictions, 'start_time')
  const end = clockAt(restrictions, 'end_time')
  if (start === undefined || end === undefined) return null
  if (start === end || (start === null && end === 0)) return [{ from: 0, to: DAY_MS }]
  const [from, to] = [start ?? 0, end ?? DAY_MS]
  if (from <= to) return [{ from, to }]
  // The window wraps past midnight.
  return [
    { from, to: DAY_MS },
    { from: 0, to },
  ]
}

/** Null: absent; undefined: unreadable. */
export function clockAt(restrictions: Json, key: string): number | null | undefined {
  return readAt(restrictions, key, timeOfDay)
}

function readDates(restrictions: Json): Interval | null {
  const start = dayAt(restrictions, 'start_date')
  const end = dayAt(restrictions, 'end_date')
  return start === undefined || end === undefined ? null : { from: start ?? -END, to: end ?? END }
}

/** Null: absent; undefined: unreadable. */
export function dayAt(restrictions: Json, key: string): number | null | undefined {
  return readAt(restrictions, key, dayNumber)
}

function readAt(
  restrictions: Json,
  key: string,
  read: (text: string) => number | null,
): number | null | undefined {
  if (!isStated(restrictions, key)) return null
  const text = textAt(restrictions, key)
  return text === null ? undefined : (read(text) ?? undefined)
}

/** The weekdays as bits, all of them when none is listed; null when unreadable. */
export function weekdaysOf(restrictions: Json): number | null {
  if (isStated(restrictions, 'day_of_week') && !Array.isArray(restrictions['day_of_week']))
    return null
  const days = listAt(restrictions, 'day_of_week').map((day) =>
    WEEKDAY_NAMES.findIndex((name) => name === day),
  )
  if (days.includes(-1)) return null
  return days.length === 0 ? 127 : days.reduce((bits, day) => bits | (1 << day), 0)
}
