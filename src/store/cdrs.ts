import type { Sql, Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Fault } from '../errors.ts'
import type { Page } from '../ocpi/paging.ts'
import type { ListItem, ListPage } from './list.ts'

/** A CDR as it came in, before anybody judged it. */
export type NewCdr = {
  owner: string
  cdrKey: string
  cdrId: string
  platformId: string
  receiver: string
  ocpiVersion: string
  original: Buffer
  contentHash: Buffer
  value: unknown
  sessionKey: string | null
  tokenKey: string
  locationKey: string | null
  /** The folded uid of the EVSE. */
  evseKey: string | null
  channel: 'push' | 'pull'
  isCredit: boolean
  originalKey: string | null
  startedAt: Date | null
  endedAt: Date | null
  currency: string
  lastUpdated: Date
  correlationId: string
  /** What money depends on and was sent in a form that may mean something else. */
  doubts: readonly Fault[]
}

/** recorded – new; replay – the same content again; conflict – the id is taken by other content. `cdrId` as stored. */
export type Recorded = { status: 'recorded' | 'replay' | 'conflict'; id: bigint; cdrId: string }

/**
 * Records CDRs set-wise, immutable, once per (owner, id); with each its state row and first event. The answer of each
 * follows from what is stored, so a retry gets the same one. Results are in the order of the input.
 */
export async function recordCdrs(tx: Tx, cdrs: readonly NewCdr[]): Promise<Recorded[]> {
  const inserted = await insertCdrs(tx, cdrs)
  const ids = inserted.map((row) => row.id.toString())
  await tx.rows(sql`
    with made as materialized (
      select c.*, event_hash(null, 'cdr:' || c.id, 0, array['received', '', c.owner, 'received', ''], c.at) as hash
      from (select id, owner, receiver, session_key, is_credit, currency, clock_timestamp() as at from cdrs
        where id = any(${ids}::bigint[]) order by id offset 0) c
    ), states as (
      insert into cdr_states (cdr_id, owner, receiver, session_key, is_credit, currency, state, event_hash)
      select id, owner, receiver, session_key, is_credit, currency, 'received', hash from made
    )
    insert into cdr_events (cdr_id, epoch, state, actor, reason_code, at, hash)
    select id, 0, 'received', owner, 'received', at, hash from made`)
  const stored = await tx.rows<{
    id: bigint
    owner: string
    cdr_key: string
    cdr_id: string
    content_hash: Buffer
  }>(sql`
    select id, owner, cdr_key, cdr_id, content_hash from cdrs join unnest(${cdrs.map((c) => c.owner)}::text[],
      ${cdrs.map((c) => c.cdrKey)}::text[]) as k (owner, cdr_key) using (owner, cdr_key)`)
  const byKey = new Map(stored.map((row) => [`${row.owner}/${row.cdr_key}`, row]))
  const fresh = new Set(inserted.map((row) => row.id))
  return cdrs.map((cdr) => {
    const row = byKey.get(`${cdr.owner}/${cdr.cdrKey}`)
    if (!row) throw new Error('a CDR that was just recorded is not there')
    const { id, cdr_id: cdrId } = row
    if (!row.content_hash.equals(cdr.contentHash)) return { status: 'conflict' as const, id, cdrId }
    // Twins within one batch: the first is new, the others are replays of it.
    const isNew = fresh.delete(row.id)
    return { status: isNew ? ('recorded' as const) : ('replay' as const), id, cdrId }
  })
}

async function insertCdrs(tx: Tx, cdrs: readonly NewCdr[]): Promise<{ id: bigint }[]> {
  return tx.rows<{ id: bigint }>(sql`
    insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value,
      session_key, token_key, location_key, is_credit, original_key, started_at, ended_at, currency, last_updated,
      correlation_id, doubts, evse_key, channel)
    select * from unnest(${cdrs.map((c) => c.owner)}::text[], ${cdrs.map((c) => c.cdrKey)}::text[],
      ${cdrs.map((c) => c.cdrId)}::text[], ${cdrs.map((c) => c.platformId)}::text[],
      ${cdrs.map((c) => c.receiver)}::text[], ${cdrs.map((c) => c.ocpiVersion)}::text[],
      ${cdrs.map((c) => c.original)}::bytea[], ${cdrs.map((c) => c.contentHash)}::bytea[],
      ${cdrs.map((c) => JSON.stringify(c.value))}::jsonb[], ${cdrs.map((c) => c.sessionKey)}::text[],
      ${cdrs.map((c) => c.tokenKey)}::text[], ${cdrs.map((c) => c.locationKey)}::text[],
      ${cdrs.map((c) => c.isCredit)}::boolean[], ${cdrs.map((c) => c.originalKey)}::text[],
      ${cdrs.map((c) => c.startedAt)}::timestamptz[], ${cdrs.map((c) => c.endedAt)}::timestamptz[],
      ${cdrs.map((c) => c.currency)}::text[], ${cdrs.map((c) => c.lastUpdated)}::timestamptz[],
      ${cdrs.map((c) => c.correlationId)}::text[], ${cdrs.map((c) => JSON.stringify(c.doubts))}::jsonb[],
      ${cdrs.map((c) => c.evseKey)}::text[], ${cdrs.map((c) => c.channel)}::text[])
    on conflict on constraint cdrs_natural_key do nothing
    returning id`)
}

