import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Hono } from 'hono'
import { getRequestListener } from '@hono/node-server'
import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { writeEnvelope } from '../ocpi/envelope.ts'
import { serveOcpi } from './ocpi-edge.ts'

/** The web server: /ocpi goes straight to the edge, everything else to `app`. Not yet listening. */
export function createHubServer(context: Context, app: Hono): Server {
  const listener = getRequestListener(app.fetch)
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.connectionCheckMs,
    },
    (request, response) => {
      const path = request.url ?? ''
      if (path.startsWith('/ocpi/')) void serveOcpi(context, request, response)
      else void listener(request, response)
    },
  )
  server.maxRequestsPerSocket = 0
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) =>
    refuseFraming(context, { error, socket }),
  )
  return server
}

const ANSWERS: Readonly<Record<string, { line: string; message: string }>> = {
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
  const body = writeEnvelope({
    statusCode: 2001,
    statusMessage: answer.message,
    at: context.clock(),
  })
  socket.end(
    `HTTP/1.1 ${answer.line}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
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
