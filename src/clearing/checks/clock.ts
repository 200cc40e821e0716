import { priceCdr } from '../../pricing/price.ts'
import { shifted } from '../../pricing/attribution-sessions.ts'
import { zoneNamed } from '../../pricing/time-zone.ts'
import type { Risk } from '../at-risk.ts'
import {
  costTolerance,
  durationText,
  durationTolerance,
  energyTolerance,
  hasPlaceholder,
  hoursOf,
  moneyText,
  parameterMs,
  timeText,
  whenText,
} from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, readDecimal, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { Authorization } from '../known.ts'
import { at, readTime } from '../read.ts'
import { riskBeyond, riskOfTime } from '../risks.ts'
import { isCompleted } from './existence.ts'

/** What somebody else says about when the session was. Epoch milliseconds; null: they do not say. */
type Account = {
  name: string
  source: 'session' | 'record'
  start: number | null
  end: number | null
  kwh: Decimal | null
}

/** Z1, Z2, Z8: the times of the CDR against its session, the record of the eMSP and its commands. */
export function checkClock(subject: Case): readonly Draft[] {
  const { facts } = subject
  if (hasPlaceholder(facts) || facts.end < facts.start) return []
  const accounts = accountsOf(subject)
  const shift = first(accounts, (account) => checkShift(subject, account))
  const lasting = first(accounts, (account) => checkDuration(subject, account))
  const drift = shift.length > 0 ? [] : checkDrift(subject, accounts)
  return [...shift, ...lasting, ...drift]
}

function first(accounts: readonly Account[], check: (account: Account) => Draft[]): Draft[] {
  return accounts.map(check).find((drafts) => drafts.length > 0) ?? []
}

function accountsOf({ input }: Case): readonly Account[] {
  const { session, known, cdr } = input
  const { record } = known ?? {}
  const accounts: Account[] = []
  if (record)
    accounts.push({
      name: `the record of ${cdr.receiver}`,
      source: 'record',
      start: record.start?.getTime() ?? null,
      end: record.end?.getTime() ?? null,
      kwh: readDecimal(record.kwh),
    })
  if (session.state === 'found' && isCompleted(input))
    accounts.push({
      name: 'its session',
      source: 'session',
      start: readTime(at(session.value, '/start_date_time')),
      end: readTime(at(session.value, '/end_date_time')),
      kwh: readDecimal(at(session.value, '/kwh')),
    })
  return accounts
}

/** Z1: the same duration and energy, half an hour or a multiple of it apart. Severe where the price depends on it. */
function checkShift(subject: Case, account: Account): Draft[] {
  const { facts, input } = subject
  const of = (name: string): number => parameterMs(input.agreement, { code: 'Z1', name })
  if (account.start === null || account.end === null) return []
  const apart = facts.start - account.start
  const steps = Math.round(apart / of('step_s'))
  const noise = of('noise_s')
  if (
    steps === 0 ||
    Math.abs(apart - steps * of('step_s')) > noise ||
    Math.abs(apart) > of('most_s')
  )
    return []
  if (Math.abs(facts.end - account.end - apart) > noise * 2 || !hasSameEnergy(subject, account))
    return []
  const { risk, steps: sums } = riskOfShift(subject, -steps * of('step_s'))
  const isZone = apart === 0 ? false : isOffset(subject, steps * of('step_s'))
  const words = {
    ...wordsOf(subject, { own: facts.start, said: account.start }),
    start: whenText(subject, facts.start),
    other: account.name,
    guess: isZone ? ' That is the offset of local time from UTC on that day.' : '',
  }
  const draft: Draft = {
    code: 'Z1',
    inputs: timeInputs(subject, account),
    words,
    risk,
    steps: [...timeSteps(subject, account), ...sums],
    ...(isZone ? { confidence: 'certain' } : {}),
  }
  return [draft]
}

/** The energies are the same, or one of the two is not stated. */
function hasSameEnergy(subject: Case, { kwh }: Account): boolean {
  if (kwh === null) return true
  const { energy } = subject.facts
  const share = absolute(kwh) * 3n
  return absolute(kwh - energy) <= energyTolerance(subject, kwh) + share / 100n
}

