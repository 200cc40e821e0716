import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  compare,
  decimal,
  decimalText,
  divide,
  exactText,
  isNegative,
  isZero,
  largerOf,
  multiply,
  negated,
  readExact,
  rounded,
  scaled,
  shifted,
  subtract,
  whole,
  ZERO,
} from '../../src/pricing/exact.ts'
import type { Exact, RoundingMode } from '../../src/pricing/exact.ts'
import * as fractions from '../helpers/fractions.ts'
import type { Fraction } from '../helpers/fractions.ts'
import { seed, size } from '../helpers/seed.ts'

const test = suite('pricing: exact numbers')
/** Quick enough to be run as often whatever SIZE says. */
const runsMin = 300

type Pair = { exact: Exact; fraction: Fraction }

/** A decimal, or the quotient of two. */
const number: fc.Arbitrary<Pair> = fc
  .tuple(decimalArbitrary(), fc.option(fc.integer({ min: 1, max: 5000 }), { freq: 3 }))
  .map(([pair, divisor]) =>
    divisor === null
      ? pair
      : {
          exact: divide(pair.exact, whole(divisor)),
          fraction: fractions.over(pair.fraction, fractions.fraction(divisor)),
        },
  )

const operation = fc.constantFrom(
  { ours: add, theirs: fractions.plus },
  { ours: subtract, theirs: fractions.minus },
  { ours: multiply, theirs: fractions.times },
  { ours: divide, theirs: fractions.over },
)

test('sums of tenths are exact', () => {
  const sum = Array.from({ length: 10 }, () => read('0.1')).reduce(add)
  assert.is(compare(sum, read(1)), 0)
})

test('a third three times is one', () => {
  const third = divide(read(1), read(3))
  assert.is(compare(add(add(third, third), third), read(1)), 0)
})

test('a long sum of quotients does not grow', () => {
  const part = divide(read('0.1'), read('1.21'))
  const other = divide(read('0.1'), read('1.1'))
  let sum = ZERO
  for (let index = 0; index < 1000; index++) sum = add(sum, index % 2 === 0 ? part : other)
  assert.is(sum.over, 1210n / 10n)
  assert.is(exactText(multiply(sum, read('121')), 20), '10500')
})

test('denominators beyond 500 digits give way to 100 decimals', () => {
  let sum = ZERO
  let plain = fractions.fraction(0)
  for (let index = 0; index < 40; index++) {
    const divisor = 10n ** 39n + BigInt(index * 6 + 1)
    const amount = BigInt(index - 7) * 10n ** 45n
    sum = add(sum, divide(decimal(amount, 0), decimal(divisor, 0)))
    plain = fractions.plus(plain, fractions.fraction(amount, divisor))
    assert.is((sum.over ?? 1n) <= 10n ** 500n, true)
    if (index === 10) assert.is(sum.over !== null && sum.over > 10n ** 200n, true)
  }
  assert.is(exactText(sum, 90), fractions.toText(plain, 90))
})

test('a quotient that ends is a decimal again, with either sign', () => {
  for (const [a, b, text] of [
    [1, 8, '0.125'],
    [-1, 8, '-0.125'],
    [1, -8, '-0.125'],
    [-1, -8, '0.125'],
    [900_000, 3_600_000, '0.25'],
    [3600, 0.5, '7200'],
    ['0.0001', 128, '0.00000078125'],
    [0, 7, '0'],
  ] as const) {
    const quotient = divide(read(a), read(b))
    assert.is(quotient.over, null)
    assert.is(exactText(quotient, 20), text)
  }
  const third = divide(read(1), read(3))
  assert.is(divide(third, divide(read(2), read(3))).over, null)
  assert.is(divide(third, read('-0.5')).over, 3n * 5n)
  assert.is(divide(read(1), read(2 ** 8)).over, 256n)
})

test('dividing by a negative number keeps the order', () => {
  assert.is(compare(divide(read(1), read(-2)), read('-0.5')), 0)
  assert.is(compare(divide(read(1), read(-2)), read('-0.4')), -1)
})

test('calculations equal those with plain fractions', () => {
  const law = fc.property(number, fc.array(fc.tuple(operation, number)), (first, steps) => {
    let pair = first
    for (const [{ ours, theirs }, next] of steps) {
      if (ours === divide && isZero(next.exact)) continue
      pair = { exact: ours(pair.exact, next.exact), fraction: theirs(pair.fraction, next.fraction) }
    }
    const { exact, fraction } = pair
    const zero = fractions.fraction(0)
    for (const decimals of [0, 3, 20])
      assert.is(exactText(exact, decimals), fractions.toText(fraction, decimals))
    assert.is(isZero(exact), fractions.order(fraction, zero) === 0)
    assert.is(isNegative(exact), fractions.order(fraction, zero) < 0)
    assert.is(
      compare(exact, first.exact),
      fractions.order(fraction, first.fraction),
      'order against the first',
    )
    assert.is(exact.over === null || exact.over > 0n, true)
    const shift = exactText(shifted(exact, 3), 20)
    assert.is(shift, fractions.toText(fractions.over(fraction, fractions.fraction(1000))))
    assert.is(exactText(negated(exact), 20), fractions.toText(fractions.minus(zero, fraction)))
  })
  fc.assert(law, { seed: seed(), numRuns: Math.max(size(500), runsMin) })
})

