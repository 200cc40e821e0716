import type { RecordInput } from '../../clearing/known.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import type { FiguredCdr } from './columns.ts'
import { orderMatching, orderMatchingOf } from './days.ts'
import { writeFigures } from './figures.ts'
import { matchByIds, namersOf, releaseRecords } from './match-by-ids.ts'

/**
 * The eMSP's own records of CDRs that are being judged: those that an id connects are matched now, for the others a
 * study of their day is ordered. Where the eMSP has several records of one session, they count together. One short query
 * for eMSPs that send none.
 */
export async function recordsFor(
  tx: Tx,
  rows: readonly FiguredCdr[],
): Promise<Map<bigint, RecordInput>> {
  const normal = rows.filter((row) => !row.is_credit)
  const known = await receiversWithRecords(
    tx,
    normal.map(({ receiver }) => receiver),
  )
  const concerned = normal.filter(({ receiver }) => known.has(receiver))
  if (concerned.length === 0) return new Map()
  await writeFigures(tx, concerned)
  const ids = concerned.map(({ id }) => id)
  const namers = await namersOf(tx, ids)
  const recordIds = [...new Set(namers.map((pair) => pair.record_id))]
  if (recordIds.length > 0) {
    const released = await releaseRecords(tx, recordIds)
    const { gone } = await matchByIds(tx, { recordIds })
    await orderMatchingOf(tx, [...released, ...gone])
  }
  const found = await readMatched(tx, ids)
  await orderMatching(
    tx,
    concerned.filter(({ id }) => !found.has(id)),
  )
  return found
}

async function receiversWithRecords(client: Sql, receivers: string[]): Promise<Set<string>> {
  if (receivers.length === 0) return new Set()
  const found = await client.rows<{ receiver: string }>(sql`
    select receiver from unnest(${[...new Set(receivers)]}::text[]) as q (receiver)
    where exists (select 1 from emsp_records r where r.receiver = q.receiver)`)
  return new Set(found.map(({ receiver }) => receiver))
}

type MatchedRow = {
  cdr_id: bigint
  record_id: string
  started_at: Date | null
  ended_at: Date | null
  energy_mwh: bigint | null
  net_micros: bigint | null
  gross_micros: bigint | null
  currency: string | null
  received_at: Date
  content_hash: Buffer
}

/** A record that stands for several CDRs (merged) says nothing about one of them. */
async function readMatched(client: Sql, ids: readonly bigint[]): Promise<Map<bigint, RecordInput>> {
  const rows = await client.rows<MatchedRow>(sql`
    select m.cdr_id, min(r.record_id) as record_id, min(r.started_at) as started_at, max(r.ended_at) as ended_at,
      case when count(*) = count(r.energy_mwh) then sum(r.energy_mwh)::bigint end as energy_mwh,
      case when count(*) = count(r.net_micros) then sum(r.net_micros)::bigint end as net_micros,
      case when count(*) = count(r.gross_micros) then sum(r.gross_micros)::bigint end as gross_micros,
      case when count(distinct r.currency) = 1 then min(r.currency) end as currency,
      max(r.received_at) as received_at, sha256(string_agg(r.content_hash, ''::bytea order by r.id)) as content_hash
    from record_matches m join emsp_records r on r.id = m.record_id
    where m.cdr_id = any(${ids.map(String)}::bigint[]) and m.confirmed and m.kind in ('one', 'split')
    group by m.cdr_id`)
  return new Map(rows.map((row) => [row.cdr_id, asInput(row)]))
}

function asInput(row: MatchedRow): RecordInput {
  const decimal = (micros: bigint | null) => (micros === null ? null : fromMicros(micros))
  return {
    recordId: row.record_id,
    start: row.started_at,
    end: row.ended_at,
    kwh: decimal(row.energy_mwh),
    net: decimal(row.net_micros),
    gross: decimal(row.gross_micros),
    currency: row.currency,
    receivedAt: row.received_at,
    hash: row.content_hash.toString('hex'),
  }
}
