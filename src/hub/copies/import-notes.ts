import { foldUpper, readTime } from '../../ocpi/primitives.ts'
import { evseIdKey, isEmi3 } from '../../ocpi/evse-id.ts'
import { zoneOfCountry } from '../../ocpi/time-zone-of.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { ZoneFinder } from '../../store/place-zone.ts'

type Json = Record<string, unknown>

type Known = { now: Date; zoneAt: ZoneFinder }

const STALE_MS = 90 * 86_400_000

/**
 * What is odd about an object and kept as sent, one entry per place where it is found: nothing the hub may mend, all of
 * it worth counting. Pure. `value` is the one the hub works with.
 */
export function notesOf(module: string, value: Json, known: Known): string[] {
  if (module === 'locations') return locationNotes(value, known)
  return module === 'tariffs' ? tariffNotes(value, known.now) : []
}

type Rule<Subject> = readonly [note: string, holds: (subject: Subject) => boolean]

function locationNotes(location: Json, { now, zoneAt }: Known): string[] {
  const evses = records(location.evses)
  return [
    ...notes(LOCATION_RULES, [location]),
    ...notes(PLACE_RULES, [{ location, zoneAt }]),
    ...notes(
      EVSE_RULES,
      evses.map((evse) => ({ evse, now })),
    ),
    ...notes(
      CONNECTOR_RULES,
      evses.flatMap((evse) => records(evse.connectors)),
    ),
  ]
}

const LOCATION_RULES: readonly Rule<Json>[] = [
  ['location: older than one of its EVSEs', (l) => records(l.evses).some((e) => isOlder(l, e))],
  [
    'location: blanks around a text, or control characters in it',
    (l) => TEXTS.some((n) => isRagged(l[n])),
  ],
  ['location: an evse_id twice', (l) => hasTwice(records(l.evses).map((e) => evseKey(e)))],
  ['location: an EVSE uid twice', (l) => hasTwice(records(l.evses).map((e) => text(e.uid)))],
  ['location: coordinates 0,0', ({ coordinates }) => isNullIsland(coordinates)],
  ['location: members of OCPI 2.1.1; import it with version=2.1.1 if it is one', isOldLocation],
]

const PLACE_RULES: readonly Rule<Place>[] = [
  ['location: coordinates on another continent than the country', isFarAway],
]

const TEXTS = ['name', 'address', 'city', 'postal_code']

const EVSE_RULES: readonly Rule<{ evse: Json; now: Date }>[] = [
  ['EVSE: not updated for 90 days', ({ evse, now }) => ageMs(evse, now) > STALE_MS],
  ['EVSE: removed, but still listed', ({ evse }) => evse.status === 'REMOVED'],
  [
    'EVSE: older than its connector',
    ({ evse }) => records(evse.connectors).some((c) => isOlder(evse, c)),
  ],
  ['EVSE: coordinates 0,0', ({ evse }) => isNullIsland(evse.coordinates)],
  ['EVSE: no evse_id', ({ evse }) => evse.evse_id === undefined && evse.status !== 'REMOVED'],
  [
    'EVSE: an evse_id of another form than eMI3',
    ({ evse }) => typeof evse.evse_id === 'string' && !isEmi3(evse.evse_id),
  ],
  [
    'EVSE: the same capability twice',
    ({ evse }) => Array.isArray(evse.capabilities) && hasTwice(evse.capabilities.map(text)),
  ],
  ['EVSE: floor_level that is the beginning of a name', ({ evse }) => isRagged(evse.floor_level)],
]

const CONNECTOR_RULES: readonly Rule<Json>[] = [
  ['connector: no tariff', (c) => !Array.isArray(c.tariff_ids) || c.tariff_ids.length === 0],
  [
    'connector: three phases with the voltage between them',
    (c) => c.power_type === 'AC_3_PHASE' && number(c.max_voltage) >= 380,
  ],
  [
    'connector: a DC plug as SOCKET',
    (c) => c.format === 'SOCKET' && /COMBO|CHADEMO/.test(text(c.standard)),
  ],
  ['connector: Type 2 with DC', (c) => c.standard === 'IEC_62196_T2' && c.power_type === 'DC'],
  [
    'connector: AC above 100 kW',
    (c) => text(c.power_type).startsWith('AC') && number(c.max_electric_power) > 100_000,
  ],
  ['connector: DC below 300 V', (c) => c.power_type === 'DC' && number(c.max_voltage) < 300],
  ['connector: no ampere or no watt', (c) => c.max_amperage === 0 || c.max_electric_power === 0],
]

function tariffNotes(tariff: Json, now: Date): string[] {
  const elements = records(tariff.elements)
  const components = elements.flatMap((element) => records(element.price_components))
  const isZero = components.length > 0 && components.every(({ price }) => price === 0)
  return [
    ...notes(TARIFF_RULES, [{ tariff, elements, now }]),
    ...(isZero ? ['tariff: every price is 0'] : []),
    ...notes(COMPONENT_RULES, components),
    ...notes(RESTRICTION_RULES, records(elements.map(({ restrictions }) => restrictions))),
  ]
}

