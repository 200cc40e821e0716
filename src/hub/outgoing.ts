import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Member } from '../directory/parties.ts'
import { idInCase } from '../directory/quirks.ts'
import type { Platform } from '../directory/snapshot.ts'
import type { Facts, Loss } from '../ocpi/adapt/define.ts'
import type { Method, ObjectDefinition } from '../ocpi/define.ts'
import { foldKey, writeTime } from '../ocpi/primitives.ts'
import { bodyOf, existsIn } from '../ocpi/registry.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import { placeKey, readObjects } from '../store/objects.ts'
import type { ObjectPlace, StoredObject } from '../store/objects.ts'
import { readAliases } from './bridge/aliases.ts'
import { bridgeText, versionOf } from './bridge/bridge.ts'
import { applyChange } from './objects/mutation.ts'
import { objectKey } from './objects/object-key.ts'
import type { Call } from './request.ts'
import { goneText } from './bridge/take-back.ts'

/** A request as its receiver gets it: in its version, and in its ways. */
export type Outgoing = {
  method: Method
  /** Path after the receiver's URL of the module. */
  rest: string
  text: string | null
  losses: readonly Loss[]
}

/**
 * What a request becomes for a receiver. Between two of one version that are as OCPI wants them: nothing but itself.
 * Refuses (4000) what the receiver's version does not have, or cannot say.
 */
export async function outgoing(
  context: Context,
  input: { call: Call; member: Member },
): Promise<Outgoing> {
  const { call, member } = input
  const { platform } = member
  const version = versionOf(platform.version)
  const isThere = existsIn(call.route, version)
  const { endpoint, module } = call.route
  const isPut =
    !isThere || platform.quirks.put_instead_of_patch === true || isUnclear(call, version)
  const isPatch = endpoint.method === 'PATCH'
  if (module.object && ((isPatch && isPut) || (await isShowing(context, { ...input, version }))))
    return wholeObject(context, { ...input, version, definition: module.object })
  if (!isThere) {
    throw new HubError(
      'hubError',
      `${member.party} speaks OCPI ${version}, which does not have this of ${module.id}`,
    )
  }
  const rest = await namedRest(context, { call, member, version })
  const { method } = endpoint
  const text = call.body?.text ?? null
  // Between two partners of 2.1.1 ids of other owners may have other names.
  if (text === null || (version === call.version && version !== '2.1.1'))
    return { method, rest, text, losses: [] }
  return { method, rest, ...(await converted(context, { ...input, version, text })) }
}

/**
 * Since 2.2 periods of a PATCH are appended; in 2.1.1 they may be all or the new ones. Between the two only the whole
 * object is clear.
 */
function isUnclear({ version, route, body }: Call, to: Version): boolean {
  const crosses = (version === '2.1.1') !== (to === '2.1.1')
  const lists = crosses ? (route.module.object?.appended ?? []) : []
  return lists.some((name) => body?.value[name] !== undefined)
}

/**
 * 2.1.1 cannot say that a location is hidden, so a part of one that is must not go there, and what hides or shows one
 * concerns the whole location.
 */
async function isShowing(
  context: Context,
  { call, member, version }: { call: Call; member: Member; version: Version },
): Promise<boolean> {
  const { module, endpoint } = call.route
  if (module.id !== 'locations' || !module.object || call.side !== 'receiver') return false
  if (version !== '2.1.1' || call.version === '2.1.1' || call.body === null) return false
  const place = copyPlace(call, { member, definition: module.object })
  const object = (await readObjects(context.db, [place])).get(placeKey(place))
  if (!object || object.deleted || !isRecord(object.value)) return false
  const isSaid = endpoint.method === 'PATCH' && call.body.value.publish !== undefined
  return isSaid || object.value.publish === false
}

/** Where the copy stands that was addressed to this receiver alone. */
function copyPlace(
  call: Call,
  { member, definition }: { member: Member; definition: ObjectDefinition },
): ObjectPlace {
  const { module } = call.route
  const key = objectKey(call, definition)
  return { module: module.id, owner: call.from.party, key, audience: member.party }
}

/** The path in the receiver's ways, and in 2.1.1 with the name that it knows the sender's object by. */
async function namedRest(
  context: Context,
  { call, member, version }: { call: Call; member: Member; version: Version },
): Promise<string> {
  const rest = restFor(call, member.platform)
  const { module, params, endpoint } = call.route
  const id = params[module.object?.idMember ?? '']
  if (version !== '2.1.1' || endpoint.interface !== 'receiver' || id === undefined) return rest
  const type = call.query.get('type') ?? call.body?.value.type
  const [alias] = await readAliases(context.db, [
    {
      module: module.id,
      owner: call.from.party,
      id,
      ...(typeof type === 'string' ? { type } : {}),
    },
  ])
  if (alias === null || alias === undefined) return rest
  const parts = rest.split('/')
  parts[ownPathParts - 1] = encodeURIComponent(alias)
  return parts.join('/')
}

async function converted(
  context: Context,
  input: { call: Call; member: Member; version: Version; text: string },
): Promise<{ text: string; losses: readonly Loss[] }> {
  const { call, member, version, text } = input
  const { route } = call
  const kind = bodyOf(route)?.kind
  if (kind === undefined) return { text, losses: [] }
  const place = placeOf(call)
  const result = await bridgeText(context, {
    kind,
    text,
    from: call.version,
    to: version,
    owner: call.from.party,
    partial: route.endpoint.body?.patch === true,
    receiver: { platformId: member.platform.id, party: member.party },
    ...(place ? { place } : {}),
    ...factsOf(context, call),
  })
  if (result.ok) return { text: result.value, losses: result.losses }
  throw unsayable(member, { version, ...result })
}

