import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/** All that began in a span of time, and records that say no time and came then; of one eMSP or of all. */
export type TimeScope = { receiver: string | null; from: Date; to: Date }

/** Records, and the only CDRs that they may belong to. */
export type IdScope = { cdrIds: readonly bigint[]; recordIds: readonly bigint[] }

/** CDRs in these states claim nothing, so that no record is theirs. */
export const OUT_STATES = ['quarantined', 'dropped', 'credited', 'withdrawn', 'orphan_credit']

/**
 * Tiers 0 to 3: a record that names a CDR (0), a session (1), an authorization reference (2), or the meter and its time
 * (3), belongs to it where neither has another that fits as well. One statement over sets, not rows: a million in
 * seconds. Returns how many.
 */
export async function matchByIds(tx: Tx, scope: TimeScope | IdScope): Promise<number> {
  const p = paramsOf(scope)
  const [row] = await tx.rows<{ matched: bigint }>(sql`
    with r as materialized (
      select r.id, r.owner, r.receiver, r.cdr_key, r.session_key, r.reference, r.meter_key, r.started_at
      from emsp_records r
      where r.owner is not null and (${p.receiver}::text is null or r.receiver = ${p.receiver})
        and (${p.recordIds}::bigint[] is not null or r.started_at between ${p.from} and ${p.to}
          or (r.started_at is null and r.received_at between ${p.from} and ${p.to}))
        and (${p.recordIds}::bigint[] is null or r.id = any(${p.recordIds}::bigint[]))
        and not exists (select 1 from record_matches m where m.record_id = r.id and m.confirmed)
    ), named as (
      select r.id as record_id, c.id as cdr_id, 0 as tier from r
      join cdrs c on c.owner = r.owner and c.cdr_key = r.cdr_key and c.receiver = r.receiver
      union all
      select r.id, f.cdr_id, 1 from r join cdr_figures f using (owner, session_key, receiver)
      union all
      select r.id, f.cdr_id, 2 from r join cdr_figures f using (owner, reference, receiver)
      union all
      -- A meter counts one session at a time.
      select r.id, f.cdr_id, 3 from r join cdr_figures f using (owner, meter_key, receiver)
      where f.started_at between r.started_at - interval '2 minutes' and r.started_at + interval '2 minutes'
    ), pairs as (
      select n.record_id, n.cdr_id, min(n.tier) as tier
      from named n join cdr_states s on s.cdr_id = n.cdr_id and not s.is_credit and s.state <> all(${OUT_STATES}::text[])
      where (${p.cdrIds}::bigint[] is null or n.cdr_id = any(${p.cdrIds}::bigint[]))
        and not exists (select 1 from record_matches m where m.cdr_id = n.cdr_id
          and (m.confirmed or (m.rejected and m.record_id = n.record_id)))
      group by n.record_id, n.cdr_id
    ), ranked as (
      select record_id, cdr_id, tier,
        rank() over (partition by record_id order by tier) + count(*) over (partition by record_id, tier) as of_record,
        rank() over (partition by cdr_id order by tier) + count(*) over (partition by cdr_id, tier) as of_cdr
      from pairs
    ), written as (
      insert into record_matches (record_id, cdr_id, kind, tier, score, confirmed)
      -- First, and the only one of its tier, on both sides.
      select record_id, cdr_id, 'one', tier, 1, true from ranked where of_record = 2 and of_cdr = 2
      on conflict (record_id, cdr_id) do update set kind = 'one', tier = excluded.tier, score = 1, confirmed = true
        where record_matches.decided_by is null
      returning 1
    ) select count(*) as matched from written`)
  return Number(row?.matched ?? 0)
}

/** Records that name one of these CDRs, its session or its authorization. */
export async function recordsNaming(tx: Tx, cdrIds: readonly bigint[]): Promise<bigint[]> {
  const ids = cdrIds.map(String)
  const rows = await tx.rows<{ id: bigint }>(sql`
    with f as (select * from cdr_figures where cdr_id = any(${ids}::bigint[]))
    select r.id from f join emsp_records r using (owner, session_key, receiver)
    union select r.id from f join emsp_records r using (owner, cdr_key, receiver)
    union select r.id from f join emsp_records r using (owner, reference, receiver)
    order by 1`)
  return rows.map(({ id }) => id)
}

/** Frees records whose CDR claims nothing any more: they may belong to what replaces it. What people decided stays. */
export async function releaseRecords(tx: Tx, recordIds: readonly bigint[]): Promise<void> {
  await tx.rows(sql`
    delete from record_matches m using cdr_states s
    where m.record_id = any(${recordIds.map(String)}::bigint[]) and s.cdr_id = m.cdr_id
      and s.state = any(${OUT_STATES}::text[]) and m.decided_by is null`)
}

/**
 * Takes apart what ids had joined, where another record or another CDR has come since that names the same: who is meant
 * is looked at anew. What a person decided stays.
 */
export async function reopenDoubtful(tx: Tx, scope: TimeScope): Promise<void> {
  const p = paramsOf(scope)
  const named = await tx.rows<{ id: bigint }>(sql`
    with fresh as materialized (
      select r.id, r.receiver, r.owner, r.cdr_key, r.session_key, r.reference from emsp_records r
      where (${p.receiver}::text is null or r.receiver = ${p.receiver})
        and (r.started_at between ${p.from} and ${p.to}
          or (r.started_at is null and r.received_at between ${p.from} and ${p.to}))
        and not exists (select 1 from record_matches o where o.record_id = r.id and o.confirmed)
    ), cdr as materialized (
      select f.receiver, f.owner, f.cdr_key, f.session_key, f.reference from cdr_figures f
      join cdr_states s on s.cdr_id = f.cdr_id and s.state <> all(${OUT_STATES}::text[])
      where (${p.receiver}::text is null or f.receiver = ${p.receiver})
        and f.started_at between ${p.from} and ${p.to} and not f.is_credit
        and not exists (select 1 from record_matches o where o.cdr_id = f.cdr_id and o.confirmed)
    )
    select k.id from fresh f join emsp_records k using (receiver, owner, session_key) where k.id <> f.id
    union select k.id from fresh f join emsp_records k using (receiver, owner, cdr_key) where k.id <> f.id
    union select k.id from fresh f join emsp_records k using (receiver, owner, reference) where k.id <> f.id
    union select k.id from cdr f join emsp_records k using (receiver, owner, session_key)
    union select k.id from cdr f join emsp_records k using (receiver, owner, cdr_key)
    union select k.id from cdr f join emsp_records k using (receiver, owner, reference)
    order by 1`)
  await tx.rows(sql`
    delete from record_matches m
    where m.record_id = any(${named.map(({ id }) => id.toString())}::bigint[]) and m.decided_by is null and m.confirmed`)
}

type Params = {
  receiver: string | null
  from: Date | null
  to: Date | null
  cdrIds: string[] | null
  recordIds: string[] | null
}

function paramsOf(scope: TimeScope | IdScope): Params {
  const nothing = { receiver: null, from: null, to: null, cdrIds: null, recordIds: null }
  return 'cdrIds' in scope
    ? { ...nothing, cdrIds: scope.cdrIds.map(String), recordIds: scope.recordIds.map(String) }
    : { ...nothing, ...scope }
}
