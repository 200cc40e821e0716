import { isRecord } from '../validate.ts'
import type { Json, StepWork } from './define.ts'
import {
  embedDown,
  findConnector,
  findEvse,
  knownLocation,
  nearestStandard,
  placeInside,
  unassigned,
} from './embedded-location.ts'
import { aliasUp, changeMember, editObject, loseMembers, within } from './members.ts'
import type { Part } from './members.ts'

/** The place of a CDR: a whole Location in 2.1.1, the flat CdrLocation since 2.2. */

const addressMax = 45

const addressUp: Part = (value, work) => {
  const letters = typeof value === 'string' ? Array.from(value) : []
  if (letters.length <= addressMax) return value
  work.lose('', `has at most ${addressMax} characters in a CDR`)
  return letters.slice(0, addressMax).join('')
}

const takenOver = ['name', 'address', 'city', 'postal_code', 'country', 'coordinates'] as const

/** 2.1.1 location → cdr_location, from its first EVSE and Connector. */
export function writeCdrLocationUp(draft: Json, work: StepWork): void {
  const { location } = draft
  if (!isRecord(location)) return
  loseMembers(draft, work, { names: ['cdr_location'], reason: 'location says it in this version' })
  delete draft['location']
  work.lose('/location', 'only the members of a CdrLocation go on')
  const { evse, connector } = placeInside(location)
  const flat: Json = {
    id: aliasUp(location['id'], work.facts, 'locations'),
    ...Object.fromEntries(takenOver.map((name) => [name, location[name]])),
    evse_uid: evse?.['uid'] ?? unassigned,
    evse_id: evse?.['evse_id'] ?? unassigned,
    connector_id: connector?.['id'] ?? unassigned,
    connector_standard: connector?.['standard'],
    connector_format: connector?.['format'],
    connector_power_type: connector?.['power_type'],
  }
  changeMember(flat, within(work, '/location'), { name: 'address', part: addressUp })
  draft['cdr_location'] = withoutUndefined(flat)
}

/** cdr_location → the Location of a 2.1.1 CDR: what it does not say is taken from the Location of the facts. */
export function writeCdrLocationDown(draft: Json, work: StepWork): void {
  const flat = draft['cdr_location']
  if (!isRecord(flat)) {
    loseMembers(draft, work, { names: ['cdr_location'], reason: 'is no object' })
    return
  }
  loseMembers(draft, work, { names: ['location'], reason: 'is no member of a 2.2.1 CDR' })
  delete draft['cdr_location']
  const inner = within(work, '/cdr_location')
  const location = buildLocation(flat, { work: inner, lastUpdated: draft['last_updated'] })
  draft['location'] = embedDown(location, {
    work,
    lose: (pointer, reason) => {
      const name = flatPointers.get(pointer) ?? pointer
      if (pointer === '/postal_code' || Object.hasOwn(flat, memberOf(name)))
        inner.lose(name, reason)
    },
  })
}

/** Where a member of the rebuilt Location stands in cdr_location. */
const flatPointers = new Map([
  ['/evses/0/connectors/0/standard', '/connector_standard'],
  ['/evses/0/connectors/0/power_type', '/connector_power_type'],
])

function memberOf(pointer: string): string {
  return pointer.split('/')[1] ?? ''
}

type Build = { work: StepWork; lastUpdated: unknown }

/** A 2.2.1 Location of a CdrLocation. */
function buildLocation(flat: Json, { work, lastUpdated }: Build): Json {
  const known = knownLocation(work, flat['id'])
  const {
    evse_uid: uid,
    evse_id: evseId,
    connector_id: _id,
    connector_standard: _standard,
    connector_format: _format,
    connector_power_type: _power,
    ...rest
  } = flat
  const location = {
    ...rest,
    parking_type: known?.['parking_type'],
    time_zone: known?.['time_zone'],
    operator: known?.['operator'],
    last_updated: lastUpdated,
  }
  if (uid === unassigned || uid === undefined) {
    work.lose('/evse_uid', 'no EVSE is assigned, so the Location has none')
    return withoutUndefined(location)
  }
  const evse = {
    uid,
    evse_id: evseId === unassigned ? undefined : evseId,
    status: 'UNKNOWN',
    connectors: [buildConnector(flat, { work, lastUpdated })],
    last_updated: lastUpdated,
  }
  return withoutUndefined({ ...location, evses: [withoutUndefined(evse)] })
}

function buildConnector(flat: Json, { work, lastUpdated }: Build): Json {
  const known = knownLocation(work, flat['id'])
  const evse = known && findEvse(known, flat['evse_uid'])
  const connector = evse && findConnector(evse, flat['connector_id'])
  const voltage = connector?.['max_voltage']
  const amperage = connector?.['max_amperage']
  if (typeof voltage !== 'number' || typeof amperage !== 'number') {
    work.lose('/connector_id', 'has voltage and amperage in 2.1.1; what is not known is 0')
  }
  const powerType = flat['connector_power_type']
  return withoutUndefined({
    id: flat['connector_id'],
    standard: nearestStandard(flat['connector_standard'], {
      work: within(work, '/connector_standard'),
      version: '2.1.1',
      powerType,
    }),
    format: flat['connector_format'],
    power_type: powerType,
    max_voltage: voltage ?? 0,
    max_amperage: amperage ?? 0,
    last_updated: lastUpdated,
  })
}

/** cdr_location of 2.3.0 in 2.2.1, which has fewer connectors. */
export const cdrLocationTo221: Part = editObject((draft, work) => {
  const powerType = draft['connector_power_type']
  changeMember(draft, work, {
    name: 'connector_standard',
    part: (standard, at) => nearestStandard(standard, { work: at, version: '2.2.1', powerType }),
  })
})

function withoutUndefined(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
