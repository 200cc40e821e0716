import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { findMember, membersWith } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { Module, Role } from '../ocpi/define.ts'
import { mayDeal } from './agreements.ts'
import { pairOf } from './forward.ts'

/** One receiving platform and its party that is addressed. */
export type Receiver = { platformId: string; party: string }

/**
 * Everyone a broadcast reaches: registered, of a reading role, implementing the module, allowed, on another platform.
 * One that does not answer is among them: it gets the object when it is back. A platform with several such parties gets
 * it once: it has one copy of the endpoint, and TO names its first party.
 */
export function receiversOf(
  context: Pick<Context, 'config' | 'clock'>,
  input: {
    snapshot: Snapshot
    module: Module
    from: { party: string; role: Role }
    platformId: string
  },
): Receiver[] {
  const { snapshot, module, from, platformId } = input
  const first = new Map<string, Receiver>()
  for (const member of membersWith(snapshot, module.readerRoles)) {
    const { platform, party } = member
    if (first.has(platform.id) || platform.id === platformId) continue
    if (platform.status !== 'registered') continue
    if (endpointOf(platform, module.id, 'receiver') === undefined) continue
    const mode = context.config.agreements
    const at = context.clock()
    if (mayDeal({ ...pairOf(from, member), snapshot, mode, module: module.id, at }))
      first.set(platform.id, { platformId: platform.id, party })
  }
  return [...first.values()]
}

/** The party that an object is for, as it gets it; null when it takes none of this module, or may not deal with its owner. */
export function partyReceiver(
  context: Pick<Context, 'config' | 'clock'>,
  input: { snapshot: Snapshot; module: Module; owner: string; audience: string },
): Receiver | null {
  const { snapshot, module, owner, audience } = input
  const member = findMember(snapshot, audience, module.readerRoles)
  if (!member || endpointOf(member.platform, module.id, 'receiver') === undefined) return null
  const mode = context.config.agreements
  const at = context.clock()
  const isAllowed = mayDeal({ cpo: owner, emsp: audience, snapshot, mode, module: module.id, at })
  return isAllowed ? { platformId: member.platform.id, party: audience } : null
}
