import { numberOf, objectsIn, textOf, textsIn } from './json.ts'
import type { Json } from './json.ts'
import { readTariff } from './tariff.ts'
import type { StepTariff } from './tariff.ts'
import { objectKey, partyCode, partyFromCode } from './world.ts'
import type { Supplied, WorldParty } from './world.ts'
import { zoneNamed } from './zone.ts'
import type { Zone } from './zone.ts'

/** Owner of locations whose evse_id names nobody. */
const FALLBACK: WorldParty = { countryCode: 'NL', partyId: 'XXF', name: 'Fallback operator' }

/** First country's zone by ISO 3166 alpha-3; enough for the feeds at hand, anything else is UTC. */
const ZONES: Record<string, string> = {
  NLD: 'Europe/Amsterdam',
  BEL: 'Europe/Brussels',
  DEU: 'Europe/Berlin',
  FRA: 'Europe/Paris',
  LUX: 'Europe/Luxembourg',
  GBR: 'Europe/London',
  IRL: 'Europe/Dublin',
  NOR: 'Europe/Oslo',
  SWE: 'Europe/Stockholm',
  DNK: 'Europe/Copenhagen',
  CHE: 'Europe/Zurich',
  AUT: 'Europe/Vienna',
  ITA: 'Europe/Rome',
  ESP: 'Europe/Madrid',
}

/** A connector where a session can happen and be priced beyond doubt. Power in kW. */
export type Place = {
  cpo: WorldParty
  locationId: string
  evseUid: string
  connectorId: string
  powerMaxKw: number
  tariff: StepTariff
  tariffKey: string
  zone: Zone
}

/** Locations and tariffs ready to be pushed, and what had to be made up for them. */
export type OpenFeed = {
  locations: { owner: WorldParty; body: Json }[]
  tariffs: { owner: WorldParty; body: Json }[]
  places: Place[]
  supplied: Supplied[]
}

/**
 * The party in an eMI3 id: `NL*EFL*E…`, `NLEFLE…`, also in lower case: country, operator, then the `E` of an
 * EVSE. Undefined when the id names none (`NL.SPI.ECO01064*1`).
 */
export function partyOfEvseId(evseId: string): string | undefined {
  const parts = /^([A-Z]{2})([A-Z0-9]{3})E/.exec(evseId.replaceAll('*', '').toUpperCase())
  return parts ? `${parts[1]}-${parts[2]}` : undefined
}

/** Completes a national feed that lost its owners: see `supplied` of the result for what was done. */
export function completeFeed(rawLocations: Json[], rawTariffs: Json[]): OpenFeed {
  const tally = new Map<string, number>()
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1)
  const locations = rawLocations.flatMap((raw) => completeLocation(raw, count))
  const tariffs = rawTariffs.flatMap((body) => {
    const countryCode = textOf(body, 'country_code')
    const partyId = textOf(body, 'party_id')
    if (countryCode === undefined || partyId === undefined || !isWhole(body)) {
      count('tariffs left out: no owner, id or last_updated')
      return []
    }
    return [{ owner: { countryCode, partyId, name: `${countryCode}-${partyId}` }, body }]
  })
  const known = tariffsById(tariffs)
  const places = locations.flatMap((location) => placesOf(location, known, count))
  return {
    locations,
    tariffs,
    places,
    supplied: [...tally].map(([what, times]) => ({ what, count: times })),
  }
}

function isWhole(raw: Json): boolean {
  return textOf(raw, 'id') !== undefined && textOf(raw, 'last_updated') !== undefined
}

