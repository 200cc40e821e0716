// Which element of a tariff applies at a moment, written down a second time and without regions: what the linter claims
// about all moments is held against this at every moment of a grid. Numbers are small integers, so floats are exact.
import fc from 'fast-check'

const DAY_MS = 86_400_000
const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
/** A Saturday. */
const FIRST_DAY = '2026-06-06'

export type Moment = {
  kwh: number
  seconds: number
  date: string
  time: string
  power: { low: number; high: number } | null
}

export type When = {
  min_kwh?: number
  max_kwh?: number
  min_duration?: number
  max_duration?: number
  min_power?: number
  max_power?: number
  start_time?: string
  end_time?: string
  start_date?: string
  end_date?: string
  day_of_week?: string[]
}

export type ModelElement = { types: string[]; when: When | null }

const kwhs = [0, 5, 10]
const seconds = [0, 60, 120]
const times = ['00:00', '06:00', '12:00', '22:00', '23:59']
const dates = [0, 1, 2, 9].map(dateOf)
const powers = [0, 11, 22]

/** Every moment that the restrictions below can tell apart, with all weekdays before and after their dates. */
export const moments: readonly Moment[] = kwhs.flatMap((kwh) =>
  seconds.flatMap((at) =>
    times.flatMap((time) =>
      Array.from({ length: 24 }, (_, day) => dateOf(day - 7)).flatMap((date) =>
        powerStates().map((power) => ({ kwh, seconds: at, time, date, power })),
      ),
    ),
  ),
)

function powerStates(): Moment['power'][] {
  const stated = powers.flatMap((low) =>
    powers.filter((high) => high >= low).map((high) => ({ low, high })),
  )
  return [null, ...stated]
}

function dateOf(day: number): string {
  return new Date(Date.parse(FIRST_DAY) + day * DAY_MS).toISOString().slice(0, 10)
}

const when: fc.Arbitrary<When> = fc.record({
  min_kwh: fc.constantFrom(...kwhs),
  max_kwh: fc.constantFrom(...kwhs),
  min_duration: fc.constantFrom(...seconds),
  max_duration: fc.constantFrom(...seconds),
  min_power: fc.constantFrom(...powers),
  max_power: fc.constantFrom(...powers),
  start_time: fc.constantFrom(...times),
  end_time: fc.constantFrom(...times),
  start_date: fc.constantFrom(...dates),
  end_date: fc.constantFrom(...dates),
  day_of_week: fc.subarray(WEEKDAYS, { minLength: 1 }),
})

const RANGES: readonly string[] = ['kwh', 'duration', 'power'].flatMap((name) => [
  `min_${name}`,
  `max_${name}`,
])
const DATES = ['start_date', 'end_date', 'day_of_week']
const TIMES = ['start_time', 'end_time', 'day_of_week']
/** A tariff is restricted by some kinds only: with all of them hardly any two elements have a moment in common. */
const kinds = fc.constantFrom(
  [...RANGES, ...TIMES, ...DATES],
  DATES,
  TIMES,
  ['min_power', 'max_power'],
  ['min_power', 'max_power'],
  ['min_power', 'max_power', 'min_kwh', 'max_kwh'],
  ['min_kwh', 'max_kwh', 'min_duration', 'max_duration'],
)

const types = fc.subarray(['ENERGY', 'TIME', 'FLAT'], { minLength: 1 })

export const modelTariff: fc.Arbitrary<ModelElement[]> = kinds.chain((keys) =>
  fc.array(fc.record({ types, when: fc.option(restrictedBy(keys), { freq: 12 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
)

/** Mostly one to three restrictions. */
function restrictedBy(keys: readonly string[]): fc.Arbitrary<When> {
  return fc
    .tuple(when, fc.subarray([...keys], { maxLength: Math.min(3, keys.length) }))
    .map(([all, kept]): When =>
      Object.fromEntries(Object.entries(all).filter(([key]) => kept.includes(key))),
    )
}

export function tariffOf(elements: readonly ModelElement[]): Record<string, unknown> {
  return {
    country_code: 'NL',
    party_id: 'TNM',
    id: 'T',
    currency: 'EUR',
    elements: elements.map((element) => ({
      price_components: element.types.map((type) => ({ type, price: 1, vat: 21, step_size: 1 })),
      ...(element.when === null ? {} : { restrictions: element.when }),
    })),
    last_updated: '2026-01-01T00:00:00Z',
  }
}

export function applies({ when: terms }: ModelElement, moment: Moment): boolean {
  if (terms === null) return true
  const { min_kwh, max_kwh, min_duration, max_duration, start_date, end_date, day_of_week } = terms
  if (moment.kwh < (min_kwh ?? 0) || moment.kwh >= (max_kwh ?? Infinity)) return false
  if (moment.seconds < (min_duration ?? 0) || moment.seconds >= (max_duration ?? Infinity))
    return false
  if (!isPowerMet(terms, moment) || !isInWindow(terms, moment.time)) return false
  if (start_date !== undefined && moment.date < start_date) return false
  if (end_date !== undefined && moment.date >= end_date) return false
  const weekday = WEEKDAYS[new Date(moment.date).getUTCDay()] ?? ''
  return day_of_week === undefined || day_of_week.includes(weekday)
}

function isPowerMet({ min_power, max_power }: When, { power }: Moment): boolean {
  if (min_power === undefined && max_power === undefined) return true
  if (power === null) return false
  return power.high >= (min_power ?? 0) && power.low < (max_power ?? Infinity)
}

function isInWindow({ start_time, end_time }: When, time: string): boolean {
  if (start_time === undefined)
    return end_time === undefined || end_time === '00:00' || time < end_time
  if (end_time === undefined) return time >= start_time
  if (start_time < end_time) return time >= start_time && time < end_time
  return start_time === end_time || time >= start_time || time < end_time
}
