import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lintTariff } from '../../src/pricing/lint/lint.ts'
import { isReported, isUnexpected, referenceOf } from '../../src/pricing/lint/references.ts'
import { LINT_REFERENCES } from '../../src/pricing/lint/reference-table.ts'
import { expandLint } from '../fixtures/lint/expand.ts'
import type { LintCase } from '../fixtures/lint/expand.ts'

const test = suite('lint: what others call it')

/** Tariff lints and leaf warnings of ocpi-tariffs by the names of their variants, and lints of ocpi-kit 0.2. */
const NAMES: [string, string, LintCase][] = [
  ['NeedlessNullField', 'null_field', { more: { type: null } }],
  ['needless_null_field', 'null_field', { more: { type: null } }],
  ['CpoCountryCodeShouldBeAlpha2', 'country_alpha3', { more: { country_code: 'GBR' } }],
  ['cpo_country_code_should_be_alpha2', 'country_alpha3', { more: { country_code: 'gbr' } }],
  ['Country(InvalidCase)', 'country_case', { more: { country_code: 'nl' } }],
  ['country.invalid_case', 'country_case', { more: { country_code: 'gbr' } }],
  ['Country(...)', 'country_unknown', { more: { country_code: 'OO' } }],
  ['country.invalid_reserved', 'country_reserved', { more: { country_code: 'XK' } }],
  ['currency.invalid_case', 'currency_case', { more: { currency: 'gbp' } }],
  ['currency.invalid_code', 'currency_unknown', { more: { currency: 'EUX' } }],
  ['Currency(InvalidCodeXTS)', 'currency_test', { more: { currency: 'XTS' } }],
  ['Currency(...)', 'currency_test', { more: { currency: 'XXX' } }],
  [
    'StartDateTimeIsAfterEndDateTime',
    'never_active',
    { more: { start_date_time: '2025-01-01T00:00:00Z', end_date_time: '2024-01-01T00:00:00Z' } },
  ],
  [
    'MinPriceIsGreaterThanMax',
    'price_limits_crossed',
    { more: { min_price: { excl_vat: 2 }, max_price: { excl_vat: 1 } } },
  ],
  ['party_id.invalid_length', 'party_id_form', { more: { party_id: 'TN' } }],
  ['party_id', 'party_id_case', { more: { party_id: 'tnm' } }],
  ['Elements(...)', 'elements_empty', { more: { elements: [] } }],
  ['Elements(NoPriceComponents)', 'components_empty', { more: { elements: [{}] } }],
  ['NoElements', 'elements_missing', { less: ['elements'] }],
  ['Restrictions(CanNeverMatch)', 'range_empty', when({ min_kwh: 2, max_kwh: 1 })],
  ['restrictions.max_kwh_is_zero', 'max_zero', when({ max_kwh: 0 })],
  ['max_restriction_zero', 'max_zero', when({ max_power: 0 })],
  ['start_end_time', 'window_whole_day', when({ start_time: '08:00', end_time: '08:00' })],
  [
    'start_end_datetime',
    'never_active',
    { more: { start_date_time: '2025-01-01T00:00:00Z', end_date_time: '2024-01-01T00:00:00Z' } },
  ],
  [
    'restrictions.start_time_end_time_near_end_of_day',
    'end_time_2359',
    when({ start_time: '00:00', end_time: '23:59' }),
  ],
  [
    'DayOfWeekContainsEntireWeek',
    'weekdays_all',
    when({
      day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'],
    }),
  ],
  ['DateTime(...)', 'datetime_invalid', { more: { last_updated: 'now' } }],
  ['Money(...)', 'number_unreadable', { elements: [{ price: [['ENERGY', 'free', 21, 1]] }] }],
  ['Number(Decimal)', 'number_unreadable', { elements: [{ price: [['ENERGY', 'free', 21, 1]] }] }],
  [
    'number.excessive_precision',
    'number_too_precise',
    { elements: [{ price: [['ENERGY', 0.12345, 21, 1]] }] },
  ],
  [
    'ExceedsMaximumPossibleValue',
    'number_out_of_range',
    { elements: [{ price: [['ENERGY', 1e13, 21, 1]] }] },
  ],
  [
    'LessThanMinimumPossibleValue',
    'number_out_of_range',
    { elements: [{ price: [['ENERGY', -1e13, 21, 1]] }] },
  ],
  ['number.invalid_type', 'type_wrong', { elements: [{ price: [['ENERGY', true, 21, 1]] }] }],
  ['String(...)', 'text_too_long', { more: { id: 'x'.repeat(37) } }],
  ['string.invalid_length_max', 'text_too_long', { more: { id: 'x'.repeat(37) } }],
  ['string.non_printable_ascii', 'text_control_characters', { more: { id: 'a\tb' } }],
  ['string.contains_escape_codes', 'text_escape_codes', { more: { id: 'a\\b' } }],
  ['Duration(...)', 'number_not_whole', when({ min_duration: 0.5 })],
  ['Weekday(...)', 'weekday_invalid', when({ day_of_week: ['monday'] })],
  ['enums.unknown_value', 'enum_unknown', { more: { type: 'CHEAP' } }],
  ['FieldRequired', 'field_missing', { less: ['id'] }],
  ['FieldInvalidType', 'type_wrong', { more: { elements: {} } }],
  ['FieldInvalidValue', 'enum_unknown', { more: { type: 'CHEAP' } }],
  ['required_field.country_code', 'field_missing', { less: ['country_code'] }],
  ['required_field.elements', 'elements_missing', { less: ['elements'] }],
  ['required_field.price_components', 'components_empty', { more: { elements: [{}] } }],
  [
    'ComponentIsRedundant',
    'component_shadowed',
    {
      elements: [
        { price: [['ENERGY', 1, 21, 1]] },
        {
          price: [
            ['ENERGY', 1, 21, 1],
            ['TIME', 1, 21, 1],
          ],
        },
      ],
    },
  ],
  [
    'ElementIsRedundant',
    'element_shadowed',
    { elements: [{ price: [['ENERGY', 1, 21, 1]] }, { price: [['ENERGY', 1, 21, 1]] }] },
  ],
  ['DimensionNotExhaustive', 'dimension_not_exhaustive', when({ min_kwh: 1 })],
  ['UsesDateRestrictions', 'element_dates', when({ start_date: '2024-01-01' })],
  [
    'unreachable_element',
    'element_shadowed',
    { elements: [{ price: [['ENERGY', 1, 21, 1]] }, { price: [['ENERGY', 1, 21, 1]] }] },
  ],
  [
    'duplicate_dimension',
    'duplicate_dimension',
    {
      elements: [
        {
          price: [
            ['ENERGY', 1, 21, 1],
            ['ENERGY', 1, 21, 1],
          ],
        },
      ],
    },
  ],
  ['empty_restrictions', 'restrictions_empty', when({})],
  [
    'impossible_restriction',
    'date_window_empty',
    when({ start_date: '2024-01-01', end_date: '2024-01-01' }),
  ],
  ['impossible_restriction', 'meter_range_reversed', when({ min_power: 5, max_power: 5 })],
  ['whole_day_window', 'window_whole_day', when({ start_time: '08:00', end_time: '08:00' })],
  ['zero_step_size', 'zero_step_size', { elements: [{ price: [['ENERGY', 1, 21, 0]] }] }],
  ['flat_step_size', 'flat_step_size', { elements: [{ price: [['FLAT', 1, 21, 2]] }] }],
  [
    'unused_time_step_size',
    'unused_time_step_size',
    {
      elements: [
        {
          price: [
            ['TIME', 1, 21, 60],
            ['PARKING_TIME', 1, 21, 1],
          ],
        },
      ],
    },
  ],
  ['reservation_dimension', 'reservation_dimension', when({ reservation: 'RESERVATION' })],
  [
    'nothing_priced_by_use',
    'nothing_priced_by_use',
    { elements: [{ price: [['FLAT', 1, 21, 1]] }] },
  ],
  ['tax_rate_without_tax', 'tax_rate_without_tax', { more: { tax_included: 'N/A' } }],
  [
    'tax_included_without_rate',
    'tax_included_without_rate',
    { elements: [{ price: [['ENERGY', 1, null, 1]] }], more: { tax_included: 'YES' } },
  ],
  ['implausible_vat', 'implausible_vat', { elements: [{ price: [['ENERGY', 1, 101, 1]] }] }],
  [
    'price_limits_cross',
    'price_limits_crossed',
    { more: { min_price: { excl_vat: 2 }, max_price: { excl_vat: 1 } } },
  ],
  [
    'never_active',
    'never_active',
    { more: { start_date_time: '2025-01-01T00:00:00Z', end_date_time: '2024-01-01T00:00:00Z' } },
  ],
]

