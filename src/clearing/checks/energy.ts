import {
  compared,
  energyText,
  energyTolerance,
  parameterOf,
  toleranceFor,
  whenText,
} from '../compare.ts'
import { absolute, exactly, readDecimal, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { SessionStep } from '../known.ts'
import { riskOfEnergy } from '../risks.ts'
import { isBidirectional, provenEnergy } from './meter.ts'

/** Q5: energy delivered to a vehicle is never negative, and what a session counted is not taken back. */
export function checkNegativeEnergy(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  if (isBidirectional(input.cdr.value)) return []
  const { energy, periods } = facts
  const stated = [
    { field: '/total_energy', name: 'The total energy', value: energy },
    ...periods.map((period, index) => ({
      field: period.pointer,
      name: `The energy of charging period ${index + 1}`,
      value: period.energy ?? 0n,
    })),
  ]
  const negative = stated.find((one) => one.value < 0n)
  if (negative === undefined) return checkCount(subject)
  const actual = textOf(negative.value)
  const inputs = [{ field: negative.field, source: 'cdr' as const, value: actual }]
  const what = `${negative.name} is ${energyText(negative.value)}. Energy delivered to a vehicle cannot be negative.`
  const figures = { actual, expected: '0', difference: actual, unit: 'kWh' }
  return [{ code: 'Q5', inputs, ...figures, words: { what } }]
}

/**
 * Q5: the energy that the session stated went down, in the order in which it was stated; what was stated for the same
 * instant, in the order of receipt, and what completed the session last. Who corrects a CDR corrects its session too: of
 * a replacement only what it bills beyond the lower count is at risk. What the meter signed decides.
 */
function checkCount(subject: Case): readonly Draft[] {
  const steps = (subject.input.known?.sessionSteps ?? [])
    .flatMap((step) => {
      const kwh = readDecimal(step.kwh)
      return kwh === null ? [] : [{ step, kwh, at: timeOf(step) }]
    })
    .toSorted((a, b) => a.at - b.at || order(a.step) - order(b.step))
  for (const [index, one] of steps.entries()) {
    const before = steps[index - 1]
    if (before === undefined) continue
    const tolerance = energyTolerance(subject, before.kwh)
    if (one.kwh >= before.kwh - tolerance) continue
    const taken = before.kwh - one.kwh
    const beyond = subject.facts.energy - one.kwh
    const isCorrection = subject.input.known?.replaced?.isCredited === true
    const { risk, steps: sums } = riskOfEnergy(
      subject,
      isCorrection && beyond < taken ? beyond : taken,
    )
    const proof = provenStep(subject)
    const what =
      `The session stated ${energyText(before.kwh)} at ${whenText(subject, before.at)} and only ` +
      `${energyText(one.kwh)} at ${whenText(subject, one.at)}. Energy that was delivered is not taken back.`
    const inputs = [before, one].map(({ step }) => stepInput(step))
    const sum = `${energyText(one.kwh)} − ${energyText(before.kwh)} = ${energyText(-taken)}`
    const figures = compared({ expected: before.kwh, actual: one.kwh, tolerance })
    return [
      {
        code: 'Q5',
        inputs,
        words: { what },
        unit: 'kWh',
        risk,
        steps: [sum, ...sums, ...(proof === null ? [] : [proof])],
        ...(proof === null ? {} : { milder: 'W' as const }),
        ...figures,
      },
    ]
  }
  return []
}

/** Says that the meter signed what the CDR bills; null: it did not, or nobody knows. */
export function provenStep(subject: Case): string | null {
  const proven = provenEnergy(subject)
  return proven !== null && absolute(subject.facts.energy - proven.kwh) <= proven.noise
    ? `the meter signed ${energyText(proven.kwh)}, which decides`
    : null
}

/** Q2: total_energy against the record of the eMSP, which may have it from the vehicle, behind the losses. */
export function checkRecordEnergy(subject: Case): readonly Draft[] {
  const { known, cdr, agreement } = subject.input
  const expected = readDecimal(known?.record?.kwh)
  if (expected === null) return []
  const actual = subject.facts.energy
  const absoluteKwh = parameterOf(agreement, { code: 'Q2', name: 'absolute_kwh' })
  const relative = parameterOf(agreement, { code: 'Q2', name: 'relative' })
  const tolerance = toleranceFor(
    { absolute: textOf(absoluteKwh), relative: textOf(relative) },
    expected,
  )
  if (absolute(actual - expected) <= tolerance) return []
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/total_energy', source: 'record' as const, value: textOf(expected) },
  ]
  const { risk } = riskOfEnergy(subject, actual - expected)
  const words = { receiver: cdr.receiver }
  return [
    { code: 'Q2', inputs, words, unit: 'kWh', risk, ...compared({ expected, actual, tolerance }) },
  ]
}

/** Q4: more than the battery of any vehicle. */
export function checkCapacity(subject: Case): readonly Draft[] {
  const expected = exactly(subject.input.agreement.capacityKwhMax)
  const actual = subject.facts.energy
  if (actual <= expected) return []
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/capacity_kwh_max', source: 'agreement' as const, value: textOf(expected) },
  ]
  const { risk } = riskOfEnergy(subject, actual - expected)
  return [
    { code: 'Q4', inputs, unit: 'kWh', risk, ...compared({ expected, actual, tolerance: 0n }) },
  ]
}

function order({ status }: SessionStep): number {
  return status === 'COMPLETED' ? 1 : 0
}

/** When a session said something, by its own clock where it says so, epoch milliseconds. */
export function timeOf({ lastUpdated, receivedAt }: SessionStep): number {
  return (lastUpdated ?? receivedAt).getTime()
}

function stepInput({ kwh, receivedAt, hash }: SessionStep): DraftInput {
  return { field: '/kwh', source: 'session', value: kwh, receivedAt, hash }
}
