import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  compare,
  decimalText,
  divide,
  exactText,
  readExact,
  scaled,
} from '../../src/pricing/exact.ts'
import type { Exact } from '../../src/pricing/exact.ts'

const test = suite('pricing: exact numbers')

test('JSON numbers and decimal texts are read exactly', () => {
  const rows: readonly (readonly [unknown, string])[] = [
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [-12.3456, '-12.3456'],
    [1e-7, '0.0000001'],
    ['2.00', '2'],
    ['1e3', '1000'],
    ['12E-1', '1.2'],
    ['0e999', '0'],
    ['1000000000000', '1000000000000'],
    ['0.12345678901234567890', '0.1234567890123456789'],
    [0.1 + 0.2, '0.30000000000000004'],
  ]
  for (const [value, text] of rows) assert.is(exactText(read(value), 20), text)
})

test('sums of tenths are exact', () => {
  const sum = Array.from({ length: 10 }, () => read('0.1')).reduce(add)
  assert.is(compare(sum, read(1)), 0)
})

test('a third three times is one', () => {
  const third = divide(read(1), read(3))
  assert.is(compare(add(add(third, third), third), read(1)), 0)
})

test('dividing by a negative number keeps the order', () => {
  assert.is(compare(divide(read(1), read(-2)), read('-0.5')), 0)
  assert.is(compare(divide(read(1), read(-2)), read('-0.4')), -1)
})

test('rounding is half-even on both sides of zero', () => {
  const rows: readonly (readonly [string, bigint])[] = [
    ['0.5', 0n],
    ['1.5', 2n],
    ['2.5', 2n],
    ['2.51', 3n],
    ['2.49', 2n],
    ['-0.5', 0n],
    ['-1.5', -2n],
    ['-2.5', -2n],
    ['-2.51', -3n],
    ['7', 7n],
  ]
  for (const [text, rounded] of rows) assert.is(scaled(read(text), 0), rounded, text)
})

test('decimal text has no trailing zeros and keeps its sign', () => {
  assert.is(decimalText(0n, 4), '0')
  assert.is(decimalText(-5n, 4), '-0.0005')
  assert.is(decimalText(125_000n, 4), '12.5')
  assert.is(decimalText(120_000n, 4), '12')
  assert.is(decimalText(42n, 0), '42')
})

test.run()

function read(value: unknown): Exact {
  const exact = readExact(value)
  if (typeof exact === 'string') throw new Error(`${String(value)} is ${exact}`)
  return exact
}
