import type { Group, Transfer } from './groups.ts'
import { transferId } from './groups.ts'

/**
 * The money of one CDR: what `debtor` owes `creditor`, in micro-units; negative for a credit. Parties as 'NL-TNM',
 * `source` as `cdr:NL-TNM/abc`. Where the tax is unknown it is booked as 0 and marked by the code 'tax_unknown'.
 */
export type CdrClaim = {
  readonly source: string
  readonly debtor: string
  readonly creditor: string
  readonly currency: string
  readonly netMicros: bigint
  readonly taxMicros: bigint
  readonly taxKnown: boolean
}

/** A pending booking that stands: which account it is on and the epoch in its key. */
export type OpenBooking = { readonly book: 'provisional' | 'held'; readonly epoch: number }

/**
 * Opens (or, from `resolves`, moves to) a pending booking: `provisional` on `obl:…:prov`, `held` on `obl:…:disp`, both
 * against `pos:{creditor}`. `epoch` makes the key unique among the bookings of one CDR.
 */
export function pendingGroup(booking: {
  claim: CdrClaim
  book: 'provisional' | 'held'
  epoch: number
  resolves: OpenBooking | null
}): Group {
  const { claim, book, epoch, resolves } = booking
  return {
    id: groupId({ source: claim.source, what: book, epoch }),
    source: claim.source,
    currency: claim.currency,
    cycleId: null,
    transfers: [...pendingLegs(claim, book), ...voidLegs(claim, resolves)],
  }
}

/** Voids what is pending, if anything, and posts net and tax on `obl:…:due` against `pos:{creditor}:{cycle}`. */
export function approvedGroup(booking: {
  claim: CdrClaim
  cycleId: string
  epoch: number
  resolves: OpenBooking | null
}): Group {
  const { claim, cycleId, epoch, resolves } = booking
  const posted = legs(claim, {
    kind: 'posted',
    debit: obligationAccount({ ...claim, book: 'due' }),
    credit: positionAccount({ party: claim.creditor, cycleId }),
  })
  return {
    id: groupId({ source: claim.source, what: 'approved', epoch }),
    source: claim.source,
    currency: claim.currency,
    cycleId,
    transfers: [...posted, ...voidLegs(claim, resolves)],
  }
}

/** Releases a pending booking and opens nothing: quarantine after the fact, return, credit of a pending original. */
export function voidGroup(booking: {
  claim: CdrClaim
  epoch: number
  resolves: OpenBooking
}): Group {
  const { claim, epoch, resolves } = booking
  return {
    id: groupId({ source: claim.source, what: 'void', epoch }),
    source: claim.source,
    currency: claim.currency,
    cycleId: null,
    transfers: voidLegs(claim, resolves),
  }
}

/**
 * The exact reversal of an approved claim in the given (open) cycle. `claim` is the original's; `source` is what causes
 * it, the credit CDR, so that reversing twice from one credit is a replay.
 */
export function reversalGroup(booking: {
  claim: CdrClaim
  source: string
  cycleId: string
  epoch: number
}): Group {
  const { claim, source, cycleId, epoch } = booking
  const reversed = { ...claim, source, netMicros: -claim.netMicros, taxMicros: -claim.taxMicros }
  return approvedGroup({ claim: reversed, cycleId, epoch, resolves: null })
}

/** `obl:{debtor}>{creditor}:prov|disp|due`: what the debtor owes the creditor. */
export function obligationAccount(account: {
  debtor: string
  creditor: string
  book: 'provisional' | 'held' | 'due'
}): string {
  const suffix = { provisional: 'prov', held: 'disp', due: 'due' }[account.book]
  return `obl:${account.debtor}>${account.creditor}:${suffix}`
}

/** `pos:{party}:{cycle}`: the net position of a party in a cycle. */
export function positionAccount({ party, cycleId }: { party: string; cycleId: string }): string {
  return `pos:${party}:${cycleId}`
}

function groupId({ source, what, epoch }: { source: string; what: string; epoch: number }): string {
  return `${source}:${what}:${epoch}`
}

/** Voids both legs of a pending booking. A group's own legs stand first, so what it opened is always #1 and #2. */
function voidLegs(claim: CdrClaim, resolves: OpenBooking | null): Transfer[] {
  if (resolves === null) return []
  const opened = groupId({ source: claim.source, what: resolves.book, epoch: resolves.epoch })
  return pendingLegs(claim, resolves.book).map((transfer, index) => ({
    ...transfer,
    kind: 'void',
    pendingId: transferId({ groupId: opened, position: index + 1 }),
  }))
}

function pendingLegs(claim: CdrClaim, book: 'provisional' | 'held'): Transfer[] {
  const debit = obligationAccount({ ...claim, book })
  return legs(claim, { kind: 'pending', debit, credit: `pos:${claim.creditor}` })
}

type Side = { kind: 'pending' | 'posted'; debit: string; credit: string }

function legs(claim: CdrClaim, side: Side): Transfer[] {
  const taxCode = claim.taxKnown ? 'tax' : 'tax_unknown'
  return [
    leg({ code: 'net', amountMicros: claim.netMicros, ...side }),
    leg({ code: taxCode, amountMicros: claim.taxKnown ? claim.taxMicros : 0n, ...side }),
  ]
}

/** Amounts of transfers are never negative: a negative claim swaps debit and credit. */
function leg(part: Side & { code: string; amountMicros: bigint }): Transfer {
  const { kind, code, debit, credit, amountMicros } = part
  return amountMicros < 0n
    ? { kind, code, debit: credit, credit: debit, amountMicros: -amountMicros, pendingId: null }
    : { kind, code, debit, credit, amountMicros, pendingId: null }
}
