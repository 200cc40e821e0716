import { fromMicros } from '../../ledger/money.ts'
import type { EndedDispute } from '../disputes/ends.ts'
import type { PartyEvent, PartyEventType } from '../disputes/events.ts'
import { grossText, titleOf } from '../disputes/tell.ts'
import type { Transition } from './transition.ts'

/** What parties are told of transitions: what is held, contested, approved or credited now and was not before. */
export function cdrEvents(
  transitions: readonly Transition[],
  draftIds: ReadonlyMap<string, bigint>,
): PartyEvent[] {
  return transitions.flatMap((transition) => [
    ...heldEvents(transition, draftIds),
    ...wholeEvents(transition),
    ...stateEvents(transition),
  ])
}

/** What parties are told of disputes that ended with their CDR, or with a finding of theirs. */
export function endEvents(ended: readonly EndedDispute[]): PartyEvent[] {
  return ended.map((dispute) => ({
    type: dispute.outcome === null ? ('dispute.changed' as const) : ('dispute.closed' as const),
    owner: dispute.owner,
    receiver: dispute.receiver,
    subject: `dispute:${dispute.id}` as const,
    body: {
      dispute_id: dispute.id.toString(),
      code: dispute.code,
      title: titleOf(dispute.code),
      currency: dispute.currency,
      net: fromMicros(dispute.net),
      tax: fromMicros(dispute.tax),
      state: dispute.state,
      outcome: dispute.outcome,
      message: endText(dispute),
    },
  }))
}

function endText(dispute: EndedDispute): string {
  const amount = grossText(dispute, dispute.currency)
  switch (dispute.outcome) {
    case null:
      return `What is held by the check is ${amount} now.`
    case 'cleared':
      return `The hub judged the CDR again and finds nothing wrong any more; ${amount} are no longer held.`
    case 'credited':
      return `${dispute.owner} has taken the CDR back with a credit; ${amount} need not be paid.`
    case 'withdrawn':
      return `The CDR was approved or released as it is; ${amount} are no longer held.`
    case 'upheld':
      return `The CDR went back to ${dispute.owner}; nothing of it is claimed.`
    default:
      return dispute.outcome satisfies never
  }
}

function heldEvents(transition: Transition, draftIds: ReadonlyMap<string, bigint>): PartyEvent[] {
  const { row, drafts } = transition
  const claim = claimOf(transition)
  const rest = isAllDisputed(transition) ? 'nothing of it settles for now' : 'the rest runs on'
  return drafts.flatMap((draft) => {
    const id = draftIds.get(`${draft.cdrId} ${draft.part}`)
    if (id === undefined) return []
    const held = grossText({ net: draft.netMicros, tax: draft.taxMicros }, row.currency)
    const title = titleOf(draft.code)
    return [
      {
        ...addressOf(row, 'cdr.held'),
        subject: `dispute:${id}` as const,
        body: {
          dispute_id: id.toString(),
          state: 'held',
          code: draft.code,
          title,
          currency: row.currency,
          net: fromMicros(draft.netMicros),
          tax: fromMicros(draft.taxMicros),
          message: `${title}: ${held} of ${grossText(claim, row.currency)} are held; ${rest}.`,
        },
      },
    ]
  })
}

/** A credit that mirrors nothing, or a claim below zero: nobody disputes it, its CPO is to send a right one. */
function wholeEvents(transition: Transition): PartyEvent[] {
  const { row, state, reasonCode: code, returnDays } = transition
  if (returnDays === null || state === row.state) return []
  const [net, tax] = [transition.netMicros ?? 0n, transition.taxMicros ?? 0n]
  const amount = grossText({ net, tax }, row.currency)
  const what = row.is_credit
    ? `The credit CDR of ${amount} is held and takes nothing back`
    : `The CDR of ${amount} is held`
  return [
    {
      ...addressOf(row, 'cdr.held'),
      subject: `cdr:${row.id}` as const,
      body: {
        state,
        code,
        title: titleOf(code),
        currency: row.currency,
        net: fromMicros(net),
        tax: fromMicros(tax),
        message: `${titleOf(code)}: ${what}. ${row.owner} is to send a right one; this one goes back after ${returnDays} days.`,
      },
    },
  ]
}

function stateEvents(transition: Transition): PartyEvent[] {
  const { row, state } = transition
  if (state === row.state || row.is_credit) return []
  const claim = grossText(claimOf(transition), row.currency)
  const sentences = {
    contested: [
      'cdr.contested',
      isAllDisputed(transition)
        ? `All of the CDR of ${claim} is disputed; nothing of it settles for now.`
        : `A part of the CDR of ${claim} is disputed; the rest settles.`,
    ],
    approved: ['cdr.approved', approvedText(transition, claim)],
    credited: ['cdr.credited', `The CDR of ${claim} was taken back by a credit.`],
  } as const
  if (state !== 'contested' && state !== 'approved' && state !== 'credited') return []
  const [type, message] = sentences[state]
  return [
    {
      ...addressOf(row, type),
      subject: `cdr:${row.id}` as const,
      body: {
        state,
        currency: row.currency,
        net: fromMicros(transition.netMicros ?? 0n),
        tax: fromMicros(transition.taxMicros ?? 0n),
        cycle: transition.cycleId,
        message,
      },
    },
  ]
}

function approvedText(transition: Transition, claim: string): string {
  const due = grossText(dueAfter(transition), transition.row.currency)
  return due === claim
    ? `The CDR of ${claim} is approved; it settles with its cycle.`
    : `The CDR is approved: ${due} of the ${claim} that were claimed settle with their cycle.`
}

/** What is due of a CDR after a transition: part 0, and what stands beside it. */
function dueAfter({ row, booked, parts, ...after }: Transition): { net: bigint; tax: bigint } {
  const changed = new Set(parts.map(({ part }) => part))
  const own =
    booked?.book === 'due'
      ? {
          net: after.partNet ?? after.netMicros ?? 0n,
          tax: after.partTax ?? after.taxMicros ?? 0n,
        }
      : { net: 0n, tax: 0n }
  return [...row.parts.filter(({ part }) => !changed.has(part)), ...parts]
    .filter(({ book }) => book === 'due')
    .reduce(
      (sum, part) => ({ net: sum.net + part.net_micros, tax: sum.tax + part.tax_micros }),
      own,
    )
}

function claimOf({ netMicros, taxMicros }: Transition): { net: bigint; tax: bigint } {
  return { net: netMicros ?? 0n, tax: taxMicros ?? 0n }
}

/** Nothing is left that nobody disputes. */
function isAllDisputed({ partNet, partTax }: Transition): boolean {
  return partNet === 0n && (partTax ?? 0n) === 0n
}

function addressOf(
  row: Transition['row'],
  type: PartyEventType,
): Pick<PartyEvent, 'type' | 'owner' | 'receiver'> {
  return { type, owner: row.owner, receiver: row.receiver }
}
