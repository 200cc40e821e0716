import { assert, present } from '../../assert.ts'
import { nextState, restingState } from '../../clearing/states.ts'
import type { CdrState } from '../../clearing/states.ts'
import { toMicros } from '../../ledger/money.ts'
import { termsOf } from '../filled-terms.ts'
import type { Judged } from './clear-decide.ts'
import type { CdrRow } from './clear-facts.ts'
import { asDue, asEnded, endOf, planDrafts } from './plan-drafts.ts'
import type { DraftPlan } from './plan-drafts.ts'
import { dueOf, part0Of, standing0, transit } from './transition.ts'
import type { Amounts, Part0, Transition } from './transition.ts'

const DAY_MS = 86_400_000

/**
 * The transition a judgement leads to; null when the CDR stays as it is. `openCycle` of its currency, if it has one.
 *
 * A severe finding holds what is at risk as a part of its own, by a draft of a dispute; the rest runs through its contest
 * period. A CDR that is held or provisional already is judged anew while all that is disputed of it are drafts. Once part
 * 0 of it is approved nothing more is taken from it: all that can still happen is that the finding goes away.
 */
export function planTransition(
  judged: Judged,
  input: { now: Date; openCycle: string | null },
): Transition | null {
  const { row, judgement } = judged
  const { verdict } = judgement
  const next = nextState(row.state, verdict, { isCredit: row.is_credit })
  if (!next.ok || !isOpenToJudging(judged)) return null
  const reasonCode = judgement.code ?? verdict
  const via = viaOf(judged)
  if (verdict === 'wait' || verdict === 'quarantine') {
    return next.state === row.state ? null : leave(row, { state: next.state, reasonCode, via })
  }
  const claim = claimOf(judged)
  const cycleId = row.cycle_id ?? present(input.openCycle, 'open cycle')
  // Of a credit there is no part that anybody would owe less of.
  const isWhole = verdict === 'hold' && row.is_credit
  const plan = isWhole ? wholeOf(claim) : planDrafts(judged, { claim, cycleId })
  const book = isWhole ? 'held' : bookOf(judged)
  const state = stateOf(row, { plan, book })
  if (row.booked?.book === book && plan.parts.length === 0 && state === row.state) return null
  const isAtOnce = book === 'due' && row.booked?.book !== 'due'
  return transit(row, {
    state,
    reasonCode: isAtOnce && state === 'approved' ? 'no contest period' : reasonCode,
    via: isAtOnce && state === 'approved' ? [...via, 'provisional'] : via,
    amounts: claim,
    part0: { ...plan.part0, book, cycleId },
    parts: plan.parts,
    contestUntil: book === 'provisional' ? contestEnd(judged, input.now) : null,
    drafts: plan.drafts,
    ends: plan.ends,
    returnDays: isWhole ? termsOf(judged.agreed.terms).dispute.credit_days : null,
  })
}

/** Both sides of a credit that holds: what the original's bookings become, and the credit itself. */
export function planCredit(judged: Judged, input: { openCycle: string }): [Transition, Transition] {
  const credit = judged.row
  const original = present(judged.original, 'original of a credit that holds')
  const allowed = nextState(original.state, 'credit')
  assert(allowed.ok, 'an original that cannot be credited passed the check')
  const standing = standing0(original)
  const ended = {
    ...transit(original, {
      state: 'credited',
      reasonCode: `credited by ${credit.cdr_id}`,
      part0: standing?.book === 'due' ? standing : null,
      parts: original.parts.filter(({ book }) => book === 'held').map(asEnded),
      contestUntil: null,
    }),
    creditedBy: {
      creditId: credit.id,
      dueDays: termsOf(judged.agreed.terms).dispute.credit_days,
    },
  }
  const claim = claimOf(judged)
  const own = {
    state: 'credited',
    reasonCode: `credits ${original.cdr_id}`,
    via: viaOf(judged),
    parts: [],
    contestUntil: null,
  } as const
  const due = dueOf(original)
  // Nothing was final yet: what is pending of both is given back, and neither has a line on a statement.
  if (!due.isAny) return [ended, transit(credit, { ...own, amounts: claim, part0: null })]
  // What is approved keeps its lines and bookings; the credit gets the opposite of all of it, in the open cycle.
  const whole = {
    netMicros: -(original.net_micros ?? 0n),
    taxMicros: -(original.tax_micros ?? 0n),
    taxKnown: original.tax_known,
  }
  const taken = { netMicros: -due.netMicros, taxMicros: -due.taxMicros }
  const booked = transit(credit, {
    ...own,
    amounts: { ...claim, ...whole },
    part0: { ...taken, book: 'due', cycleId: input.openCycle },
  })
  const isAll = taken.netMicros === whole.netMicros && taken.taxMicros === whole.taxMicros
  return [ended, isAll ? booked : { ...booked, partNet: taken.netMicros, partTax: taken.taxMicros }]
}

/**
 * An operator's or a party's decision about a CDR as a whole: what drafts hold of it joins the rest again, or is due
 * where that is approved; a return gives back all of it, which must not be approved yet.
 */
