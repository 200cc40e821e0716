import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { Context } from '../../context.ts'
import type { Identity } from '../../directory/directory.ts'
import { isConnected } from '../../directory/parties.ts'
import type { Member } from '../../directory/parties.ts'
import type { Secrets } from '../../directory/secrets.ts'
import type { Platform } from '../../directory/snapshot.ts'
import type { Tx } from '../../db/sql.ts'
import { HubError } from '../../errors.ts'
import type { Endpoint, Module } from '../../ocpi/define.ts'
import { moduleById } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import type { OcpiAnswer as PartnerAnswer } from '../../peer/ocpi-client.ts'
import {
  dropExpiredCallbacks,
  findCallback,
  insertCallback,
  lockCallbacks,
  noteResult,
  resealCallback,
} from '../../store/callbacks.ts'
import type { Callback } from '../../store/callbacks.ts'
import { mayDeal } from '../agreements.ts'
import { requireAccessToken } from '../authenticate.ts'
import { bridgeText } from '../bridge/bridge.ts'
import { callPartner } from '../call-partner.ts'
import { statusSince } from '../convert-answer.ts'
import { routingHeaders } from '../forward.ts'
import { ownOrigins } from './own-origins.ts'
import { noteCommandResult } from '../note-authorization.ts'
import { parseBody } from '../parse-body.ts'
import { dropOldProfileSetters } from './profile-setters.ts'
import type { Call, MessageIds, OcpiAnswer, OcpiRequest } from '../request.ts'
import { dropExpiredReservations } from './reservations.ts'

/**
 * A URL of ours for the later results of a request that is about to be sent to `member`: bound to both sides, good for
 * any number of results until a day after `dueAt`, or after now. At most 255 characters (OCPI Types, URL).
 */
export async function mintCallback(
  context: Context,
  input: { call: Call; member: Member; url: string; dueAt: Date | null },
): Promise<string> {
  const { call, member, dueAt } = input
  const id = context.secrets.newToken()
  const requesterPlatform = call.identity.platform.id
  await insertCallback(context.db, {
    callback: {
      id,
      module: call.route.module.id,
      endpoint: call.route.name,
      requesterPlatform,
      requester: call.from.party,
      receiverPlatform: member.platform.id,
      receiver: member.party,
      urlSealed: context.secrets.seal(input.url, sealPurpose({ id, requesterPlatform })),
      correlationId: call.ids.correlationId,
    },
    dueAt,
    graceMs: limits.callbackGraceMs,
    ageMsMax: limits.callbackAgeMsMax,
  })
  const minted = `${context.publicUrl}/ocpi/callbacks/${id}`
  assert(minted.length <= limits.responseUrlCharsMax, 'PUBLIC_URL is too long for a response_url')
  return minted
}

type Sealed = Pick<Callback, 'id' | 'requesterPlatform' | 'urlSealed'>

/** A row must not be turned into somebody else's. */
function sealPurpose(callback: Pick<Sealed, 'id' | 'requesterPlatform'>): string {
  return `callback:${callback.id}:${callback.requesterPlatform}`
}

/**
 * POST /ocpi/callbacks/{id}: the request that waits for a result at this URL of ours. Only the platform that was asked
 * may use it; for everybody else it does not exist.
 */
export async function findWaiting(
  context: Context,
  request: OcpiRequest,
  identity: Identity,
): Promise<Callback> {
  requireAccessToken(identity)
  if (request.method !== 'POST')
    throw new HubError('methodNotAllowed', 'results are sent with POST', { allow: ['POST'] })
  const callback = await findCallback(context.db, {
    id: request.path.replace(/^\/callbacks\/|\/$/g, ''),
    receiverPlatform: identity.platform.id,
  })
  if (!callback) throw waitsForNothing()
  return callback
}

/**
 * A result for a request that went through the hub. It goes to the exact URL that the requester gave, in the requester's
 * version, and the requester's answer comes back without data. Live like the request: it is never queued, so a requester
 * that cannot be reached is the poster's 4003 or 4002.
 */
export async function takeResult(
  context: Context,
  input: { waiting: Callback; request: OcpiRequest; identity: Identity; ids: MessageIds },
): Promise<OcpiAnswer> {
  const { waiting: callback, request, identity, ids } = input
  limitResults(context, callback)
  const { module, endpoint, result } = resultOf(callback)
  const { version } = identity.platform
  assert(version, 'a platform that was asked has a version')
  const body = await parseBody({
    request,
    endpoint: { ...endpoint, method: 'POST', body: { schema: result.schema } },
    module,
    version,
    params: {},
    quirks: identity.platform.quirks,
  })
  assert(body, 'a result has a body')
  await noteResult(context.db, callback.id)
  const { receiver: cpo, requester: emsp, correlationId } = callback
  const said = { cpo, emsp, correlationId, value: body.value }
  if (callback.module === 'commands')
    await noteCommandResult(context, { ...said, endpoint: callback.endpoint })
  const { platform, url } = await requesterOf(context, callback)
  const text = await inVersionOf(context, {
    text: body.text,
    callback,
    kind: result.kind,
    from: version,
    platform,
  })
  const answer = await callPartner(context, {
    platform,
    module: callback.module,
    method: 'POST',
    url,
    shownPath: '(response_url)',
    from: callback.receiver,
    to: callback.requester,
    bodyText: text,
    // 2.1.1 sends none: then it is that of the request, which this is the result of.
    correlationId: request.headers.has('x-correlation-id')
      ? ids.correlationId
      : callback.correlationId,
    deadlineMs: limits.peerRequestMs,
  })
  return answerPoster({ callback, answer, platform })
}