for (const [id, code, short] of NAMES) {
  test(`${id} is ${code}`, () => {
    const found = lintTariff(expandLint(short))
    assert.ok(
      found.some((finding) => finding.code === code),
      `${code} is not found`,
    )
    assert.ok(
      referenceOf(id)?.ours.includes(found.find((one) => one.code === code)?.code ?? 'expired'),
    )
    assert.ok(isReported(found, { id }))
    assert.not(isReported([], { id }))
  })
}

test('each name of the table leads to its line, or to a narrower one with a finding in common', () => {
  for (const { theirs, ours, about } of LINT_REFERENCES) {
    assert.ok(ours.length > 0 && about.length > 0)
    for (const name of theirs) {
      const own = referenceOf(name.replaceAll('*', ''))
      if (name.replaceAll('*', '') !== '') assert.ok(own, name)
    }
  }
})

test('a name that nobody uses is unknown, a code of ours stands for itself', () => {
  assert.equal(referenceOf('expired'), { theirs: ['expired'], ours: ['expired'] })
  assert.is(referenceOf('brand_new_lint_of_tomorrow'), null)
  assert.not(isReported(lintTariff(null), { id: 'brand_new_lint_of_tomorrow' }))
})

test('a pattern wants its words in order', () => {
  assert.ok(referenceOf('duplicate_day_x'))
  assert.is(referenceOf('enum_')?.ours[0], 'enum_unknown')
  assert.is(referenceOf('zero_price_of_any_kind')?.ours[0], 'needless_zero_price')
  assert.is(referenceOf('xzero_pric'), null)
})

