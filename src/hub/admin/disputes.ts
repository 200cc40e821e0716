import { MACHINE } from '../../clearing/disputes/machine.ts'
import type { DisputeVerb, Side } from '../../clearing/disputes/machine.ts'
import type { Context } from '../../context.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey, foldUpper } from '../../ocpi/primitives.ts'
import { actOnDispute } from '../disputes/act.ts'
import type { Acted, AmountGiven } from '../disputes/act.ts'
import { approveCdrs } from '../disputes/approve.ts'
import type { ApproveFilter } from '../disputes/approve.ts'
import { contestCdr } from '../disputes/contest.ts'
import { listDisputes, readView } from '../disputes/read.ts'
import type { DisputeFilter, DisputeView } from '../disputes/read.ts'
import { appendAudit } from './audit.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

/** A deed as a party or operator asks for it. `side`: needed where the asker is, or may act for, both. */
type DeedAsked = {
  text?: string | undefined
  amount?: { net: string; tax?: string | undefined } | undefined
  side?: 'cpo' | 'emsp' | undefined
}

const NAMES: Readonly<Record<Side, string>> = {
  cpo: 'CPO',
  emsp: 'eMSP',
  operator: 'operator of the hub',
  hub: 'hub',
}

/**
 * Acts on a dispute. A party acts for the side that it is in it; an operator for the hub, or for a side where only that
 * can do it. To everybody else there is no such dispute; who is on the wrong side is told whose part it is.
 */
export async function decideDispute(
  context: Context,
  order: { scope: Scope; id: string; verb: DisputeVerb; asked: DeedAsked },
): Promise<DisputeView> {
  const { scope, verb, asked } = order
  const dispute = await readView(context.db, scope, BigInt(order.id))
  const side = actingSide({ scope, dispute, verb, wanted: asked.side })
  const acted = await actOnDispute(
    context,
    {
      disputeId: BigInt(order.id),
      verb,
      side,
      actor: actorOf({ scope, side, dispute }),
      scope,
      ...said(asked),
    },
    (tx) =>
      appendAudit(tx, {
        actor: scope.actor,
        action: `dispute.${verb}`,
        subject: order.id,
        reason: asked.text,
        details: { side, ...(asked.amount === undefined ? {} : { amount: asked.amount }) },
      }),
  )
  return shown(acted)
}

/** A page of disputes. `role`: only those in which a party is the CPO, or the eMSP. */
export async function findDisputes(
  db: Sql,
  scope: Scope,
  filter: DisputeFilter & { role?: 'cpo' | 'emsp' },
) {
  const { role, counterparty, ...more } = filter
  const asked = {
    ...more,
    ...(counterparty === undefined ? {} : { counterparty: foldUpper(counterparty) }),
  }
  if (scope.kind === 'operator' || role === undefined) return listDisputes(db, scope, asked)
  const own = role === 'cpo' ? { ...scope, emsps: [] } : { ...scope, cpos: [] }
  return listDisputes(db, own, asked)
}

/**
 * Contests a CDR, or a part of it: the eMSP that is billed, or an operator for it. Without a code it is that of the
 * draft that the hub made, or of its first finding that is more than information.
 */
export async function contest(
  context: Context,
  order: {
    scope: Scope
    key: { owner: string; cdrId: string }
    asked: DeedAsked & { code?: string | undefined }
  },
): Promise<DisputeView> {
  const { scope, key, asked } = order
  const cdr = await findCdr(context, { scope, key })
  if (scope.kind === 'party' && !scope.emsps.includes(cdr.receiver)) {
    const message = `Only ${cdr.receiver}, which is billed, can contest this CDR.`
    throw new Refusal('forbidden', message)
  }
  const code = asked.code ?? cdr.code
  if (code === null) {
    const faults = [{ pointer: '/code', message: 'is missing: the hub found nothing by itself' }]
    throw new Refusal('invalidBody', 'Say what is wrong: a code of a finding.', { faults })
  }
  if (!Object.hasOwn(RULES, code)) {
    const faults = [{ pointer: '/code', message: 'is no code of a finding' }]
    throw new Refusal('invalidBody', `/code ${code} is no code of a finding.`, { faults })
  }
  const acted = await contestCdr(
    context,
    {
      cdr: key,
      side: scope.kind === 'party' ? 'emsp' : 'operator',
      actor: scope.kind === 'party' ? cdr.receiver : scope.actor,
      scope,
      code,
      ...said(asked),
    },
    (tx, id) =>
      appendAudit(tx, {
        actor: scope.actor,
        action: 'cdr.contest',
        subject: `${key.owner}/${key.cdrId}`,
        reason: asked.text,
        details: { dispute: id.toString(), code },
      }),
  )
  return shown(acted)
}

