import type { CdrState } from '../../clearing/states.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { readOverlapping, readSameSession } from './clear-rivals.ts'
import { readCards } from '../bridge/contract-cards.ts'

/** What a pending or posted booking of a CDR stands on. */
export type Booked = { book: 'provisional' | 'held' | 'due'; epoch: number; cycleId: string | null }

/** A CDR with its state row, as one clearing run sees it. */
export type CdrRow = {
  id: bigint
  owner: string
  cdr_key: string
  cdr_id: string
  receiver: string
  ocpi_version: string
  value: unknown
  session_key: string | null
  token_key: string
  location_key: string | null
  is_credit: boolean
  original_key: string | null
  started_at: Date | null
  ended_at: Date | null
  currency: string
  received_at: Date
  correlation_id: string
  doubts: { pointer: string; message: string }[]
  state: CdrState
  epoch: number
  cycle_id: string | null
  net_micros: bigint | null
  tax_micros: bigint | null
  tax_known: boolean
  residue: string | null
  booked: Booked | null
  delivery: string
  agreement_version: number | null
}

/** A version of a token or tariff. */
type VersionRow = {
  owner: string
  object_key: string
  value: unknown
  source: 'push' | 'authorize'
  after_start: boolean
}

/** Everything a batch of CDRs is judged by, read under the locks of their subjects. */
export type Facts = {
  sessions: ReadonlyMap<string, unknown>
  tokens: ReadonlyMap<bigint, { source: 'push' | 'authorize'; afterStart: boolean }>
  foreignTokens: ReadonlyMap<bigint, string>
  locations: ReadonlyMap<string, unknown>
  tariffs: ReadonlyMap<string, { value: unknown; afterStart: boolean }>
  sameSession: ReadonlyMap<bigint, { cdrId: string }[]>
  overlapping: ReadonlyMap<bigint, { owner: string; cdrId: string; start: Date; end: Date }[]>
  originals: ReadonlyMap<string, CdrRow>
  creditedBy: ReadonlyMap<bigint, string>
}

/** CDRs with their state rows, in receive order; with `forUpdate` their state rows stay locked in id order. */
export async function readCdrRows(
  client: Sql,
  where: { ids: readonly bigint[]; forUpdate: boolean },
): Promise<CdrRow[]> {
  const ids = where.ids.map(String)
  if (where.forUpdate) {
    await client.rows(
      sql`select cdr_id from cdr_states where cdr_id = any(${ids}::bigint[]) order by cdr_id for update`,
    )
  }
  return client.rows<CdrRow>(sql`
    select c.id, c.owner, c.cdr_key, c.cdr_id, c.receiver, c.ocpi_version, c.value, c.session_key, c.token_key, c.location_key, c.is_credit,
      c.original_key, c.started_at, c.ended_at, c.currency, c.received_at, c.correlation_id, c.doubts, s.state, s.epoch, s.cycle_id,
      s.net_micros, s.tax_micros, s.tax_known, s.residue, s.booked, s.delivery, s.agreement_version
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.id = any(${ids}::bigint[]) order by c.id`)
}

/** The ids of the CDRs that credits refer to. */
export async function readOriginalIds(client: Sql, rows: readonly CdrRow[]): Promise<bigint[]> {
  const credits = rows.filter(
    ({ is_credit: isCredit, original_key: key }) => isCredit && key !== null,
  )
  if (credits.length === 0) return []
  const found = await client.rows<{ id: bigint }>(sql`
    select id from cdrs join unnest(${credits.map((c) => c.owner)}::text[], ${credits.map((c) => c.original_key)}::text[])
      as k (owner, cdr_key) using (owner, cdr_key)`)
  return found.map(({ id }) => id)
}

/** Reads all facts of a batch set-wise. `originals` are rows that are already locked. */
export async function readFacts(
  tx: Tx,
  rows: readonly CdrRow[],
  originals: readonly CdrRow[],
): Promise<Facts> {
  const normal = rows.filter((row) => !row.is_credit)
  const locations = await readLatest(
    tx,
    normal.map((row) => ({ module: 'locations', owner: row.owner, key: row.location_key ?? '' })),
  )
  return {
    sessions: await readLatest(
      tx,
      normal.map((row) => ({ module: 'sessions', owner: row.owner, key: row.session_key ?? '' })),
    ),
    tokens: await readTokens(tx, await withCards(tx, normal)),
    foreignTokens: await readForeignTokens(tx, normal),
    locations,
    tariffs: await readTariffs(tx, normal, locations),
    sameSession: await readSameSession(tx, normal),
    overlapping: await readOverlapping(tx, normal),
    originals: new Map(originals.map((row) => [`${row.owner}/${row.cdr_key}`, row])),
    creditedBy: await readCreditedBy(tx, rows),
  }
}

