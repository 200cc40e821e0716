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
  let isBroken = false
  const answer = await answerRequest(context, request).catch((error: unknown) => {
    isBroken = true
    const ids = { requestId: '', correlationId: '' }
    const refusal = answerError(context, { error, ids, path: request.url?.split('?')[0] ?? '' })
    return { ...refusal, headers: { ...refusal.headers, ...echoedIds(request) } }
  })
  await send(context, { request, response, answer, close: isBroken || isEndless(request) })
}

/** A body that nobody read is skipped to keep the connection; not when nothing says how long it is. */
function isEndless(request: IncomingMessage): boolean {
  return !request.complete && request.headers['content-length'] === undefined
}

async function answerRequest(context: Context, request: IncomingMessage): Promise<OcpiAnswer> {
  const headers = readHeaders(request)
  const fault = findFramingFault(request)
  if (fault) throw fault
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

/** What a proxy in front may have read otherwise than we do; such a request is refused whatever its path. */
export function findFramingFault(request: IncomingMessage): HubError | null {
  const { headers, httpVersion, url = '', rawHeaders } = request
  const framing = (message: string) => new HubError('framing', message)
  // Load balancers ask for our health as they always did.
  if (httpVersion !== '1.1' && !url.startsWith('/health/')) return framing('send HTTP/1.1')
  const host = headers.host ?? (httpVersion === '1.1' ? '' : 'localhost')
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1 || !/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?$/.test(host))
    return framing('send one host header with a host name')
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return framing('send Transfer-Encoding: chunked, or a Content-Length')
  if (!url.startsWith('/')) return framing('send a path, not a whole URL')
  if (url.length > limits.urlBytesMax)
    return new HubError('urlTooLong', `the URL may have ${limits.urlBytesMax} bytes`)
  const { expect } = headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return new HubError('expectation', 'Expect may only be 100-continue')
  return null
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
    // The answer goes over the same socket, so leaving early must not destroy it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
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

async function send(
  context: Context,
  input: {
    request: IncomingMessage
    response: ServerResponse
    answer: OcpiAnswer
    close: boolean
  },
): Promise<void> {
  const { request, response, answer, close } = input
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
  if (close && !request.complete) {
    response.write(body)
    await skimBody(request)
    response.end()
  } else response.end(body)
}

/** Closing while bytes are still coming would reset the connection, and the sender might never see the answer. */
function skimBody(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limits.lingerMs)
    request.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    request.resume()
  })
}
