import { isDeepStrictEqual } from 'node:util'
import { priceCdr } from '../../pricing/price.ts'
import type { PricedCdr } from '../../pricing/types.ts'
import { readDecimal } from '../decimal.ts'
import { at, isRecord, listOf } from '../read.ts'
import type { Recomputation } from './types.ts'

/** What a price is reckoned from, beside tariffs, zone and policy. */
const PRICED_MEMBERS = [
  'start_date_time',
  'end_date_time',
  'stop_date_time',
  'currency',
  'charging_periods',
  'total_energy',
  'total_time',
  'total_cost',
]

/** Prices the CDR of a recomputation once more, by our engine. */
export function repriced(of: Extract<Recomputation, { possible: true }>): PricedCdr {
  return priceCdr(of.cdr, of.tariffs, { timeZone: of.time_zone, policy: of.policy })
}

/** True when two bills are the same to the digit, whoever gave the zone. */
export function isSameBill(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b))
}

/** True when two CDRs say the same of everything that a price is reckoned from; `1.50` and 1.5 are the same. */
export function isSameClaim(a: unknown, b: unknown): boolean {
  return PRICED_MEMBERS.every((name) => isSame(at(a, `/${name}`), at(b, `/${name}`)))
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (isNothing(a) && isNothing(b))) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    const [one, other] = [listOf(a), listOf(b)]
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]))
  }
  if (isRecord(a) && isRecord(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...names].every((name) => isSame(a[name], b[name]))
  }
  const [one, other] = [numberOf(a), numberOf(b)]
  return one !== null && one === other
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

/** Numbers too long for JSON.parse stand as text behind a mark. */
function numberOf(value: unknown): bigint | null {
  return readDecimal(typeof value === 'string' ? value.replace(/^\u0000/, '') : value)
}

function plain(value: unknown): unknown {
  const bill: unknown = JSON.parse(JSON.stringify(value))
  return isRecord(bill) ? { ...bill, timeZone: null } : bill
}
