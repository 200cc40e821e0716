import { limits } from '../../../config/limits.ts'
import { ruleOf } from '../../clearing/rules.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { tellParties } from '../disputes/events.ts'

type Notice = {
  kind: 'session' | 'record' | 'cpo'
  subject: string
  owner: string
  receiver: string
  level: number
  message: string
}

/**
 * Finds what is missing and tells both parties, once per level: a completed session without a CDR and an eMSP's record
 * without one (after 24 h, 72 h and 7 days), a CPO that has gone quiet towards an eMSP. What has come is taken off.
 */
export async function noticeMissing(context: Pick<Context, 'db'>): Promise<void> {
  await context.db.transaction(
    async (tx) => {
      await resolveFound(tx)
      const found = [
        ...(await missingCdrs(tx)),
        ...(await unbilledRecords(tx)),
        ...(await quietCpos(tx)),
      ]
      await tellParties(
        tx,
        found.map(({ kind, subject, owner, receiver, level, message }) => ({
          type: 'missing.notice',
          owner,
          receiver,
          subject: `notice:${kind}:${subject}` as const,
          body: { kind, missing: subject, level, message },
        })),
      )
    },
    { deadlineMs: limits.noticeSweepMs },
  )
}

const hours = (name: string): number => Number(ruleOf('X2')?.parameters?.[name])
const [FIRST_H, SECOND_H, THIRD_H] = [hours('first_h'), hours('second_h'), hours('third_h')]

async function resolveFound(tx: Tx): Promise<void> {
  await tx.rows(sql`
    update missing_notices n set resolved_at = clock_timestamp()
    where n.resolved_at is null and case n.kind
      when 'session' then exists (select 1 from cdrs c join cdr_states s on s.cdr_id = c.id
          where c.owner = n.owner and c.session_key = n.subject and not c.is_credit
            and s.state not in ('quarantined', 'dropped'))
        or not exists (select 1 from objects o where o.module = 'sessions' and o.owner = n.owner
          and o.object_key = n.subject and o.deleted_at is null and o.value ->> 'status' = 'COMPLETED')
      when 'record' then not exists (select 1 from emsp_records r where r.receiver = n.receiver and r.record_key = n.subject)
        or exists (select 1 from emsp_records r join record_matches m on m.record_id = r.id and m.confirmed
          where r.receiver = n.receiver and r.record_key = n.subject)
      else exists (select 1 from cdr_figures f join cdrs c on c.id = f.cdr_id
        where f.receiver = n.receiver and f.owner = n.owner and c.received_at > n.since
          and f.started_at > n.since - interval '1 day') end`)
}

/**
 * X2. Counted from the first message that said it was completed: sending it again is no CDR. One that cannot be taken is
 * none either. The time of the place, where it is known.
 */
async function missingCdrs(tx: Tx): Promise<Notice[]> {
  return tx.rows<Notice>(sql`
    insert into missing_notices as known (kind, subject, owner, receiver, level, message, since)
    select distinct on (o.owner, o.object_key) 'session', o.object_key, o.owner, p.receiver, a.level,
      format('The session %s of %s ended at %s, and %s later %s. %s should send it, or declare the session invalid (status INVALID).',
        o.value ->> 'id', o.owner, to_char(e.ended at time zone z.zone, 'YYYY-MM-DD HH24:MI') || ' ' || z.zone, a.age,
        case when c.any then 'no CDR has come for it that can be taken: what came is quarantined' else 'no CDR has come for it' end,
        o.owner), f.completed
    from objects o
    left join lateral (
      select l.time_zone from objects l where l.module = 'locations' and l.owner = o.owner
        and l.object_key = lower(o.value ->> 'location_id') and l.time_zone is not null limit 1) place on true
    cross join lateral (select
      upper(concat(o.value #>> '{cdr_token,country_code}', '-', o.value #>> '{cdr_token,party_id}')) as receiver) p
    cross join lateral (select coalesce(place.time_zone, 'UTC') as zone) z
    cross join lateral (select coalesce(read_instant(o.value ->> 'end_date_time'), o.received_at) as ended) e
    cross join lateral (select coalesce(min(m.at), o.received_at) as completed from session_steps m
      where m.owner = o.owner and m.object_key = o.object_key and m.status = 'COMPLETED') f
    cross join lateral (select count(*) > 0 as any, coalesce(bool_or(s.state not in ('quarantined', 'dropped')), false) as taken
      from cdrs c join cdr_states s on s.cdr_id = c.id
      where c.owner = o.owner and c.session_key = o.object_key and not c.is_credit) c
    cross join lateral (select
      1 + (f.completed < clock_timestamp() - ${SECOND_H} * interval '1 hour')::int
        + (f.completed < clock_timestamp() - ${THIRD_H} * interval '1 hour')::int as level,
      case when f.completed < clock_timestamp() - interval '3 days'
        then floor(extract(epoch from clock_timestamp() - f.completed) / 86400)::text || ' days'
        else floor(extract(epoch from clock_timestamp() - f.completed) / 3600)::text || ' hours' end as age) a
    where o.module = 'sessions' and o.value ->> 'status' = 'COMPLETED' and o.deleted_at is null
      and f.completed < clock_timestamp() - ${FIRST_H} * interval '1 hour'
      and o.received_at > clock_timestamp() - ${limits.noticeBackMs}::float8 * interval '1 millisecond'
      and not c.taken
      -- What was told at this level takes no place within the limit.
      and not exists (select 1 from missing_notices n where n.kind = 'session' and n.owner = o.owner
        and n.receiver = p.receiver and n.subject = o.object_key and n.level >= a.level and n.resolved_at is null)
    order by o.owner, o.object_key
    limit ${limits.sweepRowsMax}
    on conflict (kind, owner, receiver, subject) do update set level = excluded.level, message = excluded.message,
      told_at = clock_timestamp(), resolved_at = null
      where known.level < excluded.level or known.resolved_at is not null
    returning kind, subject, owner, receiver, level, message`)
}

