import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricedBill, PricedCdr } from '../../src/pricing/types.ts'
import { checkPriced, policyOf, priceScenario } from '../fixtures/pricing/check.ts'
import type { Expected } from '../fixtures/pricing/check.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortElement, ShortPeriod, ShortTariff } from '../fixtures/pricing/expand.ts'

/** Small cases of when and where an element applies, whose figures can be had in one's head. */
const test = suite('pricing: when and where')

type Terms = {
  at?: string
  kwh?: number
  volumes?: Record<string, number>
  periods?: ShortPeriod[]
  when?: Record<string, unknown>
  elements?: ShortElement[]
  tariffs?: ShortTariff[]
  more?: Record<string, unknown>
  cdr?: Record<string, unknown>
  policy?: Record<string, unknown>
  zone?: string | null
}

/** 10 kWh at 10:00 on a Monday; 2 a kWh where the restrictions hold, 1 elsewhere. */
function ask(terms: Terms): PricedCdr {
  const { at = '10:00', volumes = { ENERGY: 10 }, when = {}, more = {}, zone = 'UTC' } = terms
  const { periods = [{ at, tariff: 'T', volumes }], policy, cdr: inCdr = {} } = terms
  const elements = terms.elements ?? [
    { price: [['ENERGY', 2, 0, 1]], when },
    { price: [['ENERGY', 1, 0, 1]] },
  ]
  const cdr = { periods, end: '23:30', more: inCdr }
  return priceScenario({ zone, cdr, tariffs: terms.tariffs ?? [{ elements, more }] }, policy)
}

function bill(terms: Terms): PricedBill {
  const priced = ask(terms)
  if (!priced.ok) throw new Error(`${priced.code} ${priced.message}`)
  return priced
}

function is(name: string, terms: Terms, expect: Expected): void {
  test(name, () => checkPriced(ask(terms), expect))
}

const places = ({ notes }: PricedBill): string[] =>
  notes.map(({ code, pointer, count }) => `${code} ${pointer} ${count}`)
const OLD = { end_date_time: null, stop_date_time: '2024-01-15T23:30:00Z' }

const day = { start_time: '10:00', end_time: '12:00' }
const night = { start_time: '22:00', end_time: '06:00' }
for (const [at, when, excl] of [
  ['10:00', day, '20'],
  ['11:59', day, '20'],
  ['12:00', day, '10'],
  ['09:59', day, '10'],
  ['22:00', night, '20'],
  ['21:59', night, '10'],
  ['05:59', night, '20'],
  ['06:00', night, '10'],
  ['10:00', { start_time: '10:00' }, '20'],
  ['09:59', { start_time: '10:00' }, '10'],
  ['10:00', { end_time: '10:00' }, '10'],
  ['09:59', { end_time: '10:00' }, '20'],
  ['10:00', { day_of_week: [] }, '20'],
  ['10:00', { day_of_week: ['MONDAY'] }, '20'],
  ['10:00', { day_of_week: ['TUESDAY', 'SUNDAY'] }, '10'],
  ['10:00', { start_date: '2024-01-15' }, '20'],
  ['10:00', { start_date: '2024-01-16' }, '10'],
  ['10:00', { end_date: '2024-01-15' }, '10'],
  ['10:00', { end_date: '2024-01-16' }, '20'],
] as const)
  is(`${at} within ${JSON.stringify(when)}`, { at, when }, { excl })

is(
  'a weekday that is no text cannot be read',
  { when: { day_of_week: [1] } },
  { error: 'unreadable' },
)
is(
  'a window within a day applies for whoever reads none over midnight',
  { when: day, policy: { wrapping_window: 'never' } },
  { excl: '20' },
)

for (const [when, policy] of [
  [{ start_time: '08:00', end_time: '08:00' }, { equal_window: 'never' }],
  [{ end_time: '00:00' }, { midnight_end: 'never' }],
  [night, { wrapping_window: 'never' }],
] as const)
  is(
    `a window that never opens asks for no place: ${JSON.stringify(policy)}`,
    { when, policy, zone: null },
    {
      excl: '10',
      zone: [null, 'none'],
      notes: 'equal_window' in policy ? ['window_whole_day'] : [],
    },
  )
for (const [when, notes] of [
  [{ end_time: '24:00' }, []],
  [{ end_time: '00:00' }, []],
  [{ start_time: '08:00', end_time: '08:00' }, ['window_whole_day']],
] as const)
  is(
    `a window of the whole day asks for no place: ${JSON.stringify(when)}`,
    { when, zone: null },
    { excl: '20', zone: [null, 'none'], notes: [...notes] },
  )

