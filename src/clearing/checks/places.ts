import {
  durationText,
  hasPlaceholder,
  parameterMs,
  parameterOf,
  timeText,
  whenText,
} from '../compare.ts'
import { exactly, readDecimal, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at } from '../read.ts'

/** Z4: another card was charging at the same connector; one of the two bills for somebody else's time. */
export function checkConnector(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  if (hasPlaceholder(facts)) return []
  const start = firstUse(subject)
  const least = parameterMs(input.agreement, { code: 'Z4', name: 'overlap_s' })
  const found = (input.known?.rivals?.sameConnector ?? []).find((rival) => {
    const isSame = rival.sessionId !== null && rival.sessionId === facts.sessionId
    return !rival.isCredit && !isSame && overlap({ start, end: facts.end }, rival) > least
  })
  if (found === undefined) return []
  const [from, to] = [found.start.getTime(), found.end.getTime()]
  const shared = overlap({ start, end: facts.end }, found)
  // It may be the CDR of another eMSP, so it is not named: place and time are enough for its sender.
  const other = `from ${whenText(subject, from)} to ${whenText(subject, to)}, ${durationText(shared)} of it at once`
  const inputs: DraftInput[] = [
    { field: '/start_date_time', source: 'cdr', value: timeText(start) },
    { field: '/end_date_time', source: 'cdr', value: timeText(facts.end) },
    { field: '/start_date_time', source: 'rival', value: timeText(from) },
    { field: '/end_date_time', source: 'rival', value: timeText(to) },
  ]
  return [{ code: 'Z4', inputs, words: { other } }]
}

function overlap(own: { start: number; end: number }, rival: { start: Date; end: Date }): number {
  return Math.min(own.end, rival.end.getTime()) - Math.max(own.start, rival.start.getTime())
}

/** A reserved connector may still be in use by whoever was there before. */
function firstUse({ facts }: Case): number {
  const reserved = facts.periods.findIndex(({ reserved }) => (reserved ?? 0n) === 0n)
  return reserved > 0 ? (facts.periods[reserved]?.start ?? facts.start) : facts.start
}

/** Z7: nobody drives from the one place to the other in that time. Not of cards for several vehicles. */
export function checkJourney(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const before = input.known?.rivals?.before ?? null
  if (before === null || hasPlaceholder(facts) || input.known?.token?.isMultiUse === true) return []
  const here = placeOf(subject)
  const there = coordinates(before.latitude, before.longitude)
  const left = before.end.getTime()
  const betweenMs = facts.start - left
  // What overlaps is found by its times.
  if (here === null || there === null || betweenMs < 0) return []
  const distance = distanceKm(here, there)
  const number = (name: string): number =>
    Number(textOf(parameterOf(input.agreement, { code: 'Z7', name })))
  const hours = Math.max(betweenMs, CLOCK_MS) / 3_600_000
  const speed = distance / hours
  if (distance < number('distance_km') || speed <= number('speed_kmh')) return []
  const shown = (value: number): string => String(Math.round(value))
  const words = {
    distance: shown(distance),
    before: whenText(subject, left),
    gap: durationText(betweenMs),
  }
  const inputs: DraftInput[] = [
    { field: '/start_date_time', source: 'cdr', value: timeText(facts.start) },
    {
      field: '/cdr_location/coordinates',
      source: 'cdr',
      value: `${here.latitude}, ${here.longitude}`,
    },
    { field: '/end_date_time', source: 'rival', value: timeText(left) },
    {
      field: '/cdr_location/coordinates',
      source: 'rival',
      value: `${there.latitude}, ${there.longitude}`,
    },
  ]
  const expected = shown(number('speed_kmh'))
  const actual = shown(speed)
  const steps = [
    `${words.distance} km ÷ ${shownText(exactly(String(hours.toFixed(4))), { places: 4 })} h = ${actual} km/h`,
  ]
  return [{ code: 'Z7', inputs, words, expected, actual, unit: 'km/h', steps }]
}

/** Two clocks may be that far apart, so no journey is taken to be shorter. */
const CLOCK_MS = 300_000

type Point = { latitude: number; longitude: number }

function placeOf({ input }: Case): Point | null {
  const stated = (value: unknown, pointer: string): Point | null =>
    coordinates(at(value, `${pointer}/latitude`), at(value, `${pointer}/longitude`))
  return (
    stated(input.cdr.value, '/cdr_location/coordinates') ??
    stated(input.known?.place?.location, '/coordinates')
  )
}

/** Null for what is no place: not a number, off the globe, or the point 0, 0 that stands for none. */
function coordinates(latitude: unknown, longitude: unknown): Point | null {
  const [lat, long] = [readDecimal(latitude), readDecimal(longitude)]
  if (lat === null || long === null || (lat === 0n && long === 0n)) return null
  const point = { latitude: Number(textOf(lat)), longitude: Number(textOf(long)) }
  return Math.abs(point.latitude) > 90 || Math.abs(point.longitude) > 180 ? null : point
}

/** As the crow flies, by the haversine formula. */
function distanceKm(a: Point, b: Point): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const half = (degrees: number): number => Math.sin(radians(degrees) / 2) ** 2
  const sum =
    half(b.latitude - a.latitude) +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(b.longitude - a.longitude)
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(sum)))
}

const EARTH_KM = 6_371
