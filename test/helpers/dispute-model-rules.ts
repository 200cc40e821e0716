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
import {
  agreedOf,
  bindingOf,
  expectedOf,
  goneEarlier,
  isBound,
  waits,
} from './dispute-model-agreed.ts'
import { isForLater, OUT, upholdTwice } from './dispute-model-twice.ts'

/**
 * True where a CDR stands whoever came first: not where it is disputed as a second bill, nor where it
 * was decided that both may stand.
 */
function isLive({ state, disputes }: Cdr): boolean {
  if (!['provisional', 'contested', 'approved', 'netted'].includes(state)) return false
  return !disputes.some((one) => one.code === 'D2' && one.outcome !== 'cleared')
}

/** True where another CDR of the session stands before this one. */
export function isSecond(model: Model, cdr: Cdr): boolean {
  const at = model.cdrs.indexOf(cdr)
  return model.cdrs.some(
    (other, index) =>
      other !== cdr &&
      !other.isCredit &&
      other.session === cdr.session &&
      !OUT.includes(other.state) &&
      (index < at || isLive(other)),
  )
}

/** The hub judges a CDR for the first time: a second bill, a replacement, or what its own finding says. */
export function judge(model: Model, cdr: Cdr): void {
  if (isSecond(model, cdr)) cdr.finding = { code: 'D2', atRisk: cdr.claim }
  replace(model, cdr)
  cdr.finding ??= dearer(model, cdr)
  book(model, cdr)
}

/** Takes what waits for a replacement of the CDR of the session that was credited last, unless it has replaced one. */
function replace(model: Model, cdr: Cdr): void {
  if (cdr.replaces !== null) return
  const original = goneEarlier(model, cdr).findLast((one) => bindingOf(model, cdr, one).some(waits))
  if (original === undefined) return
  const difference = take(cdr.claim, agreedOf(model, cdr, original))
  cdr.replaces = original
  for (const one of model.adjustments)
    if (one.cdr === original && waits(one)) consume(one, cdr.id, difference)
}

/**
 * More than was agreed is held; where nothing was, what is more than the CDR that was credited last: the price that the
 * eMSP was left with. A cent more is nobody's business, nor is one of tax; less is nobody's loss. Nothing takes the place
 * of what was upheld as a whole and never credited.
 */
function dearer(model: Model, cdr: Cdr): Cdr['finding'] {
  const { claim } = cdr
  const last = goneEarlier(model, cdr).at(-1)
  if (cdr.replaces === null && last?.state === 'withdrawn') return { code: 'C4', atRisk: claim }
  const original = cdr.replaces ?? (last !== undefined && isBound(model, cdr, last) ? last : null)
  const agreed = original === null ? null : agreedOf(model, cdr, original)
  const more = take(claim, agreed ?? last?.claim ?? claim)
  const isNet = more.net > (agreed === null ? 10_000n : 1n)
  if (!isNet && more.tax <= 10_000n) return null
  const above = (micros: bigint): bigint => (micros > 0n ? micros : 0n)
  // What is missing without tax is set against the tax.
  const missing = more.net < 0n ? more.net : 0n
  const atRisk = { net: above(more.net), tax: above(more.tax + missing) }
  return isZero(atRisk) ? null : { code: agreed === null ? 'C5' : 'C7', atRisk }
}

function consume(one: Adjustment, replacement: string | null, difference: Money): void {
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
  original.goneAs = model.gone += 1
  by.state = 'credited'
  by.part0 =
    due.length === 0
      ? null
      : { money: take(NOTHING, due.reduce(add, NOTHING)), book: 'due', cycle: model.openCycle }
  for (const wrong of model.cdrs) if (wrong.original === original) giveBack(wrong)
  const open = original.disputes.filter(isUndecided)
  const rest = expectedOf(model, original)
  const isAllDisputed = isZero(open.reduce((sum, { amount }) => take(sum, amount), rest))
  // Where nothing but checks of the hub hold all that is left, the next CDR is asked again.
  const agreed = isAllDisputed && !open.some(saysNothingIsOwed) ? [] : open
  const left = agreed.reduce((sum, { amount }) => take(sum, amount), rest)
  for (const dispute of open) {
    dispute.state = 'closed'
    dispute.outcome = 'credited'
    dispute.deadline = null
    dispute.last = null
  }
  for (const dispute of agreed) awaitReplacement(model, dispute, isZero(left))
  for (const one of model.adjustments.filter(
    (each) => each.cdr === original && each.state === 'awaiting_document',
  )) {
    if (isZero(left)) consume(one, null, NOTHING)
    else {
      one.state = 'awaiting_replacement'
      one.dispute.last = null
      if (one.dispute.state === 'await_credit')
        goTo(model, one.dispute, { state: 'await_replacement', days: DAYS.credit, verb: 'close' })
    }
  }
}

