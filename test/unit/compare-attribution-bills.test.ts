import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  attributionSentence,
  isQuantity,
  isToPrintedDigits,
  losesTotal,
  nothingFoundSentence,
  stateOf,
} from '../../src/pricing/attribution-items.ts'
import { roundingCode, roundingPhrase } from '../../src/pricing/attribution-phrases.ts'
import * as taxes from '../../src/pricing/attribution-taxes.ts'
import { compareCdr } from '../../src/pricing/compare.ts'
import type { Comparison } from '../../src/pricing/comparison.ts'
import { bill, COSTS, money, segment } from '../fixtures/compare/bill.ts'

const test = suite('attribution: bills and figures')
/** 20 % of 3.335 is 0.667. */
const ONE_RATE = bill({
  total: money('3.335', '4.002'),
  taxes: [
    { percentage: '20', base: '3', amount: '0.605' },
    { percentage: '10', base: '0.335', amount: '0.062' },
  ],
  segments: [segment('energy', { type: 'ENERGY', excl: '3.335', incl: '4.002', vat: '20' })],
})

test('taxes of a total that is rounded or cut off first', () => {
  const rounded = taxes.withTaxOfRoundedNet(ONE_RATE)
  assert.equal(rounded?.total, money('3.34', '4.008'))
  assert.equal(rounded?.taxes, [{ percentage: '20', base: '3.34', amount: '0.668' }])
  assert.equal(taxes.withTaxOfCutNet(ONE_RATE)?.total, money('3.33', '3.996'))
  assert.equal(taxes.withCutTotal(ONE_RATE).total, money('3.33', '4'))
  assert.equal(taxes.withCutTotal(bill({ total: money(null, '1.239') })).total, money(null, '1.23'))
  const net = taxes.withNetOfRoundedGross({ ...ONE_RATE, total: money('1', '11.996') })
  assert.equal(net?.total, money('10', '12'))
  assert.equal(net?.taxes, [{ percentage: '20', base: '10', amount: '2' }])
})

test('taxes rounded by rate are added to the rounded net', () => {
  const lines = taxes.withRoundedTaxLines(ONE_RATE)
  assert.equal(lines?.total, money('3.34', '4.01'))
  assert.equal(
    lines?.taxes.map(({ amount, percentage }) => [percentage, amount]),
    [
      ['20', '0.61'],
      ['10', '0.06'],
    ],
  )
  for (const unknown of [{ taxes: [] }, { total: money(null, '1') }])
    assert.is(taxes.withRoundedTaxLines({ ...ONE_RATE, ...unknown }), null)
})

test('without one rate, or a side, there is no such tax', () => {
  const line = (vat: string | null) => segment('energy', { type: 'ENERGY', excl: '1', vat })
  const ways = [taxes.withTaxOfRoundedNet, taxes.withTaxOfCutNet, taxes.withNetOfRoundedGross]
  for (const segments of [[], [line(null)], [line('-1')], [line('10'), line('20')]])
    for (const way of ways) assert.is(way(bill({ segments })), null)
  for (const way of ways) assert.ok(way(bill({ segments: [line('0'), line('0')] })))
  assert.is(taxes.withTaxOfRoundedNet(bill({ total: money(null, '1') })), null)
  assert.is(taxes.withNetOfRoundedGross(bill({ total: money('1', null) })), null)
})

test('sides are exchanged in every amount of a bill', () => {
  const dimensions = COSTS
  const given = bill({ dimensions })
  const exchanged = taxes.withSidesExchanged(given)
  assert.equal(exchanged?.total, money('11', '10'))
  assert.equal(exchanged?.taxes, [])
  assert.equal(exchanged?.dimensions, {
    energy: money('2', '1'),
    time: money('4', '3'),
    parking: money('6', '5'),
    reservation: money('8', '7'),
    fixed: money('10', '9'),
  })
  const first = exchanged?.segments[0]
  assert.equal([first?.excl, first?.incl, first?.type], ['11', '10', 'ENERGY'])
  assert.equal(taxes.withTaxOnBothSides(given)?.dimensions.energy, money('2', '2'))
  for (const total of [money('1', null), money(null, '1')])
    assert.is(taxes.withSidesExchanged(bill({ total })), null)
})

