import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lintTariff } from '../../src/pricing/lint/lint.ts'

const test = suite('lint: fields')

const RESTRICTIONS_211 = {
  ...{ start_time: '08:00', end_time: '20:00', start_date: '2026-01-01', end_date: '2027-01-01' },
  ...{ min_kwh: 1, max_kwh: 2, min_power: 1, max_power: 2, min_duration: 1, max_duration: 2 },
  day_of_week: ['MONDAY'],
}
const RESTRICTIONS_221 = { ...RESTRICTIONS_211, min_current: 1, max_current: 2 }
const MIX = {
  is_green_energy: true,
  energy_sources: [{ source: 'SOLAR', percentage: 100 }],
  ...{ supplier_name: 'S', energy_product_name: 'P' },
}
const COMMON = {
  ...{ id: 'T', currency: 'EUR', last_updated: '2026-01-01T00:00:00Z' },
  ...{ tariff_alt_text: [{ language: 'en', text: 'T' }], tariff_alt_url: 'https://example.org' },
}
const OWNED = {
  ...{ ...COMMON, country_code: 'NL', party_id: 'TNM', type: 'REGULAR' },
  ...{ start_date_time: '2026-01-01T00:00:00Z', end_date_time: '2027-01-01T00:00:00Z' },
  energy_mix: { ...MIX, environ_impact: [{ category: 'NUCLEAR_WASTE', amount: 1 }] },
}
const PRICE = { type: 'ENERGY', price: 1, step_size: 1 }

/** Every field that a version has. */
const FULL = {
  '2.1.1': {
    ...COMMON,
    elements: [{ price_components: [PRICE], restrictions: RESTRICTIONS_211 }],
    energy_mix: { ...MIX, environ_impact: [{ source: 'NUCLEAR_WASTE', amount: 1 }] },
  },
  '2.2.1': {
    ...OWNED,
    ...{ min_price: { excl_vat: 1, incl_vat: 1 }, max_price: { excl_vat: 2, incl_vat: 2 } },
    elements: [
      {
        price_components: [{ ...PRICE, vat: 21 }],
        restrictions: { ...RESTRICTIONS_221, reservation: 'RESERVATION' },
      },
    ],
  },
  '2.3.0': {
    ...{ ...OWNED, tax_included: 'NO', preauthorize_amount: 5 },
    min_price: { before_taxes: 1, after_taxes: 1 },
    max_price: { before_taxes: 2, after_taxes: 2 },
    elements: [
      {
        price_components: [{ ...PRICE, vat: 21 }],
        restrictions: { ...RESTRICTIONS_221, reservation: 'RESERVATION', booking: 'BOOKING' },
      },
    ],
  },
} as const
const VERSIONS = ['2.1.1', '2.2.1', '2.3.0'] as const
const FORM = /^(type_wrong|field_|enum_|null_|text_|number_|date_invalid|time_invalid|datetime_)/

for (const version of VERSIONS)
  test(`${version} knows its fields and their types`, () => {
    const full: unknown = FULL[version]
    assert.equal(formOf(full, version), [])
    for (const path of leavesOf(full)) {
      const pointer = `/${path.join('/')}`
      assert.equal(formOf(put(full, path, {}), version), [`type_wrong ${pointer}`])
    }
  })

test('the values of enums are known, and no others', () => {
  const values: [readonly string[], readonly string[]][] = [
    [['type'], ['AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR']],
    [['tax_included'], ['YES', 'NO', 'N/A']],
    [
      ['elements', '0', 'price_components', '0', 'type'],
      ['ENERGY', 'FLAT', 'PARKING_TIME', 'TIME'],
    ],
    [
      ['elements', '0', 'restrictions', 'reservation'],
      ['RESERVATION', 'RESERVATION_EXPIRES'],
    ],
    [
      ['elements', '0', 'restrictions', 'booking'],
      ['BOOKING', 'BOOKING_EXPIRES', 'BOOKING_CANCELLATION_FEES', 'BOOKING_OVERTIME'],
    ],
  ]
  for (const [path, known] of values) {
    const found = (value: string) => formOf(put(FULL['2.3.0'], path, value), '2.3.0')
    for (const value of known) assert.equal(found(value), [])
    assert.equal(found('OTHER'), [`enum_unknown /${path.join('/')}`])
  }
})

function formOf(tariff: unknown, version: (typeof VERSIONS)[number]): string[] {
  return lintTariff(tariff, { version })
    .filter(({ code }) => FORM.test(code))
    .map(({ code, pointer }) => `${code} ${pointer}`)
}

/** The paths of everything that holds nothing else. */
function leavesOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner).map((path) => [key, ...path]),
  )
}

function put(target: unknown, path: readonly string[], value: unknown): unknown {
  const copy: unknown = structuredClone(target)
  let holder = copy
  for (const key of path.slice(0, -1))
    if (typeof holder === 'object' && holder !== null) holder = Reflect.get(holder, key)
  if (typeof holder === 'object' && holder !== null) Reflect.set(holder, path.at(-1) ?? '', value)
  return copy
}

test.run()
