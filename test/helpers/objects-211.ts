import { fromNow } from './objects.ts'
import type { Charge, Json } from './objects.ts'

/** OCPI 2.1.1 objects that are in order; `more` replaces members. Their owner stands in the URL alone. */

const HOUR_MS = 3_600_000

/** A time without fractions of a second, which 2.1.1 does not show. */
export function secondsFromNow(ms: number): string {
  return fromNow(ms).replace(/\.\d+Z$/, 'Z')
}

export function location211(id: string, more: Json = {}): Json {
  const last_updated = secondsFromNow(-HOUR_MS)
  const connector = {
    id: '1',
    standard: 'IEC_62196_T2',
    format: 'SOCKET',
    power_type: 'AC_3_PHASE',
    voltage: 230,
    amperage: 32,
    tariff_id: 'T1',
    last_updated,
  }
  return {
    id,
    type: 'ON_STREET',
    address: 'Stationsplein 1',
    city: 'Utrecht',
    postal_code: '3511ED',
    country: 'NLD',
    coordinates: { latitude: '52.089160', longitude: '5.109750' },
    evses: [
      {
        uid: 'E1',
        evse_id: 'NL*OLD*E1',
        status: 'AVAILABLE',
        connectors: [connector],
        last_updated,
      },
    ],
    last_updated,
    ...more,
  }
}

export function tariff211(id: string, more: Json & { price?: number } = {}): Json {
  const { price = 0.3, ...rest } = more
  return {
    id,
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price, step_size: 1 }] }],
    last_updated: secondsFromNow(-3 * HOUR_MS),
    ...rest,
  }
}

export function token211(uid: string, more: Json = {}): Json {
  return {
    uid,
    type: 'RFID',
    auth_id: `CONTRACT-${uid}`,
    issuer: 'Example',
    valid: true,
    whitelist: 'ALLOWED',
    last_updated: secondsFromNow(-3 * HOUR_MS),
    ...more,
  }
}

/** A completed session of one hour, two hours ago; `contract` is how 2.1.1 names the card. */
export function session211(
  charge: { id: string; contract: string; kwh?: number },
  more: Json = {},
): Json {
  const { id, contract, kwh = 10 } = charge
  return {
    id,
    start_datetime: secondsFromNow(-2 * HOUR_MS),
    end_datetime: secondsFromNow(-HOUR_MS),
    kwh,
    auth_id: contract,
    auth_method: 'WHITELIST',
    location: location211('L1'),
    currency: 'EUR',
    status: 'COMPLETED',
    last_updated: secondsFromNow(-HOUR_MS),
    ...more,
  }
}

/** A CDR of `session211` with the tariff of `tariff211` in it: 10 kWh at 0.30 without tax. */
export function cdr211(
  charge: Pick<Charge, 'id' | 'kwh'> & { contract: string; price?: number },
  more: Json = {},
): Json {
  const { id, contract, kwh = 10, price = 0.3 } = charge
  const start_date_time = secondsFromNow(-2 * HOUR_MS)
  const dimensions = [
    { type: 'ENERGY', volume: kwh },
    { type: 'TIME', volume: 1 },
  ]
  return {
    id,
    start_date_time,
    stop_date_time: secondsFromNow(-HOUR_MS),
    auth_id: contract,
    auth_method: 'WHITELIST',
    location: location211('L1'),
    currency: 'EUR',
    tariffs: [tariff211('T1', { price })],
    charging_periods: [{ start_date_time, dimensions }],
    total_cost: Math.round(kwh * price * 100) / 100,
    total_energy: kwh,
    total_time: 1,
    last_updated: secondsFromNow(-HOUR_MS),
    ...more,
  }
}