/**
 * What a 2.1.1 request does not say and the hub knows: the card that it was routed by, of which nobody may have pushed
 * more than its contract id, and of a PATCH that says no time when it came.
 */
function factsOf(context: Context, { version, body }: Call): { facts?: Facts } {
  if (version !== '2.1.1') return {}
  const token = body?.value.cdr_token
  const receivedAt = writeTime(context.clock())
  return { facts: { receivedAt, ...(isRecord(token) ? { token } : {}) } }
}

function unsayable(
  member: Member,
  { version, pointer, reason }: { version: Version; pointer: string; reason: string },
): HubError {
  return new HubError('hubError', `${member.party} speaks OCPI ${version}, which cannot say this`, {
    faults: [{ pointer, message: reason }],
  })
}

/** Where a pushed object is noted; null for messages that are no objects. */
function placeOf({ route, body, query }: Call): { module: string; key: string } | null {
  const { module, params } = route
  if (module.object && params[module.object.idMember] !== undefined)
    return { module: module.id, key: objectKey({ route, body, query }, module.object) }
  const id = body?.value.id
  return module.id === 'cdrs' && typeof id === 'string'
    ? { module: module.id, key: foldKey(id) }
    : null
}

/**
 * A PATCH for a receiver that takes none: the whole object as it is after it, which the hub has stored for this receiver
 * (2.2.1 PATCH, for a receiver without the object: PUT the full one).
 */
async function wholeObject(
  context: Context,
  input: { call: Call; member: Member; version: Version; definition: ObjectDefinition },
): Promise<Outgoing> {
  const { call, member, version, definition } = input
  const place = copyPlace(call, { member, definition })
  const common = { ...place, audience: '*' }
  const stored = await readObjects(context.db, [place, common])
  const copy = stored.get(placeKey(place))
  const object =
    copy && !copy.deleted ? copy : changedCopy(context, call, stored.get(placeKey(common)))
  if (!object) {
    throw new HubError(
      'notFound',
      `${member.party} takes whole objects only; PUT the whole object first`,
    )
  }
  const receiver = { platformId: member.platform.id, party: member.party }
  const result = await bridgeText(context, {
    kind: definition.kind,
    text: object.original,
    from: versionOf(object.ocpiVersion),
    to: version,
    owner: place.owner,
    receiver,
    place,
  })
  const rest = await namedRest(context, { call, member, version })
  const own = rest.split('/').slice(0, ownPathParts).join('/')
  if (result.ok) return { method: 'PUT', rest: own, text: result.value, losses: result.losses }
  const text = await goneText(context, { object, receiver, version })
  if (text === null) throw unsayable(member, { version, ...result })
  const { pointer, reason } = result
  return { method: 'PUT', rest: own, text, losses: [{ pointer, reason }] }
}

/** What everybody has of an object, with a PATCH that is for one receiver alone: it has got no copy of its own before. */
function changedCopy(
  context: Context,
  { route, body, version }: Call,
  common: StoredObject | undefined,
): StoredObject | null {
  const { module, params } = route
  if (!common || common.deleted || common.ocpiVersion !== version || !module.object) return null
  const change = { definition: module.object, version, method: 'PATCH', params, body } as const
  const outcome = applyChange({ ...change, now: context.clock() }, common)
  return outcome.kind === 'changed' ? { ...common, original: outcome.object.original } : common
}

/** `/NL/TNM/LOC1` of `/NL/TNM/LOC1/EVSE1/1`, with the empty part in front. */
const ownPathParts = 4

/** The path with ids in the case that this receiver knows; country, party and names of commands stay. */
export function restFor({ rest, route }: Call, { quirks }: Platform): string {
  if (quirks.id_case === undefined) return rest
  const parts = route.endpoint.path.split('/')
  return rest
    .split('/')
    .map((part, index) => {
      const name = parts[index] ?? ''
      if (!name.startsWith(':') || notIds.includes(name)) return part
      return idInCase(part, quirks)
    })
    .join('/')
}

const notIds = [':country_code', ':party_id', ':command']

/** The query as this receiver knows it: pages no longer than it has them, and in 2.1.1 no types of tokens. */
export function queryFor(call: Call, { version, quirks }: Platform): string {
  const { endpoint } = call.route
  const query = new URLSearchParams(call.query)
  if (version === '2.1.1') setOldType(query, endpoint.routing === 'authorize')
  const cap = endpoint.routing === 'pull' ? quirks.page_size_max : undefined
  if (cap !== undefined)
    query.set('limit', String(Math.min(cap, Number(query.get('limit')) || cap)))
  return query.size === 0 ? '' : `?${query.toString()}`
}

/** 2.1.1 mod_tokens: the URLs of tokens tell no type; a request to authorise one may, but knows RFID and OTHER only. */
function setOldType(query: URLSearchParams, isAsked: boolean): void {
  const type = query.get('type')
  if (!isAsked) query.delete('type')
  else if (type !== null && type !== 'RFID') query.set('type', 'OTHER')
}
