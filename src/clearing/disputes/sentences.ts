import type { DisputeState, DisputeVerb, OpenState, Side } from './machine.ts'
import { isOpen, verbsOf } from './machine.ts'

const SIDES: Readonly<Record<Side, string>> = {
  cpo: 'the CPO',
  emsp: 'the eMSP',
  hub: 'the hub',
  operator: 'the operator of the hub',
}

/** What a state means, after "The dispute is". */
const STATES: Readonly<Record<DisputeState, string>> = {
  draft: 'a draft that nobody has confirmed yet',
  open: 'open and waits for the CPO',
  in_review: 'under review by the CPO',
  accepted_partial: 'accepted in part and waits for the eMSP',
  denied: 'denied by the CPO and waits for the eMSP',
  rebutted: 'rebutted',
  second_review: 'back with the CPO for another review',
  proposed: 'waiting for an answer to an offer',
  arbitration: 'in arbitration and waits for a ruling',
  await_credit: 'decided and waits for the credit CDR',
  await_replacement: 'decided and waits for the CDR that replaces the credited one',
  accepted_full: 'accepted',
  no_response: 'unanswered',
  accepted: 'agreed',
  ruled: 'ruled',
  closed: 'closed',
  withdrawn: 'withdrawn',
  auto_resolved: 'resolved by a proof',
  expired: 'ended without a decision',
}

/** What a state means, as it stands after "The dispute is". */
export function stateText(state: string): string {
  const known: Readonly<Record<string, string>> = STATES
  return Object.hasOwn(known, state) ? (known[state] ?? state) : state
}

/** What a verb does, for a list of what is possible. */
const VERBS: Readonly<Partial<Record<DisputeVerb, string>>> = {
  contest: 'contest',
  open: 'open',
  review: 'review',
  answer: 'answer (deny, with the reason)',
  accept: 'accept',
  propose: 'propose an amount',
  reject: 'reject the offer',
  rebut: 'rebut (with the reason)',
  withdraw: 'withdraw',
  rule: 'rule',
  expire: 'end it',
}

/** Why an act is not possible now, and what is for whom. */
export function refusalText(refused: {
  state: DisputeState
  verb: DisputeVerb
  side: Side
}): string {
  const { state, verb, side } = refused
  const stands = `The dispute is ${STATES[state]}`
  if (!isOpen(state)) return `${stands}: nothing can be done with it any more.`
  const own = listOf(state, side)
  const others = (['cpo', 'emsp', 'operator'] as const)
    .filter((other) => other !== side)
    .flatMap((other) => {
      const list = listOf(state, other)
      return list === null ? [] : [`${SIDES[other]} can ${list}`]
    })
  const mine =
    own === null ? `there is nothing for ${SIDES[side]} to do now` : `${SIDES[side]} can now ${own}`
  return `${stands}, so ${SIDES[side]} cannot ${verbText(verb)} it; ${[mine, ...others].join('; ')}.`
}

function listOf(state: OpenState, side: Side): string | null {
  return verbsText(verbsOf(state, side))
}

/** What can be done, as it stands after "can": `review, accept or rebut (with the reason)`; null: nothing. */
export function verbsText(verbs: readonly string[]): string | null {
  const known: Readonly<Record<string, string>> = VERBS
  const words = verbs.flatMap((verb) => (Object.hasOwn(known, verb) ? (known[verb] ?? []) : []))
  if (words.length === 0) return null
  const last = words.at(-1)
  return words.length === 1 ? `${last}` : `${words.slice(0, -1).join(', ')} or ${last}`
}

/** The verb as it stands in a sentence. */
function verbText(verb: DisputeVerb): string {
  const words: Readonly<Partial<Record<DisputeVerb, string>>> = {
    answer: 'deny',
    propose: 'make an offer on',
    rule: 'rule on',
    expire: 'end',
  }
  return words[verb] ?? verb
}

/** An event of a dispute as a finance person reads it. */
export type EventWords = {
  readonly verb: DisputeVerb
  readonly side: Side
  /** Where the event left it, and what was passed on the way. */
  readonly state: DisputeState
  readonly via: readonly DisputeState[]
  /** The amounts with their currency: what the event is about, and what the dispute is about. */
  readonly amount: string | null
  readonly disputed: string
  /** What its CPO had accepted before; absent or null: nothing. */
  readonly accepted?: string | null
  /** It was decided about the CDR as a whole, and the dispute went with it. */
  readonly isWhole?: boolean
  readonly cpo: string
  readonly emsp: string
}

/** One sentence for an event: who did what, with the amount. */
export function eventText(event: EventWords): string {
  const { verb, side, cpo, emsp, disputed } = event
  const amount = event.amount ?? disputed
  const who = { cpo, emsp, hub: 'The hub', operator: 'The operator of the hub' }[side]
  switch (verb) {
    case 'contest':
      return event.amount !== null
        ? `${who} disputes ${amount}.`
        : `${who} adds a reason to the dispute about ${disputed}.`
    case 'open':
      return event.state === 'draft'
        ? `The hub found ${amount} too much and holds it back.`
        : `${who} opens the dispute about ${disputed}.`
    case 'review':
      return `${who} looks into the dispute.`
    case 'answer':
      return event.accepted
        ? `${who} denies that more than ${event.accepted} of the disputed ${disputed} are too much.`
        : `${who} denies that ${disputed} are too much.`
    case 'accept':
      return acceptText(event, { who, amount })
    case 'propose':
      return `${who} offers to take off ${amount} of the disputed ${disputed}.`
    case 'reject':
      return `${who} rejects the offer; the operator of the hub will rule.`
    case 'rebut':
      return event.state === 'proposed'
        ? `${who} disagrees again; the hub makes an offer.`
        : `${who} disagrees with the answer; ${cpo} is asked once more.`
    case 'withdraw':
      return event.isWhole === true
        ? `${who} lets the CDR stand as it is, with the ${disputed} that were held.`
        : `${who} withdraws the dispute; the ${disputed} stand.`
    case 'rule':
      return isNone(amount)
        ? `${who} rules that the disputed ${disputed} stand.`
        : `${who} rules: ${amount} of the disputed ${disputed} are taken off.`
    case 'expire':
      return isNone(amount)
        ? `${who} ends the dispute; the ${disputed} stand.`
        : `${who} ends the dispute; ${amount} of ${disputed} are taken off.`
    default:
      return hubText(event, { amount })
  }
}

