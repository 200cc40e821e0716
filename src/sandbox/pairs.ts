import type { Admin } from './admin.ts'
import { partyCode } from './world.ts'
import type { World } from './world.ts'

/** How the CDRs of an operator and a provider come to be approved, or not, in the demo. */
type PairPolicy = 'at once' | 'by provider' | 'not yet'

export type Pair = { cpo: string; emsp: string; policy: PairPolicy }

/** The demo's sessions may be older than a hub takes by default. */
const AGE_DAYS_MAX = 500

/**
 * Every pair that has sessions, the busiest first. The first one is approved at once (contest_days 0), the second
 * one by its provider, all others stay provisional; the third says so by name, the rest by the default of 30 days.
 */
export function pairsOf(world: World): Pair[] {
  const counts = new Map<string, { cpo: string; emsp: string; sessions: number }>()
  for (const session of world.platforms.flatMap((platform) => platform.sessions)) {
    const cpo = partyCode(session.cpo)
    const emsp = partyCode(session.emsp)
    const known = counts.get(`${cpo}>${emsp}`) ?? { cpo, emsp, sessions: 0 }
    known.sessions += 1
    counts.set(`${cpo}>${emsp}`, known)
  }
  const policies: PairPolicy[] = ['at once', 'by provider']
  return [...counts.values()]
    .sort((a, b) => b.sessions - a.sessions || (a.cpo + a.emsp < b.cpo + b.emsp ? -1 : 1))
    .map(({ cpo, emsp }, index) => ({ cpo, emsp, policy: policies[index] ?? 'not yet' }))
}

/** Puts the demo's agreements. */
export async function agreeAll(admin: Admin, pairs: Pair[]): Promise<void> {
  for (const [index, pair] of pairs.entries()) {
    const terms = { cdr_age_days_max: AGE_DAYS_MAX }
    const named = pair.policy === 'at once' ? { contest_days: 0 } : { contest_days: 30 }
    await admin.agree(pair, index < 3 ? { ...terms, ...named } : terms)
  }
}
