import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCdr } from '../../src/pricing/compare.ts'
import type { ComparedItem, Comparison } from '../../src/pricing/comparison.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import { bill, COSTS, money } from '../fixtures/compare/bill.ts'

const test = suite('compare: a claim and a bill')
const EXACT = { absolute: '0', relative: '0' }

test('2.1.1 claims a bare number before taxes', () => {
  const { items, verdict } = compare({ total_cost: 10 }, { total: money('10', null) })
  assert.is(verdict, 'matches')
  assert.equal(items, [
    {
      item: 'total_cost',
      side: 'excl',
      rate: null,
      unit: 'money',
      pointer: '/total_cost',
      claimed: '10',
      computed: '10',
      difference: '0',
      tolerance: '0.05',
      verdict: 'matches',
      reason: null,
    },
  ])
})

test('a side that the tariff leaves unknown is not compared', () => {
  const { items, verdict } = compare(
    { total_cost: { excl_vat: 10, incl_vat: 11 } },
    { total: money('10', null) },
  )
  assert.equal(short(items), ['total_cost excl matches 0', 'total_cost incl not_compared'])
  assert.is(items[1]?.reason, 'This side of taxes cannot be known from the tariff.')
  assert.is(verdict, 'matches')
})

test('a number as text counts like a number', () => {
  assert.is(compare({ total_cost: '10.00' }).verdict, 'matches')
})

test('2.2.1 claims both sides of taxes', () => {
  const { items } = compare({ total_cost: { excl_vat: 10.5, incl_vat: 11 } })
  assert.equal(short(items), ['total_cost excl differs 0.5', 'total_cost incl matches 0'])
  assert.equal(pointers(items), ['/total_cost/excl_vat', '/total_cost/incl_vat'])
})

test('what is not claimed is not compared', () => {
  assert.equal(short(compare({ total_cost: { excl_vat: 10 } }).items), [
    'total_cost excl matches 0',
  ])
  assert.equal(short(compare({ total_cost: 10, total_energy_cost: null }).items), [
    'total_cost excl matches 0',
  ])
})

test('2.3.0 claims taxes, which are added and compared by rate', () => {
  const taxes = [
    { name: 'VAT', percentage: 10, amount: 0.5 },
    { name: 'VAT', percentage: 10.0, amount: 0.4 },
    { name: 'VAT', percentage: 5, amount: 0.1 },
  ]
  const { items } = compare({ total_cost: { before_taxes: 10, taxes } })
  assert.equal(short(items), [
    'total_cost excl matches 0',
    'total_cost incl matches 0',
    'total_cost.taxes 10 differs -0.1',
    'total_cost.taxes 5 differs 0.1',
  ])
  assert.equal(pointers(items), [
    '/total_cost/before_taxes',
    '/total_cost/taxes',
    '/total_cost/taxes',
    '/total_cost/taxes',
  ])
})

test('tax lines without a rate are compared as a sum', () => {
  const taxes = [
    { name: 'VAT', percentage: 10, amount: 0.5 },
    { name: 'Levy', amount: 0.5 },
  ]
  const lines = [
    { percentage: '10', base: '5', amount: '0.5' },
    { percentage: null, base: null, amount: '0.5' },
  ]
  const { items } = compare({ total_cost: { before_taxes: 10, taxes } }, { taxes: lines })
  assert.equal(short(items).slice(2), ['total_cost.taxes matches 0'])
})

test('lines by rate are not compared with tax that no rate explains, nor with unknown taxes', () => {
  const claim = { total_cost: { before_taxes: 10, taxes: [{ percentage: 10, amount: 1 }] } }
  const lines = [{ percentage: null, base: null, amount: '1' }]
  const [, , unexplained] = compare(claim, { taxes: lines }).items
  assert.is(unexplained?.verdict, 'not_compared')
  assert.match(`${unexplained?.reason}`, 'no rate explains')
  assert.is(unexplained?.unit, 'money')
  const mixed = compare(claim, { taxes: [{ percentage: '10', base: '5', amount: '1' }, ...lines] })
  assert.is(mixed.items[2]?.verdict, 'not_compared')
  const [gross] = compare(
    { total_cost: { taxes: [{ percentage: 10, amount: 0 }] } },
    {
      total: money(null, '11'),
      taxes: [],
    },
  ).items.slice(-1)
  assert.is(gross?.verdict, 'not_compared')
  const [, incl, unknown] = compare(claim, { total: money('10', null), taxes: [] }).items
  assert.equal([incl?.verdict, unknown?.verdict], ['not_compared', 'not_compared'])
  assert.match(`${unknown?.reason}`, 'cannot be known')
})

