import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Half, Span } from './reconcile-sets.ts'

/** CDR × Session: energy (Q1), price, duration (Z8) and times a whole number of half hours apart (Z1). */
export async function compareSessions(tx: Tx, { id }: Span): Promise<void> {
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, cdr_id, session_key, expected, actual,
      tolerance, currency, value_micros)
    select ${id.toString()}::bigint, d.kind, c.owner, c.receiver, c.cdr_id, c.session_key, d.expected, d.actual, d.tolerance,
      c.currency, case d.kind when 'energy_session' then (c.net_micros::numeric * (d.actual - d.expected) / nullif(c.energy_mwh, 0))::bigint
        when 'price_session' then d.actual - d.expected end
    from set_cdrs c join set_sessions s using (owner, session_key) join set_terms t on t.owner = c.owner and t.receiver = c.receiver
      -- Nearly all agree; only the others are looked at closely.
      and (c.energy_mwh - s.energy_mwh not between -t.energy_abs and t.energy_abs
        or c.net_micros - s.net_micros not between -t.cost_abs and t.cost_abs
        or c.started_at - s.started_at not between interval '-59 seconds' and interval '59 seconds'
        or c.ended_at - s.ended_at not between interval '-1 second' and interval '1 second')
    cross join lateral (select extract(epoch from c.started_at - s.started_at)::bigint as began,
      extract(epoch from c.ended_at - s.ended_at)::bigint as ended,
      extract(epoch from s.ended_at - s.started_at)::bigint as lasted) a
    cross join lateral (values
      ('energy_session', s.energy_mwh, c.energy_mwh, greatest(t.energy_abs, (abs(s.energy_mwh) * t.energy_rel)::bigint)),
      ('price_session', case when s.currency = c.currency then s.net_micros end, c.net_micros,
        greatest(t.cost_abs, (abs(s.net_micros) * t.cost_rel)::bigint)),
      ('duration_session', a.lasted, a.lasted + a.ended - a.began, greatest(t.time_abs, (a.lasted * t.time_rel)::bigint)),
      ('shift_session', case when abs(a.began) between 1710 and 50400 and abs(a.began - round(a.began / 1800.0) * 1800) <= 90
        and abs(a.ended - a.began) <= 180 then 0 end, a.began, 90)
    ) d (kind, expected, actual, tolerance)
    where abs(d.actual - d.expected) > d.tolerance`)
}

/**
 * CDR × the eMSP's record: energy (Q2, where charging losses may lie between), price, duration (Z8), times a whole number
 * of half hours apart (Z1), clocks that differ (Z2).
 */
export async function compareRecords(tx: Tx, { id }: Span): Promise<void> {
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, cdr_id, session_key, record_id, expected,
      actual, tolerance, currency, value_micros)
    select ${id.toString()}::bigint, d.kind, c.owner, c.receiver, c.cdr_id, c.session_key, r.record_id, d.expected, d.actual,
      d.tolerance, c.currency, case d.kind when 'energy_record' then (c.net_micros::numeric * (d.actual - d.expected) / nullif(c.energy_mwh, 0))::bigint
        when 'price_record' then d.actual - d.expected end
    from set_cdrs c join set_records r using (cdr_id) join set_terms t on t.owner = c.owner and t.receiver = c.receiver
      -- Nearly all agree; only the others are looked at closely.
      and (c.energy_mwh - r.energy_mwh not between -200000 and 200000
        or c.net_micros - r.net_micros not between -t.cost_abs and t.cost_abs
        or c.started_at - r.started_at not between interval '-59 seconds' and interval '59 seconds'
        or c.ended_at - r.ended_at not between interval '-1 second' and interval '1 second')
    cross join lateral (select extract(epoch from c.started_at - r.started_at)::bigint as began,
      extract(epoch from c.ended_at - r.ended_at)::bigint as ended,
      extract(epoch from r.ended_at - r.started_at)::bigint as lasted) a
    cross join lateral (select abs(a.began) between 1710 and 50400 and abs(a.began - round(a.began / 1800.0) * 1800) <= 90
      and abs(a.ended - a.began) <= 180 as is_shift) z
    cross join lateral (values
      ('energy_record', r.energy_mwh, c.energy_mwh, greatest(200000, (abs(r.energy_mwh) * 0.03)::bigint)),
      ('price_record', case when r.currency = c.currency then r.net_micros end, c.net_micros,
        greatest(t.cost_abs, (abs(r.net_micros) * t.cost_rel)::bigint)),
      ('duration_record', a.lasted, a.lasted + a.ended - a.began, greatest(t.time_abs, (a.lasted * t.time_rel)::bigint)),
      ('shift_record', case when z.is_shift then 0 end, a.began, 90),
      ('drift_record', case when not coalesce(z.is_shift, false) and abs(a.began) < 1800 then 0 end, a.began, 90)
    ) d (kind, expected, actual, tolerance)
    where abs(d.actual - d.expected) > d.tolerance`)
}

/** X1 and X2: sessions without CDRs by their age in levels, CDRs without sessions where the CPO sends any. */
export async function findMissingSessions(tx: Tx, { id }: Span): Promise<void> {
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, session_key, currency, value_micros, level)
    select ${id.toString()}::bigint, 'cdr_missing', s.owner, s.receiver, s.session_key, s.currency, s.net_micros,
      1 + (g.age >= interval '72 hours')::int + (g.age >= interval '7 days')::int
    from set_sessions s left join set_cdrs c using (owner, session_key)
    cross join lateral (select clock_timestamp() - coalesce(s.ended_at, s.received_at) as age) g
    where c.cdr_id is null and s.status = 'COMPLETED' and g.age >= interval '24 hours'
      and not exists (select 1 from cdrs k where k.owner = s.owner and k.session_key = s.session_key)`)
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, cdr_id, session_key, currency, value_micros)
    select ${id.toString()}::bigint, 'session_missing', c.owner, c.receiver, c.cdr_id, c.session_key, c.currency, c.net_micros
    from set_cdrs c left join set_sessions s using (owner, session_key)
    where s.session_key is null and c.owner in (select owner from set_sessions)
      and not exists (select 1 from objects o where o.module = 'sessions' and o.owner = c.owner and o.object_key = c.session_key)`)
}

/** X3, both ways: records without CDRs, and CDRs without records where the eMSP sends any. */
export async function findMissingRecords(tx: Tx, { id, from, to, half }: Half): Promise<void> {
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, record_id, session_key, currency, value_micros)
    select ${id.toString()}::bigint, 'record_unbilled', r.owner, r.receiver, r.id, r.session_key, r.currency, r.net_micros
    from emsp_records r
    where r.started_at >= ${from} and r.started_at < ${to} and (hashtext(coalesce(r.owner, '')) & 1) = ${half}::int
      and not exists (select 1 from record_matches m where m.record_id = r.id and m.confirmed)`)
  await tx.rows(sql`
    insert into reconciliation_lines (reconciliation_id, kind, owner, receiver, cdr_id, session_key, currency, value_micros)
    select ${id.toString()}::bigint, 'record_missing', c.owner, c.receiver, c.cdr_id, c.session_key, c.currency, c.net_micros
    from set_cdrs c
    where not exists (select 1 from record_matches m where m.cdr_id = c.cdr_id and m.confirmed)
      and exists (select 1 from emsp_records r where r.receiver = c.receiver
        and r.started_at >= ${from} and r.started_at < ${to})`)
}
