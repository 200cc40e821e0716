import type { AtRisk, Claim } from './at-risk.ts'
import { heldText, leftText } from './at-risk.ts'
import type { Hold } from './holds.ts'
import { areAlike } from './holds.ts'
import type { FindingCode, Severity } from './rules.ts'
import { bookedText } from './standing.ts'
import type { Standing } from './standing.ts'

/**
 * A finding as far as what follows from it goes. `isCause`: it only explains the price that differs. `spared`: why a
 * severe one is a warning: the CDR asks for nothing, for no more than it should, for too little more, or for what was
 * left of the one that it replaces when that was decided.
 */
type Told = {
  code: FindingCode
  severity: Severity
  atRisk: AtRisk | null
  isCause: boolean
  spared: 'empty' | 'free' | 'small' | 'settled' | null
}

/** What stands beside it. `isRefused`: a fatal finding does. */
type Beside = {
  claim: Claim | null
  receiver: string
  standing: Standing | null
  holds: readonly Hold[]
  isRefused: boolean
}

/** What only explains is about this one. */
export const EXPLAINED: FindingCode = 'P1'

/** What follows from a finding, in a sentence. */
export function decisionText(told: Told, beside: Beside): string {
  const { severity } = told
  switch (severity) {
    case 'F':
      return 'The CDR is not accepted, and nothing of it is booked.'
    case 'S':
      return severeText(told, beside)
    case 'W':
      return warningText(told, beside)
    case 'I':
      return 'Nothing is held for it; it is kept for the record.'
    default:
      return severity satisfies never
  }
}

function severeText(
  { code, atRisk, isCause }: Told,
  { claim, receiver, standing, holds, isRefused }: Beside,
): string {
  if (isRefused) return 'The CDR is not accepted for another finding, and nothing of it is booked.'
  if (isCause) {
    return holds.some((hold) => hold.code === EXPLAINED)
      ? 'It says why the price differs; what is held for that covers it.'
      : 'It says why the price differs; what follows from that stands there.'
  }
  if (atRisk === null || claim === null) return 'All of it is held until this is decided.'
  const isHeld = holds.some((hold) => hold.code === code)
  if (standing !== null && (standing.kind !== 'provisional' || !isHeld))
    return bookedText(code, { standing, atRisk, claim, receiver })
  if (isHeld) {
    const others = holds.filter((hold) => hold.code !== code).map((hold) => hold.atRisk)
    return `${heldText(atRisk, claim)} held until this is decided${leftText([atRisk, ...others], claim)}.`
  }
  const isCovered = holds.some((hold) => hold.atRisk === 'all' || areAlike(hold.code, code))
  const covered = isCovered
    ? 'what is held for another finding covers it'
    : 'no less than that is held for another finding'
  return `${heldText(atRisk, claim)} at risk; ${covered}.`
}

function warningText({ spared }: Told, { receiver }: Beside): string {
  switch (spared) {
    case 'empty':
      return 'Nothing is held for it: nothing is claimed.'
    case 'free':
      return `Nothing is held for it: ${receiver} does not pay more than it owes.`
    case 'small':
      return 'Nothing is held for it: what is at risk is less than was agreed to hold.'
    case 'settled':
      return 'Nothing is held for it: no more is claimed than a dispute left of the CDR that this one replaces.'
    case null:
      return 'Nothing is held for it; it is reported.'
    default:
      return spared satisfies never
  }
}
