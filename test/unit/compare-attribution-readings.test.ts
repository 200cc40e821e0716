import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  applied,
  cdrOf,
  codeOf,
  period,
  SESSION_READINGS,
  situationOf,
  TARIFF_READINGS,
  VOLUMES,
} from '../fixtures/compare/situation.ts'
import type { Situation } from '../../src/pricing/attribution-reading.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'

/** What each reading makes of a session and its tariffs, apart from any price. */
const test = suite('attribution: what a reading changes')

test('quantities are read in another unit or rounded', () => {
  for (const [code, changes] of [
    ['unit:wh_as_kwh', { ENERGY: '1545.6' }],
    ['unit:kwh_from_wh', { ENERGY: '0.0015456' }],
    ['unit:minutes_as_hours', { TIME: '30.3', PARKING_TIME: '15', RESERVATION_TIME: '30.6' }],
    ['energy_quantity:rounded_0', { ENERGY: '2' }],
    ['energy_quantity:rounded_1', { ENERGY: '1.5' }],
    ['energy_quantity:rounded_2', { ENERGY: '1.55' }],
    ['energy_quantity:rounded_3', { ENERGY: '1.546' }],
  ] as const)
    assert.equal(applied(code, situationOf({})).cdr, cdrOf({ ...VOLUMES, ...changes }), code)
  const times = { TIME: '36', PARKING_TIME: '18', RESERVATION_TIME: '72', RESERVATION_EXPIRES: '9' }
  const inMinutes = {
    TIME: '0.6',
    PARKING_TIME: '0.3',
    RESERVATION_TIME: '1.2',
    RESERVATION_EXPIRES: '0.15',
  }
  const inSeconds = {
    TIME: '0.01',
    PARKING_TIME: '0.005',
    RESERVATION_TIME: '0.02',
    RESERVATION_EXPIRES: '0.0025',
  }
  const timed = situationOf({ cdr: cdrOf(times) })
  assert.equal(applied('unit:hours_from_minutes', timed).cdr, cdrOf(inMinutes))
  assert.equal(applied('unit:hours_from_seconds', timed).cdr, cdrOf(inSeconds))
})

test('times are rounded to whole minutes', () => {
  const rounded = (code: string, hours: string): unknown =>
    applied(code, situationOf({ cdr: cdrOf({ TIME: hours, ENERGY: hours }) })).cdr
  for (const [hours, up, near] of [
    ['0.505', '0.5166666666666666666666666666666666666666', '0.5'],
    [
      '0.51',
      '0.5166666666666666666666666666666666666666',
      '0.5166666666666666666666666666666666666666',
    ],
    ['0.5', '0.5', '0.5'],
    ['0.500000001', '0.5', '0.5'],
    ['0', '0', '0'],
  ] as const) {
    assert.equal(rounded('time_quantity:minutes_up', hours), cdrOf({ TIME: up, ENERGY: hours }))
    assert.equal(rounded('time_quantity:minutes', hours), cdrOf({ TIME: near, ENERGY: hours }))
  }
})

test('local time moves with every instant, of the tariffs too', () => {
  const times = (hour: string, date: string): Record<string, string> => ({
    start_date_time: `${date}T${hour}:00:00.000Z`,
    end_date_time: `${date}T${hour}:30:00.000Z`,
    stop_date_time: `${date}T${hour}:45:00.000Z`,
  })
  const at = (hour: string, last = '2024-01-15T10:00:00Z'): Situation =>
    situationOf({
      cdr: {
        ...times(hour, '2024-01-15'),
        last_updated: last,
        charging_periods: [times(hour, '2024-01-15'), 7],
      },
      tariffs: [{ ...times(hour, '2024-01-01'), last_updated: last }, null],
    })
  for (const [code, hour] of [
    ['time_zone:hour_later', '11'],
    ['time_zone:hour_earlier', '09'],
  ] as const) {
    const { cdr, tariffs } = applied(code, at('10'))
    assert.equal([cdr, tariffs], [at(hour).cdr, at(hour).tariffs])
  }
  const odd = situationOf({ cdr: { start_date_time: 'soon', end_date_time: 5, id: 'C' } })
  assert.equal(applied('time_zone:hour_later', odd).cdr, odd.cdr)
  const { options } = applied('time_zone:utc', situationOf({}))
  assert.equal(options, { timeZone: 'UTC', policy: DEFAULT_POLICY })
})