test('an amount after taxes counts before the sum of tax lines', () => {
  const claim = { before_taxes: 10, after_taxes: 11, taxes: [{ amount: 2 }] }
  const { items } = compare({ total_cost: claim })
  assert.equal(short(items), [
    'total_cost excl matches 0',
    'total_cost incl matches 0',
    'total_cost.taxes differs 1',
  ])
  assert.equal(pointers(items)[1], '/total_cost/after_taxes')
})

test('tax lines without a total, or that cannot be read, are not added up', () => {
  for (const taxes of [[7, { amount: 1 }], [{ amount: 'one' }, 7], [{}]])
    assert.equal(short(compare({ total_cost: { before_taxes: 10, taxes } }).items), [
      'total_cost excl matches 0',
      'total_cost incl not_compared',
      'total_cost.taxes not_compared',
    ])
  assert.equal(short(compare({ total_cost: { taxes: [{ amount: 1 }] } }).items), [
    'total_cost incl not_compared',
    'total_cost.taxes matches 0',
  ])
})

test('taxes left out or empty claim nothing after taxes', () => {
  for (const taxes of [undefined, []])
    assert.equal(short(compare({ total_cost: { before_taxes: 10, taxes } }).items), [
      'total_cost excl matches 0',
    ])
})

test('every cost and quantity has its counterpart', () => {
  const dimensions = COSTS
  const quantities = { ...bill().quantities, energyKwh: '11', sessionH: '12', parkingH: '13' }
  const claim = {
    total_cost: 10,
    total_fixed_cost: { excl_vat: 9, incl_vat: 10 },
    total_energy_cost: { excl_vat: 1, incl_vat: 2 },
    total_time_cost: { excl_vat: 3, incl_vat: 4 },
    total_parking_cost: { excl_vat: 5, incl_vat: 6 },
    total_reservation_cost: { excl_vat: 7, incl_vat: 8 },
    total_energy: 11,
    total_time: 12,
    total_parking_time: 13,
  }
  const { items, verdict } = compare(claim, { dimensions, quantities })
  assert.is(verdict, 'matches')
  assert.is(items.length, 14)
  assert.ok(items.every((item) => item.verdict === 'matches' && item.difference === '0'))
  assert.equal(
    items.slice(-3).map(({ unit, pointer }) => [unit, pointer]),
    [
      ['kwh', '/total_energy'],
      ['hours', '/total_time'],
      ['hours', '/total_parking_time'],
    ],
  )
})

test('both sides are rounded half up to the minor unit before they are compared', () => {
  const verdictOf = (claimed: string, computed: string, currency = 'EUR'): string =>
    compareCdr({ total_cost: claimed }, bill({ currency, total: money(computed) }), {
      tolerance: EXACT,
    }).verdict
  assert.is(verdictOf('5.13', '5.125'), 'matches')
  assert.is(verdictOf('5.12', '5.125'), 'within_tolerance')
  assert.is(verdictOf('5.12', '5.1250001'), 'differs')
  assert.is(verdictOf('5.1349', '5.125'), 'matches')
  assert.is(verdictOf('-5.13', '-5.125'), 'matches')
  assert.is(verdictOf('512.4', '511.5', 'JPY'), 'matches')
  assert.is(verdictOf('5.125', '5.1251', 'KWD'), 'matches')
  assert.is(verdictOf('5.125', '5.126', 'KWD'), 'differs')
  assert.is(verdictOf('5.13', '5.125', 'XXX'), 'matches')
})

test('the tolerance is the larger of the amount and the share of what was computed', () => {
  const verdictOf = (claimed: string, absolute: string, relative: string): string =>
    compareCdr({ total_cost: claimed }, bill(), { tolerance: { absolute, relative } }).verdict
  assert.is(verdictOf('10.1', '0.1', '0'), 'within_tolerance')
  assert.is(verdictOf('9.9', '0.1', '0'), 'within_tolerance')
  assert.is(verdictOf('10.11', '0.1', '0'), 'differs')
  assert.is(verdictOf('10.11', '0.1', '0.011'), 'within_tolerance')
  assert.is(verdictOf('10.12', '0.1', '0.011'), 'differs')
  const negative = bill({ total: money('-10') })
  const tolerance = { absolute: '0', relative: '0.01' }
  assert.is(compareCdr({ total_cost: -10.1 }, negative, { tolerance }).verdict, 'within_tolerance')
})