export function planVerb(
  row: CdrRow,
  input: {
    verb: 'approve' | 'release' | 'return'
    reasonCode: string
    /** Of a release: when its contest period ends, where it had none. */
    contestUntil: Date | null
  },
): Transition {
  const { verb, reasonCode } = input
  const held = row.parts.filter(({ book }) => book === 'held')
  if (verb === 'return') {
    assert(!dueOf(row).isAny, 'what is approved is not returned')
    const returned = leave(row, { state: 'withdrawn', reasonCode, via: [] })
    const ends = held.length === 0 ? [] : [endOf(row, { kind: 'returned', disputes: null })]
    return { ...returned, ends }
  }
  const standing = present(standing0(row), 'part 0 of a CDR that is booked')
  const isApproved = standing.book === 'due'
  const book = verb === 'approve' || isApproved ? 'due' : 'provisional'
  const disputes = held.map(({ dispute_id: id }) => id)
  return transit(row, {
    state: book === 'due' ? 'approved' : 'provisional',
    reasonCode,
    part0: { ...(isApproved ? standing : withHeld(row, standing)), book },
    parts: held.map(isApproved ? asDue : asEnded),
    contestUntil: book === 'provisional' ? (row.contest_until ?? input.contestUntil) : null,
    ends: held.length === 0 ? [] : [endOf(row, { kind: 'withdrawn', disputes })],
  })
}

/** The clock approves what nobody disputes of a CDR; one that is held or contested stays so. */
export function planDeemed(row: CdrRow): Transition {
  const part0 = present(standing0(row), 'part 0 of a CDR whose contest period is over')
  return transit(row, {
    state: row.state === 'provisional' ? 'approved' : row.state,
    reasonCode: 'contest period over',
    part0: { ...part0, book: 'due' },
    parts: [],
    contestUntil: null,
  })
}

/** A quarantined CDR that nobody mended is given up. */
export function planDrop(row: CdrRow): Transition {
  return leave(row, { state: 'dropped', reasonCode: 'quarantined for too long', via: [] })
}

/** What clearing may still change: not what parties dispute, and of what is approved only that a finding goes away. */
function isOpenToJudging({ row, judgement }: Judged): boolean {
  const held = row.parts.filter(({ book }) => book === 'held')
  if (held.some((part) => part.dispute_state !== 'draft')) return false
  return judgement.verdict === 'clear' || !dueOf(row).isAny
}

/** A CDR that loses its bookings: what was pending is given back, its drafts have lost their object. */
function leave(
  row: CdrRow,
  step: { state: CdrState; reasonCode: string; via: readonly string[] },
): Transition {
  const held = row.parts.filter(({ book }) => book === 'held')
  const disputes = held.map(({ dispute_id: id }) => id)
  return transit(row, {
    ...step,
    part0: null,
    parts: held.map(asEnded),
    contestUntil: null,
    ends: held.length === 0 ? [] : [endOf(row, { kind: 'cleared', disputes })],
  })
}

function wholeOf({ netMicros, taxMicros }: Claim): DraftPlan {
  return { part0: { netMicros, taxMicros }, parts: [], drafts: [], ends: [], heldCount: 0 }
}

function stateOf(row: CdrRow, after: { plan: DraftPlan; book: Booking }): CdrState {
  const changed = new Set(after.plan.parts.map(({ part }) => part))
  const kept = row.parts.filter(({ part, book }) => !changed.has(part) && book !== 'ended')
  return restingState({
    drafts: after.plan.heldCount,
    undecided: 0,
    book: after.book,
    isGone: false,
    isNetted:
      row.cycle_final &&
      after.plan.parts.every(({ book }) => book === 'ended') &&
      kept.every(({ cycle_final: isFinal }) => isFinal),
  })
}

type Booking = NonNullable<Part0>['book']

/** Part 0 runs through its contest period from when it was booked first; where there is none, it is due at once. */
function bookOf({ row, agreed }: Judged): 'provisional' | 'due' {
  return row.booked?.book === 'due' || agreed.terms.contest_days === 0 ? 'due' : 'provisional'
}

function contestEnd({ row, agreed }: Judged, now: Date): Date {
  return row.contest_until ?? new Date(now.getTime() + agreed.terms.contest_days * DAY_MS)
}

function withHeld(row: CdrRow, standing: NonNullable<Part0>): NonNullable<Part0> {
  const held = row.parts.filter(({ book }) => book === 'held')
  const { netMicros, taxMicros } = part0Of(row)
  return {
    ...standing,
    netMicros: held.reduce((sum, part) => sum + part.net_micros, netMicros),
    taxMicros: held.reduce((sum, part) => sum + part.tax_micros, taxMicros),
  }
}

/** What a CDR passes at once on its way, by the names of its life. */
function viaOf({ row, judgement: { verdict } }: Judged): string[] {
  const isNew = row.state === 'received' || row.state === 'quarantined'
  const hasWaited = row.state === 'unmatched' || row.state === 'orphan_credit'
  if (verdict === 'quarantine' || !(isNew || hasWaited)) return []
  if (verdict === 'wait') return ['valid']
  const found = isNew ? ['valid', 'matched'] : ['matched']
  return row.is_credit ? found : [...found, 'priced']
}

type Claim = Amounts & { netMicros: bigint; taxMicros: bigint }

function claimOf({ judgement }: Judged): Claim {
  const amounts = present(judgement.amounts, 'amounts of a CDR that is booked')
  const net = micros(amounts.net)
  const tax = amounts.tax === null ? null : micros(amounts.tax)
  const residues = [net.residue, tax?.residue ?? '0'].filter((residue) => residue !== '0')
  return {
    netMicros: net.micros,
    taxMicros: tax?.micros ?? 0n,
    taxKnown: tax !== null,
    residue: residues.length === 0 ? null : residues.join(' + '),
  }
}

function micros(text: string): { micros: bigint; residue: string } {
  const amount = toMicros(text)
  assert(amount.status === 'ok', `the amount ${text} passed the checks but is ${amount.status}`)
  return amount
}
