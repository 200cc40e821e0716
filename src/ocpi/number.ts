import { assert } from '../assert.ts'

/**
 * The plain decimal text (no exponent, no `-0`) of a parsed JSON number, or of the exact text of one that
 * `scanBody` recorded as long. `String(n)` of a number that was written with at most 15 significant digits is exact.
 * Asserts that the value is a finite number or a JSON number text.
 */
export function decimalText(value: number | string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(String(value))
  assert(match !== null, 'decimalText needs a finite number')
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  assert(Math.abs(point) <= 400, 'decimalText needs a number within the range of a double')
  const padded = digits.padEnd(point, '0')
  const left = point > 0 ? padded.slice(0, point) : '0'
  const right = point > 0 ? padded.slice(point) : '0'.repeat(-point) + digits
  const integer = left.replace(/^0+(?=\d)/, '')
  const text = right === '' ? integer : `${integer}.${right}`
  return sign === '' || /^[0.]*$/.test(text) ? text : `-${text}`
}
