import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bilateral, multilateral } from '../../src/settlement/netting.ts'

const triangle = [
  { debtor: 'DE-EMA', creditor: 'NL-TNM', micros: 10n },
  { debtor: 'NL-TNM', creditor: 'DE-EMA', micros: 4n },
  { debtor: 'FR-XYZ', creditor: 'NL-TNM', micros: 3n },
  { debtor: 'DE-EMA', creditor: 'FR-XYZ', micros: -2n },
]

test('each pair nets to one obligation that is never negative', () => {
  assert.equal(bilateral(triangle), [
    { debtor: 'DE-EMA', creditor: 'NL-TNM', micros: 6n },
    { debtor: 'FR-XYZ', creditor: 'DE-EMA', micros: 2n },
    { debtor: 'FR-XYZ', creditor: 'NL-TNM', micros: 3n },
  ])
})

test('each party has one net position and they add up to zero', () => {
  assert.equal(multilateral(triangle), [
    { party: 'DE-EMA', micros: -4n },
    { party: 'FR-XYZ', micros: -5n },
    { party: 'NL-TNM', micros: 9n },
  ])
})

test('pairs that are even owe nothing', () => {
  assert.equal(
    bilateral([
      { debtor: 'DE-EMA', creditor: 'NL-TNM', micros: 5n },
      { debtor: 'NL-TNM', creditor: 'DE-EMA', micros: 5n },
    ]),
    [],
  )
})

test('what a party owes itself nets to nothing', () => {
  const own = [{ debtor: 'NL-TNM', creditor: 'NL-TNM', micros: 7n }]
  assert.equal(bilateral(own), [])
  assert.equal(multilateral(own), [{ party: 'NL-TNM', micros: 0n }])
})

test('a cycle without obligations has no positions', () => {
  assert.equal(bilateral([]), [])
  assert.equal(multilateral([]), [])
})

test.run()
