import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'

/** What of a CDR says which tariffs it is priced by, and as of when. */
type Charged = {
  id: bigint
  owner: string
  receiver: string
  value: unknown
  location_key: string | null
  started_at: Date | null
  received_at: Date
}

/** A stored tariff as of a session's start. `afterStart`: the oldest one known is younger than the session. */
export type TariffAtStart = { value: unknown; afterStart: boolean }

type Chosen = { id: bigint; object_key: string; version: bigint; after_start: boolean }

/**
 * `<cdr>/<tariff key>` → the tariff as its owner had it when the session began: addressed to the receiver before what is
 * for everyone. Of the tariffs a CDR carries as well as of those that one without any was charged by.
 */
export async function readTariffs(
  tx: Tx,
  rows: readonly Charged[],
  locations: ReadonlyMap<string, unknown>,
): Promise<Map<string, TariffAtStart>> {
  const wanted = rows.flatMap((row) => {
    const keys = hasTariffs(row) ? comparedIds(row, locations) : tariffIds(row, locations)
    return keys.map((key) => ({ row, key }))
  })
  if (wanted.length === 0) return new Map()
  const chosen = await chooseVersions(tx, wanted)
  const values = await readVersions(
    tx,
    chosen.map(({ version }) => version),
  )
  return new Map(
    chosen.map((one) => [
      `${one.id}/${one.object_key}`,
      { value: values.get(one.version), afterStart: one.after_start },
    ]),
  )
}

async function chooseVersions(
  tx: Tx,
  wanted: readonly { row: Charged; key: string }[],
): Promise<Chosen[]> {
  return tx.rows<Chosen>(sql`
    select q.id, q.object_key, v.id as version, v.after_start
    from unnest(${wanted.map(({ row }) => row.id.toString())}::bigint[], ${wanted.map(({ row }) => row.owner)}::text[],
      ${wanted.map(({ row }) => row.receiver)}::text[], ${wanted.map(({ key }) => key)}::text[],
      ${wanted.map(({ row }) => row.started_at ?? row.received_at)}::timestamptz[])
      as q (id, owner, receiver, object_key, at)
    cross join lateral (
      -- Of each audience the one version that counts, a deletion included: the newest of those in force at the start,
      -- else the oldest. What was addressed to the receiver goes before what is for everyone.
      select n.id, n.after_start from (values (q.receiver), ('*')) as a (audience)
      cross join lateral (
        select * from (
          (select o.id, o.deleted, false as after_start from object_versions o
            where o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key
              and o.audience = a.audience and o.in_force_from <= q.at
            order by o.in_force_from desc, o.id desc limit 1)
          union all
          (select o.id, o.deleted, true from object_versions o
            where o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key
              and o.audience = a.audience and o.in_force_from > q.at
            order by o.in_force_from, o.id limit 1)
        ) either order by after_start limit 1
      ) n
      where not n.deleted order by (a.audience = '*') limit 1
    ) v
    -- A newer one had come that nobody can read for certain: what was in force before prices nothing any more.
    where not exists (
      select 1 from quarantined_objects d
      where d.module = 'tariffs' and d.owner = q.owner and d.object_key = q.object_key and d.at <= q.at)`)
}

/** Many CDRs share a tariff: each version is read once. */
async function readVersions(tx: Tx, versions: readonly bigint[]): Promise<Map<bigint, unknown>> {
  const ids = [...new Set(versions)].map(String)
  if (ids.length === 0) return new Map()
  const rows = await tx.rows<{ id: bigint; value: unknown }>(sql`
    select id, value from object_versions where id = any(${ids}::bigint[])`)
  return new Map(rows.map(({ id, value }) => [id, value]))
}

/** The tariffs before and after those of a session's start, by their folded ids. */
export type Neighbours = {
  previous: ReadonlyMap<string, unknown>
  next: ReadonlyMap<string, unknown>
}

type NeighbourRow = { n: number; object_key: string; value: unknown; is_next: boolean }

/**
 * Index → the versions just before and just after what was in force when each session began: what a CPO may have
 * charged by mistake. As far as the receiver may know them, of the audience that counts for it.
 */