/** Approves all that the filter fits and the asker, an eMSP, is billed for; an operator approves for everybody. */
export async function approveByFilter(
  context: Context,
  order: { scope: Scope; filter: ApproveFilter; reason: string | undefined },
) {
  const { scope, filter, reason } = order
  const { actor } = scope
  if (scope.kind === 'party' && scope.emsps.length === 0) {
    const message = 'Only an eMSP can approve CDRs, those that it is billed for. You are none.'
    throw new Refusal('forbidden', message)
  }
  const approved = await approveCdrs(context, { scope, actor, filter, reason: reason ?? null })
  if (approved.approved === 0) return approved
  await context.db.transaction((tx) =>
    appendAudit(tx, {
      actor,
      action: 'cdrs.approve',
      subject: filter.counterparty ?? filter.cycle ?? 'all',
      reason,
      details: { filter, approved: approved.approved, totals: approved.totals },
    }),
  )
  return approved
}

function said({ text, amount }: DeedAsked): { text?: string; amount?: AmountGiven } {
  const { net, tax } = amount ?? {}
  return {
    ...(text === undefined ? {} : { text }),
    ...(net === undefined ? {} : { amount: { net, ...(tax === undefined ? {} : { tax }) } }),
  }
}

function shown(acted: Acted): DisputeView {
  if (acted.ok) return acted.dispute
  const { reason, message, pointer } = acted
  if (reason !== 'invalid') throw new Refusal(reason, message)
  const faults = pointer === undefined ? [] : [{ pointer, message }]
  throw new Refusal('invalidBody', message, { faults })
}

/** For which side the asker acts; throws a refusal that says whose part it is. */
function actingSide(deed: {
  scope: Scope
  dispute: Pick<DisputeView, 'cpo' | 'emsp'>
  verb: DisputeVerb
  wanted: 'cpo' | 'emsp' | undefined
}): Side {
  const { scope, dispute, verb, wanted } = deed
  const able = sidesOf(verb)
  const own = ownSides(scope, dispute).filter((side) => wanted === undefined || side === wanted)
  const [side, other] = own.filter((each) => able.includes(each))
  if (side === undefined) {
    const whose = able.filter((each) => each !== 'hub').map((each) => NAMES[each])
    const [first = 'eMSP'] = own.map((each) => NAMES[each])
    const you = scope.kind === 'party' ? ` You are its ${first}.` : ''
    throw new Refusal('forbidden', `Only the ${whose.join(' or the ')} can do that.${you}`)
  }
  // An operator is asked for its own part first; for both sides of a party it has to say which.
  if (side === 'operator' || other === undefined) return side
  const faults = [{ pointer: '/side', message: 'is missing: say for which side, cpo or emsp' }]
  throw new Refusal('invalidBody', '/side is missing: say for which side, cpo or emsp.', { faults })
}

function ownSides(scope: Scope, dispute: Pick<DisputeView, 'cpo' | 'emsp'>): Side[] {
  if (scope.kind === 'operator') return ['operator', 'cpo', 'emsp']
  return [
    ...(scope.cpos.includes(dispute.cpo) ? ['cpo' as const] : []),
    ...(scope.emsps.includes(dispute.emsp) ? ['emsp' as const] : []),
  ]
}

/** Who can ever do it, in any state. */
function sidesOf(verb: DisputeVerb): Side[] {
  const steps = Object.values(MACHINE).flatMap((state) => state.steps)
  return [...new Set(steps.flatMap((step) => (step.verb === verb ? step.by : [])))]
}

function actorOf(of: {
  scope: Scope
  side: Side
  dispute: Pick<DisputeView, 'cpo' | 'emsp'>
}): string {
  if (of.scope.kind === 'operator') return of.scope.actor
  return of.side === 'cpo' ? of.dispute.cpo : of.dispute.emsp
}

/** The CDR as far as the asker may see it, with the code that it would be contested for. */
async function findCdr(
  context: Context,
  { scope, key }: { scope: Scope; key: { owner: string; cdrId: string } },
): Promise<{ receiver: string; code: string | null }> {
  const [row] = await context.db.rows<{ receiver: string; owner: string; code: string | null }>(sql`
    select c.receiver, c.owner, coalesce(
      (select d.code from disputes d where d.cdr_id = c.id and d.closed_at is null order by d.state = 'draft' desc, d.id limit 1),
      (select f.code from cdr_findings f where f.cdr_id = c.id and f.superseded_at is null and f.severity in ('S', 'W')
        order by f.severity, f.id limit 1)) as code
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.owner = ${key.owner} and c.cdr_key = ${foldKey(key.cdrId)}
      and (${scope.kind === 'party' ? scope.cpos : null}::text[] is null or c.owner = any(${scope.kind === 'party' ? scope.cpos : []}::text[])
        or (c.receiver = any(${scope.kind === 'party' ? scope.emsps : []}::text[])
          and s.state not in ('received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped') and s.delivery <> 'withheld'))`)
  if (!row) throw new Refusal('notFound', `No CDR ${key.cdrId} of ${key.owner} is known here.`)
  return row
}
