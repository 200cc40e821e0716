import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import { priceScenario } from '../fixtures/pricing/check.ts'
import type { Scenario } from '../fixtures/pricing/check.ts'
import type { ShortElement, ShortPeriod } from '../fixtures/pricing/expand.ts'
import { sumText } from '../helpers/fractions.ts'

/** What a bill says of periods in which a price changes, and how its parts add up where they have no last digit. */
const test = suite('pricing: audit and sums')

function bill(scenario: Scenario, policy = {}): PricedBill {
  const priced = priceScenario(scenario, policy)
  if (!priced.ok) throw new Error(`${priced.code} ${priced.message}`)
  return priced
}

const codes = (priced: PricedBill): string[] => priced.notes.map(({ code }) => code)
const START_MS = Date.parse('2024-01-15T00:00:00Z')

/** So many periods of ten seconds, in a tariff whose price changes in local time, though not within one of them. */
function long(count: number): Scenario {
  const time = (index: number) => new Date(START_MS + index * 10_000).toISOString()
  const periods: ShortPeriod[] = Array.from({ length: count }, (_, index) => ({
    at: time(index),
    tariff: 'T',
    volumes: { ENERGY: 1 },
  }))
  const elements: ShortElement[] = [
    { price: [['ENERGY', 2, 0, 1]], when: { start_time: '23:00' } },
    { price: [['ENERGY', 1, 0, 1]] },
  ]
  return { cdr: { periods, end: time(count) }, tariffs: [{ elements }] }
}

test('as many moments are looked at as may be, and then it is said that no more are', () => {
  const most = bill(long(limits.pricingAuditProbesMax))
  assert.equal([most.total.excl, codes(most)], [String(limits.pricingAuditProbesMax), []])
  const more = bill(long(limits.pricingAuditProbesMax + 1))
  assert.equal(
    more.notes.map(({ code, pointer, count }) => [code, pointer, count]),
    [['audit_incomplete', `/charging_periods/${limits.pricingAuditProbesMax}`, 1]],
  )
})

test('a change that depends on an unknown local time is not called one', () => {
  const elements: ShortElement[] = [
    { price: [['ENERGY', 1, 0, 1]], when: { max_kwh: 5 } },
    { price: [['ENERGY', 2, 0, 1]], when: { start_time: '22:00' } },
    { price: [['ENERGY', 1, 0, 1]] },
  ]
  const periods = [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 8 } }]
  const scenario = { zone: null, cdr: { periods }, tariffs: [{ elements }] }
  assert.equal(codes(bill(scenario)), [])
  assert.equal(codes(bill({ ...scenario, zone: 'UTC' })), ['period_spans_price_change'])
})

for (const [count, sum] of [
  [2, '0.66666666666666666667'],
  [3, '1'],
  [5, '1.66666666666666666667'],
] as const)
  test(`${count} thirds add up, on the bill and in each of its parts`, () => {
    const periods = Array.from({ length: count }, (_, index) => ({
      at: `1${index}:00`,
      tariff: 'T',
      volumes: { ENERGY: 1, TIME: 1 },
    }))
    const price: ShortElement['price'] = [
      ['ENERGY', 1, 200, 1],
      ['TIME', 1, 200, 1],
    ]
    const tariffs = [{ elements: [{ price }], more: { tax_included: 'YES' } }]
    const { total, dimensions, segments } = bill({ cdr: { periods }, tariffs })
    assert.is(sumText(segments.map(({ excl }) => excl)), total.excl)
    for (const name of ['energy', 'time'] as const) {
      const own = segments.filter(({ dimension }) => dimension === name)
      assert.is(sumText(own.map(({ excl }) => excl)), dimensions[name].excl)
    }
    assert.is(dimensions.energy.excl, sum)
    const [first, second] = segments.filter(({ dimension }) => dimension === 'energy')
    assert.equal([first?.excl, second?.excl], ['0.33333333333333333333', '0.33333333333333333334'])
  })

test.run()
