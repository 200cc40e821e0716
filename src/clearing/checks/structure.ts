import type { Decimal } from '../decimal.ts'
import { absolute, decimalsOf, exactly, largest, shownText, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case, ClearingInput } from '../input.ts'
import {
  energyText,
  energyTolerance,
  graded,
  hasPlaceholder,
  isPlaceholder,
  listText,
  timeText,
  whenText,
} from '../compare.ts'
import { stepOf, sum, valuesOf } from '../periods.ts'
import { riskOfPeriods } from '../risks.ts'
import type { Unreadable } from '../read.ts'
import { at, shown } from '../read.ts'
import { PARAMETERS } from '../rules.ts'
import { limits } from '../../../config/limits.ts'
import { fineAmounts } from '../../ocpi/fine-amounts.ts'
import { placeWords } from '../../pricing/field-words.ts'
import { checkHours } from './hours.ts'

/** What was sent in a form that may mean something else is no value: nobody is billed by a guess. */
export function doubtful(cdr: ClearingInput['cdr']): readonly Unreadable[] {
  return (cdr.doubts ?? []).map(({ pointer, message }) => ({
    pointer,
    value: message,
    wanted: 'a number that is not written as text',
  }))
}

/** T1: values that the hub needs and cannot read, in one finding. */
export function checkReadable(unreadable: readonly Unreadable[]): readonly Draft[] {
  const [first] = unreadable
  if (first === undefined) return []
  const named = unreadable.slice(0, 10)
  const fields = listText(named.map((one) => placeWords(one.pointer)))
  const wanted = listText([...new Set(named.map((one) => one.wanted))])
  const inputs = named.map((one) => ({
    field: one.pointer,
    source: 'cdr' as const,
    value: one.value,
  }))
  return [
    {
      code: 'T1',
      inputs,
      expected: first.wanted,
      actual: first.value ?? '',
      words: { fields, wanted },
    },
  ]
}

/** T5: amounts with more decimals or digits than partners can be trusted to keep. */
export function checkFineness(value: unknown): readonly Draft[] {
  const found = fineAmounts(value).slice(0, 10)
  if (found.length === 0) return []
  const inputs = found.map(({ pointer }) => ({
    field: pointer,
    source: 'cdr' as const,
    value: shown(at(value, pointer)),
  }))
  const fields = listText([...new Set(found.map(({ pointer }) => placeWords(pointer)))])
  return [{ code: 'T5', inputs, words: { fields } }]
}

/** T2: the energy of the periods against total_energy, and the times. */
export function checkTotals(subject: Case): readonly Draft[] {
  return [...checkEnergySum(subject), ...checkHours(subject)]
}

/** T3: periods ascend, none starts before the session or after its end. A second is left for senders that round. */
export function checkPeriods(subject: Case): readonly Draft[] {
  const { facts } = subject
  if (hasPlaceholder(facts)) return []
  let before = { at: facts.start, what: 'before the session, which starts at' }
  for (const period of facts.periods) {
    const inputs = [input(subject, `${period.pointer}/start_date_time`)]
    const words = {
      field: `Charging period ${facts.periods.indexOf(period) + 1}`,
      at: whenText(subject, period.start),
    }
    const actual = timeText(period.start)
    if (period.start < before.at - PARAMETERS.roundingMs)
      return [
        {
          code: 'T3',
          inputs,
          actual,
          expected: timeText(before.at),
          words: { ...words, what: before.what, bound: whenText(subject, before.at) },
        },
      ]
    if (period.start > facts.end + PARAMETERS.roundingMs)
      return [
        {
          code: 'T3',
          inputs,
          actual,
          expected: timeText(facts.end),
          words: {
            ...words,
            what: 'after the session, which ends at',
            bound: whenText(subject, facts.end),
          },
        },
      ]
    before = { at: period.start, what: 'before the period ahead of it, which starts at' }
  }
  return []
}

/** T4: 1970-01-01 stands for an unknown time only where both parties agreed (OCPI 2.2.1, CDR object). */
export function checkPlaceholders(subject: Case): readonly Draft[] {
  const { start, end } = subject.facts
  const times = [
    { field: '/start_date_time', time: start, name: 'The start (start_date_time)' },
    { field: '/end_date_time', time: end, name: 'The end (end_date_time)' },
  ]
  return times
    .filter(({ time }) => isPlaceholder(time))
    .map(({ field, time, name }) => ({
      code: 'T4',
      inputs: [input(subject, field)],
      actual: timeText(time),
      words: { field: name, stated: whenText(subject, time) },
    }))
}

function checkEnergySum(subject: Case): readonly Draft[] {
  const { facts } = subject
  const stated = valuesOf(facts.periods, 'energy')
  // A CDR may leave the energy out of its periods altogether (OCPI 2.2.1, example of a CDR): then there is no sum.
  if (stated.length === 0) return []
  const expected = sum(stated)
  const actual = facts.energy
  const noise = roundingOf([...stated, actual]) + exactly(PARAMETERS.energyNoiseKwh)
  if (absolute(actual - expected) <= noise) return []
  const tolerance = largest(energyTolerance(subject, actual), noise)
  const words = {
    total: 'the total energy (total_energy)',
    parts: 'the charging periods add up to',
    stated: energyText(actual),
    added: energyText(expected),
    apart: energyText(absolute(actual - expected)),
  }
  const inputs = [
    { field: '/total_energy', source: 'cdr' as const, value: textOf(actual) },
    { field: '/charging_periods', source: 'cdr' as const, value: textOf(expected) },
  ]
  // Whichever of the two the price was made of, no more than the difference is doubtful.
  const apart = absolute(actual - expected)
  const { risk, steps } = riskOfPeriods(subject, { kwh: apart, periods: expected })
  return [
    {
      code: 'T2',
      inputs,
      words,
      unit: 'kWh',
      risk,
      steps: [...sumSteps(stated, { expected, actual }), ...steps],
      ...graded({ expected, actual, tolerance }),
    },
  ]
}

/** The sum in full where a person can follow it. */
function sumSteps(
  stated: readonly Decimal[],
  { expected, actual }: { expected: Decimal; actual: Decimal },
): readonly string[] {
  const text = (value: Decimal): string => `${shownText(value, { places: 6 })} kWh`
  const total = `${text(actual)} − ${text(expected)} = ${text(actual - expected)}`
  if (stated.length === 1) return [total]
  const isLong = stated.length > limits.explanationLinesMax
  const sum = isLong ? `${stated.length} charging periods` : stated.map(text).join(' + ')
  return [`${sum} = ${text(expected)}`, total]
}

/** What rounding each of the values to the sender's last decimal can add up to. */
function roundingOf(values: readonly Decimal[]): Decimal {
  const places = Math.max(...values.map(decimalsOf))
  // Whole numbers throughout are taken as exact: with ± 0.5 each, no sum could ever be wrong.
  return places === 0 ? 0n : stepOf(values) * BigInt(values.length)
}

function input(
  subject: Case,
  field: string,
): { field: string; source: 'cdr'; value: string | null } {
  return { field, source: 'cdr', value: shown(at(subject.input.cdr.value, field)) }
}
