import { parameterMs, timeText, whenText } from '../compare.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import type { Authorization } from '../known.ts'
import { at, readText, shown } from '../read.ts'

/** A2, A3, A4, A6: was this session allowed by the eMSP, as far as the hub saw it. */
export function checkAuthority(subject: Case): readonly Draft[] {
  const refused = checkRefusal(subject)
  return [
    ...checkBlocked(subject),
    ...checkWhitelist(subject),
    ...refused,
    ...(refused.length > 0 ? [] : checkAuthorization(subject)),
  ]
}

/** A2: the token was blocked, and the CPO had been told in time. A real-time answer goes before what was published. */
function checkBlocked(subject: Case): readonly Draft[] {
  const token = toldToken(subject, 'A2')
  if (token === null || at(token.value, '/valid') !== false || mayBeGranted(subject)) return []
  const words = {
    receiver: subject.input.cdr.receiver,
    start: whenText(subject, subject.facts.start),
    told: whenText(subject, token.receivedAt.getTime()),
  }
  const inputs = [startInput(subject), tokenInput('/valid', 'false')]
  return [{ code: 'A2', inputs, expected: 'true', actual: 'false', words }]
}

/** A4: started from the whitelist with a token that must be asked about each time (OCPI 2.2.1, WhitelistType). */
function checkWhitelist(subject: Case): readonly Draft[] {
  const token = toldToken(subject, 'A4')
  if (token === null || methodOf(subject) !== 'WHITELIST') return []
  if (at(token.value, '/whitelist') !== 'NEVER' || mayBeGranted(subject)) return []
  const inputs: DraftInput[] = [
    { field: '/auth_method', source: 'cdr', value: 'WHITELIST' },
    tokenInput('/whitelist', 'NEVER'),
  ]
  return [{ code: 'A4', inputs, words: { receiver: subject.input.cdr.receiver } }]
}

/** The token as its owner had published it long enough before the start; null where nobody knows. */
function toldToken(
  { facts, input }: Case,
  code: 'A2' | 'A4',
): { value: unknown; receivedAt: Date } | null {
  const token = input.known?.token ?? null
  if (token === null || input.token.state !== 'found' || input.token.afterStart === true)
    return null
  const notice = parameterMs(input.agreement, { code, name: 'notice_s' })
  return token.receivedAt.getTime() > facts.start - notice ? null : token
}

/** True when the eMSP allowed it in real time, or when it cannot be said that it did not. */
function mayBeGranted(subject: Case): boolean {
  const { authorizations } = subject.input.known ?? {}
  if (authorizations === undefined) return methodOf(subject) !== 'WHITELIST'
  return authorizations.some((one) => isGrant(one) && isHere(subject, one))
}

/** A6: the last answer before the start was a refusal, and none that allowed the session came after it. */
function checkRefusal(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const here = (input.known?.authorizations ?? []).filter((one) => isHere(subject, one))
  const last = here.filter((one) => isDenial(one) && one.at.getTime() <= facts.start).at(-1)
  if (last === undefined) return []
  if (here.some((one) => isGrant(one) && one.at.getTime() > last.at.getTime())) return []
  // What is on the whitelist may start without being asked about; only a refusal just before it counts.
  const most = parameterMs(input.agreement, { code: 'A6', name: 'after_denial_s' })
  const ago = facts.start - last.at.getTime()
  if (methodOf(subject) === 'WHITELIST' && ago > most) return []
  const words = {
    receiver: input.cdr.receiver,
    told: whenText(subject, last.at.getTime()),
    answer: ANSWERS[last.answer ?? ''] ?? `${last.answer}`,
    start: whenText(subject, facts.start),
  }
  return [{ code: 'A6', inputs: [startInput(subject), grantInput(last)], words }]
}

/** A3: an authorisation that the CDR claims and the hub, which passes them on, never saw. */
function checkAuthorization(subject: Case): readonly Draft[] {
  const { input } = subject
  const { authorizations } = input.known ?? {}
  const method = methodOf(subject)
  if (authorizations === undefined || (method !== 'AUTH_REQUEST' && method !== 'COMMAND')) return []
  // OCPI 2.1.1 has no COMMAND and calls a remote start AUTH_REQUEST.
  const grants = authorizations.filter(
    (one) =>
      isGrant(one) &&
      isHere(subject, one) &&
      (method === 'AUTH_REQUEST' || one.kind !== 'realtime'),
  )
  const reference = readText(at(input.cdr.value, '/authorization_reference'))
  const { receiver } = input.cdr
  const inputs: DraftInput[] = [
    { field: '/auth_method', source: 'cdr', value: method },
    { field: '/authorization_reference', source: 'cdr', value: reference },
    ...authorizations.slice(-5).map(grantInput),
  ]
  if (grants.length === 0) {
    const how = method === 'COMMAND' ? 'by command' : 'in real time'
    const asked = authorizations.length > 0 ? 'none that was granted' : 'none at all'
    const what = `The CDR says that ${receiver} authorised the session ${how}, but the hub saw ${asked} for this token at this place since the day before.`
    // Where the hub had seen no request of the pair before, they may well ask each other on another way.
    const since = input.known?.authorizesSince ?? null
    const isUsual = since !== null && since.getTime() <= subject.facts.start
    return [{ code: 'A3', inputs, words: { what }, ...(isUsual ? {} : { milder: 'I' as const }) }]
  }
  const known = authorizations.map((one) => one.reference?.toUpperCase() ?? null)
  const isOpen = grants.some((one) => one.reference === null)
  if (reference === null || isOpen || known.includes(reference.toUpperCase())) return []
  const given = grants.map((one) => one.reference ?? '')
  const what = `The CDR names the authorisation ${reference}, but ${receiver} gave ${[...new Set(given)].join(', ')} for this session.`
  return [{ code: 'A3', inputs, expected: given.at(-1) ?? '', actual: reference, words: { what } }]
}

const ANSWERS: Readonly<Record<string, string>> = {
  BLOCKED: 'the token is blocked',
  EXPIRED: 'the token has expired',
  NO_CREDIT: 'there is no credit left',
  NOT_ALLOWED: 'not allowed at this place',
}

function isDenial({ kind, answer }: Authorization): boolean {
  return kind === 'realtime' && answer !== null && Object.hasOwn(ANSWERS, answer)
}

/** A command is the eMSP's own will; one that got no answer may have been carried out all the same. */
function isGrant({ kind, answer }: Authorization): boolean {
  if (kind === 'realtime') return answer === 'ALLOWED'
  if (kind === 'STOP_SESSION') return false
  return answer === null || answer === 'ACCEPTED' || answer === 'TIMEOUT'
}

/** Not known to be about another location. */
function isHere({ input }: Case, { locationId }: Authorization): boolean {
  const own = readText(at(input.cdr.value, '/cdr_location/id'))
  return own === null || locationId === null || own.toUpperCase() === locationId.toUpperCase()
}

function methodOf({ input }: Case): string | null {
  return readText(at(input.cdr.value, '/auth_method'))
}

function startInput({ facts }: Case): DraftInput {
  return { field: '/start_date_time', source: 'cdr', value: timeText(facts.start) }
}

function tokenInput(field: string, value: string): DraftInput {
  return { field, source: 'token', value }
}

function grantInput(one: Authorization): DraftInput {
  const value = shown([one.kind, one.answer ?? 'no answer', one.reference ?? ''].join(' ').trim())
  return { field: '', source: 'authorization', value, receivedAt: one.at }
}
