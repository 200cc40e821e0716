import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { readAddress } from '../ocpi/headers.ts'
import { partyOf } from '../ocpi/primitives.ts'
import { matchRoute } from '../ocpi/registry.ts'
import type { PartnerSide, Route } from '../ocpi/registry.ts'
import { isVersion } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import { answerError } from './answer-error.ts'
import { authenticate, requireAccessToken } from './authenticate.ts'
import { askWhoKnows } from './authorize-token.ts'
import { findWaiting, takeResult } from './commands/callbacks.ts'
import { sendCommand, unknownSubjectAnswer } from './commands/commands.ts'
import { customRoute } from './custom-module.ts'
import { addresseeWithoutHeaders, isOldPath, liftCall, readDoor, withOldCodes } from './door-211.ts'
import type { Door } from './door-211.ts'
import { asksBlindly, findAddressee, forward, routingHeaders, withoutRouting } from './forward.ts'
import { answerHubModule, matchHubModule } from './hub-modules.ts'
import { hubParty } from './hub-party.ts'
import { answerLocally, answerVersions, baseUrl } from './local.ts'
import { contentReceivers } from './open-routing.ts'
import { parseBody } from './parse-body.ts'
import { answerFromStore } from './pull.ts'
import { push } from './push.ts'
import { checkQuery, readPath, unknownPath } from './read-target.ts'
import { receiveCdr } from './cdrs/receive-cdr.ts'
import { recordRequest, shownPath } from './record-request.ts'
import type { Trail } from './record-request.ts'
import { checkTokenKind } from './connection/registration.ts'
import type { Call, MessageIds, OcpiAnswer, OcpiRequest } from './request.ts'
import { route } from './route.ts'
import type { Plan } from './route.ts'
import { authorizeSender } from './sender.ts'
import { noteSighting } from './connection/sightings.ts'
import { limits } from '../../config/limits.ts'

/**
 * The page to read first: what happens to every OCPI request. Framing was checked by the edge; here come
 * authentication, parsing, the sender's right, validation, the routing decision, the act, and the record of it.
 */
export async function handle(context: Context, request: OcpiRequest): Promise<OcpiAnswer> {
  const started = performance.now()
  const ids = messageIds(context, request)
  const isOld = isOldPath(request.path)
  const trail: Trail = { identity: null, route: null, call: null, parties: null, isOld }
  const given = await act(context, request, { ids, trail }).catch((error: unknown) =>
    answerError(context, { error, ids, path: shownPath(request), isOld: trail.isOld }),
  )
  const answer = trail.isOld ? withOldCodes(given) : given
  recordRequest(context, { request, ids, trail, answer, durationMs: performance.now() - started })
  // What the hub itself answers or refuses is from the hub, and to whoever asked (2.2.1 Message routing headers).
  const sender = trail.call?.from.party
  const own = sender === undefined ? {} : routingHeaders(hubParty(context), sender)
  const headers = { ...own, ...answer.headers }
  return {
    ...answer,
    headers: {
      ...(isSentRouting(trail) ? headers : withoutRouting(headers)),
      'X-Request-ID': ids.requestId,
      'X-Correlation-ID': ids.correlationId,
    },
  }
}

/** 2.1.1 knows no routing headers, and some partners of later versions none either. */
function isSentRouting({ isOld, identity }: Trail): boolean {
  return !isOld && identity?.platform.quirks.no_routing_headers !== true
}

async function act(
  context: Context,
  request: OcpiRequest,
  more: { ids: MessageIds; trail: Trail },
): Promise<OcpiAnswer> {
  const { ids, trail } = more
  // 1 authenticate
  const identity = await authenticate(context, request)
  trail.identity = identity
  noteSighting(context, identity.platform.id)
  const segments = readPath(request.path)
  checkQuery(request.query)
  if (segments[0] === 'callbacks') {
    trail.isOld = identity.platform.version === '2.1.1'
    const waiting = await findWaiting(context, request, identity)
    trail.parties = { from: waiting.receiver, to: waiting.requester }
    return takeResult(context, { waiting, request, identity, ids })
  }
  const door = readDoor(segments, identity.platform)
  if (door.below.length === 0) {
    const { platform } = identity
    return answerVersions(context, { method: request.method, door, platform })
  }
  // 2 find the endpoint, read the body
  const { version } = door
  trail.isOld = version === '2.1.1'
  if (!isVersion(version))
    throw new HubError('unknownPath', `this hub does not speak OCPI ${version}; see /ocpi/versions`)
  if ((version === '2.1.1') !== (door.urlSide !== null)) throw unknownPath()
  const snapshot = await context.directory.snapshot()
  if (door.below[0] !== 'credentials') requireAccessToken(identity)
  const found = findRoute(context, { door, version, request, identity, snapshot })
  trail.route = found
  if (found.module.id === 'credentials') checkTokenKind(identity, found.endpoint.method)
  const { quirks } = identity.platform
  const body = await parseBody({ request, version, quirks, ...found })
  const partnerSide = version === '2.1.1' ? door.partnerSide : null
  const moduleUrl = moduleUrlOf(context, { version, partnerSide, route: found })
  if (found.endpoint.routing === 'local') {
    const local = { request, route: found, identity, body, ids, version, partnerSide, moduleUrl }
    const own = await answerHubModule(context, local)
    if (own === null) return answerLocally(context, local)
    trail.parties = { from: own.from, to: own.to }
    return own.answer
  }
  // 3 authorize the sender; 4 validation happened with the body
  const call: Call = {
    identity,
    route: found,
    version,
    ids,
    body,
    from: authorizeSender({ request, route: found, identity, version, partnerSide, body }),
    to: addressee(context, { request, route: found, identity, version }),
    query: request.query,
    rest: restOf(request.path),
    side: found.endpoint.interface,
    moduleUrl,
  }
  trail.call = call
  trail.parties = { from: call.from.party, to: call.to }
  const lifted = partnerSide === null ? call : await liftCall(context, { call, snapshot })
  return routeAndAct(context, { call: lifted, snapshot })
}

