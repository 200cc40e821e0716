import type { Known } from '../../clearing/known.ts'
import { claimedAmounts } from '../../clearing/amounts.ts'
import { readPrice } from '../../clearing/read.ts'
import { textOf } from '../../clearing/decimal.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { fromMicros } from '../../ledger/money.ts'
import { referenceOf } from './clear-known-authority.ts'
import type { KnownRow } from './known-row.ts'

type Captured = NonNullable<Known['captured']>
type Replaced = NonNullable<Known['replaced']>

/** What a payment terminal captured under the authorization_reference of each CDR, as last said; see noteCapture. */
export async function readCaptured(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, Captured>> {
  const asked = rows.filter((row) => referenceOf(row) !== null)
  if (asked.length === 0) return new Map()
  const found = await tx.rows<Captured & { cdr: bigint }>(sql`
    select distinct on (q.id) q.id as cdr, c.total, c.currency, c.status, c.confirmation_id as id
    from unnest(${asked.map(({ id }) => id.toString())}::bigint[], ${asked.map(({ owner }) => owner)}::text[],
      ${asked.map(referenceOf)}::text[]) as q (id, cpo, reference)
    join captures c using (cpo, reference) where c.total is not null
    order by q.id, c.received_at desc`)
  return new Map(found.map(({ cdr, ...captured }) => [cdr, captured]))
}

/**
 * The CDR that each one replaces: of the same CPO, eMSP and session – without a session: of the same card and start –
 * and credited, or gone because all of it was upheld, but never credited. The last one that went; `expectedNet` where
 * disputes of it upheld something, or were credited, before this one came, and nothing has replaced it yet, or this one
 * has. A CDR to which that applies is found by card, start and EVSE whatever session this one names.
 */
export async function readReplaced(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, Replaced>> {
  const found = await tx.rows<{
    id: bigint
    cdr_id: string
    value: unknown
    currency: string
    is_credited: boolean
    upheld: bigint | null
    net_micros: bigint | null
  }>(sql`
    with q as (
      select * from unnest(${rows.map(({ id }) => id.toString())}::bigint[], ${rows.map(({ owner }) => owner)}::text[],
        ${rows.map(({ receiver }) => receiver)}::text[], ${rows.map((row) => row.session_key)}::text[],
        ${rows.map((row) => row.token_key)}::text[], ${rows.map((row) => row.started_at)}::timestamptz[])
        as q (id, owner, receiver, session_key, token_key, started_at)
    ), twins as (
      select q.id, c.id as other, true as is_own from q join cdrs c on c.owner = q.owner and c.session_key = q.session_key
      where c.id < q.id and not c.is_credit and c.receiver = q.receiver
      union all
      select q.id, c.id, q.session_key is null and c.session_key is null
      from q join cdrs c on c.receiver = q.receiver and c.token_key = q.token_key and c.started_at = q.started_at
        and c.owner = q.owner
      where c.id < q.id and not c.is_credit
        and (c.session_key is null or q.session_key is null or c.session_key <> q.session_key)
    )
    select distinct on (t.id) t.id, c.cdr_id, c.value, c.currency, s.state = 'credited' as is_credited, s.net_micros,
      a.upheld
    from twins t join cdr_states s on s.cdr_id = t.other and s.state in ('credited', 'withdrawn')
    join cdrs c on c.id = t.other join cdrs me on me.id = t.id
    left join lateral (
      select sum(a.net_micros)::bigint as upheld, bool_or(a.replacement_id = t.id) is true as taken,
        bool_or(a.state = 'awaiting_replacement' and d.at < me.received_at) as waits, bool_and(a.credit_id is null) as uncredited
      from adjustments a join dispute_events d on d.dispute_id = a.dispute_id and d.epoch = 0
      where a.cdr_id = t.other
      having bool_or(a.replacement_id is null and d.at < me.received_at or a.replacement_id = t.id)
    ) a on true
    cross join lateral (select max(e.at) as at from cdr_events e where e.cdr_id = t.other and e.state = s.state) e
    where case s.state when 'withdrawn' then a.uncredited else a.upheld is not null or t.is_own end
      and (t.is_own or c.evse_key is null or me.evse_key is null or c.evse_key = me.evse_key)
    -- What it has replaced already, or what waits for it, goes before what merely went later. Not the CDR that came
    -- last: a second bill that was dearer, and credited first, was never the price.
    order by t.id, coalesce(a.taken, false) desc, coalesce(a.waits, false) desc, t.is_own desc, e.at desc, t.other desc`)
  return new Map(
    found.flatMap(({ id, cdr_id: cdrId, value, upheld, net_micros: claimed, ...row }) => {
      const claim = claimedAmounts(value)
      if (claim === null) return []
      const gross = isRecord(value) ? (readPrice(value.total_cost)?.incl ?? null) : null
      const expected = upheld === null || claimed === null ? null : fromMicros(claimed - upheld)
      const { currency, is_credited: isCredited } = row
      const replaced = {
        cdrId,
        currency,
        net: claim.net,
        gross: gross === null ? null : textOf(gross),
      }
      return [[id, { ...replaced, isCredited, expectedNet: expected }]]
    }),
  )
}