/** What the price would be at the other times, where the session can be priced. */
function riskOfShift(subject: Case, byMs: number): { risk: Risk; steps: readonly string[] } {
  const { pricing } = subject.input
  const none = { risk: { net: 0n, tax: 0n }, steps: [] }
  if (!pricing) return none
  const moved = shifted({ ...pricing, finish: (bill) => bill }, byMs)
  const bill = priceCdr(moved.cdr, moved.tariffs, moved.options)
  if (!bill.ok || bill.total.excl === null) return none
  const price = exactly(bill.total.excl)
  const { excl } = subject.facts.total
  if (excl - price <= costTolerance(subject, price)) return none
  const { total } = bill
  const { risk, steps } = riskBeyond(subject, {
    excl: price,
    incl: total.incl === null ? null : exactly(total.incl),
  })
  return {
    risk,
    steps: [
      `at the other times the tariff gives ${moneyText(subject, price)} without tax`,
      `${moneyText(subject, excl)} − ${moneyText(subject, price)} = ${moneyText(subject, excl - price)}`,
      ...steps,
    ],
  }
}

function isOffset(subject: Case, apartMs: number): boolean {
  const zone = subject.zone === null ? null : zoneNamed(subject.zone)
  return zone !== null && Math.abs(zone(subject.facts.start)) === Math.abs(apartMs)
}

/** Z8: the CDR lasts longer or shorter than its session or the record. Only its own session makes it severe. */
function checkDuration(subject: Case, account: Account): Draft[] {
  const { facts } = subject
  if (account.start === null || account.end === null || account.end < account.start) return []
  const said = hoursOf(account.end - account.start)
  const longest = hoursOf(facts.end - facts.start)
  // Whether a reservation is part of a session is not defined: with or without it, both are right.
  const reserved = facts.periods.reduce((sum, period) => sum + (period.reserved ?? 0n), 0n)
  const actual = said < longest - reserved ? longest - reserved : said > longest ? longest : said
  const tolerance = durationTolerance(subject, said)
  if (absolute(actual - said) <= tolerance) return []
  const { risk, steps } = riskOfTime(subject, actual - said)
  const ms = (hours: Decimal): number => Number(textOf(hours)) * 3_600_000
  const words = {
    lasted: durationText(ms(actual)),
    other: account.name,
    said: durationText(ms(said)),
    apart: durationText(ms(actual - said)),
    allowed: durationText(ms(tolerance)),
  }
  const draft: Draft = {
    code: 'Z8',
    inputs: timeInputs(subject, account),
    words,
    risk,
    expected: textOf(said),
    actual: textOf(actual),
    difference: textOf(actual - said),
    tolerance: textOf(tolerance),
    unit: 'h',
    steps: [
      `${words.lasted} − ${words.said} = ${actual < said ? '−' : ''}${words.apart}`,
      ...steps,
    ],
    ...(account.source === 'record' ? { milder: 'W', confidence: 'medium' } : {}),
  }
  return [draft]
}

/** Z2: begun or ended at another time than by the eMSP's record or commands, by less than half an hour. */
function checkDrift(subject: Case, accounts: readonly Account[]): Draft[] {
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
  const began = chargingStart(subject)
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

/** The beginning of the first period that is not reserved time alone. */
function chargingStart({ facts }: Case): number {
  const used = facts.periods.find(
    ({ energy, charging, parking, reserved }) =>
      (reserved ?? 0n) === 0n || [energy, charging, parking].some((one) => (one ?? 0n) > 0n),
  )
  return used === undefined || used === facts.periods[0] ? facts.start : used.start
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
    steps: [`${timeText(own)} − ${timeText(said)} = ${own < said ? '−' : ''}${words.apart}`],
  }
}

function command({ input }: Case, what: 'start' | 'stop'): string {
  return `the ${what} command of ${input.cdr.receiver}`
}

function wordsOf(
  subject: Case,
  { own, said }: { own: number; said: number },
): { said: string; apart: string } {
  return { said: whenText(subject, said), apart: durationText(own - said) }
}

function timeSteps({ facts }: Case, { start }: Account): string[] {
  if (start === null) return []
  const apart = facts.start - start
  const sign = apart < 0 ? '−' : ''
  return [`${timeText(facts.start)} − ${timeText(start)} = ${sign}${durationText(apart)}`]
}

function timeInputs({ facts }: Case, { source, start, end }: Account): DraftInput[] {
  const value = (time: number | null): string | null => (time === null ? null : timeText(time))
  return [
    { field: '/start_date_time', source: 'cdr', value: timeText(facts.start) },
    { field: '/end_date_time', source: 'cdr', value: timeText(facts.end) },
    { field: '/start_date_time', source, value: value(start) },
    { field: '/end_date_time', source, value: value(end) },
  ]
}