const TARIFF_RULES: readonly Rule<{ tariff: Json; elements: Json[]; now: Date }>[] = [
  [
    'tariff: every element is restricted, a session may have no price',
    ({ elements }) => elements.length > 0 && elements.every(isRestricted),
  ],
  ['tariff: no longer valid', ({ tariff, now }) => isBefore(readTime(tariff.end_date_time), now)],
  ['tariff: a currency that is not the country’s', ({ tariff }) => isForeign(tariff)],
  ['tariff: not updated for a year', ({ tariff, now }) => ageMs(tariff, now) > 365 * 86_400_000],
]

const COMPONENT_RULES: readonly Rule<Json>[] = [
  ['price: vat is absent, taxes are unknown', ({ vat, price }) => vat === undefined && price !== 0],
  ['price: step_size 0', ({ step_size }) => step_size === 0],
  [
    'price: energy in steps of whole kWh',
    ({ type, step_size }) => type === 'ENERGY' && number(step_size) >= 1000,
  ],
  ['price: more than 2 for a kWh', ({ type, price }) => type === 'ENERGY' && number(price) > 2],
  [
    'price: time in steps of an hour or more',
    ({ type, step_size }) => type === 'TIME' && number(step_size) >= 3600,
  ],
]

const RESTRICTION_RULES: readonly Rule<Json>[] = [
  [
    'restriction: a day that ends at 23:59 and lacks its last minute',
    ({ end_time }) => end_time === '23:59',
  ],
  [
    'restriction: a window from a time to the same time',
    ({ start_time, end_time }) => start_time !== undefined && start_time === end_time,
  ],
  [
    'restriction: a window over midnight',
    ({ start_time, end_time }) => text(start_time) > text(end_time) && end_time !== undefined,
  ],
]

function notes<Subject>(rules: readonly Rule<Subject>[], subjects: readonly Subject[]): string[] {
  return subjects.flatMap((subject) =>
    rules.flatMap(([note, holds]) => (holds(subject) ? [note] : [])),
  )
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}

function evseKey(evse: Json): string {
  return evseIdKey(text(evse.evse_id))
}

function hasTwice(texts: readonly string[]): boolean {
  const known = texts.filter((one) => one !== '')
  return new Set(known).size < known.length
}

function isRagged(value: unknown): boolean {
  return typeof value === 'string' && (value !== value.trim() || /[\u0000-\u001f]/.test(value))
}

function isNullIsland(place: unknown): boolean {
  return isRecord(place) && Number(place.latitude) === 0 && Number(place.longitude) === 0
}

function isOlder(parent: Json, child: Json): boolean {
  return isBefore(readTime(parent.last_updated), readTime(child.last_updated))
}

function isBefore(time: Date | null, other: Date | null): boolean {
  return time !== null && other !== null && time < other
}

function ageMs(value: Json, now: Date): number {
  const time = readTime(value.last_updated)
  return time === null ? 0 : now.getTime() - time.getTime()
}

type Place = { location: Json; zoneAt: ZoneFinder }

/** By the continents of IANA zones: some charge points just across a border are as they should be. */
function isFarAway({ location, zoneAt }: Place): boolean {
  const there = zoneAt(location)
  const here = zoneOfCountry(location)
  return there !== undefined && here !== undefined && continentOf(there) !== continentOf(here)
}

function continentOf(zone: string): string {
  return zone.split('/', 1)[0] ?? ''
}

function isOldLocation(location: Json): boolean {
  const isOldConnector = ({ voltage, amperage }: Json): boolean =>
    voltage !== undefined || amperage !== undefined
  return records(location.evses).some((evse) => records(evse.connectors).some(isOldConnector))
}

function isRestricted({ restrictions }: Json): boolean {
  return isRecord(restrictions) && Object.keys(restrictions).length > 0
}

/** Countries whose chargers are priced in one currency that is not the euro (ISO 4217, list one). */
const CURRENCIES: ReadonlyMap<string, string> = new Map([
  ['CH', 'CHF'],
  ['CZ', 'CZK'],
  ['DK', 'DKK'],
  ['GB', 'GBP'],
  ['HU', 'HUF'],
  ['IS', 'ISK'],
  ['NO', 'NOK'],
  ['PL', 'PLN'],
  ['RO', 'RON'],
  ['SE', 'SEK'],
  ['US', 'USD'],
])

function isForeign(tariff: Json): boolean {
  const usual = CURRENCIES.get(foldUpper(text(tariff.country_code)))
  return usual !== undefined && foldUpper(text(tariff.currency)) !== usual
}