for (const [when, volumes, excl] of [
  [{ max_power: 20 }, { MAX_POWER: 10 }, '20'],
  [{ min_power: 5 }, { MIN_POWER: 10 }, '20'],
  [{ max_current: 20 }, { MAX_CURRENT: 10 }, '20'],
] as const)
  is(
    `${JSON.stringify(when)} asks for nothing of the other end: ${JSON.stringify(volumes)}`,
    { when, volumes: { ENERGY: 10, ...volumes }, policy: { meter_pairing: 'same_side' } },
    { excl, notes: [] },
  )
for (const when of [{ max_power: 20 }, { min_power: 20 }, { max_current: 20 }])
  is(
    `a meter that nobody read holds, by the policy: ${JSON.stringify(when)}`,
    { when, policy: { missing_meter: 'met' } },
    { excl: '20', notes: ['dimension_missing'] },
  )
test('what the audit of a period meets is not noted', () => {
  const elements: ShortElement[] = [
    { price: [['ENERGY', 2, 0, 1]], when: { min_power: 20, min_kwh: 5 } },
    { price: [['ENERGY', 1, 0, 1]] },
  ]
  assert.equal(places(bill({ elements })), [])
  const metered = elements.map((each) => ({
    ...each,
    ...(each.when && { when: { min_power: 20 } }),
  }))
  const tiers = [...metered, { price: [['FLAT', 1, 0, 1] as const], when: { max_kwh: 5 } }]
  assert.equal(places(bill({ elements: tiers })), ['dimension_missing /charging_periods/0 1'])
})

is(
  'the first element decides alone, if what it has is free and passed over',
  {
    elements: [{ price: [['ENERGY', 0, 0, 1]] }, { price: [['ENERGY', 1, 0, 1]] }],
    policy: { element_choice_211: 'whole_element', free_components: 'skipped' },
    cdr: OLD,
  },
  { excl: '0', noted: ['unpriced'] },
)
is(
  'a reservation that did not expire is none for its expiry, where both price charging',
  {
    volumes: { RESERVATION_TIME: 1 },
    elements: [
      { price: [['TIME', 9, 0, 1]], when: { reservation: 'RESERVATION_EXPIRES' } },
      { price: [['TIME', 4, 0, 1]], when: { reservation: 'RESERVATION' } },
    ],
    policy: { reservation_elements: 'charging' },
  },
  { excl: '4' },
)
is(
  'a period that names its tariff is priced',
  { policy: { unnamed_tariff: 'unpriced' } },
  { excl: '20' },
)

test('the tariff taken for a period is noted only where nobody named it', () => {
  assert.equal(places(bill({ policy: { tariff_choice: 'first' } })), [])
  assert.equal(places(bill({ periods: [{ at: '10:00', volumes: { ENERGY: 1 } }] })), [
    'default_tariff /charging_periods/0 1',
  ])
})
test('types of tariffs are noted only where two were active', () => {
  const elements: ShortElement[] = [{ price: [['ENERGY', 1, 0, 1]] }]
  const typed = { id: 'T', elements, more: { type: 'REGULAR' } }
  const later = { id: 'U', elements, more: { start_date_time: '2025-01-01T00:00:00Z' } }
  const periods = [{ at: '10:00', volumes: { ENERGY: 1 } }]
  const codes = (...tariffs: ShortTariff[]) =>
    bill({ periods, tariffs }).notes.map(({ code }) => code)
  assert.equal(codes(typed), ['default_tariff'])
  assert.equal(codes(typed, later), ['default_tariff'])
  assert.equal(codes(typed, { id: 'U', elements }), ['default_tariff', 'tariff_type_ignored'])
})
test('a tariff out of its time is noted where it is named', () => {
  const more = { start_date_time: '2025-01-01T00:00:00Z' }
  assert.equal(places(bill({ more })), ['tariff_not_active /charging_periods/0/tariff_id 1'])
})

test('what is no CDR is pointed at as the whole', () => {
  const priced = priceCdr(7, [{}], {})
  assert.equal(!priced.ok && [priced.code, priced.pointer], ['unreadable', ''])
  const offered = priceCdr(expandCdr({ periods: [] }), [7], {})
  assert.equal(!offered.ok && [offered.code, offered.pointer], ['unreadable', '/tariffs/0'])
})

