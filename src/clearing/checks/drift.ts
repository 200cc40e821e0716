import { parameterMs, timeText, whenText } from '../compare.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { Authorization } from '../known.ts'
import { usedFrom } from '../use.ts'
import type { Account } from './accounts.ts'
import { wordsOf } from './accounts.ts'

/** Z2: begun or ended at another time than by the eMSP's record or commands, by less than half an hour. */
export function checkDrift(subject: Case, accounts: readonly Account[]): Draft[] {
  const { facts, input } = subject
  const of = (name: string): number => parameterMs(input.agreement, { code: 'Z2', name })
  const [least, most] = [of('least_s'), of('most_s') - of('least_s')]
  const isDrift = (apart: number): boolean => Math.abs(apart) > least && Math.abs(apart) < most
  const record = accounts.find(({ source }) => source === 'record')
  if (record !== undefined && record.start !== null) {
    const apart = facts.start - record.start
    const isWhole = record.end === null || Math.abs(facts.end - record.end - apart) <= least
    if (isDrift(apart) && isWhole)
      return [
        driftDraft(subject, {
          event: 'began',
          own: facts.start,
          said: record.start,
          by: record.name,
        }),
      ]
  }
  const began = usedFrom(facts) ?? facts.start
  const start = nearest(input.known?.authorizations, { kind: 'START_SESSION', to: began })
  if (start !== null) {
    const apart = began - start
    // Plugging in takes its time after a command, never before it.
    const isLate = apart > of('plug_in_s') && apart < most
    if ((apart < 0 && isDrift(apart)) || isLate)
      return [
        driftDraft(subject, {
          event: 'began',
          own: began,
          said: start,
          by: command(subject, 'start'),
        }),
      ]
  }
  const stop = nearest(input.known?.authorizations, { kind: 'STOP_SESSION', to: facts.end })
  // It may go on standing there after the command, but not end before it.
  if (stop !== null && facts.end < stop && isDrift(facts.end - stop))
    return [
      driftDraft(subject, {
        event: 'ended',
        own: facts.end,
        said: stop,
        by: command(subject, 'stop'),
      }),
    ]
  return []
}

function nearest(
  all: readonly Authorization[] | undefined,
  { kind, to }: { kind: Authorization['kind']; to: number },
): number | null {
  const times = (all ?? [])
    .filter((one) => one.kind === kind && one.answer === 'ACCEPTED')
    .map((one) => one.at.getTime())
    .toSorted((a, b) => Math.abs(a - to) - Math.abs(b - to))
  return times[0] ?? null
}

type Drift = { event: 'began' | 'ended'; own: number; said: number; by: string }

function driftDraft(subject: Case, { event, own, said, by }: Drift): Draft {
  const field = event === 'began' ? '/start_date_time' : '/end_date_time'
  const inputs: DraftInput[] = [
    { field, source: 'cdr', value: timeText(own) },
    {
      field,
      source: by.startsWith('the record') ? 'record' : 'authorization',
      value: timeText(said),
    },
  ]
  const words = {
    ...wordsOf(subject, { own, said }),
    event,
    own: whenText(subject, own),
    other: by,
  }
  return {
    code: 'Z2',
    inputs,
    words,
    expected: timeText(said),
    actual: timeText(own),
    steps: [`${words.own} − ${words.said} = ${own < said ? '−' : ''}${words.apart}`],
  }
}

function command({ input }: Case, what: 'start' | 'stop'): string {
  return `the ${what} command of ${input.cdr.receiver}`
}
