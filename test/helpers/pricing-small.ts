import type { PricedBill, PricedCdr } from '../../src/pricing/types.ts'
import { priceScenario } from '../fixtures/pricing/check.ts'
import type { ShortElement, ShortPeriod } from '../fixtures/pricing/expand.ts'

/** One tariff, named T, and what is asked of it; `price`: of its only element. */
export type Terms = {
  periods: ShortPeriod[]
  price?: ShortElement['price']
  elements?: ShortElement[]
  more?: Record<string, unknown>
  policy?: Record<string, unknown>
  cdr?: Record<string, unknown>
}

/** Makes a CDR one of OCPI 2.1.1. */
export const OLD = { end_date_time: null, stop_date_time: '2024-01-15T23:00:00Z' }

/** Prices a session of 2024-01-15 until 23:00, in UTC. */
export function price({
  periods,
  price: prices = [],
  elements,
  more = {},
  policy,
  cdr = {},
}: Terms) {
  const tariff = { elements: elements ?? [{ price: prices }], more }
  return priceScenario({ cdr: { periods, end: '23:00', more: cdr }, tariffs: [tariff] }, policy)
}

/** The bill; throws where there is none. */
export function bill(terms: Terms): PricedBill {
  const priced = price(terms)
  if (!priced.ok) throw new Error(`${priced.code} ${priced.message}`)
  return priced
}
