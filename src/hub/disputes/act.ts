import { isUndecided } from '../../clearing/disputes/machine.ts'
import type { DisputeVerb, Side } from '../../clearing/disputes/machine.ts'
import type { Refused } from '../../clearing/disputes/step.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { toMicros } from '../../ledger/money.ts'
import type { Scope } from '../admin/scope.ts'
import { applyDeeds } from './apply.ts'
import { lockDispute, openDesk } from './locks.ts'
import { readView } from './read.ts'
import type { DisputeView } from './read.ts'
import type { DisputeRow } from './rows.ts'

/** Decimal texts in units of the currency; without `tax` the proportional one. */
export type AmountGiven = { net: string; tax?: string }

/** What somebody does with a dispute. `actor`: `NL-TNM`, `operator:…`, `hub`. */
export type DisputeOrder = {
  disputeId: bigint
  verb: DisputeVerb
  side: Side
  actor: string
  /** Whose disputes: to any other party there is no such dispute. Its side must be that party's. */
  scope: Scope
  amount?: AmountGiven
  text?: string
}

/**
 * `notFound`: there is no such CDR or dispute for the scope. `conflict`: not possible now; `invalid`: something of the
 * act that does not fit, named by `pointer`. `message` says what is possible.
 */
export type Acted =
  | { ok: true; dispute: DisputeView }
  | {
      ok: false
      reason: 'notFound' | 'conflict' | 'invalid'
      message: string
      pointer?: string
    }

/** Joins the transaction of an act (the audit row). Not called where nothing changes. */
export type Also = (tx: Tx, disputeId: bigint) => Promise<void>

/**
 * One act on a dispute, in one transaction with its money. The same act twice by the same side answers the same and
 * changes nothing.
 */
export async function actOnDispute(
  context: Context,
  order: DisputeOrder,
  also: Also = async () => undefined,
): Promise<Acted> {
  const amount = readAmount(order.amount)
  if (!amount.ok) return amount
  const desk = await openDesk(context)
  return context.db.transaction(async (tx): Promise<Acted> => {
    const locked = await lockDispute(desk, tx, order.disputeId)
    if (!locked || !isSideOf(locked.dispute, order)) return unknownDispute(order.disputeId)
    const deed = {
      verb: order.verb,
      doer: { side: order.side, actor: order.actor, text: textOf(order.text) },
      amount: amount.amount,
    }
    if (!isRepeated(locked.dispute, deed)) {
      const applied = await applyDeeds(locked, [deed])
      if (!applied.ok) return refusedAct(applied)
      await also(tx, order.disputeId)
    }
    return { ok: true, dispute: await readView(tx, order.scope, order.disputeId) }
  })
}

/** The amount that was given in micro-units; null where none was. */
export function readAmount(
  given: AmountGiven | undefined,
):
  | { ok: true; amount: { net: bigint; tax: bigint | null } | null }
  | { ok: false; reason: 'invalid'; message: string; pointer: string } {
  if (given === undefined) return { ok: true, amount: null }
  const net = toMicros(given.net)
  const tax = given.tax === undefined ? null : toMicros(given.tax)
  if (net.status === 'ok' && (tax === null || tax.status === 'ok'))
    return { ok: true, amount: { net: net.micros, tax: tax?.micros ?? null } }
  return {
    ok: false,
    reason: 'invalid',
    message: 'An amount is decimal text like 12.50, in units of the currency.',
    pointer: net.status === 'ok' ? '/amount/tax' : '/amount/net',
  }
}

/** What names a wrong member of the act is the asker's to mend; anything else is not possible as things stand. */
export function refusedAct(refused: Refused): Acted & { ok: false } {
  return { ...refused, reason: refused.pointer === undefined ? 'conflict' : 'invalid' }
}

/** A text without anything in it is none. */
export function textOf(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ? null : trimmed
}

function unknownDispute(id: bigint): Acted {
  return { ok: false, reason: 'notFound', message: `No dispute ${id} is known here.` }
}

/** An operator acts as that, or for one of the two, under its own name; a party as what it is in this dispute. */
function isSideOf(row: DisputeRow, { scope, side }: Pick<DisputeOrder, 'scope' | 'side'>): boolean {
  if (scope.kind === 'operator') return true
  if (side === 'cpo') return scope.cpos.includes(row.owner)
  return side === 'emsp' && scope.emsps.includes(row.receiver)
}

/**
 * The last thing that happened is this very deed: a repetition, which answers the same. Where it says something else it
 * is none: what is said is never lost.
 */
function isRepeated(
  row: DisputeRow,
  deed: {
    verb: DisputeVerb
    doer: { side: Side; text: string | null }
    amount: { net: bigint; tax: bigint | null } | null
  },
): boolean {
  const { last } = row
  if (last === null || last.verb !== deed.verb || last.side !== deed.doer.side) return false
  if (deed.doer.text !== null && last.reason !== deed.doer.text) return false
  const said = deed.amount === null ? unnamed(row, deed) : [deed.amount]
  if (said === null) return true
  return said.some(
    ({ net, tax }) => last.net === net.toString() && (tax === null || last.tax === tax.toString()),
  )
}

/**
 * What an act may mean that names no amount: of the CPO's accept all that is disputed, or what is on the table; of an
 * offer nothing. Null for the acts that are about no amount of their own.
 */
function unnamed(
  row: DisputeRow,
  { verb, doer }: { verb: DisputeVerb; doer: { side: Side } },
): { net: bigint; tax: bigint | null }[] | null {
  if (verb === 'propose') return []
  if (verb !== 'resolve' && !(verb === 'accept' && doer.side === 'cpo')) return null
  const { net_micros: net, tax_micros: tax, proposed_net: offered } = row
  const all = [{ net, tax }]
  const table =
    verb === 'resolve' || offered === null ? [] : [{ net: offered, tax: row.proposed_tax }]
  if (row.state === 'proposed') return table
  return isUndecided(row.state) ? all : [...all, ...table]
}
