import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import type { CannotPriceCode } from '../../src/pricing/types.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'

const test = suite('pricing: refusals')

/** Where, what stands there, the code and, when it differs from the place, the pointer answered. */
type Row = readonly [string, unknown, CannotPriceCode, string?]

const PERIOD = '/charging_periods/0'
const VOLUME = `${PERIOD}/dimensions/0/volume`
const COMPONENT = '/tariffs/0/elements/0/price_components/0'
const RESTRICTIONS = '/tariffs/0/elements/0/restrictions'

const ROWS: readonly Row[] = [
  ['/start_date_time', undefined, 'unreadable'],
  ['/start_date_time', null, 'unreadable'],
  ['/start_date_time', 'yesterday', 'unreadable'],
  ['/start_date_time', '2024-02-30T10:00:00Z', 'unreadable'],
  ['/start_date_time', '2024-01-15T24:00:00Z', 'unreadable'],
  ['/start_date_time', '0024-01-15T10:00:00Z', 'unreadable'],
  ['/start_date_time', 1705312800, 'unreadable'],
  ['/end_date_time', '2024-01-15T10:61:00Z', 'unreadable'],
  ['/end_date_time', '2024-01-15T10:00:00+24:00', 'unreadable'],
  ['/end_date_time', '2024-01-15T10:00:00+01:60', 'unreadable'],
  ['/currency', undefined, 'unreadable'],
  ['/currency', 978, 'unreadable'],
  ['/currency', 'SEK', 'currency', '/tariffs/0/currency'],
  ['/charging_periods', {}, 'unreadable'],
  [PERIOD, null, 'unreadable'],
  [`${PERIOD}/start_date_time`, undefined, 'unreadable'],
  [`${PERIOD}/tariff_id`, 7, 'unreadable'],
  [`${PERIOD}/tariff_id`, 'other', 'unknown_tariff'],
  [`${PERIOD}/dimensions`, 'ENERGY', 'unreadable'],
  [`${PERIOD}/dimensions/0`, [], 'unreadable'],
  [`${PERIOD}/dimensions/0/type`, undefined, 'unreadable'],
  [VOLUME, 'many', 'unreadable'],
  [VOLUME, '1,5', 'unreadable'],
  [VOLUME, '+1', 'unreadable'],
  [VOLUME, ' 1', 'unreadable'],
  [VOLUME, '', 'unreadable'],
  [VOLUME, '0x10', 'unreadable'],
  [VOLUME, 'NaN', 'unreadable'],
  [VOLUME, 'Infinity', 'unreadable'],
  [VOLUME, '-', 'unreadable'],
  [VOLUME, '1.', 'unreadable'],
  [VOLUME, '.5', 'unreadable'],
  [VOLUME, '1_000', 'unreadable'],
  [VOLUME, '1\n', 'unreadable'],
  [VOLUME, '٣', 'unreadable'],
  [VOLUME, [], 'unreadable'],
  [VOLUME, [1], 'unreadable'],
  [VOLUME, {}, 'unreadable'],
  [VOLUME, true, 'unreadable'],
  [VOLUME, Number.NaN, 'unreadable'],
  [VOLUME, Number.POSITIVE_INFINITY, 'unreadable'],
  [VOLUME, '1'.repeat(65), 'unreadable'],
  [VOLUME, 1_000_000_000_001, 'out_of_range'],
  [VOLUME, -1_000_000_000_001, 'out_of_range'],
  [VOLUME, '1000000000000.1', 'out_of_range'],
  [VOLUME, 1e300, 'out_of_range'],
  [VOLUME, '1e13', 'out_of_range'],
  [VOLUME, '2e12', 'out_of_range'],
  [VOLUME, 5e-324, 'out_of_range'],
  [`${PERIOD}/dimensions/1/volume`, 1e13, 'out_of_range'],
  ['/tariffs/0', null, 'unreadable'],
  ['/tariffs/0/id', undefined, 'unreadable'],
  ['/tariffs/0/currency', undefined, 'unreadable'],
  ['/tariffs/0/elements', 'none', 'unreadable'],
  ['/tariffs/0/start_date_time', 'soon', 'unreadable'],
  ['/tariffs/0/tax_included', 'MAYBE', 'unreadable'],
  ['/tariffs/0/min_price', 5, 'unreadable'],
  ['/tariffs/0/min_price', { excl_vat: '1e13' }, 'out_of_range', '/tariffs/0/min_price/excl_vat'],
  ['/tariffs/0/max_price', { after_taxes: 'x' }, 'unreadable', '/tariffs/0/max_price/after_taxes'],
  [`${COMPONENT}/type`, undefined, 'unreadable'],
  [`${COMPONENT}/price`, undefined, 'unreadable'],
  [`${COMPONENT}/price`, '0.2.5', 'unreadable'],
  [`${COMPONENT}/price`, 2e12, 'out_of_range'],
  [`${COMPONENT}/vat`, 'full', 'unreadable'],
  [`${COMPONENT}/vat`, 1e13, 'out_of_range'],
  [`${COMPONENT}/step_size`, -1, 'unreadable'],
  ['/tariffs/0/elements/1/price_components/0/price', 2e12, 'out_of_range'],
  [`${RESTRICTIONS}/start_time`, '25:00', 'unreadable'],
  [`${RESTRICTIONS}/end_time`, '8:00', 'unreadable'],
  [`${RESTRICTIONS}/end_time`, '08:60', 'unreadable'],
  [`${RESTRICTIONS}/start_date`, '2024-13-01', 'unreadable'],
  [`${RESTRICTIONS}/end_date`, '15.01.2024', 'unreadable'],
  [`${RESTRICTIONS}/day_of_week`, 'MONDAY', 'unreadable'],
  [`${RESTRICTIONS}/day_of_week`, ['FUNDAY'], 'unreadable'],
  [`${RESTRICTIONS}/min_kwh`, 'few', 'unreadable'],
  [`${RESTRICTIONS}/max_power`, 5e-324, 'out_of_range'],
  [`${RESTRICTIONS}/max_duration`, '1e', 'unreadable'],
  [`${RESTRICTIONS}/reservation`, 'MAYBE', 'unreadable'],
]