/** 5 route, 6 act: the decision is pure, what follows from it is one function per kind of plan. */
async function routeAndAct(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<OcpiAnswer> {
  const { call, snapshot } = input
  const hub = hubParty(context)
  const content = await contentReceivers(context, input)
  const { module, endpoint } = call.route
  const plan = route({ module, endpoint, to: call.to, hub, content })
  switch (plan.kind) {
    case 'refuse':
      return refuse(call, plan)
    case 'direct':
      return direct(context, { call, snapshot, receiver: plan.receiver })
    case 'broadcast':
      return push(context, { call, snapshot, receiver: null })
    case 'store':
      return answerFromStore(context, { call, snapshot, from: hub, owner: null })
    case 'ask':
      return askWhoKnows(context, { call, snapshot })
    case 'clear':
      return receiveCdr(context, { call, snapshot, receiver: plan.receiver })
    case 'command':
      return sendCommand(context, { call, snapshot, receiver: plan.receiver })
    case 'local':
      throw new Error('modules of the hub itself are answered before they are routed')
    default:
      return plan satisfies never
  }
}

async function direct(
  context: Context,
  input: { call: Call; snapshot: Snapshot; receiver: string },
): Promise<OcpiAnswer> {
  const { call, snapshot, receiver } = input
  const { routing } = call.route.endpoint
  if (routing === 'push') return push(context, input)
  if (routing === 'pull' && asksBlindly(call, findAddressee(context, input)))
    return answerFromStore(context, { call, snapshot, from: receiver, owner: receiver })
  return forward(context, input)
}

function refuse(call: Call, plan: Extract<Plan, { kind: 'refuse' }>): OcpiAnswer {
  const { code, pointer, hint } = plan
  const canAddress = call.version !== '2.1.1' && hint !== undefined
  const message = canAddress ? `${plan.message}; ${hint}` : plan.message
  if (code === 'unknownLocation' && call.route.endpoint.routing === 'command')
    return unknownSubjectAnswer(call, { pointer, message })
  throw new HubError(code, message, { faults: [{ pointer, message }] })
}

function findRoute(
  context: Context,
  input: {
    door: Door
    version: Version
    request: OcpiRequest
    identity: Identity
    snapshot: Snapshot
  },
): Route {
  const { door, version, request } = input
  const side = version === '2.1.1' ? (door.partnerSide ?? undefined) : undefined
  const known = matchRoute({ version, method: request.method, segments: door.below, side })
  const match =
    known.kind === 'unknown' && version !== '2.1.1'
      ? matchHubModule(context, { version, method: request.method, segments: door.below })
      : known
  if (match.kind === 'route') return match.route
  if (match.kind === 'method') {
    throw new HubError('methodNotAllowed', `this endpoint takes ${match.allow.join(', ')}`, {
      allow: match.allow,
    })
  }
  const custom =
    version === '2.1.1' ? null : customRoute(context, { ...input, segments: door.below })
  if (custom === null) throw unknownPath()
  return custom
}

/** A Link of ours says itself whom it asks: some partners follow it without the headers of the first page. */
function addresseeOfLink(query: URLSearchParams, hub: string): string | null {
  if (query.has('after')) return hub
  const [countryCode, partyId] = query.get('page_of')?.split('-') ?? []
  return query.has('page') ? partyOf(countryCode, partyId) : null
}

function addressee(
  context: Context,
  input: { request: OcpiRequest; route: Route; identity: Identity; version: Version },
): string | null {
  const hub = hubParty(context)
  if (input.version === '2.1.1') return addresseeWithoutHeaders(input.route, hub)
  const to = readAddress(input.request.headers, 'to')
  if (to.kind === 'absent') {
    const isPlain = input.identity.platform.quirks.no_routing_headers === true
    return isPlain
      ? addresseeWithoutHeaders(input.route, hub)
      : addresseeOfLink(input.request.query, hub)
  }
  if (to.kind === 'party') return to.party
  throw new HubError('invalid', `${to.header} is missing or is no party id`, {
    faults: [
      {
        pointer: `header:${to.header}`,
        message: 'both OCPI-to headers are needed, ASCII letters and digits',
      },
    ],
  })
}

/** The URL of a module as this partner knows it, without a slash at its end. */
function moduleUrlOf(
  context: Context,
  input: { version: Version; partnerSide: PartnerSide | null; route: Route },
): string {
  const { module, endpoint } = input.route
  const isSided = input.version !== '2.1.1' && module.id !== 'credentials'
  return [baseUrl(context, input), ...(isSided ? [endpoint.interface] : []), module.id].join('/')
}

/** The part of the path behind the module's URL: `/2.2.1/receiver/tariffs/NL/TNM/1` and `/cpo/2.1.1/tariffs/NL/TNM/1` → `/NL/TNM/1`. */
function restOf(path: string): string {
  const rest = path
    .replace(/^\/|\/$/g, '')
    .split('/')
    .slice(3)
  return rest.length === 0 ? '' : `/${rest.join('/')}`
}

function messageIds(context: Context, request: OcpiRequest): MessageIds {
  const read = (name: string) => {
    const value = request.headers.get(name)
    return value !== undefined &&
      /^[\x21-\x7e]+$/.test(value) &&
      value.length <= limits.requestIdCharsMax
      ? value
      : context.ids.uuid()
  }
  return { requestId: read('x-request-id'), correlationId: read('x-correlation-id') }
}
