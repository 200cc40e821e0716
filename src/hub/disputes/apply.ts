import { assert } from '../../assert.ts'
import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { isNothing, remainderOf } from '../../clearing/disputes/amounts.ts'
import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import { isUndecided } from '../../clearing/disputes/machine.ts'
import type { DisputeTerms } from '../../clearing/disputes/terms.ts'
import { stepDispute } from '../../clearing/disputes/step.ts'
import type { Refused, Stepped } from '../../clearing/disputes/step.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { Tx } from '../../db/sql.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { standingSubjects } from '../cdrs/clear.ts'
import { canHold, nextPart, planParts, stateAfter } from '../cdrs/parts.ts'
import type { PartChange } from '../cdrs/parts.ts'
import { part0Of } from '../cdrs/transition.ts'
import type { Transition } from '../cdrs/transition.ts'
import { writeTransitions } from '../cdrs/write-transitions.ts'
import { judgeAgain } from '../objects/objects-batch.ts'
import { addEvidence, freezeCdr } from './evidence.ts'
import { readFinding, riskOf } from './finding.ts'
import { disputeTermsOf } from './locks.ts'
import type { LockedDispute } from './locks.ts'
import { countUndecided, standOf } from './rows.ts'
import type { DisputeRow } from './rows.ts'
import { tellAdjustments, tellStep } from './tell.ts'
import { money } from './words.ts'
import { insertAdjustments, writeStep } from './write.ts'
import type { Doer } from './write.ts'

/**
 * What is done with a dispute that is locked. `tax` null: the proportional one. `proof` is kept as evidence. `terms` go
 * before those of the agreement.
 */
export type Deed = {
  verb: DisputeVerb
  doer: Doer
  amount: { net: bigint; tax: bigint | null } | null
  proof?: { sentence: string } & Readonly<Record<string, unknown>>
  terms?: Partial<DisputeTerms>
}

/**
 * Does one thing after the other in the moment of this transaction: the steps of the dispute with their events, the
 * evidence of a dispute that opens, what the parties are told, and at the end the parts of the CDR with their money and
 * the adjustment. `prior`: changes of the parts that the deeds begin with. Or a sentence why the first of them cannot be
 * done, and nothing is written.
 */
export async function applyDeeds(
  locked: LockedDispute,
  deeds: readonly Deed[],
  prior: readonly PartChange[] = [],
): Promise<{ ok: true; dispute: DisputeRow } | Refused> {
  let { dispute } = locked
  let decided: Stepped['decided'] = null
  for (const [index, deed] of deeds.entries()) {
    const stepped = await stepOf({ ...locked, dispute }, deed)
    assert(stepped.ok || index === 0, 'what follows from a deed is possible after it')
    if (!stepped.ok) return stepped
    const { next } = stepped
    const { verb, doer } = deed
    await writeStep(locked.tx, { row: dispute, next, verb, doer })
    const { id: disputeId, cdr_id: cdrId } = dispute
    // A pattern is never a draft: it is frozen where it begins, open.
    if (next.isOpening && cdrId !== null) await freezeCdr(locked.tx, { disputeId, cdrId })
    if (deed.proof) await keepProof(locked.tx, { disputeId: dispute.id, proof: deed.proof })
    await tellStep(locked.tx, { dispute, next, verb, doer })
    dispute = advanced(dispute, next)
    decided = next.decided ?? decided
  }
  const doer = deeds.at(-1)?.doer ?? { side: 'hub' as const, actor: 'hub', text: null }
  await moveMoney({ ...locked, dispute }, { decided, doer, prior })
  return { ok: true, dispute }
}

async function stepOf(locked: LockedDispute, deed: Deed): Promise<ReturnType<typeof stepDispute>> {
  const { tx, dispute, terms } = locked
  const amount = { net: dispute.net_micros, tax: dispute.tax_micros }
  const finding =
    dispute.cdr_id === null
      ? null
      : await readFinding(tx, { cdrId: dispute.cdr_id, code: dispute.code })
  return stepDispute(standOf(dispute), {
    verb: deed.verb,
    side: deed.doer.side,
    amount: deed.amount,
    text: deed.doer.text,
    verdict: dispute.cdr_id === null ? amount : riskOf(finding, amount),
    terms: { ...disputeTermsOf(terms), ...deed.terms },
    show: (micros) => money(micros, dispute.currency),
  })
}

