import { assert } from '../assert.ts'
import { limits } from '../../config/limits.ts'

/**
 * What decimal text became. `residue` is decimal text with value = micros × 10⁻⁶ + residue, exactly; '0' when nothing
 * was rounded. `unreadable`: not a decimal number. `absurd`: larger than any amount the hub books.
 */
export type Amount =
  | { readonly status: 'ok'; readonly micros: bigint; readonly residue: string }
  | { readonly status: 'unreadable' | 'absurd' }

const MICRO_DIGITS = 6
const MICROS_PER_UNIT = 10n ** BigInt(MICRO_DIGITS)
const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/
// The smallest number that JSON.parse can return is 5e-324, so nothing it read is beyond these.
const EXPONENT_MAX = 400
const DIGITS_MAX = 400

/** Decimal text (also `1e-7`, as String(n) writes it) → micro-units, rounded half to even. */
export function toMicros(decimalText: string): Amount {
  const match = DECIMAL.exec(decimalText)
  if (!match) return { status: 'unreadable' }
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  if (whole.length + fraction.length > DIGITS_MAX || Math.abs(exponent) > EXPONENT_MAX)
    return { status: 'absurd' }
  const digits = BigInt(whole + fraction)
  const scale = fraction.length - exponent
  const { quotient, remainder } = roundHalfEven(digits, scale - MICRO_DIGITS)
  if (quotient > BigInt(limits.amountUnitsMax) * MICROS_PER_UNIT) return { status: 'absurd' }
  const factor = sign === '-' ? -1n : 1n
  return {
    status: 'ok',
    micros: factor * quotient,
    residue: plain(factor * remainder, Math.max(scale, 0)),
  }
}

/** Micro-units → plain decimal text with at least 2 decimals: 24000000n → '24.00', -1n → '-0.000001'. */
export function fromMicros(micros: bigint): string {
  const text = plain(micros, MICRO_DIGITS)
  const decimals = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0
  if (decimals >= 2) return text
  return decimals === 0 ? `${text}.00` : `${text}0`
}

/** digits × 10^-drop → the nearest integer, half to even, and what was left over in units of 10^-drop. */
function roundHalfEven(digits: bigint, drop: number): { quotient: bigint; remainder: bigint } {
  if (drop <= 0) return { quotient: digits * 10n ** BigInt(-drop), remainder: 0n }
  const divisor = 10n ** BigInt(drop)
  const floor = digits / divisor
  const left = digits % divisor
  const up = left * 2n > divisor || (left * 2n === divisor && floor % 2n === 1n)
  return up
    ? { quotient: floor + 1n, remainder: left - divisor }
    : { quotient: floor, remainder: left }
}

/** value × 10^-scale as plain decimal text without trailing zeros. */
function plain(value: bigint, scale: number): string {
  assert(scale >= 0, 'a scale is never negative')
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
