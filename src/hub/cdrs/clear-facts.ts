import type { CdrState } from '../../clearing/states.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { readOverlapping, readSameSession } from './clear-rivals.ts'
import { readTariffs } from './clear-tariffs.ts'
import type { TariffAtStart } from './clear-tariffs.ts'
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
  /** The text of a CDR of 2.1.1, whose value is lifted; null for the others. */
  text_211: string | null
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

/** Everything a batch of CDRs is judged by, read under the locks of their subjects. */
export type Facts = {
  sessions: ReadonlyMap<string, unknown>
  tokens: ReadonlyMap<bigint, { source: 'push' | 'authorize'; afterStart: boolean }>
  foreignTokens: ReadonlyMap<bigint, string>
  locations: ReadonlyMap<string, unknown>
  /** By the key of the location: the IANA zone its sessions are priced by, and who says so. */
  zones: ReadonlyMap<string, { name: string; source: string }>
  tariffs: ReadonlyMap<string, TariffAtStart>
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
      case when c.ocpi_version = '2.1.1' then convert_from(c.original, 'UTF8') end as text_211, c.original_key, c.started_at, c.ended_at, c.currency, c.received_at, c.correlation_id, c.doubts, s.state, s.epoch, s.cycle_id,
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
  const found = await readLatest(
    tx,
    normal.map((row) => ({ module: 'locations', owner: row.owner, key: row.location_key ?? '' })),
  )
  const locations = valuesOf(found)
  return {
    sessions: valuesOf(
      await readLatest(
        tx,
        normal.map((row) => ({ module: 'sessions', owner: row.owner, key: row.session_key ?? '' })),
      ),
    ),
    tokens: await readTokens(tx, await withCards(tx, normal)),
    foreignTokens: await readForeignTokens(tx, normal),
    locations,
    zones: zonesOf(found),
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

type Latest = {
  owner: string
  object_key: string
  value: unknown
  time_zone: string | null
  time_zone_source: string | null
}

async function readLatest(
  tx: Tx,
  keys: readonly { module: string; owner: string; key: string }[],
): Promise<Latest[]> {
  return tx.rows<Latest>(sql`
    select distinct on (o.owner, o.object_key) o.owner, o.object_key, o.value, o.time_zone, o.time_zone_source
    from objects o join unnest(${keys.map((k) => k.module)}::text[], ${keys.map((k) => k.owner)}::text[],
      ${keys.map((k) => k.key)}::text[]) as k (module, owner, object_key) using (module, owner, object_key)
    where o.deleted_at is null
    order by o.owner, o.object_key, (o.audience = '*') desc, o.seq desc`)
}

function valuesOf(rows: readonly Latest[]): Map<string, unknown> {
  return new Map(rows.map((row) => [`${row.owner}/${row.object_key}`, row.value]))
}

function zonesOf(rows: readonly Latest[]): Facts['zones'] {
  return new Map(
    rows.flatMap(({ owner, object_key: key, time_zone: name, time_zone_source: source }) =>
      name === null ? [] : [[`${owner}/${key}`, { name, source: source ?? '' }]],
    ),
  )
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