/** The row after a step, as far as the next one reads it. */
function advanced(row: DisputeRow, next: Stepped): DisputeRow {
  return {
    ...row,
    state: next.state,
    epoch: row.epoch + 1,
    round: next.round,
    upheld_net: next.upheld.net,
    upheld_tax: next.upheld.tax,
    proposed_net: next.proposed?.amount.net ?? null,
    proposed_tax: next.proposed?.amount.tax ?? null,
    proposed_by: next.proposed?.by ?? null,
    outcome: next.outcome,
    is_overdue: false,
    last: null,
  }
}

async function keepProof(
  tx: Tx,
  { disputeId, proof }: { disputeId: bigint; proof: Readonly<Record<string, unknown>> },
): Promise<void> {
  await addEvidence(tx, {
    disputeId,
    name: 'proof.json',
    media: 'application/json',
    bytes: Buffer.from(JSON.stringify(proof, null, 2)),
    addedBy: 'hub',
  })
}

type Move = { decided: Stepped['decided']; doer: Doer; prior: readonly PartChange[] }
type Item = { cdrId: bigint } & DisputeAmount

/** The CDRs move with their dispute: what it held goes where it belongs, and what is upheld is written down. */
async function moveMoney(locked: LockedDispute, move: Move): Promise<void> {
  const { tx, dispute, cdrs, terms } = locked
  const upheld = upheldItems(locked, move.decided)
  const transitions = cdrs.flatMap((row) => {
    const item = upheld.find(({ cdrId }) => cdrId === row.id) ?? null
    return planCdr(locked, { row, item, move }) ?? []
  })
  const { actor, side, text: reason } = move.doer
  await writeTransitions(tx, transitions, { actor, side, reason })
  // Whoever stood behind a CDR of which nothing is left may stand now.
  await judgeAgain(
    tx,
    transitions
      .filter(({ state }) => state === 'withdrawn')
      .flatMap(({ row }) => standingSubjects(row)),
  )
  if (upheld.length === 0) return
  const creditDays = terms.dispute.credit_days
  const posted = await insertAdjustments(tx, { dispute, items: upheld, creditDays })
  await tellAdjustments(tx, { dispute, posted })
}

/** What is taken off of which CDR by the decision, if this is one. */
function upheldItems({ dispute, items, cdrs }: LockedDispute, decided: Stepped['decided']): Item[] {
  if (decided === null || isNothing(decided.upheld)) return []
  const { cdr_id: cdrId, part } = dispute
  // What a part holds is there to be taken.
  if (cdrId !== null && part !== null) return [{ cdrId, ...decided.upheld }]
  const shares =
    cdrId === null
      ? shareOut(items, { upheld: decided.upheld, of: dispute })
      : [{ cdrId, ...decided.upheld }]
  // What was credited or withdrawn meanwhile claims nothing any more; nothing is taken off twice.
  return shares.flatMap(({ cdrId: id, net, tax }) => {
    const row = cdrs.find((each) => each.id === id)
    if (!row || row.booked === null || TAKEN_BACK.has(row.state)) return []
    const left = canHold(row) ? standing(row, []) : standing(row, ['due'])
    const item = { cdrId: id, net: least(net, left.net), tax: least(tax, left.tax) }
    return isNothing(item) ? [] : [item]
  })
}

const TAKEN_BACK: ReadonlySet<CdrState> = new Set(['credited', 'withdrawn'])

/**
 * What stands of a CDR: its part 0 and its parts in these books, without what was taken off since (adjustments are
 * negative parts that are due). Never below zero.
 */
