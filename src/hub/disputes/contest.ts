import { isUndecided } from '../../clearing/disputes/machine.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { Scope } from '../admin/scope.ts'
import { readAmount, refusedAct, textOf } from './act.ts'
import type { Acted, Also, AmountGiven } from './act.ts'
import { applyDeeds } from './apply.ts'
import { deedOf, findResolution } from './auto-resolve.ts'
import { lockCdrs, lockDispute, openDesk } from './locks.ts'
import type { Desk } from './locks.ts'
import { openDispute } from './open.ts'
import type { Done, Refusal, Wanted } from './open.ts'
import { readView } from './read.ts'
import type { DisputeRow } from './rows.ts'
import { titleOf } from './tell.ts'
import { money } from './words.ts'

/** `side`: the eMSP that is billed, or an operator of the hub for it. `code`: of a finding, see RULES. */
export type Contest = {
  cdr: { owner: string; cdrId: string }
  side: 'emsp' | 'operator'
  actor: string
  scope: Scope
  code: string
  text?: string
  /** Without: the value at risk of the finding with this code, else all that is not disputed yet. */
  amount?: AmountGiven
}

/**
 * Contests a CDR or a part of it. A draft of the same code is confirmed, an open dispute of it gets the text as another
 * reason. Held is only what is disputed; nothing where the CDR is in a cycle that is final.
 */
export async function contestCdr(
  context: Context,
  contest: Contest,
  also: Also = async () => undefined,
): Promise<Acted> {
  const { cdr, code, scope, side, actor } = contest
  if (!Object.hasOwn(RULES, code))
    return {
      ok: false,
      reason: 'invalid',
      message: `${code} is no finding code. Take the code of what is wrong from the list of findings.`,
      pointer: '/code',
    }
  const amount = readAmount(contest.amount)
  if (!amount.ok) return amount
  const text = textOf(contest.text)
  const wanted = { code, amount: amount.amount, doer: { side, actor, text } }
  const desk = await openDesk(context)
  return context.db.transaction(async (tx): Promise<Acted> => {
    const found = await findCdr(tx, { cdr, scope })
    if (!found) return unknownCdr(cdr)
    const locked = await lockCdrs(desk, tx, {
      pair: found,
      cdrIds: [found.id],
      disputeId: null,
    })
    const [row] = locked.cdrs
    if (!row) return unknownCdr(cdr)
    const before = await findRepeated(tx, { cdrId: row.id, wanted })
    if (before !== null) return { ok: true, dispute: await readView(tx, scope, before) }
    const same = locked.disputes.find((one) => one.code === code && isUndecided(one.state))
    const done = same
      ? await joinDispute(desk, tx, { same, wanted })
      : await openDispute(context, { locked, row, wanted })
    if (!done.ok) return done
    await also(tx, done.id)
    return { ok: true, dispute: await readView(tx, scope, done.id) }
  })
}

async function findCdr(
  tx: Tx,
  { cdr, scope }: { cdr: { owner: string; cdrId: string }; scope: Scope },
): Promise<{ id: bigint; owner: string; receiver: string; currency: string } | null> {
  const [row] = await tx.rows<{
    id: bigint
    owner: string
    receiver: string
    currency: string
    visible: boolean
  }>(sql`
    select c.id, c.owner, c.receiver, c.currency, s.delivery <> 'withheld'
      and s.state not in ('received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped') as visible
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.owner = ${cdr.owner} and c.cdr_key = ${foldKey(cdr.cdrId)}`)
  if (!row) return null
  const isOwn = scope.kind === 'operator' || (row.visible && scope.emsps.includes(row.receiver))
  return isOwn ? row : null
}

function unknownCdr({ owner, cdrId }: { owner: string; cdrId: string }): Refusal {
  return { ok: false, reason: 'notFound', message: `No CDR ${cdrId} of ${owner} is known here.` }
}

/**
 * The dispute of this code that says the same by the same already: a repetition. A named amount is said once, whatever
 * was done about it since, but for what was withdrawn or came to nothing; all that is left may be another amount by now,
 * so that is repeated only while nobody but the hub has done anything since.
 */
async function findRepeated(
  tx: Tx,
  { cdrId, wanted }: { cdrId: bigint; wanted: Wanted },
): Promise<bigint | null> {
  const { code, amount, doer } = wanted
  const [row] = await tx.rows<{ id: bigint }>(sql`
    with told as (
      select * from disputes d where d.cdr_id = ${cdrId.toString()}::bigint and d.code = ${code}
        and (d.closed_at is null or d.state = 'auto_resolved' or d.upheld_net + d.upheld_tax > 0))
    select d.id from told d join dispute_events e on e.dispute_id = d.id
    where e.verb in ('contest', 'open') and e.side <> 'hub' and e.actor = ${doer.actor}
      and e.reason is not distinct from ${doer.text}::text
      and coalesce(e.net_micros, d.net_micros) = coalesce(${amount?.net.toString() ?? null}::bigint, e.net_micros, d.net_micros)
      and coalesce(e.tax_micros, d.tax_micros) = coalesce(${amount?.tax?.toString() ?? null}::bigint, e.tax_micros, d.tax_micros)
      and (${amount !== null} or d.state = 'auto_resolved' or d.closed_at is null)
      and (${amount !== null} or d.id = (select max(id) from told) and not exists (
        select from dispute_events later
        where later.dispute_id = d.id and later.side <> 'hub' and later.epoch > e.epoch))
    order by d.id desc limit 1`)
  return row?.id ?? null
}

/** A draft is confirmed, an open dispute gets one more reason. Its amount stays what it is. */
async function joinDispute(
  desk: Desk,
  tx: Tx,
  { same, wanted }: { same: DisputeRow; wanted: Wanted },
): Promise<Done | Refusal> {
  const { doer, amount } = wanted
  const isOperator = doer.side === 'operator'
  const deed = {
    verb: same.state === 'draft' && isOperator ? ('open' as const) : ('contest' as const),
    // A reason that an operator adds is added for the eMSP.
    doer: same.state === 'draft' || !isOperator ? doer : { ...doer, side: 'emsp' as const },
    amount: null,
  }
  const disputed = { net: same.net_micros, tax: same.tax_micros }
  const differs =
    amount !== null &&
    (amount.net !== disputed.net || (amount.tax ?? disputed.tax) !== disputed.tax)
  if (differs)
    return {
      ok: false,
      reason: 'conflict',
      message: `A dispute of ${money(disputed.net, same.currency)} net for this reason is there already: ${titleOf(same.code)}. Leave out the amount to join it, or contest the rest under another code.`,
    }
  const locked = await lockDispute(desk, tx, same.id)
  const [row] = locked?.cdrs ?? []
  if (!locked || !row) return unknownCdr({ owner: same.owner, cdrId: '' })
  const found =
    same.state === 'draft'
      ? await findResolution(tx, { row, code: same.code, amount: disputed, terms: locked.terms })
      : null
  // Once both have spoken, what is proven at once is decided at once.
  const resolved = found?.atOnce ? [deedOf(found)] : []
  const applied = await applyDeeds(locked, [deed, ...resolved])
  return applied.ok ? { ok: true, id: same.id } : refusedAct(applied)
}
