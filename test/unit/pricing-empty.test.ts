import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkPriced } from '../fixtures/pricing/check.ts'
import type { Expected } from '../fixtures/pricing/check.ts'
import type { ShortElement } from '../fixtures/pricing/expand.ts'
import { OLD, bill, price } from '../helpers/pricing-small.ts'
import type { Terms } from '../helpers/pricing-small.ts'

/** Quantities of nothing, fees beside reservations, and dimensions that a version does not have. */
const test = suite('pricing: empty and double')

function is(name: string, terms: Terms, expect: Expected): void {
  test(name, () => checkPriced(price(terms), expect))
}

const energy = (kwh: number) => [{ at: '10:00', tariff: 'T', volumes: { ENERGY: kwh } }]

const kinds = [
  ['ENERGY', 'ENERGY', 'energyKwh', '0.6', '0.9', {}],
  ['TIME', 'TIME', 'timeH', '0.25', '1', {}],
  ['PARKING_TIME', 'PARKING_TIME', 'parkingH', '0.25', '1', {}],
  ['RESERVATION_TIME', 'TIME', 'reservationH', '0.25', '1', { reservation: 'RESERVATION' }],
] as const
for (const [type, kind, quantity, small, large, when] of kinds)
  for (const [reading, volumes, billedQuantity] of [
    ['skipped', { [type]: 0 }, small],
    ['counted', { [type]: 0 }, large],
    ['counted', {}, small],
    ['any_active', {}, large],
  ] as const)
    is(
      `${type} of ${JSON.stringify(volumes)} at the end gives the step, or not: ${reading}`,
      {
        periods: [
          { at: '10:00', tariff: 'T', volumes: { [type]: 0.1 } },
          { at: '11:00', tariff: 'T', volumes },
        ],
        elements: [
          {
            price: [[kind, 1, null, type === 'ENERGY' ? 900 : 3600]],
            when: { ...when, min_duration: 3600 },
          },
          { price: [[kind, 1, null, type === 'ENERGY' ? 600 : 900]], when },
        ],
        policy: { empty_volume_step: reading },
      },
      { billed: { [quantity]: billedQuantity } },
    )
is(
  'a time by the clock that no one prices is not noted, an energy is',
  {
    periods: energy(1),
    price: [['PARKING_TIME', 1, null, 1]],
    policy: { missing_time: 'wall_clock' },
  },
  { excl: '0', notes: ['unpriced'] },
)
is(
  'not even where the energy is priced',
  { periods: energy(1), price: [['ENERGY', 1, 0, 1]], policy: { missing_time: 'wall_clock' } },
  { excl: '1', notes: [] },
)
test('it is noted once, for the energy', () => {
  const { notes } = bill({
    periods: energy(1),
    price: [['PARKING_TIME', 1, null, 1]],
    policy: { missing_time: 'wall_clock' },
  })
  assert.equal(
    notes.map(({ count }) => count),
    [1],
  )
})
is(
  'a period of no tariff after one of a tariff is free and changes nothing else',
  {
    periods: [...energy(1), { at: '11:00', volumes: { ENERGY: 1 } }],
    price: [['ENERGY', 1, 0, 1]],
    policy: { unnamed_tariff: 'unpriced' },
  },
  { excl: '1', notes: ['no_tariff_named', 'unpriced'] },
)

const at = (time: string, volumes: Record<string, number>) => ({ at: time, tariff: 'T', volumes })
const fee = (amount: number, when: Record<string, unknown> = {}): ShortElement => ({
  price: [['FLAT', amount, 0, 1]],
  when,
})
const reserving = { reservation: 'RESERVATION' }

is(
  'charging and reserved time in one period have a fee each',
  {
    periods: [at('10:00', { RESERVATION_TIME: 1, ENERGY: 1 })],
    elements: [fee(1, reserving), fee(2)],
  },
  { excl: '3', dimensions: { fixed: '2', reservation: '1' } },
)
is(
  'or one fee in all',
  {
    periods: [at('10:00', { RESERVATION_TIME: 1, ENERGY: 1 })],
    elements: [fee(1, reserving), fee(2)],
    policy: { flat_fees: 'once' },
  },
  { excl: '2', dimensions: { fixed: '2', reservation: '0' } },
)
is(
  'charging time beside reserved time is charging, whose fee is due',
  { periods: [at('10:00', { RESERVATION_TIME: 1, TIME: 1 })], elements: [fee(2)] },
  { excl: '2' },
)
is(
  'reserved time alone owes no fee of charging',
  { periods: [at('10:00', { RESERVATION_TIME: 1 })], elements: [fee(2)] },
  { excl: '0' },
)
is(
  'a reservation has one fee, the first, however it goes on',
  {
    periods: [at('10:00', { RESERVATION_TIME: 1 }), at('11:00', { RESERVATION_TIME: 1 })],
    elements: [fee(3, { ...reserving, min_duration: 3600 }), fee(1, reserving)],
  },
  { excl: '1' },
)
const fees = {
  periods: [at('10:00', { ENERGY: 1 }), at('11:00', { ENERGY: 1 }), at('12:00', { ENERGY: 1 })],
  elements: [fee(1, { max_duration: 3600 }), fee(1, { max_duration: 7200 }), fee(3)],
}
is('a fee is paid once', fees, { excl: '1' })
is('or once for each price', { ...fees, policy: { flat_fees: 'per_price' } }, { excl: '4' })

is(
  'OCPI 2.1.1 has parking time and currents',
  {
    periods: [at('10:00', { PARKING_TIME: 1, MIN_CURRENT: 8 })],
    elements: [
      { price: [['PARKING_TIME', 2, null, 1]], when: { max_current: 10 } },
      { price: [['PARKING_TIME', 1, null, 1]] },
    ],
    cdr: OLD,
  },
  { excl: '2' },
)
test('a dimension without a volume, or with two, is pointed at', () => {
  const dimensions = [
    { type: 'ENERGY', volume: 1 },
    { type: 'TIME' },
    { type: 'ENERGY', volume: 2 },
    { type: 'CURRENT', volume: 2 },
    { type: 'HUMIDITY', volume: 'much' },
  ]
  const { notes } = bill({
    periods: [{ at: '10:00', tariff: 'T', dimensions }],
    price: [['ENERGY', 1, 0, 1]],
  })
  const place = '/charging_periods/0/dimensions'
  assert.equal(
    notes.map(({ code, pointer }) => `${code} ${pointer}`),
    [
      `volume_missing ${place}/1/volume`,
      `dimension_duplicate ${place}/2`,
      `dimension_of_session ${place}/3`,
      `dimension_unknown ${place}/4`,
    ],
  )
})
for (const [dimension, end] of [
  [{ type: 'ENERGY', volume: 'much' }, '/volume'],
  [{ type: 'ENERGY', volume: 1e13 }, '/volume'],
  [{ type: 'HUMIDITY', volume: 1e13 }, '/volume'],
  [{ type: 7, volume: 1 }, '/type'],
  [{ volume: 1 }, '/type'],
  [7, ''],
] as const)
  test(`what is no dimension is pointed at: ${JSON.stringify(dimension)}`, () => {
    const priced = price({ periods: [{ at: '10:00', tariff: 'T', dimensions: [dimension] }] })
    assert.is(!priced.ok && priced.pointer, `/charging_periods/0/dimensions/0${end}`)
  })

test.run()
