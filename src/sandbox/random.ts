import { assert } from '../assert.ts'

/** A seeded source of choices: the same seed makes the same world. */
export type Random = {
  /** In [0, 1). */
  next(): number
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number
  pick<T>(items: readonly T[]): T
  /** A new list in seeded order. */
  shuffle<T>(items: readonly T[]): T[]
}

/** Mulberry32: 32 bits of state, good enough for a demo world and the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  const pick = <T>(items: readonly T[]): T => {
    assert(items.length > 0, 'nothing to pick from')
    const item = items[between(0, items.length - 1)]
    assert(item !== undefined, 'picked a hole')
    return item
  }
  const shuffle = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, order: next() }))
      .sort((a, b) => a.order - b.order)
      .map((entry) => entry.item)
  return { next, between, pick, shuffle }
}
