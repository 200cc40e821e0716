import type { DisputeVerb, Side, Step } from './machine.ts'
import { isOpen, MACHINE } from './machine.ts'
import type { DisputeStand } from './stand.ts'

/** Who would do what; `isLastRound`: by the agreement no further round begins. */
type Asked = { step: Step; side: Side; isLastRound: boolean }

/** What stands against an act for all rows of the table alike, in a sentence; null: nothing. */
export function standingFault(
  dispute: DisputeStand,
  { step, side, isLastRound }: Asked,
): string | null {
  const { proposed, state, round } = dispute
  const isParty = side !== 'hub'
  if (dispute.isOverdue && isParty)
    return 'The time for this is over: what happens by itself at the deadline is being done.'
  if (state !== 'proposed') return null
  const isOwn = isParty && proposed?.by === side
  if (isOwn && (step.verb === 'accept' || step.verb === 'reject'))
    return 'This is your own offer; it waits for the other side.'
  if (isCounter(dispute, { step, side }) && isLastRound)
    return `After ${round} rounds no further offers are taken: accept the one on the table, or reject it.`
  return null
}

/** A party's offer against that of somebody else begins a round; in place of its own it does not. */
export function isCounter(
  { proposed }: DisputeStand,
  { step, side }: Pick<Asked, 'step' | 'side'>,
): boolean {
  const isParty = side === 'cpo' || side === 'emsp'
  return step.newRound === true && isParty && proposed?.by !== side
}

/**
 * What a side can do with a dispute as it stands, in the order of the table: what would be refused whatever it said, or
 * has been done, is left out.
 */
export function possibleVerbs(
  dispute: DisputeStand,
  who: Pick<Asked, 'side' | 'isLastRound'>,
): DisputeVerb[] {
  const { state, acceptedBy } = dispute
  if (!isOpen(state)) return []
  const verbs = MACHINE[state].steps.flatMap((step) =>
    step.by.includes(who.side) &&
    standingFault(dispute, { step, ...who }) === null &&
    !(step.verb === 'accept' && acceptedBy === who.side)
      ? [step.verb]
      : [],
  )
  return [...new Set(verbs)]
}
