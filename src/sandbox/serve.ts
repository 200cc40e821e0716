import { randomUUID } from 'node:crypto'
import { limits } from '../../config/limits.ts'
import type { Version } from '../ocpi/version.ts'
import { createBooks } from './books.ts'
import type { Clock } from './clock.ts'
import { createConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import type { Address, PlatformRole } from './dialect.ts'
import { needText, objectIn } from './json.ts'
import type { Json } from './json.ts'
import { createCommandDesk } from './serve-commands.ts'
import type { ChargingParts } from './serve-charging.ts'
import type { Fault } from './serve-faults.ts'
import { answerModule } from './serve-modules.ts'
import { moreWorld } from './serve-more-world.ts'
import { createProfileDesk } from './serve-profiles.ts'
import { startServeServer } from './serve-server.ts'
import { createServeStore, keepOwn } from './serve-store.ts'
import type { ServeStore } from './serve-store.ts'
import { inVersion, smallWorld } from './serve-world.ts'
import type { SmallWorld } from './serve-world.ts'
import { createWire } from './wire.ts'
import type { WorldParty } from './world.ts'

/** A partner that anybody can try OCPI with: it has a small world and does what its role does. */
export type ServedPartner = {
  versionsUrl: string
  /** For a handshake that the other side begins. Works once. */
  tokenA: string
  store: ServeStore
  /** Begins the handshake with a hub, or any other platform, and pushes what it has. */
  register(at: { versionsUrl: string; tokenA: string }): Promise<void>
  close(): Promise<void>
}

export type ServeOptions = {
  role: PlatformRole
  version: Version
  party: WorldParty
  port: number
  faults: readonly Fault[]
  tokenA?: string | undefined
  clock: Clock
  /** Gets a line for everything that it does and that is done to it. */
  say: (line: string) => void
}

/** Starts one on 127.0.0.1. */
export async function servePartner(options: ServeOptions): Promise<ServedPartner> {
  const { role, version, party, clock, faults, say } = options
  const wire = createWire(limits.sandboxInFlight)
  const world = smallWorld({ role, party, nowMs: clock() })
  const store = storeOf(world, version)
  if (version === '2.3.0')
    for (const [collection, objects] of moreWorld({ role, party, nowMs: clock() }))
      store.own.set(collection, [...objects])
  let baseUrl = ''
  let isBehindHub = false
  let kept: Connection | undefined
  const connection = (): Connection => {
    kept ??= createConnection({
      plan: { role, parties: [party] },
      books: createBooks(),
      wire,
      versionsUrl: `${baseUrl}/ocpi/versions`,
      version,
      attemptsMax: limits.sandboxServeAttemptsMax,
    })
    return kept
  }
  const charging: ChargingParts = {
    store,
    version,
    party,
    locations: world.locations,
    tariffs: world.tariffs,
    charging: new Map(),
    connection,
    clock,
    faults,
    say,
  }
  const desk = createCommandDesk(charging)
  const profiles = createProfileDesk(charging)
  const server = await startServeServer(
    {
      version,
      role,
      connection,
      faults,
      clock,
      say,
      answer: (request) =>
        answerModule({ store, desk, profiles, more: charging, ids: randomUUID }, request),
      owners: () => ownersOf(connection(), { version, isBehindHub }),
      registered: () => say('registered: the other side has begun the handshake'),
    },
    options.port,
  )
  baseUrl = server.url
  return {
    versionsUrl: `${baseUrl}/ocpi/versions`,
    tokenA: connection().issueTokenA(options.tokenA),
    store,
    register: async (at) => {
      isBehindHub = true
      await connection().register(at)
      say(`registered at ${at.versionsUrl}`)
      await pushWorld({ ...charging, store })
    },
    close: async () => {
      wire.close()
      await server.close()
    },
  }
}

/** A hub brings the objects of everybody; in 2.1.1 it does not say that it is one. */
function ownersOf(
  connection: Connection,
  of: { version: Version; isBehindHub: boolean },
): readonly Address[] | null {
  const { hub, parties } = connection.peer()
  const isHub = of.version === '2.1.1' ? of.isBehindHub : hub !== undefined
  return isHub ? null : parties
}

const KINDS = { tariffs: 'tariff', locations: 'location', tokens: 'token' } as const
const PUSHED = ['tariffs', 'locations', 'tokens'] as const

function storeOf(world: SmallWorld, version: Version): ServeStore {
  const store = createServeStore()
  for (const module of ['locations', 'tariffs', 'sessions', 'cdrs', 'tokens'])
    store.own.set(module, [])
  for (const module of PUSHED)
    for (const value of world[module]) {
      const object = inVersion(value, { version, kind: KINDS[module] })
      if (object) keepOwn(store, module, object)
    }
  return store
}

/** Pushes all that we have to everybody: to the hub, or to the one party on the other side. */
async function pushWorld({ store, party, connection, say, version }: ChargingParts): Promise<void> {
  const { hub, parties } = connection().peer()
  for (const module of PUSHED) {
    if (!connection().endpoints().has(`${module}/receiver`)) continue
    for (const object of store.own.get(module) ?? []) {
      const id = needText(object, module === 'tokens' ? 'uid' : 'id')
      const answer = await connection().send({
        method: 'PUT',
        module,
        side: 'receiver',
        path: `/${party.countryCode}/${party.partyId}/${id}${typeQuery(module, { object, version })}`,
        from: party,
        to: hub ?? parties[0],
        body: JSON.stringify(object),
      })
      say(`→ PUT ${module} ${id}: ${answer.status} ${answer.code} ${answer.message}`)
    }
  }
}

/** The type belongs to the key of a token, under the name that its version gives it. */
function typeQuery(module: string, of: { object: Json; version: Version }): string {
  const type = objectIn(of.object)['type']
  if (module !== 'tokens' || typeof type !== 'string') return ''
  return `?${of.version === '2.1.1' ? 'token_type' : 'type'}=${type}`
}
