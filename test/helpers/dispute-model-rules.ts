import type { Adjustment, Cdr, Dispute, Model, Money } from './dispute-model.ts'
import {
  add,
  book,
  DAYS,
  hold,
  isUndecided,
  isZero,
  NOTHING,
  settle,
  take,
} from './dispute-model.ts'
import { clearDraft, decide, goTo, outcomeOf } from './dispute-model-steps.ts'

const OUT = ['quarantined', 'credited', 'withdrawn', 'received', 'orphan_credit']

/** True where another CDR of the session stands before this one. */
export function isSecond(model: Model, cdr: Cdr): boolean {
  const at = model.cdrs.indexOf(cdr)
  return model.cdrs.some(
    (other, index) =>
      other !== cdr &&
      !other.isCredit &&
      other.session === cdr.session &&
      !OUT.includes(other.state) &&
      (index < at || ['provisional', 'approved', 'netted'].includes(other.state)),
  )
}

/** The hub judges a CDR for the first time: a second bill, a replacement, or what its own finding says. */
export function judge(model: Model, cdr: Cdr): void {
  if (isSecond(model, cdr)) cdr.finding = { code: 'D2', atRisk: cdr.claim }
  const difference = replace(model, cdr)
  if (difference !== null) cdr.finding ??= dearer(cdr, difference)
  book(model, cdr)
}

/** Takes what waits for a replacement of the newest credited CDR of the session; how much more it claims than agreed. */
function replace(model: Model, cdr: Cdr): bigint | null {
  const at = model.cdrs.indexOf(cdr)
  const original = model.cdrs.findLast(
    (one, index) =>
      index < at &&
      one.session === cdr.session &&
      model.adjustments.some(
        (each) => each.cdr === one && waits(each) && each.dispute.before <= at,
      ),
  )
  if (original === undefined) return null
  const difference = cdr.claim.net - expectedOf(model, original).net
  for (const one of model.adjustments)
    if (one.cdr === original && waits(one)) consume(one, cdr.id, difference)
  return difference
}

function waits({ state }: Adjustment): boolean {
  return state === 'awaiting_replacement'
}

/** More than was agreed is held; less is nobody's loss. */
function dearer({ claim }: Cdr, difference: bigint): Cdr['finding'] {
  if (difference <= 1n) return null
  return { code: 'C7', atRisk: { net: difference, tax: (claim.tax * difference) / claim.net } }
}

/** What a replacement was to claim: the claim without everything that was taken off. */
export function expectedOf({ adjustments }: Model, cdr: Cdr): Money {
  return adjustments
    .filter((one) => one.cdr === cdr)
    .reduce((left, { money }) => take(left, money), cdr.claim)
}

function consume(one: Adjustment, replacement: string | null, difference: bigint | null): void {
  one.state = 'consumed'
  one.replacement = replacement
  one.difference = difference
  const { dispute } = one
  if (dispute.state === 'await_credit' || dispute.state === 'await_replacement') {
    dispute.state = 'closed'
    dispute.outcome = outcomeOf(dispute)
    dispute.deadline = null
  }
}

/** A credit that holds takes back all that is due of its original, in the open cycle; what was pending is given back. */
export function credit(model: Model, original: Cdr, by: Cdr): void {
  const due = [
    ...(original.part0?.book === 'due' ? [original.part0.money] : []),
    ...original.parts.filter((part) => part.book === 'due').map(({ money }) => money),
  ]
  if (original.part0?.book !== 'due') original.part0 = null
  for (const part of original.parts) if (part.book === 'held') part.book = 'ended'
  original.state = 'credited'
  original.contestDay = null
  original.creditedBy = by
  by.state = 'credited'
  by.part0 =
    due.length === 0
      ? null
      : { money: take(NOTHING, due.reduce(add, NOTHING)), book: 'due', cycle: model.openCycle }
  const open = original.disputes.filter(isUndecided)
  const left = open.reduce((sum, { amount }) => take(sum, amount), expectedOf(model, original))
  for (const dispute of open) {
    dispute.state = 'closed'
    dispute.outcome = 'credited'
    dispute.deadline = null
    dispute.last = null
    if (!isZero(left)) awaitReplacement(model, dispute)
  }
  for (const one of model.adjustments.filter(
    (each) => each.cdr === original && each.state === 'awaiting_document',
  )) {
    if (isZero(left)) consume(one, null, 0n)
    else {
      one.state = 'awaiting_replacement'
      one.dispute.last = null
      if (one.dispute.state === 'await_credit')
        goTo(model, one.dispute, { state: 'await_replacement', days: DAYS.credit, verb: 'close' })
    }
  }
}

