import {
  compared,
  costTolerance,
  durationText,
  energyText,
  energyTolerance,
  moneyText,
  toleranceText,
} from '../compare.ts'
import { connectorMaxKw } from '../connector-power.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, largest, multiply, ratio, readDecimal, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case } from '../input.ts'
import type { SessionStep } from '../known.ts'
import type { Price } from '../read.ts'
import { at, readPrice, readText } from '../read.ts'
import { isPriceOfTariff, riskBeyond, riskOfEnergy } from '../risks.ts'
import { PARAMETERS } from '../rules.ts'
import { provenStep, timeOf } from './energy.ts'
import { isCompleted } from './existence.ts'

/** Q1: the energy and the cost of a CDR against those with which its session was completed. */
export function checkFinalSession(subject: Case): readonly Draft[] {
  const { session } = subject.input
  if (session.state === 'missing' || !isCompleted(subject.input)) return []
  const energy = checkSessionEnergy(subject, session.value)
  const cost = checkSessionCost(subject, session.value)
  // Other energy has another cost: that is one fault, and told once.
  const explained = netOf(energy) + costTolerance(subject, subject.facts.total.excl)
  return energy.length > 0 && netOf(cost) <= explained ? energy : [...energy, ...cost]
}

function netOf([draft]: readonly Draft[]): Decimal {
  return typeof draft?.risk === 'object' ? draft.risk.net : 0n
}

/**
 * Total_energy against the kwh of the session. A signed meter reading goes before what a session says, and a session
 * whose last count came long before its end is short by what was delivered since.
 */
