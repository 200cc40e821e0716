import { compare, isNegative, isZero } from '../exact.ts'
import { DAY_MS, hasWeekday } from './boxes.ts'
import { report } from './findings.ts'
import type { Findings } from './findings.ts'
import { instantAt } from './head.ts'
import { clockAt, dayAt, isBound, weekdaysOf } from './regions.ts'
import type { Quantity } from './regions.ts'
import { exactAt, listAt } from './terms.ts'
import type { Element, Json } from './terms.ts'
import type { LintVersion } from './types.ts'

type Look = {
  readonly findings: Findings
  readonly pointer: string
  readonly version: LintVersion
  readonly sendsMeter: boolean | undefined
}

const WHOLE_WEEK = 127
/** No place is further from UTC. */
const ZONE_MS = 14 * 3_600_000

/** What the restrictions of one element say that they should not: never, always, or something else than was meant. */
export function lintRestrictions(
  tariff: Json,
  element: Element,
  options: Omit<Look, 'pointer'>,
): void {
  const { restrictions, isAlways } = element
  if (restrictions === null) return
  const look = { ...options, pointer: `${element.pointer}/restrictions` }
  if (isAlways && !hasUnknown(restrictions)) tell(look, 'restrictions_empty')
  for (const quantity of ['kwh', 'duration', 'current', 'power'] as const)
    lintRange(restrictions, quantity, look)
  lintMeters(restrictions, look)
  lintWindow(restrictions, look)
  lintWeekdays(restrictions, look)
  lintDates(tariff, restrictions, look)
}

/** A misspelled restriction was meant to restrict; it has a finding of its own. */
function hasUnknown(restrictions: Json): boolean {
  return Object.values(restrictions).some(
    (value) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
}

function lintRange(restrictions: Json, quantity: Quantity, look: Look): void {
  const [min, max] = [`min_${quantity}`, `max_${quantity}`]
  const [from, to] = [exactAt(restrictions, min), exactAt(restrictions, max)]
  const isMeter = quantity === 'current' || quantity === 'power'
  if (from !== null && to !== null && compare(from, to) >= 0) {
    const code = isMeter ? 'meter_range_reversed' : 'range_empty'
    tell(look, code, { key: max, names: { min, max } })
  }
  if (to !== null && (isZero(to) || isNegative(to)))
    tell(look, 'max_zero', { key: max, names: { field: max } })
  if (from === null || !isZero(from)) return
  const hint = isMeter
    ? `, but now the price applies only where charging periods state the ${quantity}`
    : ''
  tell(look, 'min_zero', { key: min, names: { field: min, hint } })
}

function lintMeters(restrictions: Json, look: Look): void {
  const isPower = isBound(restrictions, 'power')
  if (isPower && look.version === '2.1.1') tell(look, 'power_unmeasured')
  if (look.sendsMeter === false && (isPower || isBound(restrictions, 'current')))
    tell(look, 'meter_not_sent')
}

function lintWindow(restrictions: Json, look: Look): void {
  const start = clockAt(restrictions, 'start_time')
  const end = clockAt(restrictions, 'end_time')
  if (typeof start === 'number' && start === end)
    tell(look, 'window_whole_day', { key: 'end_time' })
  if (start === 0 && end === null) tell(look, 'window_from_midnight', { key: 'start_time' })
  if (start === null && end === 0) tell(look, 'midnight_end_alone', { key: 'end_time' })
}

function lintWeekdays(restrictions: Json, look: Look): void {
  if (listAt(restrictions, 'day_of_week').length > 0 && weekdaysOf(restrictions) === WHOLE_WEEK)
    tell(look, 'weekdays_all', { key: 'day_of_week' })
}

function lintDates(tariff: Json, restrictions: Json, look: Look): void {
  const start = dayAt(restrictions, 'start_date') ?? null
  const end = dayAt(restrictions, 'end_date') ?? null
  if (start === null && end === null) return
  tell(look, 'element_dates', { key: start === null ? 'end_date' : 'start_date' })
  if (start !== null && end !== null) {
    if (end <= start) return tell(look, 'date_window_empty', { key: 'end_date' })
    const weekdays = weekdaysOf(restrictions)
    if (weekdays !== null && !hasWeekday(weekdays, { from: start, to: end }))
      return tell(look, 'weekdays_outside_dates', { key: 'day_of_week' })
  }
  lintAgainstValidity({ start, end }, { tariff, look })
}

/**
 * Dates are local and the validity is UTC, so the largest offset is left on either side; a session that begins before the
 * tariff ends may take another day.
 */
function lintAgainstValidity(
  { start, end }: { start: number | null; end: number | null },
  { tariff, look }: { tariff: Json; look: Look },
): void {
  const from = instantAt(tariff, 'start_date_time')
  const to = instantAt(tariff, 'end_date_time')
  const isBefore = from !== null && end !== null && end * DAY_MS + ZONE_MS <= from
  const isAfter = to !== null && start !== null && (start - 1) * DAY_MS - ZONE_MS >= to
  if (isBefore || isAfter)
    return tell(look, 'dates_outside_validity', { key: isBefore ? 'end_date' : 'start_date' })
  if (from !== null && start !== null && (start + 1) * DAY_MS + ZONE_MS <= from)
    tell(look, 'dates_beyond_validity', { key: 'start_date', names: { field: 'start_date' } })
  if (to !== null && end !== null && (end - 1) * DAY_MS - ZONE_MS >= to)
    tell(look, 'dates_beyond_validity', { key: 'end_date', names: { field: 'end_date' } })
}

function tell(
  { findings, pointer }: Look,
  code: Parameters<typeof report>[1]['code'],
  { key, names }: { key?: string; names?: Record<string, string> } = {},
): void {
  report(findings, {
    code,
    pointer: key === undefined ? pointer : `${pointer}/${key}`,
    names,
  })
}
