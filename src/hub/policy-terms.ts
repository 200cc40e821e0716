import Type from 'typebox'
import type { TOptional, TSchema } from 'typebox'
import { assert } from '../assert.ts'
import { BUILT_IN_POLICIES, readPolicy } from '../pricing/policies.ts'
import {
  DEFAULT_POLICY,
  READINGS,
  ROUNDING_DECIMALS_MAX,
  ROUNDING_MODES,
  ROUNDING_STAGES,
} from '../pricing/policy.ts'
import type { PricingPolicy } from '../pricing/policy.ts'

const label = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }))

const rounding = Type.Object(
  {
    decimals: Type.Union([
      Type.Integer({ minimum: 0, maximum: ROUNDING_DECIMALS_MAX }),
      Type.Literal('currency', { description: 'the digits of its minor unit, ISO 4217' }),
    ]),
    mode: Type.Enum([...ROUNDING_MODES]),
    stage: Type.Enum([...ROUNDING_STAGES]),
  },
  { additionalProperties: false },
)

/** One field for every reading of OCPI that is open, the default first; what they mean stands in src/pricing/policy.ts. */
const readings: Record<string, TOptional<TSchema>> = Object.fromEntries(
  Object.entries(READINGS).map(([key, values]) => [
    key,
    Type.Optional(Type.Enum(Array.from<string>(values), { description: `default ${values[0]}` })),
  ]),
)

/**
 * The policy that a pair prices by: what differs from ours, or from the built-in one that `base` names, with the name
 * that bills show.
 */
export const policyTerms = Type.Object(
  {
    base: Type.Optional(
      Type.Enum(Object.keys(BUILT_IN_POLICIES), {
        description: `a built-in policy that this one begins with; default ${DEFAULT_POLICY.name}`,
      }),
    ),
    name: label,
    version: label,
    rounding: Type.Optional(
      Type.Union([rounding, Type.Null()], { description: 'null = exact, the default' }),
    ),
    ...readings,
  },
  {
    additionalProperties: false,
    description: 'readings agreed where OCPI leaves the price open, under the name that bills show',
  },
)

const known = new WeakMap<object, PricingPolicy>()

/** The policy of stored terms; ours where none was agreed. Read once for each version of an agreement. */
export function policyOf(terms: { pricing_policy?: object }): PricingPolicy {
  const named = terms.pricing_policy
  if (named === undefined) return DEFAULT_POLICY
  const before = known.get(named)
  if (before !== undefined) return before
  const policy = readPolicy(named)
  assert(!('problem' in policy), 'stored agreement terms name a policy that cannot be read')
  known.set(named, policy)
  return policy
}

/** What is wrong with a policy that is to be agreed, pointing into the terms; null when nothing is. */
export function policyFault(terms: {
  pricing_policy?: object
}): { pointer: string; message: string } | null {
  if (terms.pricing_policy === undefined) return null
  const policy = readPolicy(terms.pricing_policy)
  if (!('problem' in policy)) return null
  const { pointer, message } = policy.problem
  return { pointer: `/pricing_policy${pointer}`, message }
}
