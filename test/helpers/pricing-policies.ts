import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { readPolicy } from '../../src/pricing/policies.ts'
import { READINGS, ROUNDING_MODES, ROUNDING_STAGES } from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'

const rounding = fc.option(
  fc.record({
    decimals: fc.oneof(fc.constant('currency' as const), fc.nat({ max: 6 })),
    mode: fc.constantFrom(...ROUNDING_MODES),
    stage: fc.constantFrom(...ROUNDING_STAGES),
  }),
  { nil: null },
)

/** The same, rounding aside: a few readings that differ from ours, or any of them. */
const readings: Arbitrary<Record<string, string>> = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.boolean())
  .chain(([few, isWild]) => {
    const names = Object.entries(READINGS)
    const chosen = fc.subarray(names, isWild ? {} : { minLength: few, maxLength: few })
    return chosen.chain((picked) => {
      const each = picked.map(([name, values]) =>
        fc.constantFrom<string>(...values).map((value) => [name, value] as const),
      )
      return fc.tuple(...each).map((pairs) => Object.fromEntries(pairs))
    })
  })

/** Any policy that can be named. */
export const policy: Arbitrary<PricingPolicy> = fc
  .record({ rounding, readings })
  .map((drawn) => policyOf({ ...drawn.readings, rounding: drawn.rounding }))

/** Any policy that does not round amounts. */
export const exactPolicy: Arbitrary<PricingPolicy> = readings.map(policyOf)

function policyOf(differences: Record<string, unknown>): PricingPolicy {
  const read = readPolicy(differences)
  if ('problem' in read) throw new Error(`${read.problem.pointer}: ${read.problem.message}`)
  return read
}
