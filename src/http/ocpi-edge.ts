import type { IncomingMessage, ServerResponse } from 'node:http'
import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { answerError } from '../hub/answer-error.ts'
import { handle } from '../hub/handle.ts'
import type { OcpiAnswer } from '../hub/request.ts'
import { writeEnvelope } from '../ocpi/envelope.ts'
import { SINGLE_HEADERS } from '../ocpi/headers.ts'

const SINGLE = new Set<string>(SINGLE_HEADERS)
const PLAIN = /^(ocpi-|x-request-id$|x-correlation-id$)/

/**
 * The edge of /ocpi: reads the Node request directly, because web streams cost more than everything else here. Refuses
 * what must not reach the hub: doubled headers, foreign characters in ids, bodies over the limit, odd framing.
 */
export async function serveOcpi(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerRequest(context, request).catch((error: unknown) => {
    const ids = { requestId: '', correlationId: '' }
    const refusal = answerError(context, { error, ids, path: request.url ?? '' })
    return { ...refusal, headers: { ...refusal.headers, ...echoedIds(request) } }
  })
  const unread = !request.complete && answer.httpStatus === 413
  send(context, { response, answer, close: unread || answer.httpStatus === 400 })
}

async function answerRequest(context: Context, request: IncomingMessage): Promise<OcpiAnswer> {
  const headers = readHeaders(request)
  if (request.httpVersion !== '1.1') throw new HubError('framing', 'send HTTP/1.1')
  const coding = headers.get('transfer-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new HubError('framing', 'send Transfer-Encoding: chunked, or a Content-Length')
  if (Number(headers.get('content-length') ?? 0) > limits.bodyBytesMax) throw tooLarge()
  const target = request.url ?? ''
  const [path = '', ...rest] = target.split('?')
  return handle(context, {
    method: request.method ?? '',
    path: path.slice('/ocpi'.length),
    query: new URLSearchParams(rest.join('?')),
    headers,
    readBody: () => readBody(request),
    remoteAddress: request.socket.remoteAddress ?? '',
  })
}

function readHeaders(request: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>()
  const raw = request.rawHeaders
  if (raw.length / 2 > limits.headerCountMax)
    throw new HubError('headersTooLarge', `send at most ${limits.headerCountMax} headers`)
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const value = raw[at + 1] ?? ''
    if (headers.has(name) && (SINGLE.has(name) || name.startsWith('ocpi-'))) {
      throw new HubError('framing', `send ${name} once`, {
        faults: [{ pointer: `header:${name}`, message: 'may be given once' }],
      })
    }
    if (
      PLAIN.test(name) &&
      (!/^[\x20-\x7e]*$/.test(value) || value.length > limits.requestIdCharsMax)
    ) {
      throw new HubError(
        'framing',
        `${name} must be at most ${limits.requestIdCharsMax} printable ASCII characters`,
        {
          faults: [{ pointer: `header:${name}`, message: 'must be short printable ASCII' }],
        },
      )
    }
    headers.set(name, value)
  }
  return headers
}

/** The ids of a request that never reached the hub, as far as they may be repeated. */
function echoedIds({ headers }: IncomingMessage): Record<string, string> {
  const ids = {
    'X-Request-ID': headers['x-request-id'],
    'X-Correlation-ID': headers['x-correlation-id'],
  }
  return Object.fromEntries(
    Object.entries(ids).flatMap(([name, value]) =>
      typeof value === 'string' &&
      /^[\x21-\x7e]+$/.test(value) &&
      value.length <= limits.requestIdCharsMax
        ? [[name, value]]
        : [],
    ),
  )
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      size += bytes.length
      if (size > limits.bodyBytesMax) throw tooLarge()
      chunks.push(bytes)
    }
  } catch (error) {
    if (error instanceof HubError) throw error
    throw new HubError('framing', 'the body ended before it was complete', { cause: error })
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

function tooLarge(): HubError {
  return new HubError('bodyTooLarge', `the body may have ${limits.bodyBytesMax} bytes`)
}

function send(
  context: Context,
  input: { response: ServerResponse; answer: OcpiAnswer; close: boolean },
): void {
  const { response, answer, close } = input
  if (response.destroyed || response.headersSent) return
  const body =
    answer.relayed ??
    Buffer.from(
      writeEnvelope({
        statusCode: answer.ocpiStatus,
        at: context.clock(),
        ...(answer.dataText === undefined ? {} : { dataText: answer.dataText }),
        ...(answer.statusMessage === undefined ? {} : { statusMessage: answer.statusMessage }),
      }),
    )
  response.writeHead(answer.httpStatus, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...answer.headers,
    ...(close ? { Connection: 'close' } : {}),
  })
  response.end(body)
}