/** The same whether there never was such a URL, its time is over, or it is another platform's. */
function waitsForNothing(): HubError {
  return new HubError('notFound', 'no request waits for a result at this URL')
}

function limitResults(context: Context, { id }: Callback): void {
  const share = context.limiter.take(`results:${id}`, limits.resultsPerCallbackPerMinuteMax)
  if (share.ok) return
  throw new HubError('rateLimited', 'too many results for one request; send each once', {
    retryAfterS: share.retryAfterS,
  })
}

function resultOf(callback: Callback): {
  module: Module
  endpoint: Endpoint
  result: NonNullable<Endpoint['responseUrl']>
} {
  const module = moduleById(callback.module)
  const endpoint = module?.endpoints[callback.endpoint]
  assert(module && endpoint?.responseUrl, `no results are known of ${callback.endpoint}`)
  return { module, endpoint, result: endpoint.responseUrl }
}

/** Who asked, and the URL for the result, if it is still one of theirs: the hub shows their token there. */
async function requesterOf(
  context: Context,
  callback: Callback,
): Promise<{ platform: Platform; url: string }> {
  const snapshot = await context.directory.snapshot()
  const { requester, receiver, module } = callback
  const platform = snapshot.platforms.get(callback.requesterPlatform)
  const url = openUrl(context.secrets, callback)
  if (url === null) throw waitsForNothing()
  const mode = context.config.agreements
  const pair = { cpo: receiver, emsp: requester }
  if (!mayDeal({ ...pair, snapshot, mode, module, at: context.clock() }))
    throw new HubError(
      'unknownReceiver',
      `${requester} is not known here as a receiver of ${module}`,
    )
  if (
    platform &&
    isConnected(platform) &&
    platform.parties.some(({ party }) => party === requester) &&
    ownOrigins(platform).has(new URL(url).origin)
  )
    return { platform, url }
  throw new HubError('receiverUnreachable', `${requester} is not connected at the moment`)
}

async function inVersionOf(
  context: Context,
  input: {
    text: string
    callback: Callback
    kind: NonNullable<Endpoint['responseUrl']>['kind']
    from: Version
    platform: Platform
  },
): Promise<string> {
  const { text, callback, kind, from, platform } = input
  const to = platform.version
  if (to === null || from === to || kind === undefined) return text
  const converted = await bridgeText(context, { kind, text, from, to, owner: callback.receiver })
  if (converted.ok) return converted.value
  throw new HubError('hubError', `${callback.requester} cannot be told this: ${converted.reason}`)
}

/** OCPI 2.2.1 chargingprofiles, Sender interface: the answer to a result has no data. */
function answerPoster(input: {
  callback: Callback
  answer: PartnerAnswer
  platform: Platform
}): OcpiAnswer {
  const { answer, platform } = input
  const { requester, receiver } = input.callback
  switch (answer.kind) {
    case 'ocpi':
      return {
        ...statusSince(platform, answer),
        ...(answer.statusMessage === null ? {} : { statusMessage: answer.statusMessage }),
        headers: routingHeaders(requester, receiver),
      }
    case 'timeout':
      throw new HubError('receiverTimeout', `${requester} did not answer in time`)
    case 'unreachable':
      throw new HubError('receiverUnreachable', `${requester} cannot be reached`)
    case 'notOcpi':
      throw new HubError('hubError', `${requester} did not answer with OCPI`)
    default:
      return answer satisfies never
  }
}

/** Null when it was sealed under a key that is lost, or for another row. */
function openUrl(secrets: Secrets, callback: Sealed): string | null {
  try {
    return secrets.open(callback.urlSealed, sealPurpose(callback))
  } catch {
    return null
  }
}

/** Brings the URLs of live callbacks under the current key. Returns how many changed; what no key opens is left out. */
export async function rekeyCallbacks(
  tx: Tx,
  { secrets }: Pick<Context, 'secrets'>,
): Promise<number> {
  const rows = await lockCallbacks(tx, limits.rekeyRowsMax)
  let changed = 0
  for (const row of rows.filter(({ urlSealed }) => !secrets.isCurrent(urlSealed))) {
    const url = openUrl(secrets, row)
    if (url === null) continue
    changed += 1
    await resealCallback(tx, { id: row.id, urlSealed: secrets.seal(url, sealPurpose(row)) })
  }
  return changed
}

/** Drops what waits no longer: callbacks and reservations whose time is over. */
export async function purgeCallbacks(context: Context): Promise<void> {
  await dropExpiredCallbacks(context.db, limits.sweepRowsMax)
  await dropExpiredReservations(context.db, limits.sweepRowsMax)
  await dropOldProfileSetters(context.db, {
    ageMs: limits.profileSettersAgeMsMax,
    limit: limits.sweepRowsMax,
  })
}
