import { randomUUID } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { createPeerClient } from '../../peer/client.ts'
import type { PeerAnswer, PeerClient, PeerRequest } from '../../peer/client.ts'
import { readEnvelope, transportFault } from '../../peer/ocpi-client.ts'
import { readTime } from '../../ocpi/primitives.ts'

export type Address = { countryCode: string; partyId: string }

/** What a platform is to the other one. A payment terminal provider stands where an eMSP does (2.3.0 Payments). */
export type Part = 'CPO' | 'EMSP' | 'PTP'

/** A request as a check wants it. `token` null: no Authorization header at all. */
export type Asked = {
  method: PeerRequest['method']
  url: string
  token: string | null
  encoding: 'base64' | 'raw'
  from?: Address | undefined
  to?: Address | undefined
  /** JSON text, or text that only looks like it. */
  body?: string | undefined
}

/** What came of it. `problem`: nothing that can be judged came back. `code` null: no OCPI envelope. */
export type Exchange = {
  asked: Asked
  problem: string | null
  status: number
  headers: Readonly<Record<string, string>>
  code: number | null
  message: string
  data: unknown
  /** What the answer breaks of the rules that hold for every answer. */
  faults: { envelope: string | null; type: string | null; ids: string[]; routing: string | null }
}

export type Asker = {
  ask(asked: Asked): Promise<Exchange>
  /** Every exchange so far. */
  all(): readonly Exchange[]
  /** How many requests in a row got no answer at all. */
  silences(): number
  close(): Promise<void>
}

/** A client that never follows a redirect, waits `deadlineMs` at most and reads as much as the hub would. */
export function createAsker(options: { clock: () => number; deadlineMs: number }): Asker {
  let client = newClient(options.clock)
  const all: Exchange[] = []
  let silences = 0
  const send = async (asked: Asked, headers: Record<string, string>): Promise<PeerAnswer> => {
    const request: PeerRequest = {
      method: asked.method,
      url: asked.url,
      headers,
      deadlineMs: options.deadlineMs,
      ...(asked.body === undefined ? {} : { body: asked.body }),
    }
    const answer = await client.request(request)
    if (answer.kind !== 'refused' || answer.reason !== 'breakerOpen') return answer
    // A partner under test is asked on, however often it failed before.
    await client.close()
    client = newClient(options.clock)
    return client.request(request)
  }
  return {
    ask: async (asked) => {
      const headers = headersOf(asked)
      const exchange = read(asked, headers, await send(asked, headers))
      silences = exchange.problem === null ? 0 : silences + 1
      all.push(exchange)
      return exchange
    },
    all: () => all,
    silences: () => silences,
    close: () => client.close(),
  }
}

function newClient(clock: () => number): PeerClient {
  // The operator names the partner: it may stand on the same machine or network.
  return createPeerClient({ allowPrivatePeers: true, clock })
}

function headersOf({ token, encoding, from, to, body }: Asked): Record<string, string> {
  const shown = encoding === 'raw' ? token : Buffer.from(token ?? '').toString('base64')
  return {
    accept: 'application/json',
    ...(token === null ? {} : { authorization: `Token ${shown}` }),
    'X-Request-ID': randomUUID(),
    'X-Correlation-ID': randomUUID(),
    ...(from && {
      'OCPI-from-country-code': from.countryCode,
      'OCPI-from-party-id': from.partyId,
    }),
    ...(to && { 'OCPI-to-country-code': to.countryCode, 'OCPI-to-party-id': to.partyId }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
}

function read(asked: Asked, sent: Record<string, string>, answer: PeerAnswer): Exchange {
  const nothing = { status: 0, headers: {}, code: null, message: '', data: undefined }
  const faults = { envelope: null, type: null, ids: [], routing: null }
  if (answer.kind !== 'answer') return { asked, problem: problemOf(answer), ...nothing, faults }
  const { status, headers, body } = answer
  const base = { ...nothing, asked, status, headers }
  const transport = transportFault(answer)
  if (status >= 300 && status < 400)
    return { ...base, problem: `HTTP ${status}, a redirect, which is not followed`, faults }
  const type = headers['content-type'] ?? ''
  const envelope = readEnvelope(body, {})
  const common = {
    type: /^application\/json\s*(;|$)/i.test(type) ? null : `Content-Type is ${type || 'missing'}`,
    ids: idFaults(sent, headers),
    routing: routingFault(asked, headers),
  }
  if (!envelope.ok || (transport !== null && body.length > 0)) {
    const reason = envelope.ok
      ? (transport ?? '')
      : body.length === 0
        ? 'an empty body'
        : envelope.reason
    const problem = status < 400 ? `HTTP ${status} with ${reason}` : null
    return { ...base, problem, faults: { ...common, envelope: reason } }
  }
  return {
    ...base,
    problem: null,
    code: envelope.ocpiStatus,
    message: envelope.statusMessage ?? '',
    data: envelope.data,
    faults: { ...common, envelope: timestampFault(envelope.text) },
  }
}

function problemOf(answer: Exclude<PeerAnswer, { kind: 'answer' }>): string {
  switch (answer.kind) {
    case 'timeout':
      return 'no answer in time'
    case 'unreachable':
      return `the connection failed (${answer.reason})`
    case 'malformed':
      return `the answer is not HTTP (${answer.reason})`
    case 'tooLarge':
      return `the answer is larger than ${limits.peerResponseBytesMax} bytes`
    case 'refused':
      return answer.message
    default:
      return answer satisfies never
  }
}

/** 2.2.1 Unique message IDs: the answer repeats the ids of its request. */
function idFaults(sent: Record<string, string>, got: Readonly<Record<string, string>>): string[] {
  return ['X-Request-ID', 'X-Correlation-ID'].filter(
    (name) => got[name.toLowerCase()] !== sent[name],
  )
}

/** 2.2.1 Message Routing Headers: the answer goes to whom the request came from. */
function routingFault({ from }: Asked, got: Readonly<Record<string, string>>): string | null {
  if (!from) return null
  const to = `${got['ocpi-to-country-code'] ?? ''}-${got['ocpi-to-party-id'] ?? ''}`
  const wanted = `${from.countryCode}-${from.partyId}`
  if (to.toUpperCase() === wanted.toUpperCase()) return null
  return to === '-' ? 'no OCPI-to headers' : `OCPI-to is ${to} instead of ${wanted}`
}

function timestampFault(text: string): string | null {
  const value: unknown = JSON.parse(text)
  const timestamp =
    typeof value === 'object' && value !== null && 'timestamp' in value
      ? value.timestamp
      : undefined
  return readTime(timestamp) === null ? 'no timestamp, or none that can be read' : null
}