test('the state of a figure is that of all its sides', () => {
  const state = (claim: unknown, item = 'total_cost'): string => stateOf(compare(claim), item)
  assert.is(state({ total_cost: { excl_vat: 10, incl_vat: 11 } }), 'closed')
  assert.is(state({ total_cost: { excl_vat: 10, incl_vat: 11.01 } }), 'open')
  assert.is(state({ total_cost: { excl_vat: 10, incl_vat: 'x' } }), 'closed')
  assert.is(state({ total_cost: 'x' }), 'unknown')
  assert.is(state({ total_cost: 10 }, 'total_time'), 'unknown')
  const both = compare({ total_cost: 10, total_time: 2 })
  assert.equal([isQuantity(both, 'total_time'), isQuantity(both, 'total_cost')], [true, false])
  const sides = compare({ total_cost: { excl_vat: 10, incl_vat: 11 } })
  const net = compare({ total_cost: 10, total_time: 2 })
  const unread = compare({ total_cost: { excl_vat: 10, incl_vat: 'x' } })
  assert.equal(
    [
      losesTotal(sides, net),
      losesTotal(sides, unread),
      losesTotal(net, sides),
      losesTotal(net, unread),
    ],
    [true, true, false, false],
  )
})

test('the decimals that were printed are met or not', () => {
  const isMet = (total_cost: unknown, excl: string): boolean =>
    isToPrintedDigits(
      compareCdr({ total_cost, total_energy: 41 }, bill({ total: money(excl) }), {
        tolerance: null,
      }),
      2,
    )
  assert.equal(
    [isMet(10, '10.004'), isMet(10, '10.005'), isMet('10.001', '10.0014')],
    [true, false, true],
  )
  assert.equal(
    [isMet('10.001', '10.0004'), isMet('x', '1'), isMet({ incl_vat: 1 }, '2')],
    [false, true, true],
  )
})

test('sentences name what is reproduced and what is not', () => {
  const told = (explains: string[], remaining: string[] = [], currency = 'EUR'): string =>
    attributionSentence({ causes: ['it rains', 'it snows'], explains, remaining, currency })
  assert.is(told(['total_cost']), 'Your total is reproduced to the cent if it rains, and it snows.')
  assert.is(
    told(['total_time'], ['a']),
    'Your total time (total_time) is reproduced if it rains, and it snows. Then your a still differs.',
  )
  assert.is(
    told(['total_energy_cost', 'total_time', 'c'], ['a', 'b'], 'JPY'),
    'Your cost of energy (total_energy_cost), total time (total_time) and c are reproduced to the last digit if it rains, and it snows. Then your a and b still differ.',
  )
  const nothing = (claim: unknown): string =>
    nothingFoundSentence({ before: compare(claim), currency: 'EUR' })
  for (const claimed of [10.01, 12])
    assert.match(
      nothing({ total_energy: 40, total_cost: claimed }),
      `your total of ${claimed.toFixed(2)} EUR; it should be 10.00 EUR.`,
    )
  assert.is(
    nothing({ total_cost: 10, total_energy: 1 }),
    'No known reading reproduces the figures that differ.',
  )
})

test('roundings have a phrase and a code', () => {
  for (const [rounding, code, phrase] of [
    [
      { decimals: 'currency', mode: 'up', stage: 'total' },
      'total-currency-up',
      'the total is rounded to the decimals of the currency, always up',
    ],
    [
      { decimals: 3, mode: 'half_up', stage: 'dimension' },
      'dimension-3-half_up',
      'the cost of energy, of time and of each fee is rounded to 3 decimals, halves up',
    ],
    [null, 'none', 'nothing is rounded'],
  ] as const)
    assert.equal([roundingCode(rounding), roundingPhrase(rounding)], [code, phrase])
})

function compare(claim: unknown): Comparison {
  return compareCdr(claim, bill(), { tolerance: null })
}

test.run()