function completeLocation(raw: Json, count: (what: string) => void) {
  if (!isWhole(raw)) {
    count('locations left out: no id or last_updated')
    return []
  }
  const owner = ownerOf(raw, count)
  const zone = textOf(raw, 'time_zone') ?? ZONES[textOf(raw, 'country') ?? ''] ?? 'UTC'
  if (textOf(raw, 'time_zone') === undefined) count(`time_zone ${zone} from the country`)
  if (typeof raw['publish'] !== 'boolean') count('publish true')
  const body: Json = {
    ...raw,
    country_code: owner.countryCode,
    party_id: owner.partyId,
    publish: typeof raw['publish'] === 'boolean' ? raw['publish'] : true,
    time_zone: zone,
  }
  return [{ owner, body }]
}

function ownerOf(raw: Json, count: (what: string) => void): WorldParty {
  const countryCode = textOf(raw, 'country_code')
  const partyId = textOf(raw, 'party_id')
  if (countryCode !== undefined && partyId !== undefined) {
    return { countryCode, partyId, name: `${countryCode}-${partyId}` }
  }
  for (const evse of objectsIn(raw['evses'])) {
    const code = partyOfEvseId(textOf(evse, 'evse_id') ?? '')
    if (code !== undefined) {
      count('location owner out of an evse_id')
      return partyFromCode(code)
    }
  }
  count(`location owner ${partyCode(FALLBACK)} (${FALLBACK.name}): no evse_id names one`)
  return FALLBACK
}

type TariffsById = Map<string, { owner: WorldParty; body: Json; read: StepTariff | undefined }>

/** Connectors name a tariff by its id alone, so that is how it is found; an id of two owners is no answer. */
function tariffsById(tariffs: OpenFeed['tariffs']): TariffsById {
  const found: TariffsById = new Map()
  for (const { owner, body } of tariffs) {
    const id = textOf(body, 'id') ?? ''
    const read = readTariff(body)
    const isDouble = found.has(id)
    found.set(id, { owner, body, read: 'unpriceable' in read || isDouble ? undefined : read })
  }
  return found
}

function placesOf(
  location: OpenFeed['locations'][number],
  tariffs: TariffsById,
  count: (what: string) => void,
): Place[] {
  const { owner, body } = location
  const zone = zoneNamed(textOf(body, 'time_zone') ?? 'UTC')
  const found: Place[] = []
  for (const evse of objectsIn(body['evses'])) {
    const evseUid = textOf(evse, 'uid')
    if (evseUid === undefined || textOf(evse, 'evse_id') === undefined) continue
    if (textOf(evse, 'status') === 'REMOVED') continue
    for (const connector of objectsIn(evse['connectors'])) {
      const connectorId = textOf(connector, 'id')
      const [tariffId, ...more] = textsIn(connector['tariff_ids'])
      if (connectorId === undefined || tariffId === undefined || more.length > 0) continue
      const tariff = tariffs.get(tariffId)
      if (!tariff) count('connectors whose tariff is not in the feed: no session there')
      const powerMaxKw = connectorPowerKw(connector)
      if (!tariff?.read || powerMaxKw <= 0) continue
      found.push({
        cpo: owner,
        locationId: textOf(body, 'id') ?? '',
        evseUid,
        connectorId,
        powerMaxKw,
        tariff: tariff.read,
        tariffKey: objectKey(tariff.owner, tariffId),
        zone,
      })
    }
  }
  return found
}

/**
 * The most a connector can give, in kW, cautiously: the lower of what it claims and what its volts and amperes
 * allow. Three-phase volts are line to neutral (2.2.1, Locations: Connector); 400 V is read as line to line.
 */
export function connectorPowerKw(connector: Json): number {
  const volts = numberOf(connector, 'max_voltage') ?? 0
  const amperes = numberOf(connector, 'max_amperage') ?? 0
  const claimed = numberOf(connector, 'max_electric_power') ?? 0
  const isThreePhase = textOf(connector, 'power_type') === 'AC_3_PHASE'
  const phases = !isThreePhase ? 1 : volts >= 300 ? Math.sqrt(3) : 3
  const wired = (volts * amperes * phases) / 1000
  return claimed > 0 ? Math.min(wired, claimed / 1000) : wired
}
