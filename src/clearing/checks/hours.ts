import type { Decimal } from '../decimal.ts'
import { absolute, largest, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case } from '../input.ts'
import { durationText, durationTolerance, graded, hasPlaceholder, hoursOf } from '../compare.ts'
import { stepOf, sum, valuesOf } from '../periods.ts'
import { at, shown } from '../read.ts'
import type { UsedHours } from '../risks.ts'
import { riskOfHours, riskOfTime } from '../risks.ts'
import { PARAMETERS } from '../rules.ts'

/** T2: the times of a CDR against each other: from start to end, in total, and period by period. */
export function checkHours(subject: Case): readonly Draft[] {
  return [
    ...checkTotalTime(subject),
    ...checkPeriodTime(subject),
    ...checkParkingTime(subject),
    ...checkPeriodParking(subject),
  ]
}

function checkTotalTime(subject: Case): readonly Draft[] {
  const { facts } = subject
  if (hasPlaceholder(facts) || facts.end < facts.start) return []
  const longest = hoursOf(facts.end - facts.start)
  // Whether a reservation counts into total_time is not defined: with or without it, both are right.
  const shortest = longest - sum(valuesOf(facts.periods, 'reserved'))
  const actual = facts.hours
  const expected = actual < shortest ? shortest : actual > longest ? longest : actual
  const stated = [
    actual,
    ...valuesOf(facts.periods, 'charging'),
    ...valuesOf(facts.periods, 'parking'),
  ]
  const noise = stepOf(stated) + hoursOf(PARAMETERS.timeNoiseMs)
  if (absolute(actual - expected) <= noise) return []
  const tolerance = largest(durationTolerance(subject, longest), noise)
  const words = {
    total: 'the total time (total_time)',
    parts: 'from start to end it is',
    ...shownHours(expected, actual),
  }
  const inputs = ['/total_time', '/start_date_time', '/end_date_time'].map((field) =>
    input(subject, field),
  )
  return [
    {
      code: 'T2',
      inputs,
      words,
      unit: 'h',
      ...riskAt(subject, { expected, actual }),
      ...graded({ expected, actual, tolerance }),
    },
  ]
}

/**
 * The hours of the periods, which are what is billed, against the session: charging, parking and being reserved exclude
 * one another. Less than the session is sound: not everybody states what costs nothing.
 */
function checkPeriodTime(subject: Case): readonly Draft[] {
  const { facts } = subject
  if (facts.end < facts.start) return []
  const used = usedHours(subject)
  const isUnknown = hasPlaceholder(facts)
  const stated = [...used.time, ...used.parking, ...used.reservation]
  // Without a start and an end only total_time is left, into which a reservation need not count.
  const expected = isUnknown
    ? facts.hours + sum(used.reservation)
    : hoursOf(facts.end - facts.start)
  const actual = sum(stated)
  const noise = noiseOf(isUnknown ? [...stated, facts.hours] : stated)
  if (actual - expected <= noise) return []
  const tolerance = largest(durationTolerance(subject, expected), noise)
  const words = {
    total: 'the time of its charging periods together',
    parts: isUnknown ? 'the total time (total_time) is' : 'from start to end it is',
    ...shownHours(expected, actual),
  }
  const inputs = [
    { field: '/charging_periods', source: 'cdr' as const, value: textOf(actual) },
    ...(isUnknown ? ['/total_time'] : ['/start_date_time', '/end_date_time']).map((field) =>
      input(subject, field),
    ),
  ]
  const beyond = actual - expected
  return [beyondDraft(subject, { beyond, used, inputs, words, expected, actual, tolerance })]
}

