import type { Kind } from '../../src/ocpi/adapt/define.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from './ask.ts'
import { cdrOf, cdrTokenOf, locationOf, sessionOf, tariffOf, tokenOf } from './objects.ts'
import type { Json } from './objects.ts'
import {
  cdr211,
  location211,
  secondsFromNow,
  session211,
  tariff211,
  token211,
} from './objects-211.ts'

/** Who takes part in a story, and the ids of everything in it. */
export type Scene = {
  cpo: string
  emsp: string
  location: string
  evse: string
  tariff: string
  card: string
  session: string
  cdr: string
  start: string
  middle: string
  end: string
  /** When what was told before the charge is changed. */
  changed: string
}

const HOUR_MS = 3_600_000

/** A scene whose ids end with `tag`; its charge took the hour before the last. */
export function sceneOf(parties: { cpo: string; emsp: string }, tag: string): Scene {
  return {
    ...parties,
    location: `L-${tag}`,
    evse: `E-${tag}`,
    tariff: `T-${tag}`,
    card: `CARD-${tag}`,
    session: `S-${tag}`,
    cdr: `C-${tag}`,
    start: secondsFromNow(-2 * HOUR_MS),
    middle: secondsFromNow(-1.5 * HOUR_MS),
    end: secondsFromNow(-HOUR_MS),
    changed: secondsFromNow(-HOUR_MS / 2),
  }
}

/** The objects of a scene as a partner of one version writes them. */
export type Words = {
  location: Json
  tariff: Json
  token: Json
  /** A session of 4 kWh that goes on. */
  session: Json
  /** What makes it 10 kWh: in 2.1.1 the list of periods is the whole one, later versions append. */
  sessionPatch: Json
  /** The session after the patch. */
  sessionGoingOn: Json
  sessionDone: Json
  /** 10 kWh for 3.00 net. */
  cdr: Json
}

/** How a version says all that. */
export function wordsOf(version: Version, scene: Scene): Words {
  const isOld = version === '2.1.1'
  const local = renaming({ L1: scene.location, E1: scene.evse, T1: scene.tariff })
  const tariff = local(tariffWords(version, scene.cpo))
  const period = (start_date_time: string, volume: number) => ({
    start_date_time,
    dimensions: [{ type: 'ENERGY', volume }],
  })
  const periods = [period(scene.start, 4), period(scene.middle, 6)]
  const [first, second] = periods
  const session = local({ ...sessionWords(version, scene), charging_periods: [first] })
  const grown = { kwh: 10, last_updated: scene.end }
  const endName = isOld ? 'end_datetime' : 'end_date_time'
  const sessionGoingOn = { ...session, ...grown, charging_periods: periods }
  return {
    location: local(locationWords(version, scene.cpo)),
    tariff,
    token: tokenWords(version, scene),
    session,
    sessionPatch: { ...grown, charging_periods: isOld ? periods : [second] },
    sessionGoingOn,
    sessionDone: {
      ...sessionGoingOn,
      [endName]: scene.end,
      total_cost: costIn(version, 3),
      status: 'COMPLETED',
    },
    cdr: local({ ...cdrWords(version, scene), tariffs: [tariff] }),
  }
}

/** A copy in which every string that is one of these names is another. */
function renaming(names: Readonly<Record<string, string>>): (object: Json) => Json {
  return (object) =>
    JSON.parse(JSON.stringify(object), (_, value: unknown) =>
      typeof value === 'string' ? (names[value] ?? value) : value,
    )
}

function locationWords(version: Version, cpo: string): Json {
  if (version === '2.1.1') return location211('L1')
  const common = locationOf(cpo, 'L1', {
    postal_code: '3511ED',
    parking_type: 'ON_STREET',
    last_updated: secondsFromNow(-HOUR_MS),
  })
  if (version === '2.2.1') return { ...common, state: 'UT' }
  const place = { vehicle_types: ['VAN'], restricted_to_type: false, reservation_required: false }
  return { ...common, parking_places: [{ id: 'P1', ...place }], help_phone: '+31301234567' }
}

function tariffWords(version: Version, cpo: string): Json {
  const last_updated = secondsFromNow(-3 * HOUR_MS)
  if (version === '2.1.1') return tariff211('T1', { last_updated })
  if (version === '2.2.1')
    return tariffOf(cpo, 'T1', { last_updated, min_price: { excl_vat: 1, incl_vat: 1.2 } })
  const min_price = { before_taxes: 1, after_taxes: 1.2 }
  return tariffOf(cpo, 'T1', { last_updated, min_price, tax_included: 'NO' })
}

const contractOf = ({ emsp, card }: Scene) => cdrTokenOf(emsp, card)['contract_id']

function tokenWords(version: Version, scene: Scene): Json {
  const last_updated = secondsFromNow(-3 * HOUR_MS)
  return version === '2.1.1'
    ? token211(scene.card, { auth_id: contractOf(scene), last_updated })
    : tokenOf(scene.emsp, scene.card, { last_updated })
}

function sessionWords(version: Version, scene: Scene): Json {
  const { cpo, emsp, card, session: id, start, middle } = scene
  const more = { status: 'ACTIVE', last_updated: middle, kwh: 4 }
  const { end_datetime: _, ...old } = session211(
    { id, contract: String(contractOf(scene)) },
    { ...more, start_datetime: start },
  )
  if (version === '2.1.1') return old
  const charge = { owner: cpo, payer: emsp, id, uid: card, evse: 'E1' }
  const { end_date_time: __, ...later } = sessionOf(charge, { ...more, start_date_time: start })
  return later
}

