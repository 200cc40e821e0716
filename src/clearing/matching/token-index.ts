import type { Side } from './sides.ts'
import { openOf, recordAt } from './sides.ts'
import type { MatchRecord } from './types.ts'

/** A record in a list by its start. */
type Entry = { readonly start: number; readonly index: number }

/** How many records near one are looked at, the nearest: more than that are no choice any more. */
const NEAR_MAX = 40

/** Records of a side by a key and their start. */
export type TimeIndex = {
  /** Indexes of the open records that have a key in common with `record` and start within, in order. */
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
        const near = nearest(lists.get(key) ?? [], { at: record.start ?? from, from, to })
        for (const { index } of near) if (side.isOpen[index]) found.add(index)
      }
      return [...found].sort((a, b) => a - b)
    },
  }
}

/** The entries of a window, from its middle outward, as many as are looked at. */
function nearest(
  list: readonly Entry[],
  { at, from, to }: { at: number; from: number; to: number },
): Entry[] {
  const found: Entry[] = []
  let after = firstFrom(list, at)
  let before = after - 1
  while (found.length < NEAR_MAX) {
    const [earlier, later] = [list[before], list[after]]
    const isEarlier = earlier !== undefined && earlier.start >= from
    const isLater = later !== undefined && later.start <= to
    if (!isEarlier && !isLater) break
    if (isEarlier && (!isLater || at - earlier.start <= later.start - at)) {
      found.push(earlier)
      before -= 1
    } else if (later !== undefined) {
      found.push(later)
      after += 1
    }
  }
  return found
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
