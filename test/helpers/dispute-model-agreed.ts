import type { Adjustment, Cdr, Model, Money } from './dispute-model.ts'
import { isUndecided, take } from './dispute-model.ts'

/**
 * The CDRs of the session that came before this one and are credited, or gone by disputes that bind this one, in the order
 * in which they went.
 */
export function goneEarlier(model: Model, cdr: Cdr): Cdr[] {
  return model.cdrs
    .slice(0, model.cdrs.indexOf(cdr))
    .filter((one) => one.session === cdr.session && !one.isCredit)
    .filter((one) => one.creditedBy !== null || isBound(model, cdr, one))
    .filter(({ state }) => state === 'credited' || state === 'withdrawn')
    .toSorted((a, b) => (a.goneAs ?? 0) - (b.goneAs ?? 0))
}

/** True where something was taken off a CDR, or is not to be paid, that nothing has replaced, and this one is held to. */
export function isBound(model: Model, cdr: Cdr, original: Cdr): boolean {
  return bindingOf(model, cdr, original).some(({ replacement }) => replacement === null)
}

/** Disputes that say that a charge is billed twice: the other bill is to stand. */
const TWICE = ['D2', 'D4', 'D5', 'C4']

/**
 * What was taken off a CDR, or is not to be paid, as far as it is not to be billed again by this one: by a dispute that
 * began before this one came, or that does not say that one of the two bills is to stand, unless it was decided before
 * that this one may.
 */
export function bindingOf({ adjustments, cdrs }: Model, cdr: Cdr, original: Cdr): Adjustment[] {
  const at = cdrs.indexOf(cdr)
  const isDecided = cdr.disputes.some(
    (one) => TWICE.includes(one.code) && !isUndecided(one) && one.outcome !== 'cleared',
  )
  return adjustments.filter(
    ({ cdr: of, dispute, replacement }) =>
      of === original &&
      (dispute.before <= at ||
        (!TWICE.includes(dispute.code) && (replacement === cdr.id || !isDecided))),
  )
}

/** What this one was to claim in the place of another. */
export function agreedOf(model: Model, cdr: Cdr, original: Cdr): Money {
  return bindingOf(model, cdr, original).reduce(
    (left, { money }) => take(left, money),
    original.claim,
  )
}

export function waits({ state }: Adjustment): boolean {
  return state === 'awaiting_replacement'
}

/** What a replacement was to claim: the claim without everything that was taken off. */
export function expectedOf({ adjustments }: Model, cdr: Cdr): Money {
  return adjustments
    .filter((one) => one.cdr === cdr)
    .reduce((left, { money }) => take(left, money), cdr.claim)
}
