import { localTime, zoneNamed } from '../pricing/time-zone.ts'
import { assert } from '../assert.ts'
import type { Decimal } from './decimal.ts'
import {
  absolute,
  decimalsOf,
  exactly,
  largest,
  multiply,
  ratio,
  shownText,
  textOf,
  unitOf,
} from './decimal.ts'
import type { Case } from './input.ts'
import type { CdrFacts } from './read.ts'
import type { FindingCode } from './rules.ts'
import { PARAMETERS, ruleOf } from './rules.ts'
import type { ClearingTerms, Tolerance } from './terms.ts'

/** A number of a rule, as agreed or else from the table. */
export function parameterOf(
  agreement: Pick<ClearingTerms, 'parameters'>,
  where: { code: FindingCode; name: string },
): Decimal {
  const { code, name } = where
  const value = agreement.parameters[code]?.[name] ?? ruleOf(code)?.parameters?.[name]
  assert(value !== undefined, `the rule ${code} has no number ${name}`)
  return exactly(value)
}

/** The same of a time, which is stated in seconds, in milliseconds. */
export function parameterMs(
  agreement: Pick<ClearingTerms, 'parameters'>,
  where: { code: FindingCode; name: string },
): number {
  return Number(textOf(parameterOf(agreement, where))) * 1_000
}

/**
 * How far an amount may be from the expected one: the larger of the agreement's absolute and relative tolerance, and
 * never less than half a minor unit, because OCPI defines no rounding and an amount on paper has to be rounded.
 */
export function costTolerance(subject: Case, expected: Decimal): Decimal {
  return largest(
    toleranceFor(subject.input.agreement.tolerance.cost, expected),
    subject.minorUnit / 2n,
  )
}

/** The larger of the absolute and the relative energy tolerance, in kWh. */
export function energyTolerance(subject: Case, expected: Decimal): Decimal {
  return toleranceFor(subject.input.agreement.tolerance.energy, expected)
}

/** The larger of the absolute and the relative tolerance of durations, in hours like them. */
export function durationTolerance(subject: Case, hours: Decimal): Decimal {
  const { absolute_s: seconds, relative } = subject.input.agreement.tolerance.duration
  return toleranceFor({ absolute: textOf(exactly(seconds) / 3_600n), relative }, hours)
}

/** The larger of a limit and a share of what is expected. */
export function toleranceFor(tolerance: Tolerance, expected: Decimal): Decimal {
  const share = multiply(absolute(expected), exactly(tolerance.relative))
  return largest(exactly(tolerance.absolute), share)
}

/** An amount for a sentence with its code: the currency's decimals or more, at most six. Findings carry all. */
export function moneyText(subject: Case, amount: Decimal): string {
  const text = shownText(amount, { places: 6, placesMin: subject.digits })
  return `${text} ${subject.facts.currency}`
}

/**
 * A tolerance for a sentence, cut to the decimals of the currency or of the difference that is told beside it: whatever
 * has so many decimals is within both alike.
 */
export function toleranceText(
  subject: Case,
  { tolerance, apart }: { tolerance: Decimal; apart: Decimal },
): string {
  const unit = unitOf(Math.min(Math.max(subject.digits, decimalsOf(apart)), 6))
  return moneyText(subject, tolerance - (tolerance % unit))
}

/** An energy for a sentence, in kWh with at most four decimals. */
export function energyText(energy: Decimal): string {
  return `${shownText(energy, { places: 4 })} kWh`
}

/** The exact amounts of a comparison: expected, actual, actual − expected, and the tolerance, as finding fields. */
export function compared(values: { expected: Decimal; actual: Decimal; tolerance: Decimal }): {
  expected: string
  actual: string
  difference: string
  tolerance: string
} {
  return {
    expected: textOf(values.expected),
    actual: textOf(values.actual),
    difference: textOf(values.actual - values.expected),
    tolerance: textOf(values.tolerance),
  }
}

type Graded = ReturnType<typeof compared> & { milder?: 'W' }

/** The finding fields of a comparison; within the tolerance the rule's severity gives way to a warning. */
export function graded(values: { expected: Decimal; actual: Decimal; tolerance: Decimal }): Graded {
  const fields = compared(values)
  return absolute(values.actual - values.expected) <= values.tolerance
    ? { ...fields, milder: 'W' }
    : fields
}

/** ISO 8601 in UTC, for the figures of findings. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z')
}

/** A time for a person: by the clock of the place where its zone is known, with UTC beside it. */
export function whenText(subject: Case, epochMs: number): string {
  const utc = clockText(epochMs)
  const name = subject.zone
  const zone = name === null ? null : zoneNamed(name)
  if (name === null || zone === null) return `${utc.day} ${utc.time} UTC`
  const { day, msOfDay } = localTime(zone, epochMs)
  const local = clockText(day * 86_400_000 + msOfDay)
  const other = local.day === utc.day ? utc.time : `${utc.day} ${utc.time}`
  return `${local.day} ${local.time} ${name} (${other} UTC)`
}

function clockText(epochMs: number): { day: string; time: string } {
  const [day = '', time = ''] = timeText(epochMs)
    .replace(/(\.\d+)?Z$/, '')
    .split('T')
  return { day, time: time.endsWith(':00') ? time.slice(0, -3) : time }
}

/** A duration for a person: `2 h 5 min`, `45 s`. */
export function durationText(durationMs: number): string {
  const seconds = Math.round(Math.abs(durationMs) / 1_000)
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const stated = parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`]))
  return stated.length === 0 ? '0 s' : stated.slice(0, 3).join(' ')
}

/** A count with its word, of one or of many: `1 day`, `2.5 days`. */
export function countText(count: number | string, word: string): string {
  return `${count} ${word}${Number(count) === 1 ? '' : 's'}`
}

/** `a, b and c`. */
export function listText(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

export function hoursOf(durationMs: number): Decimal {
  return ratio(BigInt(Math.round(durationMs)), 3_600_000n)
}

/** True when the start or the end is a placeholder: checks that compute with them have nothing to say then. */
export function hasPlaceholder(facts: CdrFacts): boolean {
  return isPlaceholder(facts.start) || isPlaceholder(facts.end)
}

/** True for a time that stands for an unknown one: 1970-01-01 in any zone. */
export function isPlaceholder(time: number): boolean {
  return time < PARAMETERS.placeholderBeforeMs
}
