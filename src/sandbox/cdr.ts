import { assert, present } from '../assert.ts'
import { isoSeconds } from './clock.ts'
import { halfEven } from './decimals.ts'
import { numberOf, objectIn, objectsIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import { stepSession } from './stepper.ts'
import type { Amount, StepResult, Stay } from './stepper.ts'
import { readTariff } from './tariff.ts'
import type { StepTariff } from './tariff.ts'
import type { SessionPlan } from './world.ts'
import { zoneNamed } from './zone.ts'

/** By how much a CDR with the fault `energy` overstates: far beyond max(0.05 kWh, 0.5 %). */
const ENERGY_FAULT_SHARE = 1.25
const SETTLE_MS = 60_000
const NOTHING: Amount = { net: 0n, gross: 0n }

/** What a partner needs to know to live a session: the plan and the objects as they were pushed. */
export type SessionSetting = { plan: SessionPlan; location: Json; tariff: Json }

/** A CDR to send and what its sender thinks of it. Amounts in micro-units. */
export type BuiltCdr = {
  id: string
  body: Json
  currency: string
  claimed: Amount
  /** By the naive stepper, from the session's true energy. */
  expected: Amount
  /** What must be held of the claim: what it asks for too much; the tax is left out where it states none. */
  atRisk: Amount
  isDuplicate: boolean
}

/** The Session as first PUT: ACTIVE, nothing drawn yet. */
export function sessionStarted(setting: SessionSetting): Json {
  const { plan, tariff } = setting
  return {
    country_code: plan.cpo.countryCode,
    party_id: plan.cpo.partyId,
    id: plan.id,
    start_date_time: isoSeconds(plan.startMs),
    kwh: 0,
    cdr_token: cdrToken(plan),
    auth_method: 'WHITELIST',
    location_id: plan.locationId,
    evse_uid: plan.evseUid,
    connector_id: plan.connectorId,
    currency: textOf(tariff, 'currency'),
    status: 'ACTIVE',
    last_updated: isoSeconds(plan.startMs),
  }
}

/** The PATCHes of a Session: energy so far, then COMPLETED. Each carries its own time. */
export function sessionPatches(plan: SessionPlan, energySteps: number): Json[] {
  const patches: Json[] = []
  for (let step = 1; step <= energySteps; step++) {
    const share = step / (energySteps + 1)
    const atMs = plan.startMs + Math.round(plan.chargeSeconds * share) * 1000
    patches.push({
      kwh: Math.round(plan.energy * share) / 1e6,
      last_updated: isoSeconds(atMs),
    })
  }
  patches.push({
    status: 'COMPLETED',
    kwh: plan.energy / 1e6,
    end_date_time: isoSeconds(plan.endMs),
    last_updated: isoSeconds(plan.endMs),
  })
  return patches
}

/** The CDRs of a session: one, or two where the plan wants a duplicate. Asserts that the tariff can be priced. */
export function cdrsOf(setting: SessionSetting): BuiltCdr[] {
  const { plan } = setting
  const tariff = readTariff(setting.tariff)
  assert(!('unpriceable' in tariff), `tariff ${plan.tariffKey} cannot be priced`)
  const first = buildCdr(setting, tariff, { id: `${plan.id}-CDR`, isDuplicate: false })
  if (plan.fault !== 'duplicate') return [first]
  return [first, buildCdr(setting, tariff, { id: `${plan.id}-CDR-2`, isDuplicate: true })]
}

/** The credit of a session's wrong CDR, all of it the same but the negative total (OCPI Credit CDRs), and the right CDR. */
export function correctionOf(setting: SessionSetting): [Json, Json] {
  const { plan } = setting
  const wrong = present(cdrsOf(setting)[0], 'a CDR').body
  const right = present(cdrsOf({ ...setting, plan: { ...plan, fault: undefined } })[0], 'a CDR')
  const id = textOf(wrong, 'id') ?? ''
  const total = objectIn(wrong['total_cost'])
  const negative = Object.entries(total).map(([name, amount]) => [name, -Number(amount)])
  const credit = {
    ...wrong,
    id: `${id}-C`,
    credit: true,
    credit_reference_id: id,
    total_cost: Object.fromEntries(negative),
  }
  return [credit, { ...right.body, id: `${id}-R` }]
}

function buildCdr(
  setting: SessionSetting,
  tariff: StepTariff,
  as: { id: string; isDuplicate: boolean },
): BuiltCdr {
  const { plan, location } = setting
  const zone = zoneNamed(textOf(location, 'time_zone') ?? 'UTC')
  const stay: Stay = {
    startMs: plan.startMs,
    endMs: plan.endMs,
    energy: plan.energy,
    chargeSeconds: plan.chargeSeconds,
  }
  const expected = stepSession(tariff, stay, zone)
  const energy = plan.fault === 'energy' ? wrongEnergy(plan.energy) : plan.energy
  const told = energy === plan.energy ? expected : stepSession(tariff, { ...stay, energy }, zone)
  const surcharge = plan.fault === 'price' ? overcharge(told.total) : NOTHING
  const claimed = raised(told.total, surcharge)
  const periods = chargingPeriods(told, plan, tariff)
  const hours = (plan.endMs - plan.startMs) / 3_600_000
  const parking = (plan.endMs - plan.startMs) / 1000 - plan.chargeSeconds
  const body: Json = {
    country_code: plan.cpo.countryCode,
    party_id: plan.cpo.partyId,
    id: as.id,
    start_date_time: isoSeconds(plan.startMs),
    end_date_time: isoSeconds(plan.endMs),
    session_id: plan.id,
    cdr_token: cdrToken(plan),
    auth_method: 'WHITELIST',
    cdr_location: cdrLocation(plan, location),
    currency: tariff.currency,
    tariffs: [setting.tariff],
    charging_periods: periods,
    total_cost: price(claimed),
    ...parts(told, surcharge),
    total_energy: energy / 1e6,
    total_time: roundHours(hours),
    ...(parking > 0 ? { total_parking_time: roundHours(parking / 3600) } : {}),
    last_updated: isoSeconds(plan.endMs + SETTLE_MS),
  }
  const { isDuplicate } = as
  return {
    id: as.id,
    body,
    currency: tariff.currency,
    claimed,
    expected: expected.total,
    atRisk: atRiskOf(plan, { claimed, surcharge, told, energy, isDuplicate }),
    isDuplicate,
  }
}

function atRiskOf(
  plan: SessionPlan,
  cdr: {
    claimed: Amount
    surcharge: Amount
    told: StepResult
    energy: number
    isDuplicate: boolean
  },
): Amount {
  const { claimed, surcharge, told, energy, isDuplicate } = cdr
  if (plan.fault === 'duplicate') return isDuplicate ? claimed : NOTHING
  if (plan.fault !== 'energy') return surcharge
  const net = halfUp(told.energy.net * BigInt(energy - plan.energy), BigInt(energy))
  if (claimed.gross === undefined || claimed.net === 0n) return { net, gross: undefined }
  return { net, gross: net + halfUp((claimed.gross - claimed.net) * net, claimed.net) }
}

/** To the micro-unit, half up. */
function halfUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor / 2n) / divisor
}

