import { assert } from '../assert.ts'

/** A decimal number as a bigint scaled by 10^36: exact to add, subtract and compare. Zero is 0n. */
export type Decimal = bigint

const PLACES = 36
const ONE = 10n ** 36n
/** 10^0 to 10^72: powers of bigints are slow, and every number needs one. */
const POWERS = Array.from({ length: 2 * PLACES + 1 }, (_, places) => 10n ** BigInt(places))
const TEXT = /^([+-]?)(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * Reads a parsed JSON number or a decimal text. Null when it is neither. `String(n)` of a number that was written with
 * at most 15 significant digits is exact. What stands behind the 36th decimal is cut off: it is below every tolerance.
 */
export function readDecimal(value: unknown): Decimal | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null
  const match = TEXT.exec(String(value))
  if (match === null) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const shift = PLACES - fraction.length + Number(exponent)
  if (shift > 2 * PLACES) return null
  const digits = BigInt(whole + fraction)
  const size = shift >= 0 ? digits * power(shift) : digits / power(-shift)
  return sign === '-' ? -size : size
}

function power(places: number): bigint {
  return POWERS[places] ?? 10n ** BigInt(places)
}

/** Reads a decimal that is ours (a parameter, an agreement term, a priced total): asserts that it is one. */
export function exactly(value: number | string): Decimal {
  const read = readDecimal(value)
  assert(read !== null, `${value} is no decimal number`)
  return read
}

/** The product, cut toward zero behind the 36th decimal. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  return (a * b) / ONE
}

/** The exact fraction `numerator / denominator`, cut toward zero behind the 36th decimal. */
export function ratio(numerator: bigint, denominator: bigint): Decimal {
  return (numerator * ONE) / denominator
}

/** 10^-places. */
export function unitOf(places: number): Decimal {
  return power(PLACES - Math.min(places, PLACES))
}

/** How many decimals a value was stated with; trailing zeros do not count. */
export function decimalsOf(value: Decimal): number {
  const fraction = String(absolute(value) % ONE).padStart(PLACES, '0')
  return fraction.replace(/0+$/, '').length
}

/** The value without its sign. */
export function absolute(value: Decimal): Decimal {
  return value < 0n ? -value : value
}

/** The largest of the values. */
export function largest(first: Decimal, ...rest: readonly Decimal[]): Decimal {
  return rest.reduce((most, value) => (value > most ? value : most), first)
}

/** Plain decimal text without exponent, with at least `placesMin` decimals. */
export function textOf(value: Decimal, placesMin = 0): string {
  const size = absolute(value)
  const fraction = String(size % ONE)
    .padStart(PLACES, '0')
    .replace(/0+$/, '')
    .padEnd(placesMin, '0')
  const whole = String(size / ONE)
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** For showing only: the text of the value rounded half up (away from zero) to `places` decimals. */
export function shownText(value: Decimal, shape: { places: number; placesMin?: number }): string {
  const unit = unitOf(shape.places)
  const units = (absolute(value) + unit / 2n) / unit
  return textOf(value < 0n ? -units * unit : units * unit, shape.placesMin)
}
