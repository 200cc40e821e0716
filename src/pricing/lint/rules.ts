type Rule = {
  readonly severity: 'error' | 'warning' | 'info'
  readonly sentence: string
  readonly source: string
}

/**
 * Every rule of the tariff lint: how bad it is, what it means for a driver (names in braces are filled in), and where it
 * comes from: a chapter of the specification, an implementation that has it too, or practice.
 */
export const LINT_RULES = {
  // Form: what is no tariff, or holds a value that cannot be read.
  not_a_tariff: error(
    'this is no tariff object, so no session can be priced by it',
    'OCPI 2.2.1, Tariff',
  ),
  type_wrong: error(
    '{field} is not {kind}, so it cannot be read and sessions have no price',
    'OCPI 2.2.1, Types',
  ),
  field_missing: error(
    '{field} is required and missing; a partner may refuse the tariff, and its drivers see no price',
    'ocpi-tariffs',
  ),
  elements_missing: error(
    'there are no tariff elements, so nothing has a price and every session is free',
    'ocpi-tariffs',
  ),
  elements_empty: error(
    'the list of tariff elements is empty, so nothing has a price and every session is free',
    'ocpi-tariffs, ocpi-kit',
  ),
  components_empty: error(
    'this element has no price component, so it never prices anything',
    'ocpi-tariffs, ocpi-kit',
  ),
  field_unknown: warning(
    '{field} is no field of OCPI {version} at this place and is ignored; the driver pays as if it were not there{hint}',
    'ocpi-tariffs',
  ),
  null_field: info(
    '{field} is null where OCPI leaves a field out; it is read as absent',
    'ocpi-tariffs',
  ),
  text_too_long: warning(
    '{field} has more than {max} characters, so a partner may cut it off or refuse the tariff',
    'ocpi-tariffs, ocpi-kit',
  ),
  text_control_characters: info(
    '{field} has line breaks, tabs or other control characters, which a driver may see as clutter',
    'ocpi-tariffs',
  ),
  text_not_ascii: warning(
    '{field} may hold printable ASCII only; partners that cannot keep the rest will not find this tariff again',
    'ocpi-tariffs',
  ),
  text_escape_codes: info(
    '{field} holds quotes or backslashes, which have no place in such a value',
    'ocpi-tariffs',
  ),
  number_as_text: warning(
    '{field} is a number written as text; partners that expect a number refuse the tariff',
    'practice',
  ),
  number_unreadable: error(
    '{field} is no decimal number, so sessions have no price',
    'ocpi-tariffs',
  ),
  number_out_of_range: error(
    '{field} is beyond 1e12, so sessions have no price',
    'ocpi-tariffs, ocpi-kit',
  ),
  number_too_precise: info(
    '{field} has more than 4 decimals, which OCPI cuts off; partners may bill another amount',
    'ocpi-tariffs',
  ),
  number_not_whole: warning(
    '{field} has to be a whole number; partners may round it or refuse the tariff',
    'OCPI 2.2.1, Types',
  ),
  number_negative: warning(
    '{field} is below zero, so a driver may be paid for charging, or nobody knows what is meant',
    'practice',
  ),
  datetime_invalid: error(
    '{field} is no date and time, so nobody knows when the tariff holds',
    'ocpi-tariffs',
  ),
  datetime_offset: info(
    '{field} has an offset where OCPI wants UTC; a partner that drops it is off by hours',
    'ocpi-tariffs',
  ),
  date_invalid: error('{field} is no date (YYYY-MM-DD), so sessions have no price', 'ocpi-tariffs'),
  time_invalid: error(
    '{field} is no time of day (HH:MM), so sessions have no price',
    'ocpi-tariffs',
  ),
  time_form: warning(
    '{field} is not written as HH:MM between 00:00 and 23:59; partners may refuse it or never apply this price',
    'ocpi-tariffs',
  ),
  weekday_invalid: error(
    '{value} is no weekday (MONDAY … SUNDAY), so sessions have no price',
    'ocpi-tariffs',
  ),
  weekday_repeated: info('{value} is listed twice; once has the same effect', 'ocpi-kit'),
  enum_case: warning(
    '{field} is {value}, which OCPI writes {right}; partners that compare letters do not know it',
    'practice',
  ),
  enum_unknown: error(
    '{field} is {value}, which OCPI {version} does not know, so nobody can price by it',
    'ocpi-tariffs',
  ),

  // Head: whose tariff, in which money, when.
  country_alpha3: warning(
    'country_code has three letters where OCPI wants two; partners may not find the owner of this tariff',
    'ocpi-tariffs',
  ),
  country_case: warning(
    'country_code is not in capital letters; partners that compare letters do not find the owner of this tariff',
    'ocpi-tariffs',
  ),
  country_unknown: warning(
    'country_code is no country of ISO 3166-1, so the owner of this tariff is in doubt',
    'ocpi-tariffs',
  ),
  country_reserved: info(
    'country_code is only reserved in ISO 3166-1 and belongs to no country',
    'ocpi-tariffs',
  ),
  currency_case: warning(
    'currency is not in capital letters; partners that compare letters refuse the CDR',
    'ocpi-tariffs',
  ),
  currency_unknown: error(
    'currency is no currency of ISO 4217 that anybody settles in, so no session can be billed',
    'ocpi-tariffs',
  ),
  currency_test: error(
    'currency is the code for tests or for no currency, so no session can be billed',
    'ocpi-tariffs',
  ),
  party_id_form: warning(
    'party_id is not three letters or digits; partners may not find the owner of this tariff',
    'ocpi-tariffs',
  ),
  party_id_case: info(
    'party_id has small letters; OCPI compares it without case, some partners do not',
    'ocpi-tariffs',
  ),
  never_active: error(
    'the tariff ends before or when it begins, so no session is ever priced by it',
    'ocpi-tariffs, ocpi-kit',
  ),
  expired: info(
    'the tariff has ended, so sessions that start now are not priced by it',
    'practice',
  ),
  price_limits_crossed: warning(
    'min_price is above max_price {side}, so every session costs the same: the limit that is applied last',
    'ocpi-tariffs, ocpi-kit',
  ),
  limit_after_below_before: warning(
    '{field} is lower after taxes than before, so its tax is below zero',
    'ocpi-kit',
  ),

  alt_text_price: info(
    'the text repeats a price, which OCPI asks not to do; once prices change, a driver reads the old one',
    'OCPI 2.2.1, Tariff.tariff_alt_text',
  ),

  // Restrictions: when an element applies.
  restrictions_empty: info('restrictions restrict nothing; the element always applies', 'ocpi-kit'),
  range_empty: warning(
    '{min} is not below {max}, so this price never applies',
    'ocpi-tariffs, ocpi-kit',
  ),
  meter_range_reversed: warning(
    '{min} is not below {max}, so this price applies only while a period swings across both',
    'ocpi-tariffs, ocpi-kit',
  ),
  date_window_empty: warning(
    'end_date is exclusive and not after start_date, so this price never applies',
    'ocpi-tariffs, ocpi-kit',
  ),
  weekdays_outside_dates: warning(
    'none of these weekdays is between start_date and end_date, so this price never applies',
    'interval reasoning',
  ),
  max_zero: warning(
    '{field} is 0 and nothing is below it, so this price never applies',
    'ocpi-tariffs',
  ),
  min_zero: info('{field} is 0, which restricts nothing{hint}', 'ocpi-tariffs (wanted)'),
  weekdays_all: info('day_of_week lists the whole week, which restricts nothing', 'ocpi-tariffs'),
  window_whole_day: warning(
    'start_time equals end_time; we read it as the whole day, others never apply this price',
    'ocpi-kit',
  ),
  window_from_midnight: info('start_time 00:00 alone restricts nothing', 'ocpi-tariffs'),
  midnight_end_alone: warning(
    'end_time 00:00 without start_time is read as the end of the day by us and as never by others',
    'practice',
  ),
  end_time_2359: warning(
    'end_time is exclusive, so 23:59 leaves out the last minute of the day; write 00:00',
    'practice',
  ),
  power_unmeasured: warning(
    'OCPI 2.1.1 has no MIN_POWER and MAX_POWER in charging periods, so this price never applies',
    'OCPI 2.1.1, CdrDimensionType',
  ),
  meter_not_sent: info(
    'this price depends on current or power, which this operator does not state in charging periods, so it never applies',
    'practice',
  ),
  element_dates: info(
    'the element is bound to dates; where they hold for the whole tariff, start_date_time and end_date_time say so more plainly',
    'ocpi-tariffs (experimental)',
  ),
  dates_outside_validity: warning(
    'the dates of this element lie outside the time in which the tariff holds, so this price never applies',
    'practice',
  ),
  dates_beyond_validity: info(
    '{field} reaches beyond the time in which the tariff holds',
    'practice',
  ),

  // Components: what is charged.
  duplicate_dimension: warning(
    '{type} is priced twice in this element; only the first price counts',
    'ocpi-tariffs, ocpi-kit',
  ),
  zero_step_size: warning(
    'step_size is 0; we bill exactly what was measured, others refuse the tariff or divide by zero',
    'ocpi-kit',
  ),
  flat_zero_step_size: info('step_size of a FLAT price has no meaning; OCPI writes 1', 'practice'),
  flat_step_size: info(
    'step_size of a FLAT price has no meaning; the fee is charged once whatever it says',
    'ocpi-kit',
  ),
  unused_time_step_size: info(
    'charging time is not rounded by this step_size once parking is priced in a session: only parking is',
    'ocpi-kit',
  ),
  step_sizes_differ: info(
    '{type} has several step sizes in this tariff; the one that applies last in a session rounds all of it',
    'OCPI 2.2.1, step_size',
  ),
  step_size_above_one: info(
    'step_size {value} bills up to that many {unit} more than was used; OCPI 3.0 has no step sizes',
    'OCPI 3.0',
  ),
  reservation_dimension: warning(
    'a reservation has no {type}, so this price is never charged',
    'ocpi-kit',
  ),
  expires_without_reservation: info(
    'only a reservation that expires has a price; one that is used is free',
    'practice',
  ),
  nothing_priced_by_use: info(
    'neither energy nor charging time has a price: however much a driver charges costs the same',
    'ocpi-kit',
  ),
  all_prices_zero: info(
    'every price is 0, so every session is free; OCPI writes that as one element with one FLAT price of 0',
    'OCPI 2.2.1, Free of Charge',
  ),
  needless_zero_price: info(
    'every {type} price of this tariff is 0, so leaving it out changes nothing',
    'ocpi-tariffs (wanted)',
  ),
  no_unrestricted_element: info(
    'every element is restricted, so a session may have no price at all',
    'OCPI 2.2.1, TariffElement',
  ),

  // Taxes.
  tax_rate_without_tax: warning(
    'tax_included says that no tax applies (N/A), so this rate is ignored',
    'ocpi-kit',
  ),
  tax_included_without_rate: warning(
    'prices include taxes and no price says at which rate, so nobody can tell a driver the tax',
    'ocpi-kit',
  ),
  implausible_vat: warning('a tax rate of {value} % is outside 0 to 100', 'ocpi-kit'),
  vat_absent: info(
    'no tax rate is stated, which OCPI does not read as 0 %: what a driver pays in the end is unknown',
    'OCPI 2.2.1, PriceComponent',
  ),

  // Interval reasoning: which element prices what.
  element_shadowed: warning(
    'an earlier element without restrictions prices the same, so no session reaches this element',
    'ocpi-kit, ocpi-tariffs',
  ),
  component_shadowed: warning(
    'an earlier element without restrictions has a price for {type}, so this one is never charged',
    'ocpi-kit, ocpi-tariffs',
  ),
  element_unreachable: warning(
    'earlier elements together price everything this element would, so no session reaches it',
    'ocpi-tariffs (experimental)',
  ),
  component_unreachable: warning(
    'earlier elements price {type} wherever this price would apply, so it is never charged',
    'ocpi-tariffs (experimental)',
  ),
  flat_too_late: warning(
    'a FLAT fee is charged once, and another one always applies when charging begins, so this one is not charged',
    'OCPI 2.2.1, TariffDimensionType',
  ),
  dimension_not_exhaustive: info(
    '{type} has a price here, but not always',
    'ocpi-tariffs (experimental)',
  ),
  session_without_price: warning(
    'at some moments no element applies at all, so charging then costs nothing',
    'practice',
  ),
  analysis_incomplete: info(
    'the tariff is too large to look at all of it; there may be more to say',
    'practice',
  ),
} as const satisfies Record<string, Rule>

export type LintCode = keyof typeof LINT_RULES

function error(sentence: string, source: string): Rule {
  return { severity: 'error', sentence, source }
}

function warning(sentence: string, source: string): Rule {
  return { severity: 'warning', sentence, source }
}

function info(sentence: string, source: string): Rule {
  return { severity: 'info', sentence, source }
}
