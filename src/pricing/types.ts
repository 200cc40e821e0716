import type { PricingPolicy } from './policy.ts'

/** What a cost belongs to in a CDR: total_energy_cost, total_time_cost, and so on (OCPI 2.2.1, mod_cdrs). */
export type CostDimension = 'energy' | 'time' | 'parking' | 'reservation' | 'fixed'

/** The price component types of every version (OCPI 2.2.1, TariffDimensionType). */
export type ComponentType = 'ENERGY' | 'TIME' | 'PARKING_TIME' | 'FLAT'

/** Decimal texts before and after taxes. Null: that side cannot be known from the tariff. */
export type Money = { readonly excl: string | null; readonly incl: string | null }

/**
 * The tax of one rate: `percentage` of `base`, the amount before taxes. A null percentage is tax that no rate explains,
 * from a price limit; a null base is one that cannot be told. OCPI 2.3.0, TaxAmount.
 */
export type TaxLine = {
  readonly percentage: string | null
  readonly base: string | null
  readonly amount: string
}

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

/** Where the time zone of a bill came from; 'none': unknown, or no zone was needed. */
export type ZoneUsed = {
  readonly name: string | null
  readonly source: 'given' | 'cdr_location' | 'country' | 'none'
}

export type PricingOptions = {
  /** IANA zone of the Location; null or absent: unknown. */
  readonly timeZone?: string | null | undefined
  /** Absent: DEFAULT_POLICY. */
  readonly policy?: PricingPolicy | undefined
}

/**
 * `unreadable`: a member is missing or none of what OCPI allows there; `out_of_range`: a price, rate, limit or volume
 * beyond 1e12 or 40 decimals, or more periods for more elements than are priced; `no_tariff`: there is none;
 * `unknown_tariff`: a period names one that is not there; `no_active_tariff`: a period names none and none is active;
 * `currency`: a tariff in use has another than the CDR; `time_zone`: no IANA zone, or unknown where a restriction in
 * local time decides the price.
 */
export type CannotPriceCode =
  | 'currency'
  | 'out_of_range'
  | 'time_zone'
  | 'no_tariff'
  | 'unknown_tariff'
  | 'no_active_tariff'
  | 'unreadable'

/**
 * Why a CDR has no price. `pointer` leads into the CDR, or into the tariffs given when it begins with `/tariffs`.
 * `message` is a clause that says what is wrong and, where somebody can help it, what to do.
 * `bounds`, with the code `time_zone` alone: the cheapest and the dearest bill that any one offset from UTC in use leads
 * to; null when a zone was given that is none, or when there is too much to price it at dozens of offsets.
 */
export type CannotPrice = {
  readonly ok: false
  readonly code: CannotPriceCode
  readonly pointer: string
  readonly message: string
  readonly bounds: { readonly low: PricedBill; readonly high: PricedBill } | null
}

/**
 * A priced CDR. All amounts are decimal texts in `currency` with at most 20 decimals, rounded half-even only here and
 * where the policy says so. `clamp` is what min_price or max_price added, `rounding` what the rounding of the policy
 * added: total = sum of the segments + clamp + rounding, to the last digit, on each side that is known. Segments are as
 * rounded where the policy rounds segments, else exact; dimensions are sums of these, or as rounded where the policy
 * rounds dimensions. The amounts of `taxes` add up to total.incl - total.excl; the list is empty when one of these is unknown.
 */
export type PricedBill = {
  readonly ok: true
  readonly currency: string
  readonly total: Money
  readonly clamp: Money
  readonly rounding: Money
  readonly taxes: readonly TaxLine[]
  readonly dimensions: Readonly<Record<CostDimension, Money>>
  /** `sessionH` is total_time: the session from start to end, or as the policy says; null when the end is unknown. */
  readonly quantities: Quantities & {
    readonly sessionH: string | null
    readonly billed: Quantities
  }
  readonly segments: readonly PricedSegment[]
  readonly notes: readonly PricingNote[]
  readonly policy: { readonly name: string; readonly version: string }
  readonly timeZone: ZoneUsed
}

export type PricedCdr = PricedBill | CannotPrice
