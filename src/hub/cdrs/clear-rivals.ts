import { claimedAmounts } from '../../clearing/amounts.ts'
import { readDecimal, textOf } from '../../clearing/decimal.ts'
import type { SameSession } from '../../clearing/input.ts'
import { usedFromOf } from '../../clearing/use.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { grouped } from './grouped.ts'

/** What of a CDR decides whom it competes with. */
type Rival = {
  id: bigint
  owner: string
  receiver: string
  session_key: string | null
  token_key: string
  started_at: Date | null
  ended_at: Date | null
}

/**
 * CDRs of the same session that stand: received before this one and not out, or live already. One that is disputed as a
 * duplicate is not live: it does not stand in the way of the first.
 */
export async function readSameSession(
  tx: Tx,
  rows: readonly Rival[],
): Promise<Map<bigint, SameSession[]>> {
  const found = await tx.rows<{
    id: bigint
    cdr_id: string
    is_for_another: boolean
    value: unknown
  }>(sql`
    select q.id, c.cdr_id, c.receiver <> q.receiver as is_for_another, c.value
    from unnest(${rows.map((r) => r.id.toString())}::bigint[], ${rows.map((r) => r.owner)}::text[],
      ${rows.map((r) => r.receiver)}::text[], ${rows.map((r) => r.session_key)}::text[])
      as q (id, owner, receiver, session_key)
    join cdrs c on c.owner = q.owner and c.session_key = q.session_key and c.id <> q.id and not c.is_credit
    join cdr_states s on s.cdr_id = c.id
    where cdr_is_live(s.cdr_id, s.state)
      or (c.id < q.id and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn'))
    order by q.id, c.id`)
  return grouped(
    found.map((row) => {
      const net = claimedAmounts(row.value)?.net
      const energy = isRecord(row.value) ? readDecimal(row.value.total_energy) : null
      const said = { ...(net ? { net } : {}), ...(energy === null ? {} : { kwh: textOf(energy) }) }
      return [row.id, { cdrId: row.cdr_id, isForAnother: row.is_for_another, ...said }]
    }),
  )
}

/** CDRs of the same card whose time overlaps and that stand, whoever sent them, from when they were used. */
export async function readOverlapping(
  tx: Tx,
  rows: readonly Rival[],
): Promise<Map<bigint, { owner: string; cdrId: string; start: Date; end: Date }[]>> {
  const timed = rows.filter((row) => row.started_at !== null && row.ended_at !== null)
  const found = await tx.rows<{
    id: bigint
    owner: string
    cdr_id: string
    started_at: Date
    ended_at: Date
    value: unknown
  }>(sql`
    select q.id, c.owner, c.cdr_id, c.started_at, c.ended_at, c.value
    from unnest(${timed.map((r) => r.id.toString())}::bigint[], ${timed.map((r) => r.receiver)}::text[],
      ${timed.map((r) => r.token_key)}::text[], ${timed.map((r) => r.started_at)}::timestamptz[],
      ${timed.map((r) => r.ended_at)}::timestamptz[]) as q (id, receiver, token_key, started_at, ended_at)
    join cdrs c on c.receiver = q.receiver and c.token_key = q.token_key and c.id <> q.id and not c.is_credit
      and c.started_at < q.ended_at and c.ended_at > q.started_at
    join cdr_states s on s.cdr_id = c.id
    where cdr_is_live(s.cdr_id, s.state)
      or (c.id < q.id and s.state not in ('quarantined', 'dropped', 'credited', 'withdrawn'))
    order by q.id, c.id`)
  return grouped(
    found.flatMap((row) => {
      const start = usedFromOf(row.value, row.started_at)
      if (start === null) return []
      return [[row.id, { owner: row.owner, cdrId: row.cdr_id, start, end: row.ended_at }]]
    }),
  )
}
