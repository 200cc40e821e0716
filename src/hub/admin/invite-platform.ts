import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { violates } from '../../db/database.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Fault } from '../../errors.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { announcePlatform } from '../connection/announce.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'

type InvitedRole = {
  role: string
  country_code: string
  party_id: string
  business_details?: object
}

type Invitation = {
  actor: string
  name: string
  roles: readonly InvitedRole[]
  reason?: string | undefined
}
type Seat = { party: string; role: string; business_details: object }

/**
 * Makes a place for a platform: exactly these roles may register, with the token A that is answered once. A party may
 * hold a role on one platform only (conflict, naming `/roles/N`). A partner that speaks 2.1.1 starts at the versions URL
 * of its side, anybody else at the plain one.
 */
export async function invitePlatform(context: Context, invitation: Invitation) {
  const seats = invitation.roles.map((role) => ({
    party: foldUpper(`${role.country_code}-${role.party_id}`),
    role: role.role,
    business_details: role.business_details ?? { name: invitation.name },
  }))
  refuseRepeats(seats)
  refuseHubItself(context, seats)
  const id = context.ids.id('pf')
  const tokenA = context.secrets.newToken()
  try {
    await context.db.transaction((tx) =>
      writePlatform(tx, { context, invitation, seats, id, tokenA }),
    )
  } catch (error) {
    // Two invitations at once: the constraint decides what the look-up before could not see.
    if (violates(error, 'platform_parties_party_key'))
      throw taken([{ pointer: '/roles', message: TAKEN }])
    throw error
  }
  context.directory.invalidate()
  const base = `${context.publicUrl}/ocpi`
  return {
    id,
    token_a: tokenA,
    versions_url: `${base}/versions`,
    versions_url_cpo: `${base}/cpo/versions`,
    versions_url_emsp: `${base}/emsp/versions`,
  }
}

const TAKEN = 'this party already has this role on another platform'

async function writePlatform(
  tx: Tx,
  what: {
    context: Context
    invitation: Invitation
    seats: readonly Seat[]
    id: string
    tokenA: string
  },
): Promise<void> {
  const { context, invitation, seats, id, tokenA } = what
  await refuseTaken(tx, seats)
  const roles = seats.map(({ party, role, business_details }) => ({
    role,
    country_code: party.slice(0, 2),
    party_id: party.slice(3),
    business_details,
  }))
  await tx.rows(sql`
    insert into platforms (id, name, status, invited_roles)
    values (${id}, ${invitation.name}, 'invited', ${JSON.stringify(roles)})`)
  await tx.rows(sql`
    insert into platform_parties (platform_id, party, role, business_details)
    select ${id}, s.party, s.role, s.business_details
    from jsonb_to_recordset(${JSON.stringify(seats)}::jsonb) as s(party text, role text, business_details jsonb)`)
  const sealed = context.secrets.seal(tokenA, `platform:${id}:registration`)
  await tx.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed, expires_at)
    values (${context.secrets.hash(tokenA)}, ${id}, 'registration', ${sealed},
            clock_timestamp() + ${limits.registrationTokenAgeMs} * interval '1 millisecond')`)
  await announcePlatform(tx, id)
  await appendAudit(tx, {
    actor: invitation.actor,
    action: 'platform.invite',
    subject: id,
    reason: invitation.reason,
    details: { name: invitation.name, roles: seats.map(({ party, role }) => `${role}:${party}`) },
  })
}

async function refuseTaken(tx: Tx, seats: readonly Seat[]): Promise<void> {
  const held = await tx.rows<{ party: string; role: string }>(sql`
    select party, role from platform_parties where party = any(${seats.map((seat) => seat.party)})`)
  const faults: Fault[] = []
  seats.forEach((seat, index) => {
    if (held.some((other) => other.party === seat.party && other.role === seat.role)) {
      faults.push({ pointer: `/roles/${index}`, message: TAKEN })
    }
  })
  if (faults.length > 0) throw taken(faults)
}

function refuseRepeats(seats: readonly Seat[]): void {
  const seen = new Set<string>()
  seats.forEach(({ party, role }, index) => {
    if (seen.has(`${role}:${party}`)) {
      const faults = [
        { pointer: `/roles/${index}`, message: 'this party and role stand in the list already' },
      ]
      throw new Refusal('invalidBody', 'Name every party and role once.', { faults })
    }
    seen.add(`${role}:${party}`)
  })
}

function refuseHubItself(context: Context, seats: readonly Seat[]): void {
  const { countryCode, partyId } = context.config.hub
  const index = seats.findIndex((seat) => seat.party === foldUpper(`${countryCode}-${partyId}`))
  if (index === -1) return
  throw taken([{ pointer: `/roles/${index}`, message: 'this is the party of the hub itself' }])
}

function taken(faults: Fault[]): Refusal {
  return new Refusal('conflict', 'A party holds a role on one platform only.', { faults })
}
