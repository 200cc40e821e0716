import { exactly } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case, ClearingInput } from '../input.ts'
import { moneyText } from '../compare.ts'
import { contractKey } from '../matching/keys.ts'
import { at, readText, shown } from '../read.ts'
import { appliedTariffs } from '../tariffs.ts'

/** A1, A5, A7: whose token it is. Needs no readable CDR; a missing token counts only when nothing is waited for. */
export function checkToken(input: ClearingInput, decided: boolean): readonly Draft[] {
  const { cdr, token } = input
  const billed = { field: '/cdr_token', source: 'cdr' as const, value: cdr.receiver }
  switch (token.state) {
    case 'foreign': {
      const known = { field: '', source: 'token' as const, value: token.owner }
      const what = `The token of this CDR belongs to ${token.owner}, but the CDR bills ${cdr.receiver}.`
      const words = { what, right: `the CDR billed ${token.owner}` }
      return [
        { code: 'A5', inputs: [billed, known], expected: token.owner, actual: cdr.receiver, words },
      ]
    }
    case 'missing': {
      const milder = needsNoToken(cdr) ? { milder: 'I' as const } : {}
      const words = { receiver: cdr.receiver }
      return decided ? [{ code: 'A1', inputs: [billed], words, ...milder }] : []
    }
    case 'found':
      return token.afterStart === true ? [{ code: 'A7', inputs: [startOf(input)] }] : []
    default:
      return token satisfies never
  }
}

/**
 * True for what nobody publishes: the contract of a vehicle, by its own name that of the provider that is billed (OCPI
 * 2.3.0, TokenType EMAID).
 */
export function needsNoToken({ value, receiver }: ClearingInput['cdr']): boolean {
  const contract = contractKey(readText(at(value, '/cdr_token/contract_id')))
  const isVehicle = readText(at(value, '/cdr_token/type')) === 'EMAID'
  return isVehicle && contract?.startsWith(receiver.replace('-', '')) === true
}

/** X1, X5, X6: the session behind the CDR. */
export function checkSession(input: ClearingInput, decided: boolean): readonly Draft[] {
  const { session } = input
  const id = readText(at(input.cdr.value, '/session_id'))
  const inputs = [{ field: '/session_id', source: 'cdr' as const, value: id }]
  if (id === null) {
    const what = 'The CDR names no session, so it was compared with none.'
    const words = { what, right: 'the CDR named its session' }
    // Only where the two agreed on it: not every CPO has sessions, and OCPI 2.1.1 cannot name them.
    const isAgreed = Object.hasOwn(input.agreement.severities, 'X1')
    return [{ code: 'X1', inputs, words, ...(isAgreed ? {} : { milder: 'I' as const }) }]
  }
  if (session.state === 'missing') {
    const what = `The session ${id} never arrived, so the CDR could not be compared with it. Push the session too.`
    const words = { what, right: 'the session had been pushed' }
    return decided ? [{ code: 'X1', inputs, words }] : []
  }
  if (isCompleted(input) || !decided) return []
  const status = readText(at(session.value, '/status')) ?? 'not completed'
  const found = [...inputs, { field: '/status', source: 'session' as const, value: status }]
  return [
    { code: status === 'INVALID' ? 'X6' : 'X5', inputs: found, words: { session: id, status } },
  ]
}

/** True when the session is known and has reached its final state. */
export function isCompleted(input: ClearingInput): boolean {
  const { session } = input
  if (session.state === 'missing') return false
  return session.completed ?? at(session.value, '/status') === 'COMPLETED'
}

/**
 * X4: a claim without energy, and without a reservation or parking that a tariff has a price for. Where the tariff itself
 * has a price for that (a start fee, a price per hour) it is only noted: whether it is the right price is P1. Where no
 * tariff is known, a reservation or parking may explain it, so that it is only told.
 */
export function checkEmptySession(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const delivered =
    facts.energy !== 0n || facts.periods.some((period) => (period.energy ?? 0n) !== 0n)
  if (delivered || facts.total.excl <= 0n) return []
  const use = otherUse(subject)
  if (use === 'priced') return []
  const { priced } = input
  const isPriced = priced?.ok === true && exactly(priced.total.excl ?? '0') > 0n
  const inputs = ['/total_energy', '/total_cost'].map((field) => ({
    field,
    source: 'cdr' as const,
    value: shown(at(input.cdr.value, field)),
  }))
  const milder = isPriced ? ('I' as const) : use === 'unknown' ? ('W' as const) : null
  const words = {
    claim: moneyText(subject, facts.total.excl),
    reason: isPriced ? ', which the tariff provides for' : REASONS[use],
  }
  return [
    { code: 'X4', inputs, words, unit: facts.currency, ...(milder === null ? {} : { milder }) },
  ]
}

const REASONS = {
  none: ', without a reservation or parking time that would explain it',
  unpriced: ', and the tariff has no price for the reservation or the parking time',
  unknown: ', and no tariff is known by which the reservation or the parking time costs anything',
} as const

/** Whether a reservation or parking explains a claim; `unknown`: there was one, and no tariff to tell. */
function otherUse({ facts, input }: Case): keyof typeof REASONS | 'priced' {
  const hasReserved = facts.periods.some(({ reserved }) => (reserved ?? 0n) > 0n)
  const hasParked =
    (facts.parkingHours ?? 0n) > 0n || facts.periods.some(({ parking }) => (parking ?? 0n) > 0n)
  if (!hasReserved && !hasParked) return 'none'
  const tariffs = appliedTariffs(facts, input.tariff)
  if (tariffs.length === 0) return 'unknown'
  const components = tariffs.flatMap((tariff) => tariff.components)
  const isPriced =
    (hasReserved && components.some(({ forReservation }) => forReservation)) ||
    (hasParked && components.some(({ type }) => type === 'PARKING_TIME'))
  return isPriced ? 'priced' : 'unpriced'
}

function startOf(input: ClearingInput): Draft['inputs'][number] {
  const field = '/start_date_time'
  return { field, source: 'cdr', value: shown(at(input.cdr.value, field)) }
}
