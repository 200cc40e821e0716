import { writeBill } from './bill.ts'
import type { Market } from './choice.ts'
import { applyLimits } from './limits.ts'
import { collectLines } from './lines.ts'
import type { Line } from './lines.ts'
import { fail, isObject, newReading, note, textAt } from './reading.ts'
import type { Reading, Source } from './reading.ts'
import { readSession } from './session.ts'
import { applyStepSizes } from './step-size.ts'
import { readTariff } from './tariffs.ts'
import type { Tariff } from './tariffs.ts'
import { amountOf, sumOf } from './taxes.ts'
import type { Amount } from './taxes.ts'
import { zoneNamed } from './time-zone.ts'
import type { Zone } from './time-zone.ts'
import type { CannotPrice, PricedBill, PricedCdr, PricingOptions } from './types.ts'

/**
 * What a CDR costs under these tariffs, exactly, and why (OCPI 2.2.1, mod_cdrs and mod_tariffs).
 *
 * `cdr` and `tariffs` are parsed JSON of OCPI 2.1.1, 2.2.1 or 2.3.0 from partners, so nothing is taken for granted about
 * them; numbers are JSON numbers or decimal texts. Volumes are kWh, hours, A and kW, prices per kWh, hour or session.
 * Pure: no clock, no IO; the input is not changed. Never throws: what cannot be priced is answered with its code.
 * Credit CDRs repeat their original's data with a negative total, so a caller compares them and does not price them.
 */
export function priceCdr(
  cdr: unknown,
  tariffs: readonly unknown[],
  options: PricingOptions,
): PricedCdr {
  const reading = newReading()
  const market = readMarket(reading, { cdr, tariffs, timeZone: options.timeZone ?? null })
  const unreadable = problemOf(reading)
  if (unreadable !== null) return unreadable
  const collected = collectLines(market)
  const unpriced = problemOf(reading)
  if (unpriced !== null) return unpriced
  const lines =
    options.policy?.stepSize === 'none' ? collected.lines : applyStepSizes(collected.lines)
  return billOf(market, { lines, tariffs: collected.tariffs })
}

function billOf(
  market: Market,
  { lines, tariffs }: { lines: readonly Line[]; tariffs: readonly Tariff[] },
): PricedBill {
  const { reading, session } = market
  const amounts = lines.map((line) => amountOf(line, { reading, isTaxKnown: session.isTaxKnown }))
  if (new Set(tariffs.map((tariff) => tariff.taxes)).size > 1)
    note(reading, { code: 'mixed_tax_basis', pointer: '/charging_periods' })
  const sum = sumOf(amounts)
  const known = session.isTaxKnown ? sum : { excl: sum.excl, incl: null }
  const total = limitTotal(market, { total: known, tariffs })
  const bill = writeBill(session, { lines, amounts, total })
  return { ok: true, currency: session.currency, ...bill, notes: [...reading.notes.values()] }
}

/** The limits are those of the tariff selected at the session start: the first period's, without periods the default. */
function limitTotal(
  market: Market,
  { total, tariffs }: { total: Amount; tariffs: readonly Tariff[] },
): Amount {
  const tariff = tariffs[0]
  if (tariff === undefined) return total
  if (tariffs.some((other) => other !== tariff))
    note(market.reading, { code: 'limits_of_first_tariff', pointer: tariff.pointer })
  return applyLimits(total, { tariff, reading: market.reading })
}

function readMarket(
  reading: Reading,
  {
    cdr,
    tariffs,
    timeZone,
  }: { cdr: unknown; tariffs: readonly unknown[]; timeZone: string | null },
): Market {
  const source = sourceOf(reading, { value: cdr, pointer: '' })
  const market = {
    reading,
    session: readSession(source),
    tariffs: tariffs.map((value, index) =>
      readTariff(sourceOf(reading, { value, pointer: `/tariffs/${index}` })),
    ),
    zone: readZone(source, timeZone),
  }
  if (tariffs.length === 0)
    fail(reading, { code: 'no_tariff', pointer: '/tariffs', message: 'there is no tariff' })
  return market
}

/** The zone given, else what OCPI 2.1.1 puts into the location of a CDR. Null: unknown, which may or may not matter. */
function readZone(source: Source, given: string | null): Zone | null {
  const location = source.fields['location']
  const inner = {
    reading: source.reading,
    fields: isObject(location) ? location : {},
    pointer: '/location',
  }
  const name = given ?? textAt(inner, 'time_zone')
  if (name === null) return null
  const zone = zoneNamed(name)
  const pointer = given === null ? '/location/time_zone' : ''
  if (zone === null)
    fail(source.reading, { code: 'time_zone', pointer, message: 'not an IANA time zone' })
  return zone
}

function sourceOf(
  reading: Reading,
  { value, pointer }: { value: unknown; pointer: string },
): Source {
  if (isObject(value)) return { reading, fields: value, pointer }
  fail(reading, { code: 'unreadable', pointer, message: 'not an object' })
  return { reading, fields: {}, pointer }
}

function problemOf(reading: Reading): CannotPrice | null {
  return reading.problem
}
