import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { OUT_STATES } from './match-by-ids.ts'

/** One comparison: `id` of its row, of what began from `from` until before `to`. */
export type Span = { id: bigint; from: Date; to: Date }

/** One half of it, by owner: what belongs together has one owner, and two halves keep two processors busy. */
export type Half = Span & { half: 0 | 1 }

/** How far apart the two sides of a pair may be: energy in mWh, money in micro-units, time in seconds, and shares. */
export type PairTerms = {
  owner: string
  receiver: string
  energy_abs: string
  energy_rel: string
  cost_abs: string
  cost_rel: string
  time_abs: string
  time_rel: string
}

/** What is joined a million times is read once, into narrow tables of this transaction. */
export async function openSets(tx: Tx): Promise<void> {
  // Hash joins of a month in memory; compiling takes longer than it gains.
  await tx.script(`set local work_mem = '128MB'; set local jit = off; set local temp_buffers = '160MB';
    set local timezone = 'UTC';
    create temp table set_terms (owner text, receiver text, energy_abs bigint, energy_rel float8, cost_abs bigint,
      cost_rel float8, time_abs bigint, time_rel float8, primary key (owner, receiver)) on commit drop;`)
}

/** Times as nearly everybody writes them; every text of this form is one, so that none of them can fail to be read. */
const USUAL_TIME =
  '^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?Z?$'

/**
 * A session's last word came after it began, so older ones are not looked at. As a table made by its query it is read by
 * several processes; such a statement takes no parameters, so the times of the span stand in it.
 */
export async function fillSessions(tx: Tx, { from, to, half }: Half): Promise<number> {
  const [first, last] = [from.toISOString(), to.toISOString()]
  await tx.script(`create temp table set_sessions on commit drop as
    select owner, session_key, receiver, energy_mwh, net_micros, status, currency, received_at, odd_start, odd_end,
      case when odd_start is null then began::timestamptz end as started_at,
      case when odd_end is null then ended::timestamptz end as ended_at
    from (
      select owner, object_key as session_key, received_at, value ->> 'start_date_time' as began,
        value ->> 'end_date_time' as ended,
        case when value ->> 'start_date_time' !~ '${USUAL_TIME}' then value ->> 'start_date_time' end as odd_start,
        case when value ->> 'end_date_time' !~ '${USUAL_TIME}' then value ->> 'end_date_time' end as odd_end,
        upper(concat(value #>> '{cdr_token,country_code}', '-', value #>> '{cdr_token,party_id}')) as receiver,
        case jsonb_typeof(value -> 'kwh') when 'number' then round((value -> 'kwh')::numeric * 1000000)::bigint
          else read_millionths(value -> 'kwh') end as energy_mwh,
        read_millionths(coalesce(value #> '{total_cost,excl_vat}', value #> '{total_cost,before_taxes}')) as net_micros,
        value ->> 'status' as status, upper(value ->> 'currency') as currency
      from objects where module = 'sessions' and deleted_at is null and last_updated >= '${first}'
        and (hashtext(owner) & 1) = ${half}
    ) s
    where odd_start is not null or (began collate "C" < '${last}' and began collate "C" >= '${first}');
    update set_sessions set started_at = coalesce(started_at, read_instant(odd_start)),
      ended_at = coalesce(ended_at, read_instant(odd_end)) where odd_start is not null or odd_end is not null;
    delete from set_sessions where started_at is null or started_at < '${first}' or started_at >= '${last}';`)
  return counted(await tx.rows<{ many: bigint }>(sql`select count(*) as many from set_sessions`))
}

/** CDRs that claim something. */
export async function fillCdrs(tx: Tx, { from, to, half }: Half): Promise<number> {
  const out = OUT_STATES.map((state) => `'${state}'`).join(', ')
  await tx.script(`create temp table set_cdrs on commit drop as
    select f.cdr_id, f.owner, f.receiver, f.session_key, f.started_at, f.ended_at, f.energy_mwh, f.net_micros, f.currency
    from cdr_figures f join cdr_states s using (cdr_id)
    where f.started_at >= '${from.toISOString()}' and f.started_at < '${to.toISOString()}' and not f.is_credit
      and (hashtext(f.owner) & 1) = ${half} and s.state not in (${out})`)
  return counted(await tx.rows<{ many: bigint }>(sql`select count(*) as many from set_cdrs`))
}

/** Records by the CDR they belong to; parts of one session are added up. */
export async function fillRecords(tx: Tx): Promise<number> {
  await tx.script(`create temp table set_records on commit drop as
    select m.cdr_id, r.id as record_id, r.started_at, r.ended_at, r.energy_mwh, r.net_micros, r.currency
    from set_cdrs c join record_matches m on m.cdr_id = c.cdr_id and m.confirmed and m.kind = 'one'
    join emsp_records r on r.id = m.record_id
    union all
    select c.cdr_id, min(r.id), min(r.started_at), max(r.ended_at),
      case when count(*) = count(r.energy_mwh) then sum(r.energy_mwh)::bigint end,
      case when count(*) = count(r.net_micros) then sum(r.net_micros)::bigint end, min(r.currency)
    from set_cdrs c join record_matches m on m.cdr_id = c.cdr_id and m.confirmed and m.kind = 'split'
    join emsp_records r on r.id = m.record_id
    group by c.cdr_id`)
  await tx.script('analyze set_records;')
  return counted(await tx.rows<{ many: bigint }>(sql`select count(*) as many from set_records`))
}

/** Who dealt with whom. */
export async function readPairs(tx: Tx): Promise<{ owner: string; receiver: string }[]> {
  await tx.script('analyze set_sessions; analyze set_cdrs;')
  return tx.rows(sql`select distinct owner, receiver from set_cdrs order by 1, 2`)
}

export async function fillTerms(tx: Tx, terms: readonly PairTerms[]): Promise<void> {
  await tx.rows(sql`
    insert into set_terms
    select * from jsonb_populate_recordset(null::set_terms, ${JSON.stringify(terms)}::jsonb)`)
  await tx.script('analyze set_terms;')
}

function counted(rows: readonly { many: bigint }[]): number {
  return Number(rows[0]?.many ?? 0n)
}
