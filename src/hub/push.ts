import { limits } from '../../config/limits.ts'
import { assert, present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { isConnected, membersWith } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { ObjectDefinition } from '../ocpi/define.ts'
import { foldKey, readTime } from '../ocpi/primitives.ts'
import { sql } from '../db/sql.ts'
import { mayDeal } from './agreements.ts'
import { findAddressee, findReceiver, forward, pairOf, routingHeaders } from './forward.ts'
import { storeObject } from './objects-batch.ts'
import type { ObjectPush } from './objects-batch.ts'
import { hubParty } from './hub-party.ts'
import { success } from './request.ts'
import type { Call, OcpiAnswer } from './request.ts'

type Input = { call: Call; snapshot: Snapshot; receiver: string | null }

/**
 * An owner pushes an object. Addressed to the hub it is stored for everyone and brought to each receiver by the worker;
 * addressed to a party it is stored for that party alone and sent on now (2.2.1 Broadcast Push; Party to Party via Hub).
 */
export async function push(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call, receiver } = input
  const definition = present(call.route.module.object, 'object definition of a pushed module')
  const forwards =
    receiver === null ? false : await prepareDirect(context, { ...input, receiver }, definition)
  const object = await objectPush(context, input, definition)
  const result = await storeObject(context, object)
  if (result.kind === 'refused') {
    // The receiver may have an object that the hub never saw: it was sent before the two were connected here. But what
    // the hub itself clears CDRs by it must have: its sender is told, and then puts the whole object.
    const isOurs = definition.audience === 'token owner'
    if (forwards && receiver !== null && !isOurs && result.error.code === 'notFound') {
      return forward(context, { call, snapshot: input.snapshot, receiver })
    }
    throw result.error
  }
  if (forwards && receiver !== null)
    return forward(context, { call, snapshot: input.snapshot, receiver })
  return success(undefined, {
    httpStatus: result.kind === 'created' ? 201 : 200,
    headers: routingHeaders(receiver ?? hubParty(context), call.from.party),
    ...(object.soft.length > 0 ? { statusMessage: softText(object.soft) } : {}),
  })
}

/**
 * Whether a directly addressed object is sent on now. What the hub itself needs to clear CDRs (sessions) is stored even
 * when its receiver does not listen and will pull; anything else is refused before it is stored.
 */
async function prepareDirect(
  context: Context,
  input: Input & { receiver: string },
  definition: ObjectDefinition,
): Promise<boolean> {
  const { call, snapshot, receiver } = input
  if (definition.audience === 'everyone') {
    const member = findReceiver(context, { call, snapshot, receiver })
    if (endpointOf(member.platform, call.route.module.id, 'receiver') === undefined) {
      throw new HubError(
        'hubError',
        `${receiver} does not implement ${call.route.module.id} as receiver`,
      )
    }
    return true
  }
  const member = findAddressee(context, { call, snapshot, receiver })
  return (
    !isConnected(member.platform) ||
    endpointOf(member.platform, call.route.module.id, 'receiver') !== undefined
  )
}

async function objectPush(
  context: Context,
  input: Input,
  definition: ObjectDefinition,
): Promise<ObjectPush> {
  const { call, receiver } = input
  const { module, params, endpoint } = call.route
  assert(endpoint.method !== 'GET' && endpoint.method !== 'POST', 'a push is PUT, PATCH or DELETE')
  return {
    place: {
      module: module.id,
      owner: call.from.party,
      key: objectKey(call, definition),
      audience: receiver ?? '*',
    },
    platformId: call.identity.platform.id,
    ocpiVersion: call.version,
    change: { definition, method: endpoint.method, params, body: call.body, now: context.clock() },
    syncTo: receiver === null ? broadcastReceivers(context, input) : [],
    correlationId: call.ids.correlationId,
    soft: [...(call.body?.soft ?? []), ...futureFaults(context, call)],
    versioned: definition.versioned,
  }
}

/** A time to come would make every orderly change after it look stale. */
function futureFaults(context: Context, call: Call): Fault[] {
  const time = readTime(call.body?.value.last_updated)
  const isFuture = time !== null && time.getTime() > context.clock().getTime() + limits.clockSkewMs
  return isFuture ? [{ pointer: '/last_updated', message: 'lies in the future' }] : []
}

/** The key within the owner: the id, for tokens with their type. */
function objectKey(call: Call, definition: ObjectDefinition): string {
  const id = present(call.route.params[definition.idMember], 'id in the path')
  checkLength(`/${definition.idMember}`, id)
  const extra = definition.keyQuery
  if (!extra) return foldKey(id)
  const member = call.body?.value[extra.member]
  const named = typeof member === 'string' ? member : null
  const isWhole = call.route.endpoint.method === 'PUT'
  const kind = call.query.get(extra.name) ?? (isWhole ? named : null) ?? extra.fallback
  checkLength(`/${extra.member}`, kind)
  if (named !== null && named !== kind) {
    const message = `must be the ${extra.name} in the query (${extra.fallback} without one)`
    throw new HubError('invalid', message, { faults: [{ pointer: `/${extra.member}`, message }] })
  }
  return `${foldKey(id)}|${kind}`
}

/** Lengths are soft up to what an index can hold. */
function checkLength(pointer: string, id: string): void {
  if (id.length <= limits.idCharsMax) return
  const message = `may have ${limits.idCharsMax} characters`
  throw new HubError('invalid', message, { faults: [{ pointer, message }] })
}

/**
 * Everyone a broadcast reaches: connected, of a reading role, implementing the module, allowed, on another platform.
 * A platform with several such parties gets it once: it has one copy of the endpoint, and TO names its first party.
 */
function broadcastReceivers(
  context: Context,
  input: Input,
): { platformId: string; party: string }[] {
  const { call, snapshot } = input
  const { module } = call.route
  const first = new Map<string, { platformId: string; party: string }>()
  for (const member of membersWith(snapshot, module.readerRoles)) {
    const { platform, party } = member
    if (first.has(platform.id) || platform.id === call.identity.platform.id) continue
    if (!isConnected(platform) || endpointOf(platform, module.id, 'receiver') === undefined)
      continue
    const pair = pairOf(call.from, member)
    if (
      !mayDeal({
        ...pair,
        snapshot,
        mode: context.config.agreements,
        module: module.id,
        at: context.clock(),
      })
    )
      continue
    first.set(platform.id, { platformId: platform.id, party })
  }
  return [...first.values()]
}

function softText(soft: readonly { pointer: string; message: string }[]): string {
  return `stored; please correct: ${soft
    .slice(0, 5)
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')}`
}
