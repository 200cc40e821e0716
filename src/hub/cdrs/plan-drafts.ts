import { assert } from '../../assert.ts'
import { toMicros } from '../../ledger/money.ts'
import type { NewDraft } from '../disputes/drafts.ts'
import type { DisputeEnd } from '../disputes/ends.ts'
import { termsOf } from '../filled-terms.ts'
import type { Judged } from './clear-decide.ts'
import type { CdrRow, PartRow } from './clear-facts.ts'
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
  const risk = isHeld ? riskOf(judged, pool) : null
  const code = judgement.code ?? ''
  const same = risk === null ? undefined : held.find((part) => part.code === code)
  const over = held.filter((part) => part !== same)
  const part0 = isApproved ? part0Of(row) : less(pool, risk ?? { netMicros: 0n, taxMicros: 0n })
  const parts = over.map((part) => (isApproved ? asDue(part) : asEnded(part)))
  const ends = over.map((part) => endOf(row, { kind: 'cleared', disputes: [part.dispute_id] }))
  if (risk === null) return { part0, parts, drafts: [], ends, heldCount: 0 }
  if (same === undefined) {
    const part = nextPart(row)
    const drafts = [draftOf(judged, { part, code, claim, risk })]
    const write = partOf(row, { part, risk, taxKnown: claim.taxKnown, cycleId })
    return { part0, parts: [...parts, write], drafts, ends, heldCount: 1 }
  }
  if (same.net_micros === risk.netMicros && same.tax_micros === risk.taxMicros)
    return { part0, parts, drafts: [], ends, heldCount: 1 }
  const adjusted = { ...same, net_micros: risk.netMicros, tax_micros: risk.taxMicros }
  const end = {
    ...endOf(row, { kind: 'adjusted', disputes: [same.dispute_id] }),
    ...risk,
    reasonCode: code,
  }
  return { part0, parts: [...parts, adjusted], drafts: [], ends: [...ends, end], heldCount: 1 }
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
 * micro-unit.
 */
function riskOf({ judgement }: Judged, pool: Money): Money {
  const { atRisk } = judgement
  if (atRisk === null || atRisk === 'all') return money(pool)
  const netMicros = least(micros(atRisk.net), pool.netMicros)
  if (netMicros === pool.netMicros) return money(pool)
  const taxMicros =
    atRisk.tax !== null ? micros(atRisk.tax) : (pool.taxMicros * netMicros) / pool.netMicros
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