for (const [place, value, code, pointer = place] of ROWS) {
  const shown = JSON.stringify(value)?.slice(0, 30) ?? 'missing'
  test(`${place} ${shown} is answered with ${code}`, () => {
    const priced = priceAltered(place, value)
    assert.is(priced.ok, false)
    if (priced.ok) return
    assert.equal([priced.code, priced.pointer], [code, pointer])
    assert.ok(priced.message.length > 0)
  })
}

for (const value of [undefined, null, 7, 'cdr', [], true]) {
  test(`a CDR that is ${JSON.stringify(value)} is unreadable`, () => {
    const priced = priceCdr(value, [], { timeZone: 'UTC' })
    assert.is(priced.ok ? undefined : priced.code, 'unreadable')
  })
}

for (const timeZone of ['Mars/Olympus', '+01:00', '', 'Europe/Amsterdam ', 'A'.repeat(65)]) {
  test(`the time zone '${timeZone}' is refused although no restriction needs it`, () => {
    const priced = priceCdr(cdr(), [tariff()], { timeZone })
    assert.is(priced.ok ? undefined : priced.code, 'time_zone')
  })
}

test('the untouched example is priced and not changed', () => {
  const given = { cdr: cdr(), tariffs: [tariff()] }
  const before = JSON.stringify(given)
  const priced = priceCdr(given.cdr, given.tariffs, { timeZone: 'UTC' })
  assert.equal(priced.ok && priced.total, { excl: '2', incl: '2.42' })
  assert.is(JSON.stringify(given), before)
})

test('null counts as absent wherever a field is optional', () => {
  for (const place of [
    '/end_date_time',
    `${PERIOD}/tariff_id`,
    '/tariffs/0/min_price',
    VOLUME,
    RESTRICTIONS,
  ]) {
    assert.is(priceAltered(place, null).ok, true, place)
  }
})

test('a timestamp with an offset means that instant and is noted', () => {
  const priced = priceAltered('/start_date_time', '2024-01-15T11:00:00.5+01:00')
  assert.ok(priced.ok && priced.notes.some((note) => note.code === 'timestamp_offset'))
})

test('a timestamp without designator is UTC', () => {
  assert.is(priceAltered('/start_date_time', '2024-01-15T10:00:00').ok, true)
})