test('the larger of two is found whatever their decimals', () => {
  for (const [a, b] of [
    ['1.5', '1.25'],
    ['1.25', '1'],
    ['-1', '-1.5'],
    ['0.001', '0'],
  ] as const) {
    assert.is(exactText(largerOf(read(a), read(b)), 20), a)
    assert.is(exactText(largerOf(read(b), read(a)), 20), a)
  }
})

test('rounding is to the nearest, and a half goes as the mode says, on both sides of zero', () => {
  const rows: readonly (readonly [string, bigint, bigint, bigint])[] = [
    ['0', 0n, 0n, 0n],
    ['0.01', 0n, 0n, 1n],
    ['0.5', 0n, 1n, 1n],
    ['1.5', 2n, 2n, 2n],
    ['2.5', 2n, 3n, 3n],
    ['2.51', 3n, 3n, 3n],
    ['2.49', 2n, 2n, 3n],
    ['7', 7n, 7n, 7n],
    ['7.0', 7n, 7n, 7n],
    ['-0.01', 0n, 0n, -1n],
    ['-0.5', 0n, -1n, -1n],
    ['-1.5', -2n, -2n, -2n],
    ['-2.5', -2n, -3n, -3n],
    ['-2.51', -3n, -3n, -3n],
    ['-2.49', -2n, -2n, -3n],
  ]
  for (const [text, halfEven, halfUp, up] of rows) {
    assert.is(scaled(read(text), 0), halfEven, text)
    const modes: readonly (readonly [RoundingMode, bigint])[] = [
      ['half_even', halfEven],
      ['half_up', halfUp],
      ['up', up],
    ]
    for (const [mode, expected] of modes) {
      assert.is(scaled(read(text), 0, mode), expected, `${text} ${mode}`)
      const cents = rounded(shifted(read(text), 2), 2, mode)
      assert.equal(decimalText(cents.n, cents.decimals), decimalText(expected, 2))
      const seventh = divide(multiply(read(text), whole(7)), whole(7))
      assert.is(scaled(seventh, 0, mode), expected, `${text} as a quotient, ${mode}`)
    }
  }
})

test('adding nothing changes nothing, and what is added to nothing is itself', () => {
  const value = read('1.25')
  assert.is(add(value, ZERO), value)
  assert.is(subtract(value, read('0.000')), value)
  assert.equal(add(ZERO, value), value)
})

test('what has few enough decimals is not rounded at all', () => {
  const value = read('1.25')
  assert.is(rounded(value, 2), value)
  assert.is(rounded(value, 3, 'up'), value)
  assert.is(scaled(value, 4), 12_500n)
  assert.equal(rounded(value, 1), decimal(12n, 1))
  assert.equal(rounded(divide(whole(1), whole(3)), 2), decimal(33n, 2))
})

test('subtracting what was added leaves what was there', () => {
  assert.is(compare(subtract(add(read('0.1'), read('0.23')), read('0.23')), read('0.1')), 0)
  assert.is(isZero(subtract(divide(whole(1), whole(3)), divide(whole(2), whole(6)))), true)
})

test('decimal text has no trailing zeros and keeps its sign', () => {
  assert.is(decimalText(0n, 4), '0')
  assert.is(decimalText(0n, 0), '0')
  assert.is(decimalText(-5n, 4), '-0.0005')
  assert.is(decimalText(5n, 1), '0.5')
  assert.is(decimalText(125_000n, 4), '12.5')
  assert.is(decimalText(120_000n, 4), '12')
  assert.is(decimalText(-120_000n, 4), '-12')
  assert.is(decimalText(1_200_000n, 4), '120')
  assert.is(decimalText(42n, 0), '42')
  assert.is(decimalText(-40n, 0), '-40')
})

test.run()

function decimalArbitrary(): fc.Arbitrary<Pair> {
  return fc
    .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.nat({ max: 8 }))
    .map(([digits, places]) => ({
      exact: read(`${digits}e-${places}`),
      fraction: fractions.fraction(digits, 10n ** BigInt(places)),
    }))
}

function read(value: unknown): Exact {
  const exact = readExact(value)
  if (typeof exact === 'string') throw new Error(`${String(value)} is ${exact}`)
  return exact
}
