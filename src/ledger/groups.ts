/**
 * A linked group of transfers: all or nothing, one currency. `id` is a natural key, chosen before the first attempt;
 * its transfers are `<id>#1`, `<id>#2`, … in the order given. `source` names what caused it (`cdr:NL-TNM/abc`).
 */
export type Group = {
  readonly id: string
  readonly source: string
  readonly currency: string
  readonly cycleId: string | null
  readonly transfers: readonly Transfer[]
}

/**
 * One debit and one credit of the same amount (micro-units, never negative). `pending` moves the pending totals,
 * `posted` the posted ones; `post` (all of the pending or less, the rest is given back) and `void` (all of it) resolve
 * the transfer `pendingId` on the same two accounts. `code` says why: 'net', 'tax', 'tax_unknown', 'netting'.
 */
export type Transfer = {
  readonly kind: TransferKind
  readonly code: string
  readonly debit: string
  readonly credit: string
  readonly amountMicros: bigint
  readonly pendingId: string | null
}

export type TransferKind = 'posted' | 'pending' | 'post' | 'void'

/**
 * What became of a group. Order is precedence: where several apply, the first is given. Only `created` wrote anything;
 * `exists` is a replay with the same content.
 */
const GROUP_STATUSES = [
  'created',
  'exists',
  'exists_with_different_content',
  'accounts_are_the_same',
  'amount_out_of_bounds',
  'pending_not_found',
  'pending_is_not_pending',
  'pending_already_resolved',
  'pending_has_different_accounts',
  'amount_exceeds_pending',
  'void_is_not_whole',
  'account_overflows',
] as const

export type GroupStatus = (typeof GROUP_STATUSES)[number]

/** The id of a group's transfer; `position` counts from 1. */
export function transferId({ groupId, position }: { groupId: string; position: number }): string {
  return `${groupId}#${position}`
}
