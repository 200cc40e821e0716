import { assert, present } from '../../assert.ts'
import { limits } from '../../../config/limits.ts'
import type { DisputeAmount } from '../../clearing/disputes/amounts.ts'
import { isNothing, isWithin, partOf, remainderOf } from '../../clearing/disputes/amounts.ts'
import { firstClock, isUndecided } from '../../clearing/disputes/machine.ts'
import { raisingWindow } from '../../clearing/disputes/terms.ts'
import { nextState } from '../../clearing/states.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'
import { canHold, nextPart, planParts, stateAfter } from '../cdrs/parts.ts'
import type { PartChange } from '../cdrs/parts.ts'
import { writeTransitions } from '../cdrs/write-transitions.ts'
import { applyDeeds, standing } from './apply.ts'
import { deedOf, findResolution } from './auto-resolve.ts'
import { freezeCdr } from './evidence.ts'
import { readFinding, riskOf } from './finding.ts'
import { disputeTermsOf } from './locks.ts'
import type { Locked } from './locks.ts'
import { countUndecided, lockDisputes, readZone } from './rows.ts'
import type { DisputeRow } from './rows.ts'
import { grossText, tellDispute, titleOf } from './tell.ts'
import { money, moment } from './words.ts'
import { insertDispute } from './write.ts'
import type { Doer } from './write.ts'

/** What somebody says is wrong with a CDR. */
export type Wanted = {
  code: string
  amount: { net: bigint; tax: bigint | null } | null
  doer: Doer & { side: 'emsp' | 'operator' }
}
export type Refusal = {
  ok: false
  reason: 'notFound' | 'conflict' | 'invalid'
  message: string
  pointer?: string
}
export type Done = { ok: true; id: bigint }

/**
 * Opens a dispute of a CDR that is locked and has none of this code: in time, over no more than is left of the claim. What
 * it is about is held at once, unless the facts decide it at once.
 */
export async function openDispute(
  context: Context,
  { locked, row, wanted }: { locked: Locked; row: CdrRow; wanted: Wanted },
): Promise<Done | Refusal> {
  const { tx } = locked
  const window = raisingWindow({
    receivedAt: row.received_at,
    now: context.clock(),
    terms: locked.terms.dispute,
  })
  const refused = await refusalOf(locked, { row, window })
  if (refused !== null) return refused
  const amount = await amountOf(locked, { row, wanted })
  if (!amount.ok) return amount
  const resolution = await findResolution(tx, {
    row,
    code: wanted.code,
    amount: amount.amount,
    terms: locked.terms,
  })
  const opening = {
    row,
    wanted,
    amount: amount.amount,
    isLate: window.status === 'late',
    // What is denied or tolerated at once is never held.
    holds: resolution?.atOnce !== true || !isNothing(resolution.amount),
  }
  const { id, changes } = await insert(locked, opening)
  await freezeCdr(tx, { disputeId: id, cdrId: row.id })
  await tellOpened(tx, { id, row, wanted, amount: amount.amount })
  if (resolution?.atOnce !== true) {
    await hold(locked, { row, wanted, changes })
    return { ok: true, id }
  }
  const disputes = await lockDisputes(tx, { cdrIds: [row.id], ids: [id] })
  const dispute = present(
    disputes.find((each) => each.id === id),
    'the dispute that was opened',
  )
  const applied = await applyDeeds(
    { ...locked, disputes, dispute, items: [] },
    [deedOf(resolution)],
    changes,
  )
  assert(applied.ok, 'an open dispute can be resolved')
  return { ok: true, id }
}

/** Why this CDR cannot be contested at all. */
async function refusalOf(
  { tx, disputes }: Locked,
  { row, window }: { row: CdrRow; window: ReturnType<typeof raisingWindow> },
): Promise<Refusal | null> {
  const conflict = (message: string): Refusal => ({ ok: false, reason: 'conflict', message })
  const allowed = nextState(row.state, 'contest', { isCredit: row.is_credit })
  if (!allowed.ok) return conflict(allowed.message)
  if (row.booked === null)
    return conflict(`Nothing of the CDR ${row.cdr_id} is booked, so there is nothing to contest.`)
  if (window.status === 'over') {
    const until = moment(window.untilHard, await readZone(tx, row.id))
    return conflict(
      `The CDR ${row.cdr_id} could be contested until ${until}; that is over for good.`,
    )
  }
  const [count] = await tx.rows<{ count: bigint }>(sql`
    select count(*) as count from disputes where cdr_id = ${row.id.toString()}::bigint`)
  if (
    disputes.length >= limits.disputesPerCdrMax ||
    Number(count?.count) >= limits.disputesPerCdrMax
  )
    return conflict(
      `The CDR ${row.cdr_id} was disputed ${limits.disputesPerCdrMax} times; that is enough.`,
    )
  return null
}

