import {
  DEFAULT_POLICY,
  READINGS,
  ROUNDING_DECIMALS_MAX,
  ROUNDING_MODES,
  ROUNDING_STAGES,
} from './policy.ts'
import type { PricingPolicy, Rounding } from './policy.ts'

/**
 * Policies by name: ours, and what known implementations do as far as a policy can say it. Useful to see whether a
 * partner's total is theirs, and as a base in an agreement. What they do and no policy of ours does, read in their
 * sources and in part found by pricing random sessions both ways:
 *
 * - `ocpi-2.2.1-2021` (the examples of OCPI 2.2.1 as of November 2021): nothing known.
 * - `ocpi-tariffs-0.6` (TandemDrive): rounds every price and volume that it reads to 4 decimals, and cuts times off after
 *   whole milliseconds; we use them as they are. Takes the zone from the country by a table of its own.
 * - `ocpi-kit-0.2` (hupe1980): rounds the cost and the tax of each segment to 4 decimals before it rounds the sum; we round
 *   once. Wants the zone given; we also read it from the CDR. Takes price limits from the tariff for the session type.
 * - `ocpi-tariffs-py-0.1` (Hamza-nabil): ignores min_kwh and max_kwh; we keep to them. Knows the zones of five countries and
 *   takes UTC for all others; we know the zones of all countries that have one.
 * - `wwcp` (OpenChargingCloud): read in the one function that splits a CDR of OCPI 2.1.1 into periods; how it reads
 *   windows of the day, end dates and meter restrictions is not known, so those are read as we do.
 */
export const BUILT_IN_POLICIES: Readonly<Record<string, PricingPolicy>> = {
  [DEFAULT_POLICY.name]: DEFAULT_POLICY,
  // The examples of November 2021 round charging and parking as one duration.
  'ocpi-2.2.1-2021': { ...DEFAULT_POLICY, name: 'ocpi-2.2.1-2021', stepped_time: 'combined' },
  'ocpi-tariffs-0.6': {
    ...DEFAULT_POLICY,
    name: 'ocpi-tariffs-0.6',
    unpriced_in_step: 'counted',
    equal_window: 'never',
    midnight_end: 'never',
    missing_meter: 'met',
    meter_pairing: 'same_side',
    flat_fees: 'once',
    reservation_elements: 'charging',
    price_limits: 'ignored',
    duration_origin: 'first_period',
    tariff_choice: 'first_at_start',
    rounding: { decimals: 4, mode: 'half_up', stage: 'total' },
    total_time: 'periods_span',
    duplicate_dimension: 'last',
    unknown_zone: 'error',
    empty_volume_step: 'counted',
    tax_included: 'ignored',
  },
  'ocpi-kit-0.2': {
    ...DEFAULT_POLICY,
    name: 'ocpi-kit-0.2',
    midnight_end: 'never',
    flat_fees: 'once',
    expired_reservation: 'expires_only',
    reserved_step: 'with_time',
    tariff_choice: 'named_else_at_period',
    rounding: { decimals: 'currency', mode: 'half_up', stage: 'total' },
    unknown_zone: 'error',
  },
  'ocpi-tariffs-py-0.1': {
    ...DEFAULT_POLICY,
    name: 'ocpi-tariffs-py-0.1',
    equal_window: 'never',
    midnight_end: 'never',
    missing_meter: 'ignored',
    missing_time: 'wall_clock',
    flat_fees: 'once',
    reservation_elements: 'charging',
    price_limits: 'ignored',
    end_date: 'inclusive',
    wrapping_window: 'never',
    tariff_choice: 'first',
    rounding: { decimals: 4, mode: 'half_even', stage: 'total' },
    unknown_zone: 'utc',
    empty_volume_step: 'any_active',
    tax_included: 'ignored',
  },
  wwcp: {
    ...DEFAULT_POLICY,
    name: 'wwcp',
    element_choice_211: 'whole_element',
    stepped_time: 'each',
    missing_time: 'wall_clock',
    flat_fees: 'per_price',
    price_limits: 'ignored',
    tariff_choice: 'first',
    rounding: { decimals: 3, mode: 'half_up', stage: 'total' },
    total_time: 'periods_sum',
    free_components: 'skipped',
    step_size: 'price',
  },
}

type Problem = { readonly pointer: string; readonly message: string }
type Fields = Readonly<Record<string, unknown>>

const ROUNDING_KEYS = ['decimals', 'mode', 'stage']
const NAME_CHARS_MAX = 64

/**
 * Reads a policy from JSON: the keys that differ from our default, or from the built-in policy that `base` names. A
 * policy that differs needs a `name` of its own ('custom' where it has none) and may have a `version` ('1'). Answers
 * with the first key or value that is not known, as a JSON pointer and a sentence.
 */
