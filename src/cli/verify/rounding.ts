import type { Decimal } from '../../clearing/decimal.ts'
import { absolute, unitOf } from '../../clearing/decimal.ts'

/** How a figure is rounded before it is compared. `up`, `down`: away from and toward zero; `half_up`: ties away from zero. */
export type RoundingMode =
  'half_up' | 'half_even' | 'half_down' | 'up' | 'down' | 'ceiling' | 'floor'

/** The names that sources give their rounding; the first that is contained in the text counts. */
const NAMES: readonly (readonly [RegExp, RoundingMode])[] = [
  [/even|banker/, 'half_even'],
  [/half.?down|half toward/, 'half_down'],
  [/half|nearest|away from zero|commercial/, 'half_up'],
  [/ceil/, 'ceiling'],
  [/floor/, 'floor'],
  [/down|trunc|toward/, 'down'],
  [/up/, 'up'],
]

/** The mode that a text names, null when it names none that is known. */
export function roundingNamed(text: string): RoundingMode | null {
  const lower = text.toLowerCase()
  return NAMES.find(([pattern]) => pattern.test(lower))?.[1] ?? null
}

/** The value rounded to `places` decimals. */
export function roundedTo(
  value: Decimal,
  { places, mode }: { places: number; mode: RoundingMode },
): Decimal {
  const unit = unitOf(places)
  const size = absolute(value)
  const rest = size % unit
  if (rest === 0n) return value
  const below = size - rest
  const isNegative = value < 0n
  const isAway = awayFromZero({ mode, isNegative, twice: rest * 2n, unit, units: below / unit })
  const result = isAway ? below + unit : below
  return isNegative ? -result : result
}

type Rest = {
  mode: RoundingMode
  isNegative: boolean
  twice: bigint
  unit: bigint
  units: bigint
}

function awayFromZero({ mode, isNegative, twice, unit, units }: Rest): boolean {
  switch (mode) {
    case 'half_up':
      return twice >= unit
    case 'half_down':
      return twice > unit
    case 'half_even':
      return twice > unit || (twice === unit && units % 2n === 1n)
    case 'up':
      return true
    case 'down':
      return false
    case 'ceiling':
      return !isNegative
    case 'floor':
      return isNegative
  }
}
