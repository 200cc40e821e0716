import type { Dispute, Model, Money, Side } from './dispute-model.ts'
import { DAYS, isUndecided, isZero } from './dispute-model.ts'
import {
  decide,
  expire,
  goTo,
  hubOffers,
  isLastRound,
  rebut,
  withdraw,
} from './dispute-model-steps.ts'

/** What somebody tries to do with a dispute. */
export type Try = { side: Side; verb: string; amount: Money | null }

const PARTIES = ['cpo', 'emsp']
const REVIEWED = ['open', 'in_review', 'second_review']
const ANSWERED = ['accepted_partial', 'denied']

/** Who may do what where, as the rules of disputes say it. */
function isAllowed({ state }: Dispute, { side, verb }: Try): boolean {
  const isParty = PARTIES.includes(side)
  switch (verb) {
    case 'review':
      return state === 'open' && side === 'cpo'
    case 'answer':
      return (state === 'draft' || REVIEWED.includes(state)) && side === 'cpo'
    case 'accept':
      if (state === 'proposed') return isParty
      if (side === 'emsp') return ANSWERED.includes(state)
      return side === 'cpo' && ['draft', ...REVIEWED, ...ANSWERED, 'arbitration'].includes(state)
    case 'propose':
      if (state === 'draft') return side !== 'emsp'
      if (state === 'arbitration') return side === 'operator'
      return [...REVIEWED, ...ANSWERED, 'proposed'].includes(state)
    case 'reject':
      return state === 'proposed' && isParty
    case 'rebut':
      return ANSWERED.includes(state) && side === 'emsp'
    case 'withdraw':
      return side !== 'cpo' && isUndecided({ state })
    case 'expire':
      return side === 'operator' && isUndecided({ state })
    case 'rule':
      return side === 'operator' && (state === 'proposed' || state === 'arbitration')
    case 'open':
      return side === 'operator' && state === 'draft'
    default:
      throw new Error(`no verb ${verb}`)
  }
}

/** Does it, or changes nothing where it is not allowed; says which. */
export function tryAct(model: Model, dispute: Dispute, attempt: Try): boolean {
  const { side, verb, amount } = attempt
  if (isRepeated(dispute, attempt)) return true
  if (!isAllowed(dispute, attempt) || !fits(dispute, attempt)) return false
  const { last } = dispute
  dispute.last = { verb, side, said: amount }
  if (!perform(model, dispute, attempt)) {
    dispute.last = last
    return false
  }
  const said = dispute.state === 'proposed' ? (dispute.offer?.money ?? null) : dispute.upheld
  dispute.last = { verb, side, said: amount ?? said }
  return true
}

function isRepeated(dispute: Dispute, { side, verb, amount }: Try): boolean {
  const { last } = dispute
  if (last === null || last.verb !== verb || last.side !== side) return false
  const meant = amount === null ? unnamed(dispute, { side, verb }) : [amount]
  return meant === null || meant.some((one) => last.said !== null && isEqual(last.said, one))
}

/**
 * What somebody may mean who names no amount: the CPO that accepts all that is disputed, or what is on the table; who
 * offers nothing. Null where no amount is to be named.
 */
function unnamed(dispute: Dispute, { side, verb }: Omit<Try, 'amount'>): Money[] | null {
  if (verb === 'propose') return []
  if (verb !== 'accept' || side !== 'cpo') return null
  const offered = dispute.offer === null ? [] : [dispute.offer.money]
  if (dispute.state === 'proposed') return offered
  return isUndecided(dispute) ? [dispute.amount] : [dispute.amount, ...offered]
}

function isEqual(a: Money, b: Money): boolean {
  return a.net === b.net && a.tax === b.tax
}

/** What an acceptance comes to where nobody chooses: the offer, all in arbitration, else what was accepted. */
export function settledBy(dispute: Dispute, { side, verb }: Omit<Try, 'amount'>): Money | null {
  const { state, offer, upheld, amount } = dispute
  if (verb !== 'accept') return null
  if (state === 'proposed') return offer?.money ?? upheld
  if (state === 'arbitration') return amount
  return side === 'emsp' ? upheld : null
}

