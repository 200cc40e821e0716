import { assert } from '../assert.ts'

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Decimal text as a whole number of 10^-`scale`, rounded half to even where it has more digits.
 * Asserts that the text is a number. `decimalUnits('0.4991', 6)` is 499100n.
 */
export function decimalUnits(text: string, scale: number): bigint {
  const parts = PLAIN.exec(text)
  assert(parts, `not a number: ${text}`)
  const fraction = parts[3] ?? ''
  const digits = BigInt(`${parts[2]}${fraction}`)
  const shift = scale - fraction.length + Number(parts[4] ?? '0')
  const units = shift >= 0 ? digits * 10n ** BigInt(shift) : halfEven(digits, 10n ** BigInt(-shift))
  return parts[1] === '-' ? -units : units
}

/** `value / divisor` as a whole number, halves to the even neighbour. The divisor is positive. */
export function halfEven(value: bigint, divisor: bigint): bigint {
  const negative = value < 0n
  const size = negative ? -value : value
  const floor = size / divisor
  const twice = (size % divisor) * 2n
  const up = twice > divisor || (twice === divisor && floor % 2n === 1n)
  const rounded = up ? floor + 1n : floor
  return negative ? -rounded : rounded
}

/** Whole units of 10^-`scale` as decimal text, without needless zeros: 499100n, 6 is '0.4991'. */
export function decimalText(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

/** Micro-units as an amount to read: always two to six decimals. */
export function amountText(micros: bigint): string {
  const text = decimalText(micros, 6)
  const fraction = text.split('.')[1] ?? ''
  if (fraction.length >= 2) return text
  return fraction === '' ? `${text}.00` : `${text}0`
}
