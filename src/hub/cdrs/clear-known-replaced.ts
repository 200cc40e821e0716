import { claimedAmounts } from '../../clearing/amounts.ts'
import { textOf } from '../../clearing/decimal.ts'
import { readPrice } from '../../clearing/read.ts'
import { PARAMETERS, RULES } from '../../clearing/rules.ts'
import type { FindingCode } from '../../clearing/rules.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { KnownRow, ReplacedCdr } from './known-row.ts'

type Row = {
  id: bigint
  original_id: bigint
  cdr_id: string
  value: unknown
  currency: string
  is_credited: boolean
  agreed_net: bigint | null
  agreed_tax: bigint | null
  is_awaited: boolean
}

/** What disputes say that let the other one of two bills stand. */
const BILLED_TWICE: readonly FindingCode[] = ['D2', 'D4', 'D5', 'C4']

/**
 * The CDR that each one replaces: of the same CPO, eMSP and session – without a session: of the same card and start –
 * and credited, or gone because all of it was upheld, but never credited. The last one that went; `agreed` where disputes
 * of it upheld something, or were credited, and nothing has replaced it yet, or this one has. A CDR to which that applies
 * is found by card, start and EVSE whatever session this one names; where the start was moved, by what is alike in one
 * charge that is billed twice (D4).
 *
 * What was received before a dispute began is a duplicate that is not to be paid for what that upheld either. Two things
 * save it: the dispute said that the charge is billed twice, so that this other bill was to stand; or it was itself
 * disputed as a second bill, and that was decided.
 */
export async function readReplaced(
  tx: Tx,
  rows: readonly KnownRow[],
): Promise<Map<bigint, ReplacedCdr>> {
  if (rows.length === 0) return new Map()
  const found = await readLast(tx, rows)
  return new Map(
    found.flatMap((row) => {
      const replaced = replacedOf(row)
      return replaced === null ? [] : [[row.id, replaced]]
    }),
  )
}

async function readLast(tx: Tx, rows: readonly KnownRow[]): Promise<Row[]> {
  const { start_s: startSeconds, energy_share: energyShare } = RULES.D4.parameters
  return tx.rows<Row>(sql`
    with q as (
      select me.id, me.owner, me.receiver, me.session_key, k.token_key, me.started_at, me.ended_at, me.evse_key, me.received_at,
        read_millionths(me.value -> 'total_energy') as mwh, exists (
          select from disputes x where x.cdr_id = me.id and x.code = any(${BILLED_TWICE}::text[])
            and x.outcome is distinct from 'cleared' and (x.closed_at is not null or x.state like 'await%')) as is_decided
      from unnest(${rows.map(({ id }) => id.toString())}::bigint[], ${rows.map((row) => row.token_key)}::text[])
        as k (id, token_key) join cdrs me using (id)
    ), twins as (
      select q.id, c.id as other, true as is_own from q join cdrs c on c.owner = q.owner and c.session_key = q.session_key
      where c.id < q.id and not c.is_credit and c.receiver = q.receiver
      union all
      select q.id, c.id, q.session_key is null and c.session_key is null and c.started_at = q.started_at
      from q join cdrs c on c.receiver = q.receiver and c.token_key = q.token_key and c.owner = q.owner
        and c.started_at between q.started_at - ${startSeconds}::float8 * interval '1 second'
          and q.started_at + ${startSeconds}::float8 * interval '1 second'
      where c.id < q.id and not c.is_credit
        and (c.session_key is null or q.session_key is null or c.session_key <> q.session_key)
        and case when c.started_at = q.started_at
            then coalesce(c.session_key, q.session_key) is null or (c.evse_key = q.evse_key) is not false
          -- Of two that were charged one after the other each is one of its own, however short they were.
          else c.evse_key = q.evse_key and c.started_at < q.ended_at and q.started_at < c.ended_at
            and abs(read_millionths(c.value -> 'total_energy') - q.mwh) <= greatest(
              abs(q.mwh) * ${energyShare}::numeric, ${PARAMETERS.energyNoiseKwh}::numeric * 1000000) end
    )
    select distinct on (t.id) t.id, c.id as original_id, c.cdr_id, c.value, c.currency, s.state = 'credited' as is_credited,
      s.net_micros - a.net as agreed_net, coalesce(s.tax_micros, 0) - a.tax as agreed_tax,
      coalesce(a.waits and c.currency = me.currency, false) as is_awaited
    from twins t join q on q.id = t.id join cdr_states s on s.cdr_id = t.other and s.state in ('credited', 'withdrawn')
    join cdrs c on c.id = t.other join cdrs me on me.id = t.id
    left join lateral (
      select sum(a.net_micros) filter (where b.binds)::bigint as net, sum(a.tax_micros) filter (where b.binds)::bigint as tax,
        bool_or(a.replacement_id = t.id) is true as taken,
        bool_or(a.state = 'awaiting_replacement' and b.binds) as waits, bool_and(a.credit_id is null) as uncredited
      from adjustments a join disputes u on u.id = a.dispute_id
      join dispute_events d on d.dispute_id = a.dispute_id and d.epoch = 0
      cross join lateral (select d.at < q.received_at or (u.code <> all(${BILLED_TWICE}::text[])
        and (a.replacement_id = t.id or not q.is_decided)) is true as binds) b
      where a.cdr_id = t.other
      having bool_or(a.replacement_id is null and b.binds or a.replacement_id = t.id)
    ) a on true
    cross join lateral (select max(e.at) as at from cdr_events e where e.cdr_id = t.other and e.state = s.state) e
    where case s.state when 'withdrawn' then a.uncredited else a.net is not null or t.is_own end
    -- What it has replaced already, or what waits for it, goes before what merely went later. Not the CDR that came
    -- last: a second bill that was dearer, and credited first, was never the price.
    order by t.id, coalesce(a.taken, false) desc, coalesce(a.waits, false) desc, t.is_own desc, e.at desc, t.other desc`)
}

function replacedOf({ value, ...row }: Row): ReplacedCdr | null {
  const claim = claimedAmounts(value)
  if (claim === null) return null
  const gross = isRecord(value) ? (readPrice(value.total_cost)?.incl ?? null) : null
  const { agreed_net: net, agreed_tax: tax } = row
  const agreed = net === null || tax === null ? null : { net, tax }
  return {
    originalId: row.original_id,
    known: {
      cdrId: row.cdr_id,
      currency: row.currency,
      net: claim.net,
      gross: gross === null ? null : textOf(gross),
      isCredited: row.is_credited,
      expectedNet: agreed === null ? null : fromMicros(agreed.net),
      expectedTax: agreed === null ? null : fromMicros(agreed.tax),
    },
    agreed,
    isAwaited: row.is_awaited,
  }
}
