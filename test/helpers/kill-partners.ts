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
import { approveAll, liveSessions, pushAll } from '../../src/sandbox/partner-work.ts'
import type { Known } from '../../src/sandbox/partner-work.ts'
import { readPlan, writePlan } from '../../src/sandbox/plan-file.ts'
import { createWire } from '../../src/sandbox/wire.ts'
import type { KillHub } from './kill-hub.ts'

/** How often a session is meant wrong: held, quarantined and twice sent CDRs must survive like sound ones. */
const FAULT_RATE = 0.06
/** How long a provider thinks about a CDR: a delivery that never lasts is never interrupted. */
const DELIVERY_MS = 50

/** Two operator and two provider platforms with their clients' books, living in the test's own process. */
export type KillPartners = AsyncDisposable & {
  admin: Admin
  pairs: readonly Pair[]
  /** Sessions that were not begun yet. */
  left(): number
  /** Lets the next sessions happen: each PUT, PATCHes, CDR, repeated until answered. Resolves when all are over. */
  live(count: number): Promise<void>
  /** The provider of one pair approves what it got since the last time, each repeated until answered. */
  approve(): Promise<void>
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
  const pairs = pairsOf(world)
  const partners = await Promise.all(
    world.platforms.map((plan) => createPartner({ plan, clock: systemClock, inFlightMax: 32 })),
  )
  const acknowledged = new Set<string>()
  const approved = new Set<string>()
  await Promise.all(
    partners.map(async ({ plan, connection }) => connection.register(await admin.invite(plan))),
  )
  await agreeAll(admin, pairs)
  for (const module of ['tokens', 'tariffs', 'locations'] as const)
    await Promise.all(partners.map((partner) => pushAll(partner, module, () => undefined)))
  for (const { plan, misbehaviour } of partners) {
    const slow = { module: 'cdrs', misdeed: 'slow', delayMs: DELIVERY_MS } as const
    if (plan.role === 'EMSP') misbehaviour.set([slow])
  }
  const operators = partners
    .filter(({ plan }) => plan.role === 'CPO')
    .map((partner): Operator => {
      const { known } = readPlan(writePlan(partner.plan, world))
      return { partner, known, next: 0 }
    })
  const left = () =>
    operators.reduce((sum, { partner, next }) => sum + partner.plan.sessions.length - next, 0)
  const sent = () => meantCdrs(partners.map(asPlatformBooks), [...pairs])
  return {
    admin,
    pairs,
    left,
    live: async (count) => {
      const share = left() === 0 ? 0 : count / left()
      await Promise.all(operators.map((one) => liveShare(one, { share, acknowledged })))
    },
    approve: () => approveNew(partners, { pairs, approved, sent: sent() }),
    sent,
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

/** A provider approves what it finds right: what was meant wrong stays held, and the books know which those are. */
async function approveNew(
  partners: readonly Partner[],
  {
    pairs,
    approved,
    sent,
  }: { pairs: readonly Pair[]; approved: Set<string>; sent: readonly MeantCdr[] },
): Promise<void> {
  const wrong = new Set(sent.filter(({ fault }) => fault !== undefined).map(({ key }) => key))
  const pair = pairs.find(({ policy }) => policy === 'by provider')
  for (const partner of partners) {
    const cdrs = [...partner.books.receivedCdrs].flatMap(([key, { receiver }]) => {
      const [, owner = '', id = ''] = key.split('/')
      const isPair = owner === pair?.cpo && receiver === pair.emsp
      if (!isPair || approved.has(key) || wrong.has(key)) return []
      approved.add(key)
      return [{ owner, id }]
    })
    await approveAll(partner, cdrs)
  }
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
