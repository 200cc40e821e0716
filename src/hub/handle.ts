import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import { readAddress } from '../ocpi/headers.ts'
import { matchRoute } from '../ocpi/registry.ts'
import type { Route } from '../ocpi/registry.ts'
import { isVersion } from '../ocpi/version.ts'
import { askWhoKnows } from './authorize-token.ts'
import { answerError } from './answer-error.ts'
import { forward } from './forward.ts'
import { hubParty } from './hub-party.ts'
import { answerLocally, answerVersions } from './local.ts'
import { noteMessage } from './messages.ts'
import { parseBody } from './parse-body.ts'
import { answerFromStore } from './pull.ts'
import { checkQuery, readPath, unknownPath } from './read-target.ts'
import { push } from './push.ts'
import { receiveCdr } from './receive-cdr.ts'
import { checkTokenKind } from './registration.ts'
import type { Call, MessageIds, OcpiAnswer, OcpiRequest } from './request.ts'
import { route } from './route.ts'
import { authorizeSender, contentReceiverOf } from './sender.ts'
import { noteSighting } from './sightings.ts'
import { limits } from '../../config/limits.ts'

/**
 * The page to read first: what happens to every OCPI request. Framing was checked by the edge; here come
 * authentication, parsing, the sender's right, validation, the routing decision, the act, and the record of it.
 */
export async function handle(context: Context, request: OcpiRequest): Promise<OcpiAnswer> {
  const started = performance.now()
  const ids = messageIds(context, request)
  const trail: Trail = { identity: null, route: null, call: null }
  const answer = await act(context, request, { ids, trail }).catch((error: unknown) =>
    answerError(context, { error, ids, path: request.path }),
  )
  record(context, { request, ids, trail, answer, durationMs: performance.now() - started })
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'X-Request-ID': ids.requestId,
      'X-Correlation-ID': ids.correlationId,
    },
  }
}

/** What is known of a request so far, for its record. */
type Trail = { identity: Identity | null; route: Route | null; call: Call | null }

async function act(
  context: Context,
  request: OcpiRequest,
  more: { ids: MessageIds; trail: Trail },
): Promise<OcpiAnswer> {
  const { ids, trail } = more
  // 1 authenticate
  const identity = await authenticate(context, request)
  trail.identity = identity
  const segments = readPath(request.path)
  checkQuery(request.query)
  if (segments.length < 2)
    return answerVersions(context, { method: request.method, segments, identity })
  // 2 find the endpoint, read the body
  const [version = '', ...below] = segments
  if (!isVersion(version))
    throw new HubError('unknownPath', `this hub does not speak OCPI ${version}; see /ocpi/versions`)
  const found = findRoute({ version, method: request.method, segments: below })
  trail.route = found
  requireFittingToken(identity, found)
  const body = await parseBody({
    request,
    endpoint: found.endpoint,
    version,
    module: found.module,
    params: found.params,
  })
  if (found.endpoint.routing === 'local')
    return answerLocally(context, { request, route: found, identity, body, ids, version })
  // 3 authorize the sender; 4 validation happened with the body
  const call: Call = {
    identity,
    route: found,
    version,
    ids,
    body,
    from: authorizeSender({ request, route: found, identity, body }),
    to: addressee(request),
    query: request.query,
    rest: restOf(request.path),
    side: found.endpoint.interface,
  }
  trail.call = call
  noteSighting(context, identity.platform.id)
  return routeAndAct(context, call)
}

