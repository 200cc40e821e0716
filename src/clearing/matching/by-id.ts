import { clearPairs, componentsOf } from './assign.ts'
import type { Edge } from './assign.ts'
import { MARGIN, mayMatch, scoreOf, shiftMinutesOf } from './score.ts'
import type { Side, Work } from './sides.ts'
import { addAmbiguity, addMatch, openOf, recordAt } from './sides.ts'
import { mergedParts } from './splits.ts'
import type { MatchRecord, Tier } from './types.ts'

const KEYS: readonly [Tier, (record: MatchRecord) => string | null][] = [
  [0, ({ cdrId }) => cdrId],
  [1, ({ sessionId }) => sessionId],
  [2, ({ reference }) => reference],
  [3, ({ meter }) => (meter === null ? null : `${meter.id}\n${meter.startMwh}\n${meter.stopMwh}`)],
]

/** What more records than this have in common is no id of theirs: `0`, `unknown`. */
const SAME_KEY_MAX = 50

/** Two keys on one side that are alike: who of them is meant is found by what else they say, if at all. */
type Doubt = { tier: Tier; left: number[]; right: number[] }

/**
 * Tiers 0 to 3: records that name the same CDR, session, authorization or meter registers. One and one are one session
 * whatever else they say: what differs is what a comparison is there to find. Where several have the same key, parts
 * that add up are taken together, and else those that clearly fit best; what stays unclear is ambiguous.
 */
export function matchByIds(work: Work): void {
  const doubts: Doubt[] = []
  for (const [tier, keyOf] of KEYS) {
    const right = groupsOf(work.right, keyOf)
    for (const [key, left] of groupsOf(work.left, keyOf)) {
      for (const group of partnersOf(work, { left, right: right.get(key) ?? [] })) {
        const rest = matchGroup(work, { tier, ...group })
        if (rest !== null) doubts.push(rest)
      }
    }
  }
  for (const { tier, left, right } of doubts) {
    const open = {
      left: left.filter((index) => work.left.isOpen[index]),
      right: right.filter((index) => work.right.isOpen[index]),
    }
    if (open.left.length > 0 && open.right.length > 0) addAmbiguity(work, open, { tier, score: 1 })
  }
}

function groupsOf(
  side: Side,
  keyOf: (record: MatchRecord) => string | null,
): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const index of openOf(side)) {
    const key = keyOf(recordAt(side, index))
    if (key === null) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [index])
    else group.push(index)
  }
  for (const [key, group] of groups) if (group.length > SAME_KEY_MAX) groups.delete(key)
  return groups
}

/** Ids are unique per operator only: a group falls apart into those that may be one session. */
function partnersOf(
  work: Work,
  { left, right }: { left: readonly number[]; right: readonly number[] },
): { left: number[]; right: number[] }[] {
  const edges: Edge[] = left.flatMap((one) =>
    right
      .filter((other) => mayMatch(recordAt(work.left, one), recordAt(work.right, other)))
      .map((other) => ({ left: one, right: other, score: 1 })),
  )
  return componentsOf(edges).map((component) => ({
    left: [...new Set(component.map((edge) => edge.left))],
    right: [...new Set(component.map((edge) => edge.right))],
  }))
}

/** What stays in doubt of a group, or null. */
function matchGroup(work: Work, group: Doubt): Doubt | null {
  const { tier, left, right } = group
  const sure = { tier, score: 1, state: 'confirmed' } as const
  const [one] = left.map((index) => recordAt(work.left, index))
  const [other] = right.map((index) => recordAt(work.right, index))
  if (one === undefined || other === undefined) return null
  if (left.length === 1 && right.length === 1) {
    addMatch(work, group, { ...sure, shiftMinutes: shiftMinutesOf(one, other) })
    return null
  }
  if (isWhole(work, group)) {
    addMatch(work, group, { ...sure, shiftMinutes: 0 })
    return null
  }
  const edges = left.flatMap((at) =>
    right.map((to) => ({ left: at, right: to, score: pairScore(work, { left: at, right: to }) })),
  )
  for (const edge of clearPairs(
    edges.filter(({ score }) => score > 0),
    MARGIN,
  )) {
    const shiftMinutes = shiftMinutesOf(
      recordAt(work.left, edge.left),
      recordAt(work.right, edge.right),
    )
    addMatch(work, { left: [edge.left], right: [edge.right] }, { ...sure, shiftMinutes })
  }
  return group
}

function isWhole(work: Work, { left, right }: Doubt): boolean {
  const ours = left.map((index) => recordAt(work.left, index))
  const theirs = right.map((index) => recordAt(work.right, index))
  const [one, other] = [ours[0], theirs[0]]
  if (one === undefined || other === undefined) return false
  if (ours.length === 1) return mergedParts(one, theirs) !== null
  return theirs.length === 1 && mergedParts(other, ours) !== null
}

/** They have the key in common, so token and place are taken as equal where a side does not say them. */
function pairScore(work: Work, { left, right }: { left: number; right: number }): number {
  const [a, b] = [recordAt(work.left, left), recordAt(work.right, right)]
  if (!mayMatch(a, b)) return 0
  const same = { tokenUid: 'same', contract: null, evse: 'same' }
  return scoreOf({ ...a, ...same }, { ...b, ...same })
}
