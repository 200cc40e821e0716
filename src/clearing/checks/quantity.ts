import type { Decimal } from '../decimal.ts'
import { exactly, multiply, ratio, readDecimal, shownText, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case } from '../input.ts'
import {
  compared,
  durationText,
  energyText,
  energyTolerance,
  hasPlaceholder,
  parameterOf,
  whenText,
} from '../compare.ts'
import { riskOfEnergy } from '../risks.ts'
import { PARAMETERS } from '../rules.ts'
import { connectorMaxKw } from '../connector-power.ts'

/**
 * Q3: more energy than the connector can give, in a charging period of a minute or more, or in the whole session.
 * Meter readings are not taken at the very second, so a minute and the energy tolerance come on top.
 */
export function checkPower(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const connector = input.known?.place?.connector
  const power = readDecimal(connectorMaxKw(connector) ?? input.location?.maxPowerKw)
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
  const most = (piece: { start: number; end: number }): Decimal =>
    mostEnergy(subject, { power, durationMs: piece.end - piece.start })
  const wrong = judged.find((piece) => piece.energy > most(piece))
  if (wrong === undefined) return []
  const expected = most(wrong)
  const inputs = [
    { field: wrong.field, source: 'cdr' as const, value: textOf(wrong.energy) },
    { field: '/max_electric_power', source: 'location' as const, value: textOf(power) },
  ]
  const factor = parameterOf(input.agreement, { code: 'Q3', name: 'power_factor' })
  const risked = riskOfEnergy(subject, wrong.energy - expected)
  const words = {
    start: whenText(subject, wrong.start),
    end: whenText(subject, wrong.end),
    power: textOf(power),
    expected: shownText(expected, { places: 3 }),
  }
  return [
    {
      code: 'Q3',
      inputs,
      words,
      unit: 'kWh',
      risk: risked.risk,
      steps: [
        `${textOf(power)} kW × ${shownText(factor, { places: 4 })} × ${durationText(wrong.end - wrong.start + PARAMETERS.shortPeriodMs)} + ${energyText(energyTolerance(subject, 0n))} = ${energyText(expected)}`,
        `${energyText(wrong.energy)} − ${energyText(expected)} = ${energyText(wrong.energy - expected)}`,
        ...risked.steps,
      ],
      ...compared({ expected, actual: wrong.energy, tolerance: 0n }),
    },
  ]
}

function mostEnergy(
  subject: Case,
  { power, durationMs }: { power: Decimal; durationMs: number },
): Decimal {
  const factor = parameterOf(subject.input.agreement, { code: 'Q3', name: 'power_factor' })
  const hours = ratio(BigInt(durationMs + PARAMETERS.shortPeriodMs), 3_600_000n)
  const energy = multiply(multiply(power, factor), hours)
  return energy + energyTolerance(subject, 0n)
}
