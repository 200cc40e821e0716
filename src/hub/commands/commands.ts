import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { Context } from '../../context.ts'
import { endpointOf } from '../../directory/directory.ts'
import type { Member } from '../../directory/parties.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { HubError } from '../../errors.ts'
import type { Loss } from '../../ocpi/adapt/define.ts'
import { foldKey, partyOf } from '../../ocpi/primitives.ts'
import { replaceMember } from '../../ocpi/splice.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { existsIn } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import type { OcpiAnswer as PartnerAnswer } from '../../peer/ocpi-client.ts'
import { resolveAlias } from '../bridge/aliases.ts'
import { bridgeText } from '../bridge/bridge.ts'
import { mintCallback } from './callbacks.ts'
import { callPartner } from '../call-partner.ts'
import { findReceiver, relay, routingHeaders } from '../forward.ts'
import { restFor } from '../outgoing.ts'
import { noteCommand, noteCommandAnswer } from '../note-authorization.ts'
import { noteProfileSetter } from './profile-setters.ts'
import { success } from '../request.ts'
import type { Call, OcpiAnswer } from '../request.ts'
import { confirmReservation, noteReservation, readReservation } from './reservations.ts'
import { readResponseUrl } from './response-url.ts'

/** A command on its way: who sends it, who gets it, and in which version. */
type Sending = { call: Call; member: Member; version: Version }

/**
 * Sends a command, or a request of chargingprofiles, to the party it concerns, with a URL of ours for the later results
 * in the place of the requester's: the receiver has no token for that one (2.2.1 Commands, Flow). Never queued. With
 * the same version on both sides every other byte is sent as it came.
 */
export async function sendCommand(
  context: Context,
  input: { call: Call; snapshot: Snapshot; receiver: string },
): Promise<OcpiAnswer> {
  const { call } = input
  const responseUrl = readResponseUrl(call, context.config)
  checkQuery(call)
  checkTokenOwner(call)
  const reservation = readReservation(call)
  const member = findReceiver(context, input)
  const { version } = member.platform
  assert(version, 'a connected platform has a version')
  const sending = { call, member, version }
  if (!existsIn(call.route, version)) return notInVersion(sending)
  const endpoint = receiverUrl(sending)
  limitCommands(context, sending)
  const number =
    reservation && (await noteReservation(context.db, { ...reservation, cpo: member.party }))
  const minted = await mintCallback(context, {
    call,
    member,
    url: responseUrl,
    dueAt: reservation?.expiresAt ?? null,
  })
  const url = `${endpoint}${restFor(call, member.platform)}${queryFor(call, minted)}`
  const sent = await bodyFor(context, { sending, minted, number })
  const noted = await noteCommand(context, { call, cpo: member.party })
  const answer = await callPartner(context, {
    platform: member.platform,
    module: call.route.module.id,
    method: call.route.endpoint.method,
    url,
    from: call.from.party,
    to: member.party,
    correlationId: call.ids.correlationId,
    deadlineMs: limits.peerRequestMs,
    ...(sent === null ? {} : { bodyText: sent.text }),
  })
  await noteCommandAnswer(context, { call, id: noted, answer })
  await noteAccepted(context, { sending, answer })
  return relay(context, { call, member, answer, url, losses: sent?.losses ?? [] })
}

/** OCPI 2.2.1 chargingprofiles, GET and DELETE: what they ask for stands in the query. */
function checkQuery({ route, query }: Call): void {
  const missing = route.endpoint.requiredQuery?.filter((name) => !query.get(name)) ?? []
  if (missing.length === 0) return
  throw new HubError('invalid', 'the query is not complete', {
    faults: missing.map((name) => ({ pointer: `query:${name}`, message: 'is required' })),
  })
}

/** OCPI 2.2.1 START_SESSION, RESERVE_NOW: an eMSP sends its own drivers' tokens only. */
function checkTokenOwner(call: Call): void {
  const token = call.body?.value.token
  if (!isRecord(token) || call.version === '2.1.1') return
  if (partyOf(token.country_code, token.party_id) === call.from.party) return
  throw new HubError('invalid', 'the token must be one of your own', {
    faults: [{ pointer: '/token/party_id', message: `must be that of ${call.from.party}` }],
  })
}

/** The answer for a receiver whose version does not have this at all. Commands have a word for that. */
function notInVersion({ call, member, version }: Sending): OcpiAnswer {
  if (call.route.endpoint.body?.kind === 'cancelReservation') {
    return success(JSON.stringify({ result: 'NOT_SUPPORTED', timeout: 0 }), {
      headers: routingHeaders(member.party, call.from.party),
    })
  }
  throw new HubError('hubError', `${member.party} speaks OCPI ${version}, which does not have this`)
}

function receiverUrl({ call, member }: Sending): string {
  const endpoint = endpointOf(member.platform, call.route.module.id, call.side)
  if (endpoint !== undefined) return endpoint.replace(/\/+$/, '')
  throw new HubError(
    'hubError',
    `${member.party} does not implement ${call.route.module.id} as ${call.side}`,
  )
}

