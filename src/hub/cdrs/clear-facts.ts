import type { Known } from '../../clearing/known.ts'
import type { SameSession } from '../../clearing/input.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { readCommanded } from './clear-known-authority.ts'
import { readKnown } from './clear-known.ts'
import { readReplaced } from './clear-known-replaced.ts'
import type { ReplacedCdr, TokenAtStart } from './known-row.ts'
import { readOverlapping, readSameSession } from './clear-rivals.ts'
import { readTariffs } from './clear-tariffs.ts'
import type { TariffAtStart } from './clear-tariffs.ts'
import { readCards } from '../bridge/contract-cards.ts'

/** What the booking of part 0 stands on: the cycle of what is due, the transfer of what is pending (`leg`). */
export type Booked = {
  book: 'provisional' | 'held' | 'due'
  epoch: number
  cycleId: string | null
  leg?: string | null
}

/** What stands beside part 0 of a CDR: what a dispute holds, or what was taken off after the CDR had been netted. */
export type PartRow = {
  part: number
  kind: 'disputed' | 'adjustment'
  dispute_id: bigint
  net_micros: bigint
  tax_micros: bigint
  tax_known: boolean
  book: 'held' | 'due' | 'ended'
  epoch: number
  cycle_id: string
  leg: string | null
  cycle_final: boolean
  /** Of its dispute. */
  code: string
  dispute_state: string
  opened_by: 'hub' | 'emsp' | 'operator'
  /** Of its dispute; null while that is not closed. `cleared`: the finding went away by itself. */
  outcome: string | null
}

/** A CDR with its state row, as one clearing run sees it. */
export type CdrRow = {
  id: bigint
  owner: string
  cdr_key: string
  cdr_id: string
  receiver: string
  ocpi_version: string
  value: unknown
  platform_id: string
  channel: 'push' | 'pull'
  /** SHA-256 of the bytes that were sent, hex. */
  sha256: string
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
  /** What nobody disputes of the claim, part 0; null: all of it. */
  part_net: bigint | null
  part_tax: bigint | null
  booked: Booked | null
  contest_until: Date | null
  delivery: string
  agreement_version: number | null
  /** True when the cycle of part 0 is final: nothing of it can be held any more. */
  cycle_final: boolean
  /** By number, also those that have ended. */
  parts: readonly PartRow[]
}

/** Everything a batch of CDRs is judged by, read under the locks of their subjects. */
export type Facts = {
  sessions: ReadonlyMap<string, unknown>
  tokens: ReadonlyMap<bigint, TokenAtStart>
  foreignTokens: ReadonlyMap<bigint, string>
  locations: ReadonlyMap<string, unknown>
  /** By the key of the location: the IANA zone its sessions are priced by, and who says so. */
  zones: ReadonlyMap<string, { name: string; source: string }>
  tariffs: ReadonlyMap<string, TariffAtStart>
  sameSession: ReadonlyMap<bigint, readonly SameSession[]>
  overlapping: ReadonlyMap<bigint, { owner: string; cdrId: string; start: Date; end: Date }[]>
  originals: ReadonlyMap<string, CdrRow>
  creditedBy: ReadonlyMap<bigint, string>
  replaced: ReadonlyMap<bigint, ReplacedCdr>
  known: ReadonlyMap<bigint, Known>
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
  const rows = await client.rows<Omit<CdrRow, 'parts'>>(sql`
    select c.id, c.owner, c.cdr_key, c.cdr_id, c.receiver, c.ocpi_version, c.value, c.session_key, c.token_key, c.location_key, c.is_credit,
      c.platform_id, c.channel, encode(sha256(c.original), 'hex') as sha256,
      case when c.ocpi_version = '2.1.1' then convert_from(c.original, 'UTF8') end as text_211, c.original_key, c.started_at, c.ended_at, c.currency, c.received_at, c.correlation_id, c.doubts, s.state, s.epoch, s.cycle_id,
      s.net_micros, s.tax_micros, s.tax_known, s.residue, s.part_net, s.part_tax, s.booked, s.contest_until, s.delivery,
      s.agreement_version, coalesce(y.state = 'final', false) as cycle_final
    from cdrs c join cdr_states s on s.cdr_id = c.id left join cycles y on y.id = s.cycle_id
    where c.id = any(${ids}::bigint[]) order by c.id`)
  const parts = await readParts(
    client,
    rows.filter(({ epoch }) => epoch > 0).map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, parts: parts.get(row.id) ?? [] }))
}