function wrongEnergy(energy: number): number {
  return Math.round((energy * ENERGY_FAULT_SHARE) / 1000) * 1000
}

/** At least 1.00 and 30 %, taxed like the rest: far beyond max(0.02, 0.5 %). */
function overcharge({ net, gross }: Amount): Amount {
  const share = ((net * 3n) / 10n / 100n) * 100n
  const by = share > 1_000_000n ? share : 1_000_000n
  if (gross === undefined || net === 0n) return { net: by, gross: by }
  return { net: by, gross: halfEven(by * gross, net * 100n) * 100n }
}

function raised(amount: Amount, by: Amount): Amount {
  const gross = amount.gross === undefined ? undefined : amount.gross + (by.gross ?? by.net)
  return { net: amount.net + by.net, gross }
}

/** The parts that were priced. A surcharge sits in the energy, so that the sum stays right. */
function parts(told: StepResult, surcharge: Amount): Json {
  const picked = (kind: 'FLAT' | 'TIME' | 'PARKING_TIME') =>
    told.periods.some((period) => period.picks[kind] !== undefined)
  const found: Json = {}
  if (picked('FLAT')) found['total_fixed_cost'] = price(told.fixed)
  found['total_energy_cost'] = price(raised(told.energy, surcharge))
  if (picked('TIME')) found['total_time_cost'] = price(told.time)
  if (picked('PARKING_TIME')) found['total_parking_cost'] = price(told.parking)
  return found
}

