import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { zoneOfPlace } from '../../store/place-zone.ts'

type Row = {
  owner: string
  object_key: string
  audience: string
  ocpi_version: string
  original: string
  value: unknown
}

/**
 * Gives Locations that were stored before zones were kept beside them theirs, some at a time; nothing once all have one.
 * Returns how many it gave.
 */
export async function fillZones(context: Context): Promise<number> {
  return context.db.transaction(async (tx) => {
    const rows = await readUnzoned(tx)
    if (rows.length === 0) return 0
    const zones = []
    for (const row of rows) zones.push(await zoneOfPlace(asStated(row)))
    await tx.rows(sql`
      update objects o set time_zone = t.zone, time_zone_source = t.source,
        value = case when t.source <> 'location' and o.ocpi_version = '2.1.1' then o.value - 'time_zone' else o.value end
      from unnest(${rows.map((r) => r.owner)}::text[], ${rows.map((r) => r.object_key)}::text[],
        ${rows.map((r) => r.audience)}::text[], ${zones.map(({ name }) => name)}::text[],
        ${zones.map(({ source }) => source)}::text[]) as t (owner, object_key, audience, zone, source)
      where o.module = 'locations' and o.owner = t.owner and o.object_key = t.object_key and o.audience = t.audience`)
    return rows.length
  })
}

/** Locks the rows in the order in which pushes do, leaving those that a push holds: it writes their zone itself. */
async function readUnzoned(tx: Tx): Promise<Row[]> {
  return tx.rows<Row>(sql`
    select owner, object_key, audience, ocpi_version, original, value from objects
    where module = 'locations' and time_zone_source is null and deleted_at is null
    order by owner, object_key, audience limit ${limits.zonesFilledAtOnce} for update skip locked`)
}

/** What its owner says of it: into the value of 2.1.1 an older hub put a zone of its own, by a rougher table. */
function asStated({ ocpi_version: version, original, value }: Row): Record<string, unknown> {
  if (!isRecord(value)) return {}
  if (version !== '2.1.1') return value
  const sent: unknown = JSON.parse(original)
  return { ...value, time_zone: isRecord(sent) ? sent.time_zone : undefined }
}
