import type { Place } from '../../clearing/known.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { contentHash } from '../../ocpi/canonical.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { projectLocation } from '../../store/location-versions.ts'
import { placeIn } from './clear-tariffs.ts'
import type { KnownRow, ReadBefore } from './known-row.ts'

type Found = { id: bigint; old: unknown; gone: unknown; since: Date | null }

/**
 * Where each session was, as the hub knew the Location when it began: an older version, reduced to what CDRs are judged
 * by, where that has changed since. A Location that came after the start is taken as it first was.
 */
export async function readPlaces(
  tx: Tx,
  rows: readonly KnownRow[],
  { locations, zones }: Pick<ReadBefore, 'locations' | 'zones'>,
): Promise<Map<bigint, Place>> {
  const asked = rows.filter(({ location_key: key }) => key !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<Found>(sql`
    select q.id, old.value as old, case when o.deleted_at > q.at then o.value end as gone,
      coalesce(since.valid_until, o.first_received_at, o.received_at) as since
    from unnest(${asked.map(({ id }) => id.toString())}::bigint[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(({ location_key: key }) => key)}::text[],
      ${asked.map((row) => row.started_at ?? row.received_at)}::timestamptz[]) as q (id, owner, object_key, at)
    cross join lateral (
      select first_received_at, received_at, deleted_at, value from objects o
      where o.module = 'locations' and o.owner = q.owner and o.object_key = q.object_key
      order by (o.audience = '*') desc, o.seq desc limit 1
    ) o
    left join lateral (
      select value from location_versions v
      where v.owner = q.owner and v.object_key = q.object_key and v.valid_until > q.at
      order by v.valid_until, v.id limit 1
    ) old on true
    left join lateral (
      select valid_until from location_versions v
      where v.owner = q.owner and v.object_key = q.object_key and v.valid_until <= q.at
      order by v.valid_until desc limit 1
    ) since on true`)
  const byId = new Map(found.map((row) => [row.id, row]))
  return new Map(
    asked.flatMap((row) => {
      const one = byId.get(row.id)
      const key = `${row.owner}/${row.location_key ?? ''}`
      const location = one?.old ?? locations.get(key) ?? one?.gone
      if (!one?.since || !isRecord(location)) return []
      const { evse, connector } = placeIn(row, location)
      const timeZone = zoneOf(one.old) ?? zones.get(key)?.name ?? null
      const place = { location, evse, connector, timeZone, receivedAt: one.since }
      return [[row.id, { ...place, hash: hashOf(location, evse) }]]
    }),
  )
}

/** What an older version says itself. */
function zoneOf(old: unknown): string | null {
  return isRecord(old) && typeof old.time_zone === 'string' ? old.time_zone : null
}

/** Of what is compared: the place and the one EVSE, the same for a Location and for what is kept of it. */
function hashOf(location: unknown, evse: unknown): string {
  const evses = evse === undefined ? [] : [evse]
  const compared = projectLocation({ ...(isRecord(location) ? location : {}), evses })
  return contentHash(compared, new Map()).toString('hex')
}
