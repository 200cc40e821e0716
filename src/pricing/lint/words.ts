import {
  at,
  CURRENT_HIGH,
  CURRENT_LOW,
  DATE,
  DAY_MS,
  DURATION,
  END,
  KWH,
  NOT_STATED,
  POWER_HIGH,
  POWER_LOW,
  TIME,
  WEEKDAYS,
} from './boxes.ts'
import type { Box } from './boxes.ts'
import type { Edges, Quantity } from './regions.ts'

/** When it is, in words: "on Sunday, from 10 to 20 kWh". Empty for every moment. */
export function momentsIn(box: Box, { edges, universe }: { edges: Edges; universe: Box }): string {
  return [
    datesIn(box, at(universe, DATE)),
    weekdaysIn(at(box, WEEKDAYS)),
    timesIn(box),
    energyIn(box, edges),
    durationsIn(box, edges),
    meterIn(box, edges, { quantity: 'current', unit: 'A', high: CURRENT_HIGH, low: CURRENT_LOW }),
    meterIn(box, edges, { quantity: 'power', unit: 'kW', high: POWER_HIGH, low: POWER_LOW }),
  ]
    .filter((words) => words !== '')
    .join(', ')
}

/** `first` is the first date of interest. */
function datesIn(box: Box, first: number): string {
  const [from, to] = [at(box, DATE), at(box, DATE + 1)]
  if (from <= first) return to >= END ? '' : `before ${dateText(to)}`
  if (to >= END) return `from ${dateText(from)} on`
  if (to - from === 1) return `on ${dateText(from)}`
  return `from ${dateText(from)} to ${dateText(to - 1)}`
}

function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** Monday first, with their bits. */
const DAYS: readonly (readonly [string, number])[] = [
  ['Monday', 2],
  ['Tuesday', 4],
  ['Wednesday', 8],
  ['Thursday', 16],
  ['Friday', 32],
  ['Saturday', 64],
  ['Sunday', 1],
]

function weekdaysIn(bits: number): string {
  const named = DAYS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name)
  const [first = '', ...others] = named
  const last = others.at(-1)
  if (last === undefined) return `on ${first}`
  if (named.length === DAYS.length) return ''
  const isRow =
    DAYS.findIndex(([name]) => name === last) - DAYS.findIndex(([name]) => name === first) ===
    others.length
  if (isRow && others.length > 1) return `${first} to ${last}`
  return `on ${[first, ...others.slice(0, -1)].join(', ')} and ${last}`
}

function timesIn(box: Box): string {
  const [from, to] = [at(box, TIME), at(box, TIME + 1)]
  if (from === 0 && to === DAY_MS) return ''
  return `between ${clockText(from)} and ${clockText(to % DAY_MS)}`
}

function clockText(ms: number): string {
  const text = new Date(ms).toISOString()
  return text.slice(11, ms % 60_000 === 0 ? 16 : 19)
}

function energyIn(box: Box, edges: Edges): string {
  const [from, to] = [at(box, KWH), at(box, KWH + 1)]
  const [start, end] = [textOf(edges, 'kwh', from), textOf(edges, 'kwh', to)]
  if (from === 0) return to >= END ? '' : `below ${end} kWh`
  return to >= END ? `from ${start} kWh on` : `from ${start} to ${end} kWh`
}

function durationsIn(box: Box, edges: Edges): string {
  const [from, to] = [at(box, DURATION), at(box, DURATION + 1)]
  const start = durationText(textOf(edges, 'duration', from))
  const end = durationText(textOf(edges, 'duration', to))
  if (from === 0) return to >= END ? '' : `in the first ${end}`
  return to >= END ? `from ${start} on` : `from ${start} to ${end}`
}

function durationText(seconds: string): string {
  const count = /^\d{1,9}$/.test(seconds) ? Number(seconds) : null
  if (count === null || count % 60 !== 0) return `${seconds} s`
  return count % 3600 === 0 ? `${count / 3600} h` : `${count / 60} min`
}

/** The number that begins the stretch at this place of an axis. */
function textOf(edges: Edges, quantity: Quantity, place: number): string {
  return place <= 0 ? '0' : (edges[quantity][place - 1]?.text ?? '')
}

type Meter = {
  readonly quantity: Quantity
  readonly unit: string
  readonly high: number
  readonly low: number
}

function meterIn(box: Box, edges: Edges, { quantity, unit, high, low }: Meter): string {
  const name = quantity
  if (at(box, high + 1) <= 0 || at(box, low + 1) <= 0) return `with no ${name} stated`
  const words: string[] = []
  const [least, most] = [at(box, low), at(box, high + 1)]
  if (at(box, high) > 0)
    words.push(`a peak ${name} from ${textOf(edges, quantity, at(box, high))} ${unit}`)
  if (most < END) words.push(`a peak ${name} below ${textOf(edges, quantity, most)} ${unit}`)
  if (least > 0) words.push(`a lowest ${name} from ${textOf(edges, quantity, least)} ${unit}`)
  if (at(box, low + 1) < END)
    words.push(`a lowest ${name} below ${textOf(edges, quantity, at(box, low + 1))} ${unit}`)
  const mayBeNone = at(box, high) === NOT_STATED && at(box, low) === NOT_STATED
  if (words.length > 0) return `with ${words.join(' and ')}${mayBeNone ? ' or none stated' : ''}`
  return mayBeNone ? '' : `with ${name} stated`
}
