import type { LintCode } from './rules.ts'

/**
 * One identifier of another implementation and what of ours stands for it: any of `ours` will do. In `theirs` a `*`
 * stands for any words; `about` says what the other one means by it.
 */
export type LintReference = {
  readonly source: 'ocpi-tariffs' | 'ocpi-kit'
  readonly theirs: readonly string[]
  readonly ours: readonly LintCode[]
  readonly about: string
}

const SHADOWS = [
  'element_shadowed',
  'component_shadowed',
  'element_unreachable',
  'component_unreachable',
] as const
const RANGES = [
  'range_empty',
  'meter_range_reversed',
  'date_window_empty',
  'max_zero',
  'weekdays_outside_dates',
] as const
const TEXTS = [
  'type_wrong',
  'text_too_long',
  'text_control_characters',
  'text_not_ascii',
  'text_escape_codes',
] as const
const NUMBERS = [
  'type_wrong',
  'number_as_text',
  'number_unreadable',
  'number_out_of_range',
  'number_too_precise',
  'number_not_whole',
  'number_negative',
] as const
const COUNTRY = ['country_alpha3', 'country_case', 'country_unknown', 'country_reserved'] as const
const CURRENCY = ['currency_case', 'currency_unknown', 'currency_test'] as const
const WINDOWS = [
  'window_whole_day',
  'window_from_midnight',
  'midnight_end_alone',
  'end_time_2359',
  'time_form',
  'time_invalid',
] as const

/**
 * What references call it → what we call it. An exact name counts before one with `*`; among those, the first that fits.
 * Sources: the lint and schema warnings of ocpi-tariffs (TandemDrive) up to 0.53, ids in snake_case or as the
 * names of its variants; the tariff lints and validation of ocpi-kit 0.2.
 */
