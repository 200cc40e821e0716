import { endpointSide } from '../ocpi/registry.ts'
import type { PartnerSide } from '../ocpi/registry.ts'
import type { Version } from '../ocpi/version.ts'
import { objectIn, objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { PlatformPlan, WorldParty } from './world.ts'

/** In what the versions of OCPI differ for a connection: how its tokens, credentials and endpoints are written. */

export type Address = { countryCode: string; partyId: string }

/** The token in the Authorization header: base64 since 2.2 (Transport: Authorization header), as it is before. */
export function encodedToken(version: Version, token: string): string {
  return version === '2.1.1' ? token : Buffer.from(token, 'utf8').toString('base64')
}

/** The roles of a platform; a payment terminal provider stands where an eMSP does (2.3.0 Payments). */
export type PlatformRole = PlatformPlan['role'] | 'PTP'

/** What a partner calls itself where 2.1.1 asks for a side. */
function sideOfRole(role: PlatformRole): PartnerSide {
  return role === 'CPO' ? 'cpo' : 'emsp'
}

/** `locations/sender` for an endpoint of the other platform; credentials stand under their own name. */
export function endpointName(endpoint: Json, of: { version: Version; role: PlatformRole }): string {
  const module = textOf(endpoint, 'identifier') ?? ''
  if (module === 'credentials') return module
  if (of.version !== '2.1.1') return `${module}/${(textOf(endpoint, 'role') ?? '').toLowerCase()}`
  // 2.1.1 names no roles: the other platform has the interface that we have not.
  const ours = endpointSide(module, sideOfRole(of.role))
  return `${module}/${ours === 'sender' ? 'receiver' : 'sender'}`
}

/** Our Credentials object. 2.1.1 has room for one party: the first. */
export function credentialsOf(of: {
  version: Version
  role: PlatformRole
  parties: readonly WorldParty[]
  token: string
  url: string
}): Json {
  const { token, url } = of
  const parties = of.parties.map((party) => ({
    country_code: party.countryCode,
    party_id: party.partyId,
    business_details: { name: party.name },
  }))
  return of.version === '2.1.1'
    ? { token, url, ...parties[0] }
    : { token, url, roles: parties.map((party) => ({ role: of.role, ...party })) }
}

/** Who the other platform is: the hub's party, when it is a hub, and every party it speaks for. */
export function peerOf(
  version: Version,
  credentials: Json,
): { hub: Address | undefined; parties: Address[] } {
  if (version === '2.1.1') {
    const only = addressOf(credentials)
    return { hub: only, parties: only ? [only] : [] }
  }
  const roles = objectsIn(credentials['roles'])
  const parties = roles.flatMap((role) => addressOf(role) ?? [])
  const named = textOf(credentials, 'hub_party_id')
  const hub =
    named === undefined
      ? addressOf(objectIn(roles.find((role) => textOf(role, 'role') === 'HUB')))
      : { countryCode: named.slice(0, 2), partyId: named.slice(2) }
  return { hub, parties }
}

function addressOf(value: Json): Address | undefined {
  const countryCode = textOf(value, 'country_code')
  const partyId = textOf(value, 'party_id')
  return countryCode === undefined || partyId === undefined ? undefined : { countryCode, partyId }
}