test('a session that ends before it starts is priced and noted', () => {
  const priced = priceAltered('/end_date_time', '2024-01-15T09:00:00Z')
  assert.ok(priced.ok && priced.notes.some((note) => note.code === 'end_before_start'))
})

test('a note names its first place and counts the others', () => {
  const volumes = { TIME: 1 }
  const periods = ['10:00', '11:00', '12:00'].map((at) => ({ at, tariff: 'T', volumes }))
  const priced = priceCdr(expandCdr({ periods }), [tariff()], { timeZone: 'UTC' })
  const notes = priced.ok
    ? priced.notes.map(({ code, pointer, count }) => ({ code, pointer, count }))
    : []
  assert.equal(notes, [{ code: 'unpriced', pointer: PERIOD, count: 3 }])
})

test('a segment says what was measured, billed, at which price and where that stands', () => {
  const priced = priceCdr(cdr(), [tariff()], { timeZone: 'UTC' })
  const place = {
    period: 0,
    dimension: 'energy',
    type: 'ENERGY',
    tariffId: 'T',
    element: 0,
    component: 0,
  }
  const money = {
    measured: '8',
    billed: '8',
    unitPrice: '0.25',
    vat: '21',
    excl: '2',
    incl: '2.42',
  }
  assert.equal(priced.ok && priced.segments, [{ ...place, ...money }])
})

test('more periods for more elements than are priced are refused', () => {
  const elements = Array.from({ length: limits.pricingLookupsMax / 1_000 }, () => ({ price: [] }))
  const periods = Array.from({ length: 1_000 }, () => ({ at: '10:00', tariff: 'T' }))
  const price = (more: number) =>
    priceCdr(
      expandCdr({ periods: [...periods, ...periods.slice(0, more)] }),
      [expandTariff({ elements })],
      { timeZone: 'UTC' },
    )
  assert.is(price(0).ok, true)
  const refused = price(1)
  assert.equal(!refused.ok && [refused.code, refused.pointer], [
    'out_of_range',
    '/charging_periods',
  ])
})

test('members that JSON may hold and objects have of themselves are nothing special', () => {
  const odd =
    '{"__proto__": {"credit": true, "currency": "SEK"}, "constructor": 1, "toString": null}'
  const own: unknown = JSON.parse(odd)
  const priced = priceCdr(
    { ...cdr(), ...(isContainer(own) ? own : {}), cdr_location: own },
    [{ ...tariff(), tax_included: null, ...(isContainer(own) ? own : {}) }],
    { timeZone: 'UTC' },
  )
  assert.equal(priced.ok && priced.total, { excl: '2', incl: '2.42' })
  assert.is(priced.ok && priced.notes.some(({ code }) => code === 'credit'), false)
})

test('a tariff that is not used may be in another currency', () => {
  const other = { ...tariff(), id: 'other', currency: 'NOK' }
  assert.is(priceCdr(cdr(), [other, tariff()], { timeZone: 'UTC' }).ok, true)
})

test.run()

function cdr(): Record<string, unknown> {
  const volumes = { ENERGY: 8, STATE_OF_CHARGE: 80 }
  return expandCdr({ periods: [{ at: '10:00', tariff: 'T', volumes }], end: '11:00' })
}

function tariff(): Record<string, unknown> {
  const price = [['ENERGY', 0.25, 21, 1]] as const
  return expandTariff({ elements: [{ price, when: { max_duration: 86_400 } }, { price }] })
}

/** Prices the example with `value` at the place that the JSON pointer names; undefined removes it. */
function priceAltered(place: string, value: unknown): ReturnType<typeof priceCdr> {
  const root: Record<string, unknown> = { ...cdr(), tariffs: [tariff()] }
  const keys = place.slice(1).split('/')
  const last = keys.pop() ?? ''
  let parent: Record<string, unknown> = root
  for (const key of keys) {
    const next = parent[key]
    if (!isContainer(next)) throw new Error(`${place} leads nowhere`)
    parent = next
  }
  if (value === undefined) delete parent[last]
  else parent[last] = value
  const { tariffs, ...rest } = root
  return priceCdr(rest, Array.isArray(tariffs) ? tariffs : [], { timeZone: 'UTC' })
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
