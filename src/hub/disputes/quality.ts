import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { fromMicros } from '../../ledger/money.ts'

/** How well a party does its side, of the CDRs received in a window. Shares are decimal texts from 0 to 1. */
export type PartnerQuality = {
  party: string
  role: 'CPO' | 'EMSP'
  cdrs: number
  /** Judged without a finding above information, and never disputed; the share is null where nothing was judged. */
  untouched: number
  untouched_share: string | null
  findings: { code: string; count: number }[]
  /** From the end of the session to the receipt of its CDR, in seconds; of the CPO's doing in both roles. */
  lateness_s: { median: number | null; p95: number | null }
  /**
   * Each one is open, won, lost or split, from the party's own side. Decided is decided, also while documents are awaited;
   * a split was upheld in part, and what the CPO credited of itself counts as upheld. The age is that of those that ended.
   */
  disputes: {
    opened: number
    open: number
    won: number
    lost: number
    split: number
    median_age_s: number | null
  }
  /** What disputes hold now, by currency; decimal texts. */
  held: { currency: string; net: string; tax: string }[]
}

type Window = { from: Date; to: Date; party?: string }

type Row = {
  party: string
  role: 'CPO' | 'EMSP'
  cdrs: bigint
  judged: bigint
  untouched: bigint
  median_s: number | null
  p95_s: number | null
  codes: { code: string; count: number }[] | null
  opened: bigint
  open: bigint
  upheld: bigint
  denied: bigint
  split: bigint
  median_age_s: number | null
  held: { currency: string; net: string; tax: string }[] | null
}

/**
 * Every CPO and eMSP with CDRs received from `from` (inclusive) to `to` (exclusive), or one `party`; by party and role.
 * One statement over the CDRs of the window, credits left out.
 */
export async function partnerQuality(db: Sql, window: Window): Promise<PartnerQuality[]> {
  const rows = await readQuality(db, window)
  return rows.map((row) => ({
    party: row.party,
    role: row.role,
    cdrs: Number(row.cdrs),
    untouched: Number(row.untouched),
    untouched_share: shareOf(row.untouched, row.judged),
    findings: row.codes ?? [],
    lateness_s: { median: row.median_s, p95: row.p95_s },
    disputes: {
      opened: Number(row.opened),
      open: Number(row.open),
      won: Number(row.role === 'CPO' ? row.denied : row.upheld),
      lost: Number(row.role === 'CPO' ? row.upheld : row.denied),
      split: Number(row.split),
      median_age_s: row.median_age_s,
    },
    held: (row.held ?? []).map(({ currency, net, tax }) => ({
      currency,
      net: fromMicros(BigInt(net)),
      tax: fromMicros(BigInt(tax)),
    })),
  }))
}

/** To four decimals, half away from zero. */
function shareOf(part: bigint, whole: bigint): string | null {
  if (whole === 0n) return null
  const share = (part * 20_000n + whole) / (2n * whole)
  const digits = share.toString().padStart(5, '0')
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`
}

async function readQuality(db: Sql, { from, to, party }: Window): Promise<Row[]> {
  const only = party ?? null
  return db.rows<Row>(sql`
    with chosen as materialized (
      select c.id, c.owner, c.receiver, s.state,
        s.state not in ('received', 'unmatched', 'orphan_credit') as is_judged,
        extract(epoch from c.received_at - c.ended_at)::float8 as late_s
      from cdrs c join cdr_states s on s.cdr_id = c.id
      where c.received_at >= ${from} and c.received_at < ${to} and not c.is_credit
        and (${only}::text is null or c.owner = ${only} or c.receiver = ${only})
    ), found as materialized (
      select f.cdr_id, f.code, bool_or(f.severity <> 'I') as matters
      from cdr_findings f join chosen c on c.id = f.cdr_id where f.superseded_at is null group by 1, 2
    ), disputed as materialized (
      select d.* from disputes d join chosen c on c.id = d.cdr_id
    ), sides as (
      select owner as party, 'CPO' as role, id, is_judged, late_s from chosen
      union all
      select receiver, 'EMSP', id, is_judged, late_s from chosen
    ), touched as (
      select cdr_id from found where matters
      union
      select cdr_id from disputed
    ), counted as (
      select party, role, count(*) as cdrs, count(*) filter (where is_judged) as judged,
        count(*) filter (where is_judged and t.cdr_id is null) as untouched,
        percentile_cont(0.5) within group (order by late_s) as median_s,
        percentile_cont(0.95) within group (order by late_s) as p95_s
      from sides left join touched t on t.cdr_id = sides.id group by party, role
    ), codes as (
      select party, role, jsonb_agg(jsonb_build_object('code', code, 'count', n) order by n desc, code) as codes
      from (
        select party, role, code, count(*) as n from found join sides on sides.id = found.cdr_id group by 1, 2, 3
      ) each group by party, role
    ), quarrels as (
      select p.party, p.role, count(*) as opened, count(*) filter (where e.verdict is null) as open,
        count(*) filter (where e.verdict in ('upheld', 'credited')) as upheld,
        count(*) filter (where e.verdict in ('denied', 'withdrawn', 'cleared', 'tolerated')) as denied,
        count(*) filter (where e.verdict = 'partly_upheld') as split,
        percentile_cont(0.5) within group (order by extract(epoch from d.closed_at - d.opened_at)::float8)
          filter (where d.closed_at is not null) as median_age_s
      from disputed d
      cross join lateral (select case
        when d.closed_at is not null then d.outcome
        when d.state not in ('await_credit', 'await_replacement') then null
        when d.upheld_net = d.net_micros and d.upheld_tax = d.tax_micros then 'upheld'
        else 'partly_upheld' end as verdict) e
      cross join lateral (values (d.owner, 'CPO'), (d.receiver, 'EMSP')) as p (party, role)
      group by p.party, p.role
    ), holding as (
      select party, role, jsonb_agg(jsonb_build_object('currency', currency, 'net', net::text, 'tax', tax::text)
        order by currency) as held
      from (
        select v.party, v.role, p.currency, sum(p.net_micros) as net, sum(p.tax_micros) as tax
        from cdr_parts p join chosen c on c.id = p.cdr_id
        cross join lateral (values (p.owner, 'CPO'), (p.receiver, 'EMSP')) as v (party, role)
        where p.book = 'held' group by 1, 2, 3
      ) each group by party, role
    )
    select n.*, k.codes, coalesce(q.opened, 0) as opened, coalesce(q.open, 0) as open, coalesce(q.upheld, 0) as upheld,
      coalesce(q.denied, 0) as denied, coalesce(q.split, 0) as split, q.median_age_s, h.held
    from counted n left join codes k using (party, role) left join quarrels q using (party, role)
      left join holding h using (party, role)
    where ${only}::text is null or n.party = ${only}
    order by n.party, n.role limit ${limits.qualityRowsMax}`)
}
