import { isRecord } from '../clearing/read.ts'
import { BUILT_IN_POLICIES, readPolicy } from '../pricing/policies.ts'
import type { PricingPolicy } from '../pricing/policy.ts'
import { DEFAULT_POLICY } from '../pricing/policy.ts'

const NO_STEP = /step.?size (is )?(disabled|off|none|ignored)|(no|without) step.?size/i
const NAMES_MAX = 12

/**
 * The policy that a case or a command line means: nothing (ours), the name of a built-in one, a policy object, or the
 * words of a source that switches step_size off. A text says why there is none.
 */
export function policyOf(value: unknown): PricingPolicy | string {
  if (value === undefined || value === null || value === '') return DEFAULT_POLICY
  if (isRecord(value)) {
    const read = readPolicy(value)
    return 'problem' in read ? `policy${read.problem.pointer} ${read.problem.message}` : read
  }
  const name = typeof value === 'string' ? value.trim() : JSON.stringify(value)
  const known = Object.hasOwn(BUILT_IN_POLICIES, name) ? BUILT_IN_POLICIES[name] : undefined
  if (known !== undefined) return known
  if (NO_STEP.test(name)) return { ...DEFAULT_POLICY, name: 'no-step-size', step_size: 'none' }
  const names = Object.keys(BUILT_IN_POLICIES).slice(0, NAMES_MAX).join(', ')
  return `there is no policy ${name.slice(0, 80)}; known: ${names}`
}
