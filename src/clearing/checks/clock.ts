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
import { absolute, exactly, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { riskBeyond, riskOfTime } from '../risks.ts'
import type { Account } from './accounts.ts'
import { accountsOf, wordsOf } from './accounts.ts'
import { checkDrift } from './drift.ts'

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

function timeSteps(subject: Case, { start }: Account): string[] {
  if (start === null) return []
  const { facts } = subject
  const apart = facts.start - start
  const sign = apart < 0 ? '−' : ''
  return [
    `${whenText(subject, facts.start)} − ${whenText(subject, start)} = ${sign}${durationText(apart)}`,
  ]
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