export function readPolicy(value: unknown): PricingPolicy | { readonly problem: Problem } {
  if (!isObject(value)) return refused('', 'a policy is an object')
  const { base, name, version, ...differences } = value
  const origin = base === undefined ? DEFAULT_POLICY : builtIn(base)
  if (origin === null)
    return refused(
      '/base',
      `there is no such policy; known: ${known(Object.keys(BUILT_IN_POLICIES))}`,
    )
  const found = problemOf(differences)
  if (found !== null) return { problem: found }
  const readings: Fields = { ...origin, ...differences }
  const own = name ?? (isAlike(readings, origin) ? origin.name : 'custom')
  if (!isName(own)) return refused('/name', `a name is a text of 1 to ${NAME_CHARS_MAX} characters`)
  const named = builtIn(own)
  const issue = version ?? named?.version ?? '1'
  if (!isName(issue))
    return refused('/version', `a version is a text of 1 to ${NAME_CHARS_MAX} characters`)
  if (named !== null) {
    if (isAlike(readings, named) && issue === named.version) return named
    return refused('/name', 'a built-in policy has this name and other readings or another version')
  }
  const policy: Fields = { ...readings, name: own, version: issue }
  // Cannot happen: every key was looked at above. It tells the compiler so.
  return isPolicy(policy) ? policy : refused('', 'not a policy')
}

/** Do both read everything the same, whatever they are called? */
function isAlike(readings: Fields, policy: PricingPolicy): boolean {
  const others: Fields = policy
  const isSame = (key: string): boolean =>
    key === 'name' || key === 'version' || key === 'rounding' || readings[key] === others[key]
  return Object.keys(others).every(isSame) && isSameRounding(readings['rounding'], policy.rounding)
}

function isSameRounding(a: unknown, b: Rounding | null): boolean {
  if (!isRounding(a) || b === null) return a === b
  return a.decimals === b.decimals && a.mode === b.mode && a.stage === b.stage
}

function refused(pointer: string, message: string): { readonly problem: Problem } {
  return { problem: { pointer, message } }
}

function builtIn(name: unknown): PricingPolicy | null {
  return typeof name === 'string' && Object.hasOwn(BUILT_IN_POLICIES, name)
    ? (BUILT_IN_POLICIES[name] ?? null)
    : null
}

function isPolicy(policy: Fields): policy is PricingPolicy {
  const { name, version, ...rest } = policy
  return isName(name) && isName(version) && problemOf(rest) === null
}

function problemOf(differences: Fields): Problem | null {
  for (const [key, value] of Object.entries(differences)) {
    const found = key === 'rounding' ? roundingProblem(value) : readingProblem(key, value)
    if (found !== null) return found
  }
  return null
}

function readingProblem(key: string, value: unknown): Problem | null {
  const pointer = `/${pointerPart(key)}`
  if (!isKey(key)) return { pointer, message: `there is no such key; known: ${known(keys())}` }
  const readings: readonly unknown[] = READINGS[key]
  return readings.includes(value)
    ? null
    : { pointer, message: `is none of ${known(READINGS[key])}` }
}

function roundingProblem(value: unknown): Problem | null {
  if (value === null || isRounding(value)) return null
  if (!isObject(value)) return { pointer: '/rounding', message: 'is null or an object' }
  const unknown = Object.keys(value).find((key) => !ROUNDING_KEYS.includes(key))
  if (unknown !== undefined) {
    const pointer = `/rounding/${pointerPart(unknown)}`
    return { pointer, message: `there is no such key; known: ${known(ROUNDING_KEYS)}` }
  }
  if (!isDecimals(value['decimals'])) {
    const message = `is neither 'currency' nor a whole number from 0 to ${ROUNDING_DECIMALS_MAX}`
    return { pointer: '/rounding/decimals', message }
  }
  return isOneOf(ROUNDING_MODES, value['mode'])
    ? { pointer: '/rounding/stage', message: `is none of ${known(ROUNDING_STAGES)}` }
    : { pointer: '/rounding/mode', message: `is none of ${known(ROUNDING_MODES)}` }
}

function isRounding(value: unknown): value is Rounding {
  return (
    isObject(value) &&
    Object.keys(value).every((key) => ROUNDING_KEYS.includes(key)) &&
    isDecimals(value['decimals']) &&
    isOneOf(ROUNDING_MODES, value['mode']) &&
    isOneOf(ROUNDING_STAGES, value['stage'])
  )
}

function isDecimals(value: unknown): boolean {
  if (value === 'currency') return true
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= ROUNDING_DECIMALS_MAX
}

function isOneOf(values: readonly unknown[], value: unknown): boolean {
  return values.includes(value)
}

function keys(): readonly string[] {
  return ['base', 'name', 'version', 'rounding', ...Object.keys(READINGS)]
}

function known(words: readonly string[]): string {
  return words.join(', ')
}

function isKey(key: string): key is keyof typeof READINGS {
  return Object.hasOwn(READINGS, key)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= NAME_CHARS_MAX
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A key as a part of a JSON pointer (RFC 6901). */
function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
