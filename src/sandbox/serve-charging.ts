import type { Version } from '../ocpi/version.ts'
import type { Clock } from './clock.ts'
import { isoSeconds } from './clock.ts'
import type { Connection } from './connection.ts'
import type { Address } from './dialect.ts'
import type { Json } from './json.ts'
import { needText, textOf } from './json.ts'
import { has } from './serve-faults.ts'
import type { Fault } from './serve-faults.ts'
import { idOf, keepOwn } from './serve-store.ts'
import type { ServeStore } from './serve-store.ts'
import { ENERGY_PRICE, inVersion } from './serve-world.ts'
import type { WorldParty } from './world.ts'

/** A session under way, in the shape of 2.2.1. */
export type Charging = {
  session: Json
  location: Json
  evse: Json
  connector: Json
  token: Json
  startMs: number
  requester: Address | undefined
}

export type ChargingParts = {
  store: ServeStore
  version: Version
  party: WorldParty
  /** Our own, in the shape of 2.2.1. */
  locations: readonly Json[]
  tariffs: readonly Json[]
  charging: Map<string, Charging>
  connection: () => Connection
  clock: Clock
  faults: readonly Fault[]
  say: (line: string) => void
}

/** What is needed to answer modules that concern two parties only. */
export type MoreParts = Pick<ChargingParts, 'store' | 'party' | 'connection' | 'clock' | 'say'>

type Start = Pick<Charging, 'location' | 'evse' | 'connector' | 'token' | 'requester'> & {
  reference: string | undefined
}

/** 11 kW, in Wh a ms. */
const WH_PER_MS = 11_000 / 3_600_000
const VAT = 0.21

/** Begins a session, lists it and pushes it to whoever takes sessions. */
export async function startCharging(parts: ChargingParts, start: Start): Promise<void> {
  const startMs = parts.clock()
  const { token, reference } = start
  const id = `SBX-S-${startMs.toString(36).toUpperCase()}-${parts.charging.size + 1}`
  const session = {
    country_code: parts.party.countryCode,
    party_id: parts.party.partyId,
    id,
    start_date_time: isoSeconds(startMs),
    kwh: 0,
    cdr_token: {
      country_code: token['country_code'],
      party_id: token['party_id'],
      uid: token['uid'],
      type: token['type'],
      contract_id: token['contract_id'],
    },
    auth_method: 'COMMAND',
    ...(reference === undefined ? {} : { authorization_reference: reference }),
    location_id: needText(start.location, 'id'),
    evse_uid: needText(start.evse, 'uid'),
    connector_id: needText(start.connector, 'id'),
    currency: 'EUR',
    status: 'ACTIVE',
    last_updated: isoSeconds(startMs),
  }
  const charging = { ...start, session, startMs }
  parts.charging.set(idOf(session), charging)
  await sendSession(parts, charging)
}

/** Ends a session with what was charged since, and sends its CDR. */
export async function stopCharging(parts: ChargingParts, charging: Charging): Promise<void> {
  const endMs = parts.clock()
  parts.charging.delete(idOf(charging.session))
  const kwh = Math.max(1, Math.round((endMs - charging.startMs) * WH_PER_MS)) / 1_000
  const excl_vat = rounded(kwh * ENERGY_PRICE)
  const total_cost = { excl_vat, incl_vat: rounded(excl_vat * (1 + VAT)) }
  const isStale = has(parts.faults, 'stale', 'sessions')
  const session = {
    ...charging.session,
    end_date_time: isoSeconds(endMs),
    kwh,
    charging_periods: [periodOf(charging, { endMs, kwh })],
    total_cost,
    status: 'COMPLETED',
    last_updated: isStale ? isoSeconds(charging.startMs - 3_600_000) : isoSeconds(endMs),
  }
  const done = { ...charging, session }
  await sendSession(parts, done)
  await sendCdr(parts, done, cdrOf(parts, done, { endMs, kwh, total_cost }))
}

