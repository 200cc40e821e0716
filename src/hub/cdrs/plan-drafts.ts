import { assert } from '../../assert.ts'
import type { AtRisk } from '../../clearing/at-risk.ts'
import { toMicros } from '../../ledger/money.ts'
import type { NewDraft } from '../disputes/drafts.ts'
import type { DisputeEnd } from '../disputes/ends.ts'
import { termsOf } from '../filled-terms.ts'
import type { Judged } from './clear-decide.ts'
import type { CdrRow, PartRow } from './clear-facts.ts'
import { isDecided } from './clear-review.ts'
import { hasTariffs } from './clear-tariffs.ts'
import { nextPart } from './parts.ts'
import { part0Of } from './transition.ts'
import type { PartWrite } from './transition.ts'

type Money = { netMicros: bigint; taxMicros: bigint }
type Claim = Money & { taxKnown: boolean }

/** What a judgement does to the parts of a CDR: its part 0, the parts that change, drafts that begin and end. */
export type DraftPlan = {
  part0: Money
  parts: readonly PartWrite[]
  drafts: readonly NewDraft[]
  ends: readonly DisputeEnd[]
  /** How many parts are held afterwards. */
  heldCount: number
}

/** Findings that a CDR proves by itself: what they put at risk is upheld by the clock, without a dispute. */
const PROVEN = new Set(['D2', 'D4', 'G2'])

/**
 * What of a claim is held after a judgement. A finding that goes on keeps its draft, with another amount where that has
 * changed; any other draft is cleared and its amount joins part 0 again, or is due where part 0 has been approved.
 */
export function planDrafts(judged: Judged, input: { claim: Claim; cycleId: string }): DraftPlan {
  const { claim, cycleId } = input
  const { row, judgement } = judged
  const held = row.parts.filter(({ book }) => book === 'held')
  const isApproved = row.booked?.book === 'due'
  const pool = row.booked === null ? claim : sum([part0Of(row), ...held.map(moneyOf)])
  // What disputes that were decided have left: where that is nothing, nothing can be held.
  const isGone = isNothing(pool) && !isNothing(claim)
  const isHeld = judgement.verdict === 'hold' && !isApproved && !isGone
  const wanted = isHeld ? wantedOf(judged, pool) : []
  const over = held.filter((part) => !wanted.some(({ code }) => code === part.code))
  const part0 = isApproved ? part0Of(row) : less(pool, sum(wanted.map(({ risk }) => risk)))
  const planned = wanted.map(({ code, risk }, index) =>
    planHold(judged, { code, risk, claim, cycleId, part: nextPart(row) + index }),
  )
  return {
    part0,
    parts: [
      ...over.map((part) => (isApproved ? asDue(part) : asEnded(part))),
      ...planned.flatMap(({ parts }) => parts),
    ],
    drafts: planned.flatMap(({ drafts }) => drafts),
    ends: [
      ...over.map((part) => endOf(row, { kind: 'cleared', disputes: [part.dispute_id] })),
      ...planned.flatMap(({ ends }) => ends),
    ],
    heldCount: wanted.length,
  }
}

type Wanted = { code: string; risk: Money }

/** What is to be held by code, each of what the ones before it left. What was decided of a CDR is not held once more. */
function wantedOf({ row, judgement }: Judged, pool: Money): Wanted[] {
  const { code, atRisk, beside } = judgement
  const holds = [
    { code: code ?? '', atRisk: atRisk ?? 'all' },
    ...(beside === null ? [] : [beside]),
  ]
  const wanted: Wanted[] = []
  for (const hold of holds) {
    if (row.parts.some((part) => part.code === hold.code && isDecided(part))) continue
    const left = less(pool, sum(wanted.map(({ risk }) => risk)))
    const risk = riskOf(hold.atRisk, left)
    if (wanted.length === 0 || !isNothing(risk)) wanted.push({ code: hold.code, risk })
  }
  return wanted
}

