import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PricedBill } from '../../src/pricing/types.ts'
import { checkPriced, priceScenario } from '../fixtures/pricing/check.ts'
import type { Expected } from '../fixtures/pricing/check.ts'
import type { ShortCdr, ShortElement } from '../fixtures/pricing/expand.ts'

/** What is read of a session: its times, their order, and volumes that are a length of time cut to four decimals. */
const test = suite('pricing: session')

const ELEMENTS: ShortElement[] = [
  {
    price: [
      ['ENERGY', 1, 0, 1],
      ['TIME', 36, 0, 0],
      ['PARKING_TIME', 36, 0, 0],
    ],
  },
  { price: [['TIME', 36, 0, 0]], when: { reservation: 'RESERVATION' } },
]
const ask = (cdr: ShortCdr, policy = {}) =>
  priceScenario({ cdr, tariffs: [{ elements: ELEMENTS }] }, policy)

function bill(cdr: ShortCdr, policy = {}): PricedBill {
  const priced = ask(cdr, policy)
  if (!priced.ok) throw new Error(`${priced.code} ${priced.message}`)
  return priced
}

function is(
  name: string,
  cdr: ShortCdr,
  { policy = {}, ...expect }: Expected & { policy?: object },
) {
  test(name, () => checkPriced(ask(cdr, { ...policy }), expect))
}

const at = (time: string, volumes: Record<string, number> = {}) => ({
  ...{ at: time, tariff: 'T', volumes },
})
const snapped = { policy: { volumes: 'snapped' } }
const FIVE = '0.08333333333333333333'

for (const [volumes, quantities] of [
  [{ TIME: 0.0833 }, { timeH: FIVE }],
  [{ PARKING_TIME: 0.0833 }, { parkingH: FIVE }],
  [{ RESERVATION_TIME: 0.0834 }, { reservationH: FIVE }],
  [{ TIME: 0.0833, ENERGY: 1 }, { timeH: FIVE }],
  [
    { TIME: 0.0833, PARKING_TIME: 0.0833 },
    { timeH: '0.0833', parkingH: '0.0833' },
  ],
  [
    { TIME: 0.0833, RESERVATION_TIME: 0.0833 },
    { timeH: '0.0833', reservationH: '0.0833' },
  ],
  [
    { PARKING_TIME: 0.0833, RESERVATION_TIME: 0.0833 },
    { parkingH: '0.0833', reservationH: '0.0833' },
  ],
  [{ TIME: 0.0832 }, { timeH: '0.0832' }],
  [{ ENERGY: 1 }, { timeH: '0', parkingH: '0', reservationH: '0' }],
] as const)
  is(
    `five minutes as ${JSON.stringify(volumes)}`,
    { periods: [at('10:00', volumes)], end: '10:05' },
    { ...snapped, quantities },
  )
for (const [volume, hours] of [
  [0.1, '0.1'],
  [0.1001, '0.1001'],
  [0.0999, '0.0999'],
  [0.10009, '0.1'],
  [0.09991, '0.1'],
] as const)
  is(
    `six minutes are a unit of the fourth decimal away from ${volume}, or less`,
    { periods: [at('10:00', { TIME: volume })], end: '10:06' },
    { ...snapped, quantities: { timeH: hours } },
  )
is(
  'a session without an end keeps its volumes',
  { periods: [at('10:00', { TIME: 0.0833 })], more: { end_date_time: null } },
  { ...snapped, quantities: { timeH: '0.0833', sessionH: null } },
)
is(
  'a moment without any time stays without it',
  {
    periods: [at('2024-01-15T10:00:00.000Z'), at('2024-01-15T10:00:00.200Z', { ENERGY: 1 })],
    end: '11:00',
  },
  { ...snapped, quantities: { timeH: '0' } },
)

is(
  'a CDR with both names of its end is one of OCPI 2.2.1',
  { periods: [at('10:00', { ENERGY: 1 })], more: { stop_date_time: '2024-01-15T11:00:00Z' } },
  { excl: '1', incl: '1' },
)
const NEVER = '1970-01-01T00:00:00Z'
test('a start or an end that nobody knows is noted where it stands', () => {
  const places = ({ notes }: PricedBill) =>
    notes.filter(({ code }) => code === 'time_placeholder').map(({ pointer }) => pointer)
  const periods = [at('10:00', { ENERGY: 1, TIME: 1 })]
  const unstarted = bill({ start: NEVER, periods })
  assert.equal([unstarted.total.excl, places(unstarted)], ['1', ['']])
  assert.is(unstarted.quantities.sessionH, null)
  const endless = bill({ periods, end: NEVER })
  assert.equal([endless.total.excl, places(endless)], ['1', ['']])
  assert.is(endless.quantities.sessionH, null)
  const lost = bill({ start: '10:00', periods: [at(NEVER, { ENERGY: 1, TIME: 1 })] })
  assert.equal([lost.total.excl, places(lost)], ['1', ['/charging_periods/0']])
  assert.equal(places(bill({ periods })), [])
})

