import { add, compare, decimal, divide, isZero, multiply, scaled } from './exact.ts'
import { subtract, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line, Unpriced } from './line.ts'
import type { PricingPolicy } from './policy.ts'
import type { CostDimension } from './types.ts'

type Metered = Exclude<CostDimension, 'fixed'>

/** Lines that are rounded up together; the surplus is billed in the last one of the dimension `onto`. */
type Group = { readonly of: readonly Metered[]; readonly onto: Metered | null }
/** The lines from `first` to before `end`, and what of the whole session no component prices but counts. */
type Span = {
  readonly lines: readonly Line[]
  readonly first: number
  readonly end: number
  readonly unpriced: Unpriced | null
}

/** Step sizes count Wh and seconds; quantities count kWh and hours. */
const WH = whole(1000)
const SECONDS = whole(3600)
/** A third of an hour sent with a dozen decimals must not become an extra block, so units are rounded to 10^-6 first. */
const UNIT_DECIMALS = 6

const ENERGY: Group = { of: ['energy'], onto: null }
const TIME: Group = { of: ['time'], onto: null }
const TIME_AND_RESERVED: Group = { of: ['time', 'reservation'], onto: null }
const PARKING: Group = { of: ['parking'], onto: null }
const RESERVED: Group = { of: ['reservation'], onto: null }
/** OCPI 2.2.1 of November 2021 rounds both as one duration and bills the difference as parking. */
const COMBINED: Group = { of: ['time', 'parking'], onto: 'parking' }

/**
 * Rounds up each dimension once over the session: energy, reserved time, and either parking time, when any of it is
 * priced, or charging time; or as the policy says. The surplus is billed in the last line, whose component gives the
 * step (OCPI 2.2.1, mod_tariffs, step_size). Changes `billed` of the lines.
 */
export function applyStepSizes(
  lines: readonly Line[],
  { policy, unpriced }: { policy: PricingPolicy; unpriced: Unpriced },
): void {
  const { step_size: rule } = policy
  if (rule === 'none') return
  if (rule === 'price') return stepPrices(lines, policy)
  if (rule === 'session') {
    const counted = policy.unpriced_in_step === 'counted' ? unpriced : null
    return stepSpan({ lines, first: 0, end: lines.length, unpriced: counted }, policy)
  }
  let first = 0
  for (let end = 1; end <= lines.length; end++) {
    if (lines[end]?.period === lines[first]?.period) continue
    stepSpan({ lines, first, end, unpriced: null }, policy)
    first = end
  }
}

function stepSpan(span: Span, policy: PricingPolicy): void {
  stepGroup(span, ENERGY, policy)
  const time = policy.reserved_step === 'own' ? TIME : TIME_AND_RESERVED
  const last = lastTime(span)
  const hasParking = policy.stepped_time === 'parking_if_last' ? last === 'parking' : isParked(span)
  if (policy.stepped_time === 'combined' && hasParking) stepGroup(span, COMBINED, policy)
  else {
    const isEach = policy.stepped_time === 'each'
    if (hasParking || isEach) stepGroup(span, PARKING, policy)
    if (!hasParking || isEach) stepGroup(span, time, policy)
  }
  if (policy.reserved_step === 'own') stepGroup(span, RESERVED, policy)
}

/** Is any parking priced, if only with nothing? */
function isParked({ lines, first, end }: Span): boolean {
  for (let index = first; index < end; index++) {
    const line = lines[index]
    if (line !== undefined && line.dimension === 'parking' && !isZero(line.measured)) return true
  }
  return false
}

function lastTime({ lines, first, end }: Span): 'time' | 'parking' | null {
  for (let index = end - 1; index >= first; index--) {
    const line = lines[index]
    if (line === undefined || isZero(line.measured)) continue
    if (line.dimension === 'time' || line.dimension === 'parking') return line.dimension
  }
  return null
}

function stepGroup(
  { lines, first, end, unpriced }: Span,
  { of, onto }: Group,
  policy: PricingPolicy,
): void {
  let last: Line | null = null
  let total = ZERO
  for (let index = first; index < end; index++) {
    const line = lines[index]
    if (line === undefined || !isOf(line, of)) continue
    total = add(total, line.measured)
    if (onto === null || line.dimension === onto) last = line
  }
  if (last === null || isZero(last.component.stepSize)) return
  if (unpriced !== null) for (const each of of) total = add(total, unpriced[each])
  raise(last, total, policy)
}

function isOf({ dimension, component }: Line, of: readonly Metered[]): boolean {
  return dimension !== 'fixed' && component.type !== 'FLAT' && of.includes(dimension)
}

/** Each price and step size of a dimension on its own. */
function stepPrices(lines: readonly Line[], policy: PricingPolicy): void {
  const groups: { last: Line; total: Exact }[] = []
  for (const line of lines) {
    if (line.component.type === 'FLAT') continue
    const group = groups.find(({ last }) => isAlike(last, line))
    if (group === undefined) groups.push({ last: line, total: line.measured })
    else {
      group.last = line
      group.total = add(group.total, line.measured)
    }
  }
  for (const { last, total } of groups)
    if (!isZero(last.component.stepSize)) raise(last, total, policy)
}

function isAlike(a: Line, b: Line): boolean {
  return (
    a.dimension === b.dimension &&
    compare(a.component.price, b.component.price) === 0 &&
    compare(a.component.stepSize, b.component.stepSize) === 0
  )
}

/** Bills in `line` what is missing from `total` to whole steps. */
function raise(line: Line, total: Exact, policy: PricingPolicy): void {
  const unit = line.dimension === 'energy' ? WH : SECONDS
  const step = scaled(line.component.stepSize, UNIT_DECIMALS)
  if (step === 0n) return
  const measured = multiply(total, unit)
  const units = scaled(measured, UNIT_DECIMALS)
  const isNext = policy.exact_multiple === 'next_block'
  const blocks = isNext ? blocksAbove(units, step) : blocksFor(units, step)
  const billed = decimal(blocks * step, UNIT_DECIMALS)
  if (compare(billed, measured) <= 0) return
  line.billed = add(line.measured, divide(subtract(billed, measured), unit))
}

/** The fewest blocks that hold the units; BigInt division cuts towards zero, which is upwards below zero. */
function blocksFor(units: bigint, step: bigint): bigint {
  return units > 0n ? (units + step - 1n) / step : units / step
}

/** The fewest blocks that hold more than the units. */
function blocksAbove(units: bigint, step: bigint): bigint {
  return units < 0n && units % step !== 0n ? units / step : units / step + 1n
}
