import { limits } from '../../config/limits.ts'
import { writeBill } from './bill.ts'
import type { Market } from './choice.ts'
import { isZero } from './exact.ts'
import { figureOf } from './figures.ts'
import { applyLimits } from './limits.ts'
import { collectLines } from './lines.ts'
import type { Lines } from './lines.ts'
import { NOTES } from './notes.ts'
import type { NoteCode } from './notes.ts'
import { DEFAULT_POLICY } from './policy.ts'
import type { PricingPolicy } from './policy.ts'
import { copyReading, fail, isObject, newReading, note } from './reading.ts'
import type { Reading, Source } from './reading.ts'
import { grainOf, lineAmounts, roundAmount, showRounding, sumBy } from './rounding.ts'
import { readSession } from './session.ts'
import type { Session } from './session.ts'
import { applyStepSizes } from './step-size.ts'
import { isOfLaterVersion, readTariff } from './tariffs.ts'
import type { Tariff } from './tariffs.ts'
import { taxLines } from './tax-lines.ts'
import { amountOf } from './taxes.ts'
import type { Amount } from './taxes.ts'
import type { CannotPrice, PricedBill, PricedCdr, PricingOptions } from './types.ts'
import { placeOf, possibleZones, utc } from './zones.ts'
import type { Placed } from './zones.ts'

/** What is priced. */
type Input = {
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly timeZone: string | null
  readonly policy: PricingPolicy
}

/** The input as read. */
type Read = {
  readonly reading: Reading
  readonly policy: PricingPolicy
  readonly session: Session
  readonly tariffs: readonly Tariff[]
  readonly placed: Placed
}

/**
 * What a CDR costs under these tariffs, exactly, and why (OCPI 2.2.1, mod_cdrs and mod_tariffs).
 *
 * `cdr`, a CDR or a Session, and `tariffs` are parsed JSON of OCPI 2.1.1, 2.2.1 or 2.3.0 from partners, so nothing is
 * taken for granted about them; numbers are JSON numbers or decimal texts. Volumes are kWh, hours, A and kW, prices per
 * kWh, hour or session. Pure: no clock, no IO; the input is not changed. Never throws: what cannot be priced is answered with its code
 * (CannotPriceCode) and a JSON pointer into the input. Without options the time zone is that of the CDR or its country,
 * and the policy DEFAULT_POLICY.
 *
 * The steps: every quantity of every period finds the component that holds at its start (mod_tariffs, Tariff element
 * choice and restrictions); step sizes are applied over the session (mod_tariffs, step_size); taxes are added or taken
 * out per segment (OCPI 2.3.0, Tariff.tax_included); the sum is held to min_price and max_price and rounded as the
 * policy says. Amounts are exact until then.
 *
 * Where the time zone is unknown and decides the price, the answer is the code `time_zone` with the cheapest and the
 * dearest bill that any one offset from UTC leads to. A credit CDR repeats its original's data with a negative total, so it
 * is priced like its original and noted; a caller compares it with that.
 */
export function priceCdr(
  cdr: unknown,
  tariffs: readonly unknown[],
  options: PricingOptions = {},
): PricedCdr {
  const { timeZone = null, policy = DEFAULT_POLICY } = options
  const input = { cdr, tariffs, timeZone, policy }
  const reading = newReading()
  const read = readInput(input, { reading, isSorted: false })
  if (reading.problem !== null) return reading.problem
  const priced = read.placed.zone === null ? priceWithoutZone(read) : priceAt(read, read.placed)
  return read.session.isOutOfOrder && priced.ok ? noteOrder(input, priced) : priced
}

function readInput(
  { cdr, tariffs, timeZone, policy }: Input,
  { reading, isSorted }: { reading: Reading; isSorted: boolean },
): Read {
  const source = rootOf(reading, { value: cdr, key: '', index: -1 })
  const session = readSession(source, { policy, isSorted })
  const cost = source.fields['total_cost']
  const isOf230 = isObject(cost) && cost['before_taxes'] !== undefined
  const terms: Tariff[] = []
  for (let index = 0; index < tariffs.length; index++) {
    const root = rootOf(reading, { value: tariffs[index], key: 'tariffs', index })
    const tariff = readTariff(root, { policy, isOf230 })
    terms.push(tariff)
    if (!session.isTaxKnown && isOfLaterVersion(tariff))
      note(reading, { code: 'tariff_of_later_version', at: root })
  }
  const placed = placeOf(source, timeZone)
  if (terms.length === 0)
    fail(reading, { code: 'no_tariff', pointer: '/tariffs', message: NO_TARIFF })
  const read = { reading, policy, session, tariffs: terms, placed }
  if (lookupsOf(read) > limits.pricingLookupsMax)
    fail(reading, { code: 'out_of_range', pointer: '/charging_periods', message: TOO_MUCH })
  return read
}

const NO_TARIFF = 'there is no tariff; the CDR has to contain it, or it has to be given'
const TOO_MUCH = 'there are too many periods for so many tariff elements; send fewer of either'

function rootOf(
  reading: Reading,
  { value, key, index }: { value: unknown; key: string; index: number },
): Source {
  if (isObject(value)) return { reading, fields: value, parent: null, key, index }
  const pointer = index < 0 ? '' : `/${key}/${index}`
  fail(reading, { code: 'unreadable', pointer, message: 'it is not a JSON object' })
  return { reading, fields: {}, parent: null, key, index }
}

