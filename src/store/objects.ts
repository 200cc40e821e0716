import type { Sql, Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { isRecord } from '../ocpi/validate.ts'
import { zoneOfPlace } from './place-zone.ts'
import type { PlaceZone } from './place-zone.ts'

/** Where an object stands: '*' when it is meant for everyone, else the one party it was addressed to. */
export type ObjectPlace = { module: string; owner: string; key: string; audience: string }

/** The current object of a place: the text its owner sent and the value read from it. */
export type StoredObject = ObjectPlace & {
  seq: bigint
  ocpiVersion: string
  original: string
  value: unknown
  lastUpdated: Date
  deleted: boolean
  platformId: string
  source: ObjectSource
  /** Members of `value` that the hub filled in because its owner's feed had lost them; they stand in `original` too. */
  supplied: readonly string[]
}

/** push – its owner sent it; pull – the hub fetched it; import – an operator read it out of a feed. */
export type ObjectSource = 'push' | 'pull' | 'import'

/** `source` is push and `supplied` empty when they are absent. */
export type NewObject = ObjectPlace & {
  platformId: string
  ocpiVersion: string
  original: string
  value: unknown
  lastUpdated: Date
  deleted: boolean
  source?: ObjectSource
  supplied?: readonly string[]
}

type Raw = {
  seq: bigint
  module: string
  owner: string
  object_key: string
  audience: string
  ocpi_version: string
  original: string
  value: unknown
  last_updated: Date
  deleted: boolean
  platform_id: string
  source: ObjectSource
  supplied: string[]
}

/** The subject under which work and CDRs wait for an object, whoever its audience is. */
export function objectSubject(place: { module: string; owner: string; key: string }): string {
  return `${place.module}|${place.owner}|${place.key}`
}

/**
 * Takes transaction locks on subjects in one order: exclusive ones for writers, shared ones for those who judge by what
 * they read. Two holders of one subject never run at once, so nobody waits for a change that has just happened.
 */
export async function lockSubjects(
  tx: Tx,
  subjects: readonly { subject: string; exclusive: boolean }[],
): Promise<void> {
  if (subjects.length === 0) return
  await tx.rows(sql`
    select case when exclusive then pg_advisory_xact_lock(k) else pg_advisory_xact_lock_shared(k) end
    from (
      select hashtextextended(subject, 0) as k, bool_or(exclusive) as exclusive
      from unnest(${subjects.map((s) => s.subject)}::text[], ${subjects.map((s) => s.exclusive)}::boolean[])
        as s (subject, exclusive)
      group by 1 order by 1 offset 0
    ) ordered`)
}

/** The current objects of places, deleted ones included. */
export async function readObjects(
  client: Sql,
  places: readonly ObjectPlace[],
): Promise<Map<string, StoredObject>> {
  if (places.length === 0) return new Map()
  const rows = await client.rows<Raw>(sql`
    select o.seq, o.module, o.owner, o.object_key, o.audience, o.ocpi_version, o.original, o.value, o.last_updated,
      o.deleted_at is not null as deleted, o.platform_id, o.source, o.supplied
    from objects o join unnest(${places.map((p) => p.module)}::text[], ${places.map((p) => p.owner)}::text[],
      ${places.map((p) => p.key)}::text[], ${places.map((p) => p.audience)}::text[])
      as p (module, owner, object_key, audience) using (module, owner, object_key, audience)`)
  return new Map(rows.map((row) => [placeKey(fromRaw(row)), fromRaw(row)]))
}

/** The map key of a place. */
export function placeKey(place: ObjectPlace): string {
  return `${place.module}|${place.owner}|${place.key}|${place.audience}`
}

/**
 * Writes current objects set-wise, Locations with the zone that their sessions are priced by. The caller holds the
 * subjects' locks. Returns the places that were new.
 */
export async function writeObjects(tx: Tx, objects: readonly NewObject[]): Promise<Set<string>> {
  if (objects.length === 0) return new Set()
  const zones = await zonesOf(objects)
  const rows = await tx.rows<{
    module: string
    owner: string
    object_key: string
    audience: string
    is_new: boolean
  }>(sql`
    insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated,
      deleted_at, source, supplied, time_zone, time_zone_source)
    select module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated,
      case when deleted then clock_timestamp() end, source, supplied::text[], time_zone, time_zone_source
    from unnest(${objects.map((o) => o.module)}::text[], ${objects.map((o) => o.owner)}::text[],
      ${objects.map((o) => o.key)}::text[], ${objects.map((o) => o.audience)}::text[],
      ${objects.map((o) => o.platformId)}::text[], ${objects.map((o) => o.ocpiVersion)}::text[],
      ${objects.map((o) => o.original)}::text[], ${objects.map((o) => JSON.stringify(o.value))}::jsonb[],
      ${objects.map((o) => o.lastUpdated)}::timestamptz[], ${objects.map((o) => o.deleted)}::boolean[],
      ${objects.map((o) => o.source ?? 'push')}::text[], ${objects.map((o) => arrayText(o.supplied ?? []))}::text[],
      ${zones.map((zone) => zone?.name ?? null)}::text[], ${zones.map((zone) => zone?.source ?? null)}::text[])
      as t (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated, deleted,
        source, supplied, time_zone, time_zone_source)
    order by module, owner, object_key, audience
    on conflict on constraint objects_natural_key do update set
      platform_id = excluded.platform_id, ocpi_version = excluded.ocpi_version, original = excluded.original,
      value = excluded.value, last_updated = excluded.last_updated, deleted_at = excluded.deleted_at,
      received_at = clock_timestamp(), revision = objects.revision + 1, redacted_at = null,
      source = excluded.source, supplied = excluded.supplied,
      time_zone = excluded.time_zone, time_zone_source = excluded.time_zone_source
    returning module, owner, object_key, audience, revision = 1 as is_new`)
  return new Set(
    rows.filter((row) => row.is_new).map((row) => placeKey({ ...row, key: row.object_key })),
  )
}

/** The zone of each Location, null for other objects and for those that are gone. */
async function zonesOf(objects: readonly NewObject[]): Promise<(PlaceZone | null)[]> {
  const zones: (PlaceZone | null)[] = []
  for (const { module, deleted, value } of objects)
    zones.push(
      module === 'locations' && !deleted && isRecord(value) ? await zoneOfPlace(value) : null,
    )
  return zones
}

/** PostgreSQL's text of an array, because an array of arrays would be flattened on its way. */
function arrayText(items: readonly string[]): string {
  const quoted = items.map((item) => `"${item.replace(/["\\]/g, (sign) => `\\${sign}`)}"`)
  return `{${quoted.join(',')}}`
}

/** Keeps versions of tokens and tariffs: in force from the later of last_updated and receipt. */
export async function appendVersions(
  tx: Tx,
  objects: readonly (Omit<NewObject, 'source'> & { source: ObjectSource | 'authorize' })[],
): Promise<void> {
  if (objects.length === 0) return
  await tx.rows(sql`
    insert into object_versions
      (module, owner, object_key, audience, source, ocpi_version, original, value, last_updated, in_force_from, deleted)
    select module, owner, object_key, audience, source, ocpi_version, original, value, last_updated,
      greatest(last_updated, clock_timestamp()), deleted
    from unnest(${objects.map((o) => o.module)}::text[], ${objects.map((o) => o.owner)}::text[],
      ${objects.map((o) => o.key)}::text[], ${objects.map((o) => o.audience)}::text[],
      ${objects.map((o) => o.source)}::text[], ${objects.map((o) => o.ocpiVersion)}::text[],
      ${objects.map((o) => o.original)}::text[], ${objects.map((o) => JSON.stringify(o.value))}::jsonb[],
      ${objects.map((o) => o.lastUpdated)}::timestamptz[], ${objects.map((o) => o.deleted)}::boolean[])
      as t (module, owner, object_key, audience, source, ocpi_version, original, value, last_updated, deleted)`)
}

function fromRaw(row: Raw): StoredObject {
  return {
    seq: row.seq,
    module: row.module,
    owner: row.owner,
    key: row.object_key,
    audience: row.audience,
    ocpiVersion: row.ocpi_version,
    original: row.original,
    value: row.value,
    lastUpdated: row.last_updated,
    deleted: row.deleted,
    platformId: row.platform_id,
    source: row.source,
    supplied: row.supplied,
  }
}
