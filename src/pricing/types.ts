/** What a cost belongs to in a CDR: total_energy_cost, total_time_cost, and so on (OCPI 2.2.1, mod_cdrs). */
export type CostDimension = 'energy' | 'time' | 'parking' | 'reservation' | 'fixed'

/** The price component types of every version (OCPI 2.2.1, TariffDimensionType). */
export type ComponentType = 'ENERGY' | 'TIME' | 'PARKING_TIME' | 'FLAT'

/** Decimal texts before and after taxes. Null: that side cannot be known from the tariff. */
export type Money = { readonly excl: string | null; readonly incl: string | null }

/** kWh and hours as decimal texts. */
export type Quantities = {
  readonly energyKwh: string
  readonly timeH: string
  readonly parkingH: string
  readonly reservationH: string
}

/**
 * One line of the bill: a quantity of one period at one price. `period`, `element` and `component` are indexes into
 * charging_periods, Tariff.elements and price_components. `measured` and `billed` are kWh, hours or, for FLAT, a count;
 * `unitPrice` is per kWh, per hour or per session, `vat` a percentage (null: none given, which is not 0).
 */
export type PricedSegment = {
  readonly period: number
  readonly dimension: CostDimension
  readonly type: ComponentType
  readonly tariffId: string
  readonly element: number
  readonly component: number
  readonly measured: string
  readonly billed: string
  readonly unitPrice: string
  readonly vat: string | null
  readonly excl: string | null
  readonly incl: string | null
}

/** Something the reader of a bill should know. `pointer` is the first of the `count` places. */
export type PricingNote = {
  readonly code: string
  readonly message: string
  readonly pointer: string
  readonly count: number
}

/** Choices where agreements differ. `stepSize` 'none' bills what was measured, as OCPI 3.0 does; default 'session'. */
export type PricingPolicy = { readonly stepSize?: 'session' | 'none' }

export type PricingOptions = {
  /** IANA zone of the Location; null or absent: unknown. */
  readonly timeZone?: string | null | undefined
  readonly policy?: PricingPolicy | undefined
}

export type CannotPriceCode =
  | 'currency'
  | 'out_of_range'
  | 'time_zone'
  | 'no_tariff'
  | 'unknown_tariff'
  | 'no_active_tariff'
  | 'unreadable'

/** Why a CDR has no price. `pointer` leads into the CDR, or into the tariffs given when it begins with `/tariffs`. */
export type CannotPrice = {
  readonly ok: false
  readonly code: CannotPriceCode
  readonly pointer: string
  readonly message: string
}

/**
 * A priced CDR. All amounts are decimal texts in `currency` with at most 20 decimals, rounded half-even only here.
 * `clamp` is what min_price or max_price added: total = sum of the segments + clamp, to the last digit.
 */
export type PricedBill = {
  readonly ok: true
  readonly currency: string
  readonly total: Money
  readonly clamp: Money
  readonly dimensions: Readonly<Record<CostDimension, Money>>
  readonly quantities: Quantities & { readonly billed: Quantities }
  readonly segments: readonly PricedSegment[]
  readonly notes: readonly PricingNote[]
}

export type PricedCdr = PricedBill | CannotPrice
