import type { Interface } from '../ocpi/define.ts'
import { moduleById } from '../ocpi/registry.ts'
import { compareVersions } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import type { PlatformRole } from './dialect.ts'

/**
 * The interfaces that each role has, in the order of the version details (Terminology, Typical OCPI implementations per
 * Role; 2.3.0 Payments, Bookings, Invoice Reconciliation). Configuration of a hub is told to everybody.
 */
const OFFERS: readonly (Partial<Record<PlatformRole, readonly Interface[]>> & {
  module: string
})[] = [
  { module: 'locations', CPO: ['sender'], EMSP: ['receiver'], PTP: ['receiver'] },
  { module: 'tariffs', CPO: ['sender'], EMSP: ['receiver'], PTP: ['receiver'] },
  { module: 'sessions', CPO: ['sender'], EMSP: ['receiver'], PTP: ['receiver'] },
  { module: 'cdrs', CPO: ['sender'], EMSP: ['receiver'], PTP: ['receiver'] },
  { module: 'tokens', CPO: ['receiver'], EMSP: ['sender'] },
  { module: 'commands', CPO: ['receiver'], EMSP: ['sender'], PTP: ['sender'] },
  { module: 'chargingprofiles', CPO: ['receiver'], EMSP: ['sender'] },
  { module: 'payments', CPO: ['receiver'], PTP: ['sender'] },
  { module: 'Booking', CPO: ['sender'], EMSP: ['receiver'] },
  {
    module: 'invoicereconciliation',
    CPO: ['sender', 'receiver'],
    EMSP: ['sender', 'receiver'],
  },
  { module: 'hubclientinfo', CPO: ['receiver'], EMSP: ['receiver'], PTP: ['receiver'] },
]

/** What a served partner offers in its version. */
export function offersOf(
  role: PlatformRole,
  version: Version,
): { identifier: string; side: Interface }[] {
  return OFFERS.flatMap((offer) => {
    const since = moduleById(offer.module)?.since ?? version
    if (compareVersions(version, since) < 0) return []
    return (offer[role] ?? []).map((side) => ({ identifier: offer.module, side }))
  })
}
