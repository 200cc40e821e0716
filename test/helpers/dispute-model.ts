/**
 * A small model of what a hub must do with the money of CDRs and their disputes: plain objects, bigint micro-units, days
 * instead of clocks. It was written from the rules and shares nothing with the hub.
 */
export type Money = { net: bigint; tax: bigint }
export type Part = {
  no: number
  kind: 'disputed' | 'adjustment'
  money: Money
  book: 'held' | 'due' | 'ended'
  cycle: number
}
export type Cdr = {
  id: string
  session: number
  claim: Money
  isCredit: boolean
  /** Nothing is booked of it before it is judged, while it is quarantined, or while it waits for its original. */
  state: string
  part0: { money: Money; book: 'provisional' | 'due' | 'held'; cycle: number } | null
  parts: Part[]
  contestDay: number | null
  disputes: Dispute[]
  original: Cdr | null
  creditedBy: Cdr | null
  /** What the hub found severe, and what that puts at risk. */
  finding: { code: string; atRisk: Money } | null
}
export type Dispute = {
  cdr: Cdr
  code: string
  state: string
  amount: Money
  upheld: Money
  offer: { money: Money; by: Side } | null
  acceptedBy: Side | null
  round: number
  openedDay: number
  deadline: { day: number; verb: string } | null
  part: Part | null
  outcome: string | null
  /** What was done last, by a person: doing it again changes nothing. */
  last: { verb: string; side: string; said: Money | null } | null
}
export type Adjustment = {
  dispute: Dispute
  cdr: Cdr
  money: Money
  state: 'awaiting_document' | 'awaiting_replacement' | 'consumed'
  replacement: string | null
  difference: bigint | null
}
export type Side = 'cpo' | 'emsp' | 'operator'
export type Model = {
  day: number
  openCycle: number
  cycles: Map<number, 'open' | 'contest' | 'final'>
  cdrs: Cdr[]
  disputes: Dispute[]
  adjustments: Adjustment[]
}

/** The hub's terms where nothing else was agreed. */
export const DAYS = {
  contest: 30,
  hold: 3,
  autoUphold: 10,
  answer: 14,
  evidence: 21,
  rebuttal: 10,
  proposal: 10,
  arbitration: 30,
  credit: 30,
} as const
const roundsMax = 3

export const NOTHING: Money = { net: 0n, tax: 0n }
export const add = (a: Money, b: Money): Money => ({ net: a.net + b.net, tax: a.tax + b.tax })
export const take = (a: Money, b: Money): Money => ({ net: a.net - b.net, tax: a.tax - b.tax })
export const isZero = (a: Money): boolean => a.net === 0n && a.tax === 0n
const isSame = (a: Money, b: Money): boolean => a.net === b.net && a.tax === b.tax
const UNDECIDED = [
  'draft',
  'open',
  'in_review',
  'accepted_partial',
  'denied',
  'second_review',
  'proposed',
  'arbitration',
]

export function isUndecided({ state }: { state: string }): boolean {
  return UNDECIDED.includes(state)
}

export function newModel(openCycle: number): Model {
  return {
    day: 0,
    openCycle,
    cycles: new Map([[openCycle, 'open']]),
    cdrs: [],
    disputes: [],
    adjustments: [],
  }
}

/** What nobody disputes, has upheld or credited of a claim: the most that can be contested. */
export function remainder(cdr: Cdr): Money {
  const taken = cdr.disputes.map((dispute) =>
    isUndecided(dispute) ? dispute.amount : dispute.upheld,
  )
  return taken.reduce(take, cdr.claim)
}

/** A CDR that was judged: booked, with what the hub holds of it. */
export function book(model: Model, cdr: Cdr): void {
  cdr.part0 = { money: cdr.claim, book: 'provisional', cycle: model.openCycle }
  cdr.contestDay = model.day + DAYS.contest
  if (cdr.finding === null) settle(cdr, model)
  else hold(model, cdr, cdr.finding)
}

/** The hub holds what is at risk, by a draft; what a CDR proves by itself will be upheld by the clock. */
export function hold(model: Model, cdr: Cdr, { code, atRisk }: NonNullable<Cdr['finding']>): void {
  const { part0 } = cdr
  if (part0?.book !== 'provisional') return
  part0.money = take(part0.money, atRisk)
  const part = newPart(cdr, { kind: 'disputed', money: atRisk, book: 'held', cycle: part0.cycle })
  const isProven = code === 'P1' || code === 'D2'
  openDispute(model, cdr, { code, amount: atRisk, part, isDraft: true })
  const dispute = cdr.disputes.at(-1)
  if (dispute)
    dispute.deadline = isProven
      ? { day: model.day + DAYS.autoUphold, verb: 'resolve' }
      : { day: model.day + DAYS.hold, verb: 'open' }
  settle(cdr, model)
}

function newPart(cdr: Cdr, part: Omit<Part, 'no'>): Part {
  const made = { ...part, no: 1 + Math.max(0, ...cdr.parts.map(({ no }) => no)) }
  cdr.parts.push(made)
  return made
}

function openDispute(
  model: Model,
  cdr: Cdr,
  about: { code: string; amount: Money; part: Part | null; isDraft: boolean },
): void {
  const dispute: Dispute = {
    cdr,
    code: about.code,
    state: about.isDraft ? 'draft' : 'open',
    amount: about.amount,
    upheld: NOTHING,
    offer: null,
    acceptedBy: null,
    round: 1,
    openedDay: model.day,
    deadline: { day: model.day + DAYS.answer, verb: 'uphold' },
    part: about.part,
    outcome: null,
    last: null,
  }
  cdr.disputes.push(dispute)
  model.disputes.push(dispute)
}

/** Where a CDR rests, by what is open and by what is booked. */
export function settle(cdr: Cdr, model: Model): void {
  if (cdr.state === 'credited') return
  if (cdr.part0?.book === 'held') {
    cdr.state = 'held'
    return
  }
  if (cdr.disputes.some(({ state }) => state === 'draft')) cdr.state = 'held'
  else if (cdr.disputes.some(isUndecided)) cdr.state = 'contested'
  else {
    const standing = cdr.parts.filter(({ book: where }) => where !== 'ended')
    const left = standing.reduce((sum, { money }) => add(sum, money), cdr.part0?.money ?? NOTHING)
    const isFinal = (cycle: number) => model.cycles.get(cycle) === 'final'
    if (isZero(left) || cdr.part0 === null) cdr.state = 'withdrawn'
    else if (cdr.part0.book === 'provisional') cdr.state = 'provisional'
    else
      cdr.state =
        isFinal(cdr.part0.cycle) && standing.every(({ cycle }) => isFinal(cycle))
          ? 'netted'
          : 'approved'
  }
}

export function approve(model: Model, cdr: Cdr): void {
  for (const dispute of cdr.disputes.filter(({ state }) => state === 'draft')) {
    giveUp(cdr, dispute, 'withdrawn')
    dispute.last = { verb: 'withdraw', side: 'emsp', said: null }
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