/** The parts of CDRs beside their part 0, with what their disputes say; one read, none for CDRs that are new. */
async function readParts(client: Sql, ids: readonly bigint[]): Promise<Map<bigint, PartRow[]>> {
  const parts = new Map<bigint, PartRow[]>()
  if (ids.length === 0) return parts
  const found = await client.rows<PartRow & { cdr_id: bigint }>(sql`
    select p.cdr_id, p.part, p.kind, p.dispute_id, p.net_micros, p.tax_micros, p.tax_known, p.book, p.epoch, p.cycle_id,
      p.leg, coalesce(y.state = 'final', false) as cycle_final, d.code, d.state as dispute_state, d.opened_by, d.outcome
    from cdr_parts p join disputes d on d.id = p.dispute_id left join cycles y on y.id = p.cycle_id
    where p.cdr_id = any(${ids.map(String)}::bigint[]) order by p.cdr_id, p.part`)
  for (const { cdr_id: id, ...part } of found) parts.set(id, [...(parts.get(id) ?? []), part])
  return parts
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
  const zones = zonesOf(found)
  const carded = await withCards(tx, normal)
  const published = await readTokens(tx, carded)
  const unpublished = carded.filter(({ id }) => !published.has(id))
  const tokens = new Map([...published, ...(await readCommanded(tx, unpublished))])
  const replaced = await readReplaced(tx, carded)
  return {
    sessions: valuesOf(
      await readLatest(
        tx,
        normal.map((row) => ({ module: 'sessions', owner: row.owner, key: row.session_key ?? '' })),
      ),
    ),
    tokens,
    foreignTokens: await readForeignTokens(tx, normal),
    locations,
    zones,
    tariffs: await readTariffs(tx, normal, locations),
    sameSession: await readSameSession(tx, normal),
    overlapping: await readOverlapping(tx, normal),
    originals: new Map(originals.map((row) => [`${row.owner}/${row.cdr_key}`, row])),
    creditedBy: await readCreditedBy(tx, rows),
    replaced,
    known: await readKnown(tx, carded, { locations, zones, tokens, replaced }),
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
async function readTokens(tx: Tx, rows: readonly CdrRow[]): Promise<Map<bigint, TokenAtStart>> {
  const found = await tx.rows<{
    id: bigint
    source: 'push' | 'authorize'
    after_start: boolean
    value: unknown
    received_at: Date
  }>(sql`
    select q.id, v.source, v.in_force_from > q.at as after_start, v.value, v.received_at
    from unnest(${rows.map((r) => r.id.toString())}::bigint[], ${rows.map((r) => r.receiver)}::text[],
      ${rows.map((r) => r.token_key)}::text[], ${rows.map((r) => r.started_at ?? r.received_at)}::timestamptz[])
      as q (id, owner, object_key, at)
    cross join lateral (
      select source, in_force_from, value, received_at from object_versions v
      where v.module = 'tokens' and v.owner = q.owner and v.object_key = q.object_key and not v.deleted
      order by (v.in_force_from > q.at), case when v.in_force_from <= q.at then v.in_force_from end desc,
        v.in_force_from, v.id
      limit 1
    ) v`)
  return new Map(
    found.map(({ id, source, after_start: afterStart, value, received_at: receivedAt }) => [
      id,
      { source, afterStart, value, receivedAt },
    ]),
  )
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

/** By credit: the id of another one that took the same original back. One that is held takes nothing back. */
async function readCreditedBy(tx: Tx, rows: readonly CdrRow[]): Promise<Map<bigint, string>> {
  const credits = rows.filter((row) => row.is_credit && row.original_key !== null)
  const found = await tx.rows<{ id: bigint; cdr_id: string }>(sql`
    select distinct on (q.id) q.id, c.cdr_id
    from unnest(${credits.map((c) => c.id.toString())}::bigint[], ${credits.map((c) => c.owner)}::text[],
      ${credits.map((c) => c.original_key)}::text[]) as q (id, owner, original_key)
    join cdrs c on c.owner = q.owner and c.original_key = q.original_key and c.id <> q.id and c.is_credit
    join cdr_states s on s.cdr_id = c.id
    where s.state = 'credited' order by q.id, c.id`)
  return new Map(found.map((row) => [row.id, row.cdr_id]))
}