function cdrWords(version: Version, scene: Scene): Json {
  const { cpo, emsp, card, session, cdr: id, start, end } = scene
  if (version === '2.1.1') {
    const { charging_periods, ...cdr } = cdr211(
      { id, contract: String(contractOf(scene)) },
      { start_date_time: start, stop_date_time: end, last_updated: end },
    )
    return { ...cdr, charging_periods: startingAt(charging_periods, start) }
  }
  const cdr = cdrOf({ owner: cpo, payer: emsp, id, uid: card, session, evse: 'E1' })
  return {
    ...cdr,
    start_date_time: start,
    end_date_time: end,
    last_updated: end,
    charging_periods: startingAt(cdr['charging_periods'], start),
    total_cost: costIn(version, 3),
    total_energy_cost: costIn(version, 3),
  }
}

function startingAt(periods: unknown, start_date_time: string): Json[] {
  return items(periods).map((period) => ({ ...Object(period), start_date_time }))
}

/** An amount with 20 % VAT where the version has it. */
export function costIn(version: Version, net: number): unknown {
  const tax = Math.round(net * 20) / 100
  if (version === '2.1.1') return net
  if (version === '2.2.1') return { excl_vat: net, incl_vat: net + tax }
  return { before_taxes: net, taxes: [{ name: 'VAT', percentage: 20, amount: tax }] }
}

/** What every version can say of an object, in one form: two of them are equal when they say the same. */
export function said(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case 'location':
      return { ...placeSaid(value), updated: timeOf(at(value, 'last_updated')) }
    case 'tariff':
      return tariffSaid(value)
    case 'token':
      return {
        ...picked(value, ['uid', 'type', 'issuer', 'valid', 'whitelist']),
        contract: either(value, 'contract_id', 'auth_id'),
        updated: timeOf(at(value, 'last_updated')),
      }
    case 'session':
      return { ...chargeSaid(value), ...picked(value, ['kwh', 'status']) }
    case 'cdr':
      return {
        ...chargeSaid(value),
        ...picked(value, ['total_energy', 'total_time']),
        tariffs: items(at(value, 'tariffs')).map(tariffSaid),
      }
    default:
      return value
  }
}

/** Of the first EVSE and Connector. */
function placeSaid(value: unknown): Json {
  const evse = at(value, 'evses', 0)
  const plug = at(evse, 'connectors', 0)
  return {
    ...picked(value, ['id', 'address', 'city', 'country', 'postal_code']),
    type: either(value, 'parking_type', 'type'),
    coordinates: ['latitude', 'longitude'].map((name) => Number(at(value, 'coordinates', name))),
    evse: picked(evse, ['uid', 'evse_id', 'status']),
    connector: picked(plug, ['id', 'standard', 'format', 'power_type']),
    power: [either(plug, 'max_voltage', 'voltage'), either(plug, 'max_amperage', 'amperage')],
    tariff: at(plug, 'tariff_ids', 0) ?? at(plug, 'tariff_id'),
  }
}

function tariffSaid(value: unknown): Json {
  return {
    ...picked(value, ['id', 'currency', 'tariff_alt_url']),
    elements: items(at(value, 'elements')).map((element) => [
      at(element, 'restrictions'),
      ...items(at(element, 'price_components')).map((component) =>
        picked(component, ['type', 'price', 'step_size']),
      ),
    ]),
    updated: timeOf(at(value, 'last_updated')),
  }
}

function chargeSaid(value: unknown): Json {
  const old = at(value, 'location')
  const flat = at(value, 'cdr_location')
  return {
    ...picked(value, ['id', 'currency', 'auth_method']),
    contract: at(value, 'cdr_token', 'contract_id') ?? at(value, 'auth_id'),
    start: timeOf(either(value, 'start_date_time', 'start_datetime')),
    end: timeOf(either(value, 'end_date_time', 'stop_date_time', 'end_datetime')),
    updated: timeOf(at(value, 'last_updated')),
    location: at(value, 'location_id') ?? at(flat, 'id') ?? at(old, 'id'),
    evse: either(value, 'evse_uid') ?? at(flat, 'evse_uid') ?? at(old, 'evses', 0, 'uid'),
    connector:
      at(value, 'connector_id') ??
      at(flat, 'connector_id') ??
      at(old, 'evses', 0, 'connectors', 0, 'id'),
    net: netOf(at(value, 'total_cost')),
    periods: items(at(value, 'charging_periods')).map((period) => [
      timeOf(at(period, 'start_date_time')),
      at(period, 'dimensions'),
    ]),
  }
}

/** An amount without VAT. */
function netOf(cost: unknown): unknown {
  return typeof cost === 'number' ? cost : either(cost, 'excl_vat', 'before_taxes')
}

function timeOf(value: unknown): unknown {
  return typeof value === 'string' ? Date.parse(value) : value
}

function either(value: unknown, ...names: string[]): unknown {
  return names.map((name) => at(value, name)).find((member) => member !== undefined)
}

function picked(value: unknown, names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, at(value, name)]))
}
