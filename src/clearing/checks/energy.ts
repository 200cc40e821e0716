import {
  compared,
  durationText,
  energyText,
  energyTolerance,
  parameterOf,
  toleranceFor,
  whenText,
} from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { connectorMaxKw } from '../connector-power.ts'
import { absolute, exactly, multiply, ratio, readDecimal, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { SessionStep } from '../known.ts'
import { at } from '../read.ts'
import { riskOfEnergy } from '../risks.ts'
import { PARAMETERS } from '../rules.ts'
import { isCompleted } from './existence.ts'
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
 * instant, in the order of receipt, and what completed the session last.
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
    const { risk, steps: sums } = riskOfEnergy(subject, before.kwh - one.kwh)
    const what =
      `The session stated ${energyText(before.kwh)} at ${whenText(subject, before.at)} and only ` +
      `${energyText(one.kwh)} at ${whenText(subject, one.at)}. Energy that was delivered is not taken back.`
    const inputs = [before, one].map(({ step }) => stepInput(step))
    const taken = `${energyText(one.kwh)} − ${energyText(before.kwh)} = ${energyText(one.kwh - before.kwh)}`
    const figures = compared({ expected: before.kwh, actual: one.kwh, tolerance })
    return [
      {
        code: 'Q5',
        inputs,
        words: { what },
        unit: 'kWh',
        risk,
        steps: [taken, ...sums],
        ...figures,
      },
    ]
  }
  return []
}

/**
 * Q1: total_energy against the kwh of the completed session. A signed meter reading goes before what a session says, and
 * a session whose last count came long before its end is short by what was delivered since.
 */
export function checkSessionEnergy(subject: Case): readonly Draft[] {
  const { session } = subject.input
  if (session.state === 'missing' || !isCompleted(subject.input)) return []
  const expected = readDecimal(at(session.value, '/kwh'))
  if (expected === null) return []
  const actual = subject.facts.energy
  const tolerance = energyTolerance(subject, expected)
  if (absolute(actual - expected) <= tolerance) return []
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/kwh', source: 'session' as const, value: textOf(expected) },
  ]
  const { risk, steps } = riskOfEnergy(subject, actual - expected)
  const excuse = excuseFor(subject, { expected, tolerance })
  return [
    {
      code: 'Q1',
      inputs,
      unit: 'kWh',
      risk,
      steps: [
        `${energyText(actual)} − ${energyText(expected)} = ${energyText(actual - expected)}`,
        `tolerated: ${energyText(tolerance)}`,
        ...steps,
        ...(excuse === null ? [] : [excuse.step]),
      ],
      ...(excuse === null ? {} : { milder: excuse.milder }),
      ...compared({ expected, actual, tolerance }),
    },
  ]
}

type Excuse = { milder: 'W' | 'I'; step: string }

/** Why a session may say something else and the CDR be right. */
function excuseFor(
  subject: Case,
  { expected, tolerance }: { expected: Decimal; tolerance: Decimal },
): Excuse | null {
  const actual = subject.facts.energy
  const proven = provenEnergy(subject)
  if (proven !== null && absolute(actual - proven.kwh) <= proven.noise)
    return { milder: 'W', step: `the meter signed ${energyText(proven.kwh)}, which decides` }
  const gapMs = uncountedMs(subject)
  const { connector } = subject.input.known?.place ?? {}
  const power = connectorMaxKw(connector) ?? subject.input.location?.maxPowerKw
  const most = multiply(
    readDecimal(power) ?? exactly(PARAMETERS.powerUnknownKw),
    ratio(BigInt(gapMs), 3_600_000n),
  )
  if (gapMs === 0 || actual < expected || actual - expected > most + tolerance) return null
  return {
    milder: 'I',
    step: `the session last counted ${durationText(gapMs)} before its end, in which up to ${energyText(most)} may have been delivered`,
  }
}

/** From the last count of the session to its end, where it ended without one; 0 where it did not, or nobody knows. */
function uncountedMs({ facts, input }: Case): number {
  const steps = input.known?.sessionSteps ?? []
  const done = steps.findIndex(({ status }) => status === 'COMPLETED')
  const counted = steps.findLastIndex(({ kwh }) => kwh !== null)
  const last = steps[counted]
  if (done === -1 || last === undefined || counted >= done) return 0
  return Math.max(0, Math.round(facts.end - timeOf(last)))
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

function timeOf({ lastUpdated, receivedAt }: SessionStep): number {
  return (lastUpdated ?? receivedAt).getTime()
}

function stepInput({ kwh, receivedAt, hash }: SessionStep): DraftInput {
  return { field: '/kwh', source: 'session', value: kwh, receivedAt, hash }
}