/** With the key of a token that has come since, where a CDR named its contract alone. */
async function withCards(tx: Tx, rows: readonly CdrRow[]): Promise<CdrRow[]> {
  const cards = await readCards(tx, rows)
  return rows.map((row) => ({ ...row, token_key: cards.get(row.id) ?? row.token_key }))
}

async function readLatest(
  tx: Tx,
  keys: readonly { module: string; owner: string; key: string }[],
): Promise<Map<string, unknown>> {
  const found = await tx.rows<{ owner: string; object_key: string; value: unknown }>(sql`
    select distinct on (o.owner, o.object_key) o.owner, o.object_key, o.value
    from objects o join unnest(${keys.map((k) => k.module)}::text[], ${keys.map((k) => k.owner)}::text[],
      ${keys.map((k) => k.key)}::text[]) as k (module, owner, object_key) using (module, owner, object_key)
    where o.deleted_at is null
    order by o.owner, o.object_key, (o.audience = '*') desc, o.seq desc`)
  return new Map(found.map((row) => [`${row.owner}/${row.object_key}`, row.value]))
}

/** The token as of the session's start: the newest version in force then, else the oldest that is known. */
async function readTokens(
  tx: Tx,
  rows: readonly CdrRow[],
): Promise<Map<bigint, { source: 'push' | 'authorize'; afterStart: boolean }>> {
  const found = await tx.rows<{
    id: bigint
    source: 'push' | 'authorize'
    after_start: boolean
  }>(sql`
    select q.id, v.source, v.in_force_from > q.at as after_start
    from unnest(${rows.map((r) => r.id.toString())}::bigint[], ${rows.map((r) => r.receiver)}::text[],
      ${rows.map((r) => r.token_key)}::text[], ${rows.map((r) => r.started_at ?? r.received_at)}::timestamptz[])
      as q (id, owner, object_key, at)
    cross join lateral (
      select source, in_force_from from object_versions v
      where v.module = 'tokens' and v.owner = q.owner and v.object_key = q.object_key and not v.deleted
      order by (v.in_force_from > q.at), case when v.in_force_from <= q.at then v.in_force_from end desc,
        v.in_force_from, v.id
      limit 1
    ) v`)
  return new Map(found.map((row) => [row.id, { source: row.source, afterStart: row.after_start }]))
}

/** Whose token it is instead, where the addressed provider has none of that uid. */
async function readForeignTokens(tx: Tx, rows: readonly CdrRow[]): Promise<Map<bigint, string>> {
  const found = await tx.rows<{ id: bigint; owner: string }>(sql`
    select q.id, v.owner
    from unnest(${rows.map((r) => r.id.toString())}::bigint[], ${rows.map((r) => r.receiver)}::text[],
      ${rows.map((r) => r.token_key)}::text[]) as q (id, owner, object_key)
    cross join lateral (
      select owner from object_versions v
      where v.module = 'tokens' and v.object_key = q.object_key and v.owner <> q.owner order by v.id limit 1
    ) v`)
  return new Map(found.map((row) => [row.id, row.owner]))
}

