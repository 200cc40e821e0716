import type { OwnRecord } from '../../clearing/records/read-record.ts'
import { contractKey, evseKey } from '../../clearing/matching/keys.ts'
import { claimedAmounts } from '../../clearing/amounts.ts'
import { at, readText } from '../../clearing/read.ts'
import { toMicros } from '../../ledger/money.ts'
import { foldKey } from '../../ocpi/primitives.ts'

/** What the two tables that are matched with each other have in common; energy in mWh. */
type Keys = {
  session_key: string | null
  reference: string | null
  token_uid: string | null
  contract_key: string | null
  evse_key: string | null
  location_key: string | null
  meter_key: string | null
  started_at: Date | null
  ended_at: Date | null
  energy_mwh: string | null
  net_micros: string | null
  gross_micros: string | null
  currency: string | null
}

/** A record in the columns of `emsp_records`. */
export type RecordColumns = Keys & { owner: string | null; cdr_key: string | null }

/** A CDR in the columns of `cdr_figures`. */
export type FigureColumns = Keys & {
  cdr_id: string
  owner: string
  receiver: string
  cdr_key: string
  is_credit: boolean
}

/** What of a CDR its figures are made of. */
export type FiguredCdr = {
  id: bigint
  owner: string
  receiver: string
  cdr_key: string
  session_key: string | null
  location_key: string | null
  value: unknown
  is_credit: boolean
  started_at: Date | null
  ended_at: Date | null
  currency: string
}

/** Amounts beyond a millionth are rounded half to even, as they are booked. */
export function recordColumns(record: OwnRecord): RecordColumns {
  return {
    owner: record.owner,
    cdr_key: record.cdrKey,
    session_key: record.sessionKey,
    reference: record.reference,
    token_uid: record.tokenUid,
    contract_key: record.contractKey,
    evse_key: record.evseKey,
    location_key: record.locationKey,
    meter_key: record.meterKey,
    started_at: timeOf(record.start),
    ended_at: timeOf(record.end),
    // A kWh is a million mWh, as a unit of money is a million micro-units.
    energy_mwh: millionths(record.kwh),
    net_micros: millionths(record.net),
    gross_micros: millionths(record.gross),
    currency: record.currency,
  }
}

export function figureColumns(cdr: FiguredCdr): FigureColumns {
  const { value } = cdr
  const claim = claimedAmounts(value)
  const net = claim === null ? null : millionths(claim.net)
  const tax = claim === null || claim.tax === null ? null : millionths(claim.tax)
  return {
    cdr_id: cdr.id.toString(),
    owner: cdr.owner,
    receiver: cdr.receiver,
    cdr_key: cdr.cdr_key,
    session_key: cdr.session_key,
    reference: keyAt(value, '/authorization_reference'),
    token_uid: keyAt(value, '/cdr_token/uid'),
    contract_key: contractKey(readText(at(value, '/cdr_token/contract_id'))),
    evse_key: evseKey(readText(at(value, '/cdr_location/evse_id'))),
    location_key: cdr.location_key,
    meter_key: keyAt(value, '/meter_id'),
    started_at: cdr.started_at,
    ended_at: cdr.ended_at,
    energy_mwh: energyOf(at(value, '/total_energy')),
    net_micros: net,
    gross_micros: net === null || tax === null ? null : (BigInt(net) + BigInt(tax)).toString(),
    currency: cdr.currency,
    is_credit: cdr.is_credit,
  }
}

function keyAt(value: unknown, pointer: string): string | null {
  const text = readText(at(value, pointer))
  return text === null ? null : foldKey(text)
}

function energyOf(value: unknown): string | null {
  return typeof value === 'number' || typeof value === 'string' ? millionths(String(value)) : null
}

function millionths(decimal: string | null): string | null {
  const amount = decimal === null ? null : toMicros(decimal)
  return amount?.status === 'ok' ? amount.micros.toString() : null
}

function timeOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}
