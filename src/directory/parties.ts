import type { Role } from '../ocpi/define.ts'
import type { Platform, Snapshot } from './snapshot.ts'

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

/** True when messages may be sent to this platform now. */
export function isConnected(platform: Platform): boolean {
  return platform.status === 'registered'
}

/** ConnectionStatus of 2.2.1 HubClientInfo as far as the directory knows it. */
export function connectionStatus(
  platform: Platform,
): 'CONNECTED' | 'OFFLINE' | 'PLANNED' | 'SUSPENDED' {
  switch (platform.status) {
    case 'registered':
      return 'CONNECTED'
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
