/** Stable codes of what a bill remarks on, with the sentence that says what was done. */
export const NOTES = {
  no_periods: 'there are no charging periods, so nothing but a minimum price can be charged',
  credit:
    'this is a credit CDR; it was priced by its data, which are those of its original, and its total is that of the original below zero',
  home_charging: 'home charging: the driver receives this amount and does not pay it',
  time_placeholder:
    'a time on 1 January 1970 stands for an unknown one; times counted from or to it are not priced',
  unpriced: 'no tariff element prices this quantity, so it costs nothing',
  default_tariff: 'the period names no tariff, so the first active one was used',
  no_tariff_named:
    'the period names no tariff, so by the policy none is relevant and it is not priced',
  tariff_of_later_version:
    'the CDR is of OCPI 2.1.1 and the tariff has members of a later version, which were honoured',
  tariff_without_elements: 'the tariff has no elements, so it prices nothing',
  tariff_type_ignored:
    'several tariffs were active; the first was used without regard to their type',
  tariff_id_ambiguous:
    'several tariffs have this id and none of them was active; the first was used',
  tariff_not_active: 'the tariff named was not active and was used all the same',
  limits_of_first_tariff:
    'several tariffs priced the session; the price limits of the first were applied',
  vat_absent: 'no VAT is stated, which is not 0 %; this amount is the same before and after taxes',
  vat_negative: 'the tax rate is below zero; this amount is held the same before and after taxes',
  vat_ignored: 'the tariff says that no tax applies, so the rate stated beside a price is ignored',
  tax_unknown: 'OCPI 2.1.1 prices exclude VAT and state none, so the total after taxes is unknown',
  tax_included_without_rate:
    'the price includes taxes without a rate, so the total before taxes is unknown',
  tax_included_missing:
    'an OCPI 2.3.0 tariff has to say whether its prices include taxes; read as NO',
  mixed_tax_basis: 'tariffs with and without taxes in their prices apply in one session',
  total_raised_to_min: 'the total was raised to the minimum price',
  total_lowered_to_max: 'the total was lowered to the maximum price',
  limit_tax_unknown:
    'the price limit has no amount after taxes and no tax to scale, so the total counts as free of tax',
  limit_below_net:
    'the maximum after taxes is below the total before taxes, which was lowered to it',
  limit_unattributed_tax: 'the price limit contains tax that no rate explains',
  dimension_duplicate:
    'a dimension is listed twice in a period; the first one counts, or what the policy says',
  dimension_of_session:
    'this dimension belongs into a Session and not into a CDR; no price depends on it',
  dimension_of_later_version: 'OCPI 2.1.1 has no such dimension, so no price depends on it',
  volume_missing: 'a dimension has no volume; it counts as not listed',
  dimension_unknown: 'this dimension is none that OCPI knows; no price depends on it',
  reservation_overtime: 'no tariff component prices time beyond a reservation, so it costs nothing',
  booking_element: 'an element is for bookings, of which a CDR says nothing, so it prices nothing',
  dimension_missing:
    'a restriction asks for a current or power that the period does not state; it counts as not met, or as the policy says',
  window_whole_day:
    'a daily window ends when it begins (start_time, end_time); read as the whole day, or as the policy says',
  component_unknown: 'a price component has an unknown type and is ignored',
  component_duplicate: 'an element has two components of one type; the first one counts',
  step_size_missing: 'a price has no billing step (step_size); the measured quantity is billed',
  periods_out_of_order:
    'the charging periods are not in the order of time; priced in the order given',
  order_changes_price: 'priced in the order of time, the charging periods come to another total',
  period_outside_session:
    'a period begins before the session or after its end; it is priced all the same',
  volume_longer_than_period:
    'the times of a period are longer than the period itself; they are priced as sent',
  first_period_offset:
    'the first charging period does not begin at the session start, from which durations count',
  period_spans_price_change:
    'the price changes within a period, which should have been split there',
  audit_incomplete: 'too many prices may change within the periods to look at all of them',
  time_zone_from_country:
    'the time zone is not stated; the country of the location has one zone, which was used',
  time_zone_unknown_harmless:
    'the time zone is unknown and restrictions ask for local time, but at every offset from UTC the total is the same',
  time_zone_utc: 'the time zone is unknown; by the policy UTC was used in place of local time',
  timestamp_offset: 'a timestamp has an offset from UTC, which was honoured',
  end_before_start: 'the session ends before it starts',
} as const

export type NoteCode = keyof typeof NOTES
