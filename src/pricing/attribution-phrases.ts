import type { READINGS, Rounding } from './policy.ts'

type Phrases = {
  readonly [Key in keyof typeof READINGS]: {
    readonly [Value in (typeof READINGS)[Key][number]]: string
  }
}

/** Each reading of each policy key, as it follows "Your total is reproduced to the cent if". */
export const PHRASES: Phrases = {
  element_choice_211: {
    per_dimension:
      'energy, time and fees are each priced by the first part of the tariff that has a price for them',
    whole_element: 'the first part of the tariff that applies prices everything',
  },
  unpriced_in_step: {
    ignored: 'only what has a price counts towards the billing step (step_size)',
    counted: 'what has no price also counts towards the billing step (step_size)',
  },
  stepped_time: {
    parking_if_priced:
      'parking time is rounded to the billing step (step_size) whenever any of it is priced',
    parking_if_last:
      'only charging or parking time, whichever came last, is rounded to the billing step (step_size)',
    each: 'charging time and parking time are each rounded to the billing step (step_size)',
    combined:
      'charging and parking time are rounded as one duration, as OCPI 2.2.1 of November 2021 did',
  },
  equal_window: {
    whole_day: 'a daily window that ends when it begins (start_time, end_time) means the whole day',
    never: 'a daily window that ends when it begins (start_time, end_time) never applies',
  },
  midnight_end: {
    end_of_day: 'a daily window until 00:00 (end_time) lasts to the end of the day',
    never: 'a daily window until 00:00 (end_time) without a beginning never applies',
  },
  missing_meter: {
    not_met: 'a restriction on a current or power that is not stated is not met',
    met: 'a restriction on a current or power that is not stated is met',
    ignored: 'restrictions on current and power are ignored',
  },
  meter_pairing: {
    crossed:
      'the least current and power that a price asks for are held against the highest of the period, and the highest against the least',
    same_side:
      'the least current and power that a price asks for are held against the least of the period, and the highest against the highest',
  },
  missing_time: {
    unpriced: 'a period that states no charging time costs none',
    wall_clock: 'a period that states no charging time is charged by its length',
  },
  flat_fees: {
    charging_and_reservation: 'one flat fee is charged for charging and one for the reservation',
    once: 'one flat fee is charged for charging and reservation together',
    per_price: 'a flat fee is charged for every different price',
  },
  reservation_elements: {
    own: 'prices for reservations are asked for reserved time alone',
    charging: 'prices for reservations are asked for charging too',
    never: 'prices for reservations are ignored',
  },
  expired_reservation: {
    both: 'a reservation that expired costs what a used one does where it has no price of its own',
    expires_only: 'a reservation that expired costs only what the tariff asks for expired ones',
  },
  reserved_step: {
    own: 'reserved time is rounded on its own',
    with_time: 'reserved time and charging time are rounded together',
  },
  price_limits: {
    both_scaled: 'the least and highest price (min_price, max_price) hold before and after taxes',
    both_unscaled:
      'a least or highest price (min_price, max_price) before taxes leaves the total after taxes alone',
    ignored: 'the least and highest price (min_price, max_price) are ignored',
  },
  duration_origin: {
    session: 'durations count from the start of the session',
    first_period: 'durations count from the first charging period',
  },
  end_date: {
    exclusive: 'the end date of a price (end_date) is the first day on which it no longer applies',
    inclusive: 'the end date of a price (end_date) is the last day on which it applies',
  },
  wrapping_window: {
    wraps: 'a daily window that ends before it starts goes past midnight',
    never: 'a daily window that goes past midnight never applies',
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
    session: 'the total time (total_time) is the session from its start to its end',
    periods_span: 'the total time (total_time) counts from the first charging period',
    periods_sum: 'the total time (total_time) is the sum of charging and parking time',
  },
  duplicate_dimension: {
    first: 'of a quantity listed twice in a period the first counts',
    last: 'of a quantity listed twice in a period the last counts',
    sum: 'a quantity listed twice in a period counts twice',
  },
  unknown_zone: {
    bounds: 'an unknown time zone leaves the price open',
    error: 'an unknown time zone leaves the price open',
    utc: 'times of the tariff are read in UTC, because no time zone is known',
  },
  empty_volume_step: {
    skipped: 'only a quantity above 0 says which billing step (step_size) is used',
    counted: 'a quantity of 0 may say which billing step (step_size) is used',
    any_active:
      'any price that applies in a later period may say which billing step (step_size) is used',
  },
  tax_included: {
    honoured: 'prices include taxes where the tariff says so (tax_included)',
    ignored:
      'taxes are added to every price, even where the tariff says that they are included (tax_included)',
  },
  absent_vat: {
    no_line: 'a price without a tax rate (vat) has no tax line',
    zero_rate: 'a price without a tax rate (vat) is taxed at 0 %',
  },
  exact_multiple: {
    kept: 'a quantity of whole billing steps (step_size) stays as it is',
    next_block: 'a quantity of whole billing steps (step_size) is raised by one more step',
  },
  free_components: {
    priced: 'a price of 0 makes its quantity free',
    skipped: 'prices of 0 are passed over',
  },
  step_size: {
    session: 'the billing step (step_size) is applied once to the whole session',
    period: 'the billing step (step_size) is applied to every period',
    price: 'the billing step (step_size) is applied to every price',
    none: 'the billing step (step_size) is not applied',
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
  dimension: 'the cost of energy, of time and of each fee',
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
