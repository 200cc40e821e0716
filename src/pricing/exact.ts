/**
 * An exact number: n / 10^decimals, and that over `over` (above zero) where something was divided that need not end.
 * Not reduced: compare with `compare`, never by field.
 */
export type Exact = {
  readonly n: bigint
  readonly decimals: number
  readonly over: bigint | null
}

/** Half to the even neighbour; half away from zero; or always away from zero. */
export type RoundingMode = 'half_even' | 'half_up' | 'up'

export const ZERO: Exact = { n: 0n, decimals: 0, over: null }

/** No price, rate, limit or volume may be larger than this: beyond it lies a unit mistake or an attack. */
const VALUE_MAX = 1_000_000_000_000
/** More decimals than any real number has, few enough that products stay small. */
const DECIMALS_MAX = 40
const TEXT_CHARS_MAX = 64
const EXPONENT_TEXT = /^[+-]?\d{1,3}$/
const POWERS = Array.from({ length: 128 }, (_, exponent) => 10n ** BigInt(exponent))
/** Milliseconds in hours end after at most 7 decimals, or not at all. */
const ENDING_DECIMALS = 7
const ENDING = 10n ** BigInt(ENDING_DECIMALS)
const DIGIT_ZERO = 48
const DIGIT_NINE = 57
const MINUS = 45
const POINT = 46

/**
 * Reads a JSON number or a decimal text, exactly: the shortest text of a JSON number is what was sent up to 15
 * significant digits. Answers a word instead when it is no number, is beyond 1e12 or has more than 40 decimals.
 */
export function readExact(value: unknown): Exact | 'unreadable' | 'out_of_range' {
  if (typeof value === 'number' && Math.abs(value) <= VALUE_MAX)
    return Number.isSafeInteger(value) ? whole(value) : readText(String(value))
  const exact = readUnbounded(value)
  if (typeof exact === 'string') return exact
  const size = isNegative(exact) ? negated(exact) : exact
  return compare(size, VALUE_LIMIT) > 0 ? 'out_of_range' : exact
}

/** Likewise without the bound of 1e12, for what an amount is only held against. */
export function readUnbounded(value: unknown): Exact | 'unreadable' | 'out_of_range' {
  if (typeof value === 'number') return readText(String(value))
  return typeof value === 'string' ? readText(value) : 'unreadable'
}

/** `-12.34`, or with an exponent as in `1.2e-7`. */
function readText(text: string): Exact | 'unreadable' | 'out_of_range' {
  if (text.length > TEXT_CHARS_MAX) return 'unreadable'
  const first = text.charCodeAt(0) === MINUS ? 1 : 0
  let end = text.length
  let point = -1
  let digits = 0
  for (let index = first; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code >= DIGIT_ZERO && code <= DIGIT_NINE) digits = digits * 10 + (code - DIGIT_ZERO)
    else if (code === POINT && point < 0) point = index
    else if (text[index] === 'e' || text[index] === 'E') end = index
    else return 'unreadable'
  }
  const exponent = end === text.length ? 0 : readExponent(text.slice(end + 1))
  const wholeEnd = point < 0 ? end : point
  const fractionStart = point < 0 ? end : point + 1
  if (exponent === null || wholeEnd === first || point === end - 1) return 'unreadable'
  if (digits === 0) return ZERO
  const decimals = end - fractionStart - exponent
  if (decimals > DECIMALS_MAX) return 'out_of_range'
  // Up to here every step was exact; more digits than that need a BigInt from the start.
  const size = Number.isSafeInteger(digits)
    ? BigInt(digits)
    : BigInt(text.slice(first, wholeEnd) + text.slice(fractionStart, end))
  const n = first === 1 ? -size : size
  return decimals < 0 ? decimal(n * power(-decimals), 0) : decimal(n, decimals)
}

function readExponent(text: string): number | null {
  return EXPONENT_TEXT.test(text) ? Number(text) : null
}

export function whole(value: number): Exact {
  return { n: BigInt(value), decimals: 0, over: null }
}

const VALUE_LIMIT = whole(VALUE_MAX)

/** n / 10^decimals. */
export function decimal(n: bigint, decimals: number): Exact {
  return { n, decimals, over: null }
}

export function isZero(a: Exact): boolean {
  return a.n === 0n
}

export function isNegative(a: Exact): boolean {
  return a.n < 0n
}

export function negated(a: Exact): Exact {
  return { n: -a.n, decimals: a.decimals, over: a.over }
}

