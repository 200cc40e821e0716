import { readOwnRecord } from '../../clearing/records/read-record.ts'
import type { OwnRecord, RecordFault } from '../../clearing/records/read-record.ts'
import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { contentHash } from '../../ocpi/canonical.ts'
import { recordColumns } from './columns.ts'
import { orderMatching } from './days.ts'

export type RecordSource = 'ocpi' | 'party' | 'admin' | 'cli'

/** Something that shall become a record of an eMSP; `id`: of its URL. */
export type RecordDraft = { value: unknown; id?: string }

/** What became of a draft. `same`: the hub has it like this already; nothing was written. */
export type RecordResult =
  | { outcome: 'new' | 'changed' | 'same'; recordId: string; revision: number }
  | { outcome: 'refused'; recordId: null; faults: readonly RecordFault[] }

/**
 * Keeps an eMSP's own records, each by itself: a bad one spoils none. The same id with other content is a new revision,
 * the one before stays to be seen. What is new is matched with CDRs by a worker. Results in the order of the drafts; of
 * several with one id the last one counts.
 */
export async function saveRecords(
  context: Pick<Context, 'db' | 'clock'>,
  input: { receiver: string; source: RecordSource; drafts: readonly RecordDraft[] },
): Promise<RecordResult[]> {
  const { receiver, source } = input
  const read = input.drafts.map((draft) => readDraft(draft, receiver))
  const last = new Map<string, Fit>()
  for (const one of read) if (one.ok) last.set(one.record.recordKey, one)
  const rows = [...last.values()]
  const written = await context.db.transaction(async (tx) => {
    const changes = await writeRecords(tx, { receiver, source, rows })
    const fresh = rows.filter(({ record }) => changes.get(record.recordKey)?.isWritten === true)
    await orderMatching(
      tx,
      fresh.map(({ record: { start } }) => ({
        receiver,
        started_at: start === null ? context.clock() : new Date(start),
      })),
    )
    return changes
  })
  return read.map((one) => {
    if (!one.ok) return { outcome: 'refused', recordId: null, faults: one.faults }
    const { recordKey, recordId } = one.record
    const found = written.get(recordKey)
    if (last.get(recordKey) !== one || !found) return standsTwice
    const outcome = found.isWritten ? (found.revision === 1 ? 'new' : 'changed') : 'same'
    return { outcome, recordId, revision: found.revision }
  })
}

const standsTwice: RecordResult = {
  outcome: 'refused',
  recordId: null,
  faults: [{ pointer: '/id', message: 'stands further down once more; the last one counts' }],
}

type Fit = { ok: true; record: OwnRecord; value: unknown; hash: Buffer }

function readDraft(
  draft: RecordDraft,
  receiver: string,
): Fit | { ok: false; faults: RecordFault[] } {
  const { value } = draft
  const text = JSON.stringify(value) ?? ''
  if (Buffer.byteLength(text) > limits.recordBytesMax)
    return refused(`has more than ${limits.recordBytesMax} bytes`)
  // PostgreSQL keeps no such character, neither in text nor in JSON.
  if (text.includes('\\u0000') || /\\ud[89a-f]/i.test(text))
    return refused('holds a character that cannot be stored')
  const read = readOwnRecord(value, {
    receiver,
    ...(draft.id === undefined ? {} : { id: draft.id }),
  })
  if (!read.ok) return { ok: false, faults: read.faults.slice(0, limits.recordFaultsMax) }
  return { ok: true, record: read.record, value, hash: contentHash(value, new Map()) }
}

function refused(message: string): { ok: false; faults: RecordFault[] } {
  return { ok: false, faults: [{ pointer: '', message }] }
}

type Change = { revision: number; isWritten: boolean }
type KnownRow = { id: bigint; record_key: string; revision: number; content_hash: Buffer }