/** Keeps the finding that an id came again with other content. */
export async function noteConflict(
  tx: Tx,
  input: { cdrId: bigint; message: string },
): Promise<void> {
  await tx.rows(sql`
    insert into cdr_findings (cdr_id, epoch, code, severity, message)
    select ${input.cdrId.toString()}::bigint, epoch, 'D3', 'F', ${input.message} from cdr_states
    where cdr_id = ${input.cdrId.toString()}::bigint
      and not exists (select 1 from cdr_findings f where f.cdr_id = cdr_states.cdr_id and f.code = 'D3')`)
}

/**
 * Counts how often CDRs came again with the same content, in one finding of the door each: an id stands in `cdrIds` once
 * for each time.
 */
export async function countReplays(tx: Tx, cdrIds: readonly bigint[]): Promise<void> {
  if (cdrIds.length === 0) return
  await tx.rows(sql`
    insert into cdr_findings as f (cdr_id, epoch, code, severity, actual, message)
    select s.cdr_id, s.epoch, 'D1', 'I', t.times, replay_text(t.times)
    from (select id, count(*) as times from unnest(${cdrIds.map(String)}::bigint[]) as i (id) group by id) t
    join cdr_states s on s.cdr_id = t.id
    order by s.cdr_id
    on conflict (cdr_id) where code = 'D1' do update set
      actual = f.actual::bigint + excluded.actual::bigint,
      message = replay_text(f.actual::bigint + excluded.actual::bigint), at = clock_timestamp()`)
}

/** A CDR as it was sent, the version it was sent in, and who may see it. */
export type StoredCdr = {
  id: bigint
  text: string
  version: string
  receiver: string
  visible: boolean
}

/** The CDR of this owner and key, or null. */
export async function readCdr(
  client: Sql,
  key: { owner: string; cdrKey: string },
): Promise<StoredCdr | null> {
  const [row] = await client.rows<{
    id: bigint
    original: Buffer
    ocpi_version: string
    receiver: string
    visible: boolean
  }>(sql`
    select c.id, c.original, c.ocpi_version, c.receiver, s.delivery not in ('none', 'withheld') as visible
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.owner = ${key.owner} and c.cdr_key = ${key.cdrKey}`)
  return row
    ? {
        id: row.id,
        text: textOf(row.original),
        version: row.ocpi_version,
        receiver: row.receiver,
        visible: row.visible,
      }
    : null
}

/** The text of a CDR's bytes: what a byte order mark may stand in front of. */
export function textOf(original: Buffer): string {
  return original.toString('utf8').replace(/^\uFEFF/, '')
}

/**
 * A page of the CDRs that a party receives, in the order in which they became its to see: one that was judged late
 * comes at the end and not behind a place the reader has passed.
 */
export async function listCdrs(
  client: Sql,
  input: { parties: readonly string[]; owners: readonly string[] | null; page: Page },
): Promise<ListPage<ListItem & { id: bigint }>> {
  const { page, parties, owners } = input
  const rows = await client.rows<{
    id: bigint
    visible_seq: bigint
    owner: string
    cdr_key: string
    ocpi_version: string
    original: Buffer
  }>(sql`
    select c.id, s.visible_seq, c.owner, c.cdr_key, c.ocpi_version, c.original
    from cdr_states s join cdrs c on c.id = s.cdr_id
    where s.receiver = any(${parties}::text[]) and s.delivery not in ('none', 'withheld')
      and (${owners}::text[] is null or c.owner = any(${owners}::text[]))
      and c.last_updated >= coalesce(${page.dateFrom}::timestamptz, '-infinity')
      and c.last_updated < coalesce(${page.dateTo}::timestamptz, 'infinity')
      and s.visible_seq > coalesce(${page.after}::bigint, 0)
    order by s.visible_seq offset ${page.after === null ? page.offset : 0} limit ${page.limit + 1}`)
  const [count] = await client.rows<{ total: bigint }>(sql`
    select count(*) as total from cdr_states s join cdrs c on c.id = s.cdr_id
    where s.receiver = any(${parties}::text[]) and s.delivery not in ('none', 'withheld')
      and s.visible_seq is not null and (${owners}::text[] is null or c.owner = any(${owners}::text[]))
      and c.last_updated >= coalesce(${page.dateFrom}::timestamptz, '-infinity')
      and c.last_updated < coalesce(${page.dateTo}::timestamptz, 'infinity')`)
  const shown = rows.slice(0, page.limit)
  return {
    items: shown.map((row) => ({
      id: row.id,
      owner: row.owner,
      key: row.cdr_key,
      version: row.ocpi_version,
      text: textOf(row.original),
    })),
    total: Number(count?.total ?? 0n),
    nextAfter: rows.length > page.limit ? (shown.at(-1)?.visible_seq.toString() ?? null) : null,
  }
}

/** A CDR that waited to be fetched has been. */
export async function markPulled(client: Sql, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return
  // In the order in which clearing locks them.
  await client.rows(sql`
    update cdr_states set delivery = 'pulled'
    where cdr_id in (
      select cdr_id from cdr_states
      where cdr_id = any(${ids.map(String)}::bigint[]) and delivery = 'waiting for pull'
      order by cdr_id for update)`)
}
