import { randomBytes, randomUUID } from 'node:crypto'
import { limits } from '../../config/limits.ts'
import { assert, present } from '../assert.ts'
import type { Version } from '../ocpi/version.ts'
import type { Books } from './books.ts'
import { pause } from './clock.ts'
import { credentialsOf, encodedToken, endpointName, peerOf } from './dialect.ts'
import type { Address, PlatformRole } from './dialect.ts'
import { isJson, numberOf, objectIn, objectsIn, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { Method, Wire, WireAnswer } from './wire.ts'
import type { PlatformPlan } from './world.ts'

/** A functional request to the hub. `to` undefined is open routing (2.2.1, Transport: Open Routing Request). */
type HubRequest = {
  method: Method
  module: string
  side: 'sender' | 'receiver'
  /** Below the endpoint, starting with `/` or `?`; or a whole URL that the hub gave. */
  path: string
  from: Address
  to?: Address | undefined
  body?: string
}

type HubAnswer = WireAnswer & { code: number; data: unknown; message: string }

/** The connection of one platform with the hub, from its side. */
export type Connection = {
  /** The handshake as OCPI Credentials describes it, begun by us with the hub's token A. */
  register(at: { versionsUrl: string; tokenA: string }): Promise<void>
  /** The hub's answer to a request, whatever it says. Repeats it while the hub cannot be reached. */
  send(request: HubRequest): Promise<HubAnswer>
  /** A call to the hub's JSON API of parties, with our token. */
  api(request: { method: Method; path: string; body?: string }): Promise<WireAnswer>
  /** What the hub sends must carry one of these: the token it was given, or for the handshake token A. */
  tokenKind(token: string): 'access' | 'registration' | undefined
  isRegistered(): boolean
  /** For a handshake that the hub begins: the token A that it may use once; a new one when none is given. */
  issueTokenA(token?: string): string
  /** Takes the hub's credentials object, reads its endpoints, and answers ours with a new token. */
  acceptCredentials(theirs: Json): Promise<Json>
  ownCredentials(): Json
  forget(): void
  hubParty(): Address
  /** Whom the other side speaks for; `hub` when it is one. */
  peer(): { hub: Address | undefined; parties: readonly Address[] }
  /** `locations/sender` → URL at the hub. */
  endpoints(): ReadonlyMap<string, string>
  /** The token we show, encoded as it stands in the Authorization header. */
  shownToken(): string
}

type ConnectionParts = {
  plan: Pick<PlatformPlan, 'parties'> & { role: PlatformRole }
  versionsUrl: string
  wire: Wire
  books: Books
  /** The one version that is spoken on this connection. */
  version: Version
  /** How often a request is sent at most. */
  attemptsMax?: number
}

type State = {
  /** What we show the hub. */
  shown: string
  hubVersionsUrl: string
  hub: Address | undefined
  parties: readonly Address[]
  endpoints: Map<string, string>
  /** What the hub shows us. */
  issued: string
  tokenA: string | undefined
  isRegistered: boolean
}

export function createConnection(parts: ConnectionParts): Connection {
  const state: State = {
    shown: '',
    hubVersionsUrl: '',
    hub: undefined,
    parties: [],
    endpoints: new Map(),
    issued: newToken(),
    tokenA: undefined,
    isRegistered: false,
  }
  return {
    register: (at) => register(parts, state, at),
    send: (request) => send(parts, state, request),
    api: ({ method, path, body }) =>
      plain(parts, {
        method,
        url: `${new URL(state.hubVersionsUrl).origin}${path}`,
        token: state.shown,
        body,
      }),
    tokenKind: (token) => tokenKind(state, token),
    isRegistered: () => state.isRegistered,
    issueTokenA: (token = newToken()) => {
      state.tokenA = token
      return token
    },
    acceptCredentials: async (theirs) => {
      const token = present(textOf(theirs, 'token'), 'token of the hub')
      const url = present(textOf(theirs, 'url'), 'url of the hub')
      state.endpoints = await readEndpoints(parts, { url, token })
      takeCredentials(parts, state, theirs)
      state.issued = newToken()
      state.tokenA = undefined
      return ownCredentials(parts, state)
    },
    ownCredentials: () => ownCredentials(parts, state),
    forget: () => {
      state.isRegistered = false
      state.issued = newToken()
    },
    hubParty: () => present(state.hub, 'party of the hub'),
    peer: () => ({ hub: state.hub, parties: state.parties }),
    endpoints: () => state.endpoints,
    shownToken: () => encodedToken(parts.version, state.shown),
  }
}

async function register(
  parts: ConnectionParts,
  state: State,
  at: { versionsUrl: string; tokenA: string },
): Promise<void> {
  const first = await readEndpoints(parts, { url: at.versionsUrl, token: at.tokenA })
  const url = present(first.get('credentials'), 'credentials endpoint of the hub')
  const body = JSON.stringify(ownCredentials(parts, state))
  const answer = await plain(parts, { method: 'POST', url, token: at.tokenA, body })
  state.hubVersionsUrl = at.versionsUrl
  takeCredentials(parts, state, objectIn(dataOf(answer, url)))
  state.endpoints = await readEndpoints(parts, { url: state.hubVersionsUrl, token: state.shown })
}

async function send(parts: ConnectionParts, state: State, request: HubRequest): Promise<HubAnswer> {
  const url = urlOf(state, request)
  const headers = {
    Authorization: `Token ${encodedToken(parts.version, state.shown)}`,
    ...messageIds(),
    ...(parts.version === '2.1.1' ? {} : routing(request.from, request.to)),
  }
  const exchange = { method: request.method, url, headers }
  const answer = await patiently(parts, () =>
    parts.wire.exchange(
      request.body === undefined ? exchange : { ...exchange, body: request.body },
    ),
  )
  return noted(parts.books, { method: request.method, url, answer })
}

function urlOf({ endpoints }: State, { module, side, path }: HubRequest): string {
  if (path.startsWith('http')) return path
  const base = endpoints.get(`${module}/${side}`)
  assert(base !== undefined, `the hub offers no ${side} endpoint of ${module}`)
  return `${base}${path}`
}

/** Repeats what did not get through: no answer, 429, or 5xx. All that partners send may be sent twice. */
async function patiently(
  parts: ConnectionParts,
  ask: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  for (let tries = 1; ; tries++) {
    const isLast = tries >= (parts.attemptsMax ?? limits.sandboxAttemptsMax)
    const answer = await ask().catch((error: unknown) => {
      if (isLast) throw error
      return undefined
    })
    const isBusy = answer === undefined || answer.status === 429 || answer.status >= 500
    if (answer !== undefined && (!isBusy || isLast)) return answer
    parts.books.retries += 1
    const asked = Number(answer?.headers.get('retry-after') ?? '0') * 1000
    const backoff = limits.sandboxBackoffMs * 2 ** Math.min(tries, 10)
    await pause(Math.min(Math.max(asked, backoff), limits.sandboxBackoffMsMax))
  }
}

function plain(
  parts: ConnectionParts,
  wanted: { method: Method; url: string; token: string; body?: string | undefined },
): Promise<WireAnswer> {
  const { method, url, token, body } = wanted
  const shown = encodedToken(parts.version, token)
  const headers = { Authorization: `Token ${shown}`, ...messageIds() }
  return patiently(parts, () =>
    parts.wire.exchange({ method, url, headers, ...(body === undefined ? {} : { body }) }),
  )
}

/** Versions, then details: `locations/sender` → URL; credentials stand under their own name. */
async function readEndpoints(
  parts: ConnectionParts,
  at: { url: string; token: string },
): Promise<Map<string, string>> {
  const { token } = at
  const versions = dataOf(await plain(parts, { method: 'GET', url: at.url, token }), at.url)
  const version = objectsIn(versions).find((one) => textOf(one, 'version') === parts.version)
  const url = present(textOf(objectIn(version), 'url'), `version ${parts.version} of the hub`)
  const details = objectIn(dataOf(await plain(parts, { method: 'GET', url, token }), url))
  const found = new Map<string, string>()
  for (const endpoint of objectsIn(details['endpoints'])) {
    const address = (textOf(endpoint, 'url') ?? '').replace(/\/$/, '')
    found.set(endpointName(endpoint, { version: parts.version, role: parts.plan.role }), address)
  }
  return found
}

function ownCredentials({ plan, version, versionsUrl }: ConnectionParts, state: State): Json {
  const { role, parties } = plan
  return credentialsOf({ version, role, parties, token: state.issued, url: versionsUrl })
}

function takeCredentials({ version }: ConnectionParts, state: State, theirs: Json): void {
  state.shown = present(textOf(theirs, 'token'), 'token of the hub')
  state.hubVersionsUrl = textOf(theirs, 'url') ?? state.hubVersionsUrl
  const { hub, parties } = peerOf(version, theirs)
  state.hub = hub ?? state.hub
  state.parties = parties
  state.isRegistered = true
}

function tokenKind(state: State, token: string): 'access' | 'registration' | undefined {
  if (token === state.issued) return 'access'
  return token === state.tokenA ? 'registration' : undefined
}

function noted(
  books: Books,
  exchange: { method: Method; url: string; answer: WireAnswer },
): HubAnswer {
  const { method, url, answer } = exchange
  const envelope = parseJson(answer.text)
  const code = isJson(envelope) ? (numberOf(envelope, 'status_code') ?? 0) : 0
  const message = textOf(objectIn(envelope), 'status_message') ?? ''
  books.messages += 1
  if (code === 1000 && answer.status < 300) books.answered1000 += 1
  else if (books.refusals.length < limits.sandboxRefusalsKept) {
    books.refusals.push({ method, url, status: answer.status, code, message })
  }
  return { ...answer, code, message, data: objectIn(envelope)['data'] }
}

function dataOf(answer: WireAnswer, url: string): unknown {
  const envelope = objectIn(parseJson(answer.text))
  const isFine = answer.status < 300 && envelope['status_code'] === 1000
  if (!isFine) throw new Error(`${url} answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  return envelope['data']
}

function messageIds(): Record<string, string> {
  return { 'X-Request-ID': randomUUID(), 'X-Correlation-ID': randomUUID() }
}

function routing(from: Address, to: Address | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    'OCPI-from-country-code': from.countryCode,
    'OCPI-from-party-id': from.partyId,
  }
  if (to) {
    headers['OCPI-to-country-code'] = to.countryCode
    headers['OCPI-to-party-id'] = to.partyId
  }
  return headers
}

function newToken(): string {
  return randomBytes(24).toString('hex')
}
