import { present } from '../../assert.ts'
import type { CdrState } from '../../clearing/states.ts'
import { rebook } from '../../ledger/cdr-groups.ts'
import type { CdrMoney, PartBooking } from '../../ledger/cdr-groups.ts'
import type { Group } from '../../ledger/groups.ts'
import type { NewDraft } from '../disputes/drafts.ts'
import type { DisputeEnd } from '../disputes/ends.ts'
import type { Booked, CdrRow, PartRow } from './clear-facts.ts'

/** A part as it is written. `dispute_id` null: of the draft that the same transition opens for this part. */
export type PartWrite = {
  part: number
  kind: 'disputed' | 'adjustment'
  dispute_id: bigint | null
  net_micros: bigint
  tax_micros: bigint
  tax_known: boolean
  book: 'held' | 'due' | 'ended'
  epoch: number
  cycle_id: string
  leg: string | null
}

/**
 * What becomes of one CDR: its new state row, the parts that changed, the disputes that begin and end with it and the
 * ledger group that goes with it all, in one transaction (writeTransitions).
 */
export type Transition = {
  row: CdrRow
  state: CdrState
  epoch: number
  reasonCode: string
  /** States that were passed in the same moment, in their order. */
  via: readonly string[]
  cycleId: string | null
  netMicros: bigint | null
  taxMicros: bigint | null
  taxKnown: boolean
  residue: string | null
  /** Part 0; null: the whole claim. */
  partNet: bigint | null
  partTax: bigint | null
  booked: Booked | null
  contestUntil: Date | null
  group: Group | null
  /** Only those that changed. */
  parts: readonly PartWrite[]
  drafts: readonly NewDraft[]
  ends: readonly DisputeEnd[]
  /** The credit that takes it back, and for how many days its replacement is waited for; null where none does. */
  creditedBy: { creditId: bigint; dueDays: number } | null
  /** After how many days it goes back by itself, where it is held as a whole; null: never. */
  returnDays: number | null
}

/** The amounts of a claim in micro-units, with what was rounded off. */
export type Amounts = Pick<Transition, 'netMicros' | 'taxMicros' | 'taxKnown' | 'residue'>

/** What part 0 shall be; null where it shall be booked nowhere. `cycleId` is where it has its line. */
export type Part0 = {
  netMicros: bigint
  taxMicros: bigint
  book: Booked['book']
  cycleId: string
} | null

/** What a CDR shall be: everything about it, not only what changes. */
export type Wanted = {
  state: CdrState
  reasonCode: string
  via?: readonly string[]
  /** Absent: as they are stored. */
  amounts?: Amounts
  part0: Part0
  /** Null: the whole claim stays one part. Otherwise what stands beside part 0; those that are left out are as before. */
  parts: readonly PartWrite[]
  contestUntil: Date | null
  drafts?: readonly NewDraft[]
  ends?: readonly DisputeEnd[]
  returnDays?: number | null
}

/**
 * The transition from a CDR as it stands to what it shall be, with the one ledger group that moves its money. Pure.
 * Part 0 is written as amounts of its own once anything stands, or ever stood, beside it.
 */
export function transit(row: CdrRow, wanted: Wanted): Transition {
  const epoch = row.epoch + 1
  const amounts = wanted.amounts ?? amountsOf(row)
  const { part0 } = wanted
  const all = merged(row.parts, wanted.parts)
  const { group, bookings } = rebook({
    money: moneyOf(row),
    epoch,
    from: bookingsOf(row),
    to: [...(part0 === null ? [] : [booking0(part0, amounts.taxKnown)]), ...all.flatMap(bookingOf)],
  })
  const legs = new Map(bookings.map(({ part, leg }) => [part, leg]))
  const isSplit = all.length > 0 || row.part_net !== null
  return {
    row,
    state: wanted.state,
    epoch,
    reasonCode: wanted.reasonCode,
    via: wanted.via ?? [],
    ...amounts,
    cycleId: part0?.cycleId ?? null,
    partNet: isSplit ? (part0?.netMicros ?? 0n) : null,
    partTax: isSplit ? (part0?.taxMicros ?? 0n) : null,
    booked: part0 === null ? null : bookedOf(row, { part0, epoch, leg: legs.get(0) ?? null }),
    contestUntil: wanted.contestUntil,
    group,
    parts: wanted.parts.map((part) => ({
      ...part,
      epoch: isMoved(row, part) ? epoch : part.epoch,
      leg: part.book === 'held' ? (legs.get(part.part) ?? null) : null,
    })),
    drafts: wanted.drafts ?? [],
    ends: wanted.ends ?? [],
    creditedBy: null,
    returnDays: wanted.returnDays ?? null,
  }
}

