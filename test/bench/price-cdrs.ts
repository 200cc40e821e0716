import { cdrLocation } from '../fixtures/wire-objects.ts'

type Json = Record<string, unknown>

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const WEEK = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY']
const WEEKEND = ['SATURDAY', 'SUNDAY']

/** What the elements of a complex tariff ask for: the place's clock and its weekdays; the last one holds always. */
const WHEN: readonly (Json | null)[] = [
  { start_time: '07:00', end_time: '19:00', day_of_week: WEEK },
  { start_time: '19:00', end_time: '23:00', day_of_week: WEEK },
  { start_time: '09:00', end_time: '21:00', day_of_week: WEEKEND },
  { start_time: '23:00', end_time: '07:00' },
  null,
]
const COMPLEX_PERIODS = 10

/** Texts of `count` CDRs, no two alike, with the tariff in each: one element, one period, 1.2 kB. */
export function simpleCdrs(count: number, seed: number): string[] {
  return Array.from({ length: count }, (_, index) => simpleCdr(index, draws(seed + index)))
}

/** Likewise 4 kB: five elements, four of them by local time and weekday, and ten periods. */
export function complexCdrs(count: number, seed: number): string[] {
  return Array.from({ length: count }, (_, index) => complexCdr(index, draws(seed + index)))
}

/** The next number from 0 up to `below`, of a sequence that the seed decides. */
type Draw = (below: number) => number

function simpleCdr(index: number, draw: Draw): string {
  const price_components = [component('ENERGY', { cents: 25 + draw(40), step_size: 1 })]
  const minutes = 20 + draw(300)
  const dimensions = [volume('ENERGY', 5_000 + draw(600_000)), hours('TIME', minutes)]
  const startMs = startOf(draw)
  return cdrText(index, {
    startMs,
    endMs: startMs + minutes * MINUTE_MS,
    elements: [{ price_components }],
    periods: [{ start_date_time: at(startMs), tariff_id: 'STANDARD', dimensions }],
  })
}

function complexCdr(index: number, draw: Draw): string {
  const elements = WHEN.map((restrictions) => {
    const price_components = [
      component('ENERGY', { cents: 25 + draw(40), step_size: 1 }),
      component('TIME', { cents: 50 + draw(200), step_size: 60 }),
    ]
    return restrictions === null ? { price_components } : { price_components, restrictions }
  })
  const startMs = startOf(draw)
  let endMs = startMs
  const periods = Array.from({ length: COMPLEX_PERIODS }, () => {
    const start_date_time = at(endMs)
    const minutes = 5 + draw(40)
    endMs += minutes * MINUTE_MS
    const power = volume('MAX_POWER', 20_000 + draw(90_000))
    const dimensions = [volume('ENERGY', 1_000 + draw(90_000)), hours('TIME', minutes), power]
    return { start_date_time, tariff_id: 'STANDARD', dimensions }
  })
  return cdrText(index, { startMs, endMs, elements, periods })
}

function cdrText(
  index: number,
  {
    startMs,
    endMs,
    elements,
    periods,
  }: { startMs: number; endMs: number; elements: Json[]; periods: Json[] },
): string {
  const owner = { country_code: 'NL', party_id: 'TNM' }
  return JSON.stringify({
    ...owner,
    id: `CDR-${index}`,
    start_date_time: at(startMs),
    end_date_time: at(endMs),
    session_id: `SESSION-${index}`,
    cdr_token: {
      country_code: 'DE',
      party_id: 'EMA',
      uid: `CARD-${index}`,
      type: 'RFID',
      contract_id: `DE-EMA-C${index}`,
    },
    auth_method: 'WHITELIST',
    cdr_location: { ...cdrLocation, name: 'Stationsplein', postal_code: '3511 ED' },
    currency: 'EUR',
    tariffs: [
      { ...owner, id: 'STANDARD', currency: 'EUR', elements, last_updated: at(startMs - DAY_MS) },
    ],
    charging_periods: periods,
    total_cost: { excl_vat: 12.34, incl_vat: 14.93 },
    total_energy: 38.12,
    total_time: 1.5,
    last_updated: at(endMs),
  })
}

function component(type: string, { cents, step_size }: { cents: number; step_size: number }): Json {
  return { type, price: cents / 100, vat: 21, step_size }
}

/** Four decimals, as chargers send them. */
function volume(type: string, tenThousandths: number): Json {
  return { type, volume: tenThousandths / 10_000 }
}

function hours(type: string, minutes: number): Json {
  return volume(type, Math.round((minutes * 10_000) / 60))
}

/** A minute of the first ten months of 2026, so that days of both offsets and of the change between them occur. */
function startOf(draw: Draw): number {
  return Date.UTC(2026, 0, 1) + draw(300 * 24 * 60) * MINUTE_MS
}

function at(ms: number): string {
  return new Date(ms).toISOString()
}

/** Lehmer's generator, whose numbers differ enough from seed to seed once some are thrown away. */
function draws(seed: number): Draw {
  let state = (seed % 2_147_483_646) + 1
  const next = (): number => (state = (state * 48_271) % 2_147_483_647)
  for (let index = 0; index < 5; index++) next()
  return (below) => next() % below
}