export async function readNeighbours(
  tx: Tx,
  rows: readonly Charged[],
  locations: ReadonlyMap<string, unknown>,
): Promise<Neighbours[]> {
  const wanted = rows.flatMap((row, index) => {
    const keys = hasTariffs(row) ? carriedIds(row) : tariffIds(row, locations)
    return keys.map((key) => ({ row, key, index }))
  })
  const found = rows.map(() => ({
    previous: new Map<string, unknown>(),
    next: new Map<string, unknown>(),
  }))
  if (wanted.length === 0) return found
  const read = await tx.rows<NeighbourRow>(sql`
    select q.n, q.object_key, v.value, v.is_next
    from unnest(${wanted.map(({ index }) => index)}::int[], ${wanted.map(({ row }) => row.owner)}::text[],
      ${wanted.map(({ row }) => row.receiver)}::text[], ${wanted.map(({ key }) => key)}::text[],
      ${wanted.map(({ row }) => row.started_at ?? row.received_at)}::timestamptz[])
      as q (n, owner, receiver, object_key, at)
    cross join lateral (
      select distinct on (is_next) is_next, value from (values (q.receiver), ('*')) as a (audience)
      cross join lateral (
        (select o.value, o.deleted, false as is_next from object_versions o
          where o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key
            and o.audience = a.audience and o.in_force_from <= q.at
          order by o.in_force_from desc, o.id desc limit 1 offset 1)
        union all
        (select o.value, o.deleted, true from object_versions o
          where o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key
            and o.audience = a.audience and o.in_force_from > q.at
          order by o.in_force_from, o.id limit 1)
      ) n
      where not n.deleted order by is_next, (a.audience = '*')
    ) v`)
  for (const { n, object_key: key, value, is_next: isNext } of read)
    (isNext ? found[n]?.next : found[n]?.previous)?.set(key, value)
  return found
}

/** True for a CDR that carries the tariffs it was charged by. */
export function hasTariffs(row: Pick<Charged, 'value'>): boolean {
  return carried(row).length > 0
}

/** The tariffs in a CDR, as sent. */
export function carried({ value }: Pick<Charged, 'value'>): readonly unknown[] {
  const tariffs = isRecord(value) ? value.tariffs : undefined
  return Array.isArray(tariffs) ? tariffs : []
}

function carriedIds(row: Pick<Charged, 'value'>): string[] {
  return [...new Set(carried(row).flatMap((tariff) => tariffKey(tariff) ?? []))]
}

/** The tariffs in a CDR; where its connector names none of them, also those that it names. */
function comparedIds(row: Charged, locations: ReadonlyMap<string, unknown>): string[] {
  const own = carriedIds(row)
  const named = connectorTariffIds(connectorOf(row, locations))
  return own.some((id) => named.includes(id)) ? own : [...new Set([...own, ...named])]
}

/** The folded id of a tariff; null when it has none. */
export function tariffKey(tariff: unknown): string | null {
  const id = isRecord(tariff) ? tariff.id : undefined
  return typeof id === 'string' ? foldKey(id) : null
}

/**
 * The tariffs a CDR without tariffs of its own was charged by, folded: those its periods name, else those of the
 * connector. Empty when it carries its own.
 */
export function tariffIds(row: Charged, locations: ReadonlyMap<string, unknown>): string[] {
  if (hasTariffs(row)) return []
  const cdr = isRecord(row.value) ? row.value : {}
  const periods = Array.isArray(cdr.charging_periods) ? cdr.charging_periods : []
  const named = periods.flatMap((period: unknown) =>
    isRecord(period) && typeof period.tariff_id === 'string' ? [foldKey(period.tariff_id)] : [],
  )
  if (named.length > 0) return [...new Set(named)]
  return connectorTariffIds(connectorOf(row, locations))
}

/** The tariffs that a connector names, folded. */
export function connectorTariffIds(connector: unknown): string[] {
  const ids = isRecord(connector) && Array.isArray(connector.tariff_ids) ? connector.tariff_ids : []
  return [...new Set(ids.flatMap((id: unknown) => (typeof id === 'string' ? [foldKey(id)] : [])))]
}

/** The connector of the CDR's location as it is stored; undefined when the hub does not have it. */
export function connectorOf(row: Charged, locations: ReadonlyMap<string, unknown>): unknown {
  return placeIn(row, locations.get(`${row.owner}/${row.location_key ?? ''}`)).connector
}

/** The EVSE and the connector of a CDR in a Location; undefined where it has none of that name. */
export function placeIn(
  { value }: Pick<Charged, 'value'>,
  location: unknown,
): { evse: unknown; connector: unknown } {
  const place = isRecord(value) && isRecord(value.cdr_location) ? value.cdr_location : {}
  const evse = childNamed(location, 'evses', { member: 'uid', id: place.evse_uid })
  const connector = childNamed(evse, 'connectors', { member: 'id', id: place.connector_id })
  return { evse, connector }
}

function childNamed(
  parent: unknown,
  list: string,
  wanted: { member: string; id: unknown },
): unknown {
  const children = isRecord(parent) ? parent[list] : undefined
  if (!Array.isArray(children) || typeof wanted.id !== 'string') return undefined
  const id = foldKey(wanted.id)
  return children.find((child: unknown) => {
    const own = isRecord(child) ? child[wanted.member] : undefined
    return typeof own === 'string' && foldKey(own) === id
  })
}
