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
  /** When a wrong credit goes back. */
  returnDay: number | null
  disputes: Dispute[]
  original: Cdr | null
  creditedBy: Cdr | null
  /** Which one of those that were credited, or of which nothing is left, it was; null: it stands. */
  goneAs: number | null
  /** The CDR that it replaces, whose disputes waited for it. */
  replaces: Cdr | null
  /** What the hub found severe, and what that puts at risk. */
  finding: { code: string; atRisk: Money } | null
}
export type Dispute = {
  cdr: Cdr
  code: string
  /** Nobody said it but a check of the hub. */
  isOfHub: boolean
  state: string
  amount: Money
  upheld: Money
  offer: { money: Money; by: Side } | null
  acceptedBy: Side | null
  round: number
  openedDay: number
  /** How many CDRs there were when it began: what came earlier is a duplicate, and no outcome of it. */
  before: number
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
  difference: Money | null
}
export type Side = 'cpo' | 'emsp' | 'operator'
export type Model = {
  day: number
  openCycle: number
  cycles: Map<number, 'open' | 'contest' | 'final'>
  cdrs: Cdr[]
  disputes: Dispute[]
  adjustments: Adjustment[]
  gone: number
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

export const NOTHING: Money = { net: 0n, tax: 0n }
export const add = (a: Money, b: Money): Money => ({ net: a.net + b.net, tax: a.tax + b.tax })
export const take = (a: Money, b: Money): Money => ({ net: a.net - b.net, tax: a.tax - b.tax })
export const isZero = (a: Money): boolean => a.net === 0n && a.tax === 0n
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
    gone: 0,
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

export function newPart(cdr: Cdr, part: Omit<Part, 'no'>): Part {
  const made = { ...part, no: 1 + Math.max(0, ...cdr.parts.map(({ no }) => no)) }
  cdr.parts.push(made)
  return made
}

export function openDispute(
  model: Model,
  cdr: Cdr,
  about: { code: string; amount: Money; part: Part | null; isDraft: boolean },
): void {
  const dispute: Dispute = {
    cdr,
    code: about.code,
    isOfHub: about.isDraft,
    state: about.isDraft ? 'draft' : 'open',
    amount: about.amount,
    upheld: NOTHING,
    offer: null,
    acceptedBy: null,
    round: 1,
    openedDay: model.day,
    before: model.cdrs.length,
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
    if (isZero(left) || cdr.part0 === null) {
      cdr.goneAs ??= model.gone += 1
      cdr.state = 'withdrawn'
    } else if (cdr.part0.book === 'provisional') cdr.state = 'provisional'
    else
      cdr.state =
        isFinal(cdr.part0.cycle) && standing.every(({ cycle }) => isFinal(cycle))
          ? 'netted'
          : 'approved'
  }
}
