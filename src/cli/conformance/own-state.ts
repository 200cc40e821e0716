import { randomBytes } from 'node:crypto'
import type { PartnerSide } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Address, Part } from './exchange.ts'
import type { Json } from './made.ts'

/** What the partner sent to the certifier's own platform. `path` is what follows the host. */
export type Got = {
  method: string
  path: string
  query: URLSearchParams
  /** The token it showed, base64 or not; empty without one. */
  isKnownToken: boolean
  headers: Readonly<Record<string, string>>
  body: unknown
  text: string
}

export type OwnState = {
  url: string
  version: Version
  side: PartnerSide
  role: Part
  party: Address
  tokens: string[]
  objects: Map<string, Json[]>
  /** The token that the partner gave by a PUT of its own. */
  onToken: (token: string) => void
}

/** Credentials with a new token, which works from now on beside those before. */
export function credentialsOf(state: OwnState): Json {
  const token = randomBytes(24).toString('hex')
  state.tokens.push(token)
  return shownCredentials(state, token)
}

/** The Credentials object with a token that the partner has. 2.1.1 has one party and no roles. */
export function shownCredentials(state: OwnState, token: string): Json {
  const party = {
    country_code: state.party.countryCode,
    party_id: state.party.partyId,
    business_details: { name: 'Conformance test' },
  }
  const common = { token, url: `${state.url}/ocpi/versions` }
  return state.version === '2.1.1'
    ? { ...common, ...party }
    : { ...common, roles: [{ role: state.role, ...party }] }
}
