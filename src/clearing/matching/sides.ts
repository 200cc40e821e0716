import { assert } from '../../assert.ts'
import type { Ambiguity, Match, MatchRecord } from './types.ts'

/** One side while it is matched: its records by id, and which of them are still without a place. */
export type Side = { readonly records: readonly MatchRecord[]; readonly isOpen: boolean[] }

/** Both sides and what was found so far. */
export type Work = {
  readonly left: Side
  readonly right: Side
  readonly matches: Match[]
  readonly ambiguous: Ambiguity[]
}

/** Begins with both sides sorted by id, so that the order they come in decides nothing. Asserts that ids are unique. */
export function beginWork(left: readonly MatchRecord[], right: readonly MatchRecord[]): Work {
  return { left: sideOf(left), right: sideOf(right), matches: [], ambiguous: [] }
}

function sideOf(records: readonly MatchRecord[]): Side {
  const sorted = records.toSorted((a, b) => compareIds(a.id, b.id))
  sorted.forEach((record, index) =>
    assert(sorted[index - 1]?.id !== record.id, `two records of one side have the id ${record.id}`),
  )
  return { records: sorted, isOpen: new Array<boolean>(sorted.length).fill(true) }
}

/** Indexes of the records that have no place yet. */
export function openOf({ isOpen }: Side): number[] {
  const open: number[] = []
  for (let index = 0; index < isOpen.length; index++) if (isOpen[index]) open.push(index)
  return open
}

export function recordAt({ records }: Side, index: number): MatchRecord {
  const record = records[index]
  assert(record !== undefined, 'no record stands at that index')
  return record
}

type Indexes = { left: readonly number[]; right: readonly number[] }

/** Records a match; its records have a place now. */
export function addMatch(
  work: Work,
  indexes: Indexes,
  match: Omit<Match, 'left' | 'right' | 'kind'>,
): void {
  const kind = indexes.right.length > 1 ? 'split' : indexes.left.length > 1 ? 'merged' : 'one'
  work.matches.push({ kind, ...take(work, indexes), ...match })
}

/** Records what cannot be told apart; its records have a place now. */
export function addAmbiguity(
  work: Work,
  indexes: Indexes,
  { tier, score }: Pick<Ambiguity, 'tier' | 'score'>,
): void {
  work.ambiguous.push({ ...take(work, indexes), tier, score })
}

function take(work: Work, { left, right }: Indexes): { left: string[]; right: string[] } {
  return { left: takeFrom(work.left, left), right: takeFrom(work.right, right) }
}

function takeFrom(side: Side, indexes: readonly number[]): string[] {
  return indexes
    .toSorted((a, b) => a - b)
    .map((index) => {
      side.isOpen[index] = false
      return recordAt(side, index).id
    })
}

/** By code units: the same on every machine. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
