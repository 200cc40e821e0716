import { assert, present } from '../assert.ts'
import type { Group, GroupStatus, Transfer, TransferKind } from './groups.ts'
import { transferId } from './groups.ts'

/** A transfer as it is stored, or as it is about to be. */
export type StoredTransfer = {
  readonly id: string
  readonly groupId: string
  readonly groupSize: number
  readonly kind: TransferKind
  readonly code: string
  readonly debitAccountId: bigint
  readonly creditAccountId: bigint
  readonly currency: string
  readonly amountMicros: bigint
  readonly pendingId: string | null
  readonly source: string
  readonly cycleId: string | null
}

export type Totals = {
  readonly debitsPending: bigint
  readonly debitsPosted: bigint
  readonly creditsPending: bigint
  readonly creditsPosted: bigint
}

/** What was read under the locks of all accounts concerned. `resolved`: ids of pendings that are resolved. */
export type LedgerView = {
  readonly accountIds: ReadonlyMap<string, bigint>
  readonly totals: ReadonlyMap<bigint, Totals>
  readonly transfers: ReadonlyMap<string, StoredTransfer>
  readonly resolved: ReadonlySet<string>
}

/** `totals` holds the new totals of the accounts that changed, and of no other. */
export type Decision = {
  readonly statuses: Map<string, GroupStatus>
  readonly created: StoredTransfer[]
  readonly totals: ReadonlyMap<bigint, Totals>
}

const BIGINT_MAX = 2n ** 63n - 1n
const EMPTY: Totals = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n }

/** The key of an account in `accountIds`. */
export function accountKey({ code, currency }: { code: string; currency: string }): string {
  return `${currency} ${code}`
}

/**
 * Decides each group in the order given, each seeing what the earlier ones created. Pure: the same view and groups give
 * the same decision. A group that appears twice gets the status of its first appearance when they are alike.
 */
export function decide(view: LedgerView, groups: readonly Group[]): Decision {
  const transfers = new Map(view.transfers)
  const resolved = new Set(view.resolved)
  const totals = new Map<bigint, Totals>()
  const statuses = new Map<string, GroupStatus>()
  const created: StoredTransfer[] = []
  for (const group of groups) {
    const rows = toRows(view, group)
    const changed = new Map<bigint, Totals>()
    const known = (id: bigint): Totals =>
      changed.get(id) ?? totals.get(id) ?? view.totals.get(id) ?? EMPTY
    const status = statusOf({ rows, transfers, resolved, known, changed })
    const earlier = statuses.get(group.id)
    if (!(earlier === 'created' && status === 'exists')) statuses.set(group.id, status)
    if (status !== 'created') continue
    for (const row of rows) {
      transfers.set(row.id, row)
      if (row.pendingId !== null) resolved.add(row.pendingId)
      created.push(row)
    }
    for (const [id, value] of changed) totals.set(id, value)
  }
  return { statuses, created, totals }
}

function toRows(view: LedgerView, group: Group): StoredTransfer[] {
  assert(group.transfers.length > 0, `group ${group.id} has no transfers`)
  const accountId = (code: string): bigint =>
    present(view.accountIds.get(accountKey({ code, currency: group.currency })), `account ${code}`)
  return group.transfers.map((transfer: Transfer, index) => ({
    id: transferId({ groupId: group.id, position: index + 1 }),
    groupId: group.id,
    groupSize: group.transfers.length,
    kind: transfer.kind,
    code: transfer.code,
    debitAccountId: accountId(transfer.debit),
    creditAccountId: accountId(transfer.credit),
    currency: group.currency,
    amountMicros: transfer.amountMicros,
    pendingId: transfer.pendingId,
    source: group.source,
    cycleId: group.cycleId,
  }))
}

type Judged = {
  rows: readonly StoredTransfer[]
  transfers: ReadonlyMap<string, StoredTransfer>
  resolved: ReadonlySet<string>
  known: (accountId: bigint) => Totals
  /** Receives the totals that the group would leave. */
  changed: Map<bigint, Totals>
}