/** X3: counted from when the record came, because CDRs may come late too. The time of the place, where it is known. */
async function unbilledRecords(tx: Tx): Promise<Notice[]> {
  return tx.rows<Notice>(sql`
    insert into missing_notices as known (kind, subject, owner, receiver, level, message, since)
    select 'record', r.record_key, r.owner, r.receiver, a.level,
      format('The record %s of %s says that a charge%s began at %s, and no CDR of %s fits it.', r.record_id, r.receiver,
        coalesce(' of ' || trim_scale(r.energy_mwh / 1000000.0) || ' kWh', ''),
        coalesce(to_char(r.started_at at time zone z.zone, 'YYYY-MM-DD HH24:MI') || ' ' || z.zone, 'a time it does not tell'), r.owner),
      r.received_at
    from emsp_records r
    left join lateral (
      select l.time_zone from objects l where l.module = 'locations' and l.owner = r.owner
        and l.object_key = lower(r.location_key) and l.time_zone is not null limit 1) place on true
    cross join lateral (select coalesce(place.time_zone, 'UTC') as zone) z
    cross join lateral (select
      1 + (r.received_at < clock_timestamp() - ${SECOND_H} * interval '1 hour')::int
        + (r.received_at < clock_timestamp() - ${THIRD_H} * interval '1 hour')::int as level) a
    where r.owner is not null and r.received_at < clock_timestamp() - ${FIRST_H} * interval '1 hour'
      and r.received_at > clock_timestamp() - ${limits.noticeBackMs}::float8 * interval '1 millisecond'
      and not exists (select 1 from record_matches m where m.record_id = r.id and m.confirmed)
      and not exists (select 1 from missing_notices n where n.kind = 'record' and n.owner = r.owner
        and n.receiver = r.receiver and n.subject = r.record_key and n.level >= a.level and n.resolved_at is null)
    order by r.id limit ${limits.sweepRowsMax}
    on conflict (kind, owner, receiver, subject) do update set level = excluded.level, message = excluded.message,
      told_at = clock_timestamp(), resolved_at = null
      where known.level < excluded.level or known.resolved_at is not null
    returning kind, subject, owner, receiver, level, message`)
}

/** Pairs that had CDRs regularly, and none that began in the last seven days. */
async function quietCpos(tx: Tx): Promise<Notice[]> {
  return tx.rows<Notice>(sql`
    insert into missing_notices as known (kind, subject, owner, receiver, level, message, since)
    select 'cpo', 'cdrs', owner, receiver, 1,
      format('%s sent %s CDRs for %s in the four weeks before %s and none since then, for seven days or more.', owner, many, receiver,
        to_char(last at time zone 'UTC', 'YYYY-MM-DD "UTC"')), last
    from (
      select f.owner, f.receiver, count(*) as many, max(f.started_at) as last from cdr_figures f
      where f.started_at > clock_timestamp() - ${limits.quietBackMs}::float8 * interval '1 millisecond' and not f.is_credit
      group by f.owner, f.receiver
    ) p
    where many >= ${limits.quietCdrsMin} and last < clock_timestamp() - ${limits.quietAfterMs}::float8 * interval '1 millisecond'
      and not exists (select 1 from missing_notices n where n.kind = 'cpo' and n.owner = p.owner
        and n.receiver = p.receiver and n.subject = 'cdrs' and n.resolved_at is null)
    order by owner, receiver limit ${limits.sweepRowsMax}
    on conflict (kind, owner, receiver, subject) do update set message = excluded.message, since = excluded.since,
      told_at = clock_timestamp(), resolved_at = null
      where known.resolved_at is not null
    returning kind, subject, owner, receiver, level, message`)
}