is(
  'by the clock, a period that ends before it begins takes no time',
  {
    start: '11:00',
    periods: [at('12:00', { ENERGY: 1 }), at('11:00', { ENERGY: 1 })],
    end: '12:00',
  },
  { policy: { missing_time: 'wall_clock' }, quantities: { timeH: '1' } },
)
is(
  'by the clock, a period without an end takes none',
  { periods: [at('10:00', { ENERGY: 1 })], more: { end_date_time: null } },
  { policy: { missing_time: 'wall_clock' }, excl: '1', quantities: { timeH: '0' } },
)

test('what is odd about the times is noted where it stands', () => {
  const places = (cdr: ShortCdr) => bill(cdr).notes.map(({ code, pointer }) => `${code} ${pointer}`)
  assert.equal(places({ periods: [at('10:00')], end: '10:00' }), [])
  assert.equal(places({ periods: [at('10:00')], end: '09:59' }), [
    'end_before_start /end_date_time',
    'period_outside_session /charging_periods/0',
  ])
  assert.equal(places({ start: '09:00', periods: [at('10:00')], end: '11:00' }), [
    'first_period_offset /charging_periods/0',
  ])
  assert.equal(places({ start: '10:00', periods: [at('10:00'), at('11:00')], end: '11:00' }), [])
  assert.equal(places({ start: '10:00', periods: [at('10:00'), at('11:01')], end: '11:00' }), [
    'period_outside_session /charging_periods/1',
  ])
  assert.equal(places({ start: '10:00', periods: [], end: '11:00' }), [
    'no_periods /charging_periods',
  ])
  const twice = [at('10:00'), at('12:00'), at('11:00')]
  assert.equal(places({ periods: twice, end: '13:00' }), [
    'periods_out_of_order /charging_periods/2',
  ])
  assert.equal(places({ periods: [at('10:00'), at('10:00')], end: '13:00' }), [])
  const kinds = { credit: true, home_charging_compensation: true }
  assert.equal(places({ periods: [at('10:00')], more: kinds }), [
    'credit /credit',
    'home_charging /home_charging_compensation',
  ])
  assert.equal(places({ periods: [at('10:00')], more: { credit: false } }), [])
})
test('times longer than their period by more than a second are noted', () => {
  const longer = (volumes: Record<string, number>) =>
    bill({ periods: [at('10:00', volumes)], end: '11:00' }).notes.some(
      ({ code }) => code === 'volume_longer_than_period',
    )
  assert.not.ok(longer({ TIME: 1 }))
  assert.not.ok(longer({ TIME: 0.5, PARKING_TIME: 0.5002 }))
  assert.ok(longer({ TIME: 0.5, PARKING_TIME: 0.5003 }))
  assert.ok(longer({ PARKING_TIME: 0.5, RESERVATION_TIME: 0.6 }))
  assert.ok(longer({ RESERVATION_TIME: 1.1 }))
  assert.ok(longer({ TIME: 1.1 }))
  const almost = { periods: [at('10:00', { TIME: 0.1 })], end: '2024-01-15T10:05:59Z' }
  assert.equal(bill(almost).notes, [])
})

const RESERVING: ShortElement[] = [
  { price: [['TIME', 9, 0, 1]], when: { reservation: 'RESERVATION_EXPIRES' } },
  { price: [['TIME', 4, 0, 1]], when: { reservation: 'RESERVATION' } },
]
for (const [after, excl] of [
  [{}, '9'],
  [{ TIME: 0 }, '9'],
  [{ TIME: 1 }, '4'],
  [{ PARKING_TIME: 1 }, '4'],
  [{ ENERGY: 1 }, '4'],
] as const)
  for (const missing_time of ['unpriced', 'wall_clock'])
    test(`an hour reserved and then ${JSON.stringify(after)}, ${missing_time}, without a session`, () => {
      const periods = [at('10:00', { RESERVATION_TIME: 1 }), at('11:00', after)]
      const scenario = {
        cdr: { periods, end: '12:00', more: { session_id: null } },
        tariffs: [{ elements: RESERVING }],
      }
      checkPriced(priceScenario(scenario, { missing_time }), { excl })
    })

test.run()
