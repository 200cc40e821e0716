import type { AtRisk, Claim } from './at-risk.ts'
import { heldText } from './at-risk.ts'

/**
 * How a CDR is booked that is judged once more because something about it came later. provisional: what is new may still
 * be held. approved: part 0 is due, nothing more is held. disputed: its parties are at it. `held`: codes of parts that
 * drafts of the hub hold; `decided`: codes of disputes that somebody, or a deadline, decided.
 */
export type Standing = {
  kind: 'provisional' | 'approved' | 'disputed'
  held: readonly string[]
  decided: readonly string[]
}

/** What may come, or change, after a CDR was booked. Whoever comes later than a CDR is no rival of it. */
const LATE_SOURCES: ReadonlySet<string> = new Set(['session', 'record', 'payment'])

/**
 * Whether a severe finding of a CDR may hold a part of it. Of one that is booked, only what has come since; nothing where
 * its parties, an operator or a deadline have decided about it: one fault has several codes, and none is raised again.
 */
export function mayHold(
  { inputs }: { inputs: readonly { source: string }[] },
  standing: Standing | null,
): boolean {
  if (standing?.kind !== 'provisional') return true
  return standing.decided.length === 0 && inputs.some(({ source }) => LATE_SOURCES.has(source))
}

/** What follows from a severe finding of a CDR that is booked, where it holds nothing new. */
export function bookedText(
  code: string,
  parts: { standing: Standing; atRisk: AtRisk; claim: Claim; receiver: string },
): string {
  const { standing, atRisk, claim, receiver } = parts
  if (standing.held.includes(code)) return 'What is held for it stays held until it is decided.'
  const risk = `${heldText(atRisk, claim)} at risk.`
  if (standing.decided.includes(code))
    return `${risk} A dispute about it has been decided, so nothing more is held for it.`
  const stands = {
    provisional: 'was booked',
    approved: 'was approved',
    disputed: 'was in dispute',
  }[standing.kind]
  const held = standing.held.length === 0 ? 'nothing is held for it' : 'no more is held than before'
  return `${risk} The CDR ${stands} before this was found: ${held}; ${receiver} may contest it.`
}
