import type { Decimal } from './decimal.ts'
import { absolute, exactly, largest, multiply, shownText, textOf } from './decimal.ts'
import type { Case } from './input.ts'
import type { CdrFacts } from './read.ts'
import { PARAMETERS } from './rules.ts'

/**
 * How far an amount may be from the expected one: the larger of the agreement's absolute and relative tolerance, and
 * never less than half a minor unit, because OCPI defines no rounding and an amount on paper has to be rounded.
 */
export function costTolerance(subject: Case, expected: Decimal): Decimal {
  const { absolute: least, relative } = subject.input.agreement.tolerance.cost
  const share = multiply(absolute(expected), exactly(relative))
  return largest(exactly(least), share, subject.minorUnit / 2n)
}

/** An amount for a sentence with its code: the currency's decimals or more, at most six. Findings carry all. */
export function moneyText(subject: Case, amount: Decimal): string {
  const text = shownText(amount, { places: 6, placesMin: subject.digits })
  return `${text} ${subject.facts.currency}`
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

/** The larger of the absolute and the relative energy tolerance, in kWh. */
export function energyTolerance(expected: Decimal): Decimal {
  const share = multiply(absolute(expected), exactly(PARAMETERS.energyToleranceShare))
  return largest(exactly(PARAMETERS.energyToleranceKwh), share)
}

/** ISO 8601 in UTC, for findings. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z')
}

/** True when the start or the end is a placeholder: checks that compute with them have nothing to say then. */
export function hasPlaceholder(facts: CdrFacts): boolean {
  return isPlaceholder(facts.start) || isPlaceholder(facts.end)
}

/** True for a time that stands for an unknown one: 1970-01-01 in any zone. */
export function isPlaceholder(time: number): boolean {
  return time < PARAMETERS.placeholderBeforeMs
}
