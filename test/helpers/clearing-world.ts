import type { Json } from './objects.ts'
import { seededRandom } from '../../src/sandbox/random.ts'
import type { Random } from '../../src/sandbox/random.ts'

/**
 * A made-up month of 20 CPOs and 20 eMSPs, the same for the same seed and moment: who they are, where one can charge,
 * with which cards and at which prices.
 */
export type World = {
  seed: number
  nowMs: number
  random: Random
  operators: readonly Operator[]
  providers: readonly Provider[]
}

/** AC: one price. NIGHT: two by local time. DC: start fee, energy, parking. TIME: energy and time in steps. */
export type Family = 'AC' | 'NIGHT' | 'DC' | 'TIME'

export type Operator = {
  party: string
  country: string
  zone: string
  currency: string
  latitude: number
  longitude: number
  /** Meters of its EVSEs sign: every CDR carries their record. */
  signs: boolean
  tariffs: Readonly<Record<Family, Json>>
  places: Place[]
}

/** One EVSE with one connector. `freeMs`: from when nobody charges there; `registerWh`: what its meter shows then. */
export type Place = {
  id: string
  operator: Operator
  location: Json
  family: Family
  powerKw: number
  latitude: number
  longitude: number
  freeMs: number
  registerWh: number
}

/** `sends`: it gives the hub its own record of every session. */
export type Provider = { party: string; sends: boolean; cards: Card[] }

/** `at`: where it was last. */
export type Card = { provider: Provider; uid: string; freeMs: number; at: Place | null }

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
const parties = 20
/** So many sessions a card and an EVSE have in the month. */
const perCard = 8
const perPlace = 45
const knownForDays = 500

const COUNTRIES = [
  ['NL', 'NLD', 'Europe/Amsterdam', 'EUR', 52.09, 5.11, 21],
  ['DE', 'DEU', 'Europe/Berlin', 'EUR', 52.52, 13.4, 19],
  ['FR', 'FRA', 'Europe/Paris', 'EUR', 48.86, 2.35, 20],
  ['BE', 'BEL', 'Europe/Brussels', 'EUR', 50.85, 4.35, 21],
  ['GB', 'GBR', 'Europe/London', 'GBP', 51.51, -0.13, 20],
  ['FI', 'FIN', 'Europe/Helsinki', 'EUR', 60.17, 24.94, 25.5],
  ['PT', 'PRT', 'Europe/Lisbon', 'EUR', 38.72, -9.14, 23],
  ['NO', 'NOR', 'Europe/Oslo', 'NOK', 59.91, 10.75, 25],
  ['CH', 'CHE', 'Europe/Zurich', 'CHF', 47.38, 8.54, 8.1],
  ['AT', 'AUT', 'Europe/Vienna', 'EUR', 48.21, 16.37, 20],
] as const

/** Makes the world for so many sessions. */
export function makeWorld(input: { seed: number; nowMs: number; sessions: number }): World {
  const random = seededRandom(input.seed)
  const base = { nowMs: input.nowMs, random }
  const operators = Array.from({ length: parties }, (_, index) => operatorOf(base, index))
  const places = Math.max(8, Math.ceil(input.sessions / parties / perPlace))
  for (const operator of operators)
    for (let index = 0; index < places; index += 1)
      operator.places.push(placeOf(base, { operator, id: `L${index}`, family: familyAt(index) }))
  const cards = Math.max(6, Math.ceil(input.sessions / parties / perCard))
  const providers = Array.from({ length: parties }, (_, index) => {
    const [country] = countryAt(index)
    const party = `${country}-E${String(index).padStart(2, '0')}`
    const provider: Provider = { party, sends: index % 2 === 0, cards: [] }
    for (let card = 0; card < cards; card += 1)
      provider.cards.push({ provider, uid: `${party}-${card}`, freeMs: 0, at: null })
    return provider
  })
  return { ...input, random, operators, providers }
}

function countryAt(index: number): (typeof COUNTRIES)[number] {
  return COUNTRIES[index % COUNTRIES.length] ?? COUNTRIES[0]
}

function familyAt(index: number): Family {
  const families = ['AC', 'NIGHT', 'DC', 'TIME'] as const
  return families[index % families.length] ?? 'AC'
}

type Base = { nowMs: number; random: Random }