test('a reservation expires or does not', () => {
  const expired = situationOf({
    cdr: {
      cdr_location: { evse_uid: '#NA', city: 'X' },
      charging_periods: [
        period('10:00', { RESERVATION_EXPIRES: '1', TIME: '2' }),
        { dimensions: 'x' },
        7,
      ],
    },
  })
  assert.equal(applied('reservation_expired:no', expired).cdr, {
    cdr_location: { evse_uid: 'known', city: 'X' },
    session_id: 'known',
    charging_periods: [
      period('10:00', { RESERVATION_TIME: '1', TIME: '2' }),
      { dimensions: 'x' },
      7,
    ],
  })
  const named = situationOf({ cdr: { session_id: 'S', cdr_location: 'x' } })
  assert.equal(applied('reservation_expired:no', named).cdr, { session_id: 'S', cdr_location: {} })
  const expiry = { type: 'RESERVATION_EXPIRES', volume: 0 }
  for (const [periods, made] of [
    [
      [{ dimensions: [1] }, 2],
      [{ dimensions: [1, expiry] }, 2],
    ],
    [[{ dimensions: 'x' }], [{ dimensions: [expiry] }]],
    [
      [7, 8],
      [7, 8],
    ],
    [[], []],
  ])
    assert.equal(
      applied('reservation_expired:yes', situationOf({ cdr: { charging_periods: periods } })).cdr,
      { charging_periods: made },
    )
})

test('durations count from parking, and periods come in order', () => {
  const idle = period('10:00', { PARKING_TIME: '0' })
  const parked = period('11:00', { ENERGY: '0', PARKING_TIME: '0.5' })
  const driven = period('10:30', { TIME: '0.5' })
  const start_date_time = '2024-01-15T09:00:00Z'
  const from = (charging_periods: unknown): unknown =>
    applied('duration_origin:parking', situationOf({ cdr: { start_date_time, charging_periods } }))
      .cdr
  const periods = [7, { dimensions: 'x' }, { dimensions: [7] }, driven, idle, parked]
  assert.equal(from(periods), {
    start_date_time: parked.start_date_time,
    charging_periods: periods,
  })
  for (const none of [[driven, idle], 'x', undefined])
    assert.equal(from(none), { start_date_time, charging_periods: none })
  const sorted = applied(
    'period_order:sorted',
    situationOf({ cdr: { charging_periods: [parked, driven, idle, 7, { start_date_time: 'x' }] } }),
  )
  assert.equal(sorted.cdr, {
    charging_periods: [7, { start_date_time: 'x' }, idle, driven, parked],
  })
})

test('codes are stable, and what a reading takes the place of is named', () => {
  const readings = [...SESSION_READINGS, ...TARIFF_READINGS]
  assert.equal(
    [...new Set(readings.map(({ key, instead }) => `${key} ${instead}`))],
    [
      'time_zone local',
      'unit as_sent',
      'energy_quantity as_sent',
      'time_quantity as_sent',
      'reservation_expired as_sent',
      'duration_origin session',
      'period_order as_sent',
      'vat as_stated',
      'total exact',
      'unit_price as_stated',
      'time_prices as_stated',
      'parking_restrictions as_stated',
      'restrictions as_stated',
      'left_out nothing',
    ],
  )
  const codes = readings.map(codeOf)
  assert.is(new Set(codes).size, codes.length)
  assert.equal([SESSION_READINGS.length, TARIFF_READINGS.length], [18, 27])
})

test('what is no session and no tariff stays as it is', () => {
  for (const cdr of [null, 'x'])
    assert.is(applied('reservation_expired:no', situationOf({ cdr })).cdr, cdr)
  const tariffs = [null, 'x', { elements: 'x' }, { elements: [7, { price_components: 'x' }] }]
  const periods = [
    7,
    { dimensions: 'x' },
    { dimensions: [null, { type: 5, volume: 1 }, { type: 'ENERGY', volume: 'x' }] },
  ]
  for (const { key, value, apply } of [...SESSION_READINGS, ...TARIFF_READINGS].filter(
    ({ key }) => !['vat', 'reservation_expired'].includes(key),
  ))
    for (const cdr of [null, 'x', { charging_periods: 'x' }, { charging_periods: periods }]) {
      const made = apply(situationOf({ cdr, tariffs }))
      assert.equal([made.cdr, made.tariffs], [cdr, tariffs], `${key}:${value}`)
    }
})

test.run()
