import {
  hasSameEnergy,
  hasSameEvse,
  hasSamePlace,
  hasSameToken,
  mayMatch,
  overlapShare,
  scoreOf,
} from './score.ts'
import { ACCEPT } from './score.ts'
import type { Side, Work } from './sides.ts'
import { addMatch, openOf, recordAt } from './sides.ts'
import { tokenIndex } from './token-index.ts'
import type { MatchRecord } from './types.ts'

/** Meters and clocks of two systems do not stop in the same second. */
const EDGE_MS = 120_000
/** More parts than this are no session that was interrupted. */
const PARTS_MAX = 50

/**
 * The parts of one session taken together, or null where they are not the parts of it: two or more, one after the
 * other, their energies add up to that of the whole (Σ kWh test), and none of them has all of it alone.
 */
export function mergedParts(whole: MatchRecord, parts: readonly MatchRecord[]): MatchRecord | null {
  const [first] = parts
  if (first === undefined || parts.length < 2 || parts.length > PARTS_MAX) return null
  const { energyMwh } = whole
  if (energyMwh === null || !areApart(parts)) return null
  let sum = 0n
  for (const part of parts) {
    if (part.energyMwh === null || hasSameEnergy(part.energyMwh, energyMwh)) return null
    sum += part.energyMwh
  }
  if (!hasSameEnergy(sum, energyMwh)) return null
  return {
    ...first,
    start: extreme(
      parts.map(({ start }) => start),
      Math.min,
    ),
    end: extreme(
      parts.map(({ end }) => end),
      Math.max,
    ),
    energyMwh: sum,
    moneyMicros: moneyOf(parts),
  }
}

/**
 * Finds sessions that one side wrote as one record and the other as several, without a common id: the same token and
 * place, the parts within the whole, and nobody else they could belong to.
 */
export function matchSplits(work: Work): void {
  const splits = wholesOf(work.left, work.right).map((each) => ({
    left: [each.whole],
    right: each.parts,
    score: each.score,
  }))
  const merges = wholesOf(work.right, work.left).map((each) => ({
    left: each.parts,
    right: [each.whole],
    score: each.score,
  }))
  const all = [...splits, ...merges]
  const uses = new Map<string, number>()
  const keysOf = ({ left, right }: (typeof all)[number]): string[] => [
    ...left.map((index) => `l${index}`),
    ...right.map((index) => `r${index}`),
  ]
  for (const key of all.flatMap(keysOf)) uses.set(key, (uses.get(key) ?? 0) + 1)
  for (const each of all) {
    // Parts that two wholes claim belong to neither for certain.
    if (keysOf(each).some((key) => uses.get(key) !== 1)) continue
    addMatch(work, each, { tier: 4, score: each.score, state: 'confirmed', shiftMinutes: 0 })
  }
}

type Whole = { whole: number; parts: number[]; score: number }

function wholesOf(side: Side, other: Side): Whole[] {
  const [own, theirs] = [tokenIndex(side), tokenIndex(other)]
  return openOf(side).flatMap((index) => {
    const whole = recordAt(side, index)
    if (whole.start === null || whole.end === null || whole.energyMwh === null) return []
    const from = whole.start - EDGE_MS
    const parts = theirs
      .startingIn(whole, { from, to: whole.end })
      .filter((at) => isPart(recordAt(other, at), whole))
    if (parts.length < 2) return []
    const merged = mergedParts(
      whole,
      parts.map((at) => recordAt(other, at)),
    )
    if (merged === null || hasRival(whole, { index, side, own })) return []
    const score = scoreOf(whole, merged)
    return score >= ACCEPT ? [{ whole: index, parts, score }] : []
  })
}

function isPart(part: MatchRecord, whole: MatchRecord): boolean {
  if (part.end === null || whole.end === null || part.end > whole.end + EDGE_MS) return false
  return (
    mayMatch(part, whole) &&
    hasSameToken(part, whole) &&
    (hasSameEvse(part, whole) || hasSamePlace(part, whole))
  )
}

/** True where another record of the same side lies in the same time: the parts might be its own. */
function hasRival(
  whole: MatchRecord,
  { index, side, own }: { index: number; side: Side; own: ReturnType<typeof tokenIndex> },
): boolean {
  if (whole.start === null || whole.end === null) return true
  const span = whole.end - whole.start
  return own
    .startingIn(whole, { from: whole.start - span - EDGE_MS, to: whole.end })
    .some((at) => at !== index && (overlapShare(recordAt(side, at), whole) ?? 1) > 0)
}

function areApart(parts: readonly MatchRecord[]): boolean {
  const sorted = parts.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0))
  return sorted.every((part, index) => {
    const before = sorted[index - 1]
    if (before === undefined || before.end === null || part.start === null) return true
    return part.start >= before.end - EDGE_MS
  })
}

function extreme(
  times: readonly (number | null)[],
  pick: (...values: number[]) => number,
): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === times.length ? pick(...known) : null
}

function moneyOf(parts: readonly MatchRecord[]): bigint | null {
  let sum = 0n
  for (const { moneyMicros, currency } of parts) {
    if (moneyMicros === null || currency !== parts[0]?.currency) return null
    sum += moneyMicros
  }
  return sum
}
