import { foldKey } from '../primitives.ts'
import { isRecord } from '../validate.ts'
import type { Json, StepWork } from './define.ts'
import { connectorTypeDown } from './location-values.ts'
import type { LowerVersion } from './location-values.ts'
import { locationSteps } from './locations.ts'
import { aliasUp, loseMembers } from './members.ts'

/** 2.1.1 Sessions and CDRs hold a Location with the one EVSE and Connector; later versions hold ids. */

/** What stands for an EVSE or Connector that was never assigned (2.2.1 mod_sessions and mod_cdrs). */
export const unassigned = '#NA'

/** The EVSE and Connector that an embedded Location is about: the first ones. */
export function placeInside(location: Json): {
  evse: Json | undefined
  connector: Json | undefined
} {
  const evse = firstRecord(location['evses'])
  return { evse, connector: evse && firstRecord(evse['connectors']) }
}

function firstRecord(list: unknown): Json | undefined {
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  return isRecord(first) ? first : undefined
}

/**
 * Steps a 2.2.1 Location down that is part of another object. It is sent to the one whose driver charged there, so it
 * may be one that is not published. `lose` hears what the step lost, with pointers into the Location.
 */
export function embedDown(
  location: Json,
  { work, lose }: { work: StepWork; lose?: StepWork['lose'] },
): Json {
  const inner: StepWork = {
    facts: work.facts,
    partial: false,
    lose: lose ?? (() => undefined),
    withhold: lose ?? (() => undefined),
  }
  const step = locationSteps['2.2.1>2.1.1']
  const open = { ...location, publish: true }
  return step ? step(open, inner) : open
}

/**
 * The ConnectorType for a value that the version may not have. In a Session or CDR the plug is a side matter, so the
 * usual one of the same kind of current stands in, and the object can be sent.
 */
export function nearestStandard(
  standard: unknown,
  { work, version, powerType }: { work: StepWork; version: LowerVersion; powerType: unknown },
): unknown {
  const known = connectorTypeDown(standard, work, version)
  if (known !== undefined || standard === undefined) return known
  const nearest = powerType === 'DC' ? 'IEC_62196_T2_COMBO' : 'IEC_62196_T2'
  work.lose('', `${String(standard)} is not in ${version} and becomes ${nearest}`)
  return nearest
}

/** The EVSE with that uid, whatever its case, in a Location of the store. */
export function findEvse(location: Json, uid: unknown): Json | undefined {
  return findById(location['evses'], { member: 'uid', id: uid })
}

/** The Connector with that id, whatever its case, in an EVSE of the store. */
export function findConnector(evse: Json, id: unknown): Json | undefined {
  return findById(evse['connectors'], { member: 'id', id })
}

function findById(
  list: unknown,
  { member, id }: { member: string; id: unknown },
): Json | undefined {
  if (!Array.isArray(list)) return undefined
  return list.filter(isRecord).find((item) => isSameId(item[member], id))
}

/** The Location of the facts, when it is the one with this id. */
export function knownLocation(work: StepWork, id: unknown): Json | undefined {
  const { location } = work.facts
  return isRecord(location) && isSameId(location['id'], id) ? location : undefined
}

function isSameId(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && foldKey(a) === foldKey(b)
}

const idNames = ['location_id', 'evse_uid', 'connector_id'] as const

/** The Location of a 2.1.1 Session becomes its ids. */
export function writePlaceUp(draft: Json, work: StepWork): void {
  const { location } = draft
  if (!isRecord(location)) return
  loseMembers(draft, work, { names: idNames, reason: 'location says it in this version' })
  delete draft['location']
  work.lose('/location', 'only its ids and those of its EVSE and Connector go on')
  const { evse, connector } = placeInside(location)
  const absent = work.partial ? undefined : unassigned
  const ids = {
    location_id: aliasUp(location['id'], work.facts, 'locations'),
    evse_uid: evse?.['uid'] ?? absent,
    connector_id: connector?.['id'] ?? absent,
  }
  for (const name of idNames) if (ids[name] !== undefined) draft[name] = ids[name]
}

/** The ids of a Session become the Location of the facts with only that EVSE and Connector. */
export function writePlaceDown(draft: Json, work: StepWork): void {
  const given = idNames.filter((name) => Object.hasOwn(draft, name))
  const [first] = given
  if (first === undefined) return
  if (given.length < idNames.length) {
    work.withhold(`/${first}`, 'names only a part of the place, and 2.1.1 has the whole Location')
    return
  }
  const location = knownLocation(work, draft['location_id'])
  if (!location) {
    work.withhold('/location_id', '2.1.1 has the whole Location, and the hub does not know it')
    return
  }
  const evses = evsesOf({ draft, location, work })
  if (!evses) return
  loseMembers(draft, work, { names: ['location'], reason: 'is no member of a 2.2.1 Session' })
  for (const name of idNames) delete draft[name]
  const { evses: _, ...rest } = location
  draft['location'] = embedDown(evses.length === 0 ? rest : { ...rest, evses }, { work })
}

type PlaceSearch = { draft: Json; location: Json; work: StepWork }

/** The EVSE of the session with its Connector, none for an unassigned one; undefined when the object is withheld. */
function evsesOf({ draft, location, work }: PlaceSearch): Json[] | undefined {
  if (draft['evse_uid'] === unassigned) {
    work.lose('/evse_uid', 'no EVSE is assigned, so the Location has none')
    return []
  }
  const evse = findEvse(location, draft['evse_uid'])
  if (!evse) {
    work.withhold('/evse_uid', 'the Location that the hub knows has no such EVSE')
    return undefined
  }
  if (draft['connector_id'] === unassigned) {
    work.lose('/connector_id', 'no Connector is assigned, so the EVSE has all')
    const all = Array.isArray(evse['connectors']) ? evse['connectors'].filter(isRecord) : []
    return [{ ...evse, connectors: all.map((each) => sayable(each, work)) }]
  }
  const connector = findConnector(evse, draft['connector_id'])
  if (!connector) {
    work.withhold('/connector_id', 'the EVSE that the hub knows has no such Connector')
    return undefined
  }
  return [{ ...evse, connectors: [sayable(connector, work)] }]
}

/** A Connector that 2.1.1 has a name for; what it lost is not the session's. */
function sayable(connector: Json, work: StepWork): Json {
  const standard = nearestStandard(connector['standard'], {
    work: { ...work, lose: () => undefined },
    version: '2.1.1',
    powerType: connector['power_type'],
  })
  return standard === undefined ? connector : { ...connector, standard }
}
