import { present } from '../assert.ts'
import type { Group, Transfer } from './groups.ts'
import { transferId } from './groups.ts'

/** Between whom the money of a CDR moves. Parties as 'NL-TNM', `source` as `cdr:NL-TNM/abc`. */
export type CdrMoney = {
  readonly source: string
  readonly debtor: string
  readonly creditor: string
  readonly currency: string
}

/**
 * One part of a CDR in one book: what `debtor` owes `creditor` of it, in micro-units; negative for a credit. Part 0 is
 * what nobody disputes. `provisional` and `held` are pending, on `obl:…:prov` and `obl:…:disp` against `pos:{creditor}`;
 * `due` is posted, on `obl:…:due` against `pos:{creditor}:{cycleId}`. Where the tax is unknown it is booked as 0 and
 * marked by the code 'tax_unknown'.
 */
export type PartBooking = {
  readonly part: number
  readonly book: 'provisional' | 'held' | 'due'
  readonly netMicros: bigint
  readonly taxMicros: bigint
  readonly taxKnown: boolean
  /** The cycle of what is due; null while it is pending. */
  readonly cycleId: string | null
  /** The transfer that keeps the net amount pending, the tax is the next one; null of what is due or not booked yet. */
  readonly leg: string | null
}

/**
 * Moves the money of a CDR from the bookings that stand to those that are wanted, as one linked group: voids of what
 * changes, new pendings, what is posted (also less than before: a part of a due goes back in its own cycle). What is
 * alike on both sides is not touched. `epoch` is in the key, so that a replay is known as one. Pure.
 *
 * Returns the group (null when nothing moves) and the wanted bookings with the legs that they now stand on.
 */
export function rebook(change: {
  money: CdrMoney
  epoch: number
  from: readonly PartBooking[]
  to: readonly PartBooking[]
}): { group: Group | null; bookings: PartBooking[] } {
  const { money, epoch, from, to } = change
  const groupId = `${money.source}:epoch:${epoch}`
  const opened: Transfer[] = []
  const kept = new Set<PartBooking>()
  const bookings = to.map((wanted): PartBooking => {
    if (wanted.book === 'due') return { ...wanted, leg: null }
    const standing = from.find((one) => isAlike(one, wanted))
    if (standing) {
      kept.add(standing)
      return { ...wanted, leg: standing.leg }
    }
    const leg = transferId({ groupId, position: opened.length + 1 })
    opened.push(...pendingLegs(money, wanted))
    return { ...wanted, leg }
  })
  const posted = postedLegs(money, { from, to })
  const voided = from
    .filter((one) => one.book !== 'due' && !kept.has(one))
    .flatMap((one) => voidLegs(money, one))
  const transfers = [...opened, ...posted.legs, ...voided]
  const [cycleId = null, ...others] = posted.cycles
  const group = {
    id: groupId,
    source: money.source,
    currency: money.currency,
    cycleId: others.length === 0 ? cycleId : null,
    transfers,
  }
  return { group: transfers.length === 0 ? null : group, bookings }
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

function isAlike(one: PartBooking, other: PartBooking): boolean {
  return (
    one.part === other.part &&
    one.book === other.book &&
    one.netMicros === other.netMicros &&
    one.taxMicros === other.taxMicros &&
    one.taxKnown === other.taxKnown
  )
}

/**
 * What is posted more or less than before, by part and cycle. A claim of nothing is posted too; a part of nothing, because
 * all of the claim stands elsewhere, is not.
 */
function postedLegs(
  money: CdrMoney,
  { from, to }: { from: readonly PartBooking[]; to: readonly PartBooking[] },
): { legs: Transfer[]; cycles: string[] } {
  const before = new Map(dueOf(from))
  const after = new Map(dueOf(to))
  const cycles = new Set<string>()
  const legs = [...new Set([...after.keys(), ...before.keys()])].flatMap((key) => {
    const was = before.get(key)
    const is = after.get(key)
    const net = (is?.netMicros ?? 0n) - (was?.netMicros ?? 0n)
    const tax = (is?.taxMicros ?? 0n) - (was?.taxMicros ?? 0n)
    if (net === 0n && tax === 0n && (was !== undefined || to.length > 1)) return []
    const some = present(is ?? was, 'a booking that is due')
    const cycleId = present(some.cycleId, 'cycle of what is due')
    cycles.add(cycleId)
    return legsOf(
      { netMicros: net, taxMicros: tax, taxKnown: some.taxKnown },
      {
        kind: 'posted',
        debit: obligationAccount({ ...money, book: 'due' }),
        credit: positionAccount({ party: money.creditor, cycleId }),
      },
    )
  })
  return { legs, cycles: [...cycles] }
}

function dueOf(bookings: readonly PartBooking[]): [string, PartBooking][] {
  return bookings
    .filter(({ book }) => book === 'due')
    .map((booking) => [`${booking.part} ${booking.cycleId ?? ''}`, booking])
}

function pendingLegs(money: CdrMoney, booking: PartBooking): Transfer[] {
  const debit = obligationAccount({ ...money, book: booking.book })
  return legsOf(booking, { kind: 'pending', debit, credit: `pos:${money.creditor}` })
}

/** Voids both legs of a pending booking: the net amount's, and the tax's behind it. */
function voidLegs(money: CdrMoney, booking: PartBooking): Transfer[] {
  const leg = present(booking.leg, 'transfer of a pending booking')
  const mark = leg.lastIndexOf('#')
  const groupId = leg.slice(0, mark)
  const first = Number(leg.slice(mark + 1))
  return pendingLegs(money, booking).map((transfer, index) => ({
    ...transfer,
    kind: 'void',
    pendingId: transferId({ groupId, position: first + index }),
  }))
}

type Amounts = Pick<PartBooking, 'netMicros' | 'taxMicros' | 'taxKnown'>
type Side = { kind: 'pending' | 'posted'; debit: string; credit: string }

function legsOf(amounts: Amounts, side: Side): Transfer[] {
  const taxCode = amounts.taxKnown ? 'tax' : 'tax_unknown'
  return [
    leg({ code: 'net', amountMicros: amounts.netMicros, ...side }),
    leg({ code: taxCode, amountMicros: amounts.taxKnown ? amounts.taxMicros : 0n, ...side }),
  ]
}

/** Amounts of transfers are never negative: a negative claim swaps debit and credit. */
function leg(part: Side & { code: string; amountMicros: bigint }): Transfer {
  const { kind, code, debit, credit, amountMicros } = part
  return amountMicros < 0n
    ? { kind, code, debit: credit, credit: debit, amountMicros: -amountMicros, pendingId: null }
    : { kind, code, debit, credit, amountMicros, pendingId: null }
}