export function add(a: Exact, b: Exact): Exact {
  // Most quantities of a period are zero.
  if (b.n === 0n) return a
  if (a.over !== b.over) return addUnlike(a, b)
  const { decimals, over } = a
  if (decimals === b.decimals) return { n: a.n + b.n, decimals, over }
  if (decimals > b.decimals) return { n: a.n + b.n * power(decimals - b.decimals), decimals, over }
  return { n: a.n * power(b.decimals - decimals) + b.n, decimals: b.decimals, over }
}

/** Denominators of thousands of tax rates, each of 40 digits, would grow beyond use: then 100 decimals are exact enough. */
const OVER_MAX = 10n ** 500n
const CUT_DECIMALS = 100

/** The smallest common denominator keeps a long sum from growing with every part. */
function addUnlike(a: Exact, b: Exact): Exact {
  const ofA = a.over ?? 1n
  const ofB = b.over ?? 1n
  const byA = ofB / greatestCommonDivisor(ofA, ofB)
  const over = ofA * byA
  if (over > OVER_MAX) return add(rounded(a, CUT_DECIMALS), rounded(b, CUT_DECIMALS))
  return add(
    { n: a.n * byA, decimals: a.decimals, over },
    { n: b.n * (over / ofB), decimals: b.decimals, over },
  )
}

export function subtract(a: Exact, b: Exact): Exact {
  return add(a, negated(b))
}

export function multiply(a: Exact, b: Exact): Exact {
  const over = a.over === null ? b.over : b.over === null ? a.over : a.over * b.over
  return { n: a.n * b.n, decimals: a.decimals + b.decimals, over }
}

/** a / b. The caller has made sure that b is not zero. A quotient that ends soon stays a plain decimal. */
export function divide(a: Exact, b: Exact): Exact {
  const { decimals } = a
  const divisor = b.n * (a.over ?? 1n)
  const over = divisor < 0n ? -divisor : divisor
  const n = a.n * power(b.decimals) * (b.over ?? 1n) * (divisor < 0n ? -1n : 1n)
  const more = n * ENDING
  return more % over === 0n
    ? { n: more / over, decimals: decimals + ENDING_DECIMALS, over: null }
    : { n, decimals, over }
}

/** a / 10^places. */
export function shifted(a: Exact, places: number): Exact {
  return { n: a.n, decimals: a.decimals + places, over: a.over }
}

/** Below zero, zero or above zero as a is smaller than, equal to or larger than b. */
export function compare(a: Exact, b: Exact): number {
  const difference = subtract(a, b).n
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function largerOf(a: Exact, b: Exact): Exact {
  return compare(a, b) < 0 ? b : a
}

/** a with at most `decimals` decimals. */
export function rounded(a: Exact, decimals: number, mode: RoundingMode = 'half_even'): Exact {
  if (a.over === null && a.decimals <= decimals) return a
  return { n: scaled(a, decimals, mode), decimals, over: null }
}

/** a × 10^decimals as an integer, rounded. */
export function scaled(a: Exact, decimals: number, mode: RoundingMode = 'half_even'): bigint {
  if (a.over === null && a.decimals <= decimals) return a.n * power(decimals - a.decimals)
  const numerator = a.n * power(decimals)
  const denominator = power(a.decimals) * (a.over ?? 1n)
  const quotient = numerator / denominator
  const rest = numerator - quotient * denominator
  if (rest === 0n) return quotient
  const away = numerator < 0n ? quotient - 1n : quotient + 1n
  if (mode === 'up') return away
  const twice = (rest < 0n ? -rest : rest) * 2n
  if (twice !== denominator) return twice > denominator ? away : quotient
  return mode === 'half_up' || quotient % 2n !== 0n ? away : quotient
}

/** The decimal text of value / 10^decimals without trailing zeros. */
export function decimalText(value: bigint, decimals: number): string {
  // Most figures of a bill are zero.
  if (value === 0n) return '0'
  const text = value.toString()
  return decimals === 0 ? text : withPoint(text, decimals)
}

/** `12500` with 3 decimals is `12.5`. */
function withPoint(text: string, decimals: number): string {
  if (text.charCodeAt(0) === MINUS) return `-${withPoint(text.slice(1), decimals)}`
  const digits = text.padStart(decimals + 1, '0')
  const point = digits.length - decimals
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === DIGIT_ZERO) end -= 1
  const before = digits.slice(0, point)
  return end === point ? before : `${before}.${digits.slice(point, end)}`
}

/** The decimal text of a, rounded half-even to at most `decimals` decimals. */
export function exactText(a: Exact, decimals: number): string {
  const { n, decimals: own } = rounded(a, decimals)
  return decimalText(n, own)
}

/** 10^exponent; exponents are bounded by DECIMALS_MAX and the output precision. */
function power(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent)
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let larger = a
  let smaller = b
  while (smaller !== 0n) {
    const rest = larger % smaller
    larger = smaller
    smaller = rest
  }
  return larger
}
