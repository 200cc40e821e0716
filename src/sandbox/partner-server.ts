import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import { isoSeconds, pause } from './clock.ts'
import type { Connection } from './connection.ts'
import { objectIn, parseJson } from './json.ts'
import { bodyText, echoedHeaders, listen } from './listen.ts'
import type { Misbehaviour, MisbehaviourRule } from './misbehaviour.ts'
import type { PlatformPlan } from './world.ts'

/** A request that passed the token check. `segments` follow `receiver|sender/{module}`. */
export type PartnerRequest = {
  method: string
  side: string
  module: string
  segments: string[]
  query: URLSearchParams
  text: string
  /** The party it is addressed to, as `NL-TNM`; empty without routing headers. */
  to: string
}

export type PartnerAnswer = {
  status?: number
  code?: number
  message?: string
  data?: unknown
  headers?: Record<string, string>
}

type PartnerServerParts = {
  plan: Pick<PlatformPlan, 'role' | 'receives'>
  connection: () => Connection
  misbehaviour: Misbehaviour
  clock: Clock
  answer: (request: PartnerRequest) => PartnerAnswer
}

/** The OCPI 2.2.1 server of a partner, listening on 127.0.0.1 at `port` (0: any free one). */
export function startPartnerServer(
  parts: PartnerServerParts,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  return listen(port, (request, response) => serve(parts, request, response))
}

async function serve(
  parts: PartnerServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await bodyText(request)
  const host = request.headers.host ?? '127.0.0.1'
  const url = new URL(request.url ?? '/', `http://${host}`)
  const [, root, ...rest] = url.pathname.split('/').map(decodeURIComponent)
  const module = rest[2] ?? rest[1] ?? ''
  const rule = parts.misbehaviour.next(module)
  if (rule && (await misbehave(rule, response))) return
  const answer = !isAuthorized(parts.connection(), request)
    ? { status: 401, code: 2001, message: 'unknown token' }
    : root === 'ocpi'
      ? await route(parts, { request, rest, url, text })
      : { status: 404, code: 2001, message: 'no such path' }
  write(parts, { request, response, answer })
}

/** True when the answer has been given, or deliberately not. */
async function misbehave(rule: MisbehaviourRule, response: ServerResponse): Promise<boolean> {
  const end = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'Content-Type': type }).end(body)
    return true
  }
  switch (rule.misdeed) {
    case 'slow':
      await pause(rule.delayMs ?? 0)
      return false
    case 'error':
      return end(500, 'application/json', '{"status_code":3000,"timestamp":"2026-01-01T00:00:00Z"}')
    case 'html':
      return end(200, 'text/html', '<html><body>Bad gateway</body></html>')
    case 'refuse':
      return end(200, 'application/json', '{"status_code":2001,"timestamp":"2026-01-01T00:00:00Z"}')
    case 'drop':
      response.destroy()
      return true
    default:
      return rule.misdeed satisfies never
  }
}

function isAuthorized(connection: Connection, request: IncomingMessage): boolean {
  const shown = /^Token (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (shown === undefined) return false
  const decoded = Buffer.from(shown, 'base64').toString('utf8').trim()
  return [decoded, shown].some((token) => connection.tokenKind(token) !== undefined)
}

async function route(
  parts: PartnerServerParts,
  at: { request: IncomingMessage; rest: string[]; url: URL; text: string },
): Promise<PartnerAnswer> {
  const { request, rest, url, text } = at
  const method = request.method ?? 'GET'
  const base = `${url.origin}/ocpi`
  const [version, side, module, ...segments] = rest
  if (version === 'versions') return { data: [{ version: '2.2.1', url: `${base}/2.2.1` }] }
  if (version !== '2.2.1') return { status: 404, code: 2001, message: 'no such version' }
  if (side === undefined) return { data: details(parts, `${base}/2.2.1`) }
  if (side === 'credentials') return credentials(parts.connection(), method, text)
  const header = (name: string) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value.toUpperCase() : ''
  }
  const to = `${header('ocpi-to-country-code')}-${header('ocpi-to-party-id')}`
  const query = url.searchParams
  return parts.answer({ method, side, module: module ?? '', segments, query, text, to })
}

const SENDER_MODULES = {
  CPO: ['locations', 'tariffs', 'sessions', 'cdrs'],
  EMSP: ['tokens'],
} as const

function details({ plan }: PartnerServerParts, base: string) {
  const endpoint = (identifier: string, role: string, path: string) => ({
    identifier,
    role,
    url: `${base}/${path}`,
  })
  return {
    version: '2.2.1',
    endpoints: [
      endpoint('credentials', 'SENDER', 'credentials'),
      ...SENDER_MODULES[plan.role].map((id) => endpoint(id, 'SENDER', `sender/${id}`)),
      ...plan.receives.map((id) => endpoint(id, 'RECEIVER', `receiver/${id}`)),
    ],
  }
}

/** 2.2.1 Credentials: POST only when not registered, PUT and DELETE only when registered, else 405. */
async function credentials(
  connection: Connection,
  method: string,
  text: string,
): Promise<PartnerAnswer> {
  const isRegistered = connection.isRegistered()
  if (method === 'GET') return { data: connection.ownCredentials() }
  if (method === 'POST' ? isRegistered : !isRegistered) {
    return { status: 405, code: 2001, message: 'not in this state of registration' }
  }
  if (method === 'DELETE') {
    connection.forget()
    return {}
  }
  const theirs = objectIn(parseJson(text))
  return connection
    .acceptCredentials(theirs)
    .then((data) => ({ data }))
    .catch(() => ({ code: 3001, message: 'your versions or details could not be read' }))
}

function write(
  parts: PartnerServerParts,
  given: { request: IncomingMessage; response: ServerResponse; answer: PartnerAnswer },
): void {
  const { request, response, answer } = given
  const body = JSON.stringify({
    ...(answer.data === undefined ? {} : { data: answer.data }),
    status_code: answer.code ?? 1000,
    ...(answer.message === undefined ? {} : { status_message: answer.message }),
    timestamp: isoSeconds(parts.clock()),
  })
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...answer.headers,
    ...echoedHeaders(request),
  }
  response.writeHead(answer.status ?? 200, headers).end(body)
}
