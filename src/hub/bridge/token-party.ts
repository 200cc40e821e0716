import { findMember } from '../../directory/parties.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { HubError } from '../../errors.ts'
import { partyOf, partyParts } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'

type Json = Record<string, unknown>

/** The party that the cdr_token of a session or CDR names; null when it names none. */
export function partyOfToken({ cdr_token: token }: Json): string | null {
  return isRecord(token) ? partyOf(token.country_code, token.party_id) : null
}

/**
 * 2.1.1 names a contract, not whose it is. The hub knows it by the token; of one that nobody pushed the contract id says
 * it, which begins with country and provider (eMI3 contract id), if that is an eMSP here. Throws HubError when nobody
 * is known to have it.
 */
export function withTokenParty(value: Json, snapshot: Snapshot): Json {
  const { auth_id: contract, ...rest } = value
  // Of a known token the lift left cdr_token in its place.
  if (typeof contract !== 'string') return value
  const named = /^([A-Za-z]{2})[-*]?([A-Za-z0-9]{3})/.exec(contract)
  const party = named === null ? null : partyOf(named[1], named[2])
  if (party === null || findMember(snapshot, party, ['EMSP']) === null) {
    const message = 'is a contract that no provider here is known to have'
    throw new HubError('invalid', message, { faults: [{ pointer: '/auth_id', message }] })
  }
  const { countryCode, partyId } = partyParts(party)
  const card = { uid: contract, type: 'OTHER', contract_id: contract }
  return { ...rest, cdr_token: { country_code: countryCode, party_id: partyId, ...card } }
}
