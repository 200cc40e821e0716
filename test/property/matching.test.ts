import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clearPairs } from '../../src/clearing/matching/assign.ts'
import { matchRecords } from '../../src/clearing/matching/match.ts'
import type { Matching, MatchRecord } from '../../src/clearing/matching/types.ts'
import { crowd, recordOf } from '../helpers/match-records.ts'
import { seed, size } from '../helpers/seed.ts'

const runs = { seed: seed(), numRuns: size(400) }
const sides = fc.tuple(crowd('a'), crowd('x'))

/** The same matching with the sides swapped. */
function swapped({ matches, ambiguous, leftOnly, rightOnly }: Matching): Matching {
  const turn = <T extends { left: readonly string[]; right: readonly string[] }>(each: T): T => ({
    ...each,
    left: each.right,
    right: each.left,
  })
  const kinds = { one: 'one', split: 'merged', merged: 'split' } as const
  return {
    matches: matches.map((each) => ({
      ...turn(each),
      kind: kinds[each.kind],
      // 0 and −0 are the same shift.
      shiftMinutes: 0 - each.shiftMinutes,
    })),
    ambiguous: ambiguous.map(turn),
    leftOnly: rightOnly,
    rightOnly: leftOnly,
  }
}

/** In an order of its own, scores to what floats keep. */
function comparable({ matches, ambiguous, leftOnly, rightOnly }: Matching): string[] {
  const fixed = (each: object & { score: number }): string =>
    JSON.stringify({ ...each, score: each.score.toFixed(9) }, Object.keys(each).sort())
  return [...matches.map(fixed), ...ambiguous.map(fixed), `${leftOnly}`, `${rightOnly}`].sort()
}

test('every record of a side has exactly one place', () => {
  fc.assert(
    fc.property(sides, ([left, right]) => {
      const { matches, ambiguous, leftOnly, rightOnly } = matchRecords(left, right)
      const groups = [...matches, ...ambiguous]
      const ids = (all: readonly MatchRecord[]): string[] => all.map(({ id }) => id).sort()
      assert.equal([...groups.flatMap((each) => each.left), ...leftOnly].sort(), ids(left))
      assert.equal([...groups.flatMap((each) => each.right), ...rightOnly].sort(), ids(right))
    }),
    runs,
  )
})

test('the order of the records decides nothing', () => {
  fc.assert(
    fc.property(sides, fc.infiniteStream(fc.nat()), ([left, right], numbers) => {
      const shuffled = <T>(all: readonly T[]): T[] =>
        all
          .map((each) => [Number(numbers.next().value), each] as const)
          .sort(([a], [b]) => a - b)
          .map(([, each]) => each)
      assert.equal(matchRecords(shuffled(left), shuffled(right)), matchRecords(left, right))
    }),
    runs,
  )
})

test('swapping the sides swaps the answer', () => {
  fc.assert(
    fc.property(sides, ([left, right]) => {
      const there = comparable(matchRecords(left, right))
      const back = comparable(swapped(matchRecords(right, left)))
      assert.equal(back, there)
    }),
    runs,
  )
})

test('what exists twice is never confirmed without an id that says which', () => {
  fc.assert(
    fc.property(sides, ([left, right]) => {
      const anonymous = (all: readonly MatchRecord[]): MatchRecord[] =>
        all.map((each) => ({ ...each, cdrId: null, sessionId: null, reference: null }))
      const twins = anonymous(right).flatMap((each) => [each, { ...each, id: `${each.id}-twin` }])
      const { matches } = matchRecords(anonymous(left), twins)
      assert.equal(
        matches.filter(({ kind }) => kind === 'one'),
        [],
      )
    }),
    runs,
  )
})

test('a file compared with itself matches wholly where its sessions are apart', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300), { maxLength: 40 }), (hours) => {
      const at = (hour: number): MatchRecord =>
        recordOf(`r${hour}`, {
          start: hour * 7_200_000,
          end: hour * 7_200_000 + 3_600_000,
          energyMwh: BigInt(hour + 1) * 1_000_000n,
        })
      const records = hours.map(at)
      const { matches } = matchRecords(records, records)
      assert.is(matches.filter(({ state }) => state === 'confirmed').length, hours.length)
      assert.ok(matches.every(({ left, right }) => left[0] === right[0]))
    }),
    runs,
  )
})

test('clear pairs are those of every best assignment, as trying them all finds', () => {
  const score = fc.integer({ min: 0, max: 20 }).map((step) => step / 20)
  const square = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(score, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    )
  fc.assert(
    fc.property(square, (cells) => {
      const edges = cells.flatMap((row, left) =>
        row.flatMap((each, right) => (each > 0 ? [{ left, right, score: each }] : [])),
      )
      const best = total(cells)
      const wanted = edges.filter(({ left, right }) => {
        const without = cells.map((row, r) =>
          row.map((c, k) => (r === left && k === right ? 0 : c)),
        )
        return best - total(without) >= 0.15 - 1e-9
      })
      assert.equal(clearPairs(edges, 0.15), wanted)
    }),
    runs,
  )
})

/** The largest total of an assignment, by trying every one. */
function total(cells: readonly (readonly number[])[], row = 0, used = new Set<number>()): number {
  const line = cells[row]
  if (line === undefined) return 0
  let most = total(cells, row + 1, used)
  line.forEach((score, column) => {
    if (used.has(column)) return
    used.add(column)
    most = Math.max(most, score + total(cells, row + 1, used))
    used.delete(column)
  })
  return most
}

test.run()