function operatorOf({ nowMs, random }: Base, index: number): Operator {
  const [code, country, zone, currency, latitude, longitude, vat] = countryAt(index)
  const party = `${code}-C${String(index).padStart(2, '0')}`
  const cents = (from: number, to: number) => random.between(from, to) / 100
  const price = (type: string, amount: number, step = 1) => ({
    type,
    price: amount,
    vat,
    step_size: step,
  })
  const tariff = (id: Family, elements: Json[]): Json => ({
    ...idsOf(party),
    id,
    currency,
    type: 'REGULAR',
    elements,
    last_updated: timeOf(nowMs - knownForDays * DAY_MS),
  })
  const energy = cents(35, 79)
  return {
    party,
    country,
    zone,
    currency,
    latitude,
    longitude,
    signs: code === 'DE' || code === 'AT',
    places: [],
    tariffs: {
      AC: tariff('AC', [{ price_components: [price('ENERGY', energy)] }]),
      NIGHT: tariff('NIGHT', [
        {
          price_components: [price('ENERGY', cents(18, 30))],
          restrictions: { start_time: '23:00', end_time: '07:00' },
        },
        { price_components: [price('ENERGY', twoPlaces(energy + 0.1))] },
      ]),
      DC: tariff('DC', [
        {
          price_components: [
            price('FLAT', cents(30, 100)),
            price('ENERGY', twoPlaces(energy + 0.2)),
            price('PARKING_TIME', 6, 60),
          ],
        },
      ]),
      TIME: tariff('TIME', [
        { price_components: [price('ENERGY', energy, 100), price('TIME', 1.2, 300)] },
      ]),
    },
  }
}

const CONNECTORS = {
  AC: { power_type: 'AC_3_PHASE', max_voltage: 230, max_amperage: 32, kw: 22 },
  NIGHT: { power_type: 'AC_3_PHASE', max_voltage: 230, max_amperage: 16, kw: 11 },
  TIME: { power_type: 'AC_3_PHASE', max_voltage: 230, max_amperage: 32, kw: 22 },
  DC: { power_type: 'DC', max_voltage: 920, max_amperage: 300, kw: 150 },
} as const

/** A place of its own for whoever needs one; `id` must be new. */
export function placeOf(
  { nowMs, random }: Base,
  wanted: { operator: Operator; id: string; family: Family },
): Place {
  const { operator, id, family } = wanted
  const { kw, ...electric } = CONNECTORS[family]
  const latitude = operator.latitude + random.between(-200, 200) / 1_000
  const longitude = operator.longitude + random.between(-200, 200) / 1_000
  const last_updated = timeOf(nowMs - knownForDays * DAY_MS)
  const connector = {
    id: '1',
    standard: family === 'DC' ? 'IEC_62196_T2_COMBO' : 'IEC_62196_T2',
    format: family === 'DC' ? 'CABLE' : 'SOCKET',
    ...electric,
    max_electric_power: kw * 1_000,
    tariff_ids: [family],
    last_updated,
  }
  const location = {
    ...idsOf(operator.party),
    id,
    publish: true,
    name: `${operator.country} ${id}`,
    address: `Charging Street ${id}`,
    city: 'Exampletown',
    country: operator.country,
    coordinates: { latitude: latitude.toFixed(5), longitude: longitude.toFixed(5) },
    evses: [
      {
        uid: `${id}-E1`,
        evse_id: `${operator.party.replace('-', '*')}*E${id}`,
        status: 'AVAILABLE',
        connectors: [connector],
        last_updated,
      },
    ],
    time_zone: operator.zone,
    last_updated,
  }
  const registerWh = random.between(1_000_000, 90_000_000)
  return {
    id,
    operator,
    location,
    family,
    powerKw: kw,
    latitude,
    longitude,
    freeMs: 0,
    registerWh,
  }
}

/** The token of a card as its provider publishes it. */
export function tokenOfCard(world: World, card: Card): Json {
  return {
    ...idsOf(card.provider.party),
    uid: card.uid,
    type: 'RFID',
    contract_id: contractOf(card),
    issuer: 'Example Mobility',
    valid: true,
    whitelist: 'ALLOWED',
    last_updated: timeOf(world.nowMs - knownForDays * DAY_MS),
  }
}

export function contractOf(card: Card): string {
  return `C-${card.uid}`
}

/** `NL-TNM` → the two members of an OCPI object. */
export function idsOf(party: string): { country_code: string; party_id: string } {
  return { country_code: party.slice(0, 2), party_id: party.slice(3) }
}

export function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** From when everything is known that was always there. */
export function alwaysKnown(world: World): Date {
  return new Date(world.nowMs - knownForDays * DAY_MS)
}

/** What the pairs agreed beside the hub's defaults: old sessions may come, or a price of their own. */
export function agreementsOf(world: World): { cpo: Operator; emsp: Provider; kind: PairKind }[] {
  return world.operators.flatMap((cpo, at) =>
    world.providers.map((emsp, to) => ({ cpo, emsp, kind: pairKind(at, to) })),
  )
}

/** plain: the hub's terms. old: CDRs may be 400 days late. priced: a tariff was agreed. signed: signed data is a must. */
export type PairKind = 'plain' | 'old' | 'priced' | 'signed'

export function pairKind(operator: number, provider: number): PairKind {
  const mixed = (operator * 7 + provider) % 10
  return mixed === 0 ? 'old' : mixed === 1 ? 'priced' : mixed === 2 ? 'signed' : 'plain'
}

function twoPlaces(amount: number): number {
  return Math.round(amount * 100) / 100
}
