import { unassigned } from '../../ocpi/adapt/embedded-location.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { ClearingInput } from '../input.ts'
import { contractKey, idKey } from '../matching/keys.ts'
import { at, readText } from '../read.ts'

/** A5, X1: whom and where the session of the CDR charged. */
export function checkSameSession(input: ClearingInput): readonly Draft[] {
  const { session, cdr } = input
  const id = readText(at(cdr.value, '/session_id'))
  if (session.state === 'missing' || id === null) return []
  return [...checkCard(input, id), ...checkPlace(input, id)]
}

/** Another eMSP is fatal; another card of the same one holds. A token that belongs to another eMSP is told as such. */
function checkCard({ session, cdr, token }: ClearingInput, id: string): readonly Draft[] {
  if (session.state === 'missing' || token.state === 'foreign') return []
  const owner = partyOf(session.value)
  const billed = partyOf(cdr.value) ?? cdr.receiver
  const inputs: DraftInput[] = [
    { field: '/cdr_token', source: 'cdr', value: billed },
    { field: '/cdr_token', source: 'session', value: owner },
  ]
  if (owner !== null && owner !== billed) {
    const what = `The session ${id} was charged with a token of ${owner}, but the CDR bills ${billed}.`
    const words = { what, right: `the CDR billed ${owner}` }
    return [{ code: 'A5', inputs, expected: owner, actual: billed, words }]
  }
  if (isSameCard(at(cdr.value, '/cdr_token'), at(session.value, '/cdr_token'))) return []
  // Neither is named: the text outlives the card.
  const what = `The session ${id} was charged with another token of ${billed} than the one that the CDR bills.`
  const words = { what, right: 'the CDR and its session named the same token' }
  return [{ code: 'A5', milder: 'S', inputs, words }]
}

function partyOf(value: unknown): string | null {
  const country = idKey(readText(at(value, '/cdr_token/country_code')))
  const party = idKey(readText(at(value, '/cdr_token/party_id')))
  return country === null || party === null ? null : `${country}-${party}`
}

/**
 * The same contract, whatever stands for it; the same uid where one of the two names no contract, or both name one, once
 * with and once without its check digit.
 */
function isSameCard(one: unknown, other: unknown): boolean {
  const contracts = [one, other].map((token) => contractKey(readText(at(token, '/contract_id'))))
  const uids = [one, other].map((token) => idKey(readText(at(token, '/uid'))))
  const [short = '', long = ''] = contracts
    .map((contract) => contract ?? '')
    .toSorted((a, b) => a.length - b.length)
  const isOne = short !== '' && long.length === short.length + 1 && long.startsWith(short)
  if (isOne && uids[0] !== null && uids[0] === uids[1]) return true
  const [keys] = [contracts, uids].filter((pair) => !pair.includes(null))
  return keys === undefined || keys[0] === keys[1]
}

/** What was charged elsewhere is no session of this CDR. */
function checkPlace({ session, cdr }: ClearingInput, id: string): readonly Draft[] {
  if (session.state === 'missing') return []
  const places = [
    { name: 'location', own: '/cdr_location/id', other: '/location_id' },
    { name: 'EVSE', own: '/cdr_location/evse_uid', other: '/evse_uid' },
  ].flatMap(({ name, own, other }) => {
    const [here, there] = [placeId(at(cdr.value, own)), placeId(at(session.value, other))]
    if (here === null || there === null || idKey(here) === idKey(there)) return []
    return [{ name, own, other, here, there }]
  })
  const [first] = places
  if (first === undefined) return []
  const { name, own, other, here, there } = first
  const what = `The session ${id} was at the ${name} ${there}, but the CDR bills a charge at ${here}, so this is not its session.`
  const inputs: DraftInput[] = [
    { field: own, source: 'cdr', value: here },
    { field: other, source: 'session', value: there },
  ]
  const right = `the CDR and its session named the same ${name}`
  return [{ code: 'X1', inputs, expected: there, actual: here, words: { what, right } }]
}

function placeId(value: unknown): string | null {
  const id = readText(value)
  return id === unassigned ? null : id
}
