import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exactText, readExact, readUnbounded } from '../../src/pricing/exact.ts'
import type { Exact } from '../../src/pricing/exact.ts'
import { seed, size } from '../helpers/seed.ts'

const test = suite('pricing: reading exact numbers')
/** Quick enough to be run as often whatever SIZE says. */
const runsMin = 300

test('JSON numbers and decimal texts are read exactly', () => {
  const rows: readonly (readonly [unknown, string])[] = [
    [0, '0'],
    [-0, '0'],
    ['-0', '0'],
    ['-0.00', '0'],
    [7, '7'],
    [0.1, '0.1'],
    [-12.3456, '-12.3456'],
    ['-12.3456', '-12.3456'],
    [1e-7, '0.0000001'],
    ['2.00', '2'],
    ['007.50', '7.5'],
    ['9', '9'],
    ['1e3', '1000'],
    ['1e0', '1'],
    ['-1.25e1', '-12.5'],
    ['-5e2', '-500'],
    ['12E-1', '1.2'],
    ['0e999', '0'],
    ['0e-999', '0'],
    [`-0.${'0'.repeat(41)}`, '0'],
    ['-1e+12', '-1000000000000'],
    ['1000000000000', '1000000000000'],
    ['1000000000000.000', '1000000000000'],
    [-1_000_000_000_000, '-1000000000000'],
    [999_999_999_999.5, '999999999999.5'],
    ['-12345.67890123456', '-12345.67890123456'],
    ['0.12345678901234567890', '0.1234567890123456789'],
    ['0'.repeat(63) + '1', '1'],
    ['9007199254.740991', '9007199254.740991'],
    ['9007199254.740993', '9007199254.740993'],
    ['-0.9007199254740993', '-0.9007199254740993'],
    ['90071992547.40993e-1', '9007199254.740993'],
    ['12.5E2', '1250'],
    ['12.5e+1', '125'],
    ['1250e-2', '12.5'],
    [0.1 + 0.2, '0.30000000000000004'],
  ]
  for (const [value, text] of rows) assert.is(exactText(read(value), 20), text, String(value))
})

test('the smallest decimal has forty places', () => {
  const smallest = `0.${'0'.repeat(39)}1`
  for (const text of [smallest, '1e-40', '0.1e-39'])
    assert.is(exactText(read(text), 40), smallest, text)
  assert.is(exactText(read(`-0.${'0'.repeat(40)}`), 40), '0')
  for (const text of [`0.${'0'.repeat(40)}1`, `0.${'0'.repeat(39)}10`, '1e-41', '0.1e-40', 1e-41])
    assert.is(readExact(text), 'out_of_range', String(text))
})

test('what is beyond 1e12 on either side is out of range', () => {
  const beyond = [
    ...[1_000_000_000_001, -1_000_000_000_001, 1_000_000_000_000.5, 1e13, 1e300, 2 ** 53, 2 ** 60],
    ...['1000000000001', '-1000000000001', '1000000000000.0000001', '9999999999999', '1e13'],
    ...['-1e13', '1.1e12', '1e999', '99999999999999999999999'],
  ]
  for (const value of beyond) assert.is(readExact(value), 'out_of_range', String(value))
})

test('what is no decimal number is unreadable', () => {
  const texts = [
    ...['', '-', '.', '-.', '.5', '-.5', '5.', '-5.', '1.2.3', '1..2', '1.2.', '--1', '-1-', '+1'],
    ...[
      ' 1',
      '1 ',
      '1,5',
      '0x10',
      '1/2',
      '1:2',
      'e5',
      '1e',
      '1e+',
      '1e1234',
      '1e1.5',
      '1.e2',
      '.5e1',
      '1e 2',
      '1e2 ',
      '1e2e3',
      '1ee2',
      '1e-',
      'E',
      '-e1',
      '1.2.3e1',
      'one',
      '١',
    ],
    ...['NaN', 'Infinity', '0'.repeat(64) + '1', `1.${'0'.repeat(63)}`],
  ]
  for (const text of texts) assert.is(readExact(text), 'unreadable', text)
  for (const value of [null, undefined, true, Number.NaN, Infinity, -Infinity, 1n, [], {}, ['1']])
    assert.is(readExact(value), 'unreadable')
})

test('a JSON number is what its shortest text says', () => {
  const double = fc.double({ min: -1e12, max: 1e12, noNaN: true })
  const decimals = fc
    .tuple(fc.maxSafeInteger(), fc.nat({ max: 12 }))
    .map(([digits, places]) => Number(`${digits}e-${places}`))
    .filter((value) => Math.abs(value) <= 1e12)
  const law = fc.property(fc.oneof(double, decimals), (value) => {
    assert.equal(readExact(value), readExact(String(value)))
  })
  fc.assert(law, { seed: seed(), numRuns: Math.max(size(1000), runsMin) })
})

test('what amounts are held against has no bound but that of its text', () => {
  for (const [value, text] of [
    ['1e15', `1${'0'.repeat(15)}`],
    [1e21, `1${'0'.repeat(21)}`],
    [-2e12, '-2000000000000'],
    ['12.50', '12.5'],
    [7, '7'],
    ['1'.repeat(64), '1'.repeat(64)],
  ] as const) {
    const exact = readUnbounded(value)
    assert.is(typeof exact === 'string' ? exact : exactText(exact, 20), text)
  }
  for (const value of [null, true, '', '1'.repeat(65), '1.', Number.NaN, ['1'], [1]])
    assert.is(readUnbounded(value), 'unreadable')
  assert.is(readUnbounded('1e-41'), 'out_of_range')
})

test.run()

function read(value: unknown): Exact {
  const exact = readExact(value)
  if (typeof exact === 'string') throw new Error(`${String(value)} is ${exact}`)
  return exact
}
