import { matchByIds } from './by-id.ts'
import { matchByPlace, matchByToken, matchShifted } from './by-score.ts'
import { beginWork, compareIds, openOf, recordAt } from './sides.ts'
import type { Side } from './sides.ts'
import { matchSplits } from './splits.ts'
import type { Matching, MatchRecord } from './types.ts'

/**
 * Finds which records of two sides are one session, in tiers: what a tier placed is no longer looked at by the next. The
 * order of the records decides nothing, and swapping the sides swaps the answer. Who fits several equally well is
 * ambiguous, never confirmed. Ids must be unique within a side.
 */
export function matchRecords(
  left: readonly MatchRecord[],
  right: readonly MatchRecord[],
): Matching {
  const work = beginWork(left, right)
  matchByIds(work)
  matchSplits(work)
  matchByToken(work)
  matchShifted(work)
  matchByPlace(work)
  return {
    matches: work.matches.toSorted(byFirstId),
    ambiguous: work.ambiguous.toSorted(byFirstId),
    leftOnly: idsOf(work.left),
    rightOnly: idsOf(work.right),
  }
}

function idsOf(side: Side): string[] {
  return openOf(side).map((index) => recordAt(side, index).id)
}

function byFirstId(a: { left: readonly string[] }, b: { left: readonly string[] }): number {
  return compareIds(a.left[0] ?? '', b.left[0] ?? '')
}
