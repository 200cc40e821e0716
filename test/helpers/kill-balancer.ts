import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

export type Balancer = AsyncDisposable & { port: number }

/**
 * What stands before the web processes of a real installation: each connection goes to the next port that accepts one,
 * and is cut when none does. It knows nothing of HTTP, so a killed process is seen by its clients as it would be.
 */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>()
  let next = 0
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    client.on('error', () => client.destroy())
    next += 1
    const order = ports.map((_port, index) => ports[(next + index) % ports.length] ?? 0)
    dial(client, { order, keep })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

type Dialing = { order: readonly number[]; keep: (socket: Socket) => void }

function dial(client: Socket, { order, keep }: Dialing): void {
  const [port, ...others] = order
  if (port === undefined || client.destroyed) {
    client.destroy()
    return
  }
  const target = connect(port, '127.0.0.1')
  keep(target)
  const fail = () => dial(client, { order: others, keep })
  target.once('error', fail)
  target.once('connect', () => {
    target.off('error', fail)
    target.on('error', () => client.destroy())
    target.on('close', () => client.destroySoon())
    client.on('close', () => target.destroy())
    client.pipe(target)
    target.pipe(client)
  })
}
