import { errors, Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { limits } from '../../config/limits.ts'
import { assert, AssertionFailed } from '../assert.ts'
import { admit, newBreaker, note } from './breaker.ts'
import type { Breaker, Outcome } from './breaker.ts'
import { addressRefusedCode, guardedConnector, guardUrl } from './guard.ts'
import type { Lookup } from './guard.ts'

export type PeerRequest = {
  url: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers: Readonly<Record<string, string>>
  body?: string | Buffer
  /** From now until the last byte of the answer. */
  deadlineMs: number
  /** Default `limits.peerResponseBytesMax`. */
  responseBytesMax?: number
}

/**
 * How a request ended. `answer` is any HTTP answer, redirects included: they are never followed, and a compressed body
 * is never inflated. `sent` is false when the partner surely did not get the request. Reasons are codes or short texts
 * for the log and the operator, never the partner's words.
 */
export type PeerAnswer =
  | {
      kind: 'answer'
      status: number
      headers: Readonly<Record<string, string>>
      body: Buffer
      tookMs: number
    }
  | { kind: 'timeout' }
  | { kind: 'unreachable'; reason: string; sent: boolean }
  | { kind: 'malformed'; reason: string }
  | { kind: 'tooLarge' }
  | {
      kind: 'refused'
      reason: 'guard' | 'breakerOpen' | 'inFlight' | 'invalidRequest' | 'closed'
      message: string
      /** When the breaker lets the next request through; null for other reasons. */
      retryAfterMs: number | null
    }

export type PeerClient = {
  /** Never throws for what the network or the partner does. */
  request: (request: PeerRequest) => Promise<PeerAnswer>
  /** Aborts what is in flight and refuses from then on. */
  close: () => Promise<void>
}

/**
 * Outgoing HTTP to partners: one keep-alive pool, bulkhead and circuit breaker per origin, every address judged by the
 * guard. `clock` gives milliseconds that never go back; `lookup` replaces DNS in tests.
 */
export function createPeerClient(options: {
  allowPrivatePeers: boolean
  clock: () => number
  lookup?: Lookup
}): PeerClient {
  const connector = guardedConnector(options)
  const origins = new Map<string, Origin>()
  let isClosed = false
  return {
    request: async (request) => {
      const guarded = guardUrl(request.url, options)
      if (!guarded.ok) return refused('guard', guarded.message)
      if (isClosed) return refused('closed', 'this process is stopping')
      const origin = takeOrigin(origins, { name: guarded.url.origin, connector })
      return exchangeGuarded(origin, { request, url: guarded.url, clock: options.clock })
    },
    close: async () => {
      isClosed = true
      const pools = [...origins.values()].map((origin) => origin.pool.destroy())
      origins.clear()
      await Promise.all(pools)
    },
  }
}

type Origin = { pool: Pool; breaker: Breaker; inFlight: number }

type Refusal = Extract<PeerAnswer, { kind: 'refused' }>

function refused(reason: Refusal['reason'], message: string): Refusal {
  return { kind: 'refused', reason, message, retryAfterMs: null }
}

/** The origin's pool, made on first use. The map stays bounded: the one idle for longest leaves. */
function takeOrigin(
  origins: Map<string, Origin>,
  wanted: { name: string; connector: ReturnType<typeof guardedConnector> },
): Origin {
  const known = origins.get(wanted.name)
  const origin = known ?? openOrigin(wanted)
  origins.delete(wanted.name)
  origins.set(wanted.name, origin)
  if (origins.size > limits.peerOriginsMax) {
    const idle = [...origins].find(([, other]) => other.inFlight === 0 && other !== origin)
    if (idle !== undefined) {
      origins.delete(idle[0])
      // Nothing waits for an idle pool, and its sockets end without anybody to tell.
      void idle[1].pool.destroy()
    }
  }
  return origin
}

function openOrigin(wanted: {
  name: string
  connector: ReturnType<typeof guardedConnector>
}): Origin {
  const pool = new Pool(wanted.name, {
    connections: limits.peerInFlightMax,
    connect: wanted.connector,
    headersTimeout: limits.peerRequestMs,
    bodyTimeout: limits.peerIdleMs,
    maxHeaderSize: limits.peerHeaderBytesMax,
    keepAliveTimeout: limits.peerKeepAliveMs,
    keepAliveMaxTimeout: limits.peerKeepAliveMsMax,
  })
  return { pool, breaker: newBreaker(), inFlight: 0 }
}

type Exchange = { request: PeerRequest; url: URL; clock: () => number }

async function exchangeGuarded(origin: Origin, work: Exchange): Promise<PeerAnswer> {
  if (origin.inFlight >= limits.peerInFlightMax) {
    return refused(
      'inFlight',
      `${limits.peerInFlightMax} requests to this partner are open already`,
    )
  }
  const admission = admit(origin.breaker, work.clock())
  if (!admission.admitted) {
    const { retryAfterMs } = admission
    return { ...refused('breakerOpen', 'this partner did not answer lately'), retryAfterMs }
  }
  origin.inFlight += 1
  let outcome: Outcome = 'unknown'
  try {
    const answer = await exchange(origin.pool, work)
    outcome = outcomeOf(answer)
    return answer
  } finally {
    origin.inFlight -= 1
    note(origin.breaker, { outcome, isProbe: admission.isProbe, nowMs: work.clock() })
  }
}

function outcomeOf(answer: PeerAnswer): Outcome {
  if (answer.kind === 'timeout' || answer.kind === 'unreachable') return 'failed'
  return answer.kind === 'refused' ? 'unknown' : 'reached'
}

async function exchange(pool: Pool, work: Exchange): Promise<PeerAnswer> {
  const { request, url, clock } = work
  const startedMs = clock()
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), request.deadlineMs)
  try {
    const response = await pool.request({
      path: url.pathname + url.search,
      method: request.method,
      headers: { 'accept-encoding': 'identity', ...request.headers },
      body: request.body ?? null,
      signal: deadline.signal,
    })
    const body = await readBody(response, request.responseBytesMax ?? limits.peerResponseBytesMax)
    if (body === null) return { kind: 'tooLarge' }
    const headers = flatHeaders(response.headers)
    return {
      kind: 'answer',
      status: response.statusCode,
      headers,
      body,
      tookMs: clock() - startedMs,
    }
  } catch (error) {
    return deadline.signal.aborted ? { kind: 'timeout' } : classify(error)
  } finally {
    clearTimeout(timer)
  }
}