/** Part 0 of a CDR that is booked: what nobody disputes of its claim. */
export function part0Of(row: CdrRow): { netMicros: bigint; taxMicros: bigint } {
  return {
    netMicros: row.part_net ?? row.net_micros ?? 0n,
    taxMicros: row.part_tax ?? row.tax_micros ?? 0n,
  }
}

/** Part 0 as it stands, null where it is booked nowhere: what a transition wants that does not touch it. */
export function standing0(row: CdrRow): Part0 {
  if (row.booked === null) return null
  const cycleId = present(row.cycle_id, 'cycle of a booked CDR')
  return { ...part0Of(row), book: row.booked.book, cycleId }
}

/** Everything of a CDR that is posted: what a credit of it reverses. */
export function dueOf(row: CdrRow): { netMicros: bigint; taxMicros: bigint; isAny: boolean } {
  const due = bookingsOf(row).filter(({ book }) => book === 'due')
  return {
    netMicros: due.reduce((sum, { netMicros }) => sum + netMicros, 0n),
    taxMicros: due.reduce((sum, { taxMicros }) => sum + taxMicros, 0n),
    isAny: due.length > 0,
  }
}

/** Stored amounts of a CDR: read back, never computed again. */
function amountsOf(row: CdrRow): Amounts {
  return {
    netMicros: row.net_micros,
    taxMicros: row.tax_micros,
    taxKnown: row.tax_known,
    residue: row.residue,
  }
}

function moneyOf(row: CdrRow): CdrMoney {
  return {
    source: `cdr:${row.owner}/${row.cdr_key}`,
    debtor: row.receiver,
    creditor: row.owner,
    currency: row.currency,
  }
}

/** The bookings of a CDR that stand, part 0 first. */
function bookingsOf(row: CdrRow): PartBooking[] {
  const own = standing0(row)
  return [
    ...(own === null ? [] : [{ ...booking0(own, row.tax_known), leg: row.booked?.leg ?? null }]),
    ...row.parts.flatMap(bookingOf),
  ]
}

function booking0(part0: NonNullable<Part0>, taxKnown: boolean): PartBooking {
  const { netMicros, taxMicros, book, cycleId } = part0
  return {
    part: 0,
    book,
    netMicros,
    taxMicros,
    taxKnown,
    cycleId: book === 'due' ? cycleId : null,
    leg: null,
  }
}

function bookingOf(part: PartWrite): PartBooking[] {
  if (part.book === 'ended') return []
  return [
    {
      part: part.part,
      book: part.book,
      netMicros: part.net_micros,
      taxMicros: part.tax_micros,
      taxKnown: part.tax_known,
      cycleId: part.book === 'due' ? part.cycle_id : null,
      leg: part.leg,
    },
  ]
}

function bookedOf(
  row: CdrRow,
  input: { part0: NonNullable<Part0>; epoch: number; leg: string | null },
): Booked {
  const { part0, epoch, leg } = input
  const { booked } = row
  const { book } = part0
  const isSame =
    booked?.book === book &&
    (book === 'due' ? booked.cycleId === part0.cycleId : booked.leg === leg)
  return {
    book,
    epoch: isSame ? booked.epoch : epoch,
    cycleId: book === 'due' ? part0.cycleId : null,
    leg,
  }
}

function isMoved(row: CdrRow, part: PartWrite): boolean {
  const before = row.parts.find((one) => one.part === part.part)
  return (
    before?.book !== part.book ||
    before.net_micros !== part.net_micros ||
    before.tax_micros !== part.tax_micros
  )
}

function merged(standing: readonly PartRow[], wanted: readonly PartWrite[]): PartWrite[] {
  const changed = new Set(wanted.map(({ part }) => part))
  return [...standing.filter(({ part }) => !changed.has(part)), ...wanted]
}
