import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { limits } from '../../config/limits.ts'

/** A server on 127.0.0.1 at `port` (0: any free one). What `serve` throws ends the connection. */
export function listen(
  port: number,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 65_000
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const listening = typeof address === 'object' && address !== null ? address.port : port
      resolve({ url: `http://127.0.0.1:${listening}`, close: () => closeServer(server) })
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** The body of a request as text. Throws beyond `sandboxBodyBytesMax`. */
export async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part: unknown = chunk
    if (!Buffer.isBuffer(part)) continue
    bytes += part.length
    if (bytes > limits.sandboxBodyBytesMax) throw new Error('body too large')
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The answer repeats the ids and swaps the parties (2.2.1, Transport: Message Routing Headers). */
const ECHOED = [
  ['x-request-id', 'X-Request-ID'],
  ['x-correlation-id', 'X-Correlation-ID'],
  ['ocpi-from-country-code', 'OCPI-to-country-code'],
  ['ocpi-from-party-id', 'OCPI-to-party-id'],
  ['ocpi-to-country-code', 'OCPI-from-country-code'],
  ['ocpi-to-party-id', 'OCPI-from-party-id'],
] as const

/** The headers of an answer that follow from those of its request. */
export function echoedHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    ECHOED.flatMap(([from, to]) => {
      const value = request.headers[from]
      return typeof value === 'string' ? [[to, value]] : []
    }),
  )
}
