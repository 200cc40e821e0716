import type { Cdr, Dispute, Model } from './dispute-model.ts'
import { DAYS, isUndecided } from './dispute-model.ts'
import { decide } from './dispute-model-steps.ts'

/** CDRs that claim nothing: not yet, or not any more. */
export const OUT = ['quarantined', 'credited', 'withdrawn', 'received', 'orphan_credit']

/** The first CDR of the session that came before this one and stands: what proves that this one bills it again. */
function billedBefore(model: Model, cdr: Cdr): Cdr | undefined {
  return model.cdrs
    .slice(0, model.cdrs.indexOf(cdr))
    .find((one) => one.session === cdr.session && !one.isCredit && !OUT.includes(one.state))
}

/**
 * Until which day a second bill may still be what replaces the first one, sent before the credit: it claims less, and came
 * after a dispute of the first had begun that is not decided, or waits for the credit. Null: it is a second bill.
 */
function mayReplaceUntil(model: Model, { cdr }: Dispute): number | null {
  const first = billedBefore(model, cdr)
  if (first === undefined || first.claim.net < cdr.claim.net) return null
  if (first.claim.net === cdr.claim.net && first.claim.tax <= cdr.claim.tax) return null
  const at = model.cdrs.indexOf(cdr)
  const isAwaited = (one: Dispute): boolean =>
    one.state === 'await_credit' &&
    (one.deadline?.day ?? 0) > model.day &&
    model.adjustments.some(({ dispute, state }) => dispute === one && state === 'awaiting_document')
  const days = first.disputes
    .filter((one) => one.before <= at && (isUndecided(one) || isAwaited(one)))
    .map(({ deadline }) => deadline?.day ?? 0)
  return days.length === 0 ? null : Math.max(...days)
}

/** True where what happens to the other dispute today comes first. */
export function isForLater(model: Model, dispute: Dispute): boolean {
  if (!isProvable(dispute)) return false
  const until = mayReplaceUntil(model, dispute)
  return until !== null && until <= model.day
}

/** A second bill that is a draft, or whose answer the eMSP did not object to. */
function isProvable({ code, state }: Dispute): boolean {
  return code === 'D2' && ['draft', 'denied', 'accepted_partial'].includes(state)
}

/** What the clock does with a second bill: it is upheld, or waits for the other dispute. False: nothing is proven. */
export function upholdTwice(model: Model, dispute: Dispute): boolean {
  if (!isProvable(dispute) || billedBefore(model, dispute.cdr) === undefined) return false
  const until = mayReplaceUntil(model, dispute)
  if (until === null) decide(model, dispute, dispute.amount)
  else {
    const least = dispute.openedDay + DAYS.autoUphold
    dispute.deadline = { day: Math.max(until, least), verb: 'resolve' }
  }
  return true
}
