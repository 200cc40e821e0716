import type { Fault } from '../errors.ts'
import { decimalText } from './number.ts'
import { escapePointer, isRecord } from './validate.ts'

/** The members that hold money in CDRs and tariffs of every version. */
const AMOUNTS = new Set([
  'price',
  'excl_vat',
  'incl_vat',
  'before_taxes',
  'after_taxes',
  'amount',
  'total_cost',
])
const DECIMALS_MAX = 4
const DIGITS_MAX = 15

/**
 * Amounts with more decimals than OCPI has (2.2.1 Types, number: 4), or more digits than many readers keep. They are
 * sound and used as they are. In `value` numbers that a double cannot hold are their exact text.
 */
export function fineAmounts(value: unknown): Fault[] {
  const faults: Fault[] = []
  visit(value, '', faults)
  return faults
}

function visit(value: unknown, pointer: string, faults: Fault[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, `${pointer}/${index}`, faults)
    return
  }
  if (!isRecord(value)) return
  for (const [name, member] of Object.entries(value)) {
    const place = `${pointer}/${escapePointer(name)}`
    const message = AMOUNTS.has(name) ? finenessOf(member) : null
    if (message !== null) faults.push({ pointer: place, message })
    else visit(member, place, faults)
  }
}

function finenessOf(amount: unknown): string | null {
  const isNumber = typeof amount === 'number' || (typeof amount === 'string' && TEXT.test(amount))
  if (!isNumber) return null
  const [whole = '', fraction = ''] = decimalText(amount).replace('-', '').split('.')
  const decimals = fraction.replace(/0+$/, '')
  const digits = `${whole}${decimals}`.replace(/^0+/, '')
  const significant = decimals === '' ? digits.replace(/0+$/, '') : digits
  if (significant.length > DIGITS_MAX) return `has more than ${DIGITS_MAX} digits`
  return decimals.length > DECIMALS_MAX ? `has more than ${DECIMALS_MAX} decimals` : null
}

/** The exact text of a number of JSON that a double cannot hold. */
const TEXT = /^-?\d{1,32}(\.\d{1,32})?([eE][+-]?\d{1,2})?$/