function checkParkingTime(subject: Case): readonly Draft[] {
  const { facts } = subject
  const actual = facts.parkingHours
  if (actual === null || actual <= facts.hours + stepOf([actual, facts.hours])) return []
  const expected = facts.hours
  const tolerance = durationTolerance(subject, expected)
  const words = {
    total: 'the total parking time (total_parking_time)',
    parts: 'the whole session is only',
    ...shownHours(expected, actual),
  }
  const inputs = [
    { field: '/total_parking_time', source: 'cdr' as const, value: textOf(actual) },
    { field: '/total_time', source: 'cdr' as const, value: textOf(expected) },
  ]
  return [
    {
      code: 'T2',
      inputs,
      words,
      unit: 'h',
      ...riskAt(subject, { expected, actual }),
      ...graded({ expected, actual, tolerance }),
    },
  ]
}

/** The parking of the periods against total_parking_time, where that is stated. Less is sound here too. */
function checkPeriodParking(subject: Case): readonly Draft[] {
  const expected = subject.facts.parkingHours
  const { parking } = usedHours(subject)
  if (expected === null || parking.length === 0) return []
  const actual = sum(parking)
  const noise = noiseOf([...parking, expected])
  if (actual - expected <= noise) return []
  const tolerance = largest(durationTolerance(subject, expected), noise)
  const words = {
    total: 'the parking time of its charging periods together',
    parts: 'the total parking time (total_parking_time) is',
    ...shownHours(expected, actual),
  }
  const inputs = [
    { field: '/charging_periods', source: 'cdr' as const, value: textOf(actual) },
    { field: '/total_parking_time', source: 'cdr' as const, value: textOf(expected) },
  ]
  const used = { time: [], parking, reservation: [] }
  const beyond = actual - expected
  return [beyondDraft(subject, { beyond, used, inputs, words, expected, actual, tolerance })]
}

type Listed = Record<keyof UsedHours, readonly Decimal[]>

function usedHours({ facts }: Case): Listed {
  return {
    time: valuesOf(facts.periods, 'charging'),
    parking: valuesOf(facts.periods, 'parking'),
    reservation: valuesOf(facts.periods, 'reserved'),
  }
}

/**
 * What rounding each of the values can add up to. Of many some are rounded up and some down: where all of them are
 * rounded up, the hours are billed all the same.
 */
function noiseOf(stated: readonly Decimal[]): Decimal {
  return stepOf(stated) * BigInt(Math.min(stated.length, 4)) + hoursOf(PARAMETERS.timeNoiseMs)
}

/** Hours that the periods have too many. */
function beyondDraft(
  subject: Case,
  told: {
    beyond: Decimal
    used: Listed
    inputs: Draft['inputs']
    words: ReturnType<typeof shownHours> & Record<'total' | 'parts', string>
    expected: Decimal
    actual: Decimal
    tolerance: Decimal
  },
): Draft {
  const { beyond, used, inputs, words, ...values } = told
  const { risk, steps } = riskOfHours(subject, {
    beyond,
    used: {
      time: sum(used.time),
      parking: sum(used.parking),
      reservation: sum(used.reservation),
    },
  })
  return {
    code: 'T2',
    inputs,
    words,
    unit: 'h',
    risk,
    steps: [`${words.stated} − ${words.added} = ${words.apart}`, ...steps],
    ...graded(values),
  }
}

/** Time in which nothing could be charged for puts nothing at risk. */
function riskAt(
  subject: Case,
  { expected, actual }: { expected: Decimal; actual: Decimal },
): Pick<Draft, 'risk' | 'steps'> {
  const { risk, steps } = riskOfTime(subject, absolute(actual - expected))
  const { stated, added, apart } = shownHours(expected, actual)
  const sign = actual < expected ? '−' : ''
  return { risk, steps: [`${stated} − ${added} = ${sign}${apart}`, ...steps] }
}

function shownHours(
  expected: Decimal,
  actual: Decimal,
): Record<'stated' | 'added' | 'apart', string> {
  const text = (value: Decimal): string => durationText(Number(textOf(value)) * 3_600_000)
  return { stated: text(actual), added: text(expected), apart: text(actual - expected) }
}

function input(
  subject: Case,
  field: string,
): { field: string; source: 'cdr'; value: string | null } {
  return { field, source: 'cdr', value: shown(at(subject.input.cdr.value, field)) }
}