/** What is disputed: what was named, else what the finding puts at risk, else all that is left; never more than that. */
async function amountOf(
  { tx, disputes }: Locked,
  { row, wanted }: { row: CdrRow; wanted: Wanted },
): Promise<{ ok: true; amount: DisputeAmount } | Refusal> {
  const left = leftOf(row, disputes)
  if (isNothing(left))
    return {
      ok: false,
      reason: 'conflict',
      message: `Everything of the CDR ${row.cdr_id} is disputed, decided or taken off already.`,
    }
  if (wanted.amount === null) {
    const finding = await readFinding(tx, { cdrId: row.id, code: wanted.code })
    const claim = { net: row.net_micros ?? 0n, tax: row.tax_micros ?? 0n }
    const risk = riskOf(finding, claim)
    const amount = risk !== null && !isNothing(risk) && isWithin(risk, left) ? risk : left
    return { ok: true, amount }
  }
  const part = partOf(wanted.amount, {
    of: left,
    words: 'what is not disputed yet',
    show: (micros) => money(micros, row.currency),
  })
  if (!part.ok) return { ...part, reason: 'invalid' }
  if (isNothing(part.amount))
    return {
      ok: false,
      reason: 'invalid',
      message: 'Nothing would be disputed: name an amount.',
      pointer: '/amount/net',
    }
  return part
}

/**
 * What of a CDR can still be disputed. While an amount can be held: its part 0, which what is disputed or decided has left.
 * Once that is netted nothing can be held: everything that is due, without what was taken off since and without what open
 * disputes are about that hold nothing.
 */
function leftOf(row: CdrRow, disputes: readonly DisputeRow[]): DisputeAmount {
  if (canHold(row)) return standing(row, [])
  const open = disputes
    .filter(({ state, part }) => isUndecided(state) && part === null)
    .map((each) => ({ net: each.net_micros, tax: each.tax_micros }))
  return remainderOf(standing(row, ['due']), open)
}

/** The dispute, and what it is to do with the parts of the CDR. */
async function insert(
  { tx, terms }: Locked,
  input: { row: CdrRow; wanted: Wanted; amount: DisputeAmount; isLate: boolean; holds: boolean },
): Promise<{ id: bigint; changes: PartChange[] }> {
  const { row, wanted, amount, isLate, holds } = input
  const { doer, code } = wanted
  const part = holds && canHold(row) ? nextPart(row) : null
  const dispute = {
    cdrId: row.id,
    part,
    owner: row.owner,
    receiver: row.receiver,
    currency: row.currency,
    code,
    openedBy: doer.side,
    amount,
    taxKnown: row.tax_known,
    isOutOfTime: isLate,
    statement: doer.text,
    clock: firstClock('open', disputeTermsOf(terms)),
  }
  const id = await insertDispute(tx, dispute, doer)
  if (part === null) return { id, changes: [] }
  const held = { dispute: id, part, netMicros: amount.net, taxMicros: amount.tax }
  return { id, changes: [{ kind: 'hold', ...held }] }
}

async function hold(
  { tx, disputes }: Locked,
  input: { row: CdrRow; wanted: Wanted; changes: readonly PartChange[] },
): Promise<void> {
  const { row, wanted, changes } = input
  const others = countUndecided(disputes, { cdrId: row.id, except: null })
  const counts = { drafts: others.drafts, undecided: others.undecided + 1 }
  const state = stateAfter(row, { changes, ...counts })
  const reasonCode = `contested ${wanted.code}`
  const transition = planParts(row, { changes, state, reasonCode })
  const { actor, side, text: reason } = wanted.doer
  await writeTransitions(tx, [transition], { actor, side, reason })
}

async function tellOpened(
  tx: Tx,
  input: { id: bigint; row: CdrRow; wanted: Wanted; amount: DisputeAmount },
): Promise<void> {
  const { id, row, wanted, amount } = input
  const { code, doer } = wanted
  const who = doer.side === 'emsp' ? row.receiver : 'The operator of the hub'
  await tellDispute(tx, {
    type: 'dispute.opened',
    dispute: {
      id,
      owner: row.owner,
      receiver: row.receiver,
      currency: row.currency,
      code,
      net_micros: amount.net,
      tax_micros: amount.tax,
    },
    body: {
      state: 'open',
      verb: 'contest',
      by: doer.side,
      message: `${who} disputes ${grossText(amount, row.currency)} of the CDR ${row.cdr_id}: ${titleOf(code)}.`,
      ...(doer.text === null ? {} : { text: doer.text }),
    },
  })
}
