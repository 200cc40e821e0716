import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { ObjectPlace } from './objects.ts'

type Json = Record<string, unknown>

/** What of a Location CDRs are judged by. */
export type LocationProjection = {
  country?: unknown
  coordinates?: unknown
  time_zone?: unknown
  evses: Json[]
}

const OF_CONNECTOR = [
  'id',
  'standard',
  'power_type',
  'max_voltage',
  'max_amperage',
  'max_electric_power',
] as const

/** The place, the zone, the EVSEs and the power of their connectors, out of the working value of a Location. */
export function projectLocation(value: unknown): LocationProjection {
  const location = isRecord(value) ? value : {}
  const at = isRecord(location.coordinates) ? location.coordinates : {}
  return {
    country: location.country,
    coordinates: { latitude: at.latitude, longitude: at.longitude },
    time_zone: location.time_zone,
    evses: records(location.evses).map((evse) => ({
      uid: evse.uid,
      evse_id: evse.evse_id,
      connectors: records(evse.connectors).map((connector) =>
        Object.fromEntries(OF_CONNECTOR.map((name) => [name, connector[name]])),
      ),
    })),
  }
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

type Known = ObjectPlace & { value: unknown }

/**
 * Keeps Locations as they were where what CDRs are judged by has changed. `before` by place key, as readObjects answers;
 * what was not there before leaves nothing. Changes of a status, an opening time or a picture cost a comparison.
 */
export async function keepLocationVersions(
  tx: Tx,
  changes: readonly { before: Known; after: Known }[],
): Promise<void> {
  const old = changes.flatMap(({ before, after }) => {
    if (before.module !== 'locations') return []
    const text = JSON.stringify(projectLocation(before.value))
    return text === JSON.stringify(projectLocation(after.value)) ? [] : [{ before, text }]
  })
  if (old.length === 0) return
  await tx.rows(sql`
    insert into location_versions (owner, object_key, value)
    select * from unnest(${old.map(({ before }) => before.owner)}::text[],
      ${old.map(({ before }) => before.key)}::text[], ${old.map(({ text }) => text)}::jsonb[])`)
}
