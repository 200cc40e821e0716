import type { DisputeVerb } from '../../clearing/disputes/machine.ts'
import { deadlineText, eventText } from '../../clearing/disputes/sentences.ts'
import type { Stepped } from '../../clearing/disputes/step.ts'
import { RULES } from '../../clearing/rules.ts'
import type { Tx } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { tellParties } from './events.ts'
import type { PartyEventType } from './events.ts'
import { DUPLICATE_CODES } from './prove-duplicate.ts'
import type { DisputeRow } from './rows.ts'
import { moment, roundMoney } from './words.ts'
import type { Doer, PostedAdjustment } from './write.ts'

/** Tells both parties what became of a dispute. */
export async function tellStep(
  tx: Tx,
  step: { dispute: DisputeRow; next: Stepped; verb: DisputeVerb; doer: Doer },
): Promise<void> {
  const { dispute, next, verb, doer } = step
  // What a proof decides, or its CPO answers, before it ever was open asks for no answer.
  const isOpened = next.isOpening && next.state === 'open'
  const type =
    next.outcome !== null ? 'dispute.closed' : isOpened ? 'dispute.opened' : 'dispute.changed'
  const sentence = eventText({
    verb,
    side: doer.side,
    state: next.state,
    via: next.via,
    amount: next.said === null ? null : grossText(next.said, dispute.currency),
    disputed: grossText({ net: dispute.net_micros, tax: dispute.tax_micros }, dispute.currency),
    accepted:
      dispute.upheld_net === 0n && dispute.upheld_tax === 0n
        ? null
        : grossText({ net: dispute.upheld_net, tax: dispute.upheld_tax }, dispute.currency),
    cpo: dispute.owner,
    emsp: dispute.receiver,
  })
  await tellDispute(tx, {
    type,
    dispute,
    body: {
      state: next.state,
      verb,
      by: doer.side,
      message: sentence,
      upheld_net: fromMicros(next.upheld.net),
      upheld_tax: fromMicros(next.upheld.tax),
      outcome: next.outcome,
      ...(doer.text === null ? {} : { text: doer.text }),
    },
  })
}

/** Tells both parties about a dispute: what it is, and what happened. */
export async function tellDispute(
  tx: Tx,
  event: {
    type: PartyEventType
    dispute: Pick<
      DisputeRow,
      'id' | 'owner' | 'receiver' | 'currency' | 'code' | 'net_micros' | 'tax_micros'
    >
    body: Readonly<Record<string, unknown>>
  },
): Promise<void> {
  const { type, dispute, body } = event
  await tellParties(tx, [
    {
      type,
      owner: dispute.owner,
      receiver: dispute.receiver,
      subject: `dispute:${dispute.id}`,
      body: {
        dispute_id: dispute.id.toString(),
        code: dispute.code,
        title: titleOf(dispute.code),
        currency: dispute.currency,
        net: fromMicros(dispute.net_micros),
        tax: fromMicros(dispute.tax_micros),
        ...body,
      },
    },
  ])
}

/** Tells both parties what was taken off and is now to be documented; of a pattern all at once. */
export async function tellAdjustments(
  tx: Tx,
  input: {
    dispute: Pick<DisputeRow, 'id' | 'owner' | 'receiver' | 'currency' | 'code'>
    posted: readonly PostedAdjustment[]
  },
): Promise<void> {
  const { dispute, posted } = input
  const { owner, receiver, currency, code } = dispute
  await tellParties(
    tx,
    posted.map(({ id, net, tax }) => ({
      type: 'adjustment.posted' as const,
      owner,
      receiver,
      subject: `adjustment:${id}` as const,
      body: {
        adjustment_id: id.toString(),
        dispute_id: dispute.id.toString(),
        code,
        title: titleOf(code),
        currency,
        net: fromMicros(net),
        tax: fromMicros(tax),
        message: `${grossText({ net, tax }, currency)} are taken off; ${owner} is to document it with a credit CDR and one that replaces the original.`,
      },
    })),
  )
}

/** What a finding code means, in words. */
export function titleOf(code: string): string {
  const rules: Readonly<Record<string, { title: string }>> = RULES
  return Object.hasOwn(rules, code) ? (rules[code]?.title ?? code) : code
}

/** What is needed to say what happens at a deadline. */
export type Deadlined = Pick<
  DisputeRow,
  | 'owner'
  | 'receiver'
  | 'currency'
  | 'code'
  | 'state'
  | 'net_micros'
  | 'tax_micros'
  | 'upheld_net'
  | 'upheld_tax'
  | 'proposed_net'
  | 'proposed_tax'
  | 'deadline_at'
  | 'default_verb'
> & {
  /** Of the place where was charged; null where nobody knows it, which makes it UTC. */
  time_zone: string | null
}

/** When what happens by itself, and the same in a sentence; null: nothing will. */
export function deadlineOf(row: Deadlined): { at: string; verb: DisputeVerb; text: string } | null {
  const { deadline_at: at, default_verb: verb, currency } = row
  if (at === null || verb === null) return null
  const { proposed_net: net, proposed_tax: tax } = row
  const text = deadlineText({
    verb,
    state: row.state,
    cpo: row.owner,
    emsp: row.receiver,
    when: moment(at, row.time_zone ?? 'UTC'),
    upheld: grossText({ net: row.upheld_net, tax: row.upheld_tax }, currency),
    disputed: grossText({ net: row.net_micros, tax: row.tax_micros }, currency),
    offered: net === null || tax === null ? null : grossText({ net, tax }, currency),
    isDuplicate: DUPLICATE_CODES.has(row.code),
  })
  return { at: at.toISOString(), verb, text }
}

/** An amount as people say it: with its tax, in whole cents. The fields beside it are exact. */
export function grossText(amount: { net: bigint; tax: bigint }, currency: string): string {
  return roundMoney(amount.net + amount.tax, currency)
}
