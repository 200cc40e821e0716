import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCdr } from '../../src/pricing/compare.ts'
import type { Comparison } from '../../src/pricing/comparison.ts'
import { bill, money } from '../fixtures/compare/bill.ts'

const test = suite('compare: a CDR without one price')

test('a CDR that cannot be priced says why', () => {
  const priced = {
    ok: false,
    code: 'no_tariff',
    pointer: '/tariffs',
    message: 'there is no tariff',
    bounds: null,
  } as const
  const { verdict, totalVerdict, code, reason, items } = compareCdr({ total_cost: 1 }, priced, {
    tolerance: null,
  })
  assert.equal([verdict, totalVerdict, code], ['cannot_price', 'cannot_price', 'no_tariff'])
  assert.is(reason, 'The CDR cannot be priced: there is no tariff.')
  assert.equal(items, [])
})

function bounded(claim: unknown): Comparison {
  const bounds = { low: bill({ total: money('5', '6') }), high: bill({ total: money('8', '9.6') }) }
  const priced = { ok: false, code: 'time_zone', pointer: '/', message: 'no zone', bounds } as const
  return compareCdr(claim, priced, { tolerance: { absolute: '0.02', relative: '0' } })
}

test('a total outside of the bounds of an unknown zone differs', () => {
  for (const [claimed, nearest, difference] of [
    [4.97, '5', '-0.03'],
    [8.03, '8', '0.03'],
  ]) {
    const { verdict, code, items } = bounded({ total_cost: claimed, total_energy: 1 })
    assert.equal([verdict, code], ['differs', 'time_zone'])
    assert.equal(
      items.map((item) => [item.computed, item.difference, item.verdict]),
      [[nearest, difference, 'differs']],
    )
  }
})

test('a total inside of the bounds, or near them, stays open with a sentence', () => {
  for (const claimed of [4.98, 5, 6, 8, 8.02]) {
    const { verdict, reason } = bounded({ total_cost: claimed })
    assert.is(verdict, 'cannot_price')
    assert.match(`${reason}`, 'from 5.00 EUR to 8.00 EUR before taxes')
  }
  const { reason, items } = bounded({ total_cost: { excl_vat: 6, incl_vat: 7 } })
  assert.match(`${reason}`, 'from 6.00 EUR to 9.60 EUR after taxes')
  assert.equal(
    items.map((item) => item.verdict),
    ['not_compared', 'not_compared'],
  )
})

test('only the total is held against bounds', () => {
  const claim = { total_cost: 6, total_energy_cost: 99, total_energy: 99 }
  const { verdict, items, reason } = bounded(claim)
  assert.equal([verdict, items.map(({ item }) => item)], ['cannot_price', ['total_cost']])
  assert.is(
    reason,
    'The CDR cannot be priced: no zone. Over all time zones it costs from 5.00 EUR to 8.00 EUR before taxes, and the claim is among these.',
  )
})

test('a claim that cannot be read, or a side without bounds, stays open', () => {
  const { verdict, items } = bounded({ total_cost: 'six' })
  assert.equal(
    [verdict, items[0]?.claimed, items[0]?.verdict],
    ['cannot_price', null, 'not_compared'],
  )
  assert.match(`${items[0]?.reason}`, 'cannot be read')
  for (const [low, high] of [
    [money('5', null), money('8', '9')],
    [money('5', '6'), money('8', null)],
    [money('5', null), money('8', null)],
  ] as const) {
    const bounds = { low: bill({ total: low }), high: bill({ total: high }) }
    const priced = {
      ok: false,
      code: 'time_zone',
      pointer: '/',
      message: 'no zone',
      bounds,
    } as const
    const one = compareCdr({ total_cost: { incl_vat: 100 } }, priced, { tolerance: null })
    assert.equal(
      [one.verdict, one.items, one.reason],
      ['cannot_price', [], 'The CDR cannot be priced: no zone.'],
    )
  }
})

test('the cheapest before taxes may be the dearest after them', () => {
  const bounds = { low: bill({ total: money('5', '9') }), high: bill({ total: money('8', '8.5') }) }
  const priced = { ok: false, code: 'time_zone', pointer: '/', message: 'no zone', bounds } as const
  const verdictOf = (incl_vat: number): string =>
    compareCdr({ total_cost: { incl_vat } }, priced, { tolerance: null }).verdict
  assert.equal([8, 8.5, 8.7, 9, 9.5].map(verdictOf), [
    'differs',
    'cannot_price',
    'cannot_price',
    'cannot_price',
    'differs',
  ])
})

test('one side outside of the bounds is enough', () => {
  const { verdict, items } = bounded({ total_cost: { excl_vat: 6, incl_vat: 10 } })
  assert.is(verdict, 'differs')
  assert.equal(
    items.map((item) => item.verdict),
    ['not_compared', 'differs'],
  )
})

test.run()
