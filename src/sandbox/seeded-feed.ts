import { isoSeconds } from './clock.ts'
import type { RecordedStay } from './feed-sessions.ts'
import type { Json } from './json.ts'
import type { Random } from './random.ts'

const DAY_MS = 86_400_000

/** A small world of our own for a demo without feeds: four operators, two currencies, every kind of price. */
export function seededFeed(nowMs: number): { locations: Json[]; tariffs: Json[] } {
  const lastUpdated = isoSeconds(nowMs - 60 * DAY_MS)
  return {
    tariffs: OPERATORS.flatMap((operator) =>
      operator.tariffs.map((tariff) => ({
        country_code: operator.countryCode,
        party_id: operator.partyId,
        id: tariff.id,
        currency: operator.currency,
        type: 'REGULAR',
        elements: tariff.elements,
        last_updated: lastUpdated,
      })),
    ),
    locations: OPERATORS.flatMap((operator) =>
      Array.from({ length: operator.sites }, (_, index) =>
        location(operator, { index, lastUpdated }),
      ),
    ),
  }
}

type Operator = {
  countryCode: string
  partyId: string
  name: string
  country: string
  city: string
  zone: string
  currency: string
  sites: number
  tariffs: { id: string; elements: Json[] }[]
}

function component(type: string, price: number, step: number, vat?: number): Json {
  return { type, price, ...(vat === undefined ? {} : { vat }), step_size: step }
}

const WEEKEND = ['SATURDAY', 'SUNDAY']

const OPERATORS: Operator[] = [
  {
    countryCode: 'NL',
    partyId: 'HVL',
    name: 'Havenlaad',
    country: 'NLD',
    city: 'Rotterdam',
    zone: 'Europe/Amsterdam',
    currency: 'EUR',
    sites: 7,
    tariffs: [
      { id: 'HVL-KWH', elements: [{ price_components: [component('ENERGY', 0.42, 1, 21)] }] },
      {
        id: 'HVL-DAY-NIGHT',
        elements: [
          {
            price_components: [component('ENERGY', 0.49, 1, 21)],
            restrictions: { start_time: '07:00', end_time: '23:00' },
          },
          {
            price_components: [
              component('ENERGY', 0.31, 1, 21),
              component('PARKING_TIME', 0, 60, 21),
            ],
          },
        ],
      },
      {
        id: 'HVL-START-PARK',
        elements: [
          {
            price_components: [
              component('FLAT', 0.5, 1, 21),
              component('ENERGY', 0.35, 1, 21),
              component('PARKING_TIME', 1.8, 300, 21),
            ],
          },
        ],
      },
    ],
  },
  {
    countryCode: 'BE',
    partyId: 'SCH',
    name: 'Scheldestroom',
    country: 'BEL',
    city: 'Antwerpen',
    zone: 'Europe/Brussels',
    currency: 'EUR',
    sites: 5,
    tariffs: [
      {
        id: 'SCH-TIME',
        elements: [
          { price_components: [component('ENERGY', 0.29, 1000), component('TIME', 1.2, 60)] },
        ],
      },
      {
        id: 'SCH-WEEKEND',
        elements: [
          {
            price_components: [component('ENERGY', 0.33, 100, 21)],
            restrictions: { day_of_week: WEEKEND },
          },
          { price_components: [component('ENERGY', 0.45, 100, 21), component('FLAT', 0.25, 1, 6)] },
        ],
      },
    ],
  },
  {
    countryCode: 'DE',
    partyId: 'ISR',
    name: 'Isarstrom',
    country: 'DEU',
    city: 'München',
    zone: 'Europe/Berlin',
    currency: 'EUR',
    sites: 5,
    tariffs: [
      {
        id: 'ISR-FIRST-10',
        elements: [
          {
            price_components: [component('ENERGY', 0.39, 1, 19)],
            restrictions: { max_kwh: 10 },
          },
          { price_components: [component('ENERGY', 0.55, 1, 19)] },
        ],
      },
      {
        id: 'ISR-BLOCKING',
        elements: [
          {
            price_components: [component('PARKING_TIME', 6, 60, 19)],
            restrictions: { min_duration: 14400, start_time: '08:00', end_time: '20:00' },
          },
          { price_components: [component('ENERGY', 0.59, 1, 19)] },
        ],
      },
    ],
  },
  {
    countryCode: 'NO',
    partyId: 'FJL',
    name: 'Fjordlading',
    country: 'NOR',
    city: 'Trondheim',
    zone: 'Europe/Oslo',
    currency: 'NOK',
    sites: 4,
    tariffs: [
      {
        id: 'FJL-KWH',
        elements: [
          { price_components: [component('ENERGY', 3.9, 1, 25), component('FLAT', 5, 1, 25)] },
        ],
      },
    ],
  },
]

function location(operator: Operator, at: { index: number; lastUpdated: string }): Json {
  const number = at.index + 1
  const id = `${operator.partyId}-SITE-${number}`
  const tariff = operator.tariffs[at.index % operator.tariffs.length]
  const isFast = at.index % 4 === 3
  return {
    country_code: operator.countryCode,
    party_id: operator.partyId,
    id,
    publish: true,
    name: `${operator.name} ${number}`,
    address: `Harbour Street ${number}`,
    city: operator.city,
    postal_code: `${1000 + number}`,
    country: operator.country,
    coordinates: { latitude: `5${number}.370216`, longitude: `4.89516${number}` },
    evses: [1, 2].map((evse) => ({
      uid: `${id}-${evse}`,
      evse_id: `${operator.countryCode}*${operator.partyId}*E${number}*${evse}`,
      status: 'AVAILABLE',
      capabilities: ['RFID_READER'],
      connectors: [
        {
          id: '1',
          standard: isFast ? 'IEC_62196_T2_COMBO' : 'IEC_62196_T2',
          format: isFast ? 'CABLE' : 'SOCKET',
          power_type: isFast ? 'DC' : 'AC_3_PHASE',
          max_voltage: isFast ? 500 : 230,
          max_amperage: isFast ? 200 : 32,
          max_electric_power: isFast ? 100000 : 22080,
          tariff_ids: [tariff?.id],
          last_updated: at.lastUpdated,
        },
      ],
      last_updated: at.lastUpdated,
    })),
    operator: { name: operator.name },
    time_zone: operator.zone,
    last_updated: at.lastUpdated,
  }
}

/** Made-up stays of the last three weeks: `count` of them, by about one user per five stays. */
export function seededStays(request: {
  count: number
  nowMs: number
  random: Random
}): RecordedStay[] {
  const { count, nowMs, random } = request
  const users = Math.max(6, Math.ceil(count / 5))
  // More stays than a few connectors can take in three weeks spread over more time.
  const spanMinutes = Math.min(400, Math.max(20, Math.ceil(count / 20))) * 1440
  return Array.from({ length: count }, () => {
    const minutes = random.between(20, 9 * 60)
    const startMs = nowMs - (random.between(10, spanMinutes) + minutes) * 60_000
    const wholeMs = Math.floor(startMs / 1000) * 1000
    const kwhMax = Math.min(60, (minutes / 60) * 18)
    const energy = random.between(500, Math.max(600, Math.round(kwhMax * 1000))) * 1000
    return {
      user: `driver-${random.between(1, users)}`,
      startMs: wholeMs,
      endMs: wholeMs + minutes * 60_000,
      energy,
    }
  })
}
