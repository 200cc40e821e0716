import type { AtRisk, Claim } from './at-risk.ts'
import { heldText } from './at-risk.ts'
import type { Draft, Source } from './findings.ts'

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
const LATE_SOURCES: ReadonlySet<Source> = new Set(['session', 'record', 'payment'])

/** Whether a severe finding of a CDR may hold a part of it: of one that is booked, only what is new and undecided. */
export function mayHold({ code, inputs }: Draft, standing: Standing | null): boolean {
  if (standing?.kind !== 'provisional') return true
  const isNew = inputs.some(({ source }) => LATE_SOURCES.has(source))
  return isNew && !standing.decided.includes(code)
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
  return `${risk} The CDR ${stands} before this was found: nothing is held for it; ${receiver} may contest it.`
}
