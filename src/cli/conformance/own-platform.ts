import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { limits } from '../../../config/limits.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import type { Address, Part } from './exchange.ts'
import { timeAt } from './made.ts'
import type { Json } from './made.ts'
import { answerOwn } from './own-answers.ts'
import { credentialsOf } from './own-state.ts'
import type { Got, OwnState } from './own-state.ts'

/** The certifier as an OCPI platform: what a partner calls back during registration, and for results. */
export type OwnPlatform = {
  readonly url: string
  readonly versionsUrl: string
  readonly got: readonly Got[]
  /** The version and side that are spoken from now on. */
  speak(as: { version: Version; side: PartnerSide; role: Part; party: Address }): void
  /** A Credentials object with a new token, which works from now on beside those before. */
  credentials(): Json
  /** The objects that it lists and knows; by module. */
  keep(module: string, object: Json): void
  /** A URL for the results of one request. */
  resultUrl(name: string): string
  /** The first request that fits, waiting for it up to `ms`; null when none came. */
  waitFor(fits: (got: Got) => boolean, ms: number): Promise<Got | null>
  close(): Promise<void>
}

type Waiter = { fits: (got: Got) => boolean; resolve: (got: Got) => void }

/**
 * Starts it. `listen` is HOST:PORT, `publicUrl` how the partner reaches it when that is another address. With `openDoor`
 * no token is asked for: the partner was registered somewhere else and shows one that is not known here.
 */
export async function startOwnPlatform(options: {
  listen: { host: string; port: number }
  publicUrl: string | undefined
  openDoor: boolean
  clock: () => number
  onToken: (token: string) => void
}): Promise<OwnPlatform> {
  const got: Got[] = []
  const waiters = new Set<Waiter>()
  const state: OwnState = {
    url: '',
    version: '2.2.1',
    side: 'emsp',
    role: 'EMSP',
    party: { countryCode: 'NL', partyId: 'CFT' },
    tokens: [],
    objects: new Map(),
    onToken: options.onToken,
  }
  const note = (one: Got) => {
    if (got.length < limits.certifyRequestsKept) got.push(one)
    for (const waiter of waiters) if (waiter.fits(one)) waiter.resolve(one)
  }
  const server = createServer((request, response) => {
    serve({ state, note, ...options }, request, response).catch(() => response.destroy())
  })
  state.url = options.publicUrl ?? (await listenAt(server, options.listen))
  if (options.publicUrl !== undefined) await listenAt(server, options.listen)
  return {
    url: state.url,
    versionsUrl: `${state.url}/ocpi/versions`,
    got,
    speak: (as) => void Object.assign(state, as),
    credentials: () => credentialsOf(state),
    keep: (module, object) =>
      void state.objects.set(module, [...(state.objects.get(module) ?? []), object]),
    resultUrl: (name) => `${state.url}/ocpi/results/${name}-${randomBytes(8).toString('hex')}`,
    waitFor: (fits, ms) => waitFor({ got, waiters, fits, ms }),
    close: () => closeServer(server),
  }
}

function listenAt(server: Server, at: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) =>
      reject(new CliStop(EXIT.cannot, `Cannot listen on ${at.host}:${at.port}: ${error.message}`)),
    )
    server.listen(at.port, at.host, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : at.port
      resolve(`http://${at.host}:${port}`)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function waitFor(wait: {
  got: readonly Got[]
  waiters: Set<Waiter>
  fits: (got: Got) => boolean
  ms: number
}): Promise<Got | null> {
  const { got, waiters, fits, ms } = wait
  const known = got.find(fits)
  if (known) return Promise.resolve(known)
  return new Promise((resolve) => {
    const waiter = { fits, resolve: (one: Got) => end(one) }
    const timer = setTimeout(() => end(null), ms)
    const end = (one: Got | null) => {
      clearTimeout(timer)
      waiters.delete(waiter)
      resolve(one)
    }
    waiters.add(waiter)
  })
}

type Serving = {
  state: OwnState
  note: (got: Got) => void
  openDoor: boolean
  clock: () => number
}

async function serve(
  { state, note, openDoor, clock }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', state.url)
  const text = await read(request)
  const got: Got = {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    isKnownToken: openDoor || knows(state, request.headers.authorization),
    headers: Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    ),
    body: parse(text),
    text,
  }
  note(got)
  const {
    status = 200,
    code = 1000,
    data,
    headers = {},
  } = answerOwn(state, got, () => credentialsOf(state))
  const envelope = {
    ...(data === undefined ? {} : { data }),
    status_code: code,
    timestamp: timeAt(clock()),
  }
  response.writeHead(status, {
    'content-type': 'application/json',
    ...headers,
    ...echoed(state, got),
  })
  response.end(JSON.stringify(envelope))
}

/** The ids of the request, and its routing headers the other way round. */
function echoed({ version }: OwnState, { headers }: Got): Record<string, string> {
  if (version === '2.1.1') return {}
  const pairs = [
    ['x-request-id', 'X-Request-ID'],
    ['x-correlation-id', 'X-Correlation-ID'],
    ['ocpi-from-country-code', 'OCPI-to-country-code'],
    ['ocpi-from-party-id', 'OCPI-to-party-id'],
    ['ocpi-to-country-code', 'OCPI-from-country-code'],
    ['ocpi-to-party-id', 'OCPI-from-party-id'],
  ] as const
  return Object.fromEntries(
    pairs.flatMap(([from, to]) => {
      const value = headers[from]
      return value === undefined ? [] : [[to, value]]
    }),
  )
}

function knows({ tokens }: OwnState, authorization: string | undefined): boolean {
  const shown = /^Token (\S+)$/.exec(authorization ?? '')?.[1] ?? ''
  return tokens.includes(shown) || tokens.includes(Buffer.from(shown, 'base64').toString('utf8'))
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    const piece = Buffer.from(part)
    bytes += piece.length
    if (bytes > limits.certifyBodyBytesMax) throw new Error('the body is too large')
    parts.push(piece)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? dropNulls(value) : value
  } catch {
    return undefined
  }
}
