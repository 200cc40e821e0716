import { createHash } from 'node:crypto'
import type { Context } from '../../context.ts'
import { onlySideOf } from '../../directory/parties.ts'
import type { Platform, Snapshot } from '../../directory/snapshot.ts'
import { partyParts } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import { maySee } from './client-info.ts'

/** Whom our Credentials are for, in which version, and with which token of ours. */
type Occasion = {
  snapshot: Snapshot
  platform: Platform
  version: Version
  token: string
  /** The side of a partner of 2.1.1; null: that of its parties. */
  side: PartnerSide | null
}

/** Our Credentials object as JSON, and what tells whether it shows a 2.3.0 partner the same roles as before. */
export type OwnCredentials = { text: string; shownRoles: string | null }

/**
 * Our Credentials object as a version has it: 2.1.1 a single party; 2.2.1 the role HUB alone; 2.3.0 hub_party_id with
 * the parties that can be reached through the hub as roles, and never HUB (Credentials object, NOTE).
 */
export function ourCredentials(context: Context, occasion: Occasion): OwnCredentials {
  const { countryCode: country_code, partyId: party_id, name } = context.config.hub
  const { token, version } = occasion
  const business_details = { name }
  const url = `${context.publicUrl}/ocpi/versions`
  switch (version) {
    case '2.1.1': {
      const side = occasion.side ?? onlySideOf(occasion.platform) ?? 'emsp'
      const sideUrl = `${context.publicUrl}/ocpi/${side}/versions`
      const object = { token, url: sideUrl, business_details, party_id, country_code }
      return { text: JSON.stringify(object), shownRoles: null }
    }
    case '2.2.1': {
      const roles = [{ role: 'HUB', country_code, party_id, business_details }]
      return { text: JSON.stringify({ token, url, roles }), shownRoles: null }
    }
    case '2.3.0': {
      const roles = rolesShown(context, occasion)
      const hub_party_id = `${country_code}${party_id}`
      const text = JSON.stringify({ token, url, hub_party_id, roles })
      return { text, shownRoles: markOf(roles) }
    }
    default:
      return version satisfies never
  }
}

/** What `ourCredentials` would show a 2.3.0 partner now, in the form that is kept of what it was shown. */
export function rolesMark(
  context: Context,
  occasion: Pick<Occasion, 'snapshot' | 'platform'>,
): string {
  return markOf(rolesShown(context, occasion))
}

type ShownRole = {
  role: string
  country_code: string
  party_id: string
  business_details: Record<string, unknown>
}

/** The registered parties of other platforms that this one may deal with. An offline one comes back: it stays listed. */
function rolesShown(
  context: Context,
  { snapshot, platform }: Pick<Occasion, 'snapshot' | 'platform'>,
): ShownRole[] {
  const own: Platform = { ...platform, version: '2.3.0' }
  const reachable = [...snapshot.platforms.values()]
    .filter((other) => other.id !== platform.id && other.status === 'registered')
    .flatMap((other) => other.parties)
    .filter((party) => maySee(context, { snapshot, own, party }))
    .sort((a, b) => (`${a.party}/${a.role}` < `${b.party}/${b.role}` ? -1 : 1))
    .map(({ party, role, businessDetails }) => ({
      role,
      ...addressOf(party),
      business_details: namedDetails(businessDetails, party),
    }))
  if (reachable.length > 0) return reachable
  // `roles` holds at least one: a hub that nobody can be reached through yet shows itself, as OTHER.
  const { countryCode, partyId, name } = context.config.hub
  return [
    {
      role: 'OTHER',
      country_code: countryCode,
      party_id: partyId,
      business_details: { name },
    },
  ]
}

function addressOf(party: string): { country_code: string; party_id: string } {
  const { countryCode, partyId } = partyParts(party)
  return { country_code: countryCode, party_id: partyId }
}

function namedDetails(details: unknown, party: string): Record<string, unknown> {
  return isRecord(details) && typeof details.name === 'string' ? details : { name: party }
}

function markOf(roles: readonly ShownRole[]): string {
  return createHash('sha256').update(JSON.stringify(roles)).digest('base64url')
}
