import { at, isRecord } from './read.ts'

/** The members of a Tariff (2.1.1, 2.2.1, 2.3.0) that decide a price. */
const PRICING_MEMBERS = [
  'currency',
  'elements',
  'min_price',
  'max_price',
  'start_date_time',
  'end_date_time',
  'tax_included',
] as const

/** True when two tariffs, parsed, price every session alike because they say the same, whatever else differs in them. */
export function hasSamePrices(a: unknown, b: unknown): boolean {
  return PRICING_MEMBERS.every((name) => isSame(at(a, `/${name}`), at(b, `/${name}`)))
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  if (!isRecord(a) || !isRecord(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]))
}
