import type { DisputeAmount } from './amounts.ts'
import { isNothing, isWithin, less, NOTHING, partOf } from './amounts.ts'
import type { Clock, DisputeState, DisputeVerb, OpenState, Outcome, Side, Step } from './machine.ts'
import { isOpen, MACHINE } from './machine.ts'
import { isCounter, standingFault } from './possible.ts'
import { refusalText } from './sentences.ts'
import type { DisputeStand } from './stand.ts'
import type { DisputeTerms } from './terms.ts'

/** What somebody does. `tax` null: the proportional one. `verdict`: what the hub itself finds right, where it knows. */
export type Act = {
  readonly verb: DisputeVerb
  readonly side: Side
  readonly amount?: { readonly net: bigint; readonly tax: bigint | null } | null
  readonly text?: string | null
  readonly verdict?: DisputeAmount | null
  readonly terms: DisputeTerms
  /** An amount with its currency, for sentences. */
  readonly show: (micros: bigint) => string
}

/** What comes of an act. */
export type Stepped = Omit<DisputeStand, 'isOverdue' | 'amount'> & {
  readonly via: readonly DisputeState[]
  /** When what happens by itself; keep: the running clock goes on; null: closed. */
  readonly clock: { days: number; from: 'now' | 'opened'; verb: DisputeVerb } | 'keep' | null
  /** Set at the moment of the decision: what is upheld, and what the CPO keeps of the disputed amount. */
  readonly decided: { upheld: DisputeAmount; rest: DisputeAmount } | null
  readonly outcome: Outcome | null
  /** The amount that the act named or led to; null where it is about none. */
  readonly said: DisputeAmount | null
  /** It has just been opened: its evidence is to be frozen. */
  readonly isOpening: boolean
  /** By the agreement no further round begins. */
  readonly isLastRound: boolean
}

/** `pointer`: the member of the act that does not fit; without it, it is not possible as things stand. */
export type Refused = { ok: false; message: string; pointer?: string }
type Result<T> = ({ ok: true } & T) | Refused

/**
 * What comes of an act on a dispute, or a sentence that says why it is not possible and what is, and for whom. Pure; the
 * table is MACHINE. An act after the deadline is refused: what happens by itself has happened, whoever writes it down.
 */
export function stepDispute(dispute: DisputeStand, act: Act): Result<{ next: Stepped }> {
  const { state } = dispute
  const step = isOpen(state)
    ? MACHINE[state].steps.find(({ verb, by }) => verb === act.verb && by.includes(act.side))
    : undefined
  if (!isOpen(state) || step === undefined)
    return { ok: false, message: refusalText({ state, verb: act.verb, side: act.side }) }
  const fault = faultOf(dispute, { step, act })
  if (fault !== null) return { ok: false, ...fault }
  const amount = amountOf(dispute, { step, act })
  if (!amount.ok) return amount
  const next = proceed(dispute, { step, act, amount: amount.amount })
  const isOpening =
    state === 'draft' && next.state !== 'draft' && !NEVER_OPENED.has(next.outcome ?? '')
  const via = isOpening && next.state !== 'open' ? ['open' as const, ...next.via] : next.via
  // Who opens a draft says what it is about.
  const said = next.said ?? (isOpening && next.state === 'open' ? dispute.amount : null)
  const isLastRound = next.round >= act.terms.rounds
  return { ok: true, next: { ...next, via, said, isOpening, isLastRound } }
}

/** How a draft ends that nobody made a dispute of. */
const NEVER_OPENED: ReadonlySet<string> = new Set(['withdrawn', 'cleared', 'tolerated', 'credited'])

type Chosen = { step: Step; act: Act }
type Draft = Omit<Stepped, 'isOpening' | 'isLastRound'>

/** What stands against an act for all rows of the table alike. */
function faultOf(dispute: DisputeStand, { step, act }: Chosen): Omit<Refused, 'ok'> | null {
  const isLastRound = dispute.round >= act.terms.rounds
  const message = standingFault(dispute, { step, side: act.side, isLastRound })
  if (message !== null) return { message }
  if (!step.needsText || act.text?.trim()) return null
  return {
    message: `Say in words why: '${act.verb}' needs a text for the other side.`,
    pointer: '/text',
  }
}

