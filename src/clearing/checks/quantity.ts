import type { Decimal } from '../decimal.ts'
import { absolute, exactly, multiply, ratio, readDecimal, shownText, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case } from '../input.ts'
import { compared, energyTolerance, hasPlaceholder, timeText } from '../compare.ts'
import { at } from '../read.ts'
import { PARAMETERS } from '../rules.ts'
import { isCompleted } from './existence.ts'

/** Q5: energy delivered to a vehicle is never negative. */
export function checkNegativeEnergy(subject: Case): readonly Draft[] {
  const { energy, periods } = subject.facts
  const stated = [
    { field: '/total_energy', value: energy },
    ...periods.map((period) => ({ field: period.pointer, value: period.energy ?? 0n })),
  ]
  const negative = stated.find((one) => one.value < 0n)
  if (negative === undefined) return []
  const actual = textOf(negative.value)
  const inputs = [{ field: negative.field, source: 'cdr' as const, value: actual }]
  return [
    {
      code: 'Q5',
      inputs,
      actual,
      expected: '0',
      difference: actual,
      words: { field: negative.field },
    },
  ]
}

/** Q1: total_energy against the kwh of the completed session. */
export function checkSessionEnergy(subject: Case): readonly Draft[] {
  const { session } = subject.input
  if (session.state === 'missing' || !isCompleted(subject.input)) return []
  const expected = readDecimal(at(session.value, '/kwh'))
  if (expected === null) return []
  const actual = subject.facts.energy
  const tolerance = energyTolerance(expected)
  if (absolute(actual - expected) <= tolerance) return []
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/kwh', source: 'session' as const, value: textOf(expected) },
  ]
  return [{ code: 'Q1', inputs, ...compared({ expected, actual, tolerance }) }]
}

/**
 * Q3: more energy than the connector can give, in a charging period of a minute or more, or in the whole session.
 * Meter readings are not taken at the very second, so a minute and the energy tolerance come on top.
 */
export function checkPower(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const power = readDecimal(input.location?.maxPowerKw)
  if (power === null || power < exactly(PARAMETERS.powerBelievableKw)) return []
  if (hasPlaceholder(facts) || facts.end < facts.start) return []
  const pieces = facts.periods.map((period, index) => ({
    field: period.pointer,
    start: period.start,
    end: facts.periods[index + 1]?.start ?? facts.end,
    energy: period.energy ?? 0n,
  }))
  const whole = { field: '/total_energy', start: facts.start, end: facts.end, energy: facts.energy }
  const judged = [
    ...pieces.filter((piece) => piece.end - piece.start >= PARAMETERS.shortPeriodMs),
    whole,
  ]
  const wrong = judged.find((piece) => piece.energy > mostEnergy(power, piece.end - piece.start))
  if (wrong === undefined) return []
  const expected = mostEnergy(power, wrong.end - wrong.start)
  const inputs = [
    { field: wrong.field, source: 'cdr' as const, value: textOf(wrong.energy) },
    { field: '/max_electric_power', source: 'location' as const, value: textOf(power) },
  ]
  const words = {
    start: timeText(wrong.start),
    end: timeText(wrong.end),
    power: textOf(power),
    expected: shownText(expected, { places: 3 }),
  }
  return [
    { code: 'Q3', inputs, words, ...compared({ expected, actual: wrong.energy, tolerance: 0n }) },
  ]
}

function mostEnergy(powerKw: Decimal, durationMs: number): Decimal {
  const hours = ratio(BigInt(durationMs + PARAMETERS.shortPeriodMs), 3_600_000n)
  const energy = multiply(multiply(powerKw, exactly(PARAMETERS.powerFactor)), hours)
  return energy + exactly(PARAMETERS.energyToleranceKwh)
}