/** What a dispute was about when its CDR was credited waits for what replaces that; posted is nothing. */
function awaitReplacement(model: Model, dispute: Dispute): void {
  model.adjustments.push({
    dispute,
    cdr: dispute.cdr,
    money: dispute.amount,
    state: 'awaiting_replacement',
    replacement: null,
    difference: null,
  })
}

/**
 * What is judged anew because something went out of its way: what is held of the session. It may be what replaces a
 * credited CDR, and a second bill may be second no more.
 */
export function judgeAgain(model: Model): void {
  for (const cdr of model.cdrs) {
    if (cdr.state !== 'held' || cdr.isCredit) continue
    const difference = replace(model, cdr)
    const draft = cdr.disputes.find(({ state }) => state === 'draft')
    const isDisputed = cdr.disputes.some(
      (one) => one.state !== 'draft' && one.part?.book === 'held',
    )
    if (draft?.code !== 'D2' || isDisputed || isSecond(model, cdr)) continue
    clearDraft(model, draft)
    cdr.finding = difference === null ? null : dearer(cdr, difference)
    if (cdr.finding !== null) hold(model, cdr, cdr.finding)
  }
}

/** What happens by itself once so many days are over. */
export function passDays(model: Model, days: number): void {
  model.day += days
  for (const cdr of model.cdrs) {
    if (cdr.contestDay === null || cdr.contestDay > model.day) continue
    cdr.contestDay = null
    if (cdr.part0?.book === 'provisional') cdr.part0.book = 'due'
    settle(cdr, model)
  }
  for (const dispute of model.disputes) {
    const { deadline } = dispute
    if (deadline !== null && deadline.day <= model.day) byItself(model, dispute, deadline.verb)
  }
}

function byItself(model: Model, dispute: Dispute, verb: string): void {
  dispute.last = null
  switch (verb) {
    case 'open':
      dispute.openedDay = model.day
      return goTo(model, dispute, { state: 'open', days: DAYS.answer, verb: 'uphold' })
    case 'resolve':
    case 'uphold':
      return decide(model, dispute, dispute.amount)
    case 'accept':
    case 'rule':
      return decide(model, dispute, dispute.offer?.money ?? dispute.upheld)
    case 'close':
      if (isUndecided(dispute)) return decide(model, dispute, dispute.upheld)
      dispute.state = 'closed'
      dispute.outcome = outcomeOf(dispute)
      dispute.deadline = null
      return
    default:
      throw new Error(`nobody knows what ${verb} does by itself`)
  }
}

/** The open cycle closes; the next one is open. */
export function closeCycle(model: Model): number {
  const closed = model.openCycle
  model.cycles.set(closed, 'contest')
  model.openCycle = closed + 1
  model.cycles.set(model.openCycle, 'open')
  return closed
}

/** The cycle becomes final: what is due in it stays, everything else is carried to the open one. */
export function finalCycle(model: Model, cycle: number): void {
  model.cycles.set(cycle, 'final')
  for (const cdr of model.cdrs) {
    const { part0 } = cdr
    if (part0 !== null && part0.book !== 'due' && part0.cycle === cycle)
      part0.cycle = model.openCycle
    for (const part of cdr.parts)
      if (part.book === 'held' && part.cycle === cycle) part.cycle = model.openCycle
    if (!cdr.isCredit && cdr.part0 !== null) settle(cdr, model)
  }
}

/** Every account of the pair by its code: debits less credits. Zero balances are left out. */
export function balances(
  model: Model,
  names: { owner: string; receiver: string; cycle: (number: number) => string },
): Map<string, bigint> {
  const { owner, receiver, cycle } = names
  const all = new Map<string, bigint>()
  const move = (code: string, micros: bigint) => all.set(code, (all.get(code) ?? 0n) + micros)
  for (const cdr of model.cdrs)
    for (const { money, book: where, cycle: at } of bookings(cdr)) {
      const gross = money.net + money.tax
      if (where !== 'due') {
        move(`obl:${receiver}>${owner}:${where === 'held' ? 'disp' : 'prov'} pending`, gross)
        move(`pos:${owner} pending`, -gross)
        continue
      }
      const isFinal = model.cycles.get(at) === 'final'
      move(
        isFinal ? `pos:${receiver}:${cycle(at)} posted` : `obl:${receiver}>${owner}:due posted`,
        gross,
      )
      move(`pos:${owner}:${cycle(at)} posted`, -gross)
    }
  return new Map([...all].filter(([, micros]) => micros !== 0n))
}

type Booking = { money: Money; book: 'provisional' | 'held' | 'due'; cycle: number }

/** Where a CDR stands, part by part. */
export function bookings(cdr: Cdr): Booking[] {
  const parts = cdr.parts.flatMap(({ money, book: where, cycle }): Booking[] =>
    where === 'ended' ? [] : [{ money, book: where, cycle }],
  )
  return cdr.part0 === null ? parts : [cdr.part0, ...parts]
}
