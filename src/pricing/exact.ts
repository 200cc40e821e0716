/** An exact rational number n / d with d > 0. Not always reduced; compare with `compare`, never by field. */
export type Exact = { readonly n: bigint; readonly d: bigint }

export const ZERO: Exact = { n: 0n, d: 1n }

/** No price, rate, limit or volume may be larger than this: beyond it lies a unit mistake or an attack. */
const VALUE_MAX = 1_000_000_000_000
const VALUE_MAX_BIG = BigInt(VALUE_MAX)
/** More decimals than any real number has, few enough that products stay small. */
const DECIMALS_MAX = 40
const TEXT_CHARS_MAX = 64
const DECIMAL_TEXT = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/
const POWERS = Array.from({ length: 128 }, (_, exponent) => 10n ** BigInt(exponent))
const EXPONENTS = new Map(POWERS.map((value, exponent) => [value, exponent]))
const DIGIT_ZERO = 48

/**
 * Reads a JSON number or a decimal text, exactly: the shortest text of a JSON number is what was sent up to 15
 * significant digits. Answers a word instead when it is no number, is beyond 1e12 or has more than 40 decimals.
 */
export function readExact(value: unknown): Exact | 'unreadable' | 'out_of_range' {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && Math.abs(value) <= VALUE_MAX)
      return { n: BigInt(value), d: 1n }
    return readText(String(value))
  }
  return typeof value === 'string' ? readText(value) : 'unreadable'
}

function readText(text: string): Exact | 'unreadable' | 'out_of_range' {
  if (text.length > TEXT_CHARS_MAX) return 'unreadable'
  const parts = DECIMAL_TEXT.exec(text)
  if (parts === null) return 'unreadable'
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return ZERO
  const decimals = fraction.length - Number(exponent)
  if (decimals > DECIMALS_MAX || decimals < -12) return 'out_of_range'
  const n = sign === '-' ? -digits : digits
  const exact = decimals >= 0 ? { n, d: power(decimals) } : { n: n * power(-decimals), d: 1n }
  return digits * power(Math.max(0, -decimals)) > VALUE_MAX_BIG * exact.d ? 'out_of_range' : exact
}

export function whole(value: number): Exact {
  return { n: BigInt(value), d: 1n }
}

export function isZero(a: Exact): boolean {
  return a.n === 0n
}

export function isNegative(a: Exact): boolean {
  return a.n < 0n
}

export function add(a: Exact, b: Exact): Exact {
  if (a.d === b.d) return { n: a.n + b.n, d: a.d }
  const shared = greatestCommonDivisor(a.d, b.d)
  const left = b.d / shared
  return { n: a.n * left + b.n * (a.d / shared), d: a.d * left }
}

export function subtract(a: Exact, b: Exact): Exact {
  return add(a, { n: -b.n, d: b.d })
}

export function multiply(a: Exact, b: Exact): Exact {
  return { n: a.n * b.n, d: a.d * b.d }
}

/** a / b. The caller has made sure that b is not zero. */
export function divide(a: Exact, b: Exact): Exact {
  return b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n }
}

/** Below zero, zero or above zero as a is smaller than, equal to or larger than b. */
export function compare(a: Exact, b: Exact): number {
  const difference = a.d === b.d ? a.n - b.n : a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function largerOf(a: Exact, b: Exact): Exact {
  return compare(a, b) < 0 ? b : a
}

/** a × 10^decimals as an integer, rounded half-even. */
export function scaled(a: Exact, decimals: number): bigint {
  const numerator = a.n * power(decimals)
  const quotient = numerator / a.d
  const rest = numerator - quotient * a.d
  if (rest === 0n) return quotient
  const away = numerator < 0n ? -1n : 1n
  const twice = (rest < 0n ? -rest : rest) * 2n
  if (twice < a.d) return quotient
  if (twice > a.d) return quotient + away
  return quotient % 2n === 0n ? quotient : quotient + away
}

/** The decimal text of value / 10^decimals without trailing zeros. */
export function decimalText(value: bigint, decimals: number): string {
  if (value === 0n) return '0'
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0')
  const cut = digits.length - decimals
  let end = digits.length
  while (end > cut && digits.charCodeAt(end - 1) === DIGIT_ZERO) end -= 1
  const text =
    end === cut ? digits.slice(0, cut) : `${digits.slice(0, cut)}.${digits.slice(cut, end)}`
  return value < 0n ? `-${text}` : text
}

/** The decimal text of a, rounded half-even to at most `decimals` decimals. */
export function exactText(a: Exact, decimals: number): string {
  const own = EXPONENTS.get(a.d)
  return own !== undefined && own <= decimals
    ? decimalText(a.n, own)
    : decimalText(scaled(a, decimals), decimals)
}

/** 10^exponent; exponents are bounded by DECIMALS_MAX and the output precision. */
function power(exponent: number): bigint {
  return POWERS[exponent] ?? 10n ** BigInt(exponent)
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let larger = a
  let smaller = b
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller]
  return larger
}
