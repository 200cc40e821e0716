import { exactly } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case, ClearingInput } from '../input.ts'
import { moneyText } from '../compare.ts'
import { at, readText, shown } from '../read.ts'

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
    case 'missing':
      return decided ? [{ code: 'A1', inputs: [billed], words: { receiver: cdr.receiver } }] : []
    case 'found':
      return token.afterStart === true ? [{ code: 'A7', inputs: [startOf(input)] }] : []
    default:
      return token satisfies never
  }
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
 * X4: a claim without energy, reservation or parking. Where the tariff itself has a price for that (a start fee, a
 * price per hour) it is only noted: whether it is the right price is P1.
 */
export function checkEmptySession(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const otherUse = facts.periods.some(
    (period) => (period.reserved ?? 0n) > 0n || (period.parking ?? 0n) > 0n,
  )
  const delivered =
    facts.energy !== 0n || facts.periods.some((period) => (period.energy ?? 0n) !== 0n)
  if (delivered || facts.total.excl <= 0n || otherUse || (facts.parkingHours ?? 0n) > 0n) return []
  const { priced } = input
  const isPriced = priced?.ok === true && exactly(priced.total.excl ?? '0') > 0n
  const inputs = ['/total_energy', '/total_cost'].map((field) => ({
    field,
    source: 'cdr' as const,
    value: shown(at(input.cdr.value, field)),
  }))
  const reason = isPriced
    ? ', which the tariff provides for'
    : ', without a reservation or parking time that would explain it'
  const words = { claim: moneyText(subject, facts.total.excl), reason }
  return [
    {
      code: 'X4',
      inputs,
      words,
      unit: facts.currency,
      ...(isPriced ? { milder: 'I' as const } : {}),
    },
  ]
}

function startOf(input: ClearingInput): Draft['inputs'][number] {
  const field = '/start_date_time'
  return { field, source: 'cdr', value: shown(at(input.cdr.value, field)) }
}
