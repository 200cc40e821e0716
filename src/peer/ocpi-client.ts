import { limits } from '../../config/limits.ts'
import { valueText } from '../ocpi/json-text.ts'
import { scanBody } from '../ocpi/scan.ts'
import type { PeerAnswer, PeerClient, PeerRequest } from './client.ts'

export type OcpiRequest = {
  url: string
  method: PeerRequest['method']
  /** The token the partner gave us. */
  credentialsToken: string
  /** How the partner wants it in the header: 2.2 and later base64, some partners and 2.1.1 raw. */
  tokenEncoding: 'base64' | 'raw'
  requestId: string
  correlationId: string
  from?: PartyHeader
  to?: PartyHeader
  /** JSON text, sent as it is. */
  bodyText?: string
  deadlineMs: number
  responseBytesMax?: number
  /** A known quirk of the partner: `"status_code": "1000"`. */
  acceptsStringStatus?: boolean
}

type PartyHeader = { countryCode: string; partyId: string }

/**
 * What an OCPI call came to. `ocpi`: an envelope with a status code, whatever HTTP status carried it; `dataText` is the
 * exact text of `data`. `unreachable`: `sent` is false when the partner surely did not get it, `retryAfterMs` is known
 * when the breaker is open. `notOcpi`: something answered, but not OCPI; reasons hold none of the partner's words.
 */
export type OcpiAnswer =
  | {
      kind: 'ocpi'
      httpStatus: number
      ocpiStatus: number
      statusMessage: string | null
      data: unknown
      dataText: string | null
      headers: Readonly<Record<string, string>>
      body: Buffer
      tookMs: number
    }
  | { kind: 'timeout' }
  | { kind: 'unreachable'; reason: string; sent: boolean; retryAfterMs: number | null }
  | { kind: 'notOcpi'; httpStatus: number | null; reason: string }

/** Sends one OCPI request and reads the answer's envelope. Never throws for what the partner does. */
export async function callOcpi(client: PeerClient, request: OcpiRequest): Promise<OcpiAnswer> {
  return readAnswer(await sendOcpi(client, request), request)
}

/** Sends one OCPI request with the headers of OCPI 2.2.1 Transport and format. */
export function sendOcpi(client: PeerClient, request: OcpiRequest): Promise<PeerAnswer> {
  const { url, method, bodyText, deadlineMs, responseBytesMax } = request
  return client.request({
    url,
    method,
    headers: ocpiHeaders(request),
    deadlineMs,
    ...(bodyText === undefined ? {} : { body: bodyText }),
    ...(responseBytesMax === undefined ? {} : { responseBytesMax }),
  })
}

function ocpiHeaders(request: OcpiRequest): Record<string, string> {
  const { credentialsToken, tokenEncoding, from, to, bodyText } = request
  const token =
    tokenEncoding === 'raw' ? credentialsToken : Buffer.from(credentialsToken).toString('base64')
  return {
    authorization: `Token ${token}`,
    accept: 'application/json',
    'X-Request-ID': request.requestId,
    'X-Correlation-ID': request.correlationId,
    ...(from && {
      'OCPI-from-country-code': from.countryCode,
      'OCPI-from-party-id': from.partyId,
    }),
    ...(to && { 'OCPI-to-country-code': to.countryCode, 'OCPI-to-party-id': to.partyId }),
    ...(bodyText === undefined ? {} : { 'content-type': 'application/json' }),
  }
}

/** Reads the envelope out of an answer. */
export function readAnswer(
  answer: PeerAnswer,
  options: { acceptsStringStatus?: boolean },
): OcpiAnswer {
  switch (answer.kind) {
    case 'timeout':
      return answer
    case 'unreachable':
      return { ...answer, retryAfterMs: null }
    case 'refused': {
      const { reason, retryAfterMs } = answer
      return { kind: 'unreachable', reason, sent: false, retryAfterMs }
    }
    case 'malformed':
      return notOcpi(null, `the answer is not HTTP (${answer.reason})`)
    case 'tooLarge':
      return notOcpi(null, 'the answer is too large')
    case 'answer':
      return readHttpAnswer(answer, options)
    default:
      return answer satisfies never
  }
}

function notOcpi(httpStatus: number | null, reason: string): OcpiAnswer {
  return { kind: 'notOcpi', httpStatus, reason }
}

function readHttpAnswer(
  answer: Extract<PeerAnswer, { kind: 'answer' }>,
  options: { acceptsStringStatus?: boolean },
): OcpiAnswer {
  const { status, headers, body, tookMs } = answer
  const transport = transportFault(answer)
  if (transport !== null) return notOcpi(status, transport)
  const envelope = readEnvelope(body, options)
  if (!envelope.ok) return notOcpi(status, envelope.reason)
  const { ocpiStatus, statusMessage, data, text } = envelope
  const dataText = data === undefined ? null : valueText(text, ['data'])
  return {
    kind: 'ocpi',
    httpStatus: status,
    ocpiStatus,
    statusMessage,
    data,
    dataText,
    headers,
    body,
    tookMs,
  }
}

/** What keeps the body from being an OCPI envelope before it is even read; null when nothing does. */
export function transportFault(answer: Extract<PeerAnswer, { kind: 'answer' }>): string | null {
  const { status, headers, body } = answer
  if (status >= 300 && status < 400) return 'a redirect; redirects are not followed'
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding !== 'identity') return 'a compressed body, although identity was asked for'
  if (body.length === 0) return 'an empty body'
  const type = headers['content-type'] ?? 'application/json'
  if (!/^application\/json\s*(;|$)/i.test(type)) return 'a body that is not application/json'
  return null
}

const envelopeScan = {
  depthMax: limits.jsonDepthMax + 2,
  keysMax: limits.jsonKeysMax,
  numberCharsMax: limits.jsonNumberCharsMax,
  duplicateKeys: 'report',
} as const

type Envelope =
  | { ok: true; ocpiStatus: number; statusMessage: string | null; data: unknown; text: string }
  | { ok: false; reason: string }

/**
 * Reads `{status_code, status_message?, data?}` (OCPI 2.2.1 Response format); the status code has four digits, the
 * first of them 1 to 4.
 */
export function readEnvelope(
  body: Uint8Array,
  options: { acceptsStringStatus?: boolean },
): Envelope {
  const scan = scanBody(body, envelopeScan)
  if (!scan.ok)
    return { ok: false, reason: `a body that is not strict JSON at byte ${scan.offset}` }
  const { value, text } = scan
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, reason: 'a body that is not an object' }
  }
  const code = 'status_code' in value ? value.status_code : undefined
  const isQuirk = options.acceptsStringStatus === true && typeof code === 'string'
  const ocpiStatus = isQuirk && /^\d{4}$/.test(code) ? Number(code) : code
  if (typeof ocpiStatus !== 'number' || !isStatusCode(ocpiStatus)) {
    return { ok: false, reason: 'an envelope without a status_code of four digits' }
  }
  const message = 'status_message' in value ? value.status_message : null
  const statusMessage = typeof message === 'string' ? message : null
  return {
    ok: true,
    ocpiStatus,
    statusMessage,
    data: 'data' in value ? value.data : undefined,
    text,
  }
}

function isStatusCode(code: number): boolean {
  return Number.isInteger(code) && code >= 1000 && code <= 4999
}
