import type { Decimal } from './decimal.ts'
import { decimalsOf, unitOf } from './decimal.ts'
import type { Period } from './read.ts'

/** What the periods state of one kind, in their order; nothing for those that do not state it. */
export function valuesOf(
  periods: readonly Period[],
  name: 'energy' | 'charging' | 'parking' | 'reserved',
): Decimal[] {
  return periods.flatMap((period) => period[name] ?? [])
}

export function sum(values: readonly Decimal[]): Decimal {
  return values.reduce((total, value) => total + value, 0n)
}

/** Half a unit of the sender's last decimal. At least one decimal is assumed: 2 may be 2.0, never 2 ± 0.5. */
export function stepOf(values: readonly Decimal[]): Decimal {
  return unitOf(Math.max(1, ...values.map(decimalsOf))) / 2n
}
