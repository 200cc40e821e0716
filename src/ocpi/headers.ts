import { partyOf } from './primitives.ts'

/** Headers that decide who speaks for whom: a second one is an attack or a broken proxy, never a choice. */
export const SINGLE_HEADERS = [
  'authorization',
  'host',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'x-request-id',
  'x-correlation-id',
  'ocpi-to-party-id',
  'ocpi-to-country-code',
  'ocpi-from-party-id',
  'ocpi-from-country-code',
] as const

/** One side of the routing headers: absent, a party, or half a pair or characters no party has. */
export type Address =
  { kind: 'absent' } | { kind: 'party'; party: string } | { kind: 'broken'; header: string }

/** Reads `OCPI-{to|from}-country-code` and `-party-id`, which always come in pairs (2.2.1 Message routing headers). */
export function readAddress(headers: ReadonlyMap<string, string>, side: 'to' | 'from'): Address {
  const countryCode = headers.get(`ocpi-${side}-country-code`)
  const partyId = headers.get(`ocpi-${side}-party-id`)
  if (countryCode === undefined && partyId === undefined) return { kind: 'absent' }
  if (countryCode === undefined) return { kind: 'broken', header: `OCPI-${side}-country-code` }
  if (partyId === undefined) return { kind: 'broken', header: `OCPI-${side}-party-id` }
  const party = partyOf(countryCode, partyId)
  return party === null
    ? { kind: 'broken', header: `OCPI-${side}-party-id` }
    : { kind: 'party', party }
}