/** Stored tariffs for CDRs that carry none: addressed to the receiver before broadcast, as of the session's start. */
async function readTariffs(
  tx: Tx,
  rows: readonly CdrRow[],
  locations: ReadonlyMap<string, unknown>,
): Promise<Map<string, { value: unknown; afterStart: boolean }>> {
  const wanted = rows.flatMap((row) => tariffIds(row, locations).map((key) => ({ row, key })))
  if (wanted.length === 0) return new Map()
  const found = await tx.rows<VersionRow & { id: bigint }>(sql`
    select q.id, v.owner, q.object_key, v.value, v.source, v.in_force_from > q.at as after_start
    from unnest(${wanted.map(({ row }) => row.id.toString())}::bigint[], ${wanted.map(({ row }) => row.owner)}::text[],
      ${wanted.map(({ row }) => row.receiver)}::text[], ${wanted.map(({ key }) => key)}::text[],
      ${wanted.map(({ row }) => row.started_at ?? row.received_at)}::timestamptz[])
      as q (id, owner, receiver, object_key, at)
    cross join lateral (
      -- Of each audience the one version that counts, a deletion included; what was addressed to the receiver goes
      -- before what is for everyone.
      select owner, value, source, in_force_from from (
        select distinct on (audience) * from object_versions o
        where o.module = 'tariffs' and o.owner = q.owner and o.object_key = q.object_key
          and o.audience in ('*', q.receiver)
        order by audience, (in_force_from > q.at), case when in_force_from <= q.at then in_force_from end desc,
          case when in_force_from <= q.at then id end desc, in_force_from, id
      ) newest
      where not deleted order by (audience = '*') limit 1
    ) v
    -- A newer one had come that nobody can read for certain: what was in force before prices nothing any more.
    where not exists (
      select 1 from quarantined_objects d
      where d.module = 'tariffs' and d.owner = q.owner and d.object_key = q.object_key and d.at <= q.at)`)
  return new Map(
    found.map((row) => [
      `${row.id}/${row.object_key}`,
      { value: row.value, afterStart: row.after_start },
    ]),
  )
}

/** True for a CDR that carries the tariffs it was charged by. */
export function hasTariffs(row: Pick<CdrRow, 'value'>): boolean {
  const tariffs = isRecord(row.value) ? row.value.tariffs : undefined
  return Array.isArray(tariffs) && tariffs.length > 0
}

/**
 * The tariffs a CDR without tariffs of its own was charged by, folded: those its periods name, else those of the
 * connector. Empty when it carries its own.
 */
export function tariffIds(row: CdrRow, locations: ReadonlyMap<string, unknown>): string[] {
  if (hasTariffs(row)) return []
  const cdr = isRecord(row.value) ? row.value : {}
  const periods = Array.isArray(cdr.charging_periods) ? cdr.charging_periods : []
  const named = periods.flatMap((period: unknown) =>
    isRecord(period) && typeof period.tariff_id === 'string' ? [foldKey(period.tariff_id)] : [],
  )
  if (named.length > 0) return [...new Set(named)]
  const connector = connectorOf(row, locations)
  const ids = isRecord(connector) && Array.isArray(connector.tariff_ids) ? connector.tariff_ids : []
  return [...new Set(ids.flatMap((id: unknown) => (typeof id === 'string' ? [foldKey(id)] : [])))]
}

/** The connector of the CDR's location as it is stored; undefined when the hub does not have it. */
export function connectorOf(row: CdrRow, locations: ReadonlyMap<string, unknown>): unknown {
  const location = locations.get(`${row.owner}/${row.location_key ?? ''}`)
  const place =
    isRecord(row.value) && isRecord(row.value.cdr_location) ? row.value.cdr_location : {}
  const evse = childNamed(location, 'evses', { member: 'uid', id: place.evse_uid })
  return childNamed(evse, 'connectors', { member: 'id', id: place.connector_id })
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

/** By credit: the id of another one of the same original that stands, or came before it. */
async function readCreditedBy(tx: Tx, rows: readonly CdrRow[]): Promise<Map<bigint, string>> {
  const credits = rows.filter((row) => row.is_credit && row.original_key !== null)
  const found = await tx.rows<{ id: bigint; cdr_id: string }>(sql`
    select distinct on (q.id) q.id, c.cdr_id
    from unnest(${credits.map((c) => c.id.toString())}::bigint[], ${credits.map((c) => c.owner)}::text[],
      ${credits.map((c) => c.original_key)}::text[]) as q (id, owner, original_key)
    join cdrs c on c.owner = q.owner and c.original_key = q.original_key and c.id <> q.id and c.is_credit
    join cdr_states s on s.cdr_id = c.id
    where s.state = 'credited' or (c.id < q.id and s.state not in ('quarantined', 'withdrawn'))
    order by q.id, c.id`)
  return new Map(found.map((row) => [row.id, row.cdr_id]))
}
