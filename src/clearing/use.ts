import type { CdrFacts } from './read.ts'
import { readCdr } from './read.ts'

/**
 * When the vehicle of a CDR came to its place, in epoch milliseconds: a reserved connector may still be in use by whoever
 * was there before. Null where all of it is reserved time, so that nobody came.
 */
export function usedFrom({
  start,
  periods,
  energy: total,
}: Pick<CdrFacts, 'start' | 'periods' | 'energy'>): number | null {
  const used = periods.find(
    ({ energy, charging, parking, reserved }) =>
      (reserved ?? 0n) === 0n || [energy, charging, parking].some((one) => (one ?? 0n) > 0n),
  )
  if (used === undefined) return periods.length === 0 || total !== 0n ? start : null
  return used === periods[0] ? start : used.start
}

/** The same of a CDR as it was sent; its start where it cannot be read. */
export function usedFromOf(cdr: unknown, start: Date): Date | null {
  const { facts } = readCdr(cdr)
  if (facts === null) return start
  const from = usedFrom(facts)
  return from === null ? null : new Date(from)
}
