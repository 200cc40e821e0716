/**
 * A set of moments of charging: half-open intervals [from, to) on eight axes, two numbers each, and a set of weekdays as
 * bits (bit 0 = Sunday). Energy, duration, current and power are places between the edges that the tariff names, so that
 * no number is rounded; times are milliseconds of the local day, dates days since 1970.
 */
export type Box = readonly number[]

export const KWH = 0
export const DURATION = 2
/** What a minimum is held against: the highest value of a period. -1 is a period that states none. */
export const CURRENT_HIGH = 4
/** What a maximum is held against: the lowest value of a period. */
export const CURRENT_LOW = 6
export const POWER_HIGH = 8
export const POWER_LOW = 10
export const TIME = 12
export const DATE = 14
export const WEEKDAYS = 16

export const DAY_MS = 86_400_000
/** Beyond every edge and every date. */
export const END = 1e9
/** Where periods without a value stand on the axes of current and power. */
export const NOT_STATED = -1
const WEEK = 0b111_1111

/** Every moment there is. */
export const UNIVERSE: Box = [
  ...[0, END],
  ...[0, END],
  ...[NOT_STATED, END],
  ...[NOT_STATED, END],
  ...[NOT_STATED, END],
  ...[NOT_STATED, END],
  ...[0, DAY_MS],
  ...[-END, END],
  WEEK,
]

/** In this order a box is cut, so that what is left over is said in few words: dates and weekdays first. */
const AXES = [DATE, TIME, KWH, DURATION, POWER_HIGH, POWER_LOW, CURRENT_HIGH, CURRENT_LOW]

/** The same with [from, to) on one axis. */
export function cutTo(box: Box, axis: number, { from, to }: { from: number; to: number }): Box {
  const cut = [...box]
  cut[axis] = from
  cut[axis + 1] = to
  return cut
}

export function onWeekdays(box: Box, weekdays: number): Box {
  const cut = [...box]
  cut[WEEKDAYS] = weekdays
  return cut
}

export function at(box: Box, index: number): number {
  return box[index] ?? 0
}

/** Do the two have a moment in common, whether or not such a moment is possible? */
function isMeeting(a: Box, b: Box): boolean {
  if ((at(a, WEEKDAYS) & at(b, WEEKDAYS)) === 0) return false
  for (let axis = 0; axis < WEEKDAYS; axis += 2)
    if (at(a, axis) >= at(b, axis + 1) || at(b, axis) >= at(a, axis + 1)) return false
  return true
}

/** What of `box` is not in `cover`, as boxes that do not overlap. Those that hold no possible moment are left out. */
export function subtract(box: Box, cover: Box): Box[] {
  if (!isMeeting(box, cover)) return [box]
  const pieces: Box[] = []
  const keep = (piece: Box): void => {
    if (isPossible(piece)) pieces.push(piece)
  }
  keep(onWeekdays(box, at(box, WEEKDAYS) & ~at(cover, WEEKDAYS)))
  let rest = onWeekdays(box, at(box, WEEKDAYS) & at(cover, WEEKDAYS))
  for (const axis of AXES) {
    const [from, to] = [at(rest, axis), at(rest, axis + 1)]
    const [start, end] = [at(cover, axis), at(cover, axis + 1)]
    if (from < start) keep(cutTo(rest, axis, { from, to: start }))
    if (end < to) keep(cutTo(rest, axis, { from: end, to }))
    rest = cutTo(rest, axis, { from: Math.max(from, start), to: Math.min(to, end) })
  }
  return pieces
}

/**
 * Is there a moment in it? The axes are not independent: a date has one weekday, and the lowest current or power of a
 * period is not above its highest; either both are stated or none.
 */
export function isPossible(box: Box): boolean {
  for (let axis = 0; axis < WEEKDAYS; axis += 2)
    if (at(box, axis) >= at(box, axis + 1)) return false
  return (
    hasWeekday(at(box, WEEKDAYS), { from: at(box, DATE), to: at(box, DATE + 1) }) &&
    isMeterPossible(box, CURRENT_HIGH, CURRENT_LOW) &&
    isMeterPossible(box, POWER_HIGH, POWER_LOW)
  )
}

function isMeterPossible(box: Box, high: number, low: number): boolean {
  if (at(box, high) === NOT_STATED && at(box, low) === NOT_STATED) return true
  // Both are stated: the lowest value of `low` may not be above all of `high`.
  return Math.max(at(box, low), 0) < at(box, high + 1) && at(box, low + 1) > 0
}

/** Has one of the days [from, to) one of the weekdays? */
export function hasWeekday(weekdays: number, { from, to }: { from: number; to: number }): boolean {
  const end = Math.min(to, from + 7)
  for (let day = from; day < end; day++) if ((weekdays & weekdayBit(day)) !== 0) return true
  return false
}

/** 1970-01-01 was a Thursday, bit 4. */
function weekdayBit(day: number): number {
  return 1 << ((((day + 4) % 7) + 7) % 7)
}

/** Grows a box that meets none of `covers` as far as it can without meeting one: the same gap, in fewer words. */
export function grow(box: Box, covers: readonly Box[]): Box {
  let grown = box
  const tryOn = (wider: Box): void => {
    if (!covers.some((cover) => isMeeting(wider, cover))) grown = wider
  }
  for (const axis of AXES) {
    tryOn(cutTo(grown, axis, { from: at(UNIVERSE, axis), to: at(grown, axis + 1) }))
    tryOn(cutTo(grown, axis, { from: at(grown, axis), to: at(UNIVERSE, axis + 1) }))
  }
  tryOn(onWeekdays(grown, WEEK))
  return grown
}