/** Locks what is there of them in the order of ids; by record key, what became of each. */
async function writeRecords(
  tx: Tx,
  input: { receiver: string; source: RecordSource; rows: readonly Fit[] },
): Promise<Map<string, Change>> {
  const { receiver, source, rows } = input
  const keys = rows.map(({ record }) => record.recordKey)
  const known = await tx.rows<KnownRow>(sql`
    select id, record_key, revision, content_hash from emsp_records
    where receiver = ${receiver} and record_key = any(${keys}::text[]) order by id for update`)
  const byKey = new Map(known.map((row) => [row.record_key, row]))
  const changed = rows.filter(({ record, hash }) => {
    const before = byKey.get(record.recordKey)
    return before === undefined || !before.content_hash.equals(hash)
  })
  const ids = changed.flatMap(({ record }) => byKey.get(record.recordKey)?.id.toString() ?? [])
  if (ids.length > 0) await keepRevisions(tx, ids)
  const written = await upsert(tx, { receiver, source, rows: changed })
  return new Map([
    ...known.map((row): [string, Change] => [
      row.record_key,
      { revision: row.revision, isWritten: false },
    ]),
    ...written.map((row): [string, Change] => [
      row.record_key,
      { revision: row.revision, isWritten: true },
    ]),
  ])
}

/** What they said until now stays to be seen; who they belong to is found anew, unless a person has said it. */
async function keepRevisions(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.rows(sql`
    insert into emsp_record_revisions (record_id, revision, value, content_hash, source, received_at)
    select id, revision, value, content_hash, source, received_at from emsp_records
    where id = any(${ids}::bigint[])`)
  const freed = await tx.rows<{ receiver: string; started_at: Date; apart_id: bigint }>(sql`
    with gone as (
      delete from record_matches where record_id = any(${ids}::bigint[]) and decided_by is null returning cdr_id
    ) select f.receiver, coalesce(f.started_at, clock_timestamp()) as started_at, f.cdr_id as apart_id
    from gone join cdr_figures f using (cdr_id)`)
  await orderMatching(tx, freed)
}

async function upsert(
  tx: Tx,
  input: { receiver: string; source: RecordSource; rows: readonly Fit[] },
): Promise<{ record_key: string; revision: number }[]> {
  const { receiver, source, rows } = input
  if (rows.length === 0) return []
  const values = rows.map(({ record, value, hash }) => ({
    ...recordColumns(record),
    record_key: record.recordKey,
    record_id: record.recordId,
    value,
    hash: hash.toString('hex'),
  }))
  return tx.rows(sql`
    insert into emsp_records as known (receiver, record_key, record_id, value, content_hash, source, owner, cdr_key,
      session_key, reference, token_uid, contract_key, evse_key, location_key, meter_key, started_at, ended_at,
      energy_mwh, net_micros, gross_micros, currency)
    select ${receiver}, record_key, record_id, value, decode(hash, 'hex'), ${source}, owner, cdr_key,
      session_key, reference, token_uid, contract_key, evse_key, location_key, meter_key, started_at, ended_at,
      energy_mwh, net_micros, gross_micros, currency
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as t (record_key text, record_id text, value jsonb,
      hash text, owner text, cdr_key text, session_key text, reference text, token_uid text, contract_key text,
      evse_key text, location_key text, meter_key text, started_at timestamptz, ended_at timestamptz,
      energy_mwh bigint, net_micros bigint, gross_micros bigint, currency text)
    order by record_key
    on conflict (receiver, record_key) do update set
      record_id = excluded.record_id, revision = known.revision + 1, value = excluded.value,
      content_hash = excluded.content_hash, source = excluded.source, owner = excluded.owner,
      cdr_key = excluded.cdr_key, session_key = excluded.session_key, reference = excluded.reference,
      token_uid = excluded.token_uid, contract_key = excluded.contract_key, evse_key = excluded.evse_key,
      location_key = excluded.location_key, meter_key = excluded.meter_key, started_at = excluded.started_at,
      ended_at = excluded.ended_at, energy_mwh = excluded.energy_mwh, net_micros = excluded.net_micros,
      gross_micros = excluded.gross_micros, currency = excluded.currency, received_at = clock_timestamp()
      -- Two that came at the same moment with the same content are one.
      where known.content_hash <> excluded.content_hash
    returning record_key, revision`)
}
