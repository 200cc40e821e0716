import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PricedBill } from '../../src/pricing/types.ts'
import { bill, price } from '../helpers/pricing-small.ts'
import { priceScenario } from '../fixtures/pricing/check.ts'
import type { ShortElement } from '../fixtures/pricing/expand.ts'

/** What is read of a tariff, and where what is odd in it stands. */
const test = suite('pricing: tariff as read')

const periods = [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 8 } }]
const ENERGY: ShortElement['price'] = [['ENERGY', 1, 0, 1]]
const places = ({ notes }: PricedBill): string[] =>
  notes.map(({ code, pointer }) => `${code} ${pointer}`)

test('what is odd in a tariff is noted where it stands', () => {
  const booked = [{ price: ENERGY, when: { booking: true } }]
  assert.equal(places(bill({ periods, elements: [] })), [
    'tariff_without_elements /tariffs/0/elements',
    'unpriced /charging_periods/0',
  ])
  assert.equal(places(bill({ periods, elements: booked })), [
    'booking_element /tariffs/0/elements/0/restrictions/booking',
    'unpriced /charging_periods/0',
  ])
  const more = { total_cost: { before_taxes: 8 } }
  assert.equal(places(bill({ periods, price: ENERGY, cdr: more })), [
    'tax_included_missing /tariffs/0/tax_included',
  ])
  assert.equal(
    places(bill({ periods, price: ENERGY, cdr: more, more: { tax_included: 'NO' } })),
    [],
  )
  const odd: ShortElement['price'] = [
    ['ENERGY', 1, 0, null],
    ['ENERGY', 2, 0, 1],
    ['HUMIDITY', 1, 0, 1],
    ['FLAT', 0, 0, null],
  ]
  const at = '/tariffs/0/elements/0/price_components'
  assert.equal(places(bill({ periods, price: odd })), [
    `step_size_missing ${at}/0`,
    `component_duplicate ${at}/1`,
    `component_unknown ${at}/2`,
  ])
})

for (const [more, pointer] of [
  [{ tax_included: 'MAYBE' }, '/tariffs/0/tax_included'],
  [{ min_price: 5 }, '/tariffs/0/min_price'],
  [{ min_price: { excl_vat: 'five' } }, '/tariffs/0/min_price/excl_vat'],
  [{ start_date_time: 'now' }, '/tariffs/0/start_date_time'],
  [{ elements: {} }, '/tariffs/0/elements'],
  [{ elements: [7] }, '/tariffs/0/elements/0'],
  [{ id: 7 }, '/tariffs/0/id'],
] as const)
  test(`what cannot be read is pointed at: ${JSON.stringify(more)}`, () => {
    const priced = price({ periods, price: ENERGY, more })
    assert.equal(!priced.ok && [priced.code, priced.pointer], ['unreadable', pointer])
  })
for (const [when, field] of [
  [{ reservation: 'MAYBE' }, 'reservation'],
  [{ start_time: '25:00' }, 'start_time'],
  [{ end_date: '2024-02-30' }, 'end_date'],
  [{ day_of_week: ['FUNDAY'] }, 'day_of_week'],
  [{ max_kwh: 'much' }, 'max_kwh'],
] as const)
  test(`what cannot be read is pointed at: ${JSON.stringify(when)}`, () => {
    const priced = price({ periods, elements: [{ price: ENERGY, when }] })
    const at = `/tariffs/0/elements/0/restrictions/${field}`
    assert.equal(!priced.ok && [priced.code, priced.pointer], ['unreadable', at])
  })
test('a step below zero is pointed at', () => {
  const priced = price({ periods, price: [['ENERGY', 1, 0, -1]] })
  const at = '/tariffs/0/elements/0/price_components/0/step_size'
  assert.equal(!priced.ok && [priced.code, priced.pointer], ['unreadable', at])
})

test('a tier that only has a lower bound is one that a period may cross', () => {
  const elements: ShortElement[] = [
    { price: [['ENERGY', 2, 0, 1]], when: { min_kwh: 5 } },
    { price: ENERGY },
  ]
  assert.equal(places(bill({ periods, elements })), [
    'period_spans_price_change /charging_periods/0',
  ])
})

test('tariffs that treat taxes differently are noted in one session, unless nobody looks', () => {
  const both = ['T', 'U'].map((tariff, index) => ({
    at: `1${index}:00`,
    tariff,
    volumes: { ENERGY: 1 },
  }))
  const noted = (first: string, second: string, policy = {}) => {
    const tariffs = [
      { id: 'T', elements: [{ price: ENERGY }], more: { tax_included: first } },
      { id: 'U', elements: [{ price: ENERGY }], more: { tax_included: second } },
    ]
    const priced = priceScenario({ cdr: { periods: both }, tariffs }, policy)
    return priced.ok && priced.notes.some(({ code }) => code === 'mixed_tax_basis')
  }
  assert.equal([noted('NO', 'YES'), noted('NO', 'N/A'), noted('YES', 'N/A')], [true, true, true])
  assert.equal([noted('NO', 'NO'), noted('YES', 'YES')], [false, false])
  const ignored = { tax_included: 'ignored' }
  assert.equal([noted('NO', 'YES', ignored), noted('NO', 'N/A', ignored)], [false, false])
})

test.run()
