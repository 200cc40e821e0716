import { present } from '../assert.ts'
import type { Random } from './random.ts'
import { partyCode } from './world.ts'
import type { FaultKind, SessionPlan, WorldParty } from './world.ts'

const KINDS: readonly FaultKind[] = ['price', 'energy', 'duplicate', 'owner']
/** Energy faults need enough energy to be wrong about: 1 kWh. */
const ENERGY_MIN = 1_000_000

/**
 * Marks `rate` of the sessions as meant wrong, the four kinds in turn, and returns how many of each.
 * Each fault stays with its own CDR: a duplicate is an extra CDR of a sound session, and a wrong owner
 * changes where session and CDR are addressed together.
 */
export function seedFaults(request: {
  sessions: SessionPlan[]
  providers: WorldParty[]
  rate: number
  random: Random
}): Record<FaultKind, number> {
  const { sessions, providers, rate, random } = request
  const counts: Record<FaultKind, number> = { price: 0, energy: 0, duplicate: 0, owner: 0 }
  const wanted = Math.round(sessions.length * rate)
  let next = 0
  for (const session of random.shuffle(sessions)) {
    if (next >= wanted) break
    const kind = present(KINDS[next % KINDS.length], 'fault kind')
    // Energy must be enough to be wrong about; a session without it keeps its turn for the next one.
    if (session.energy < ENERGY_MIN) continue
    if (kind === 'owner') {
      const others = providers.filter((one) => partyCode(one) !== session.token.owner)
      if (others.length === 0) continue
      session.emsp = random.pick(others)
    }
    session.fault = kind
    counts[kind] += 1
    next += 1
  }
  return counts
}
