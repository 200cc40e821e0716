import type { Admin } from '../../src/sandbox/admin.ts'
import { createAdmin } from '../../src/sandbox/admin.ts'
import { buildWorld } from '../../src/sandbox/build-world.ts'
import { systemClock } from '../../src/sandbox/clock.ts'
import type { Connection } from '../../src/sandbox/connection.ts'
import { meantCdrs } from '../../src/sandbox/demo-books.ts'
import type { MeantCdr } from '../../src/sandbox/demo-books.ts'
import { agreeAll, pairsOf } from '../../src/sandbox/pairs.ts'
import type { Pair } from '../../src/sandbox/pairs.ts'
import { createPartner } from '../../src/sandbox/partner.ts'
import type { Partner } from '../../src/sandbox/partner.ts'
import { liveSessions, pushAll } from '../../src/sandbox/partner-work.ts'
import type { Known } from '../../src/sandbox/partner-work.ts'
import { readPlan, writePlan } from '../../src/sandbox/plan-file.ts'
import { createWire } from '../../src/sandbox/wire.ts'
import type { KillHub } from './kill-hub.ts'

/** How often a session is meant wrong: held, quarantined and twice sent CDRs must survive like sound ones. */
const FAULT_RATE = 0.06

/** Two operator and two provider platforms with their clients' books, living in the test's own process. */
export type KillPartners = AsyncDisposable & {
  admin: Admin
  pairs: readonly Pair[]
  /** Sessions that were not begun yet. */
  left(): number
  /** Lets the next sessions happen: each PUT, PATCHes, CDR, repeated until answered. Resolves when all are over. */
  live(count: number): Promise<void>
  /** The books: what was sent and what must become of it; what was answered 1000; what arrived. */
  sent(): MeantCdr[]
  acknowledged: ReadonlySet<string>
  received(): Map<string, { receiver: string; times: number; digests: string[] }>
  /** Requests that partners had to send again. */
  retries(): number
}

type Operator = { partner: Partner; known: Known; next: number }

/** Registers everybody by the real handshake, agrees on terms (one pair with contest_days 0), pushes all objects. */
export async function connectPartners(
  hub: KillHub,
  options: { sessions: number; seed: number },
): Promise<KillPartners> {
  const world = await buildWorld({
    locations: undefined,
    tariffs: undefined,
    sessions: undefined,
    cdrs: options.sessions,
    faults: FAULT_RATE,
    seed: options.seed,
    nowMs: systemClock(),
  })
  const wire = createWire(8)
  const admin = createAdmin({ hubUrl: hub.url, adminToken: hub.adminToken, wire })
  // Nobody here approves by hand: one pair has no contest period, all others stay provisional.
  const pairs = pairsOf(world).map((pair): Pair =>
    pair.policy === 'by provider' ? { ...pair, policy: 'not yet' } : pair,
  )
  const partners = await Promise.all(
    world.platforms.map((plan) => createPartner({ plan, clock: systemClock, inFlightMax: 32 })),
  )
  const acknowledged = new Set<string>()
  await Promise.all(
    partners.map(async ({ plan, connection }) => connection.register(await admin.invite(plan))),
  )
  await agreeAll(admin, pairs)
  for (const module of ['tokens', 'tariffs', 'locations'] as const)
    await Promise.all(partners.map((partner) => pushAll(partner, module, () => undefined)))
  const operators = partners
    .filter(({ plan }) => plan.role === 'CPO')
    .map((partner): Operator => {
      const { known } = readPlan(writePlan(partner.plan, world))
      return { partner, known, next: 0 }
    })
  const left = () =>
    operators.reduce((sum, { partner, next }) => sum + partner.plan.sessions.length - next, 0)
  return {
    admin,
    pairs,
    left,
    live: async (count) => {
      const share = left() === 0 ? 0 : count / left()
      await Promise.all(operators.map((one) => liveShare(one, { share, acknowledged })))
    },
    sent: () => meantCdrs(partners.map(asPlatformBooks), [...pairs]),
    acknowledged,
    received: () => new Map(partners.flatMap(({ books }) => [...books.receivedCdrs])),
    retries: () => partners.reduce((sum, { books }) => sum + books.retries, 0),
    [Symbol.asyncDispose]: async () => {
      wire.close()
      await Promise.all(partners.map((partner) => partner.close()))
    },
  }
}

async function liveShare(
  operator: Operator,
  input: { share: number; acknowledged: Set<string> },
): Promise<void> {
  const { partner, known } = operator
  const { plan, books } = partner
  const count = Math.ceil((plan.sessions.length - operator.next) * input.share)
  const sessions = plan.sessions.slice(operator.next, operator.next + count)
  operator.next += sessions.length
  const connection = noting(partner.connection, input.acknowledged)
  await liveSessions({ plan: { ...plan, sessions }, books, connection }, known, () => undefined)
}

/** The client's log: a CDR is acknowledged when its POST was answered 1000. */
function noting(connection: Connection, acknowledged: Set<string>): Connection {
  return {
    ...connection,
    send: async (request) => {
      const answer = await connection.send(request)
      if (request.module === 'cdrs' && request.method === 'POST' && answer.code === 1000) {
        const cdr: unknown = JSON.parse(request.body ?? '{}')
        if (typeof cdr === 'object' && cdr !== null && 'id' in cdr)
          acknowledged.add(
            `cdrs/${request.from.countryCode}-${request.from.partyId}/${String(cdr.id)}`,
          )
      }
      return answer
    },
  }
}

/** The demo reads books from files of other processes; here they are at hand. */
function asPlatformBooks({ plan, books }: Partner): Parameters<typeof meantCdrs>[0][number] {
  return { ...books, name: plan.name }
}
