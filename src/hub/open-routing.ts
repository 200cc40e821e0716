import type { Context } from '../context.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { isToldRouting, membersWith } from '../directory/parties.ts'
import { sql } from '../db/sql.ts'
import { HubError } from '../errors.ts'
import { foldKey, partyOf } from '../ocpi/primitives.ts'
import { existsIn } from '../ocpi/registry.ts'
import { isRecord } from '../ocpi/validate.ts'
import { mayDeal } from './agreements.ts'
import { resolveAlias } from './bridge/aliases.ts'
import { versionOf } from './bridge/bridge.ts'
import { findAddressee, pairOf, receiverRoles } from './forward.ts'
import { hubParty } from './hub-party.ts'
import { profileSetters } from './commands/profile-setters.ts'
import type { Call } from './request.ts'
import { findReservation } from './commands/reservations.ts'
import type { Content } from './route.ts'

type Input = { call: Call; snapshot: Snapshot }

/**
 * The parties that the content of a request is for (2.2.1 Open Routing Request): the one in cdr_token, those who own the
 * location or session it names, the one that holds the reservation. None, one or several; several are not guessed
 * between. Null when it names a session that is not the sender's. Where OCPI-to names the party, cdr_token must not
 * contradict it, and a session must be the sender's all the same.
 */
export async function contentReceivers(context: Context, input: Input): Promise<Content> {
  const { call } = input
  switch (call.route.endpoint.openBy) {
    case 'cdr_token':
      return tokenParty(context, call)
    case 'location':
      return call.to === null ? locationOwners(context, input) : []
    case 'session':
      return sessionOwners(context, input)
    case 'reservation':
      return call.to === null ? reservationHolder(context, call) : []
    case 'object':
      return []
    case undefined:
      // Also a command that the hub does not know may be about a session.
      return call.route.endpoint.routing === 'command' && call.to !== null
        ? sessionOwners(context, input)
        : []
    default:
      return call.route.endpoint.openBy satisfies never
  }
}

/** The party in cdr_token of a session or CDR, or, where a PATCH does not repeat it, of the session as it is stored. */
async function tokenParty(context: Context, call: Call): Promise<readonly string[]> {
  const { route, body, from } = call
  const { routing } = route.endpoint
  const token = body?.value.cdr_token
  if (isRecord(token)) {
    const receiver = partyOf(token.country_code, token.party_id)
    if (receiver !== null) return [receiver]
    if (token.country_code !== undefined || routing === 'clear') {
      const message = 'country_code and party_id must be ASCII letters and digits'
      throw new HubError('invalid', 'the token names no party', {
        faults: [{ pointer: '/cdr_token/party_id', message }],
      })
    }
  }
  const [row] = await context.db.rows<{ audience: string }>(sql`
    select audience from objects
    where module = ${route.module.id} and owner = ${from.party} and object_key = ${foldKey(route.params.id ?? '')}
      and deleted_at is null
    order by seq desc limit 1`)
  if (!row && routing === 'push' && call.to === null) {
    // Only a PATCH names no card; with the whole object the sender tells us everything that this one builds on.
    throw new HubError('notFound', 'the hub does not have this object; PUT the whole object first')
  }
  return row ? [row.audience] : []
}

/**
 * Who owns a location of this id that the sender may see. Ids are unique within a CPO only; where several use this one,
 * the EVSE may tell them apart. A partner of 2.1.1 has a name of its own for each. Never the platform that asks: what
 * comes from it does not go back to it.
 */
