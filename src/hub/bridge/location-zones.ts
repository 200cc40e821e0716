import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { inferredZone } from '../../store/place-zone.ts'

type Wanted = {
  kind: string
  value: Readonly<Record<string, unknown>>
  from: string
  owner: string
  key?: string
  receiver?: string
}

/**
 * Index → the time zone of Locations of 2.1.1 that state none, for partners whose version requires it: the one their
 * sessions are priced by. A value on its way into the store needs none: there it stands beside the object, as ours.
 */
export async function readZones(
  client: Sql,
  wanted: readonly Wanted[],
): Promise<Map<number, string>> {
  const zones = new Map<number, string>()
  const asked = wanted.flatMap((one, index) => {
    const { kind, from, key, value } = one
    if (kind !== 'location' || from !== '2.1.1' || key === undefined) return []
    return value.time_zone === undefined ? [{ ...one, key: foldKey(key), index }] : []
  })
  if (asked.length === 0) return zones
  const rows = await client.rows<{ n: number; time_zone: string }>(sql`
    select distinct on (q.n) q.n, o.time_zone
    from unnest(${asked.map(({ index }) => index)}::int[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(({ key }) => key)}::text[], ${asked.map(({ receiver }) => receiver ?? '')}::text[])
      as q (n, owner, object_key, receiver)
    join objects o on o.module = 'locations' and o.owner = q.owner and o.object_key = q.object_key
    where o.audience in ('*', q.receiver) and o.time_zone is not null
    order by q.n, (o.audience = '*')`)
  for (const row of rows) zones.set(row.n, row.time_zone)
  for (const { index, value } of asked) {
    const inferred = zones.has(index) ? null : await inferredZone(value)
    if (inferred) zones.set(index, inferred.name)
  }
  return zones
}
