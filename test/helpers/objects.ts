import type { FakePartner } from './fake-partner.ts'
import type { Reply } from './ask.ts'
import { cdrLocation } from '../fixtures/wire-objects.ts'

/** OCPI 2.2.1 objects that are in order; `more` replaces members. */
export type Json = Record<string, unknown>

const HOUR_MS = 3_600_000

/** A time as OCPI writes it, `ms` from now. */
export function fromNow(ms: number): string {
  return new Date(performance.timeOrigin + performance.now() + ms).toISOString()
}

/** `NL-TNM` → the two members of an object. */
export function ownerOf(party: string): { country_code: string; party_id: string } {
  return { country_code: party.slice(0, 2), party_id: party.slice(3) }
}

/** `NL-TNM` and an id → `NL/TNM/id`. */
export function pathOf(party: string, id: string): string {
  return `${party.replace('-', '/')}/${id}`
}

export function locationOf(party: string, id: string, more: Json = {}): Json {
  const last_updated = fromNow(-HOUR_MS)
  const connector = {
    id: '1',
    standard: 'IEC_62196_T2',
    format: 'SOCKET',
    power_type: 'AC_3_PHASE',
    max_voltage: 230,
    max_amperage: 32,
    tariff_ids: ['T1'],
    last_updated,
  }
  return {
    ...ownerOf(party),
    id,
    publish: true,
    address: 'Stationsplein 1',
    city: 'Utrecht',
    country: 'NLD',
    coordinates: { latitude: '52.08916', longitude: '5.10975' },
    evses: [{ uid: 'E1', status: 'AVAILABLE', connectors: [connector], last_updated }],
    time_zone: 'Europe/Amsterdam',
    last_updated,
    ...more,
  }
}

export function tariffOf(party: string, id: string, more: Json & { price?: number } = {}): Json {
  const { price = 0.3, ...rest } = more
  return {
    ...ownerOf(party),
    id,
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price, vat: 20, step_size: 1 }] }],
    last_updated: fromNow(-3 * HOUR_MS),
    ...rest,
  }
}

export function tokenOf(party: string, uid: string, more: Json = {}): Json {
  return {
    ...ownerOf(party),
    uid,
    type: 'RFID',
    contract_id: `${party}-C${uid}`,
    issuer: 'Example',
    valid: true,
    whitelist: 'ALLOWED',
    last_updated: fromNow(-3 * HOUR_MS),
    ...more,
  }
}

export function cdrTokenOf(party: string, uid: string): Json {
  return { ...ownerOf(party), uid, type: 'RFID', contract_id: `${party}-C${uid}` }
}

export type Charge = {
  owner: string
  payer: string
  id: string
  uid?: string
  kwh?: number
  /** The EVSE, where it is not the card's own. */
  evse?: string
}

/** Each card charges at an EVSE of its own, CARD1 at that of `locationOf`: two at one connector at once is a finding. */
function evseOf({ evse, uid = 'CARD1' }: Pick<Charge, 'evse' | 'uid'>): string {
  if (evse !== undefined || uid === 'CARD1') return evse ?? 'E1'
  return uid.length > 30 ? `E${uid.length}-${uid.slice(0, 20)}` : `E-${uid}`
}

/** A completed session of one hour, two hours ago. */
export function sessionOf(charge: Charge, more: Json = {}): Json {
  const { owner, payer, id, uid = 'CARD1', kwh = 10 } = charge
  return {
    ...ownerOf(owner),
    id,
    start_date_time: fromNow(-2 * HOUR_MS),
    end_date_time: fromNow(-HOUR_MS),
    kwh,
    cdr_token: cdrTokenOf(payer, uid),
    auth_method: 'WHITELIST',
    location_id: 'L1',
    evse_uid: evseOf(charge),
    connector_id: '1',
    currency: 'EUR',
    status: 'COMPLETED',
    last_updated: fromNow(-HOUR_MS),
    ...more,
  }
}

/** A CDR of `sessionOf` with the tariff of `tariffOf` in it: 10 kWh at 0.30, 20 % VAT. */
export function cdrOf(
  charge: Charge & { session?: string; price?: number },
  more: Json = {},
): Json {
  const { owner, payer, id, uid = 'CARD1', kwh = 10, session = `S-${id}`, price = 0.3 } = charge
  const start_date_time = fromNow(-2 * HOUR_MS)
  const cost = money(kwh * price)
  const evse = evseOf(charge)
  const volumes = [
    { type: 'ENERGY', volume: kwh },
    { type: 'TIME', volume: 1 },
  ]
  return {
    ...ownerOf(owner),
    id,
    start_date_time,
    end_date_time: fromNow(-HOUR_MS),
    session_id: session,
    cdr_token: cdrTokenOf(payer, uid),
    auth_method: 'WHITELIST',
    cdr_location: { ...cdrLocation, evse_uid: evse, evse_id: `NL*TNM*${evse}` },
    currency: 'EUR',
    tariffs: [tariffOf(owner, 'T1', { price })],
    charging_periods: [{ start_date_time, dimensions: volumes, tariff_id: 'T1' }],
    total_cost: cost,
    total_energy: kwh,
    total_energy_cost: cost,
    total_time: 1,
    last_updated: fromNow(-HOUR_MS),
    ...more,
  }
}

/** The credit CDR of another: everything repeated, the total negated. */
export function creditOf(cdr: Json, id: string, more: Json = {}): Json {
  const { excl_vat, incl_vat } = Object(cdr['total_cost'])
  return {
    ...cdr,
    id,
    credit: true,
    credit_reference_id: cdr['id'],
    total_cost: { excl_vat: -Number(excl_vat), incl_vat: -Number(incl_vat) },
    last_updated: fromNow(-HOUR_MS / 2),
    ...more,
  }
}

export function money(excl: number): { excl_vat: number; incl_vat: number } {
  const cents = (amount: number) => Math.round(amount * 100) / 100
  return { excl_vat: cents(excl), incl_vat: cents(excl * 1.2) }
}

/** Puts an object where it belongs: `receiver/{module}/{cc}/{pid}/{id}`. Without `to` the hub decides. */
export function put(
  partner: FakePartner,
  module: string,
  object: Json,
  more: { to?: string } = {},
): Promise<Reply> {
  const id = String(object['uid'] ?? object['id'])
  return partner.send('PUT', `receiver/${module}/${pathOf(partner.party, id)}`, {
    body: object,
    ...more,
  })
}
