import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Hono } from 'hono'
import { getRequestListener } from '@hono/node-server'
import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { writeEnvelope } from '../ocpi/envelope.ts'
import { findFramingFault, serveOcpi } from './ocpi-edge.ts'

/** The web server: /ocpi goes straight to the edge, everything else to `app`. Not yet listening. */
export function createHubServer(context: Context, app: Hono): Server {
  const listener = getRequestListener(app.fetch, { hostname: 'localhost' })
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const isOcpi = request.url?.startsWith('/ocpi/') === true
    if (isOcpi || findFramingFault(request)) void serveOcpi(context, request, response)
    else void listener(request, response)
  }
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.connectionCheckMs,
      // Node would refuse a missing Host itself, without an envelope.
      requireHostHeader: false,
    },
    serve,
  )
  server.maxRequestsPerSocket = 0
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) =>
    refuseFraming(context, { error, socket }),
  )
  server.on('checkExpectation', serve)
  server.on('connect', (_request, socket: Duplex) => refuse(context, { socket, ...NO_TUNNEL }))
  return server
}

type Refusal = { line: string; message: string }

const NO_TUNNEL: Refusal = {
  line: '405 Method Not Allowed',
  message: 'CONNECT is not served here; this is no proxy',
}

const ANSWERS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    line: '431 Request Header Fields Too Large',
    message: `the headers may have ${limits.headerBytesMax} bytes`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    line: '413 Payload Too Large',
    message: 'chunk extensions are too long',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    line: '408 Request Timeout',
    message: 'the request was not complete in time',
  },
}

/** What Node's parser refuses never becomes a request; it gets an envelope all the same, and the connection ends. */
function refuseFraming(
  context: Context,
  { error, socket }: { error: Error & { code?: string }; socket: Socket },
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const answer = ANSWERS[error.code ?? ''] ?? {
    line: '400 Bad Request',
    message: 'this is not a well-formed HTTP/1.1 request',
  }
  refuse(context, { socket, ...answer })
}

function refuse(context: Context, { socket, line, message }: Refusal & { socket: Duplex }): void {
  const body = writeEnvelope({ statusCode: 2001, statusMessage: message, at: context.clock() })
  const head = [
    `HTTP/1.1 ${line}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Stops accepting, lets requests finish for at most drainMs, then cuts what is left. */
export async function drain(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), limits.drainMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
