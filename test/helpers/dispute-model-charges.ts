import type { Lane, Pair } from './dispute-model-hub.ts'
import { cardOf, idsOf, pushSession } from './dispute-model-hub.ts'
import type { Cdr, Money } from './dispute-model.ts'
import { fromNow } from './objects.ts'
import type { Json } from './objects.ts'

/**
 * sound – right; pricey – dearer than its own tariff; energetic – more energy than its session; cheap – below its own
 * tariff, which nobody holds.
 */
export type ChargeKind = 'sound' | 'pricey' | 'energetic' | 'cheap'

/** One session of a history and what its CDR claims. Every figure comes out even. */
export type Charge = {
  id: string
  session: number
  kwh: number
  sessionKwh: number
  claim: Money
  /** What the tariff in the CDR gives. */
  priced: bigint
  finding: Cdr['finding']
}

const hourMs = 3_600_000
const extra = 2_500_000n

export function chargeOf(
  { prefix }: Pair,
  made: { session: number; kind: ChargeKind; net: number },
): Charge {
  const { session } = made
  const net = BigInt(made.net) * 1_000_000n
  const withTax = (amount: bigint): Money => ({ net: amount, tax: amount / 5n })
  const base = {
    id: `${prefix}-${session}`,
    session,
    kwh: 10,
    sessionKwh: 10,
    priced: net,
    finding: null,
  }
  switch (made.kind) {
    case 'sound':
      return { ...base, claim: withTax(net) }
    case 'pricey':
      return {
        ...base,
        claim: withTax(net + extra),
        finding: { code: 'P1', atRisk: withTax(extra) },
      }
    case 'cheap':
      return { ...base, claim: withTax(net - 1_000_000n) }
    case 'energetic':
      return {
        ...base,
        sessionKwh: 8,
        claim: withTax(net),
        finding: { code: 'Q1', atRisk: withTax(net / 5n) },
      }
    default:
      return made.kind satisfies never
  }
}

export async function pushCharge(lane: Lane, pair: Pair, charge: Charge): Promise<void> {
  const times = timesOf(charge)
  await pushSession(lane, pair, {
    ...idsOf(pair.owner),
    id: sessionId(pair, charge),
    ...times,
    kwh: charge.sessionKwh,
    cdr_token: tokenOf(pair, charge),
    auth_method: 'WHITELIST',
    location_id: 'L1',
    evse_uid: `E-${pair.prefix}-${charge.session}`,
    connector_id: '1',
    currency: pair.currency,
    status: 'COMPLETED',
    last_updated: times.end_date_time,
  })
}

function sessionId({ prefix }: Pair, { session }: Charge): string {
  return `S-${prefix}-${session}`
}

function tokenOf(pair: Pair, { session }: Charge): Json {
  const uid = cardOf(pair.prefix, session)
  return { ...idsOf(pair.receiver), uid, type: 'RFID', contract_id: `C-${uid}` }
}

function timesOf({ session }: Charge): { start_date_time: string; end_date_time: string } {
  const start = -(session * 3 + 3) * hourMs
  return { start_date_time: fromNow(start), end_date_time: fromNow(start + 2 * hourMs) }
}

/** The CDR of a charge; with another id and claim it is another one of the same session, priced by its own tariff. */
export function cdrValue(pair: Pair, charge: Charge, more: { id?: string; claim?: Money }): Json {
  const { id = charge.id, claim = charge.claim } = more
  const kwh = more.claim === undefined ? charge.kwh : charge.sessionKwh
  const priced = more.claim === undefined ? charge.priced : claim.net
  const times = timesOf(charge)
  const units = (micros: bigint) => Number(micros) / 1e6
  const cost = { excl_vat: units(claim.net), incl_vat: units(claim.net + claim.tax) }
  const tariff = {
    ...idsOf(pair.owner),
    id: `T-${id}`,
    currency: pair.currency,
    elements: [
      {
        price_components: [
          { type: 'ENERGY', price: units(priced / BigInt(kwh)), vat: 20, step_size: 1 },
        ],
      },
    ],
    last_updated: '2020-01-01T00:00:00Z',
  }
  return {
    ...idsOf(pair.owner),
    id,
    ...times,
    session_id: sessionId(pair, charge),
    cdr_token: tokenOf(pair, charge),
    auth_method: 'WHITELIST',
    cdr_location: {
      id: `L-${pair.prefix}`,
      address: 'Charging Street 1',
      city: 'Utrecht',
      country: 'NLD',
      coordinates: { latitude: '52.08916', longitude: '5.10975' },
      evse_uid: `E-${pair.prefix}-${charge.session}`,
      evse_id: 'NL*TNM*E1',
      connector_id: '1',
      connector_standard: 'IEC_62196_T2',
      connector_format: 'SOCKET',
      connector_power_type: 'AC_3_PHASE',
    },
    currency: pair.currency,
    tariffs: [tariff],
    charging_periods: [
      {
        start_date_time: times.start_date_time,
        tariff_id: tariff.id,
        dimensions: [
          { type: 'ENERGY', volume: kwh },
          { type: 'TIME', volume: 2 },
        ],
      },
    ],
    total_cost: cost,
    total_energy_cost: cost,
    total_energy: kwh,
    total_time: 2,
    last_updated: times.end_date_time,
  }
}

/** The credit CDR of another. */
export function creditValue(value: Json, id: string): Json {
  const { excl_vat, incl_vat } = Object(value['total_cost'])
  return {
    ...value,
    id,
    credit: true,
    credit_reference_id: value['id'],
    total_cost: { excl_vat: -Number(excl_vat), incl_vat: -Number(incl_vat) },
  }
}