function acceptText(event: EventWords, { who, amount }: { who: string; amount: string }): string {
  const { side, disputed, state, via, cpo } = event
  if (event.isWhole === true)
    return `${who} gives the whole CDR back to ${cpo}: nothing of it is claimed any more, the disputed ${disputed} included.`
  if (side === 'hub') return `Nobody rejected the offer in time: ${amount} are taken off.`
  if (state === 'proposed') return `${who} agrees with the offer; the other side has not yet.`
  if (via.includes('accepted')) return `${who} accepts the offer: ${amount} are taken off.`
  if (side === 'emsp') return `${who} accepts the answer: ${amount} of ${disputed} are taken off.`
  return state === 'accepted_partial'
    ? `${who} accepts ${amount} of the disputed ${disputed}.`
    : `${who} accepts the dispute: ${amount} are taken off.`
}

/** What happens by itself. */
function hubText(event: EventWords, { amount }: { amount: string }): string {
  const { verb, cpo, emsp, disputed, state } = event
  switch (verb) {
    case 'prove':
      return state === 'draft'
        ? `The dispute about ${disputed} is proven; without an answer from ${cpo} it is upheld by itself.`
        : `The dispute about ${disputed} is proven; without a word from ${emsp} it is upheld by itself.`
    case 'resolve':
      return state === 'auto_resolved'
        ? `The proof decides against the dispute: the ${disputed} stand.`
        : `The proof decides: ${amount} of the disputed ${disputed} are taken off.`
    case 'tolerate':
      return `The disputed ${disputed} are within what the two parties tolerate; nothing is taken off.`
    case 'clear':
      return `What was found does not hold any more; the ${disputed} stand.`
    case 'uphold':
      return `${cpo} did not answer in time, so the dispute counts as accepted: ${amount} are taken off.`
    case 'credit':
      return state === 'closed'
        ? `${cpo} credited the CDR, which ends the dispute.`
        : `${cpo} credited the CDR; the one that replaces it is waited for.`
    case 'consume':
      return `${cpo} documented what was decided; the dispute is closed.`
    case 'close':
      return closeText(event, { amount })
    default:
      return `${verbText(verb)}.`
  }
}

/** `0.00 EUR`. */
function isNone(amount: string): boolean {
  return /^-?0(?:[.]0+)? /.test(amount)
}

function closeText(event: EventWords, { amount }: { amount: string }): string {
  const { cpo, emsp, disputed } = event
  if (event.amount === null)
    return `${cpo} sent no documents in time; the dispute is closed, what was taken off stays off.`
  return isNone(amount)
    ? `${emsp} did not object in time: the disputed ${disputed} stand.`
    : `${emsp} did not object in time: ${amount} of the disputed ${disputed} are taken off.`
}

/** What happens by itself at the deadline, with the time by which somebody would have to act. */
export function deadlineText(next: {
  verb: DisputeVerb
  state: DisputeState
  cpo: string
  emsp: string
  /** When, in local time with its zone. */
  when: string
  upheld: string
  disputed: string
  offered: string | null
  /** It says that another CDR bills the same, which is looked up at the deadline. */
  isDuplicate: boolean
}): string {
  const { verb, cpo, emsp, when, upheld, disputed, offered, state, isDuplicate } = next
  switch (verb) {
    case 'open':
      return `Without a word from ${emsp} or a credit from ${cpo} by ${when} the dispute opens by itself.`
    case 'resolve':
      return `Without ${state === 'draft' ? `an answer from ${cpo}` : `a word from ${emsp}`} by ${when} it is upheld as proven.`
    case 'uphold':
      return `Without an answer from ${cpo} by ${when} all of ${disputed} counts as accepted.`
    case 'accept':
      return `Without a rejection by ${when} the offer of ${offered ?? upheld} counts as accepted.`
    case 'rule':
      return `Without a ruling by ${when} the hub's offer of ${offered ?? upheld} is the ruling.`
    default:
      if (isDuplicate && (state === 'denied' || state === 'accepted_partial'))
        return `Without a word from ${emsp} by ${when} it is upheld if another CDR still bills the same, else it ends with ${isNone(upheld) ? 'nothing' : upheld} taken off.`
      return state === 'await_credit' || state === 'await_replacement'
        ? `${cpo} is to send its ${state === 'await_credit' ? 'credit CDR' : 'replacing CDR'} by ${when}; what is taken off stays off in any case.`
        : `Without an objection from ${emsp} by ${when} it ends with ${isNone(upheld) ? 'nothing' : upheld} taken off.`
  }
}
