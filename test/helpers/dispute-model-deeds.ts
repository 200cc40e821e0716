import type { Context } from '../../src/context.ts'
import { closeCycleBy, finalizeCycleBy } from '../../src/hub/admin/cycles.ts'
import { decideCdr } from '../../src/hub/cdrs/decide-cdr.ts'
import { actOnDispute } from '../../src/hub/disputes/act.ts'
import { contestCdr } from '../../src/hub/disputes/contest.ts'
import { fromMicros } from '../../src/ledger/money.ts'
import type { Pair } from './dispute-model-hub.ts'
import type { Money, Side } from './dispute-model.ts'

export type Deed = { verb: string; side: Side; amount?: Money; text?: string }
export type Answer = { ok: boolean; message: string }

/** What somebody does with a dispute. */
export async function act(
  context: Context,
  pair: Pair,
  deed: Deed & { disputeId: bigint },
): Promise<Answer> {
  const { side, amount, text, disputeId } = deed
  const acted = await actOnDispute(context, {
    disputeId,
    verb: verbOf(deed.verb),
    side,
    actor: actorOf(pair, side),
    scope: scopeOf(pair, side),
    ...(amount === undefined ? {} : { amount: shown(amount) }),
    ...(text === undefined ? {} : { text }),
  })
  return acted.ok ? { ok: true, message: '' } : { ok: false, message: acted.message }
}

/** What a side may do with a dispute, and `expire` and `open`, which its clock does. */
export const VERBS = [
  'review',
  'answer',
  'accept',
  'propose',
  'reject',
  'rebut',
  'withdraw',
  'rule',
  'expire',
  'open',
] as const

function verbOf(name: string): (typeof VERBS)[number] {
  const verb = VERBS.find((one) => one === name)
  if (verb === undefined) throw new Error(`no verb ${name}`)
  return verb
}

export async function contestBy(
  context: Context,
  pair: Pair,
  about: { cdrId: string; code: string; amount?: Money; text: string },
): Promise<Answer> {
  const done = await contestCdr(context, {
    cdr: { owner: pair.owner, cdrId: about.cdrId },
    side: 'emsp',
    actor: actorOf(pair, 'emsp'),
    scope: scopeOf(pair, 'emsp'),
    code: about.code,
    text: about.text,
    ...(about.amount === undefined ? {} : { amount: shown(about.amount) }),
  })
  return done.ok ? { ok: true, message: '' } : { ok: false, message: done.message }
}

export async function approveBy(context: Context, pair: Pair, cdrId: string): Promise<Answer> {
  const { owner, receiver } = pair
  const done = await decideCdr(context, {
    owner,
    cdrId,
    verb: 'approve',
    actor: receiver,
    reason: 'checked',
  })
  return done.ok ? { ok: true, message: '' } : { ok: false, message: done.message }
}

function shown(money: Money): { net: string; tax: string } {
  return { net: fromMicros(money.net), tax: fromMicros(money.tax) }
}

function actorOf({ owner, receiver }: Pair, side: Side): string {
  return { cpo: owner, emsp: receiver, operator: 'operator:test' }[side]
}

function scopeOf({ owner, receiver }: Pair, side: Side) {
  if (side === 'operator')
    return { kind: 'operator' as const, actor: 'operator:test', roles: ['admin'] }
  const own = side === 'cpo' ? { cpos: [owner], emsps: [] } : { cpos: [], emsps: [receiver] }
  return {
    kind: 'party' as const,
    actor: owner,
    platformId: side === 'cpo' ? owner : receiver,
    ...own,
  }
}

export async function closeBy(context: Context, cycleId: string): Promise<void> {
  await closeCycleBy(context, { actor: 'operator:test', cycleId })
}

export async function finalizeBy(context: Context, cycleId: string): Promise<void> {
  await finalizeCycleBy(context, { actor: 'operator:test', cycleId })
}
