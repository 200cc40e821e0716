import { TextDecoder } from 'node:util'
import { parse } from 'csv-parse/sync'
import { limits } from '../../../config/limits.ts'
import { csvForm, csvOptions, csvRow } from '../../clearing/records/csv.ts'
import { durationText } from '../../clearing/compare.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { dropNulls } from '../../ocpi/validate.ts'
import { saveRecords } from '../records/store.ts'
import type { RecordResult, RecordSource } from '../records/store.ts'
import type { RecordState } from '../records/list.ts'
import { unseenBy } from '../records/visible.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { beforeId, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'

/** One row of what was uploaded: where it stands there, what became of it, what to mend. */
type UploadLine = {
  index: number
  /** Of a CSV file, from 1, with the heading. */
  line: number | null
  record_id: string | null
  outcome: RecordResult['outcome']
  revision: number | null
  faults: { pointer: string; column: string | null; message: string }[]
}

/** Keeps the records of an eMSP out of an upload: a JSON list, one JSON object a line, or CSV with a heading. */
export async function uploadRecords(
  context: Context,
  input: {
    scope: Scope
    party?: string | undefined
    source?: 'cli' | undefined
    bytes: Uint8Array
  },
) {
  const { scope } = input
  const receiver = ownEmsp(scope, input.party)
  const { rows, unused } = readRows(decode(input.bytes))
  if (rows.length > limits.recordsPerRequestMax)
    throw new Refusal('tooLarge', `Send at most ${limits.recordsPerRequestMax} records at once.`)
  const source: RecordSource = scope.kind === 'party' ? 'party' : (input.source ?? 'admin')
  const results = await saveRecords(context, { receiver, source, drafts: rows })
  const totals = { new: 0, changed: 0, same: 0, refused: 0 }
  for (const { outcome } of results) totals[outcome] += 1
  if (scope.kind === 'operator') {
    await context.db.transaction((tx) =>
      appendAudit(tx, {
        actor: scope.actor,
        action: 'records.upload',
        subject: receiver,
        details: totals,
      }),
    )
  }
  const lines = results.map((result, index) =>
    asLine(result, { index, line: rows[index]?.line ?? null }),
  )
  return { party: receiver, totals, not_used: unused, lines }
}

function asLine(result: RecordResult, at: { index: number; line: number | null }): UploadLine {
  const isRefused = result.outcome === 'refused'
  return {
    ...at,
    record_id: result.recordId,
    outcome: result.outcome,
    revision: isRefused ? null : result.revision,
    faults: isRefused
      ? result.faults.map(({ pointer, message }) => ({
          pointer,
          column: at.line === null || pointer === '' ? null : pointer.slice(1),
          message,
        }))
      : [],
  }
}

/** For whom records may be sent: the eMSP that is named, of a platform one of its own. */
function ownEmsp(scope: Scope, named: string | undefined): string {
  const party = named === undefined ? null : foldUpper(named)
  if (scope.kind === 'operator') {
    if (party !== null) return party
    throw wrongParty('is required: whose records these are')
  }
  const [only] = scope.emsps
  if (party === null && only !== undefined && scope.emsps.length === 1) return only
  if (party !== null && scope.emsps.includes(party)) return party
  throw wrongParty('must be one of your own parties with the role EMSP')
}

function wrongParty(message: string): Refusal {
  return new Refusal('invalidQuery', `party ${message}.`, {
    faults: [{ pointer: 'query:party', message }],
  })
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes).replace(/^\uFEFF/, '')
  } catch {
    throw new Refusal('malformed', 'The body is not UTF-8.')
  }
}

type UploadRow = { value: unknown; line: number | null }

/** `unused`: columns that nothing was read from. */
function readRows(text: string): { rows: UploadRow[]; unused: readonly string[] } {
  const start = text.trimStart()
  if (start === '') throw new Refusal('malformed', 'There is nothing in the body.')
  if (start.startsWith('[') || start.startsWith('{')) return { rows: jsonRows(text), unused: [] }
  const form = csvForm(text)
  try {
    const rows: unknown = parse(text, csvOptions(form))
    const read = Array.isArray(rows) ? rows.map((row) => csvRow(row, form)) : []
    return { rows: read, unused: form.unused.slice(0, limits.recordFaultsMax) }
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new Refusal('malformed', `The body is neither JSON nor CSV with a heading: ${why}.`)
  }
}