/** The whole body, or null when it is longer than `bytesMax`; the connection is dropped then. */
async function readBody(
  response: Dispatcher.ResponseData,
  bytesMax: number,
): Promise<Buffer | null> {
  const pieces: Uint8Array[] = []
  let length = 0
  // Leaving the loop early destroys the body and with it the socket.
  for await (const piece of response.body) {
    assert(piece instanceof Uint8Array, 'a response body comes in bytes')
    length += piece.length
    if (length > bytesMax) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces, length)
}

function flatHeaders(
  headers: Record<string, string | string[] | undefined>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  return Object.fromEntries(entries)
}

/** Codes of failures before the first byte left: a connection was never made. */
const notSentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function classify(error: unknown): PeerAnswer {
  if (error instanceof AssertionFailed) throw error
  if (error instanceof errors.HTTPParserError) return { kind: 'malformed', reason: 'HTTP_PARSER' }
  const code = codeOf(error)
  if (code === addressRefusedCode) {
    return refused('guard', 'the host name leads to an address that is not on the public internet')
  }
  if (code === 'UND_ERR_INVALID_ARG')
    return refused('invalidRequest', 'a header or the URL is invalid')
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return { kind: 'timeout' }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { kind: 'tooLarge' }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return { kind: 'malformed', reason: code }
  const isTls = /CERT|_TLS_|_SSL_|SIGNATURE|ISSUER/.test(code)
  return { kind: 'unreachable', reason: code, sent: !isTls && !notSentCodes.has(code) }
}

function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error
  return hasCode && typeof error.code === 'string' ? error.code : 'UNKNOWN'
}
