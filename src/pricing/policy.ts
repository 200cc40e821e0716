/**
 * How a price is read where OCPI leaves it open. A policy is data that two partners name in their agreement, so its keys
 * are spelled as in the JSON they exchange. Every key is one known disagreement between implementations, with all its
 * readings; the first one is our default.
 */
export const READINGS = {
  /** OCPI 2.1.1: does each dimension find its own element, or does the first matching element price everything? */
  element_choice_211: ['per_dimension', 'whole_element'],
  /** Do volumes that no component prices count for step_size? */
  unpriced_in_step: ['ignored', 'counted'],
  /**
   * Which of charging and parking time is rounded: parking when any is priced; parking when the last priced time is
   * parking; each on its own; or both as one duration, the surplus billed as parking (OCPI 2.2.1 of November 2021).
   */
  stepped_time: ['parking_if_priced', 'parking_if_last', 'each', 'combined'],
  /** start_time = end_time. */
  equal_window: ['whole_day', 'never'],
  /** end_time 00:00 without a start_time. */
  midnight_end: ['end_of_day', 'never'],
  /** A restriction on current or power in a period that states none; 'ignored': such restrictions are never looked at. */
  missing_meter: ['not_met', 'met', 'ignored'],
  /** min_x against MAX_X and max_x against MIN_X, or each against its own. */
  meter_pairing: ['crossed', 'same_side'],
  /** A TIME component and a period without TIME, PARKING_TIME and reserved time: free, or its length is billed. */
  missing_time: ['unpriced', 'wall_clock'],
  flat_fees: ['charging_and_reservation', 'once', 'per_price'],
  /** Elements with `reservation`: for reserved time only; also for charging; or nowhere. */
  reservation_elements: ['own', 'charging', 'never'],
  /** An expired reservation: RESERVATION_EXPIRES first, then RESERVATION; or RESERVATION_EXPIRES alone. */
  expired_reservation: ['both', 'expires_only'],
  /** Is reserved time rounded on its own or together with charging time? */
  reserved_step: ['own', 'with_time'],
  /** A limit before taxes without one after taxes scales the total after taxes, or leaves it alone. */
  price_limits: ['both_scaled', 'both_unscaled', 'ignored'],
  duration_origin: ['session', 'first_period'],
  end_date: ['exclusive', 'inclusive'],
  /** A daily window whose end is before its start. */
  wrapping_window: ['wraps', 'never'],
  tariff_choice: ['named_else_at_start', 'first_at_start', 'named_else_at_period', 'first'],
  /** A period without tariff_id, from OCPI 2.2 on. */
  unnamed_tariff: ['default', 'unpriced'],
  /** What total_time is: end - start; from the first period to the end; or the TIME and PARKING_TIME of all periods. */
  total_time: ['session', 'periods_span', 'periods_sum'],
  duplicate_dimension: ['first', 'last', 'sum'],
  unknown_zone: ['bounds', 'error', 'utc'],
  /** May a quantity of 0 (counted), or any active component of a later period (any_active), give the step_size? */
  empty_volume_step: ['skipped', 'counted', 'any_active'],
  tax_included: ['honoured', 'ignored'],
  /** A component without vat: no tax line, or a line of 0 %. The amount is the same. */
  absent_vat: ['no_line', 'zero_rate'],
  exact_multiple: ['kept', 'next_block'],
  /** A component with price 0 prices its quantity (with nothing), or is passed over. */
  free_components: ['priced', 'skipped'],
  /** Once per session and dimension; once per period; once per price and step_size; or not at all (OCPI 3.0). */
  step_size: ['session', 'period', 'price', 'none'],
  /** 'snapped': a lone time volume within a unit of its 4th decimal (0.36 s) of the period's length counts as that. */
  volumes: ['as_sent', 'snapped'],
  /** PARKING_TIME as parking, or as charging time. */
  parking_time: ['parking', 'charging'],
} as const

type Readings = typeof READINGS

/**
 * One reading for every key of READINGS, and how amounts are rounded. Immutable: whoever changes a reading gives the
 * policy another name or version, since bills name the one they were priced by.
 */
export type PricingPolicy = {
  readonly [Key in keyof Readings]: Readings[Key][number]
} & {
  readonly name: string
  readonly version: string
  /** Null: exact. */
  readonly rounding: Rounding | null
}

/** What a rounding may be; see Rounding. */
export const ROUNDING_MODES = ['half_up', 'half_even', 'up'] as const
/** Where amounts may be rounded; see Rounding. */
export const ROUNDING_STAGES = ['segment', 'dimension', 'total'] as const
/** More than the digits of any currency, fewer than those of a bill. */
export const ROUNDING_DECIMALS_MAX = 12

/**
 * `decimals` 0 to 12, or 'currency': the digits of the currency's minor unit (ISO 4217). `mode`: halves away from zero,
 * halves to even, or everything away from zero. `stage`: each segment is rounded and the bill is made of these; or each
 * dimension is, its segments staying exact; or only the total. Both sides of taxes are rounded, each from its exact
 * amount. min_price and max_price are held against the sum of what was rounded (at stage 'total' the exact sum), and the
 * total is rounded last, so that a limit leaves no finer amount. Quantities and unit prices are never rounded. OCPI
 * leaves rounding to contracts and law (OCPI 2.2.1, Types, number).
 */
export type Rounding = {
  readonly decimals: number | 'currency'
  readonly mode: (typeof ROUNDING_MODES)[number]
  readonly stage: (typeof ROUNDING_STAGES)[number]
}

/** What we price by unless an agreement says otherwise. */
export const DEFAULT_POLICY: PricingPolicy = {
  name: 'crosscharge',
  version: '1',
  element_choice_211: 'per_dimension',
  unpriced_in_step: 'ignored',
  stepped_time: 'parking_if_priced',
  equal_window: 'whole_day',
  midnight_end: 'end_of_day',
  missing_meter: 'not_met',
  meter_pairing: 'crossed',
  missing_time: 'unpriced',
  flat_fees: 'charging_and_reservation',
  reservation_elements: 'own',
  expired_reservation: 'both',
  reserved_step: 'own',
  price_limits: 'both_scaled',
  duration_origin: 'session',
  end_date: 'exclusive',
  wrapping_window: 'wraps',
  tariff_choice: 'named_else_at_start',
  unnamed_tariff: 'default',
  rounding: null,
  total_time: 'session',
  duplicate_dimension: 'first',
  unknown_zone: 'bounds',
  empty_volume_step: 'skipped',
  tax_included: 'honoured',
  absent_vat: 'no_line',
  exact_multiple: 'kept',
  free_components: 'priced',
  step_size: 'session',
  volumes: 'as_sent',
  parking_time: 'parking',
}