type Sums = { endMs: number; kwh: number; total_cost: Json }

function periodOf({ startMs }: Charging, { endMs, kwh }: { endMs: number; kwh: number }): Json {
  return {
    start_date_time: isoSeconds(startMs),
    dimensions: [
      { type: 'ENERGY', volume: kwh },
      { type: 'TIME', volume: hours(endMs - startMs) },
    ],
  }
}

function cdrOf(parts: ChargingParts, { session, ...at }: Charging, sums: Sums): Json {
  const { endMs, kwh, total_cost } = sums
  const { location, evse, connector } = at
  const tariffIds = connector['tariff_ids']
  const tariff = parts.tariffs.find(
    (one) => Array.isArray(tariffIds) && tariffIds.includes(one['id']),
  )
  const { country_code, party_id, cdr_token, auth_method, authorization_reference } =
    Object(session)
  return {
    country_code,
    party_id,
    id: `${needText(session, 'id')}-CDR`,
    start_date_time: session['start_date_time'],
    end_date_time: isoSeconds(endMs),
    session_id: session['id'],
    cdr_token,
    auth_method,
    ...(authorization_reference === undefined ? {} : { authorization_reference }),
    cdr_location: {
      id: location['id'],
      name: location['name'],
      address: location['address'],
      city: location['city'],
      postal_code: location['postal_code'],
      country: location['country'],
      coordinates: location['coordinates'],
      evse_uid: evse['uid'],
      evse_id: evse['evse_id'],
      connector_id: connector['id'],
      connector_standard: connector['standard'],
      connector_format: connector['format'],
      connector_power_type: connector['power_type'],
    },
    currency: 'EUR',
    ...(tariff === undefined ? {} : { tariffs: [tariff] }),
    charging_periods: [periodOf({ ...at, session }, { endMs, kwh })],
    total_cost,
    total_energy: kwh,
    total_energy_cost: total_cost,
    total_time: hours(endMs - at.startMs),
    last_updated: isoSeconds(endMs),
  }
}

async function sendSession(parts: ChargingParts, charging: Charging): Promise<void> {
  const { version, party } = parts
  const facts = { token: charging.token, location: charging.location }
  const object = inVersion(charging.session, { version, kind: 'session', facts })
  if (!object) return
  keepOwn(parts.store, 'sessions', object)
  const id = textOf(object, 'id') ?? ''
  await send(parts, charging, {
    method: 'PUT',
    module: 'sessions',
    path: `/${party.countryCode}/${party.partyId}/${id}`,
    object,
  })
}

async function sendCdr(parts: ChargingParts, charging: Charging, cdr: Json): Promise<void> {
  const { version } = parts
  const facts = { token: charging.token, location: charging.location }
  const object = inVersion(cdr, { version, kind: 'cdr', facts })
  if (!object) return
  keepOwn(parts.store, 'cdrs', object)
  await send(parts, charging, { method: 'POST', module: 'cdrs', path: '', object })
  if (!has(parts.faults, 'duplicate', 'cdrs')) return
  const other = { ...object, remark: 'sent again with other content' }
  await send(parts, charging, { method: 'POST', module: 'cdrs', path: '', object: other })
}

type Sent = { method: 'PUT' | 'POST'; module: string; path: string; object: Json }

async function send(parts: ChargingParts, charging: Charging, sent: Sent): Promise<void> {
  const connection = parts.connection()
  const { method, module, path, object } = sent
  if (!connection.endpoints().has(`${module}/receiver`)) return
  const answer = await connection.send({
    method,
    module,
    side: 'receiver',
    path,
    from: parts.party,
    to: charging.requester,
    body: JSON.stringify(object),
  })
  parts.say(`→ ${method} ${module}${path}: ${answer.status} ${answer.code} ${answer.message}`)
}

function hours(ms: number): number {
  return rounded(ms / 3_600_000)
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