/** Prices at each offset from UTC there is, when the price depends on local time. */
function priceWithoutZone(read: Read): PricedCdr {
  const { policy, placed } = read
  const before = copyReading(read.reading)
  const priced = priceAt(read, placed)
  if (priced.ok || priced.code !== 'time_zone' || policy.unknown_zone === 'error') return priced
  if (policy.unknown_zone === 'utc') {
    const bill = priceAt({ ...read, reading: before }, { zone: utc, used: placed.used })
    return bill.ok ? withNote(bill, { code: 'time_zone_utc', pointer: priced.pointer }) : bill
  }
  if (lookupsOf(read) > limits.pricingBoundsLookupsMax) return priced
  const bills: PricedBill[] = []
  for (const zone of possibleZones) {
    const bill = priceAt({ ...read, reading: copyReading(before) }, { zone, used: placed.used })
    if (!bill.ok) return bill
    bills.push(bill)
  }
  return boundsOf(bills, priced)
}

/** How much there is to choose from; too much of it is not priced at dozens of offsets. */
function lookupsOf({ session, tariffs }: Read): number {
  let elements = 0
  for (const tariff of tariffs) elements += tariff.elements.length
  return session.periods.length * elements
}

function boundsOf(bills: readonly PricedBill[], problem: CannotPrice): PricedCdr {
  let [low] = bills
  let high = low
  for (const bill of bills) {
    if (low !== undefined && compareTotals(bill, low) < 0) low = bill
    if (high !== undefined && compareTotals(bill, high) > 0) high = bill
  }
  if (low === undefined || high === undefined) return problem
  const { total } = low
  const isHarmless = bills.every(
    (bill) => bill.total.excl === total.excl && bill.total.incl === total.incl,
  )
  if (!isHarmless) return { ...problem, bounds: { low, high } }
  return withNote(low, { code: 'time_zone_unknown_harmless', pointer: problem.pointer })
}

/** By the total before taxes; after taxes where that is unknown or the same. */
function compareTotals(a: PricedBill, b: PricedBill): number {
  const order = compareTexts(a.total.excl, b.total.excl)
  return order === 0 ? compareTexts(a.total.incl, b.total.incl) : order
}

function compareTexts(a: string | null, b: string | null): number {
  if (a === null || b === null) return 0
  const difference = figureOf(a) - figureOf(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Periods out of the order of time are priced in the order given; whether that matters is noted. */
function noteOrder(input: Input, bill: PricedBill): PricedBill {
  const reading = newReading()
  const sorted = readInput(input, { reading, isSorted: true })
  if (reading.problem !== null) return bill
  const other =
    sorted.placed.zone === null ? priceWithoutZone(sorted) : priceAt(sorted, sorted.placed)
  const isSame =
    other.ok && other.total.excl === bill.total.excl && other.total.incl === bill.total.incl
  return isSame
    ? bill
    : withNote(bill, { code: 'order_changes_price', pointer: '/charging_periods' })
}

function withNote(
  bill: PricedBill,
  { code, pointer }: { code: NoteCode; pointer: string },
): PricedBill {
  return { ...bill, notes: [...bill.notes, { code, message: NOTES[code], pointer, count: 1 }] }
}

function priceAt(read: Read, { zone, used }: Placed): PricedCdr {
  const { reading, policy, session, tariffs } = read
  const isByPeriods = policy.duration_origin === 'first_period'
  const originMs = (isByPeriods ? session.periods[0]?.startMs : null) ?? session.startMs
  const market = { reading, policy, session, tariffs, zone, originMs, isLocalAsked: false }
  const collected = collectLines(market)
  if (reading.problem !== null) return reading.problem
  if (market.isLocalAsked && used.source === 'country')
    note(reading, { code: 'time_zone_from_country', at: session.source })
  applyStepSizes(collected.lines, { policy, unpriced: collected.unpriced })
  return billOf(market, { collected, used })
}

function billOf(
  market: Market,
  { collected, used }: { collected: Lines; used: Placed['used'] },
): PricedBill {
  const { reading, policy, session } = market
  const { currency, isTaxKnown } = session
  const hasEmpty = policy.empty_volume_step !== 'skipped'
  const lines = hasEmpty ? collected.lines.filter(({ billed }) => !isZero(billed)) : collected.lines
  const exact: Amount[] = []
  for (const line of lines) exact.push(amountOf(line, { reading, policy, isTaxKnown }))
  const grain = grainOf(policy, currency)
  const amounts = lineAmounts(exact, { policy, grain })
  const sum = sumBy({ lines, amounts }, { policy, grain })
  const known = isTaxKnown ? sum : { excl: sum.excl, incl: null }
  const limited = limitTotal(market, { sum: known, collected })
  const isRounded = policy.rounding !== null
  const total = roundAmount(limited, grain)
  const totals = { sum: known, limited, total }
  const bill = writeBill(session, { lines, amounts, total, policy })
  const shown = isRounded ? showRounding(bill, { lines, amounts, totals }, { policy, grain }) : bill
  return {
    ok: true,
    currency,
    total: bill.total,
    clamp: shown.clamp,
    rounding: 'rounding' in shown ? shown.rounding : NO_ROUNDING,
    taxes: taxLines({ lines, amounts }, { totals, policy, grain }),
    dimensions: shown.dimensions,
    quantities: bill.quantities,
    segments: bill.segments,
    notes: [...reading.notes.values()],
    policy: { name: policy.name, version: policy.version },
    timeZone: used,
  }
}

const NO_ROUNDING = { excl: '0', incl: '0' } as const

function limitTotal(
  { reading, policy }: Market,
  { sum, collected }: { sum: Amount; collected: Lines },
): Amount {
  const { limiting, isMixed, isTaxMixed } = collected
  if (isTaxMixed && limiting !== null)
    note(reading, { code: 'mixed_tax_basis', at: limiting.source })
  if (limiting === null) return sum
  if (isMixed) note(reading, { code: 'limits_of_first_tariff', at: limiting.source })
  return applyLimits(sum, { tariff: limiting, policy, reading })
}
