import { convert } from '../ocpi/adapt.ts'
import type { Facts, Kind } from '../ocpi/adapt/define.ts'
import type { Version } from '../ocpi/version.ts'
import { isoSeconds } from './clock.ts'
import type { PlatformRole } from './dialect.ts'
import type { Json } from './json.ts'
import type { WorldParty } from './world.ts'

/** The small world that a served partner has of its own, in the shape of 2.2.1. */
export type SmallWorld = { locations: Json[]; tariffs: Json[]; tokens: Json[] }

const HOUR_MS = 3_600_000

/** Three locations with two tariffs for an operator, four tokens for a provider. */
export function smallWorld(of: {
  role: PlatformRole
  party: WorldParty
  nowMs: number
}): SmallWorld {
  const owner = { country_code: of.party.countryCode, party_id: of.party.partyId }
  const hoursAgo = (hours: number) => isoSeconds(of.nowMs - hours * HOUR_MS)
  if (of.role === 'PTP') return { locations: [], tariffs: [], tokens: [] }
  if (of.role === 'EMSP') return { locations: [], tariffs: [], tokens: tokens(owner, hoursAgo) }
  return { locations: locations(owner, hoursAgo), tariffs: tariffs(owner, hoursAgo), tokens: [] }
}

type Owner = { country_code: string; party_id: string }
type HoursAgo = (hours: number) => string

/** The object in the version that is spoken; null where that version cannot say it. */
export function inVersion(
  value: Json,
  to: { version: Version; kind: Kind; facts?: Facts },
): Json | null {
  const { version, kind, facts = {} } = to
  const converted = convert(value, { kind, from: '2.2.1', to: version, facts })
  return converted.ok ? converted.value : null
}

/** The object in the shape of 2.2.1, whatever version it came in. */
export function asKept(value: Json, from: { version: Version; kind: Kind; facts?: Facts }): Json {
  const { version, kind, facts = {} } = from
  const converted = convert(value, { kind, from: version, to: '2.2.1', facts })
  return converted.ok ? converted.value : value
}

function tariffs(owner: Owner, hoursAgo: HoursAgo): Json[] {
  const component = (type: string, price: number) => ({ type, price, vat: 21, step_size: 1 })
  return [
    {
      ...owner,
      id: 'SBX-ENERGY',
      currency: 'EUR',
      type: 'REGULAR',
      elements: [{ price_components: [component('ENERGY', ENERGY_PRICE)] }],
      last_updated: hoursAgo(72),
    },
    {
      ...owner,
      id: 'SBX-START',
      currency: 'EUR',
      elements: [{ price_components: [component('FLAT', 0.5), component('ENERGY', 0.35)] }],
      last_updated: hoursAgo(71),
    },
  ]
}

/** EUR per kWh of the tariff of every connector but one, without VAT. */
export const ENERGY_PRICE = 0.4

const PLACES = [
  ['SBX-L1', 'Kade 1', 'Rotterdam', '3011AA', '51.917230', '4.484440'],
  ['SBX-L2', 'Dorpsweg 27', 'Gouda', '2801AB', '52.011490', '4.710410'],
  ['SBX-L3', 'Stationsplein 3', 'Utrecht', '3511ED', '52.089160', '5.109750'],
] as const

function locations(owner: Owner, hoursAgo: HoursAgo): Json[] {
  return PLACES.map(([id, address, city, postal, latitude, longitude], index) => {
    const last_updated = hoursAgo(48 - index)
    const evse = (number: number) => ({
      uid: `${id}-E${number}`,
      evse_id: `${owner.country_code}*${owner.party_id}*E${index + 1}00${number}`,
      status: 'AVAILABLE',
      capabilities: ['REMOTE_START_STOP_CAPABLE', 'RFID_READER', 'RESERVABLE', 'UNLOCK_CAPABLE'],
      connectors: [
        {
          id: '1',
          standard: 'IEC_62196_T2',
          format: 'SOCKET',
          power_type: 'AC_3_PHASE',
          max_voltage: 230,
          max_amperage: 16,
          tariff_ids: [index === 2 ? 'SBX-START' : 'SBX-ENERGY'],
          last_updated,
        },
      ],
      last_updated,
    })
    return {
      ...owner,
      id,
      publish: true,
      name: `Sandbox ${city}`,
      address,
      city,
      postal_code: postal,
      country: 'NLD',
      coordinates: { latitude, longitude },
      parking_type: 'ON_STREET',
      evses: [evse(1), evse(2)],
      time_zone: 'Europe/Amsterdam',
      opening_times: { twentyfourseven: true },
      last_updated,
    }
  })
}

function tokens(owner: Owner, hoursAgo: HoursAgo): Json[] {
  const token = (number: number, more: Json) => ({
    ...owner,
    uid: `SBX0000${number}`,
    type: 'RFID',
    contract_id: `${owner.country_code}-${owner.party_id}-C0000${number}-X`,
    visual_number: `SBX-${number}`,
    issuer: 'Sandbox provider',
    valid: true,
    whitelist: 'ALLOWED',
    language: 'en',
    last_updated: hoursAgo(24 - number),
    ...more,
  })
  return [
    token(1, {}),
    token(2, { whitelist: 'NEVER' }),
    token(3, { type: 'OTHER', whitelist: 'ALWAYS' }),
    token(4, { valid: false }),
  ]
}
