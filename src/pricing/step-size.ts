import { add, divide, isZero, largerOf, multiply, scaled, subtract, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { Line } from './lines.ts'
import type { CostDimension } from './types.ts'

/** Step sizes count Wh and seconds; quantities count kWh and hours. */
const UNITS: Readonly<Record<CostDimension, Exact>> = {
  energy: whole(1000),
  time: whole(3600),
  parking: whole(3600),
  reservation: whole(3600),
  fixed: whole(1),
}
/** A third of an hour sent with a dozen decimals must not become an extra block, so units are rounded to 10^-6 first. */
const UNIT_DECIMALS = 6
const MICRO = whole(10 ** UNIT_DECIMALS)

/**
 * Rounds up each dimension once over the session: energy, reserved time, and either parking time, when any of it is
 * priced, or charging time. The surplus is billed in the last line, whose component gives the step (OCPI 2.2.1,
 * mod_tariffs, step_size). Quantities without a price do not count.
 */
export function applyStepSizes(lines: readonly Line[]): readonly Line[] {
  const clock = lines.some((line) => line.dimension === 'parking') ? 'parking' : 'time'
  const stepped = [...lines]
  for (const dimension of ['energy', clock, 'reservation'] as const) {
    const isCounted = (line: Line): boolean =>
      line.dimension === dimension && line.component.type !== 'FLAT'
    const last = stepped.findLastIndex(isCounted)
    const line = stepped[last]
    if (line === undefined || isZero(line.component.stepSize)) continue
    const total = stepped.reduce(
      (sum, each) => (isCounted(each) ? add(sum, each.measured) : sum),
      ZERO,
    )
    const surplus = surplusOf({ total, stepSize: line.component.stepSize, unit: UNITS[dimension] })
    if (!isZero(surplus)) stepped[last] = { ...line, billed: add(line.measured, surplus) }
  }
  return stepped
}

function surplusOf({
  total,
  stepSize,
  unit,
}: {
  total: Exact
  stepSize: Exact
  unit: Exact
}): Exact {
  const step = scaled(stepSize, UNIT_DECIMALS)
  if (step === 0n) return ZERO
  const units = scaled(multiply(total, unit), UNIT_DECIMALS)
  const blocks = units > 0n ? (units + step - 1n) / step : units / step
  const billed = divide({ n: blocks * step, d: 1n }, multiply(MICRO, unit))
  return subtract(largerOf(total, billed), total)
}
