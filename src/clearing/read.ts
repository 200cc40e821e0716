import type { Decimal } from './decimal.ts'
import { absolute, exactly, readDecimal } from './decimal.ts'
import { limits } from '../../config/limits.ts'
import { instant } from '../pricing/instant.ts'

/** An amount of money as a partner states it: without tax, and with it where that is known. */
export type Price = { excl: Decimal; incl: Decimal | null }

/** One charging period. Times are epoch milliseconds, energy kWh, the rest hours; null = not stated. */
export type Period = {
  pointer: string
  start: number
  energy: Decimal | null
  charging: Decimal | null
  parking: Decimal | null
  reserved: Decimal | null
}

/** What the checks need of a CDR, read once. */
export type CdrFacts = {
  start: number
  end: number
  currency: string
  total: Price
  energy: Decimal
  hours: Decimal
  parkingHours: Decimal | null
  sessionId: string | null
  tariffIds: readonly string[]
  periods: readonly Period[]
}

/** A value that a check needs and nobody can read. `value` is what stands there, as text; null = nothing. */
export type Unreadable = { pointer: string; value: string | null; wanted: string }

export type Reading =
  { facts: CdrFacts; unreadable: readonly [] } | { facts: null; unreadable: readonly Unreadable[] }

/** Reads an OCPI CDR (2.2.1 or 2.3.0, nulls dropped). Facts only when every needed value can be read. */
export function readCdr(value: unknown): Reading {
  const unreadable: Unreadable[] = []
  const complain = (pointer: string, wanted: string): void => {
    unreadable.push({ pointer, wanted, value: shown(at(value, pointer)) })
  }
  const start = readTime(at(value, '/start_date_time'))
  const end = readTime(at(value, '/end_date_time'))
  const currency = readText(at(value, '/currency'))?.toUpperCase() ?? null
  const total = readPrice(at(value, '/total_cost'))
  const energy = readDecimal(at(value, '/total_energy'))
  const hours = readDecimal(at(value, '/total_time'))
  const periods = readPeriods(value, complain)
  if (start === null) complain('/start_date_time', 'a date and time')
  if (end === null) complain('/end_date_time', 'a date and time')
  if (currency === null) complain('/currency', 'a currency code of ISO 4217, say EUR')
  if (total === null || !isBookable(total)) complain('/total_cost', 'an amount that can be booked')
  if (energy === null) complain('/total_energy', 'a number of kWh')
  if (hours === null) complain('/total_time', 'a number of hours')
  if (start === null || end === null || currency === null || total === null)
    return { facts: null, unreadable }
  if (energy === null || hours === null || unreadable.length > 0) return { facts: null, unreadable }
  const parkingHours = readDecimal(at(value, '/total_parking_time'))
  const sessionId = readText(at(value, '/session_id'))
  const tariffIds = tariffIdsOf(value)
  const facts = {
    start,
    end,
    currency,
    total,
    energy,
    hours,
    parkingHours,
    sessionId,
    tariffIds,
    periods,
  }
  return { facts, unreadable: [] }
}

/** True for a CDR that takes an earlier one back (OCPI 2.2.1, Credit CDRs). */
export function isCredit(value: unknown): boolean {
  return at(value, '/credit') === true
}

/** The value at a JSON pointer without escapes, or undefined. */
export function at(value: unknown, pointer: string): unknown {
  let found = value
  let start = 1
  while (start <= pointer.length) {
    const slash = pointer.indexOf('/', start)
    const end = slash === -1 ? pointer.length : slash
    const key = pointer.slice(start, end)
    start = end + 1
    if (Array.isArray(found)) found = found[Number(key)]
    else if (isRecord(found) && Object.hasOwn(found, key)) found = found[key]
    else return undefined
  }
  return found
}

/** A JSON object, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The elements of a list; nothing for what is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text with at least one visible character, without the spaces around it. */
export function readText(value: unknown): string | null {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? null : text
}

/**
 * Reads Price of 2.2.1 (excl_vat, incl_vat?), Price of 2.3.0 (before_taxes, taxes?) and PriceLimit of 2.3.0
 * (before_taxes, after_taxes?). No taxes listed is "not known", never zero. Null when a given part cannot be read.
 */
export function readPrice(value: unknown): Price | null {
  const excl = readDecimal(at(value, '/excl_vat') ?? at(value, '/before_taxes'))
  if (excl === null) return null
  const given = at(value, '/incl_vat') ?? at(value, '/after_taxes')
  if (given !== undefined && given !== null) {
    const incl = readDecimal(given)
    return incl === null ? null : { excl, incl }
  }
  const taxes = listOf(at(value, '/taxes')).map((tax) => readDecimal(at(tax, '/amount')))
  if (taxes.length === 0) return { excl, incl: null }
  let incl = excl
  for (const tax of taxes) {
    if (tax === null) return null
    incl += tax
  }
  return { excl, incl }
}

/** Epoch milliseconds of an OCPI DateTime, null when it is none. Read as pricing reads it. */
export function readTime(value: unknown): number | null {
  return typeof value === 'string' ? (instant(value)?.ms ?? null) : null
}

/** What stands in a field, as short text for a finding; null = nothing. */
export function shown(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}

function isBookable(price: Price): boolean {
  const most = exactly(limits.amountUnitsMax)
  const tax = price.incl === null ? 0n : price.incl - price.excl
  return [price.excl, price.incl ?? 0n, tax].every((amount) => absolute(amount) <= most)
}

function readPeriods(cdr: unknown, complain: (pointer: string, wanted: string) => void): Period[] {
  const list = at(cdr, '/charging_periods')
  if (!Array.isArray(list)) complain('/charging_periods', 'a list of charging periods')
  return listOf(list).flatMap((item, index) => {
    const pointer = `/charging_periods/${index}`
    const start = readTime(at(item, '/start_date_time'))
    if (start === null) complain(`${pointer}/start_date_time`, 'a date and time')
    const volumes = readVolumes({ period: item, pointer, complain })
    return start === null ? [] : [{ pointer, start, ...volumes }]
  })
}

/** The dimensions that are priced. The others (power, current, state of charge) decide nothing here. */
const DIMENSIONS = {
  ENERGY: 'energy',
  TIME: 'charging',
  PARKING_TIME: 'parking',
  RESERVATION_TIME: 'reserved',
} as const

type Volumes = Pick<Period, 'energy' | 'charging' | 'parking' | 'reserved'>

function readVolumes(from: {
  period: unknown
  pointer: string
  complain: (pointer: string, wanted: string) => void
}): Volumes {
  const volumes: Volumes = { energy: null, charging: null, parking: null, reserved: null }
  listOf(at(from.period, '/dimensions')).forEach((dimension, index) => {
    const type = at(dimension, '/type')
    if (
      type !== 'ENERGY' &&
      type !== 'TIME' &&
      type !== 'PARKING_TIME' &&
      type !== 'RESERVATION_TIME'
    )
      return
    const volume = readDecimal(at(dimension, '/volume'))
    const name = DIMENSIONS[type]
    if (volume === null) from.complain(`${from.pointer}/dimensions/${index}/volume`, 'a number')
    else volumes[name] = (volumes[name] ?? 0n) + volume
  })
  return volumes
}

function tariffIdsOf(cdr: unknown): readonly string[] {
  const ids = listOf(at(cdr, '/charging_periods')).map((period) =>
    readText(at(period, '/tariff_id')),
  )
  return [...new Set(ids.flatMap((id) => (id === null ? [] : [id.toUpperCase()])))]
}