test('without an agreement two minor units or half a percent are tolerated', () => {
  const toleranceOf = (total: string, currency: string): string | null | undefined =>
    compareCdr({ total_cost: 0 }, bill({ currency, total: money(total) }), { tolerance: null })
      .items[0]?.tolerance
  assert.is(toleranceOf('1', 'EUR'), '0.02')
  assert.is(toleranceOf('10', 'EUR'), '0.05')
  assert.is(toleranceOf('1', 'JPY'), '2')
  assert.is(toleranceOf('0.1', 'KWD'), '0.002')
})

test('quantities match within half of the last decimal sent', () => {
  const verdictOf = (claimed: number | string, computed: string): string =>
    compare({ total_time: claimed }, { quantities: { ...bill().quantities, sessionH: computed } })
      .verdict
  assert.is(verdictOf(1.973, '1.97305555'), 'matches')
  assert.is(verdictOf(1.973, '1.9735'), 'matches')
  assert.is(verdictOf(1.973, '1.97351'), 'differs')
  assert.is(verdictOf(1.9731, '1.97305'), 'matches')
  assert.is(verdictOf(1.9731, '1.97304'), 'differs')
  // Finer than four decimals is noise.
  assert.is(verdictOf(0.756944, '0.756993'), 'matches')
  assert.is(verdictOf(0.756944, '0.756995'), 'differs')
  // 2 may have been 2.00, and is not 2.4.
  assert.is(verdictOf(2, '2.005'), 'matches')
  assert.is(verdictOf(2, '2.0051'), 'differs')
  assert.is(verdictOf(2, '2.4'), 'differs')
})

test('an unknown end of the session leaves total_time open', () => {
  const quantities = { ...bill().quantities, sessionH: null }
  const [item] = compare({ total_time: 1 }, { quantities }).items
  assert.equal(
    [item?.verdict, item?.reason],
    ['not_compared', 'The end of the session is unknown.'],
  )
})

test('the verdict is that of the worst item, and the total has one of its own', () => {
  const near = { excl_vat: 10.01, incl_vat: 11 }
  const verdicts = (claim: unknown): string[] => {
    const { verdict, totalVerdict } = compare(claim)
    return [verdict, totalVerdict]
  }
  assert.equal(verdicts({ total_cost: near }), ['within_tolerance', 'within_tolerance'])
  assert.equal(verdicts({ total_cost: near, total_energy: 3 }), ['differs', 'within_tolerance'])
  assert.equal(verdicts({ total_cost: 10, total_energy: 3 }), ['differs', 'matches'])
  assert.equal(verdicts({ total_cost: 12, total_energy: 40 }), ['differs', 'differs'])
  assert.equal(verdicts({ total_energy: 40 }), ['matches', 'cannot_price'])
})

test('a claim that cannot be read, or none at all, is not compared', () => {
  for (const claim of [{}, null, [], 'x', { total_cost: {} }, { total_cost: { taxes: 1 } }]) {
    const { verdict, code, reason } = compare(claim)
    assert.equal([verdict, code], ['cannot_price', 'nothing_claimed'])
    assert.match(`${reason}`, 'claims nothing')
  }
  const [item] = compare({ total_cost: 'ten' }).items
  assert.equal([item?.claimed, item?.verdict], [null, 'not_compared'])
  assert.match(`${item?.reason}`, 'cannot be read')
})

test('a credit CDR is not compared with a price', () => {
  assert.equal(compare({ credit: true, total_cost: -10 }), {
    verdict: 'cannot_price',
    totalVerdict: 'cannot_price',
    code: 'credit',
    reason: 'A credit CDR takes back its original; compare it with that one.',
    items: [],
  })
  const { verdict, code, reason } = compare({ credit: false, total_cost: 10 })
  assert.equal([verdict, code, reason], ['matches', null, null])
})

function compare(claim: unknown, parts: Partial<PricedBill> = {}): Comparison {
  return compareCdr(claim, bill(parts), { tolerance: null })
}

function short(items: readonly ComparedItem[]): string[] {
  return items.map(({ item, side, rate, verdict, difference }) =>
    [item, side, rate, verdict, difference].filter((part) => part !== null).join(' '),
  )
}

function pointers(items: readonly ComparedItem[]): string[] {
  return items.map(({ pointer }) => pointer)
}

test.run()
