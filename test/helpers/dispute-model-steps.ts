import type { Cdr, Dispute, Model, Money, Part } from './dispute-model.ts'
import {
  add,
  DAYS,
  isUndecided,
  isZero,
  newPart,
  NOTHING,
  openDispute,
  settle,
  take,
} from './dispute-model.ts'

const roundsMax = 3
const isSame = (a: Money, b: Money): boolean => a.net === b.net && a.tax === b.tax

export function approve(model: Model, cdr: Cdr): void {
  for (const dispute of cdr.disputes.filter(({ state }) => state === 'draft')) {
    giveUp(cdr, dispute, 'withdrawn')
    // It was given up in the words of the approval: to withdraw it in others is to say something else.
    dispute.last = null
  }
  if (cdr.part0?.book === 'provisional') {
    cdr.part0.book = 'due'
    cdr.contestDay = null
  }
  settle(cdr, model)
}

/** The held amount goes back to part 0, or is due where that has been approved. */
function giveUp(cdr: Cdr, dispute: Dispute, outcome: string): void {
  const { part } = dispute
  if (part?.book === 'held') {
    if (cdr.part0?.book === 'provisional') {
      cdr.part0.money = add(cdr.part0.money, part.money)
      part.book = 'ended'
    } else part.book = isZero(part.money) ? 'ended' : 'due'
  }
  close(dispute, outcome === 'tolerated' ? 'auto_resolved' : 'withdrawn', outcome)
}

function close(dispute: Dispute, state: string, outcome: string): void {
  dispute.state = state
  dispute.outcome = outcome
  dispute.deadline = null
}

/** True where an amount of this CDR can still be held: it is not netted. */
export function canHold(model: Model, { part0 }: Cdr): boolean {
  return part0 !== null && !(part0.book === 'due' && model.cycles.get(part0.cycle) === 'final')
}

/** The eMSP contests: confirms a draft, adds a reason, or opens a dispute for so much. */
export function contest(model: Model, cdr: Cdr, about: { code: string; amount: Money }): void {
  const open = cdr.disputes.find((one) => isUndecided(one) && one.code === about.code)
  if (open?.state === 'draft') {
    open.state = 'open'
    open.openedDay = model.day
    open.deadline = { day: model.day + DAYS.answer, verb: 'uphold' }
  } else if (!open) {
    const { part0 } = cdr
    let part: Part | null = null
    if (part0 !== null && canHold(model, cdr)) {
      part0.money = take(part0.money, about.amount)
      part = newPart(cdr, {
        kind: 'disputed',
        money: about.amount,
        book: 'held',
        cycle: part0.cycle,
      })
    }
    openDispute(model, cdr, { ...about, part, isDraft: false })
  }
  settle(cdr, model)
}

/** The dispute is decided: so much is upheld, the rest stands. */
export function decide(
  model: Model,
  dispute: Dispute,
  upheld: Money,
  how: 'closed' | 'auto_resolved' = 'closed',
): void {
  const { cdr, part } = dispute
  const isNone = isZero(upheld)
  dispute.upheld = upheld
  if (part?.book === 'held') {
    part.money = take(part.money, upheld)
    part.book = isZero(part.money) ? 'ended' : 'due'
  } else if (!isNone) {
    takeOff(model, dispute, upheld)
  }
  if (isNone) close(dispute, how, 'denied')
  else {
    dispute.state = 'await_credit'
    dispute.deadline = { day: model.day + DAYS.credit, verb: 'close' }
    model.adjustments.push({
      dispute,
      cdr,
      money: upheld,
      state: 'awaiting_document',
      replacement: null,
      difference: null,
    })
  }
  approveIfDecided(cdr)
  settle(cdr, model)
}

/** What nothing held is taken off in the open cycle. */
function takeOff(model: Model, { cdr }: Dispute, upheld: Money): void {
  newPart(cdr, {
    kind: 'adjustment',
    money: take(NOTHING, upheld),
    book: 'due',
    cycle: model.openCycle,
  })
}

function approveIfDecided(cdr: Cdr): void {
  if (cdr.disputes.some(isUndecided) || cdr.part0?.book !== 'provisional') return
  cdr.part0.book = 'due'
  cdr.contestDay = null
}

export function outcomeOf({ upheld, amount }: Dispute): string {
  if (isZero(upheld)) return 'denied'
  return isSame(upheld, amount) ? 'upheld' : 'partly_upheld'
}

/** Somebody gives the dispute up. */
export function withdraw(model: Model, dispute: Dispute): void {
  dispute.upheld = NOTHING
  giveUp(dispute.cdr, dispute, 'withdrawn')
  settle(dispute.cdr, model)
}

export function clearDraft(model: Model, dispute: Dispute): void {
  giveUp(dispute.cdr, dispute, 'cleared')
  settle(dispute.cdr, model)
}

/** An operator ends it with what is upheld so far. */
export function expire(model: Model, dispute: Dispute): void {
  decide(model, dispute, dispute.upheld)
  close(dispute, 'expired', outcomeOf(dispute))
}

/** What is on the table, or was accepted: the hub proposes when the two do not meet. */
export function hubOffers(dispute: Dispute): void {
  const { amount, upheld, offer } = dispute
  const risk = dispute.cdr.finding
  const right = risk !== null && risk.code === dispute.code ? risk.atRisk : null
  const own = right ?? (offer?.by === 'cpo' ? offer.money : upheld)
  const within = (value: bigint, least: bigint, most: bigint) =>
    value < least ? least : value > most ? most : value
  dispute.offer = {
    money: {
      net: within(own.net, upheld.net, amount.net),
      tax: within(own.tax, upheld.tax, amount.tax),
    },
    by: 'operator',
  }
}

export function goTo(
  model: Model,
  dispute: Dispute,
  to: { state: string; days: number; verb: string },
): void {
  dispute.state = to.state
  dispute.acceptedBy = null
  dispute.deadline = { day: model.day + to.days, verb: to.verb }
  settle(dispute.cdr, model)
}

export function rebut(model: Model, dispute: Dispute): void {
  if (dispute.round >= roundsMax) {
    hubOffers(dispute)
    goTo(model, dispute, { state: 'proposed', days: DAYS.proposal, verb: 'accept' })
    return
  }
  dispute.round += 1
  goTo(model, dispute, { state: 'second_review', days: DAYS.answer, verb: 'uphold' })
}

export const isLastRound = ({ round }: Dispute): boolean => round >= roundsMax
