import type { READINGS, Rounding } from './policy.ts'

type Phrases = {
  readonly [Key in keyof typeof READINGS]: {
    readonly [Value in (typeof READINGS)[Key][number]]: string
  }
}

/** Each reading of each policy key, as it follows "Your total is reproduced to the cent if". */
export const PHRASES: Phrases = {
  element_choice_211: {
    per_dimension: 'each dimension is priced by the first element that holds a component for it',
    whole_element: 'the first matching element of the tariff prices everything',
  },
  unpriced_in_step: {
    ignored: 'step_size counts only what has a price',
    counted: 'step_size also counts quantities that have no price',
  },
  stepped_time: {
    parking_if_priced: 'step_size rounds parking time whenever any of it is priced',
    parking_if_last: 'step_size rounds charging or parking time, whichever came last',
    each: 'step_size rounds charging time and parking time each on its own',
    combined:
      'charging and parking time are rounded as one duration, as OCPI 2.2.1 of November 2021 did',
  },
  equal_window: {
    whole_day: 'start_time equal to end_time means the whole day',
    never: 'start_time equal to end_time never matches',
  },
  midnight_end: {
    end_of_day: 'end_time 00:00 means the end of the day',
    never: 'end_time 00:00 without a start_time never matches',
  },
  missing_meter: {
    not_met: 'a restriction on a current or power that is not stated is not met',
    met: 'a restriction on a current or power that is not stated is met',
    ignored: 'restrictions on current and power are ignored',
  },
  meter_pairing: {
    crossed:
      'min_current and min_power are held against the maximum of the period, max_ against its minimum',
    same_side:
      'min_current and min_power are held against the minimum of the period, max_ against its maximum',
  },
  missing_time: {
    unpriced: 'a period without a TIME volume costs no time',
    wall_clock: 'the length of a period without a TIME volume is charged as time',
  },
  flat_fees: {
    charging_and_reservation: 'one flat fee is charged for charging and one for the reservation',
    once: 'one flat fee is charged for charging and reservation together',
    per_price: 'a flat fee is charged for every different price',
  },
  reservation_elements: {
    own: 'elements for reservations price reserved time alone',
    charging: 'elements for reservations also price charging',
    never: 'elements for reservations are ignored',
  },
  expired_reservation: {
    both: 'an expired reservation is priced by RESERVATION where RESERVATION_EXPIRES has no price',
    expires_only: 'an expired reservation is priced by RESERVATION_EXPIRES alone',
  },
  reserved_step: {
    own: 'reserved time is rounded on its own',
    with_time: 'reserved time and charging time are rounded together',
  },
  price_limits: {
    both_scaled: 'min_price and max_price hold before and after taxes',
    both_unscaled: 'a min_price or max_price before taxes leaves the total after taxes alone',
    ignored: 'min_price and max_price are ignored',
  },
  duration_origin: {
    session: 'durations count from the start of the session',
    first_period: 'durations count from the first charging period',
  },
  end_date: {
    exclusive: 'end_date is the first day on which a price no longer applies',
    inclusive: 'end_date is the last day on which a price applies',
  },
  wrapping_window: {
    wraps: 'a daily window that ends before it starts goes past midnight',
    never: 'a daily window that goes past midnight never matches',
  },
  tariff_choice: {
    named_else_at_start: 'the tariff that a period names is used, else the one active at the start',
    first_at_start: 'the first tariff active at the start is used, whatever the periods name',
    named_else_at_period: 'a period that names no tariff uses the one active when it begins',
    first: 'the first tariff is used, whatever the periods name and whenever it is valid',
  },
  unnamed_tariff: {
    default: 'a period that names no tariff is priced by the one active at the start',
    unpriced: 'a period that names no tariff costs nothing',
  },
  total_time: {
    session: 'total_time is the session from its start to its end',
    periods_span: 'total_time counts from the first charging period',
    periods_sum: 'total_time is the sum of charging and parking time',
  },
  duplicate_dimension: {
    first: 'of a dimension listed twice in a period the first counts',
    last: 'of a dimension listed twice in a period the last counts',
    sum: 'a dimension listed twice in a period counts twice',
  },
  unknown_zone: {
    bounds: 'an unknown time zone leaves the price open',
    error: 'an unknown time zone leaves the price open',
    utc: 'times of the tariff are read in UTC, because no time zone is known',
  },
  empty_volume_step: {
    skipped: 'only a quantity above 0 gives the step_size',
    counted: 'a quantity of 0 may give the step_size',
    any_active: 'any component active in a later period may give the step_size',
  },
  tax_included: {
    honoured: 'tax_included says whether prices include taxes',
    ignored: 'tax_included is ignored and taxes are added to every price',
  },
  absent_vat: {
    no_line: 'a price without vat has no tax line',
    zero_rate: 'a price without vat has a tax line of 0 %',
  },
  exact_multiple: {
    kept: 'a quantity that is a multiple of step_size stays',
    next_block: 'a quantity that is a multiple of step_size is raised by one more step',
  },
  free_components: {
    priced: 'a component with price 0 makes its quantity free',
    skipped: 'components with price 0 are passed over',
  },
  step_size: {
    session: 'step_size is applied once to the whole session',
    period: 'step_size is applied to every period',
    price: 'step_size is applied to every price',
    none: 'step_size is not applied',
  },
  volumes: {
    as_sent: 'hours are billed as they were sent',
    snapped: 'hours are taken from the times of the periods, not from the rounded volumes',
  },
  parking_time: {
    parking: 'parking time is charged as parking time',
    charging: 'parking time is charged as charging time',
  },
}

const STAGES = {
  segment: 'every line of the bill',
  dimension: 'the cost of each dimension',
  total: 'the total',
}
const MODES = {
  half_up: 'halves up',
  half_even: 'halves to even',
  up: 'always up',
}

export function roundingPhrase(rounding: Rounding | null): string {
  if (rounding === null) return 'nothing is rounded'
  const { decimals, mode, stage } = rounding
  const digits = decimals === 'currency' ? 'the decimals of the currency' : `${decimals} decimals`
  return `${STAGES[stage]} is rounded to ${digits}, ${MODES[mode]}`
}

/** Short and stable, for codes: `segment-2-half_up`, `none`. */
export function roundingCode(rounding: Rounding | null): string {
  return rounding === null ? 'none' : `${rounding.stage}-${rounding.decimals}-${rounding.mode}`
}
