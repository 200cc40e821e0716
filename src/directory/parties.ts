import type { Role } from '../ocpi/define.ts'
import type { Platform, Snapshot } from './snapshot.ts'

export const ROLES: readonly Role[] = ['CPO', 'EMSP', 'NAP', 'NSP', 'OTHER', 'SCSP', 'PTP']

/** A party in one of its roles and the platform behind it. */
export type Member = { party: string; role: Role; platform: Platform }

/** The party in the first of `roles` that it has; null when nobody in the directory is that. */
export function findMember(
  snapshot: Snapshot,
  party: string,
  roles: readonly Role[],
): Member | null {
  for (const role of roles) {
    const platform = snapshot.platforms.get(snapshot.byPartyRole.get(`${party}/${role}`) ?? '')
    if (platform) return { party, role, platform }
  }
  return null
}

/** Every party that has one of `roles`. */
export function membersWith(snapshot: Snapshot, roles: readonly Role[]): Member[] {
  return [...snapshot.platforms.values()].flatMap((platform) =>
    platform.parties
      .filter(({ role }) => roles.includes(role))
      .map(({ party, role }) => ({ party, role, platform })),
  )
}

/** True when messages may be sent to this platform now: it has registered and answers. */
export function isConnected(platform: Platform): boolean {
  return platform.status === 'registered' && platform.offlineSince === null
}

/** False for a platform that cannot know who asks: 2.1.1 has no routing headers, and some others take none. */
export function isToldRouting({ version, quirks }: Pick<Platform, 'version' | 'quirks'>): boolean {
  return version !== '2.1.1' && quirks.no_routing_headers !== true
}

export type ConnectionStatus = 'CONNECTED' | 'OFFLINE' | 'PLANNED' | 'SUSPENDED'

/** ConnectionStatus of HubClientInfo (2.2.1 mod_hub_client_info): a platform that left or stopped answering is OFFLINE. */
export function connectionStatus(platform: Platform): ConnectionStatus {
  switch (platform.status) {
    case 'registered':
      return platform.offlineSince === null ? 'CONNECTED' : 'OFFLINE'
    case 'invited':
      return 'PLANNED'
    case 'unregistered':
      return 'OFFLINE'
    case 'suspended':
      return 'SUSPENDED'
    default:
      return platform.status satisfies never
  }
}

/** The side of a platform whose parties are all on one: CPOs, or anything else, which 2.1.1 treats as eMSPs. */
export function onlySideOf(platform: Pick<Platform, 'invited'>): 'cpo' | 'emsp' | null {
  const sides = new Set(platform.invited.map(({ role }) => sideOf(role)))
  const [side] = sides
  return side !== undefined && sides.size === 1 ? side : null
}

/** The side of a role in 2.1.1, which knows CPOs and eMSPs only. */
export function sideOf(role: Role): 'cpo' | 'emsp' {
  return role === 'CPO' ? 'cpo' : 'emsp'
}