/** The draft that holds an amount: a new one, or the one that does already. */
function planHold(
  judged: Judged,
  hold: Wanted & { claim: Claim; cycleId: string; part: number },
): Pick<DraftPlan, 'parts' | 'drafts' | 'ends'> {
  const { row } = judged
  const { code, risk, claim, cycleId, part } = hold
  const same = row.parts.find((one) => one.book === 'held' && one.code === code)
  if (same === undefined) {
    const drafts = [draftOf(judged, { part, code, claim, risk })]
    const parts = [partOf(row, { part, risk, taxKnown: claim.taxKnown, cycleId })]
    return { parts, drafts, ends: [] }
  }
  if (same.net_micros === risk.netMicros && same.tax_micros === risk.taxMicros)
    return { parts: [], drafts: [], ends: [] }
  const adjusted = { ...same, net_micros: risk.netMicros, tax_micros: risk.taxMicros }
  const end = { ...endOf(row, { kind: 'adjusted', disputes: [same.dispute_id] }), ...risk }
  return { parts: [adjusted], drafts: [], ends: [{ ...end, reasonCode: code }] }
}

/** A held part that is over, all of it gone from where it stood. */
export function asEnded(part: PartRow): PartWrite {
  return { ...part, book: 'ended', leg: null }
}

/** A held part that is owed after all, in the cycle it stands in. */
export function asDue(part: PartRow): PartWrite {
  const isNothing = part.net_micros === 0n && part.tax_micros === 0n
  return { ...part, book: isNothing ? 'ended' : 'due', leg: null }
}

/** The end of disputes of a CDR; `disputes` null: of all that are open. */
export function endOf(row: CdrRow, end: Pick<DisputeEnd, 'kind' | 'disputes'>): DisputeEnd {
  return { ...end, cdrId: row.id, reasonCode: end.kind, netMicros: null, taxMicros: null }
}

/**
 * What is at risk in micro-units, never more than the pool: what of the claim nobody disputed or decided. Where that has
 * a tax and the finding states none, the tax goes with the net amount: tax × at risk / net, rounded down to the
 * micro-unit. Where rounding made the tax less than nothing, no more is held than what would be paid, and no tax.
 */
function riskOf(atRisk: AtRisk, all: Money): Money {
  const pool =
    all.taxMicros < 0n ? { netMicros: all.netMicros + all.taxMicros, taxMicros: 0n } : money(all)
  if (atRisk === 'all') return pool
  const netMicros = least(micros(atRisk.net), pool.netMicros)
  if (netMicros === pool.netMicros && netMicros > 0n) return pool
  const taxMicros =
    atRisk.tax !== null || pool.netMicros === 0n
      ? micros(atRisk.tax ?? '0')
      : (pool.taxMicros * netMicros) / pool.netMicros
  return { netMicros, taxMicros: least(taxMicros, pool.taxMicros) }
}

function draftOf(
  { row, agreed }: Judged,
  draft: { part: number; code: string; claim: Claim; risk: Money },
): NewDraft {
  const isProven = PROVEN.has(draft.code) || (draft.code === 'P1' && hasTariffs(row))
  const { hold_days: hold, auto_uphold_days: uphold } = termsOf(agreed.terms).auto_dispute
  return {
    cdrId: row.id,
    part: draft.part,
    owner: row.owner,
    receiver: row.receiver,
    currency: row.currency,
    code: draft.code,
    ...draft.risk,
    taxKnown: draft.claim.taxKnown,
    isProven,
    days: isProven ? uphold : hold,
  }
}

function partOf(
  row: CdrRow,
  input: { part: number; risk: Money; taxKnown: boolean; cycleId: string },
): PartWrite {
  return {
    part: input.part,
    kind: 'disputed',
    dispute_id: null,
    net_micros: input.risk.netMicros,
    tax_micros: input.risk.taxMicros,
    tax_known: input.taxKnown,
    book: 'held',
    epoch: row.epoch + 1,
    cycle_id: input.cycleId,
    leg: null,
  }
}

function micros(text: string): bigint {
  const amount = toMicros(text)
  assert(amount.status === 'ok', `the amount at risk ${text} is ${amount.status}`)
  return amount.micros < 0n ? 0n : amount.micros
}

function money({ netMicros, taxMicros }: Money): Money {
  return { netMicros, taxMicros }
}

function isNothing({ netMicros, taxMicros }: Money): boolean {
  return netMicros === 0n && taxMicros === 0n
}

function moneyOf(part: PartRow): Money {
  return { netMicros: part.net_micros, taxMicros: part.tax_micros }
}

function sum(amounts: readonly Money[]): Money {
  return {
    netMicros: amounts.reduce((total, { netMicros }) => total + netMicros, 0n),
    taxMicros: amounts.reduce((total, { taxMicros }) => total + taxMicros, 0n),
  }
}

function less(a: Money, b: Money): Money {
  return { netMicros: a.netMicros - b.netMicros, taxMicros: a.taxMicros - b.taxMicros }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
