import { clearPairs, componentsOf } from './assign.ts'
import {
  ACCEPT,
  EPSILON,
  hasSameEvse,
  hasSamePlace,
  hasSameToken,
  MARGIN,
  mayMatch,
  overlapShare,
  scoreOf,
  shiftMinutesOf,
  SUGGEST,
} from './score.ts'
import type { Work } from './sides.ts'
import { addAmbiguity, addMatch, openOf, recordAt } from './sides.ts'
import { evseIndex, placeIndex } from './token-index.ts'
import type { TimeIndex } from './token-index.ts'
import type { MatchRecord, Tier } from './types.ts'

const START_WINDOW_MS = 900_000
const OVERLAP_MIN = 0.6
const SHIFT_WINDOW_MS = 14 * 3_600_000 + 90_000
/** A pair whose clocks differ by whole half hours is taken for one, but less readily. */
const SHIFT_PENALTY = 0.1

type Candidate = {
  readonly left: number
  readonly right: number
  readonly score: number
  readonly tier: Tier
  readonly shiftMinutes: number
}

/** What two records are to each other, or null where they cannot be one session. */
type Judge = (
  a: MatchRecord,
  b: MatchRecord,
) => Pick<Candidate, 'score' | 'tier' | 'shiftMinutes'> | null

/** Tiers 4 and 5: the same token at the same EVSE or location, near in time. */
export function matchByToken(work: Work): void {
  const candidates = candidatesOf(work, {
    index: placeIndex(work.right),
    windowMs: (record) => Math.max(START_WINDOW_MS, (2 / 3) * lengthOf(record)),
    judge: nearPair,
  })
  settle(work, { candidates, isConfirmable: true })
}

/** Tier 4 again, for what is left: everything fits but the clocks, which are whole half hours apart. */
export function matchShifted(work: Work): void {
  const candidates = candidatesOf(work, {
    index: placeIndex(work.right),
    windowMs: () => SHIFT_WINDOW_MS,
    judge: shiftedPair,
  })
  settle(work, { candidates, isConfirmable: true })
}

/** Tier 6: the same EVSE and time, where a side does not name the token. Never confirmed. */
export function matchByPlace(work: Work): void {
  const candidates = candidatesOf(work, {
    index: evseIndex(work.right),
    windowMs: () => START_WINDOW_MS,
    judge: placePair,
  })
  settle(work, { candidates, isConfirmable: false })
}

function nearPair(a: MatchRecord, b: MatchRecord): ReturnType<Judge> {
  if (!hasSameToken(a, b)) return null
  const isNear = Math.abs((a.start ?? 0) - (b.start ?? 0)) <= START_WINDOW_MS
  const score = scoreOf(a, b)
  if (hasSameEvse(a, b) && isNear) return { score, tier: 4, shiftMinutes: 0 }
  const share = overlapShare(a, b) ?? 0
  if ((hasSameEvse(a, b) || hasSamePlace(a, b)) && share >= OVERLAP_MIN)
    return { score, tier: 5, shiftMinutes: 0 }
  return null
}

function shiftedPair(a: MatchRecord, b: MatchRecord): ReturnType<Judge> {
  if (!hasSameToken(a, b) || !hasSameEvse(a, b)) return null
  const shiftMinutes = shiftMinutesOf(a, b)
  if (shiftMinutes === 0) return null
  return { score: scoreOf(a, b, shiftMinutes * 60_000) - SHIFT_PENALTY, tier: 4, shiftMinutes }
}

function placePair(a: MatchRecord, b: MatchRecord): ReturnType<Judge> {
  const isNamed = (record: MatchRecord): boolean =>
    record.tokenUid !== null || record.contract !== null
  if (isNamed(a) && isNamed(b)) return null
  return { score: scoreOf(a, b), tier: 6, shiftMinutes: 0 }
}

function candidatesOf(
  work: Work,
  how: { index: TimeIndex; windowMs: (record: MatchRecord) => number; judge: Judge },
): Candidate[] {
  return openOf(work.left).flatMap((left) => {
    const record = recordAt(work.left, left)
    const { start } = record
    if (start === null) return []
    const window = how.windowMs(record)
    return how.index
      .startingIn(record, { from: start - window, to: start + window })
      .flatMap((right) => {
        const other = recordAt(work.right, right)
        const judged = mayMatch(record, other) ? how.judge(record, other) : null
        return judged === null || judged.score < SUGGEST - EPSILON
          ? []
          : [{ left, right, ...judged }]
      })
  })
}

/** Gives every record of the candidates its place: confirmed, suggested, or ambiguous with all that compete for it. */
function settle(
  work: Work,
  { candidates, isConfirmable }: { candidates: readonly Candidate[]; isConfirmable: boolean },
): void {
  const unclear = componentsOf(candidates).flatMap((component) => {
    const clear = clearPairs(component, MARGIN)
    for (const { left, right, tier, score, shiftMinutes } of clear) {
      const isSure = isConfirmable && score >= ACCEPT - EPSILON
      addMatch(
        work,
        { left: [left], right: [right] },
        { tier, score, state: isSure ? 'confirmed' : 'suggested', shiftMinutes },
      )
    }
    return component.filter(({ left, right }) => work.left.isOpen[left] && work.right.isOpen[right])
  })
  for (const component of componentsOf(unclear)) {
    const best = component.reduce((most, each) => (each.score > most.score ? each : most))
    const indexes = {
      left: [...new Set(component.map(({ left }) => left))],
      right: [...new Set(component.map(({ right }) => right))],
    }
    const tier = component.reduce<Tier>((least, each) => (each.tier < least ? each.tier : least), 6)
    addAmbiguity(work, indexes, { tier, score: best.score })
  }
}

function lengthOf({ start, end }: MatchRecord): number {
  return start === null || end === null ? 0 : Math.max(0, end - start)
}
