import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkPriced } from '../fixtures/pricing/check.ts'
import type { Expected } from '../fixtures/pricing/check.ts'
import type { ShortElement, ShortPeriod } from '../fixtures/pricing/expand.ts'
import { OLD, bill, price } from '../helpers/pricing-small.ts'
import type { Terms } from '../helpers/pricing-small.ts'

/** Where two rules meet: each case is small, and its figure can be had in one's head. */
const test = suite('pricing: edges')

function is(name: string, terms: Terms, expect: Expected): void {
  test(name, () => checkPriced(price(terms), expect))
}

const energy = (kwh: number | string): ShortPeriod[] => [
  { at: '10:00', tariff: 'T', volumes: { ENERGY: kwh } },
]
const parked = (more: Record<string, number>): ShortPeriod => ({
  at: '11:00',
  tariff: 'T',
  volumes: { PARKING_TIME: 0.5, ...more },
})

test('notes about limits lead to the limit', () => {
  const places = (more: Record<string, unknown>) =>
    bill({ periods: energy(10), price: [['ENERGY', 1, 20, 1]], more }).notes.map(
      ({ code, pointer }) => `${code} ${pointer}`,
    )
  assert.equal(places({ min_price: { excl_vat: 20, incl_vat: 24 } }), [
    'total_raised_to_min /tariffs/0/min_price',
  ])
  assert.equal(places({ max_price: { excl_vat: 5, incl_vat: 6 } }), [
    'total_lowered_to_max /tariffs/0/max_price',
  ])
  assert.equal(places({ max_price: { incl_vat: 9 } }), [
    'total_lowered_to_max /tariffs/0/max_price',
    'limit_below_net /tariffs/0/max_price',
  ])
})

test('tax in a limit that no rate explains is noted at the limit', () => {
  const { notes } = bill({
    periods: energy(10),
    price: [['ENERGY', 1, null, 1]],
    more: { min_price: { excl_vat: 20, incl_vat: 24 } },
  })
  assert.ok(
    notes.some(
      ({ code, pointer }) =>
        code === 'limit_unattributed_tax' && pointer === '/tariffs/0/min_price',
    ),
  )
})

is(
  'a maximum holds a session of OCPI 2.1.1, whose taxes nobody knows',
  {
    periods: energy(10),
    price: [['ENERGY', 1, 20, 1]],
    more: { max_price: { excl_vat: 4 } },
    cdr: OLD,
  },
  { excl: '4', incl: null, clamp: ['-6', null], taxes: [] },
)
is(
  'a maximum below a negative total takes its tax along and leaves it below',
  { periods: energy(-10), price: [['ENERGY', 1, 20, 1]], more: { max_price: { excl_vat: -11 } } },
  { excl: '-11', incl: '-13.2' },
)
is(
  'rounding leaves what nobody knows unknown, in every figure',
  {
    periods: energy(1.005),
    price: [['ENERGY', 1, 20, 1]],
    policy: { rounding: { decimals: 2, mode: 'half_up', stage: 'dimension' } },
    cdr: OLD,
  },
  {
    ...{ excl: '1.01', incl: null, rounding: ['0.005', null], clamp: ['0', null] },
    dimensions: { energy: ['1.01', null], time: ['0', '0'] },
  },
)

is(
  'rounding leaves a net price that nobody knows unknown, in every figure',
  {
    periods: energy(1.005),
    price: [['ENERGY', 1, null, 1]],
    more: { tax_included: 'YES' },
    policy: { rounding: { decimals: 2, mode: 'half_up', stage: 'dimension' } },
  },
  {
    ...{ excl: null, incl: '1.01', rounding: [null, '0.005'], clamp: [null, '0'] },
    dimensions: { energy: [null, '1.01'], time: ['0', '0'] },
  },
)

