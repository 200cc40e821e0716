import type { Wanted } from './choice.ts'
import type { Exact } from './exact.ts'
import type { Component, Tariff } from './tariffs.ts'
import type { CostDimension } from './types.ts'

/** A quantity of one period at the component that prices it: kWh, hours, or 1 for a FLAT. */
export type Line = {
  readonly period: number
  readonly dimension: CostDimension
  readonly tariff: Tariff
  readonly component: Component
  /** What the component was found as. */
  readonly wanted: readonly Wanted[]
  readonly measured: Exact
  /** What step sizes make of `measured`; they are applied once all lines are there. */
  billed: Exact
}

/** What of each dimension found no price: kWh or hours. */
export type Unpriced = { energy: Exact; time: Exact; parking: Exact; reservation: Exact }
