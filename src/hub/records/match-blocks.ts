import { matchRecords } from '../../clearing/matching/match.ts'
import type { Matching, MatchRecord } from '../../clearing/matching/types.ts'
import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { appendOutbox, finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { tellParties } from '../disputes/events.ts'
import { orderOtherDays } from './days.ts'
import type { Pair } from './days.ts'
import { reviewCdrs } from './review.ts'
import { OUT_STATES, matchByIds, releaseRecords, reopenDoubtful } from './match-by-ids.ts'
import { UNSEEN_STATES } from './visible.ts'

const dayMs = 86_400_000

/**
 * Matches the records of an eMSP (subject) with CDRs, day by day: first what ids connect, then by what they look like,
 * everything of a day and its neighbours at once, so that the order of arrival decides nothing. CDRs whose records
 * changed are judged again.
 */
export async function matchReceiver(context: Context, row: OutboxRow): Promise<void> {
  for (let done = 0; done < limits.matchBlocksAtOnce; done += 1) {
    const isMore = await context.db.transaction((tx) => matchOneDay(tx, row.subject))
    if (!isMore) return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  await context.db.transaction(async (tx) => {
    await appendOutbox(tx, [{ kind: 'match', subject: row.subject }])
    await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
  })
}

/** Locks the day's row: two workers never match the same day. */
async function matchOneDay(tx: Tx, receiver: string): Promise<boolean> {
  const [block] = await tx.rows<{ day: Date; depth: number; cdrs: bigint[] }>(sql`
    delete from record_blocks where (receiver, day) = (
      select receiver, day from record_blocks where receiver = ${receiver} order by day limit 1 for update skip locked)
    returning day::timestamp at time zone 'UTC' as day, depth, cdrs`)
  if (!block) return false
  const from = block.day
  const scope = { receiver, from, to: new Date(from.getTime() + dayMs - 1) }
  const before = await readConfirmed(tx, scope)
  const loose = [...(await releaseOut(tx, scope)), ...(await reopenDoubtful(tx, scope))]
  const { joined, gone: unlike } = await matchByIds(tx, scope)
  const apart = [...loose, ...unlike]
  const sides = await readSides(tx, scope)
  const matching = matchRecords(sides.cdrs, sides.records)
  const gone = await writeMatching(tx, {
    matching,
    touched: touchedBy({ ...sides, ...scope, apart }),
  })
  const after = await readConfirmed(tx, scope)
  // Ids join a record with a CDR of any day.
  const changed = new Set([...apart, ...joined].map((pair) => pair.cdr_id.toString()))
  for (const cdrId of [...before.keys(), ...after.keys()])
    if (before.get(cdrId) !== after.get(cdrId)) changed.add(cdrId)
    else changed.delete(cdrId)
  for (const cdrId of block.cdrs) changed.add(cdrId.toString())
  await reviewCdrs(tx, [...changed].map(BigInt))
  if (block.depth < limits.matchDepthMax)
    await orderOtherDays(tx, { pairs: [...apart, ...gone], day: from, depth: block.depth + 1 })
  return true
}

/** Records of the days around whose CDR was credited or returned since. */
async function releaseOut(tx: Tx, { receiver, from, to }: Span): Promise<Pair[]> {
  const rows = await tx.rows<{ record_id: bigint }>(sql`
    select m.record_id from cdr_figures f join record_matches m on m.cdr_id = f.cdr_id
    where f.receiver = ${receiver}
      and f.started_at between ${from}::timestamptz - interval '1 day' and ${to}::timestamptz + interval '1 day'`)
  return releaseRecords(
    tx,
    rows.map((row) => row.record_id),
  )
}

type Span = { receiver: string; from: Date; to: Date }

/** By CDR of the days around: which records are confirmed to be its. */
async function readConfirmed(tx: Tx, { receiver, from, to }: Span): Promise<Map<string, string>> {
  const rows = await tx.rows<{ cdr_id: bigint; records: string }>(sql`
    select f.cdr_id, string_agg(m.record_id::text || m.kind, ',' order by m.record_id) as records
    from cdr_figures f join record_matches m on m.cdr_id = f.cdr_id and m.confirmed
    where f.receiver = ${receiver}
      and f.started_at between ${from}::timestamptz - interval '1 day' and ${to}::timestamptz + interval '1 day'
    group by f.cdr_id`)
  return new Map(rows.map((row) => [row.cdr_id.toString(), row.records]))
}

type SideRow = {
  id: bigint
  owner: string | null
  receiver: string
  cdr_key: string | null
  session_key: string | null
  reference: string | null
  token_uid: string | null
  contract_key: string | null
  evse_key: string | null
  location_key: string | null
  started_at: Date | null
  ended_at: Date | null
  energy_mwh: bigint | null
  net_micros: bigint | null
  currency: string | null
}

/** What is not matched by an id or a person, on both sides, a day before and after included. */
async function readSides(
  tx: Tx,
  { receiver, from, to }: Span,
): Promise<{ cdrs: MatchRecord[]; records: MatchRecord[] }> {
  const records = await tx.rows<SideRow>(sql`
    select id, owner, receiver, cdr_key, session_key, reference, token_uid, contract_key, evse_key, location_key,
      started_at, ended_at, energy_mwh, net_micros, currency
    from emsp_records r
    where receiver = ${receiver} and coalesce(started_at, received_at)
        between ${from}::timestamptz - interval '1 day' and ${to}::timestamptz + interval '1 day'
      and not exists (select 1 from record_matches m where m.record_id = r.id and m.confirmed
        and (m.decided_by is not null or (m.kind = 'one' and m.tier < 4)))
    order by coalesce(started_at, received_at), id limit ${limits.matchBlockRowsMax}`)
  if (records.length === 0) return { cdrs: [], records: [] }
  const cdrs = await tx.rows<SideRow>(sql`
    select f.cdr_id as id, f.owner, f.receiver, f.cdr_key, f.session_key, f.reference, f.token_uid, f.contract_key,
      f.evse_key, f.location_key, f.started_at, f.ended_at, f.energy_mwh, f.net_micros, f.currency
    from cdr_figures f join cdr_states s on s.cdr_id = f.cdr_id and s.state <> all(${OUT_STATES}::text[])
    where f.receiver = ${receiver} and not f.is_credit
      and f.started_at between ${from}::timestamptz - interval '1 day' and ${to}::timestamptz + interval '1 day'
      and not exists (select 1 from record_matches m where m.cdr_id = f.cdr_id and m.confirmed
        and (m.decided_by is not null or (m.kind = 'one' and m.tier < 4)))
    order by f.started_at, f.cdr_id limit ${limits.matchBlockRowsMax}`)
  return { cdrs: cdrs.map(asMatchRecord), records: records.map(asMatchRecord) }
}

function asMatchRecord(row: SideRow): MatchRecord {
  return {
    id: row.id.toString(),
    cpo: row.owner,
    emsp: row.receiver,
    isCredit: false,
    cdrId: row.cdr_key,
    sessionId: row.session_key,
    reference: row.reference,
    meter: null,
    tokenUid: row.token_uid,
    contract: row.contract_key,
    evse: row.evse_key,
    location: row.location_key,
    start: row.started_at?.getTime() ?? null,
    end: row.ended_at?.getTime() ?? null,
    energyMwh: row.energy_mwh,
    moneyMicros: row.net_micros,
    currency: row.currency,
  }
}

type Touched = { cdrs: ReadonlySet<string>; records: ReadonlySet<string> }

/** What began on the day itself or was taken apart; the days around are there so that it finds its like. */
function touchedBy(of: {
  cdrs: MatchRecord[]
  records: MatchRecord[]
  from: Date
  to: Date
  apart: readonly Pair[]
}): Touched {
  const [from, to] = [of.from.getTime(), of.to.getTime()]
  const onDay = ({ start }: MatchRecord) => start === null || (start >= from && start <= to)
  const ids = (side: MatchRecord[], apart: bigint[]) =>
    new Set([...side.filter(onDay).map(({ id }) => id), ...apart.map(String)])
  return {
    cdrs: ids(
      of.cdrs,
      of.apart.map((pair) => pair.cdr_id),
    ),
    records: ids(
      of.records,
      of.apart.map((pair) => pair.record_id),
    ),
  }
}

type Row = {
  record_id: string
  cdr_id: string
  kind: 'one' | 'split' | 'merged' | 'ambiguous'
  tier: number
  score: number
  confirmed: boolean
  shift_minutes: number
}

/**
 * Writes what was found of the day: what stood there and is not found any more goes, but for what people decided. Returns
 * what stood there.
 */
async function writeMatching(
  tx: Tx,
  { matching, touched }: { matching: Matching; touched: Touched },
): Promise<Pair[]> {
  const rows = rowsOf(matching).filter(
    (row) => touched.cdrs.has(row.cdr_id) || touched.records.has(row.record_id),
  )
  const cdrIds = [...touched.cdrs, ...rows.map((row) => row.cdr_id)]
  const recordIds = [...touched.records, ...rows.map((row) => row.record_id)]
  const known = await tx.rows<Pair>(sql`
    delete from record_matches where (cdr_id = any(${cdrIds}::bigint[]) or record_id = any(${recordIds}::bigint[]))
      and decided_by is null and (tier >= 4 or kind <> 'one')
    returning record_id, cdr_id`)
  if (rows.length === 0) return known
  const written = await tx.rows<{ record_id: bigint; cdr_id: bigint; confirmed: boolean }>(sql`
    insert into record_matches (record_id, cdr_id, kind, tier, score, confirmed, shift_minutes)
    select record_id, cdr_id, kind, tier, score, confirmed, shift_minutes
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t (record_id bigint, cdr_id bigint, kind text, tier int,
      score float8, confirmed boolean, shift_minutes int)
    order by record_id, cdr_id on conflict (record_id, cdr_id) do nothing
    returning record_id, cdr_id, confirmed`)
  const stood = new Set(known.map((row) => `${row.record_id}/${row.cdr_id}`))
  await tellSuggestions(
    tx,
    written.filter((row) => !row.confirmed && !stood.has(`${row.record_id}/${row.cdr_id}`)),
  )
  return known
}

function rowsOf({ matches, ambiguous }: Matching): Row[] {
  const found = matches.flatMap(({ kind, left, right, tier, score, state, shiftMinutes }) =>
    pairs(left, right).map((pair) => ({
      ...pair,
      kind,
      tier,
      score,
      confirmed: state === 'confirmed',
      shift_minutes: shiftMinutes,
    })),
  )
  const unclear = ambiguous.flatMap(({ left, right, tier, score }) =>
    pairs(left, right).map((pair) => ({
      ...pair,
      kind: 'ambiguous' as const,
      tier,
      score,
      confirmed: false,
      shift_minutes: 0,
    })),
  )
  return [...found, ...unclear]
}

function pairs(
  left: readonly string[],
  right: readonly string[],
): { cdr_id: string; record_id: string }[] {
  return left.flatMap((cdr) => right.map((record) => ({ cdr_id: cdr, record_id: record })))
}

/** Somebody is to look: the eMSP can confirm or reject what was matched by likeness alone, of CDRs it may see. */
async function tellSuggestions(
  tx: Tx,
  rows: readonly { record_id: bigint; cdr_id: bigint }[],
): Promise<void> {
  if (rows.length === 0) return
  const found = await tx.rows<{
    id: bigint
    record_id: string
    owner: string
    receiver: string
    cdrs: string[]
  }>(sql`
    select r.id, r.record_id, min(c.owner) as owner, r.receiver, array_agg(c.cdr_id order by c.id) as cdrs
    from unnest(${rows.map((row) => row.record_id.toString())}::bigint[], ${rows.map((row) => row.cdr_id.toString())}::bigint[])
      as t (record_id, cdr_id)
    join emsp_records r on r.id = t.record_id join cdrs c on c.id = t.cdr_id
    join cdr_states s on s.cdr_id = t.cdr_id and s.state <> all(${UNSEEN_STATES}::text[]) and s.delivery <> 'withheld'
    group by r.id order by r.id`)
  await tellParties(
    tx,
    found.map(({ id, record_id: recordId, owner, receiver, cdrs }) => ({
      type: 'record.suggested',
      owner,
      receiver,
      subject: `record:${id}` as const,
      body: {
        record_id: recordId,
        cdr_ids: cdrs,
        message: `The record ${recordId} looks like ${cdrs.length === 1 ? `CDR ${cdrs[0]}` : `one of the CDRs ${cdrs.join(', ')}`}; ${receiver} can confirm or reject it.`,
      },
    })),
  )
}