function amountOf(
  dispute: DisputeStand,
  { step, act }: Chosen,
): Result<{ amount: DisputeAmount | null }> {
  const { amount: of, upheld, proposed } = dispute
  const ok = (amount: DisputeAmount | null) => ({ ok: true as const, amount })
  switch (step.amount) {
    case 'none':
      return unnamed(act) ?? ok(null)
    case 'nothing':
      return unnamed(act) ?? ok(NOTHING)
    case 'all':
      return settledAmount(act, { amount: of, words: 'All that is disputed' })
    case 'stands':
      return settledAmount(act, { amount: upheld, words: 'What was accepted' })
    case 'table':
      return settledAmount(act, {
        amount: proposed?.amount ?? upheld,
        words: 'The offer on the table',
      })
    case 'ruled':
      if (!act.amount) return ok(proposed?.amount ?? upheld)
      return namedAmount(dispute, act)
    case 'offer':
      if (!act.amount)
        return { ok: false, message: 'An offer names its amount.', pointer: '/amount' }
      return offeredAmount(dispute, act)
    case 'given': {
      const named = namedAmount(dispute, act)
      if (!named.ok || act.side !== 'cpo') return named
      if (isNothing(named.amount))
        return wrongNet("To accept nothing, deny with 'answer' and say why.")
      return isWithin(named.amount, upheld)
        ? wrongNet(`${act.show(upheld.net)} net are accepted already.`)
        : named
    }
    default:
      return step.amount satisfies never
  }
}

function wrongNet(message: string): Refused {
  return { ok: false, message, pointer: '/amount/net' }
}

/** An act that is about no amount of its own names none. */
function unnamed(act: Act): Refused | null {
  if (!act.amount) return null
  const message = `Leave the amount out: '${act.verb}' is about none here.`
  return { ok: false, message, pointer: '/amount' }
}

/** What will be booked is given; an amount that is named all the same must be that. */
function settledAmount(
  act: Act,
  { amount, words }: { amount: DisputeAmount; words: string },
): Result<{ amount: DisputeAmount }> {
  const { amount: named, show } = act
  const isSameNet = !named || named.net === amount.net
  if (isSameNet && (!named || named.tax === null || named.tax === amount.tax))
    return { ok: true, amount }
  const message = `${words} is ${show(amount.net)} net and ${show(amount.tax)} of tax; name that, or no amount.`
  return { ok: false, message, pointer: isSameNet ? '/amount/tax' : '/amount/net' }
}

/** A party's offer goes towards the other side: all or nothing of what is disputed is no offer, it has verbs of its own. */
function offeredAmount(dispute: DisputeStand, act: Act): Result<{ amount: DisputeAmount }> {
  const named = namedAmount(dispute, act)
  if (!named.ok || (act.side !== 'cpo' && act.side !== 'emsp')) return named
  const isAll = isWithin(dispute.amount, named.amount)
  if (!isAll && !isNothing(named.amount)) return named
  const instead = {
    cpo: isAll ? "To give all of it, 'accept'." : "To give nothing, 'answer' with the reason.",
    emsp: isAll
      ? 'You ask for all of it already; an offer names less.'
      : "To give all of it up, 'withdraw'.",
  }
  return wrongNet(instead[act.side])
}

function namedAmount(dispute: DisputeStand, act: Act): Result<{ amount: DisputeAmount }> {
  const { amount: of, upheld } = dispute
  const part = partOf(act.amount ?? null, { of, words: 'the disputed amount', show: act.show })
  if (!part.ok || isWithin(upheld, part.amount)) return part
  return wrongNet(`${act.show(upheld.net)} net are accepted already; name at least as much.`)
}