export function standing(row: CdrRow, books: readonly ('held' | 'due')[]): DisputeAmount {
  const { netMicros: net, taxMicros: tax } = part0Of(row)
  const parts = row.parts.filter(({ book }) => books.some((each) => each === book))
  return remainderOf(
    { net, tax },
    parts.map((part) => ({ net: -part.net_micros, tax: -part.tax_micros })),
  )
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/**
 * A pattern that is upheld in part: each CDR gets its share, cut to micro-units, and the last ones what is left over, so
 * that the shares add up to what is upheld.
 */
function shareOut(
  items: readonly Item[],
  input: { upheld: DisputeAmount; of: { net_micros: bigint; tax_micros: bigint } },
): Item[] {
  const { upheld, of } = input
  let before = { net: 0n, tax: 0n }
  let given = { net: 0n, tax: 0n }
  const shares = items.map(({ cdrId, net, tax }) => {
    before = { net: before.net + net, tax: before.tax + tax }
    const until = {
      net: of.net_micros === 0n ? 0n : (upheld.net * before.net) / of.net_micros,
      tax: of.tax_micros === 0n ? 0n : (upheld.tax * before.tax) / of.tax_micros,
    }
    const share = { cdrId, net: until.net - given.net, tax: until.tax - given.tax }
    given = until
    return share
  })
  return shares.filter((share) => !isNothing(share))
}

function planCdr(
  locked: LockedDispute,
  input: { row: CdrRow; item: Item | null; move: Move },
): Transition | null {
  const { row, move } = input
  const { dispute, disputes } = locked
  const isOwn = dispute.cdr_id === row.id
  const others = countUndecided(disputes, { cdrId: row.id, except: dispute.id })
  const changes = [...(isOwn ? move.prior : []), ...changesOf(locked, input)]
  const isStill = isOwn && isUndecided(dispute.state)
  const counts = {
    drafts: others.drafts + (isStill && dispute.state === 'draft' ? 1 : 0),
    undecided: others.undecided + (isStill && dispute.state !== 'draft' ? 1 : 0),
  }
  // The dispute is decided, so the rest stands; unless somebody just gave it up.
  const approve =
    isOwn &&
    move.decided !== null &&
    !GIVEN_UP.has(dispute.outcome ?? '') &&
    counts.drafts + counts.undecided === 0
  // Where a dispute that awaits documents ends by its clock, a CDR that is over stays what it is.
  if (changes.length === 0 && OVER.has(row.state)) return null
  const state = stateAfter(row, { changes, approve, ...counts })
  if (changes.length === 0 && state === row.state && !approve) return null
  const reasonCode = `dispute ${dispute.code} ${dispute.outcome ?? dispute.state}`
  return planParts(row, { changes, approve, state, reasonCode })
}

const OVER: ReadonlySet<CdrState> = new Set(['credited', 'withdrawn', 'dropped', 'settled'])
const GIVEN_UP: ReadonlySet<string> = new Set(['withdrawn', 'cleared', 'tolerated'])

function changesOf(
  { dispute, openCycle }: LockedDispute,
  { row, item, move }: { row: CdrRow; item: Item | null; move: Move },
): PartChange[] {
  const { decided } = move
  if (decided === null) return []
  if (dispute.cdr_id !== null && dispute.part !== null) {
    return [
      {
        kind: 'end',
        part: dispute.part,
        upheldNet: decided.upheld.net,
        upheldTax: decided.upheld.tax,
        restTo: GIVEN_UP.has(dispute.outcome ?? '') ? 'part0' : 'due',
      },
    ]
  }
  return item === null ? [] : takeOff(row, { dispute, item, openCycle })
}

/** What no part holds is taken off part 0 while that is not final, else in the open cycle. */
function takeOff(
  row: CdrRow,
  input: { dispute: DisputeRow; item: DisputeAmount; openCycle: string },
): PartChange[] {
  const { dispute, item, openCycle } = input
  const part = nextPart(row)
  const amount = { netMicros: item.net, taxMicros: item.tax }
  if (!canHold(row))
    return [{ kind: 'adjust', dispute: dispute.id, part, ...amount, cycleId: openCycle }]
  return [
    { kind: 'hold', dispute: dispute.id, part, ...amount },
    { kind: 'end', part, upheldNet: item.net, upheldTax: item.tax, restTo: 'due' },
  ]
}
