import type { IncomingMessage, ServerResponse } from 'node:http'
import { readAddress } from '../ocpi/headers.ts'
import { partyParts } from '../ocpi/primitives.ts'
import { bodyOf, matchRoute } from '../ocpi/registry.ts'
import type { Route } from '../ocpi/registry.ts'
import { dropNulls, schemaFor, validate } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import type { Clock } from './clock.ts'
import { isoSeconds } from './clock.ts'
import type { Connection } from './connection.ts'
import type { PlatformRole } from './dialect.ts'
import { isJson, parseJson } from './json.ts'
import type { Json } from './json.ts'
import { bodyText, echoedHeaders, listen } from './listen.ts'
import type { PartnerAnswer } from './partner-server.ts'
import { matchClients } from './serve-clients.ts'
import { bend, failInstead, faultsIn, has } from './serve-faults.ts'
import type { Fault } from './serve-faults.ts'
import { summaryOf } from './serve-modules.ts'
import { offersOf } from './serve-offers.ts'
import type { ServeRequest } from './serve-request.ts'

type ServerParts = {
  version: Version
  role: PlatformRole
  connection: () => Connection
  faults: readonly Fault[]
  clock: Clock
  say: (line: string) => void
  answer: (request: ServeRequest) => PartnerAnswer
  /** The other side has registered here, or has changed its credentials. */
  registered: () => void
  /** Whose objects may be pushed here. */
  owners: () => ServeRequest['owners']
}

/** The OCPI server of a served partner: one version, its role's modules, every rule of the specification it can check. */
export function startServeServer(
  parts: ServerParts,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  return listen(port, (request, response) => serve(parts, request, response))
}