/** An amount lies between what is accepted already and what is disputed. */
function fits(dispute: Dispute, { side, verb, amount }: Try): boolean {
  const { state, offer, upheld, amount: of } = dispute
  const isOwn = offer?.by === side
  if (state === 'proposed' && isOwn && (verb === 'accept' || verb === 'reject')) return false
  if (verb === 'propose' && amount === null) return false
  if (amount === null) return true
  const settled = settledBy(dispute, { side, verb })
  if (settled !== null) return isEqual(amount, settled)
  if (amount.net > of.net || amount.net < upheld.net) return false
  // All or nothing is no offer of a party: it has verbs of its own.
  if (verb === 'propose' && PARTIES.includes(side) && (isZero(amount) || amount.net === of.net))
    return false
  return verb !== 'accept' || (!isZero(amount) && amount.net > upheld.net)
}

function perform(model: Model, dispute: Dispute, { side, verb, amount }: Try): boolean {
  const { state } = dispute
  switch (verb) {
    case 'review':
      goTo(model, dispute, {
        state: 'in_review',
        days: Math.max(
          (dispute.deadline?.day ?? 0) - model.day,
          dispute.openedDay + DAYS.evidence - model.day,
        ),
        verb: 'uphold',
      })
      return true
    case 'answer':
      opens(model, dispute)
      goTo(model, dispute, { state: 'denied', days: DAYS.rebuttal, verb: 'close' })
      return true
    case 'accept':
      return accept(model, dispute, { side, amount })
    case 'propose':
      return propose(model, dispute, { side, amount })
    case 'reject':
      if (dispute.offer?.by !== 'operator') hubOffers(dispute)
      goTo(model, dispute, { state: 'arbitration', days: DAYS.arbitration, verb: 'rule' })
      return true
    case 'rebut':
      rebut(model, dispute)
      return true
    case 'withdraw':
      withdraw(model, dispute)
      return true
    case 'expire':
      expire(model, dispute)
      return true
    case 'rule':
      decide(model, dispute, amount ?? dispute.offer?.money ?? dispute.upheld)
      return true
    case 'open':
      opens(model, dispute)
      goTo(model, dispute, { state: 'open', days: DAYS.answer, verb: 'uphold' })
      return true
    default:
      throw new Error(`no verb ${verb} in ${state}`)
  }
}

function opens(model: Model, dispute: Dispute): void {
  if (dispute.state === 'draft') dispute.openedDay = model.day
}

function accept(model: Model, dispute: Dispute, { side, amount }: Omit<Try, 'verb'>): boolean {
  const { state, offer } = dispute
  if (state === 'proposed') {
    // What the hub offers binds when both have taken it.
    if (offer?.by === 'operator' && (dispute.acceptedBy === null || dispute.acceptedBy === side)) {
      dispute.acceptedBy = side
      return true
    }
    decide(model, dispute, offer?.money ?? dispute.upheld)
    return true
  }
  if (side === 'emsp') {
    decide(model, dispute, dispute.upheld)
    return true
  }
  const given = state === 'arbitration' ? dispute.amount : (amount ?? dispute.amount)
  if (isEqual(given, dispute.amount)) {
    decide(model, dispute, given)
    return true
  }
  opens(model, dispute)
  dispute.upheld = given
  goTo(model, dispute, { state: 'accepted_partial', days: DAYS.rebuttal, verb: 'close' })
  return true
}

function propose(model: Model, dispute: Dispute, { side, amount }: Omit<Try, 'verb'>): boolean {
  if (amount === null) return false
  if (dispute.state === 'arbitration') {
    dispute.offer = { money: amount, by: side }
    return true
  }
  const isCounter =
    dispute.state === 'proposed' && side !== 'operator' && dispute.offer?.by !== side
  if (isCounter && isLastRound(dispute)) return false
  opens(model, dispute)
  dispute.offer = { money: amount, by: side }
  if (isCounter) dispute.round += 1
  goTo(model, dispute, { state: 'proposed', days: DAYS.proposal, verb: 'accept' })
  return true
}
