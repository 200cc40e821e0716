import { rebook } from '../../src/ledger/cdr-groups.ts'
import type { CdrMoney, PartBooking } from '../../src/ledger/cdr-groups.ts'
import type { Group } from '../../src/ledger/groups.ts'

/** A CDR of one part, as most are. */
export type CdrClaim = CdrMoney & Pick<PartBooking, 'netMicros' | 'taxMicros' | 'taxKnown'>
type Pending = { readonly book: 'provisional' | 'held'; readonly epoch: number }

/** Opens a pending booking of the whole claim, or moves it there from `resolves`. */
export function pendingGroup(booking: {
  claim: CdrClaim
  book: 'provisional' | 'held'
  epoch: number
  resolves: Pending | null
}): Group {
  const { claim, book, epoch, resolves } = booking
  return groupOf({ claim, epoch, resolves, to: [{ ...whole(claim), book }] })
}

/** Posts the whole claim in a cycle, and voids what was pending. */
export function approvedGroup(booking: {
  claim: CdrClaim
  cycleId: string
  epoch: number
  resolves: Pending | null
}): Group {
  const { claim, cycleId, epoch, resolves } = booking
  return groupOf({ claim, epoch, resolves, to: [{ ...whole(claim), book: 'due', cycleId }] })
}

/** Voids what is pending and books nothing. */
export function voidGroup(booking: { claim: CdrClaim; epoch: number; resolves: Pending }): Group {
  return groupOf({ ...booking, to: [] })
}

/** The transfer that keeps the net amount of a claim pending since `epoch`. */
export function legOf(claim: Pick<CdrClaim, 'source'>, epoch: number): string {
  return `${claim.source}:epoch:${epoch}#1`
}

function whole({ netMicros, taxMicros, taxKnown }: CdrClaim): Omit<PartBooking, 'book'> {
  return { part: 0, netMicros, taxMicros, taxKnown, cycleId: null, leg: null }
}

function groupOf(change: {
  claim: CdrClaim
  epoch: number
  resolves: Pending | null
  to: readonly PartBooking[]
}): Group {
  const { claim, epoch, resolves, to } = change
  const from = resolves
    ? [{ ...whole(claim), book: resolves.book, leg: legOf(claim, resolves.epoch) }]
    : []
  const { group } = rebook({ money: claim, epoch, from, to })
  if (group === null) throw new Error('nothing moves')
  return group
}