function checkSessionEnergy(subject: Case, session: unknown): readonly Draft[] {
  const expected = readDecimal(at(session, '/kwh'))
  if (expected === null) return []
  const actual = subject.facts.energy
  const tolerance = energyTolerance(subject, expected)
  const apart = absolute(actual - expected)
  if (apart <= tolerance) return []
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/kwh', source: 'session' as const, value: textOf(expected) },
  ]
  const { risk, steps } = riskOfEnergy(subject, actual - expected)
  const excuse = excuseFor(subject, { expected, tolerance })
  // As exact as they were stated: who has to find them again needs every decimal.
  const kwh = (value: Decimal): string => `${textOf(value)} kWh`
  const words = {
    what: `The CDR bills ${kwh(actual)}, its session ended with ${kwh(expected)}: ${kwh(apart)} apart, ${kwh(tolerance)} are tolerated.`,
    right: `the CDR billed ${kwh(expected)}, ${kwh(tolerance)} more or less`,
  }
  return [
    {
      code: 'Q1',
      inputs,
      words,
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

/** OCPI 2.2.1, Session: total_cost is "the price that the eMSP will have to pay". */
function checkSessionCost(subject: Case, session: unknown): readonly Draft[] {
  const price = finalCost(subject, session)
  if (price === null) return []
  const { excl, incl } = subject.facts.total
  const sides = [
    { expected: price.excl, actual: excl, basis: 'without tax', field: 'excl_vat' },
    { expected: price.incl, actual: incl, basis: 'with tax', field: 'incl_vat' },
  ]
  for (const { expected, actual, basis, field } of sides) {
    if (expected === null || actual === null) continue
    const tolerance = costTolerance(subject, expected)
    const apart = absolute(actual - expected)
    if (apart <= tolerance) continue
    const allowed = toleranceText(subject, { tolerance, apart })
    const [claim, stated] = [moneyText(subject, actual), moneyText(subject, expected)]
    const words = {
      what: `The CDR claims ${claim} ${basis}, its session ended with a total cost (total_cost) of ${stated}: ${moneyText(subject, apart)} apart, ${allowed} are tolerated.`,
      right: `the CDR claimed ${stated} ${basis}, ${allowed} more or less`,
    }
    const inputs = [
      { field: `/total_cost/${field}`, source: 'cdr' as const, value: textOf(actual) },
      { field: `/total_cost/${field}`, source: 'session' as const, value: textOf(expected) },
    ]
    const { risk, steps } = riskBeyond(subject, price)
    const sum = `${claim} − ${stated} = ${moneyText(subject, actual - expected)}`
    // A cost of nothing is what many senders write before they know it.
    const isBlank = price.excl === 0n && isPriceOfTariff(subject)
    return [
      {
        code: 'Q1',
        inputs,
        words,
        unit: subject.facts.currency,
        risk,
        steps: [sum, `tolerated: ${allowed}`, ...steps],
        ...(isBlank ? { milder: 'W' as const } : {}),
        ...compared({ expected, actual, tolerance }),
      },
    ]
  }
  return []
}

/** The cost that a session stated when it was completed or later; before that it is an estimate. Null: it stated none. */
function finalCost({ facts, input }: Case, session: unknown): Price | null {
  const steps = input.known?.sessionSteps ?? []
  const done = steps.findIndex(({ status }) => status === 'COMPLETED')
  const said = steps.findLastIndex(({ saysCost }) => saysCost)
  if (done === -1 || said < done) return null
  const currency = readText(at(session, '/currency'))?.toUpperCase()
  return currency === facts.currency ? readPrice(at(session, '/total_cost')) : null
}

type Excuse = { milder: 'W' | 'I'; step: string }

/**
 * Why a session may say something else and the CDR be right: the meter signed it, or the session was not counted to its
 * end and went on at its pace. Where it never counted at all nobody knows a pace, so that it is told.
 */
function excuseFor(
  subject: Case,
  { expected, tolerance }: { expected: Decimal; tolerance: Decimal },
): Excuse | null {
  const actual = subject.facts.energy
  const proof = provenStep(subject)
  if (proof !== null) return { milder: 'W', step: proof }
  const gap = uncounted(subject)
  if (gap === null || actual < expected) return null
  const { connector } = subject.input.known?.place ?? {}
  const power = connectorMaxKw(connector) ?? subject.input.location?.maxPowerKw
  const mostKw = readDecimal(power) ?? exactly(PARAMETERS.powerUnknownKw)
  const kw = gap.paceKw !== null && gap.paceKw < mostKw ? gap.paceKw : mostKw
  const most = multiply(kw, ratio(BigInt(gap.lengthMs), 3_600_000n))
  if (actual - expected > most + tolerance) return null
  return {
    milder: gap.paceKw === null ? 'W' : 'I',
    step: `the session last counted ${durationText(gap.lengthMs)} before its end, in which up to ${energyText(most)} may have been delivered`,
  }
}

/** How much faster than counted a session may have gone on. */
const PACE_FACTOR = exactly('1.25')

/**
 * From the last count of the session to its end, where it ended without one, and at which power it may have gone on: that
 * of all of it or of its last stretch, the larger, and a little more. Null where it was counted, or nobody knows.
 */
function uncounted({ facts, input }: Case): { lengthMs: number; paceKw: Decimal | null } | null {
  const steps = input.known?.sessionSteps ?? []
  const done = steps.findIndex(({ status }) => status === 'COMPLETED')
  const counted = steps.findLastIndex(({ saysKwh, kwh }) => saysKwh && kwh !== null)
  const last = steps[counted]
  if (done === -1 || last === undefined || counted >= done) return null
  const lengthMs = Math.round(facts.end - timeOf(last))
  if (lengthMs <= 0) return null
  const before = steps.findLast(
    (step, index) => index < counted && step.saysKwh && timeOf(step) < timeOf(last),
  )
  const paces = [
    paceOf(last, { kwh: '0', at: facts.start }),
    before === undefined ? 0n : paceOf(last, { kwh: before.kwh, at: timeOf(before) }),
  ]
  const pace = largest(0n, ...paces)
  return { lengthMs, paceKw: pace === 0n ? null : multiply(pace, PACE_FACTOR) }
}

/** The mean power since an earlier count, in kW; 0 where too little time went by to tell. */
function paceOf(last: SessionStep, from: { kwh: string | null; at: number }): Decimal {
  const lengthMs = Math.round(timeOf(last) - from.at)
  if (lengthMs < PARAMETERS.shortPeriodMs) return 0n
  const kwh = (readDecimal(last.kwh) ?? 0n) - (readDecimal(from.kwh) ?? 0n)
  return (kwh * 3_600_000n) / BigInt(lengthMs)
}
