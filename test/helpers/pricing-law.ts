import fc from 'fast-check'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricedBill, PricingOptions } from '../../src/pricing/types.ts'
import { cdrJson, tariffJson } from './pricing-operator.ts'
import type { OwnTariff, Slice, Stay } from './pricing-stay.ts'
import { seed, size } from './seed.ts'

/** Checks a law on `normal` random cases (ten times as many in the long run), from the seed of this run. */
export function check<Ts>(law: fc.IPropertyWithHooks<Ts>, normal = 2000): void {
  const { failed, numRuns, counterexample, errorInstance } = fc.check(law, {
    seed: seed(),
    numRuns: size(normal),
    // What is left of a case when mutants are tested does not matter.
    endOnFailure: process.env['MUTATE'] !== undefined,
  })
  if (!failed) return
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  throw new Error(`${why}\ncase ${numRuns} of seed ${seed()}: ${fc.stringify(counterexample)}`)
}

/** The bill; throws where there is none. */
export function billed(
  cdr: unknown,
  tariffs: readonly unknown[],
  options: PricingOptions,
): PricedBill {
  const priced = priceCdr(cdr, tariffs, options)
  if (!priced.ok) throw new Error(`${priced.code} ${priced.pointer}: ${priced.message}`)
  return priced
}

/** The bill of a stay cut into these slices, in the zone where it was. */
export function billOfStay(given: { stay: Stay; tariff: OwnTariff; slices: Slice[] }): PricedBill {
  const { stay, tariff, slices } = given
  return billed(cdrJson(stay, slices), [tariffJson(tariff)], { timeZone: stay.zone })
}

/** What a bill comes to, without the remarks and without what names places in the input. */
export function sumsOf({ total, clamp, dimensions, quantities }: PricedBill): unknown {
  return { total, clamp, dimensions, quantities }
}
