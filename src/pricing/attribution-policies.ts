import { PHRASES, roundingCode, roundingPhrase } from './attribution-phrases.ts'
import type { Reading } from './attribution-reading.ts'
import { BUILT_IN_POLICIES } from './policies.ts'
import { DEFAULT_POLICY, READINGS, ROUNDING_MODES, ROUNDING_STAGES } from './policy.ts'
import type { PricingPolicy, Rounding } from './policy.ts'

type Texts = Readonly<Record<string, string>>
type Values = Readonly<Record<string, readonly string[]>>

/** What most often goes another way is tried, and among equals told, first. */
const FIRST_KEYS = ['step_size', 'stepped_time', 'price_limits', 'parking_time']
const ROUNDING_DECIMALS = [2, 3, 4]

/** Every other value of every key of the policy, one at a time. */
export function policyReadings(policy: PricingPolicy): readonly Reading[] {
  const current: Readonly<Record<string, unknown>> = policy
  const phrases: Readonly<Record<string, Texts>> = PHRASES
  const values: Values = READINGS
  const others = Object.keys(values).filter((key) => !FIRST_KEYS.includes(key))
  return [...FIRST_KEYS, ...others].flatMap((key) =>
    (values[key] ?? []).flatMap((value) => {
      if (value === current[key]) return []
      const words = { key, value, instead: `${current[key]}`, phrase: phrases[key]?.[value] ?? '' }
      return [readingOf(words, (before) => ({ ...before, name: 'custom', [key]: value }))]
    }),
  )
}

/** Rounding at each place, in each way, to the digits of the currency and to 2, 3 and 4 decimals. */
export function roundingReadings(policy: PricingPolicy, digits: number): readonly Reading[] {
  const instead = roundingCode(policy.rounding)
  const decimals = [digits, ...ROUNDING_DECIMALS.filter((each) => each !== digits)]
  const roundings: Rounding[] = decimals.flatMap((each) =>
    ROUNDING_STAGES.flatMap((stage) =>
      ROUNDING_MODES.map((mode) => ({ decimals: each, mode, stage })),
    ),
  )
  return [null, ...roundings].flatMap((rounding) => {
    const value = roundingCode(rounding)
    if (value === instead) return []
    const words = { key: 'rounding', value, instead, phrase: roundingPhrase(rounding) }
    return [readingOf(words, (before) => ({ ...before, name: 'custom', rounding }))]
  })
}

/** What known implementations do as a whole. */
export function peerReadings(policy: PricingPolicy): readonly Reading[] {
  return Object.values(BUILT_IN_POLICIES).flatMap((other) => {
    if (other.name === policy.name) return []
    const phrase = `everything is priced as ${other.name} does`
    const words = { key: 'policy', value: other.name, instead: policy.name, phrase }
    return [readingOf(words, () => other)]
  })
}

function readingOf(
  words: Omit<Reading, 'apply'>,
  edit: (policy: PricingPolicy) => PricingPolicy,
): Reading {
  return {
    ...words,
    apply: (situation) => {
      const policy = edit(situation.options.policy ?? DEFAULT_POLICY)
      return { ...situation, options: { ...situation.options, policy } }
    },
  }
}
