import type { Kind } from '../../src/ocpi/adapt/define.ts'
import type { BySince } from '../../src/ocpi/define.ts'
import { cdrs } from '../../src/ocpi/modules/cdrs.ts'
import {
  cancelReservation,
  commandResponse,
  commandResult,
  reserveNow,
  startSession,
  stopSession,
  unlockConnector,
} from '../../src/ocpi/modules/command-schemas.ts'
import { locations } from '../../src/ocpi/modules/locations.ts'
import { sessions } from '../../src/ocpi/modules/sessions.ts'
import { tariffs } from '../../src/ocpi/modules/tariffs.ts'
import { authorization, locationReferences, token } from '../../src/ocpi/modules/token-schemas.ts'
import { isRecord, schemaFor } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'

const children = locations.object?.children ?? []

/** The schemas of everything that can be converted. */
export const SCHEMAS: Record<Kind, BySince> = {
  location: locations.object?.schema ?? {},
  evse: children[0]?.schema ?? {},
  connector: children[1]?.schema ?? {},
  tariff: tariffs.object?.schema ?? {},
  session: sessions.object?.schema ?? {},
  cdr: cdrs.object?.schema ?? {},
  token,
  locationReferences,
  authorizationInfo: authorization,
  startSession,
  stopSession,
  reserveNow,
  cancelReservation,
  unlockConnector,
  commandResponse,
  commandResult,
}

/** The names of all members of a kind in a version, at whatever depth. */
export function memberNames(kind: Kind, version: Version): Set<string> {
  const names = new Set<string>()
  const collect = (schema: unknown): void => {
    if (!isRecord(schema)) return
    const properties = isRecord(schema['properties']) ? schema['properties'] : {}
    for (const [name, member] of Object.entries(properties)) {
      names.add(name)
      collect(member)
    }
    collect(schema['items'])
  }
  collect(schemaFor(SCHEMAS[kind], version))
  return names
}
