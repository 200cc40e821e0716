import { ratio, shownText, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case } from '../input.ts'
import { at, shown } from '../read.ts'
import { PARAMETERS } from '../rules.ts'
import { documentedBy } from '../replaced.ts'
import { usedFrom } from '../use.ts'
import {
  countText,
  durationText,
  hasPlaceholder,
  parameterMs,
  parameterOf,
  timeText,
  whenText,
} from '../compare.ts'

const DAY_MS = 86_400_000
/** Decimals of days that tell a millisecond. */
const CLOSE_PLACES = 8

/** Z6: the end lies before the start, longer after it than a charge can take, or after the receipt beyond clock skew. */
export function checkOrder(subject: Case): readonly Draft[] {
  const { start, end } = subject.facts
  const received = subject.input.cdr.receivedAt.getTime()
  if (hasPlaceholder(subject.facts)) return []
  const ends = `The session ends at ${whenText(subject, end)}`
  if (end < start)
    return [
      timeDraft(subject, {
        expected: start,
        what: `${ends}, before it starts at ${whenText(subject, start)}.`,
      }),
    ]
  const { agreement } = subject.input
  const days = parameterOf(agreement, { code: 'Z6', name: 'charge_days' })
  const latest = start + Number(textOf(days)) * DAY_MS
  if (end > latest)
    return [
      timeDraft(subject, {
        expected: latest,
        what: `${ends}, more than ${countText(textOf(days), 'day')} after it starts at ${whenText(subject, start)}.`,
      }),
    ]
  if (end > received + parameterMs(agreement, { code: 'Z6', name: 'clock_skew_s' }))
    return [
      timeDraft(subject, {
        expected: received,
        what: `${ends}, but its CDR came at ${whenText(subject, received)}.`,
      }),
    ]
  return []
}

/**
 * Z5: the CDR came later than agreed. What documents the end of a dispute comes when that has ended, so of it this is only
 * noted: what it claims beyond what was agreed is a finding of its own.
 */
export function checkAge(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  if (hasPlaceholder(facts)) return []
  const received = input.cdr.receivedAt.getTime()
  const most = input.agreement.cdrAgeDaysMax
  const ageMs = received - facts.end
  const lateMs = ageMs - most * DAY_MS
  if (lateMs <= 0) return []
  const days = (durationMs: number, places: number): string =>
    shownText(ratio(BigInt(Math.round(durationMs)), BigInt(DAY_MS)), { places })
  // Late by minutes is not told as the very number of days that is allowed.
  const isClose = days(ageMs, 1) === String(most)
  const places = isClose ? CLOSE_PLACES : 1
  const documented = documentedBy(subject)
  const limit = countText(most, 'day')
  return [
    {
      code: 'Z5',
      ...(documented === null ? {} : { milder: 'I' as const }),
      inputs: [
        {
          field: '/end_date_time',
          source: 'cdr',
          value: shown(at(input.cdr.value, '/end_date_time')),
        },
        { field: '/cdr_age_days_max', source: 'agreement', value: String(most) },
      ],
      expected: String(most),
      actual: days(ageMs, places),
      difference: days(lateMs, places),
      words: {
        end: whenText(subject, facts.end),
        age: isClose ? `more than ${limit}` : countText(days(ageMs, 1), 'day'),
        most: limit,
      },
      unit: 'days',
      steps: [
        isClose
          ? `${durationText(ageMs)} − ${limit} = ${durationText(lateMs)}`
          : `${countText(days(ageMs, 1), 'day')} − ${limit} = ${countText(days(lateMs, 1), 'day')}`,
        ...(documented === null ? [] : [`it documents how the dispute of ${documented} ended`]),
      ],
    },
  ]
}

/**
 * Z3: an earlier CDR of the same token overlaps by more than a second. What bills the same charge again (`twice`, ids of
 * CDRs) is a duplicate instead, tokens for several vehicles may overlap, and so may a reservation until it is used.
 */
export function checkOverlap(subject: Case, twice: readonly string[]): readonly Draft[] {
  const { facts, input } = subject
  const start = usedFrom(facts)
  if (start === null || hasPlaceholder(facts) || input.known?.token?.isMultiUse === true) return []
  const same = new Set([...input.prior.sameSession.map((other) => other.cdrId), ...twice])
  const other = input.prior.overlapping.find(
    (one) =>
      !same.has(one.cdrId) &&
      start + PARAMETERS.roundingMs < one.end.getTime() &&
      one.start.getTime() + PARAMETERS.roundingMs < facts.end,
  )
  if (other === undefined) return []
  const isOwn = other.owner === input.cdr.owner
  const times = `${whenText(subject, other.start.getTime())} to ${whenText(subject, other.end.getTime())}`
  // A party never sees the CDRs of another one, so only an own CDR is named.
  const told = isOwn ? `the CDR ${other.cdrId} runs from ${times}` : 'with another operator'
  const inputs = [
    { field: '/start_date_time', source: 'cdr' as const, value: timeText(start) },
    { field: '/end_date_time', source: 'cdr' as const, value: timeText(facts.end) },
    { field: '/id', source: 'hub' as const, value: isOwn ? other.cdrId : null },
  ]
  return [{ code: 'Z3', inputs, words: { other: told } }]
}

function timeDraft(subject: Case, told: { expected: number; what: string }): Draft {
  const inputs = ['/start_date_time', '/end_date_time'].map((field) => ({
    field,
    source: 'cdr' as const,
    value: shown(at(subject.input.cdr.value, field)),
  }))
  const received = {
    field: 'received_at',
    source: 'hub' as const,
    value: timeText(subject.input.cdr.receivedAt.getTime()),
  }
  const actual = timeText(subject.facts.end)
  const words = { what: told.what }
  return {
    code: 'Z6',
    inputs: [...inputs, received],
    expected: timeText(told.expected),
    actual,
    words,
  }
}
