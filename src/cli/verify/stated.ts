import type { Decimal } from '../../clearing/decimal.ts'
import { readDecimal } from '../../clearing/decimal.ts'
import { isRecord, listOf } from '../../clearing/read.ts'
import type { RoundingMode } from './rounding.ts'
import { roundingNamed } from './rounding.ts'

/** One tax line as a source states it. `rate` null: no percentage; `taxable`, `amount` null: not stated. */
export type StatedTax = {
  readonly rate: Decimal | null
  readonly taxable: Decimal | null
  readonly amount: Decimal | null
}

/** An amount as a source states it. Null: that side is not stated. `unread`: members that say nothing we could read. */
export type StatedMoney = {
  readonly excl: Decimal | null
  readonly incl: Decimal | null
  readonly tax: Decimal | null
  readonly lines: readonly StatedTax[]
  readonly unread: readonly string[]
}

const SIDES: Readonly<Record<string, 'excl' | 'incl'>> = {
  excl_vat: 'excl',
  before_taxes: 'excl',
  excl: 'excl',
  incl_vat: 'incl',
  after_taxes: 'incl',
  incl: 'incl',
}

/**
 * Reads an amount in every form the vectors use: a bare number or decimal text (before taxes), {excl_vat, incl_vat},
 * {before_taxes, after_taxes} or {before_taxes, taxes: [{amount, percentage?}]}. Other text is `unread`.
 */
export function readStated(value: unknown): StatedMoney {
  const none = { excl: null, incl: null, tax: null, lines: [], unread: [] }
  const bare = readDecimal(value)
  if (bare !== null) return { ...none, excl: bare }
  if (!isRecord(value)) return value === null ? none : { ...none, unread: [''] }
  const sides: { excl: Decimal | null; incl: Decimal | null } = { excl: null, incl: null }
  const unread: string[] = []
  for (const [name, member] of Object.entries(value)) {
    const side = SIDES[name]
    const figure = readDecimal(member)
    if (side !== undefined && figure !== null) sides[side] = figure
    else if (member !== null && name !== 'taxes') unread.push(`.${name}`)
  }
  const { tax, lines, isRead } = readTaxes(value['taxes'])
  if (!isRead) unread.push('.taxes')
  const added = sides.excl === null || tax === null ? null : sides.excl + tax
  return { ...sides, incl: sides.incl ?? added, tax, lines, unread }
}

function readTaxes(value: unknown): {
  tax: Decimal | null
  lines: readonly StatedTax[]
  isRead: boolean
} {
  if (value === undefined || value === null) return { tax: null, lines: [], isRead: true }
  const lines = listOf(value).map(readTaxLine)
  let tax = 0n
  for (const line of lines) {
    if (line.amount === null) return { tax: null, lines: [], isRead: false }
    tax += line.amount
  }
  return { tax: Array.isArray(value) ? tax : null, lines, isRead: Array.isArray(value) }
}

/** Reads `{percentage, taxable, amount}`; also `rate`, `vat` and `base`. */
export function readTaxLine(value: unknown): StatedTax {
  const fields = isRecord(value) ? value : {}
  return {
    rate: readDecimal(fields['percentage'] ?? fields['rate'] ?? fields['vat']),
    taxable: readDecimal(fields['taxable'] ?? fields['base']),
    amount: readDecimal(fields['amount']),
  }
}

/** True for the words in which sources leave a figure out. */
export function isLeftOut(value: unknown): boolean {
  return typeof value === 'string' && /^(not |un)(stated|known|given)\b/i.test(value)
}

/** How a case wants its figures compared. */
export type Comparing = {
  readonly places: number
  readonly mode: RoundingMode
  readonly tolerance: Decimal
  readonly unread: readonly string[]
}

const DEFAULTS = { places: 6, mode: 'half_up', tolerance: 0n } as const
const PLACES_MAX = 30

/** Reads `expected.compare`. What is absent or null: 6 decimals, half up, no tolerance. */
export function readComparing(value: unknown): Comparing {
  const fields = isRecord(value) ? value : {}
  const unread: string[] = []
  const places = readPlaces(fields['scale'])
  if (places === undefined) unread.push('.scale')
  const named = fields['rounding']
  const mode = typeof named === 'string' ? roundingNamed(named) : null
  if (mode === null && named !== undefined && named !== null) unread.push('.rounding')
  const tolerance = readDecimal(fields['tolerance'])
  if (tolerance === null && (fields['tolerance'] ?? null) !== null) unread.push('.tolerance')
  return {
    places: places ?? DEFAULTS.places,
    mode: mode ?? DEFAULTS.mode,
    tolerance: tolerance === null || tolerance < 0n ? DEFAULTS.tolerance : tolerance,
    unread,
  }
}

/** Null: not stated; undefined: stated, and no number of decimals. */
function readPlaces(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null
  const count = typeof value === 'string' && value !== '' ? Number(value) : value
  const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0
  return isCount && count <= PLACES_MAX ? count : undefined
}

/** How many decimals a figure is printed with; trailing zeros count. */
export function printedPlaces(value: unknown): number {
  const text = String(value)
  const [, fraction = '', exponent = '0'] =
    /^[+-]?\d+(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  return Math.min(PLACES_MAX, Math.max(0, fraction.length - Number(exponent)))
}
