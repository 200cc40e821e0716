/** Stable codes of what a bill remarks on, with the sentence that says what was done. */
export const NOTES = {
  no_periods: 'there are no charging periods, so nothing but a minimum price can be charged',
  unpriced: 'no tariff element prices this quantity, so it costs nothing',
  default_tariff:
    'the period names no tariff, so the first one active at the session start was used',
  tariff_type_ignored:
    'several tariffs were active; the first was used without regard to their type',
  tariff_id_ambiguous:
    'several tariffs have this id and none was active at the session start; the first was used',
  tariff_not_active:
    'the tariff named was not active at the session start and was used all the same',
  limits_of_first_tariff:
    'several tariffs priced the session; the price limits of the first were applied',
  vat_absent: 'no VAT is stated, which is not 0 %; this amount is the same before and after taxes',
  vat_negative: 'the tax rate is below zero; this amount is held the same before and after taxes',
  vat_ignored: 'the tariff says that no tax applies, so the rate stated beside a price is ignored',
  tax_unknown: 'OCPI 2.1.1 prices exclude VAT and state none, so the total after taxes is unknown',
  tax_included_without_rate:
    'the price includes taxes without a rate, so the total before taxes is unknown',
  mixed_tax_basis: 'tariffs with and without taxes in their prices apply in one session',
  total_raised_to_min: 'the total was raised to the minimum price',
  total_lowered_to_max: 'the total was lowered to the maximum price',
  limit_tax_unknown:
    'the price limit has no amount after taxes and no tax to scale, so the total counts as free of tax',
  limit_below_net:
    'the maximum after taxes is below the total before taxes, which was lowered to it',
  limit_unattributed_tax: 'the price limit contains tax that no rate explains',
  dimension_duplicate: 'a dimension is listed twice in a period; the first one counts',
  dimension_missing:
    'a restriction asks for a current or power that the period does not state; it counts as not met',
  window_whole_day: 'start_time equals end_time; read as the whole day',
  component_unknown: 'a price component has an unknown type and is ignored',
  component_duplicate: 'an element has two components of one type; the first one counts',
  step_size_missing: 'a price component has no step_size; the measured quantity is billed',
  periods_out_of_order:
    'the charging periods are not in the order of time; priced in the order given',
  first_period_offset:
    'the first charging period does not begin at the session start, from which durations count',
  period_spans_price_change:
    'the price changes within a period, which should have been split there',
  audit_incomplete: 'too many prices may change within the periods to look at all of them',
  timestamp_offset: 'a timestamp has an offset from UTC, which was honoured',
  end_before_start: 'the session ends before it starts',
} as const

export type NoteCode = keyof typeof NOTES
