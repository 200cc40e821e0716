import { createBooks } from './books.ts'
import type { Books } from './books.ts'
import type { Clock } from './clock.ts'
import { createConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { createMisbehaviour } from './misbehaviour.ts'
import type { Misbehaviour } from './misbehaviour.ts'
import { createPartnerModules } from './partner-modules.ts'
import { startPartnerServer } from './partner-server.ts'
import { createWire } from './wire.ts'
import type { PlatformPlan } from './world.ts'

/** A partner of the hub: a platform with its own server, connection and books. */
export type Partner = {
  plan: PlatformPlan
  books: Books
  connection: Connection
  misbehaviour: Misbehaviour
  versionsUrl: string
  close(): Promise<void>
}

/** Starts a partner on 127.0.0.1. It does nothing until told to: register, push, live, pull. */
export async function createPartner(options: {
  plan: PlatformPlan
  clock: Clock
  inFlightMax: number
  port?: number
}): Promise<Partner> {
  const { plan, clock } = options
  const books = createBooks()
  const misbehaviour = createMisbehaviour()
  const wire = createWire(options.inFlightMax)
  let baseUrl = ''
  let connection: Connection | undefined
  const connected = (): Connection => {
    connection ??= createConnection({
      plan,
      books,
      wire,
      versionsUrl: `${baseUrl}/ocpi/versions`,
      version: '2.2.1',
    })
    return connection
  }
  const answer = createPartnerModules({ plan, books, baseUrl: () => baseUrl })
  const server = await startPartnerServer(
    { plan, connection: connected, misbehaviour, clock, answer },
    options.port ?? 0,
  )
  baseUrl = server.url
  return {
    plan,
    books,
    connection: connected(),
    misbehaviour,
    versionsUrl: `${baseUrl}/ocpi/versions`,
    close: async () => {
      wire.close()
      await server.close()
    },
  }
}
