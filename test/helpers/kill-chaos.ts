import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { sql } from '../../src/db/sql.ts'
import { seededRandom } from '../../src/sandbox/random.ts'
import { insist } from './kill-hub.ts'
import type { KillHub, Slot } from './kill-hub.ts'
import type { KillPartners } from './kill-partners.ts'
import { until } from './processes.ts'

export type Bites = {
  web: number
  worker: number
  postgres: number
  flushes: number
  /** Rows that were on their way through Redis when it was emptied. */
  flushedJobs: number
  /** The cycles that were closed on the way. */
  closed: string[]
}

const killsPerKind = 11
const pauseMsMax = 600

type Step = 'web' | 'worker' | 'postgres' | 'flush' | 'close'

/**
 * Lets the sessions happen in slices, each interrupted by one fault: 22 process kills, PostgreSQL killed twice, Redis
 * emptied once, the cycles closed once, in the order and at the moments that the seed says.
 */
export async function wreak(hub: KillHub, partners: KillPartners, seed: number): Promise<Bites> {
  const random = seededRandom(seed)
  const bites: Bites = { web: 0, worker: 0, postgres: 0, flushes: 0, flushedJobs: 0, closed: [] }
  const kills: Step[] = [
    ...Array.from({ length: killsPerKind }, (): Step[] => ['web', 'worker']).flat(),
    'postgres',
    'postgres',
    'flush',
  ]
  const steps = random.shuffle(kills)
  // In the middle, so that there is something in the cycle and something comes after it.
  steps.splice(Math.floor(steps.length / 2), 0, 'close')
  const background: Promise<void>[] = []
  let approvals = Promise.resolve()
  let slice = Promise.resolve()
  for (const [index, step] of steps.entries()) {
    await slice
    slice = partners.live(Math.ceil(partners.left() / (steps.length - index)))
    slice.catch(() => undefined)
    approvals = approvals.then(partners.approve)
    approvals.catch(() => undefined)
    await sleep(random.between(0, pauseMsMax))
    if (step === 'close') background.push(closeCycles(hub, partners, bites))
    else await harm(hub, { step, bites, pick: (slots) => random.pick(slots) })
  }
  await slice
  await Promise.all([...background, approvals])
  await Promise.all([...hub.webs, ...hub.workers].map((slot) => slot.ready()))
  return bites
}

async function harm(
  hub: KillHub,
  input: {
    step: Exclude<Step, 'close'>
    bites: Bites
    pick: (slots: readonly Slot[]) => Slot
  },
): Promise<void> {
  const { step, bites, pick } = input
  switch (step) {
    case 'web':
    case 'worker':
      await pick(step === 'web' ? hub.webs : hub.workers).kill()
      bites[step] += 1
      return
    case 'postgres':
      await hub.stores.kill('postgres')
      await hub.stores.restart('postgres')
      bites.postgres += 1
      return
    case 'flush':
      bites.flushedJobs += await flush(hub)
      bites.flushes += 1
      return
    default:
      step satisfies never
  }
}

/** Empties the test's own Redis at a moment when work is on its way through it; returns how much that is. */
async function flush(hub: KillHub): Promise<number> {
  const redis = new Redis(hub.stores.redisUrl)
  try {
    let inFlight = 0n
    await until(
      async () => {
        const [row] = await insist(() =>
          hub.db.rows<{ count: bigint }>(
            sql`select count(*) as count from outbox where finished_at is null and enqueued_at is not null`,
          ),
        )
        inFlight = row?.count ?? 0n
        return inFlight > 0n
      },
      { what: 'work in flight' },
    )
    await redis.flushall()
    return Number(inFlight)
  } finally {
    redis.disconnect()
  }
}

/** Closes the open cycle of each currency as an operator would: again and again until it is answered. */
async function closeCycles(hub: KillHub, partners: KillPartners, bites: Bites): Promise<void> {
  const { admin } = partners
  const open = async () =>
    (await insist(admin.cycles)).filter(({ state, id }) => state === 'open' && /1$/.test(id))
  await until(async () => (await open()).length > 0, { what: 'an open cycle' })
  for (const { id } of await open()) {
    await insist(() => admin.close(id))
    bites.closed.push(id)
  }
}
