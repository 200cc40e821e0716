import type { PricedBill, PricingOptions } from './types.ts'

/** What a bill is made of; an explanation changes some of it. `finish` changes the bill itself; null: it does not apply. */
export type Situation = {
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly options: PricingOptions
  readonly finish: (bill: PricedBill) => PricedBill | null
}

/**
 * Another way of getting from a CDR to an amount. `value` takes the place of `instead`; `phrase` follows "Your total is
 * reproduced to the cent if". Readings with the same key exclude each other.
 */
export type Reading = {
  readonly key: string
  readonly value: string
  readonly instead: string
  readonly phrase: string
  readonly apply: (situation: Situation) => Situation
}