test('where a reference names a place, the finding has to be there', () => {
  const found = lintTariff(expandLint({ less: ['country_code'], more: { currency: 'gbp' } }))
  const at = (id: string, path: string): boolean => isReported(found, { id, path })
  assert.ok(at('required_field.country_code', '$'))
  assert.ok(at('required_field.country_code', '$.country_code'))
  assert.not(at('required_field.party_id', '$'))
  assert.ok(at('currency.invalid_case', '$.currency'))
  assert.ok(at('currency.invalid_case', '/currency'))
  assert.not(at('currency.invalid_case', '$.country_code'))
})

test('within an element any place will do, within another element none', () => {
  const elements = [
    { price: [['ENERGY', 1, 21, 1]] },
    { price: [['ENERGY', 1, 21, 1]], when: { max_kwh: 0 } },
  ] as const
  const found = lintTariff(expandLint({ elements }))
  const at = (path: string): boolean => isReported(found, { id: 'max_restriction_zero', path })
  assert.ok(at('$.elements.1.restrictions.max_kwh'))
  assert.ok(at('$.elements[1].restrictions'))
  assert.ok(at('$.elements.*.restrictions.max_kwh'))
  assert.ok(at('$.elements.1.price_components.0'))
  assert.ok(at('$.elements'))
  assert.not(at('$.elements.0.restrictions.max_kwh'))
  assert.not(at('$.id'))
})

test('a relation of two fields may be reported at either', () => {
  const more = { start_date_time: '2025-01-01T00:00:00Z', end_date_time: '2024-01-01T00:00:00Z' }
  const found = lintTariff(expandLint({ more }))
  assert.ok(isReported(found, { id: 'never_active', path: '$.start_date_time' }))
})

test('unexpected fields are found by their path, and what they hold with them', () => {
  const when = { dayOfWeek: ['MONDAY'] }
  const found = lintTariff(expandLint({ elements: [{ price: [['ENERGY', 1, 21, 1]], when }] }))
  for (const path of [
    '$.elements.*.restrictions.dayOfWeek',
    '$.elements.0.restrictions.dayOfWeek.*',
  ])
    assert.ok(isUnexpected(found, path), path)
  for (const path of ['$.elements.*.restrictions', '$.elements.1.restrictions.dayOfWeek', '$.id'])
    assert.not(isUnexpected(found, path), path)
})

test('spellings of the same lead to the same', () => {
  for (const id of ['Country(InvalidCase)', 'country.invalid_case { code: x }'])
    assert.is(referenceOf(id), referenceOf('country.invalid_case'))
})

test('limits of the price may be reported at either', () => {
  const more = { min_price: { excl_vat: 5, incl_vat: 4 }, max_price: { excl_vat: 1 } }
  const found = lintTariff(expandLint({ more }))
  assert.ok(isReported(found, { id: 'price_limits_crossed', path: '$.max_price.excl_vat' }))
  assert.ok(isReported(found, { id: 'limit_after_below_before', path: '$.max_price' }))
})

test('a place outside of the elements is meant to its end, an index to its last digit', () => {
  const more = { tariff_alt_text: [{ language: 'en', text: '0.25 a kWh' }] }
  const found = lintTariff(expandLint({ more }))
  const id = 'alt_text_price'
  assert.ok(isReported(found, { id, path: '$.tariff_alt_text[0].text' }))
  assert.not(isReported(found, { id, path: '$.tariff_alt_text[0].language' }))
  const elements = Array.from({ length: 13 }, () => ({ price: [['ENERGY', 1, 21, 1]] }) as const)
  const path = '$.elements[12].price_components'
  assert.ok(isReported(lintTariff(expandLint({ elements })), { id: 'element_shadowed', path }))
})

test('only unknown fields are unexpected, whatever else there is', () => {
  const found = lintTariff(expandLint({ more: { currency: 'eur', colour: 'red' } }))
  assert.ok(isUnexpected(found, '$.colour'))
  assert.not(isUnexpected(found, '$.currency'))
})

function when(restrictions: object): LintCase {
  return { elements: [{ price: [['ENERGY', 1, 21, 1]], when: restrictions }] }
}

test.run()
