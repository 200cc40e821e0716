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
import type { PlacedRival, Rival } from '../known.ts'
import { at } from '../read.ts'
import { usedFrom } from '../use.ts'

/** Z4: another card was charging at the same connector; one of the two bills for somebody else's time. */
export function checkConnector(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const start = usedFrom(facts)
  if (start === null || hasPlaceholder(facts)) return []
  const own = { start, end: facts.end }
  const least = parameterMs(input.agreement, { code: 'Z4', name: 'overlap_s' })
  const found = (input.known?.rivals?.sameConnector ?? []).flatMap((rival) => {
    const isSame = rival.sessionId !== null && rival.sessionId === facts.sessionId
    const other = useOf(rival)
    return other !== null && !rival.isCredit && !isSame && overlap(own, other) > least
      ? [other]
      : []
  })[0]
  if (found === undefined) return []
  // It may be the CDR of another eMSP, so it is not named: place and time are enough for its sender.
  const other = `from ${whenText(subject, found.start)} to ${whenText(subject, found.end)}, ${durationText(overlap(own, found))} of it at once`
  const inputs: DraftInput[] = [
    { field: '/start_date_time', source: 'cdr', value: timeText(start) },
    { field: '/end_date_time', source: 'cdr', value: timeText(facts.end) },
    { field: '/start_date_time', source: 'rival', value: timeText(found.start) },
    { field: '/end_date_time', source: 'rival', value: timeText(found.end) },
  ]
  return [{ code: 'Z4', inputs, words: { other } }]
}

type Use = { start: number; end: number }

/** When its vehicle was there; null where it never came. */
function useOf(rival: Rival): Use | null {
  const from = rival.usedFrom === undefined ? rival.start : rival.usedFrom
  return from === null ? null : { start: from.getTime(), end: rival.end.getTime() }
}

function overlap(one: Use, other: Use): number {
  return Math.min(one.end, other.end) - Math.max(one.start, other.start)
}

/** Z7: nobody drives from the one place to the other in that time. Not of cards for several vehicles. */
export function checkJourney(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const start = usedFrom(facts)
  if (start === null || hasPlaceholder(facts) || input.known?.token?.isMultiUse === true) return []
  const { before, after } = input.known?.rivals ?? {}
  const [left, came] = [before && useOf(before), after && useOf(after)]
  const journeys: (Journey | null)[] = [
    before && left
      ? { side: 'before', rival: before, own: start, at: left.end, betweenMs: start - left.end }
      : null,
    after && came
      ? {
          side: 'after',
          rival: after,
          own: facts.end,
          at: came.start,
          betweenMs: came.start - facts.end,
        }
      : null,
  ]
  const found = journeys.flatMap((one) => (one === null ? [] : journeyDrafts(subject, one)))
  return found.slice(0, 1)
}

/** From the place where it was before, or to the one where it was after: `own` and `at` are its two ends. */
type Journey = {
  side: 'before' | 'after'
  rival: PlacedRival
  own: number
  at: number
  betweenMs: number
}

function journeyDrafts(
  subject: Case,
  { side, rival, own, at: there, betweenMs }: Journey,
): readonly Draft[] {
  const here = placeOf(subject)
  const away = coordinates(rival.latitude, rival.longitude)
  // What overlaps is found by its times.
  if (here === null || away === null || betweenMs < 0) return []
  const distance = distanceKm(here, away)
  const number = (name: string): number =>
    Number(textOf(parameterOf(subject.input.agreement, { code: 'Z7', name })))
  const hours = Math.max(betweenMs, CLOCK_MS) / 3_600_000
  const speed = distance / hours
  if (distance < number('distance_km') || speed <= number('speed_kmh')) return []
  const shown = (value: number): string => String(Math.round(value))
  const [when, gap] = [whenText(subject, there), durationText(betweenMs)]
  const what =
    side === 'before'
      ? `${shown(distance)} km away until ${when}, ${gap} before this session began`
      : `${shown(distance)} km away from ${when} on, ${gap} after this session ended`
  const [ownTime, theirTime] =
    side === 'before'
      ? ['/start_date_time', '/end_date_time']
      : ['/end_date_time', '/start_date_time']
  const place = '/cdr_location/coordinates'
  const inputs: DraftInput[] = [
    { field: ownTime, source: 'cdr', value: timeText(own) },
    { field: place, source: 'cdr', value: `${here.latitude}, ${here.longitude}` },
    { field: theirTime, source: 'rival', value: timeText(there) },
    { field: place, source: 'rival', value: `${away.latitude}, ${away.longitude}` },
  ]
  const [expected, actual] = [shown(number('speed_kmh')), shown(speed)]
  const steps = [
    `${shown(distance)} km ÷ ${shownText(exactly(String(hours.toFixed(4))), { places: 4 })} h = ${actual} km/h`,
  ]
  return [{ code: 'Z7', inputs, words: { what }, expected, actual, unit: 'km/h', steps }]
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