function price(amount: Amount): Json {
  const net = Number(amount.net) / 1e6
  if (amount.gross === undefined) return { excl_vat: net }
  return { excl_vat: net, incl_vat: Number(amount.gross) / 1e6 }
}

/** Hours are cut from a running total, so that rounding never adds up to a second that nobody spent. */
function chargingPeriods(told: StepResult, plan: SessionPlan, tariff: StepTariff): Json[] {
  const spent = { TIME: 0, PARKING_TIME: 0 }
  return told.periods.map((period) => {
    const kind = period.isCharging ? 'TIME' : 'PARKING_TIME'
    const before = roundHours(spent[kind] / 3600)
    spent[kind] += period.to - period.from
    const volume = roundHours(roundHours(spent[kind] / 3600) - before)
    const dimensions: Json[] = [{ type: kind, volume }]
    if (period.isCharging) dimensions.unshift({ type: 'ENERGY', volume: period.energy / 1e6 })
    return {
      start_date_time: isoSeconds(plan.startMs + period.from * 1000),
      dimensions,
      tariff_id: tariff.id,
    }
  })
}

/** Ten decimals: at four, 5 minutes would read as 299.88 s and a step of 300 s would still find them short. */
function roundHours(hours: number): number {
  return Number(hours.toFixed(10))
}

function cdrToken(plan: SessionPlan): Json {
  return {
    country_code: plan.emsp.countryCode,
    party_id: plan.emsp.partyId,
    uid: plan.token.uid,
    type: 'RFID',
    contract_id: plan.token.contractId,
  }
}

/** The place as it was, cut to the lengths that a CdrLocation may have (2.2.1, CDRs: CdrLocation class). */
function cdrLocation(plan: SessionPlan, location: Json): Json {
  const evse = objectsIn(location['evses']).find((one) => textOf(one, 'uid') === plan.evseUid) ?? {}
  const connectors = objectsIn(evse['connectors'])
  const connector = connectors.find((one) => textOf(one, 'id') === plan.connectorId) ?? {}
  const name = textOf(location, 'name')
  const postalCode = textOf(location, 'postal_code')
  const coordinates = objectIn(location['coordinates'])
  return {
    id: plan.locationId,
    ...(name === undefined ? {} : { name }),
    address: (textOf(location, 'address') ?? '#NA').slice(0, 45),
    city: (textOf(location, 'city') ?? '#NA').slice(0, 45),
    ...(postalCode === undefined ? {} : { postal_code: postalCode.slice(0, 10) }),
    country: textOf(location, 'country') ?? '#NA',
    coordinates: {
      latitude: textOf(coordinates, 'latitude') ?? String(numberOf(coordinates, 'latitude') ?? 0),
      longitude:
        textOf(coordinates, 'longitude') ?? String(numberOf(coordinates, 'longitude') ?? 0),
    },
    evse_uid: plan.evseUid,
    evse_id: textOf(evse, 'evse_id') ?? '#NA',
    connector_id: plan.connectorId,
    connector_standard: textOf(connector, 'standard') ?? '#NA',
    connector_format: textOf(connector, 'format') ?? '#NA',
    connector_power_type: textOf(connector, 'power_type') ?? '#NA',
  }
}
