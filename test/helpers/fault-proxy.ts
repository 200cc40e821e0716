import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

/**
 * What the proxy does to connections made from now on. TCP level: `delay` every piece of the reply, `stall` after the
 * request, `reset` on the request, `loseReply` after the target has answered, `trickle` the reply byte by byte.
 * HTTP level, without the target: `endless` headers or body, `redirect`, `encode` (a body with a Content-Encoding).
 */
export type ProxyFault =
  | { kind: 'none' }
  | { kind: 'delay'; ms: number }
  | { kind: 'stall' }
  | { kind: 'reset' }
  | { kind: 'loseReply' }
  | { kind: 'trickle'; ms: number }
  | { kind: 'endless'; part: 'headers' | 'body' }
  | { kind: 'redirect'; status: number; location: string }
  | { kind: 'encode'; encoding: string; body: Buffer }

export type FaultProxy = {
  port: number
  url: string
  /** One entry per connection: the fault it met. */
  log: string[]
  /** Sets the fault and drops open connections, so that none goes on with the old one. */
  set: (fault: ProxyFault) => void
  [Symbol.asyncDispose]: () => Promise<void>
}

/** A TCP proxy on a free loopback port before `targetPort`. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const log: string[] = []
  let fault: ProxyFault = { kind: 'none' }
  const server = createServer((client) => {
    log.push(fault.kind)
    track(sockets, client)
    meet(client, { fault, targetPort, track: (socket) => track(sockets, socket) })
  })
  const port = await listen(server)
  const drop = () => sockets.forEach((socket) => socket.destroy())
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    log,
    set: (next) => {
      fault = next
      drop()
    },
    [Symbol.asyncDispose]: async () => {
      drop()
      await closeServer(server)
    },
  }
}

type Meeting = { fault: ProxyFault; targetPort: number; track: (socket: Socket) => void }

function meet(client: Socket, meeting: Meeting): void {
  const { fault } = meeting
  switch (fault.kind) {
    case 'stall':
      client.resume()
      return
    case 'reset':
      client.once('data', () => client.resetAndDestroy())
      return
    case 'endless':
      client.once('data', () => sendEndless(client, fault.part))
      return
    case 'redirect':
      client.once('data', () =>
        client.end(
          `HTTP/1.1 ${fault.status} Moved\r\nLocation: ${fault.location}\r\nContent-Length: 0\r\n\r\n`,
        ),
      )
      return
    case 'encode':
      client.once('data', () => {
        client.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${fault.encoding}\r\nContent-Length: ${fault.body.length}\r\n\r\n`,
        )
        client.end(fault.body)
      })
      return
    case 'none':
    case 'delay':
    case 'loseReply':
    case 'trickle':
      relay(client, meeting)
      return
    default:
      fault satisfies never
  }
}

function relay(client: Socket, meeting: Meeting): void {
  const { fault } = meeting
  const target = connect(meeting.targetPort, '127.0.0.1')
  meeting.track(target)
  client.pipe(target)
  client.on('close', () => target.destroy())
  target.on('close', () => fault.kind === 'none' && client.end())
  target.on('data', (piece) => {
    if (fault.kind === 'loseReply') client.resetAndDestroy()
    else if (fault.kind === 'delay') setTimeout(() => client.write(piece), fault.ms).unref()
    else if (fault.kind === 'trickle') trickle(client, { piece, ms: fault.ms })
    else client.write(piece)
  })
}

function trickle(client: Socket, reply: { piece: Buffer; ms: number }): void {
  let at = 0
  const timer = setInterval(() => {
    if (client.destroyed || at >= reply.piece.length) clearInterval(timer)
    else client.write(reply.piece.subarray(at, ++at))
  }, reply.ms).unref()
}

function sendEndless(client: Socket, part: 'headers' | 'body'): void {
  client.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n')
  if (part === 'body') client.write('Transfer-Encoding: chunked\r\n\r\n')
  const body = `10000\r\n${' '.repeat(65_536)}\r\n`
  const headers = `X-More: ${'x'.repeat(1_000)}\r\n`
  const more = () => {
    let isWritable = true
    while (isWritable && !client.destroyed)
      isWritable = client.write(part === 'body' ? body : headers)
  }
  client.on('drain', more)
  more()
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  // The faults break connections on purpose; what the test sees of it is the client's error.
  socket.on('error', () => socket.destroy())
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function closeServer(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