export const LINT_REFERENCES: readonly LintReference[] = [
  // ocpi-tariffs: the tariff.
  td(['needless_null_field'], ['null_field'], 'a field is null'),
  td(
    [
      'cpo_country_code_should_be_alpha2',
      'country_should_be_alpha2',
      'country_code_should_be_alpha2',
    ],
    ['country_alpha3'],
    'country_code is given as alpha-3',
  ),
  td(
    ['country.invalid_case', 'country.prefer_upper_case'],
    ['country_case'],
    'country_code is not in capitals',
  ),
  td(
    ['country.invalid_reserved', 'country.reserved', 'country.reserved_code'],
    ['country_reserved', 'country_unknown'],
    'country_code is a reserved code',
  ),
  td(
    ['country.invalid_code', 'country.invalid_length', 'country.unknown_code', 'country.unknown'],
    ['country_unknown', 'country_reserved', 'country_alpha3', 'text_too_long'],
    'country_code is no country',
  ),
  td(
    ['currency.invalid_case', 'currency.prefer_upper_case'],
    ['currency_case'],
    'currency is not in capitals',
  ),
  td(
    [
      'currency.invalid_code_xts',
      'currency.invalid_code_xxx',
      'currency.invalid_code_test',
      'currency.test_code',
      'currency.no_currency',
    ],
    ['currency_test'],
    'currency is XTS or XXX',
  ),
  td(
    ['currency.invalid_code', 'currency.invalid_length'],
    ['currency_unknown', 'currency_test', 'text_too_long'],
    'currency is no currency',
  ),
  td(
    ['start_date_time_is_after_end_date_time', 'not_active'],
    ['never_active', 'expired'],
    'the validity is reversed',
  ),
  td(
    ['min_price_is_greater_than_max', 'min_price_is_greater_than_max_price'],
    ['price_limits_crossed'],
    'min_price is above max_price',
  ),
  td(
    ['required_field.elements', 'elements.missing', 'no_elements', 'elements.no_elements'],
    ['elements_missing', 'elements_empty'],
    'there are no elements',
  ),
  td(
    ['elements.empty', 'elements.empty_array', 'empty_array', 'elements.requires_non_empty'],
    ['elements_empty', 'elements_missing', 'components_empty'],
    'a list that may not be empty is',
  ),
  td(
    ['required_field.price_components', 'elements.price_components*', 'price_components*'],
    ['components_empty'],
    'an element without price components',
  ),
  td(
    ['required_field*', 'field_required*', 'missing_field*'],
    ['field_missing', 'elements_missing', 'components_empty'],
    'a required field is missing',
  ),
  td(['unexpected_field*', 'unknown_field*'], ['field_unknown'], 'a field that OCPI does not have'),
  // ocpi-tariffs: restrictions.
  td(
    ['*never_match*', '*never_valid*', '*can_never*', '*never_apply*'],
    [...RANGES, 'dates_outside_validity', 'power_unmeasured', ...WINDOWS],
    'a restriction that can never match',
  ),
  td(['*max*zero*'], ['max_zero', ...RANGES], 'a max_* of 0'),
  td(['*min*zero*'], ['min_zero'], 'a min_* of 0'),
  td(
    ['*entire_week*', '*whole_week*', '*all_weekdays*', '*all_days*'],
    ['weekdays_all'],
    'day_of_week lists the whole week',
  ),
  td(['*duplicate*day*', '*day*duplicate*'], ['weekday_repeated'], 'a weekday is listed twice'),
  td(
    ['*start_time*', '*end_time*', '*time_window*', '*time_range*', '*whole_day*', '*entire_day*'],
    WINDOWS,
    'an equal or meaningless window of the day',
  ),
  td(
    ['*start_date*', '*end_date*', '*date_window*', '*date_range*'],
    ['date_window_empty', 'date_invalid', 'datetime_invalid', 'never_active'],
    'a date window that is empty or unreadable',
  ),
  td(
    ['restrictions.empty*', 'empty_restrictions'],
    ['restrictions_empty'],
    'restrictions that hold nothing',
  ),
  td(
    ['*min*max*', '*min_is_greater*', '*range*'],
    [...RANGES, 'price_limits_crossed'],
    'a minimum that is not below its maximum',
  ),
  td(
    ['restrictions*', 'restriction*'],
    [...RANGES, 'min_zero', 'weekdays_all', 'weekday_repeated', 'restrictions_empty', ...WINDOWS],
    'anything else about restrictions',
  ),
  // ocpi-tariffs: the experimental linter, and what its maintainers would like to have.
  td(
    ['component_is_redundant'],
    [...SHADOWS, 'duplicate_dimension', ...RANGES],
    'a component that is never selected',
  ),
  td(
    ['element_is_redundant'],
    [
      'element_shadowed',
      'element_unreachable',
      'components_empty',
      'duplicate_dimension',
      ...RANGES,
    ],
    'an element whose components are all redundant, or that has none',
  ),
  td(
    ['dimension_not_exhaustive'],
    ['dimension_not_exhaustive', 'session_without_price'],
    'a dimension without a fallback',
  ),
  td(
    ['uses_date_restrictions'],
    ['element_dates'],
    'dates of an element where those of the tariff would do',
  ),
  td(
    ['zero_price*', '*price_zero*', 'needless_zero*'],
    ['needless_zero_price', 'all_prices_zero'],
    'a price of 0 that changes nothing',
  ),
  // ocpi-tariffs: leaves.
  td(['*excessive_precision'], ['number_too_precise', 'number_not_whole'], 'more than 4 decimals'),
  td(
    ['*exceeds_maximum_possible_value', '*less_than_minimum_possible_value', '*out_of_range'],
    ['number_out_of_range', 'number_negative'],
    'a number that is too large or too small',
  ),
  td(
    ['*contains_escape_codes', '*escape_codes'],
    ['text_escape_codes', 'text_control_characters', 'text_not_ascii'],
    'escape codes in a text',
  ),
  td(
    ['*non_printable*', '*not_printable*', '*printable*', '*ascii*'],
    ['text_control_characters', 'text_not_ascii'],
    'a character that cannot be printed',
  ),
  td(
    ['party_id*', '*party_id'],
    ['party_id_form', 'party_id_case', 'text_not_ascii'],
    'length, characters or case of party_id',
  ),
  td(['country*', 'country_code*'], [...COUNTRY, ...TEXTS], 'anything else about country_code'),
  td(['currency*'], [...CURRENCY, ...TEXTS], 'anything else about currency'),
  td(
    ['*too_long', '*invalid_length*', '*exceeds_max_length', '*length*'],
    ['text_too_long', 'party_id_form', 'country_unknown', 'currency_unknown'],
    'a text that is too long',
  ),
  td(
    ['*invalid_type', 'field_invalid_type', '*wrong_type', '*type_mismatch'],
    ['type_wrong', 'number_as_text', 'not_a_tariff'],
    'a value of the wrong JSON kind',
  ),
  td(
    ['date_time*', 'datetime*'],
    ['datetime_invalid', 'datetime_offset', 'date_invalid', 'time_invalid', 'type_wrong'],
    'a DateTime that cannot be read',
  ),
  td(['date*'], ['date_invalid', 'datetime_invalid', 'type_wrong'], 'a date that cannot be read'),
  td(['time*'], ['time_invalid', 'time_form', 'type_wrong'], 'a time of day that cannot be read'),
  td(
    ['weekday*', 'day_of_week*'],
    ['weekday_invalid', 'weekday_repeated', 'weekdays_all', 'type_wrong'],
    'a weekday that is none',
  ),
  td(
    ['enum*', '*unknown_value', '*unknown_variant', 'field_invalid_value'],
    [
      'enum_unknown',
      'enum_case',
      'weekday_invalid',
      'country_unknown',
      'currency_unknown',
      'number_unreadable',
      'date_invalid',
      'time_invalid',
      'datetime_invalid',
    ],
    'a value that the list does not have',
  ),
  td(
    ['elements*'],
    ['elements_missing', 'elements_empty', 'components_empty', 'type_wrong'],
    'anything else about elements',
  ),
  td(
    ['money*', 'number*', 'duration*', 'decimal*', 'price*', 'vat*', '*decimal'],
    [...NUMBERS, 'implausible_vat'],
    'a number that cannot be read',
  ),
  td(['string*', '*decode', 'decode*', 'parse*'], TEXTS, 'a text that cannot be read'),
  td(
    ['*reservation*'],
    ['reservation_dimension', 'expires_without_reservation'],
    'a reservation element',
  ),
  // ocpi-kit: lints.
  kit(
    ['unreachable_element'],
    [...SHADOWS],
    'an earlier element without restrictions prices the dimension',
  ),
  kit(['duplicate_dimension'], ['duplicate_dimension'], 'a dimension twice in one element'),
  kit(['empty_restrictions'], ['restrictions_empty'], 'restrictions: {}'),
  kit(['impossible_restriction'], RANGES, 'min not below max, or end_date not after start_date'),
  kit(['whole_day_window'], ['window_whole_day'], 'start_time = end_time'),
  kit(['zero_step_size'], ['zero_step_size'], 'step_size 0 on a dimension with a unit'),
  kit(['flat_step_size'], ['flat_step_size'], 'step_size above 1 on FLAT'),
  kit(
    ['unused_time_step_size'],
    ['unused_time_step_size'],
    'a TIME step_size beside parking that is priced',
  ),
  kit(
    ['reservation_dimension'],
    ['reservation_dimension'],
    'a reservation with something else than FLAT and TIME',
  ),
  kit(
    ['nothing_priced_by_use'],
    ['nothing_priced_by_use', 'all_prices_zero'],
    'neither ENERGY nor TIME is priced',
  ),
  kit(['tax_rate_without_tax'], ['tax_rate_without_tax'], 'tax_included N/A beside a vat'),
  kit(['tax_included_without_rate'], ['tax_included_without_rate'], 'tax_included YES and no vat'),
  kit(['implausible_vat'], ['implausible_vat'], 'a vat outside 0 to 100'),
  kit(['price_limits_cross'], ['price_limits_crossed'], 'min_price above max_price'),
  kit(['never_active'], ['never_active'], 'the tariff ends when or before it begins'),
  // ocpi-kit: validation.
  kit(
    ['*after*before*'],
    ['limit_after_below_before', 'never_active', 'date_window_empty', ...RANGES],
    'a limit that is lower after taxes than before',
  ),
  kit(
    ['empty*', '*not_empty', '*non_empty'],
    ['elements_empty', 'elements_missing', 'components_empty', 'restrictions_empty'],
    'a list that may not be empty',
  ),
  kit(['*negative*'], ['number_negative', 'implausible_vat'], 'a number below zero'),
  kit(
    ['duplicate*', '*duplicate'],
    ['duplicate_dimension', 'weekday_repeated'],
    'something listed twice',
  ),
  kit(
    ['*inverted*', '*reversed*', '*window*', '*bounds*', '*limits*'],
    ['never_active', 'price_limits_crossed', ...RANGES],
    'a window or a range the wrong way round',
  ),
]

function td(theirs: readonly string[], ours: readonly LintCode[], about: string): LintReference {
  return { source: 'ocpi-tariffs', theirs, ours, about }
}

function kit(theirs: readonly string[], ours: readonly LintCode[], about: string): LintReference {
  return { source: 'ocpi-kit', theirs, ours, about }
}
