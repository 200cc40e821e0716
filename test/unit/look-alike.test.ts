import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fineAmounts } from '../../src/ocpi/fine-amounts.ts'
import { lookOf, mayLookAlike, visibly } from '../../src/ocpi/look-alike.ts'

test('row 58: only ids of more than visible ASCII, or with blanks around them, may look like another', () => {
  for (const key of ['a', 'a b', 'card|RFID', '', '~!'])
    assert.is(mayLookAlike(key), false, JSON.stringify(key))
  for (const key of [' a', 'a ', 'card |RFID', 'a\tb', 'é', 'a\u200b'])
    assert.is(mayLookAlike(key), true, JSON.stringify(key))
})

test('row 58: what looks the same is the same, and nothing else', () => {
  for (const [key, look] of [
    ['cafe\u0301', 'caf\u00e9'],
    ['\uff21\uff22', 'ab'],
    ['\u200ba\u00ad\ufe0fb\u2060', 'ab'],
    [' a b ', 'a b'],
    ['card |RFID', 'card|RFID'],
    ['\u0430b', '\u0430b'],
  ] as const)
    assert.is(lookOf(key), look, JSON.stringify(key))
  assert.is(visibly(' e\u0301 '), '␠e\\u{301}␠')
})

test('row 19: amounts of more than 4 decimals or 15 digits are named with their place', () => {
  const value = {
    total_cost: {
      excl_vat: 1.23456,
      incl_vat: 1.2345,
      taxes: [{ amount: '3.1234567890123456789' }],
    },
    total_energy: 1.234567,
    tariffs: [{ elements: [{ price_components: [{ price: 0.1 }, { price: 1e-5 }] }] }],
    price: '9007199254740993',
    amount: 'none',
  }
  assert.equal(
    fineAmounts(value).map(({ pointer, message }) => `${pointer} ${message}`),
    [
      '/total_cost/excl_vat has more than 4 decimals',
      '/total_cost/taxes/0/amount has more than 15 digits',
      '/tariffs/0/elements/0/price_components/1/price has more than 4 decimals',
      '/price has more than 15 digits',
    ],
  )
  assert.equal(fineAmounts({ total_cost: 3.1, price: 1e15, excl_vat: -0.0001 }), [])
})

test.run()
