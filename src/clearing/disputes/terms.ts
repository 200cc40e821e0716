import type { TERMS } from '../terms.ts'

/**
 * The windows of a dispute in days, and how often it may go back and forth (`rounds`), as an agreement has them with
 * every gap filled from TERMS. hold_days: a draft waits before it opens by itself; auto_uphold_days: a proven draft before
 * it is upheld by itself, from its beginning; raise_days: from the receipt of the CDR, later is flagged, and after
 * raise_days_hard refused; evidence_days: from the opening, instead of answer_days, once the CPO looks into it.
 */
export type DisputeTerms = Readonly<
  Record<keyof typeof TERMS.dispute | keyof typeof TERMS.auto_dispute, number>
>

const DAY_MS = 86_400_000

/**
 * Whether a CDR may still be contested: in time, late but taken and flagged, or refused for good. `untilHard` is the
 * last moment at which it would have been taken.
 */
export function raisingWindow(input: {
  receivedAt: Date
  now: Date
  terms: Pick<DisputeTerms, 'raise_days' | 'raise_days_hard'>
}): { status: 'in_time' | 'late' | 'over'; untilHard: Date } {
  const { receivedAt, now, terms } = input
  const age = now.getTime() - receivedAt.getTime()
  const untilHard = new Date(receivedAt.getTime() + terms.raise_days_hard * DAY_MS)
  if (age > terms.raise_days_hard * DAY_MS) return { status: 'over', untilHard }
  return { status: age > terms.raise_days * DAY_MS ? 'late' : 'in_time', untilHard }
}