async function locationOwners(
  context: Context,
  { call, snapshot }: Input,
): Promise<readonly string[]> {
  const named = textOf(call.body?.value.location_id)
  if (named === null) return []
  const reachable = reachableOwners(context, { call, snapshot })
  if (call.version === '2.1.1') {
    const known = await resolveAlias(context.db, { module: 'locations', id: named })
    return known !== null && reachable.has(known.owner) ? [known.owner] : []
  }
  const evse = textOf(call.body?.value.evse_uid)
  const rows = await context.db.rows<{ owner: string; has_evse: boolean }>(sql`
    select o.owner, bool_or(e.uid is not null) as has_evse
    from objects o
    left join lateral (
      select value ->> 'uid' as uid
      from jsonb_array_elements(case jsonb_typeof(o.value -> 'evses') when 'array' then o.value -> 'evses' else '[]' end)
      where upper(value ->> 'uid') = upper(${evse ?? ''})) e on true
    where o.module = 'locations' and o.object_key = ${foldKey(named)} and o.deleted_at is null
      and o.audience = any(${['*', call.from.party]}::text[])
    group by o.owner order by o.owner`)
  const owners = rows.filter(({ owner }) => reachable.has(owner))
  const exact = owners.filter((row) => row.has_evse)
  const found = owners.length > 1 && exact.length === 1 ? exact : owners
  return found.map(({ owner }) => owner)
}

/** The owners that a sender may deal with, without those on its own platform. */
function reachableOwners(context: Context, { call, snapshot }: Input): ReadonlySet<string> {
  const module = call.route.module.id
  return new Set(
    membersWith(snapshot, receiverRoles(call))
      .filter((member) => member.platform.id !== call.identity.platform.id)
      .filter((member) =>
        mayDeal({
          ...pairOf(call.from, member),
          snapshot,
          mode: context.config.agreements,
          module,
          at: context.clock(),
        }),
      )
      .map(({ party }) => party),
  )
}

/**
 * Who runs the session of this id. It must be the sender's own, by its card: an eMSP that names somebody else's learns
 * nothing, not even where OCPI-to says whose it is: then null. SCSPs set profiles by contract, which the CPO knows and
 * the hub does not.
 */
async function sessionOwners(context: Context, { call, snapshot }: Input): Promise<Content> {
  const named = textOf(call.body?.value.session_id) ?? call.route.params.session_id ?? null
  if (named === null) return []
  // The hub runs no sessions: that it is not to be addressed is for the routing to say.
  if (call.to === hubParty(context)) return []
  if (call.from.role === 'CPO') return call.to === null ? profilers(context, call, named) : []
  if (call.to !== null && isByContract(call)) return []
  const known =
    call.version === '2.1.1'
      ? await resolveAlias(context.db, { module: 'sessions', id: named })
      : null
  const owner = known?.owner ?? call.to
  const rows = await context.db.rows<{ owner: string; audience: string }>(sql`
    select distinct owner, audience from objects
    where module = 'sessions' and object_key = ${known?.key ?? foldKey(named)} and deleted_at is null
      and (${owner}::text is null or owner = ${owner})
    order by owner, audience`)
  const own = rows.filter(({ audience }) => audience === call.from.party)
  if (call.to !== null) {
    // Before anything is said about its sessions: who may not deal with this party does not know it.
    const { platform } = findAddressee(context, { call, snapshot, receiver: call.to })
    if (rows.length > 0) return own.length > 0 ? [] : null
    // Of a session that the hub has not seen its owner judges: not when it acts without being told for whom.
    const acts = existsIn(call.route, versionOf(platform.version))
    return acts && !isToldRouting(platform) ? null : []
  }
  const reachable = reachableOwners(context, { call, snapshot })
  return own.map((row) => row.owner).filter((party) => reachable.has(party))
}

function isByContract({ from, route }: Call): boolean {
  return from.role === 'SCSP' && route.module.id === 'chargingprofiles'
}

/** Who is told of the active profile of a CPO's own session: who set one (2.2.1 mod_charging_profiles, PUT Method). */
function profilers(context: Context, call: Call, session: string): Promise<readonly string[]> {
  return profileSetters(context.db, { cpo: call.from.party, session })
}

async function reservationHolder(context: Context, call: Call): Promise<readonly string[]> {
  const named = call.body?.value.reservation_id
  if (typeof named !== 'string' && typeof named !== 'number') return []
  const cpo = await findReservation(context.db, {
    emsp: call.from.party,
    reservationId: String(named),
  })
  return cpo === null ? [] : [cpo]
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