/** A wrong credit that is held goes back. */
function giveBack(cdr: Cdr): void {
  if (cdr.returnDay === null) return
  cdr.returnDay = null
  cdr.state = 'withdrawn'
  cdr.part0 = null
}

function saysNothingIsOwed({ isOfHub, code }: Dispute): boolean {
  return !isOfHub || code === 'C4' || code === 'C7'
}

/** What a dispute was about when its CDR was credited binds what replaces that; posted is nothing. */
function awaitReplacement(model: Model, dispute: Dispute, isOver: boolean): void {
  model.adjustments.push({
    dispute,
    cdr: dispute.cdr,
    money: dispute.amount,
    state: isOver ? 'consumed' : 'awaiting_replacement',
    replacement: null,
    difference: isOver ? NOTHING : null,
  })
}

/**
 * What is judged anew because something went out of its way: what is held of the session. It may be what replaces a
 * credited CDR, and a second bill may be second no more.
 */
export function judgeAgain(model: Model): void {
  for (const cdr of model.cdrs) {
    if (cdr.state !== 'held' || cdr.isCredit) continue
    replace(model, cdr)
    const draft = cdr.disputes.find(({ state }) => state === 'draft')
    const isDisputed = cdr.disputes.some(
      (one) => one.state !== 'draft' && one.part?.book === 'held',
    )
    if (draft === undefined || isDisputed) continue
    if (draft.code === 'D2' ? isSecond(model, cdr) : !['C4', 'C5', 'C7'].includes(draft.code))
      continue
    cdr.finding = dearer(model, cdr)
    // Once part 0 is approved no other finding takes the place of what is held: it is held by what it was, or not at all.
    if (cdr.finding !== null && cdr.part0?.book === 'due') continue
    if (cdr.finding?.code === draft.code) resize(draft, cdr.finding.atRisk)
    else {
      clearDraft(model, draft)
      if (cdr.finding !== null) hold(model, cdr, cdr.finding)
    }
  }
}

/** A draft is about another amount than before. */
function resize(draft: Dispute, to: Money): void {
  const { part0 } = draft.cdr
  if (part0 === null || draft.part === null) return
  part0.money = take(add(part0.money, draft.amount), to)
  draft.part.money = to
  draft.amount = to
}

/** What happens by itself once so many days are over. */
export function passDays(model: Model, days: number): void {
  model.day += days
  for (const cdr of model.cdrs) if ((cdr.returnDay ?? Infinity) <= model.day) giveBack(cdr)
  for (const cdr of model.cdrs) {
    if (cdr.contestDay === null || cdr.contestDay > model.day) continue
    cdr.contestDay = null
    if (cdr.part0?.book === 'provisional') cdr.part0.book = 'due'
    settle(cdr, model)
  }
  const due = model.disputes.filter(
    ({ deadline }) => deadline !== null && deadline.day <= model.day,
  )
  const dayOf = ({ deadline }: Dispute): number => deadline?.day ?? 0
  const queue = due.toSorted((a, b) => dayOf(a) - dayOf(b))
  for (const dispute of queue) {
    // What one of them has set free has another deadline now, or none.
    const { deadline } = dispute
    if (deadline === null || deadline.day > model.day) continue
    if (isForLater(model, dispute)) {
      queue.push(dispute)
      continue
    }
    byItself(model, dispute, deadline.verb)
    judgeAgain(model)
  }
}

function byItself(model: Model, dispute: Dispute, verb: string): void {
  dispute.last = null
  if (upholdTwice(model, dispute)) return
  switch (verb) {
    case 'open':
      dispute.openedDay = model.day
      return goTo(model, dispute, { state: 'open', days: DAYS.answer, verb: 'uphold' })
    case 'resolve':
      return decide(model, dispute, dispute.state === 'draft' ? dispute.amount : dispute.upheld)
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