function statusOf({ rows, transfers, resolved, known, changed }: Judged): GroupStatus {
  // The first transfer of every group is `<group>#1`, so one stored row is enough to know that the group is there.
  if (rows.some((row) => transfers.has(row.id))) {
    const alike = rows.every((row) => isAlike(row, transfers.get(row.id)))
    return alike ? 'exists' : 'exists_with_different_content'
  }
  if (rows.some((row) => row.debitAccountId === row.creditAccountId)) return 'accounts_are_the_same'
  if (rows.some((row) => row.amountMicros < 0n || row.amountMicros > BIGINT_MAX))
    return 'amount_out_of_bounds'
  const taken = new Set<string>()
  for (const row of rows) {
    if (row.pendingId === null) continue
    const pending = transfers.get(row.pendingId)
    const refusal = refuseResolution({
      row,
      pending,
      isResolved: resolved.has(row.pendingId) || taken.has(row.pendingId),
    })
    if (refusal) return refusal
    taken.add(row.pendingId)
  }
  for (const row of rows) applyRow({ row, transfers, known, changed })
  return [...changed.values()].every(isWithinBounds) ? 'created' : 'account_overflows'
}

function refuseResolution(resolution: {
  row: StoredTransfer
  pending: StoredTransfer | undefined
  isResolved: boolean
}): GroupStatus | undefined {
  const { row, pending, isResolved } = resolution
  if (!pending) return 'pending_not_found'
  if (pending.kind !== 'pending') return 'pending_is_not_pending'
  if (isResolved) return 'pending_already_resolved'
  if (
    pending.debitAccountId !== row.debitAccountId ||
    pending.creditAccountId !== row.creditAccountId
  ) {
    return 'pending_has_different_accounts'
  }
  if (row.amountMicros > pending.amountMicros) return 'amount_exceeds_pending'
  if (row.kind === 'void' && row.amountMicros !== pending.amountMicros) return 'void_is_not_whole'
  return undefined
}

/** Adds what one transfer does to both its accounts. */
function applyRow(effect: {
  row: StoredTransfer
  transfers: ReadonlyMap<string, StoredTransfer>
  known: (accountId: bigint) => Totals
  changed: Map<bigint, Totals>
}): void {
  const { row, transfers, known, changed } = effect
  const released =
    row.pendingId === null
      ? 0n
      : present(transfers.get(row.pendingId), 'pending transfer').amountMicros
  const pending = row.kind === 'pending' ? row.amountMicros : -released
  const posted = row.kind === 'posted' || row.kind === 'post' ? row.amountMicros : 0n
  const debit = known(row.debitAccountId)
  changed.set(row.debitAccountId, {
    ...debit,
    debitsPending: debit.debitsPending + pending,
    debitsPosted: debit.debitsPosted + posted,
  })
  const credit = known(row.creditAccountId)
  changed.set(row.creditAccountId, {
    ...credit,
    creditsPending: credit.creditsPending + pending,
    creditsPosted: credit.creditsPosted + posted,
  })
}

function isWithinBounds(totals: Totals): boolean {
  const values = [
    totals.debitsPending,
    totals.debitsPosted,
    totals.creditsPending,
    totals.creditsPosted,
  ]
  assert(
    values.every((value) => value >= 0n),
    'a total of an account would fall below zero',
  )
  return values.every((value) => value <= BIGINT_MAX)
}

function isAlike(row: StoredTransfer, stored: StoredTransfer | undefined): boolean {
  return (
    stored !== undefined &&
    stored.groupId === row.groupId &&
    stored.groupSize === row.groupSize &&
    stored.kind === row.kind &&
    stored.code === row.code &&
    stored.debitAccountId === row.debitAccountId &&
    stored.creditAccountId === row.creditAccountId &&
    stored.currency === row.currency &&
    stored.amountMicros === row.amountMicros &&
    stored.pendingId === row.pendingId &&
    stored.source === row.source &&
    stored.cycleId === row.cycleId
  )
}
