import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { onlySideOf, sideOf } from '../../directory/parties.ts'
import type { PartyRow, Platform } from '../../directory/snapshot.ts'
import { partyOf } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import { raiseAlert } from '../alerts.ts'

/** What a partner's Credentials object says. */
export type PartnerCredentials = {
  token: string
  url: string
  parties: (Pick<PartyRow, 'party' | 'role'> & { businessDetails: unknown })[]
}

/**
 * Checks a partner's Credentials: exactly the roles it was invited with, nobody else's; in 2.1.1 one of them, on the
 * side that the partner is on.
 */
export function readCredentials(
  value: Record<string, unknown>,
  of: { platform: Platform; version: Version; side: PartnerSide | null },
): PartnerCredentials {
  const faults: Fault[] = []
  const parties =
    of.version === '2.1.1' ? readParty(value, of, faults) : readRoles(value, of.platform, faults)
  const token = typeof value.token === 'string' ? value.token : ''
  if (!/^[\x21-\x7e]{1,64}$/.test(token)) {
    faults.push({ pointer: '/token', message: 'must be 1 to 64 printable ASCII characters' })
  }
  if (faults.length > 0)
    throw new HubError('invalid', 'these credentials cannot be taken', { faults })
  return { token, url: typeof value.url === 'string' ? value.url : '', parties }
}

function readRoles(
  value: Record<string, unknown>,
  platform: Platform,
  faults: Fault[],
): PartnerCredentials['parties'] {
  const listed = Array.isArray(value.roles) ? value.roles : []
  const parties = listed.flatMap((role: unknown, index) => {
    if (!isRecord(role)) return []
    const party = partyOf(role.country_code, role.party_id)
    const seat = platform.invited.find((own) => own.party === party && own.role === role.role)
    if (!seat) {
      faults.push({
        pointer: `/roles/${index}`,
        message: 'is not one of the roles this platform was invited with',
      })
      return []
    }
    return [{ party: seat.party, role: seat.role, businessDetails: role.business_details }]
  })
  for (const own of platform.invited) {
    const found = parties.filter(({ party, role }) => party === own.party && role === own.role)
    if (found.length !== 1) {
      faults.push({
        pointer: '/roles',
        message: `must list ${own.role} ${own.party} exactly once, as invited`,
      })
    }
  }
  return parties
}

/** 2.1.1 Credentials hold one party; its role is the side of the URL, or the only one that was invited. */
function readParty(
  value: Record<string, unknown>,
  of: { platform: Platform; side: PartnerSide | null },
  faults: Fault[],
): PartnerCredentials['parties'] {
  const party = partyOf(value.country_code, value.party_id)
  const side = onlySideOf(of.platform) ?? of.side
  const seats = of.platform.invited.filter(
    (own) => own.party === party && (side === null || sideOf(own.role) === side),
  )
  // What is no CPO is an eMSP here; the other roles are for those who can say them.
  const seat = seats.find(({ role }) => role === 'EMSP') ?? seats[0]
  if (!seat) {
    const where = side === null ? '' : ` on the ${side === 'cpo' ? 'CPO' : 'eMSP'} side`
    const message = `is not a party this platform was invited with${where}`
    faults.push({ pointer: '/party_id', message })
    return []
  }
  refuseSecond(of.platform, seat, faults)
  return [{ party: seat.party, role: seat.role, businessDetails: value.business_details }]
}

/**
 * A 2.1.1 connection is one party on one side: what registers another one would silently end the first. A partner that
 * is both, or several, is invited once for each.
 */
function refuseSecond(platform: Platform, seat: PartyRow, faults: Fault[]): void {
  if (platform.version !== '2.1.1' || platform.status !== 'registered') return
  const [first] = platform.parties
  if (!first || (first.party === seat.party && first.role === seat.role)) return
  const message = `this connection of OCPI 2.1.1 is that of ${first.role} ${first.party}; for ${seat.role} ${seat.party} ask the operator of the hub for an invitation of its own`
  faults.push({ pointer: '/party_id', message })
}

/** The side of what a platform registers, when it is on one only. */
export function sideOfParties({ parties }: PartnerCredentials): PartnerSide | null {
  const sides = new Set(parties.map(({ role }) => sideOf(role)))
  const [side] = sides
  return side !== undefined && sides.size === 1 ? side : null
}

/** A platform that claims a party of another one: the operator hears of it on both accounts; the claim is refused. */
export async function reportClaims(
  context: Context,
  input: { platform: Platform; value: Record<string, unknown> },
): Promise<void> {
  const { platform, value } = input
  const listed = Array.isArray(value.roles) ? value.roles : [value]
  const snapshot = await context.directory.snapshot()
  for (const other of snapshot.platforms.values()) {
    if (other.id === platform.id) continue
    for (const role of listed) {
      const party = isRecord(role) ? claimed(role) : null
      if (party === null || !isRecord(role) || !other.invited.some((own) => own.party === party))
        continue
      // One party may be CPO on one platform and eMSP on another.
      const isOwn = platform.invited.some(
        (own) => own.party === party && (role.role === undefined || own.role === role.role),
      )
      if (isOwn) continue
      for (const subject of [platform.id, other.id]) {
        await raiseAlert(context.db, {
          code: 'party_claimed',
          severity: 'critical',
          subject: `${subject}/${party}`,
          message: `${platform.name} (${platform.id}) tried to register ${party}, which belongs to ${other.name} (${other.id})`,
          advice:
            'Ask both platforms whose party it is. Nothing was changed: only parties a platform was invited with are taken',
        })
      }
    }
  }
}

/** Also with blanks around it: who would be mistaken for somebody else is told of. */
function claimed(role: Record<string, unknown>): string | null {
  const trimmed = (value: unknown) => (typeof value === 'string' ? value.trim() : value)
  return partyOf(trimmed(role.country_code), trimmed(role.party_id))
}