/** A list, or an object a line. */
function jsonRows(text: string): UploadRow[] {
  const whole = parsed(text)
  if (whole !== undefined) {
    const list: readonly unknown[] = Array.isArray(whole) ? whole : [whole]
    return list.map((value) => ({ value: dropNulls(value), line: null }))
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    return [{ value: dropNulls(parsed(line)), line: index + 1 }]
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type RecordFilter = PageRequest & {
  party?: string | undefined
  cpo?: string | undefined
  state?: RecordState | undefined
}

type RecordRow = {
  id: bigint
  receiver: string
  record_id: string
  revision: number
  owner: string | null
  started_at: Date | null
  ended_at: Date | null
  energy_mwh: bigint | null
  net_micros: bigint | null
  currency: string | null
  source: RecordSource
  received_at: Date
  state: RecordState
  matches: MatchItem[]
}

type MatchItem = {
  country_code: string
  party_id: string
  cdr_id: string
  kind: 'one' | 'split' | 'merged' | 'ambiguous'
  tier: number
  score: number
  state: 'confirmed' | 'suggested' | 'ambiguous' | 'rejected'
  shift_minutes: number
  decided_by: string | null
}

/** Records, newest first, with what they were matched with and why. Parties see those of their own eMSPs, and only CDRs they may see. */
export async function listRecords(context: Context, scope: Scope, filter: RecordFilter) {
  const { before, limit } = beforeId(filter)
  const own = scope.kind === 'operator' ? null : [...scope.emsps]
  const party = filter.party === undefined ? null : foldUpper(filter.party)
  const cpo = filter.cpo === undefined ? null : foldUpper(filter.cpo)
  const state = filter.state ?? null
  const unseen = unseenBy(scope)
  const rows = await context.db.rows<RecordRow>(sql`
    select r.id, r.receiver, r.record_id, r.revision, r.owner, r.started_at, r.ended_at, r.energy_mwh, r.net_micros,
      r.currency, r.source, r.received_at, f.state, f.matches
    from emsp_records r
    cross join lateral (
      select case when bool_or(m.confirmed) then 'matched'
          when bool_or(m.kind = 'ambiguous' and not m.rejected) then 'ambiguous'
          when bool_or(not m.rejected) then 'suggested' else 'unmatched' end as state,
        coalesce(jsonb_agg(jsonb_build_object('country_code', left(c.owner, 2), 'party_id', substr(c.owner, 4),
          'cdr_id', c.cdr_id, 'kind', m.kind, 'tier', m.tier, 'score', round(m.score::numeric, 3),
          'state', case when m.rejected then 'rejected' when m.confirmed then 'confirmed' when m.kind = 'ambiguous'
            then 'ambiguous' else 'suggested' end,
          'shift_minutes', m.shift_minutes, 'decided_by', m.decided_by) order by m.score desc, c.id), '[]'::jsonb) as matches
      from record_matches m join cdrs c on c.id = m.cdr_id join cdr_states s on s.cdr_id = m.cdr_id
      where m.record_id = r.id and (${unseen}::text[] is null
        or (s.state <> all(${unseen}::text[]) and s.delivery <> 'withheld'))) f
    where (${before?.toString() ?? null}::bigint is null or r.id < ${before?.toString() ?? null}::bigint)
      and (${own}::text[] is null or r.receiver = any(${own}::text[]))
      and (${party}::text is null or r.receiver = ${party}) and (${cpo}::text is null or r.owner = ${cpo})
      and (${state}::text is null or f.state = ${state})
    order by r.id desc limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [row.id.toString()], item: asRecord })
}

function asRecord(row: RecordRow) {
  const decimal = (value: bigint | null) => (value === null ? null : fromMicros(value))
  return {
    id: row.id.toString(),
    party: row.receiver,
    record_id: row.record_id,
    revision: row.revision,
    cpo: row.owner,
    start: row.started_at?.toISOString() ?? null,
    end: row.ended_at?.toISOString() ?? null,
    kwh: decimal(row.energy_mwh),
    net: decimal(row.net_micros),
    currency: row.currency,
    source: row.source,
    received_at: row.received_at.toISOString(),
    state: row.state,
    matches: row.matches.map((match) => ({ ...match, reason: reasonOf(match) })),
  }
}

const REASONS = [
  'it names the CDR',
  'it names the session of the CDR',
  'it has the authorization reference of the CDR',
  'the same meter at the same time',
  'the same card and EVSE, begun within a quarter of an hour',
  'the same card and location, at the same time for the most part',
  'the same EVSE at the same time; the card is not named',
]

/** Why a record is thought to belong to a CDR, as a sentence. */
function reasonOf({ tier, kind, score, shift_minutes: shift, decided_by: by }: MatchItem): string {
  const parts = [
    REASONS[tier] ?? 'they look alike',
    ...(kind === 'split' ? ['the eMSP has several records of it'] : []),
    ...(kind === 'merged' ? ['the CPO wrote several CDRs about it'] : []),
    ...(kind === 'ambiguous' ? ['others fit as well, so nobody can tell without looking'] : []),
    ...(shift === 0 ? [] : [`its clock is ${durationText(shift * 60_000)} off`]),
    ...(tier >= 4 ? [`likeness ${Math.round(score * 100)} of 100`] : []),
    ...(by === null ? [] : [`decided by ${by}`]),
  ]
  return parts.join('; ')
}

/** What a record said before it was changed, newest first. */
export async function readRecord(context: Context, scope: Scope, id: string) {
  const own = scope.kind === 'operator' ? null : [...scope.emsps]
  const [row] = await context.db.rows<{ id: bigint; value: unknown }>(sql`
    select id, value from emsp_records
    where id = ${id}::bigint and (${own}::text[] is null or receiver = any(${own}::text[]))`)
  if (!row) throw new Refusal('notFound', `There is no record ${id}.`)
  const revisions = await context.db.rows<{
    revision: number
    value: unknown
    source: RecordSource
    received_at: Date
    replaced_at: Date
  }>(sql`
    select revision, value, source, received_at, replaced_at from emsp_record_revisions
    where record_id = ${id}::bigint order by revision desc limit 100`)
  const after = (BigInt(id) + 1n).toString()
  const page = await listRecords(context, scope, { limit: 1, cursor: cursorBelow(after) })
  const [found] = page.items
  if (found?.id !== row.id.toString()) throw new Refusal('notFound', `There is no record ${id}.`)
  return {
    ...found,
    record: row.value,
    revisions: revisions.map((each) => ({
      revision: each.revision,
      record: each.value,
      source: each.source,
      received_at: each.received_at.toISOString(),
      replaced_at: each.replaced_at.toISOString(),
    })),
  }
}

function cursorBelow(id: string): string {
  return Buffer.from(JSON.stringify([id])).toString('base64url')
}
