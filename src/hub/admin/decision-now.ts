import type { CdrState } from '../../clearing/states.ts'

/** What is held of a CDR: under the code of a finding (null: it never held anything itself), and for anything at all. */
export type HeldFor = { own_held: boolean | null; any_held: boolean }

/** The sentences of a decision that end with what it held (see decisionText). */
const SAYS_HELD = / held until |what is held for |is held for another finding/

/**
 * What follows from a finding, as it is true now: a decision says what was held when the CDR was judged, and somebody, or
 * a deadline, may have decided about that since.
 */
export function decisionNow(decision: string, now: HeldFor & { state: CdrState }): string {
  const isHeld = now.own_held ?? (now.any_held || now.state === 'held')
  if (isHeld || !SAYS_HELD.test(decision)) return decision
  return `When it was judged: ${decision} Nothing is held for it any more.`
}