/** Counted per sender, so that nobody can use up what others may send to the same EVSE. */
function limitCommands(context: Context, { call, member }: Sending): void {
  const { location_id: location, evse_uid: evse } = call.body?.value ?? {}
  const sender = `command:${call.from.party}`
  take(context, sender, limits.commandsPerPartyPerMinuteMax)
  if (typeof location !== 'string') return
  const place = `${sender}:${member.party}:${foldKey(location.slice(0, limits.idCharsMax))}`
  if (typeof evse !== 'string') take(context, place, limits.commandsPerLocationPerMinuteMax)
  else {
    const key = `${place}:${foldKey(evse.slice(0, limits.idCharsMax))}`
    take(context, key, limits.commandsPerEvsePerMinuteMax)
  }
}

function take(context: Context, key: string, perMinuteMax: number): void {
  const share = context.limiter.take(key, perMinuteMax)
  if (share.ok) return
  throw new HubError('rateLimited', 'too many commands; wait before the next one', {
    retryAfterS: share.retryAfterS,
  })
}

/** The query as it came, with our URL for the result where the result's URL stands there (chargingprofiles). */
function queryFor(call: Call, minted: string): string {
  const query = new URLSearchParams(call.query)
  if (call.route.endpoint.responseUrl?.in === 'query') query.set('response_url', minted)
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** A body as it goes out, and what was lost where the receiver's version cannot say it. */
type Sent = { text: string; losses: readonly Loss[] }

/** The body in the receiver's version, with our URL and the names by which the receiver knows things. */
async function bodyFor(
  context: Context,
  input: { sending: Sending; minted: string; number: number | null },
): Promise<Sent | null> {
  const { call, member, version } = input.sending
  if (!call.body) return null
  const text = withNumber(await withOwnersIds(context, call), input)
  const kind = call.route.endpoint.body?.kind
  if (kind === undefined || call.version === version)
    return { text: withUrl(text, input.minted), losses: [] }
  const converted = await bridgeText(context, {
    kind,
    text,
    from: call.version,
    to: version,
    owner: call.from.party,
    receiver: { platformId: member.platform.id, party: member.party },
  })
  if (converted.ok)
    return { text: withUrl(converted.value, input.minted), losses: converted.losses }
  throw new HubError('hubError', `${member.party} cannot be told this`, {
    faults: [{ pointer: converted.pointer, message: converted.reason }],
  })
}

function withUrl(text: string, minted: string): string {
  return replaceMember(text, ['response_url'], JSON.stringify(minted))
}

/** All eMSPs are one partner to a CPO of 2.1.1: their own integers could mean each other's reservations there. */
function withNumber(text: string, input: { sending: Sending; number: number | null }): string {
  const { call, version } = input.sending
  if (input.number === null || version !== '2.1.1') return text
  const number = call.version === '2.1.1' ? input.number : String(input.number)
  return replaceMember(text, ['reservation_id'], JSON.stringify(number))
}

/** A partner of 2.1.1 may know a location or session of several owners under a name of ours. */
async function withOwnersIds(context: Context, { body, version }: Call): Promise<string> {
  let text = body?.text ?? ''
  if (version !== '2.1.1') return text
  for (const [member, module] of [
    ['location_id', 'locations'],
    ['session_id', 'sessions'],
  ] as const) {
    const id = body?.value[member]
    if (typeof id !== 'string') continue
    const known = await resolveAlias(context.db, { module, id })
    if (known && known.key !== foldKey(id))
      text = replaceMember(text, [member], JSON.stringify(known.id))
  }
  return text
}

/** Remembers what the receiver has accepted. The command is under way: to forget this must not undo its answer. */
async function noteAccepted(
  context: Context,
  { sending, answer }: { sending: Sending; answer: PartnerAnswer },
): Promise<void> {
  const { call, member } = sending
  if (answer.kind !== 'ocpi' || !isRecord(answer.data) || answer.data.result !== 'ACCEPTED') return
  const reservation = readReservation(call)
  const session = call.route.endpoint.method === 'PUT' ? call.route.params.session_id : undefined
  try {
    if (reservation) await confirmReservation(context.db, { ...reservation, cpo: member.party })
    if (session !== undefined)
      await noteProfileSetter(context.db, { cpo: member.party, session, party: call.from.party })
  } catch (error) {
    context.log.warn(
      { err: error instanceof Error ? error.message : '', correlation_id: call.ids.correlationId },
      'what a receiver accepted could not be noted',
    )
  }
}

/**
 * What a command is about is not known, or not the sender's: 2003, with a response as its data (OCPI 2.2.1 Commands:
 * REJECTED for a location that nobody has). `pointer` says where it is named.
 */
export function unknownSubjectAnswer(
  call: Call,
  { pointer, message }: { pointer: string; message: string },
): OcpiAnswer {
  const result = pointer.endsWith('session_id') ? 'UNKNOWN_SESSION' : 'REJECTED'
  const timeout = call.version === '2.1.1' ? {} : { timeout: 0 }
  return success(JSON.stringify({ result, ...timeout }), {
    ocpiStatus: 2003,
    statusMessage: `${pointer} ${message}`,
  })
}