is(
  'a period that is stepped on its own steps its parking, not its charging',
  {
    periods: [{ at: '10:00', tariff: 'T', volumes: { TIME: 0.1, PARKING_TIME: 0.1 } }],
    price: [
      ['TIME', 10, null, 600],
      ['PARKING_TIME', 10, null, 900],
    ],
    policy: { step_size: 'period' },
  },
  { billed: { timeH: '0.1', parkingH: '0.25' } },
)
is(
  'parking is the last time of a session of nothing else',
  {
    periods: [parked({})],
    price: [['PARKING_TIME', 10, null, 3600]],
    policy: { stepped_time: 'parking_if_last' },
  },
  { billed: { parkingH: '1' } },
)
is(
  'a fee in its period does not stand between parking and the end',
  {
    periods: [{ at: '10:00', tariff: 'T', volumes: { TIME: 0.1 } }, parked({})],
    elements: [
      { price: [['FLAT', 1, null, 0]], when: { min_duration: 3600 } },
      {
        price: [
          ['TIME', 10, null, 3600],
          ['PARKING_TIME', 10, null, 3600],
        ],
      },
    ],
    policy: { stepped_time: 'parking_if_last' },
  },
  { excl: '12', billed: { timeH: '0.1', parkingH: '1' } },
)
is(
  'a last parking of no time does not count as the last time',
  {
    periods: [{ at: '10:00', tariff: 'T', volumes: { TIME: 0.1 } }, parked({ PARKING_TIME: 0 })],
    price: [
      ['TIME', 10, null, 3600],
      ['PARKING_TIME', 10, null, 3600],
    ],
    policy: { stepped_time: 'parking_if_last', empty_volume_step: 'counted' },
  },
  { excl: '10', billed: { timeH: '1', parkingH: '0' } },
)
is(
  'steps by price keep kWh and hours of one price apart',
  {
    periods: [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 0.4, TIME: 0.1 } }],
    price: [
      ['ENERGY', 3, null, 900],
      ['TIME', 3, null, 900],
    ],
    policy: { step_size: 'price' },
  },
  { billed: { energyKwh: '0.9', timeH: '0.25' } },
)
is(
  'steps by price keep two steps of one price apart',
  {
    periods: [...energy(1.2), { at: '11:00', tariff: 'T', volumes: { ENERGY: 1.2 } }],
    elements: [
      { price: [['ENERGY', 3, null, 1000]], when: { min_duration: 3600 } },
      { price: [['ENERGY', 3, null, 5000]] },
    ],
    policy: { step_size: 'price' },
  },
  { billed: { energyKwh: '7' } },
)
for (const policy of [{}, { step_size: 'price' }, { step_size: 'period' }])
  is(
    `a step too small to count rounds nothing: ${JSON.stringify(policy)}`,
    { periods: energy(1.2), price: [['ENERGY', 3, null, 1e-7]], policy },
    { excl: '3.6', billed: { energyKwh: '1.2' } },
  )
const next = { exact_multiple: 'next_block' }
for (const [kwh, billedKwh] of [
  [2, '3'],
  [2.5, '3'],
  [0.5, '1'],
  [-2.5, '-2'],
  [-2, '-1'],
  [-0.5, '0'],
] as const)
  is(
    `the next block above ${kwh} kWh in blocks of one ends at ${billedKwh}`,
    { periods: energy(kwh), price: [['ENERGY', 3, null, 1000]], policy: next },
    { billed: { energyKwh: billedKwh } },
  )

is(
  'no rate read as 0 % is a rate: nothing is noted, and a gross price has a net one',
  {
    periods: energy(10),
    price: [['ENERGY', 1, null, 1]],
    more: { tax_included: 'YES' },
    policy: { absent_vat: 'zero_rate' },
  },
  { excl: '10', incl: '10', taxes: [['0', '10', '0']], notes: [] },
)
is(
  'where no tax applies, only a rate that is stated is noted as ignored',
  {
    periods: [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 10 } }],
    price: [['ENERGY', 1, null, 1]],
    more: { tax_included: 'N/A' },
  },
  { excl: '10', incl: '10', notes: [] },
)

const TIERS: ShortElement[] = [
  { price: [['ENERGY', 1, null, 1]], when: { max_kwh: 5 } },
  { price: [['ENERGY', 2, null, 1]], when: { min_kwh: 5, max_kwh: 10 } },
  { price: [['ENERGY', 4, null, 1]] },
]
const tiered = (...kwh: number[]): ShortPeriod[] =>
  kwh.map((ENERGY, index) => ({ at: `1${index}:00`, tariff: 'T', volumes: { ENERGY } }))

is(
  'a session cut at every tier changes no price within a period',
  { periods: tiered(5, 5, 5, 5), elements: TIERS },
  { excl: '55', notes: ['vat_absent'] },
)
for (const [kwh, excl] of [
  [[6, 4, 5], '34'],
  [[5, 6, 4], '33'],
] as const)
  is(
    `a session cut late at a tier is noted: ${kwh.join(', ')} kWh`,
    { periods: tiered(...kwh), elements: TIERS },
    { excl, noted: ['period_spans_price_change'] },
  )

test.run()
