/** Exact fractions for tests of prices: short and slow, and sharing nothing with the arithmetic that they check. */
export type Fraction = { n: bigint; d: bigint }

/** n / d; d is not zero. */
export function fraction(n: bigint | number, d: bigint | number = 1): Fraction {
  const [over, under] = [BigInt(n), BigInt(d)]
  return under < 0n ? { n: -over, d: -under } : { n: over, d: under }
}

/** The value of a decimal text as a bill writes it: an optional minus, digits, an optional fraction. */
export function decimal(text: string): Fraction {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (parts === null) throw new Error(`${text} is no decimal text`)
  const [, sign, whole = '', digits = ''] = parts
  const size = BigInt(whole + digits)
  return { n: sign === '-' ? -size : size, d: 10n ** BigInt(digits.length) }
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return { n: a.n * b.d + b.n * a.d, d: a.d * b.d }
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { n: -b.n, d: b.d })
}

export function times(a: Fraction, b: Fraction): Fraction {
  return { n: a.n * b.n, d: a.d * b.d }
}

/** a / b; b is not zero. */
export function over(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d, a.d * b.n)
}

/** Below zero, zero or above zero as a is smaller than, equal to or larger than b. */
export function order(a: Fraction, b: Fraction): number {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The sum of decimal texts as decimal text; null when one of them is unknown. */
export function sumText(texts: readonly (string | null)[]): string | null {
  let sum = fraction(0)
  for (const text of texts) {
    if (text === null) return null
    sum = plus(sum, decimal(text))
  }
  return toText(sum)
}

/** The largest difference that rounding two amounts to 20 decimals can make. */
const LAST_DIGIT = { n: 1n, d: 10n ** 20n }

/** Do two decimal texts differ by at most that many units of the 20th decimal? */
export function isWithinDigits(a: string, b: string, units: number): boolean {
  const difference = minus(decimal(a), decimal(b))
  const size = difference.n < 0n ? { n: -difference.n, d: difference.d } : difference
  return order(size, times(LAST_DIGIT, fraction(units))) <= 0
}

/** Half-even to at most `decimals` decimals, without trailing zeros. */
export function toText({ n, d }: Fraction, decimals = 20): string {
  const size = (n < 0n ? -n : n) * 10n ** BigInt(decimals)
  const floor = size / d
  const twice = (size % d) * 2n
  const digits = twice > d || (twice === d && floor % 2n === 1n) ? floor + 1n : floor
  if (digits === 0n) return '0'
  const text = digits.toString().padStart(decimals + 1, '0')
  const cut = text.length - decimals
  const tail = text.slice(cut).replace(/0+$/, '')
  return `${n < 0n ? '-' : ''}${text.slice(0, cut)}${tail === '' ? '' : `.${tail}`}`
}