/** 5 route, 6 act: the decision is pure, what follows from it is one function per kind of plan. */
async function routeAndAct(context: Context, call: Call): Promise<OcpiAnswer> {
  const snapshot = await context.directory.snapshot()
  const hub = hubParty(context)
  const contentReceiver = await contentReceiverOf(context, call)
  const { module, endpoint } = call.route
  const plan = route({ module, endpoint, to: call.to, hub, contentReceiver })
  switch (plan.kind) {
    case 'refuse':
      throw new HubError(plan.code, plan.message, {
        faults: [{ pointer: plan.pointer, message: plan.message }],
      })
    case 'direct':
      return endpoint.routing === 'push'
        ? push(context, { call, snapshot, receiver: plan.receiver })
        : forward(context, { call, snapshot, receiver: plan.receiver })
    case 'broadcast':
      return push(context, { call, snapshot, receiver: null })
    case 'store':
      return answerFromStore(context, { call, snapshot, hub })
    case 'ask':
      return askWhoKnows(context, { call, snapshot })
    case 'clear':
      return receiveCdr(context, { call, snapshot, receiver: plan.receiver })
    default:
      return plan satisfies never
  }
}

async function authenticate(context: Context, request: OcpiRequest): Promise<Identity> {
  const failures = `login:${request.remoteAddress}`
  const identity = await context.directory.authenticate(
    request.headers.get('authorization'),
    context.limiter.hasRoom(failures, limits.failedLoginsPerMinuteMax),
  )
  if (!identity) {
    const budget = context.limiter.take(failures, limits.failedLoginsPerMinuteMax)
    if (!budget.ok) {
      throw new HubError(
        'rateLimited',
        'too many requests with a wrong token; wait and check the token',
        {
          retryAfterS: budget.retryAfterS,
        },
      )
    }
    throw new HubError(
      'unauthorized',
      'send `Authorization: Token <base64 of your credentials token>`',
    )
  }
  const share = context.limiter.take(
    `platform:${identity.platform.id}`,
    limits.platformRequestsPerMinuteMax,
  )
  if (!share.ok) {
    throw new HubError('rateLimited', 'this platform sends more requests than agreed; slow down', {
      retryAfterS: share.retryAfterS,
    })
  }
  return identity
}

function findRoute(input: Parameters<typeof matchRoute>[0]): Route {
  const match = matchRoute(input)
  if (match.kind === 'route') return match.route
  if (match.kind === 'method') {
    throw new HubError('methodNotAllowed', `this endpoint takes ${match.allow.join(', ')}`, {
      allow: match.allow,
    })
  }
  throw unknownPath()
}

function requireFittingToken(identity: Identity, found: Route): void {
  if (found.module.id === 'credentials') checkTokenKind(identity, found.endpoint.method)
  else if (identity.tokenKind === 'registration') {
    // 2.2.1 Authorization header: CREDENTIALS_TOKEN_A opens versions and credentials only.
    throw new HubError(
      'unauthorized',
      'this is a registration token: register with POST credentials first',
    )
  }
}

function addressee(request: OcpiRequest): string | null {
  const to = readAddress(request.headers, 'to')
  if (to.kind === 'absent') return null
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

/** The part of the path behind the module's URL: `/2.2.1/receiver/tariffs/NL/TNM/1` → `/NL/TNM/1`. */
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

function record(
  context: Context,
  input: {
    request: OcpiRequest
    ids: MessageIds
    trail: Trail
    answer: OcpiAnswer
    durationMs: number
  },
): void {
  const { request, ids, trail, answer, durationMs } = input
  const module = trail.route?.module.id ?? 'versions'
  context.metrics.requests.inc({
    surface: 'ocpi',
    module,
    http_status: answer.httpStatus,
    ocpi_status: answer.ocpiStatus,
  })
  context.metrics.requestSeconds.observe({ surface: 'ocpi' }, durationMs / 1_000)
  // A stranger's requests are counted, not written down: they could fill the disk.
  if (!trail.identity || answer.httpStatus === 503) return
  noteMessage(context, {
    direction: 'in',
    platformId: trail.identity.platform.id,
    correlationId: ids.correlationId,
    requestId: ids.requestId,
    fromParty: trail.call?.from.party ?? null,
    toParty: trail.call?.to ?? null,
    module,
    method: request.method,
    path: request.path,
    httpStatus: answer.httpStatus,
    ocpiStatus: answer.ocpiStatus,
    outcome: answer.ocpiStatus < 2000 ? 'done' : 'refused',
    durationMs,
  })
}