async function serve(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`)
  const method = request.method ?? 'GET'
  const text = await bodyText(request)
  const module = moduleAt(url.pathname)
  const faults = faultsIn(parts.faults, module)
  const isGiven = await failInstead(faults, { method, response })
  if (isGiven) return parts.say(`← ${method} ${url.pathname}${url.search}: ${faults[0]?.name}`)
  const answer = bend(await answerTo(parts, { request, url, method, text }), faults, url)
  parts.say(`← ${method} ${url.pathname}${url.search}: ${summaryOf(answer)}`)
  write(parts, { request, response, answer, isCut: has(faults, 'partial', module) })
}

/** The module that a path is about, for the faults: `versions` also for the details. */
function moduleAt(pathname: string): string {
  const [, , ...rest] = pathname.split('/')
  const inside = rest[1] === 'sender' || rest[1] === 'receiver' ? rest[2] : rest[1]
  return inside ?? 'versions'
}

type Asked = { request: IncomingMessage; url: URL; method: string; text: string }

async function answerTo(parts: ServerParts, asked: Asked): Promise<PartnerAnswer> {
  const { request, url, method } = asked
  const kind = tokenKind(parts, request)
  if (kind === undefined) return refusal(401, 'unknown token')
  const [, root, version, ...segments] = url.pathname.replace(/\/$/, '').split('/').map(decoded)
  if (root !== 'ocpi') return refusal(404, 'no such path')
  const base = `${url.origin}/ocpi`
  if (version === 'versions' && segments.length === 0)
    return onlyGet(method, [{ version: parts.version, url: `${base}/${parts.version}` }])
  if (version !== parts.version) return refusal(404, 'no such version')
  if (segments.length === 0) return onlyGet(method, detailsOf(parts, `${base}/${parts.version}`))
  const match =
    matchClients(method, segments) ??
    matchRoute({
      version: parts.version,
      method,
      segments,
      // Below the URL of the other side, the interfaces of 2.1.1 are ours.
      side: parts.role === 'CPO' ? 'emsp' : 'cpo',
    })
  if (match.kind === 'unknown' || !isOffered(parts, segments)) return refusal(404, 'no such path')
  if (match.kind === 'method')
    return {
      ...refusal(405, `takes ${match.allow.join(', ')}`),
      headers: { Allow: match.allow.join(', ') },
    }
  const { route } = match
  if (route.module.id === 'credentials')
    return credentials(parts, { kind, method, text: asked.text })
  if (kind === 'registration') return refusal(401, 'register first')
  return functional(parts, { ...asked, route, base: `${base}/${parts.version}` })
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function refusal(status: number, message: string): PartnerAnswer {
  return { status, code: 2001, message }
}

function onlyGet(method: string, data: unknown): PartnerAnswer {
  return method === 'GET' ? { data } : { ...refusal(405, 'takes GET'), headers: { Allow: 'GET' } }
}

/** 2.1.1 has the token as it is; later versions in base64, which some partners forget. */
function tokenKind(
  { connection, version }: ServerParts,
  request: IncomingMessage,
): 'access' | 'registration' | undefined {
  const shown = /^Token (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (shown === undefined) return undefined
  const asItIs = connection().tokenKind(shown)
  if (version === '2.1.1') return asItIs
  return connection().tokenKind(Buffer.from(shown, 'base64').toString('utf8').trim()) ?? asItIs
}

/** Whether a path is of an interface that we have; in 2.1.1 a module has one. */
function isOffered({ role, version }: ServerParts, segments: readonly string[]): boolean {
  const [first = '', second = ''] = segments
  if (first === 'credentials') return true
  return offersOf(role, version).some(({ identifier, side }) =>
    version === '2.1.1' ? identifier === first : identifier === second && side === first,
  )
}

function detailsOf({ role, version }: ServerParts, base: string): Json {
  const endpoints = offersOf(role, version).map(({ identifier, side }) =>
    version === '2.1.1'
      ? { identifier, url: `${base}/${identifier}` }
      : { identifier, role: side.toUpperCase(), url: `${base}/${side}/${identifier}` },
  )
  const credentials = { identifier: 'credentials', url: `${base}/credentials` }
  const first = version === '2.1.1' ? credentials : { ...credentials, role: 'SENDER' }
  return { version, endpoints: [first, ...endpoints] }
}

/** POST only when not registered, PUT and DELETE only when registered, else 405 (Credentials). */
async function credentials(
  { connection, registered, version }: ServerParts,
  asked: { kind: 'access' | 'registration'; method: string; text: string },
): Promise<PartnerAnswer> {
  const { kind, method, text } = asked
  const own = connection()
  if (method === 'GET') return { data: own.ownCredentials() }
  if ((method === 'POST') !== (kind === 'registration'))
    return refusal(405, 'not in this state of registration')
  if (method === 'DELETE') {
    own.forget()
    return {}
  }
  const theirs = dropNulls(parseJson(text))
  if (!isJson(theirs)) return refusal(400, 'no JSON object')
  if (typeof theirs['token'] !== 'string' || typeof theirs['url'] !== 'string')
    return { code: 2001, message: 'token and url are required' }
  return own.acceptCredentials(theirs).then(
    (data) => {
      registered()
      return { data }
    },
    () => ({ code: 3001, message: `your versions or details of ${version} could not be read` }),
  )
}

function functional(
  parts: ServerParts,
  asked: Asked & { route: Route; base: string },
): PartnerAnswer {
  const { route, request, base, url } = asked
  const { version } = parts
  const { module, endpoint } = route
  const read = readBody(parts, asked)
  if ('refused' in read) return read.refused
  const headers = new Map(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  )
  const from = readAddress(headers, 'from')
  const side = version === '2.1.1' ? '' : `/${endpoint.interface}`
  return parts.answer({
    route,
    version,
    query: url.searchParams,
    body: read.body,
    url: `${base}${side}/${module.id}`,
    owners: parts.owners(),
    from: from.kind === 'party' ? partyParts(from.party) : parts.connection().peer().parties[0],
  })
}

/** The body with its null members left out; refused with 400 or 2001 as Status codes and the schema say. */
function readBody(
  parts: ServerParts,
  { route, text }: { route: Route; text: string },
): { body: Json } | { refused: PartnerAnswer } {
  const { body: wanted } = route.endpoint
  if (!wanted || (wanted.optional === true && text === '')) return { body: {} }
  const value = dropNulls(parseJson(text))
  if (!isJson(value)) return { refused: refusal(400, 'no JSON object') }
  const schema = schemaFor(bodyOf(route)?.schema ?? wanted.schema, parts.version)
  const [fault] = schema ? validate(schema, value, wanted.patch === true).hard : []
  const isLenient = has(parts.faults, 'lenient', route.module.id)
  if (!fault || isLenient) return { body: value }
  return { refused: { code: 2001, message: `${fault.pointer} ${fault.message}` } }
}

function write(
  parts: ServerParts,
  given: {
    request: IncomingMessage
    response: ServerResponse
    answer: PartnerAnswer
    isCut: boolean
  },
): void {
  const { request, response, answer, isCut } = given
  const body = Buffer.from(
    JSON.stringify({
      ...(answer.data === undefined ? {} : { data: answer.data }),
      status_code: answer.code ?? 1000,
      ...(answer.message === undefined ? {} : { status_message: answer.message }),
      timestamp: isoSeconds(parts.clock()),
    }),
  )
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...answer.headers,
    ...(parts.version === '2.1.1' ? {} : echoedHeaders(request)),
  }
  response.writeHead(answer.status ?? 200, headers)
  if (!isCut) return void response.end(body)
  response.write(body.subarray(0, body.length / 2), () => response.destroy())
}