const byNight = (price: number, vat: number | null): ShortElement[] => [
  { price: [['ENERGY', price, vat, 1]], when: night },
  { price: [['ENERGY', 1, 20, 1]] },
]
test('bounds are those after taxes where the sides before them are the same, or unknown', () => {
  const boundsOf = (terms: Terms) => {
    const priced = ask({ ...terms, zone: null })
    if (priced.ok || priced.bounds === null) throw new Error('there are bounds')
    const { low, high } = priced.bounds
    return [low.total, high.total].map(({ excl, incl }) => `${excl} ${incl}`)
  }
  assert.equal(boundsOf({ elements: byNight(1, 0) }), ['10 10', '10 12'])
  assert.equal(boundsOf({ elements: byNight(2, 0) }), ['10 12', '20 20'])
  assert.equal(boundsOf({ elements: byNight(2, 0), cdr: OLD }), ['10 null', '20 null'])
  const gross = { tax_included: 'YES' }
  const unrated: ShortElement[] = [
    { price: [['ENERGY', 2, null, 1]], when: night },
    { price: [['ENERGY', 1, null, 1]] },
  ]
  assert.equal(boundsOf({ elements: unrated, more: gross }), ['null 10', 'null 20'])
})

test('what was noted of the tariff stands on both bounds, once', () => {
  const elements: ShortElement[] = [
    { price: [['ENERGY', 2, 0, null]], when: night },
    { price: [['ENERGY', 1, 0, 1]] },
  ]
  const priced = ask({ elements, zone: null })
  if (priced.ok || priced.bounds === null) throw new Error('there are bounds')
  for (const each of [priced.bounds.low, priced.bounds.high])
    assert.equal(
      places(each).filter((text) => text.startsWith('step_')),
      ['step_size_missing /tariffs/0/elements/0/price_components/0 1'],
    )
})

test('a number that cannot be read, and one too large, are told apart in words', () => {
  const dimensions = [{ type: 'ENERGY', volume: 'many' }]
  const many = ask({ periods: [{ at: '10:00', tariff: 'T', dimensions }] })
  assert.ok(!many.ok && many.message.includes('is not a decimal number'))
  const large = ask({ volumes: { ENERGY: 1e13 } })
  assert.ok(!large.ok && large.message.includes('beyond 1e12'))
})

test('periods in disorder are noted only where their order changes the price, on either side', () => {
  const later = (at: string, kwh: number) => ({ at, tariff: 'T', volumes: { ENERGY: kwh } })
  const periods = [later('12:00', 4), later('11:00', 8)]
  const tier = (price: number, vat: number, over: number): ShortElement[] => [
    { price: [['ENERGY', over, vat, 1]], when: { max_kwh: 4 } },
    { price: [['ENERGY', price, 20, 1]] },
  ]
  const noted = (elements: ShortElement[], more: Terms = {}) =>
    places(bill({ periods, elements, ...more })).filter((text) => text.startsWith('order_'))
  const yes = ['order_changes_price /charging_periods 1']
  assert.equal(noted(tier(1, 20, 1)), [])
  assert.equal(noted(tier(1, 20, 2)), yes)
  assert.equal(noted(tier(1, 0, 1)), yes)
  // 1.00 with 20 % and 1.20 with 0 % are the same after taxes.
  assert.equal(noted(tier(1, 0, 1.2)), yes)
  const harmless: ShortElement[] = [
    { price: [['ENERGY', 1, 20, 1]], when: night },
    { price: [['ENERGY', 1, 20, 1]] },
  ]
  assert.equal(noted(harmless, { zone: null }), [])
  const three = [later('12:00', 8), later('10:00', 8), later('11:00', 2)]
  assert.equal(noted(tier(1, 20, 2), { periods: three }), [])
})
test('periods in disorder that cannot be priced are refused as others are', () => {
  const periods = ['12:00', '11:00'].map((at) => ({ at, tariff: 'X', volumes: { ENERGY: 1 } }))
  checkPriced(ask({ periods }), { error: 'unknown_tariff' })
})

test('quantities of nothing stand on no bill, even where they count for steps', () => {
  const periods = [
    { at: '10:00', tariff: 'T', volumes: { ENERGY: 10 } },
    { at: '11:00', tariff: 'T', volumes: { ENERGY: 0 } },
  ]
  const elements: ShortElement[] = [{ price: [['ENERGY', 1, 0, 1]] }]
  for (const counting of ['skipped', 'counted', 'any_active']) {
    const { segments } = bill({ periods, elements, policy: { empty_volume_step: counting } })
    assert.is(segments.length, 1, counting)
  }
})

test('a policy is taken as it is written out', () => {
  const policy = policyOf({ step_size: 'none' })
  const cdr = expandCdr({ periods: [{ at: '10:00', tariff: 'T', volumes: { ENERGY: 0.3 } }] })
  const terms = expandTariff({ elements: [{ price: [['ENERGY', 1, 0, 1000]] }] })
  const priced = priceCdr(cdr, [terms], { timeZone: null, policy })
  assert.equal(priced.ok && priced.policy, { name: 'custom', version: policy.version })
  assert.is(priced.ok && priced.total.excl, '0.3')
})

test.run()
