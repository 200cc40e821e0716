import { limits } from '../../config/limits.ts'
import { assert, present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { isConnected } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import type { ObjectDefinition } from '../ocpi/define.ts'
import { readTime } from '../ocpi/primitives.ts'
import { schemaFor } from '../ocpi/validate.ts'
import { findAddressee, findReceiver, forward, routingHeaders } from './forward.ts'
import { objectKey } from './objects/object-key.ts'
import { storeObject } from './objects/objects-batch.ts'
import { mendBy } from './parse-body.ts'
import type { ObjectPush } from './objects/objects-batch.ts'
import { hubParty } from './hub-party.ts'
import { receiversOf } from './receivers.ts'
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
  // What may mean another price than it says goes to nobody, until its owner has written it otherwise.
  if (forwards && receiver !== null && !result.doubt)
    return forward(context, { call, snapshot: input.snapshot, receiver })
  return success(undefined, {
    httpStatus: result.kind === 'created' ? 201 : 200,
    headers: routingHeaders(receiver ?? hubParty(context), call.from.party),
    ...(result.doubt
      ? { statusMessage: doubtText(result.doubt) }
      : object.soft.length > 0
        ? { statusMessage: softText(object.soft) }
        : {}),
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
  const { platform } = call.identity
  const mend = mendBy(platform.quirks, schemaFor(definition.schema, call.version))
  return {
    ...(mend ? { mend } : {}),
    place: {
      module: module.id,
      owner: call.from.party,
      key: objectKey(call, definition),
      audience: receiver ?? '*',
    },
    platformId: call.identity.platform.id,
    change: {
      definition,
      version: call.version,
      method: endpoint.method,
      params,
      body: call.body,
      now: context.clock(),
    },
    syncTo:
      receiver === null
        ? receiversOf(context, {
            snapshot: input.snapshot,
            module,
            from: call.from,
            platformId: call.identity.platform.id,
          })
        : [],
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

function doubtText({ pointer, message }: Fault): string {
  return `kept, but neither sent on nor used for prices: ${pointer} ${message}; PUT it with JSON numbers`
}

function softText(soft: readonly { pointer: string; message: string }[]): string {
  return `stored; please correct: ${soft
    .slice(0, 5)
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')}`
}
