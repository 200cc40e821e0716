import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromMicros, toMicros } from '../../src/ledger/money.ts'

for (const [text, micros, residue] of [
  ['24', 24_000_000n, '0'],
  ['20.17', 20_170_000n, '0'],
  ['-3.8300', -3_830_000n, '0'],
  ['+1', 1_000_000n, '0'],
  ['0', 0n, '0'],
  ['-0', 0n, '0'],
  ['1e-7', 0n, '0.0000001'],
  ['1.5E3', 1_500_000_000n, '0'],
  ['12e-7', 1n, '0.0000002'],
  ['0.0000005', 0n, '0.0000005'],
  ['0.0000015', 2n, '-0.0000005'],
  ['0.0000025', 2n, '0.0000005'],
  ['-0.0000015', -2n, '0.0000005'],
  ['0.00000150001', 2n, '-0.00000049999'],
  ['5e-324', 0n, `0.${'0'.repeat(323)}5`],
  ['1000000000', 1_000_000_000_000_000n, '0'],
] as const) {
  test(`${text} becomes ${micros} micro-units with its residue named`, () => {
    assert.equal(toMicros(text), { status: 'ok', micros, residue })
  })
}

for (const text of [
  '',
  ' 1',
  '1,5',
  'NaN',
  'Infinity',
  '.5',
  '5.',
  '0x10',
  '1e',
  '--1',
  '1e99999',
  '12 ',
]) {
  test(`"${text}" is not an amount`, () => {
    assert.is(toMicros(text).status, 'unreadable')
  })
}

for (const text of [
  '1000000001',
  '1e12',
  '-1e300',
  '1e9999',
  '1'.repeat(500),
  '1000000000.000001',
]) {
  test(`${text.slice(0, 20)} is absurd`, () => {
    assert.is(toMicros(text).status, 'absurd')
  })
}

for (const [micros, text] of [
  [0n, '0.00'],
  [1n, '0.000001'],
  [-1n, '-0.000001'],
  [24_000_000n, '24.00'],
  [24_100_000n, '24.10'],
  [-20_170_000n, '-20.17'],
  [1_234_560n, '1.23456'],
  [-999_999n, '-0.999999'],
] as const) {
  test(`${micros} micro-units are written ${text}`, () => {
    assert.is(fromMicros(micros), text)
  })
}

test.run()
