import { convert } from '../../ocpi/adapt.ts'
import type { Facts, Kind } from '../../ocpi/adapt/define.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Address } from './exchange.ts'

export type Json = Record<string, unknown>

/** Objects that the certifier owns. They are built as 2.2.1 has them; ids begin with CONF. */
export type Made = {
  tariff(id: string): Json
  location(id: string): Json
  token(uid: string): Json
  session(id: string, token: Json): Json
  cdr(id: string, token: Json): Json
}

const HOUR_MS = 3_600_000

/** An instant in whole seconds, which every version can write. */
export function timeAt(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

export function createMade(party: Address, nowMs: number): Made {
  const owner = { country_code: party.countryCode, party_id: party.partyId }
  const at = (hours: number) => timeAt(nowMs + hours * HOUR_MS)
  return {
    tariff: (id) => ({
      ...owner,
      id,
      currency: 'EUR',
      elements: [{ price_components: [{ type: 'ENERGY', price: 0.3, vat: 21, step_size: 1 }] }],
      tariff_alt_url: 'https://certifier.example/tariff',
      last_updated: at(-3),
    }),
    location: (id) => location(owner, { id, lastUpdated: at(-3) }),
    token: (uid) => ({
      ...owner,
      uid,
      type: 'RFID',
      contract_id: `${party.countryCode}-${party.partyId}-CCONF1-X`,
      issuer: 'Certifier',
      valid: true,
      whitelist: 'ALLOWED',
      visual_number: 'CONF-1',
      last_updated: at(-3),
    }),
    session: (id, token) => ({
      ...owner,
      id,
      start_date_time: at(-2),
      kwh: 1,
      cdr_token: cdrToken(token),
      auth_method: 'WHITELIST',
      location_id: 'CONF-L1',
      evse_uid: 'CONF-E1',
      connector_id: '1',
      meter_id: 'CONF-M1',
      currency: 'EUR',
      charging_periods: [{ start_date_time: at(-2), dimensions: [{ type: 'ENERGY', volume: 1 }] }],
      status: 'ACTIVE',
      last_updated: at(-2),
    }),
    cdr: (id, token) =>
      cdr(
        { owner, id, token, start: at(-2), end: at(-1) },
        location(owner, { id: 'CONF-L1', lastUpdated: at(-3) }),
      ),
  }
}

function cdrToken(token: Json): Json {
  const { country_code, party_id, uid, type, contract_id } = token
  return { country_code, party_id, uid, type, contract_id }
}

type Owner = { country_code: string; party_id: string }

function location(owner: Owner, of: { id: string; lastUpdated: string }): Json {
  const last_updated = of.lastUpdated
  const connector = {
    id: '1',
    standard: 'IEC_62196_T2',
    format: 'SOCKET',
    power_type: 'AC_3_PHASE',
    max_voltage: 230,
    max_amperage: 16,
    tariff_ids: ['CONF-T1'],
    last_updated,
  }
  return {
    ...owner,
    id: of.id,
    publish: true,
    name: 'Conformance test',
    address: 'Teststraat 1',
    city: 'Utrecht',
    postal_code: '3511ED',
    country: 'NLD',
    coordinates: { latitude: '52.089160', longitude: '5.109750' },
    parking_type: 'ON_STREET',
    evses: [
      {
        uid: 'CONF-E1',
        evse_id: `${owner.country_code}*${owner.party_id}*ECONF1`,
        status: 'AVAILABLE',
        connectors: [connector],
        last_updated,
      },
    ],
    time_zone: 'Europe/Amsterdam',
    last_updated,
  }
}

/** 1 kWh in an hour at 0.30, 21 % VAT. */
function cdr(
  of: { owner: Owner; id: string; token: Json; start: string; end: string },
  place: Json,
): Json {
  const total_cost = { excl_vat: 0.3, incl_vat: 0.363 }
  const { id, name, address, city, postal_code, country, coordinates } = place
  return {
    ...of.owner,
    id: of.id,
    start_date_time: of.start,
    end_date_time: of.end,
    session_id: `${of.id}-S`,
    cdr_token: cdrToken(of.token),
    auth_method: 'WHITELIST',
    cdr_location: {
      ...{ id, name, address, city, postal_code, country, coordinates },
      evse_uid: 'CONF-E1',
      evse_id: `${of.owner.country_code}*${of.owner.party_id}*ECONF1`,
      connector_id: '1',
      connector_standard: 'IEC_62196_T2',
      connector_format: 'SOCKET',
      connector_power_type: 'AC_3_PHASE',
    },
    currency: 'EUR',
    charging_periods: [
      {
        start_date_time: of.start,
        dimensions: [
          { type: 'ENERGY', volume: 1 },
          { type: 'TIME', volume: 1 },
        ],
      },
    ],
    total_cost,
    total_energy: 1,
    total_energy_cost: total_cost,
    total_time: 1,
    remark: 'conformance test',
    last_updated: of.end,
  }
}

/** The object in the version of the partner. Everything here can be said in every version. */
export function inVersion(value: Json, to: { version: Version; kind: Kind; facts?: Facts }): Json {
  const { version, kind, facts = {} } = to
  const converted = convert(value, { kind, from: '2.2.1', to: version, facts })
  return converted.ok ? converted.value : value
}

/** An object of the partner in the shape of 2.2.1. */
export function as221(value: Json, from: { version: Version; kind: Kind; facts?: Facts }): Json {
  const { version, kind, facts = {} } = from
  const converted = convert(value, { kind, from: version, to: '2.2.1', facts })
  return converted.ok ? converted.value : value
}
