import type { Side } from './sides.ts'
import { openOf, recordAt } from './sides.ts'
import type { MatchRecord } from './types.ts'

/** A record in a list by its start. */
type Entry = { readonly start: number; readonly index: number }

/** How many records near one are looked at: more than that are no choice any more. */
const NEAR_MAX = 200

/** Records of a side by a key and their start. */
export type TimeIndex = {
  /** Indexes of the open records that have a key in common with `record` and start within, by start. */
  startingIn(record: MatchRecord, window: { from: number; to: number }): number[]
}

/** By card: uid and contract. */
export function tokenIndex(side: Side): TimeIndex {
  return timeIndex(side, ({ tokenUid, contract }) => [
    ...(tokenUid === null ? [] : [`u${tokenUid}`]),
    ...(contract === null ? [] : [`c${contract}`]),
  ])
}

/** By EVSE. */
export function evseIndex(side: Side): TimeIndex {
  return timeIndex(side, ({ evse }) => (evse === null ? [] : [evse]))
}

/** By card and EVSE, or card and location. */
export function placeIndex(side: Side): TimeIndex {
  return timeIndex(side, ({ tokenUid, contract, evse, location }) => {
    const cards = [
      tokenUid === null ? null : `u${tokenUid}`,
      contract === null ? null : `c${contract}`,
    ]
    const places = [evse === null ? null : `e${evse}`, location === null ? null : `l${location}`]
    return cards.flatMap((card) =>
      places.flatMap((place) => (card === null || place === null ? [] : [`${card}\n${place}`])),
    )
  })
}

function timeIndex(side: Side, keysOf: (record: MatchRecord) => readonly string[]): TimeIndex {
  const lists = new Map<string, Entry[]>()
  for (const index of openOf(side)) {
    const record = recordAt(side, index)
    if (record.start === null) continue
    for (const key of keysOf(record)) {
      const list = lists.get(key)
      if (list === undefined) lists.set(key, [{ start: record.start, index }])
      else list.push({ start: record.start, index })
    }
  }
  for (const list of lists.values()) list.sort((a, b) => a.start - b.start || a.index - b.index)
  return {
    startingIn(record, { from, to }) {
      const found = new Set<number>()
      for (const key of keysOf(record)) {
        const list = lists.get(key) ?? []
        for (let at = firstFrom(list, from); at < list.length && found.size < NEAR_MAX; at++) {
          const entry = list[at]
          if (entry === undefined || entry.start > to) break
          if (side.isOpen[entry.index]) found.add(entry.index)
        }
      }
      return [...found]
    },
  }
}

/** The first entry that starts at `from` or later. */
function firstFrom(list: readonly Entry[], from: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle]?.start ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low
}