function proceed(
  dispute: DisputeStand,
  { step, act, amount }: Chosen & { amount: DisputeAmount | null },
): Draft {
  const { verb, side, terms } = act
  const same = {
    round: dispute.round,
    upheld: dispute.upheld,
    proposed: dispute.proposed,
    acceptedBy: null,
    via: step.via ?? [],
    decided: null,
    outcome: null,
    said: amount,
  }
  const isHubs = dispute.proposed?.by === 'hub' || dispute.proposed?.by === 'operator'
  // What the hub offers binds nobody until both have taken it, or time has.
  if (verb === 'accept' && step.amount === 'table' && side !== 'hub' && isHubs) {
    const other = dispute.acceptedBy
    if (other === null || other === side)
      return { ...same, state: dispute.state, via: [], acceptedBy: side, clock: 'keep' }
  }
  if (step.amount === 'offer' && amount !== null) {
    const round = dispute.round + (isCounter(dispute, { step, side }) ? 1 : 0)
    const table = { round, proposed: { amount, by: side } }
    return { ...same, ...table, ...standing(step, terms) }
  }
  if (verb === 'rebut' && dispute.round >= terms.rounds)
    return { ...same, proposed: verdictOf(dispute, act), ...clocked('proposed', { terms }) }
  if (step.to === 'arbitration' && !isHubs)
    return { ...same, proposed: verdictOf(dispute, act), ...standing(step, terms) }
  if (amount === null) {
    const round = dispute.round + (step.newRound ? 1 : 0)
    const ended = isOpen(step.to === 'decided' ? 'closed' : step.to)
      ? {}
      : { outcome: outcomeOf(dispute.upheld, dispute.amount) }
    return { ...same, ...ended, round, ...standing(step, terms) }
  }
  const isAll = isWithin(dispute.amount, amount)
  if (step.partly && !isAll)
    return { ...same, upheld: amount, via: [], ...clocked(step.partly, { terms }) }
  return decide(dispute, { step, act, amount, same })
}

/** The decision: what is upheld, and where the dispute goes from there. */
function decide(
  dispute: DisputeStand,
  {
    step,
    act,
    amount,
    same,
  }: Chosen & { amount: DisputeAmount; same: Omit<Draft, 'state' | 'clock'> },
): Draft {
  const decided = { upheld: amount, rest: less(dispute.amount, amount) }
  const outcome = step.outcome ?? outcomeOf(amount, dispute.amount)
  const base = { ...same, upheld: amount, decided }
  if (step.to === 'decided' && !isNothing(amount))
    return { ...base, ...clocked('await_credit', { terms: act.terms }) }
  const closed = step.to === 'decided' ? closedState(step) : step.to
  const via = closed === 'auto_resolved' ? [] : base.via
  return { ...base, via, state: closed, clock: null, outcome }
}

/** A dispute that a proof decided against the eMSP ends as that. */
function closedState(step: Step): 'closed' | 'auto_resolved' {
  return step.via?.includes('auto_resolved') ? 'auto_resolved' : 'closed'
}

function standing(step: Step, terms: DisputeTerms): Pick<Draft, 'state' | 'clock'> {
  const { to } = step
  if (to === 'decided' || !isOpen(to))
    return { state: to === 'decided' ? 'closed' : to, clock: null }
  return clocked(to, { terms, clock: step.clock })
}

function clocked(
  state: OpenState,
  { terms, clock }: { terms: DisputeTerms; clock?: Clock | 'keep' | undefined },
): Pick<Draft, 'state' | 'clock'> {
  if (clock === 'keep') return { state, clock }
  const { term, from, verb } = clock ?? MACHINE[state].clock
  return { state, clock: { days: terms[term], from, verb } }
}

/**
 * What the hub offers when the parties do not agree: what it finds right itself, else what the CPO offered last, never
 * less than was accepted.
 */
function verdictOf(dispute: DisputeStand, act: Act): { amount: DisputeAmount; by: 'hub' } {
  const { proposed, upheld, amount: of } = dispute
  const own = act.verdict ?? (proposed?.by === 'cpo' ? proposed.amount : upheld)
  const net = own.net < upheld.net ? upheld.net : own.net > of.net ? of.net : own.net
  const tax = own.tax < upheld.tax ? upheld.tax : own.tax > of.tax ? of.tax : own.tax
  return { amount: { net, tax }, by: 'hub' }
}

/** How a dispute ends that upheld so much of what it was about. */
function outcomeOf(upheld: DisputeAmount, amount: DisputeAmount): Outcome {
  if (isNothing(upheld)) return 'denied'
  return isWithin(amount, upheld) ? 'upheld' : 'partly_upheld'
}
