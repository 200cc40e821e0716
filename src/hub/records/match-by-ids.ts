import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Pair } from './days.ts'

/** All that began in a span of time, and records that say no time and came then; of one eMSP or of all. */
export type TimeScope = { receiver: string | null; from: Date; to: Date }

/** Certain records. */
export type IdScope = { recordIds: readonly bigint[] }

/** CDRs in these states claim nothing, so that no record is theirs. */
export const OUT_STATES = ['quarantined', 'dropped', 'credited', 'withdrawn', 'orphan_credit']

/**
 * Tiers 0 to 3: a record that names a CDR (0), a session (1), an authorization reference (2), or the meter and its time
 * (3), belongs to it where neither has another that fits as well: who is named by a surer one is out of the choice for
 * the others, so that it is asked again while it finds some. One statement over sets, not rows: a million in seconds.
 * `gone` are pairs that are out of the question now: what they looked like until now, and who named the same.
 */
export async function matchByIds(
  tx: Tx,
  scope: TimeScope | IdScope,
): Promise<{ joined: Pair[]; gone: Pair[] }> {
  const joined: Pair[] = []
  const gone: Pair[] = []
  for (let tier = 0; tier < ID_TIERS; tier += 1) {
    const found = await matchOnce(tx, paramsOf(scope))
    if (found.length === 0) break
    joined.push(...found)
    const isFound = new Set(found.map(({ record_id: id }) => id))
    const namers = await namersOf(
      tx,
      found.map((pair) => pair.cdr_id),
    )
    gone.push(
      ...(await dropLikenesses(tx, found)),
      ...namers.filter((pair) => !pair.is_taken && !isFound.has(pair.record_id)),
    )
  }
  return { joined, gone }
}

const ID_TIERS = 4

/** What belongs together now; nothing is returned to who compares everything. */
async function matchOnce(tx: Tx, p: Params): Promise<Pair[]> {
  return tx.rows<Pair>(sql`
    with asked as materialized (
      select r.id, r.owner, r.receiver, r.cdr_key, r.session_key, r.reference, r.meter_key, r.started_at
      from emsp_records r where r.owner is not null and (${p.receiver}::text is null or r.receiver = ${p.receiver})
        and (${p.recordIds}::bigint[] is not null or r.started_at between ${p.from} and ${p.to}
          or (r.started_at is null and r.received_at between ${p.from} and ${p.to}))
        and (${p.recordIds}::bigint[] is null or r.id = any(${p.recordIds}::bigint[]))
        and not exists (select 1 from record_matches m where m.record_id = r.id and m.confirmed)
    -- Nulls are left out by hand: nothing is known of what a part of a statement holds, and sorting a million is dear.
    ), named as (
      select r.id as record_id, c.id as cdr_id, 0 as tier from asked r
      join cdrs c on c.owner = r.owner and c.cdr_key = r.cdr_key and c.receiver = r.receiver where r.cdr_key is not null
      union all select r.id, f.cdr_id, 1 from asked r join cdr_figures f using (owner, session_key, receiver) where r.session_key is not null
      union all select r.id, f.cdr_id, 2 from asked r join cdr_figures f using (owner, reference, receiver) where r.reference is not null
      -- A meter counts one session at a time.
      union all select r.id, f.cdr_id, 3 from asked r join cdr_figures f using (owner, meter_key, receiver)
      where r.meter_key is not null and f.started_at between r.started_at - interval '2 minutes' and r.started_at + interval '2 minutes'
    ), wanted as (
      -- Who compares everything has asked for every record already.
      select f.* from cdr_figures f
      where not ${p.isAll}::boolean and f.cdr_id in (select cdr_id from named)
    ), rivals as (
      -- Other records that name the same CDRs, whenever they came and whatever they are taken for.
      select r.id as record_id, f.cdr_id, 0 as tier from wanted f join emsp_records r using (owner, cdr_key, receiver)
      union all select r.id, f.cdr_id, 1 from wanted f join emsp_records r using (owner, session_key, receiver)
      union all select r.id, f.cdr_id, 2 from wanted f join emsp_records r using (owner, reference, receiver)
      union all select r.id, f.cdr_id, 3 from wanted f join emsp_records r using (owner, meter_key, receiver)
      where r.started_at between f.started_at - interval '2 minutes' and f.started_at + interval '2 minutes'
    ), pairs as (
      select n.record_id, n.cdr_id, min(n.tier) as tier, bool_or(n.is_asked) and not bool_or(exists (
        select from record_matches m where m.cdr_id = n.cdr_id and m.confirmed)) as is_open
      from (
        select record_id, cdr_id, tier, true as is_asked from named
        union all select record_id, cdr_id, tier, false from rivals o
        where not exists (select 1 from asked where asked.id = o.record_id) and not exists (
          select 1 from record_matches m where m.record_id = o.record_id and m.confirmed
            and (m.decided_by is not null or m.tier < o.tier))
      ) n
      join cdr_states s on s.cdr_id = n.cdr_id and not s.is_credit and s.state <> all(${OUT_STATES}::text[])
      where not exists (select 1 from record_matches m where m.cdr_id = n.cdr_id
        and ((m.confirmed and (m.decided_by is not null or m.tier < n.tier)) or (m.rejected and m.record_id = n.record_id)))
      group by n.record_id, n.cdr_id
    ), ranked as (
      select record_id, cdr_id, tier, is_open,
        rank() over (partition by record_id order by tier) + count(*) over (partition by record_id, tier) as of_record,
        rank() over (partition by cdr_id order by tier) + count(*) over (partition by cdr_id, tier) as of_cdr
      from pairs
    ), written as (
      insert into record_matches (record_id, cdr_id, kind, tier, score, confirmed)
      -- First, and the only one of its tier, on both sides.
      select record_id, cdr_id, 'one', tier, 1, true from ranked where of_record = 2 and of_cdr = 2 and is_open
      on conflict (record_id, cdr_id) do update set kind = 'one', tier = excluded.tier, score = 1, confirmed = true
        where record_matches.decided_by is null
      returning record_id, cdr_id
    )
    select record_id, cdr_id from written where not ${p.isAll}::boolean`)
}

/** What they were thought to look like, nobody having said it. */
async function dropLikenesses(tx: Tx, pairs: readonly Pair[]): Promise<Pair[]> {
  return tx.rows<Pair>(sql`
    delete from record_matches m
    where (m.record_id = any(${pairs.map((pair) => pair.record_id.toString())}::bigint[])
        or m.cdr_id = any(${pairs.map((pair) => pair.cdr_id.toString())}::bigint[]))
      and not m.confirmed and m.decided_by is null
    returning m.record_id, m.cdr_id`)
}

/** The same for everything that an id has joined. */
export async function dropAllLikenesses(tx: Tx): Promise<void> {
  await tx.rows(sql`
    delete from record_matches m where not m.confirmed and m.decided_by is null and exists (
      select from record_matches k where k.record_id = m.record_id and k.confirmed and k.kind = 'one' and k.tier < ${ID_TIERS}
      union all
      select from record_matches k where k.cdr_id = m.cdr_id and k.confirmed and k.kind = 'one' and k.tier < ${ID_TIERS})`)
}

/** Which records name these CDRs, their session, authorization or meter and time; `is_taken`: it has a CDR. */
export async function namersOf(
  tx: Tx,
  cdrIds: readonly bigint[],
): Promise<(Pair & { is_taken: boolean })[]> {
  const ids = cdrIds.map(String)
  return tx.rows<Pair & { is_taken: boolean }>(sql`
    with f as materialized (select * from cdr_figures where cdr_id = any(${ids}::bigint[])), named as (
      select r.id as record_id, f.cdr_id from f join emsp_records r using (owner, session_key, receiver)
      union select r.id, f.cdr_id from f join emsp_records r using (owner, cdr_key, receiver)
      union select r.id, f.cdr_id from f join emsp_records r using (owner, reference, receiver)
      union select r.id, f.cdr_id from f join emsp_records r using (owner, meter_key, receiver)
      where r.started_at between f.started_at - interval '2 minutes' and f.started_at + interval '2 minutes'
    )
    select record_id, cdr_id, exists (
      select from record_matches m where m.record_id = named.record_id and m.confirmed) as is_taken
    from named order by 1, 2`)
}

/** Frees records whose CDR claims nothing any more: they may belong to what replaces it. What people decided stays. */
export async function releaseRecords(tx: Tx, recordIds: readonly bigint[]): Promise<Pair[]> {
  return tx.rows<Pair>(sql`
    delete from record_matches m using cdr_states s
    where m.record_id = any(${recordIds.map(String)}::bigint[]) and s.cdr_id = m.cdr_id
      and s.state = any(${OUT_STATES}::text[]) and m.decided_by is null
    returning m.record_id, m.cdr_id`)
}

/**
 * Takes apart what was joined where another record or another CDR has come that names the same: who is meant is looked at
 * anew. Not what began on other days, where it is no secret which of them are meant: ids are used again. What a person
 * decided stays.
 */
export async function reopenDoubtful(tx: Tx, scope: TimeScope): Promise<Pair[]> {
  const p = paramsOf(scope)
  return tx.rows<Pair>(sql`
    with fresh as materialized (
      select r.id, r.receiver, r.owner, r.cdr_key, r.session_key, r.reference, r.meter_key, r.started_at from emsp_records r
      where (${p.receiver}::text is null or r.receiver = ${p.receiver})
        and (r.started_at between ${p.from} and ${p.to}
          or (r.started_at is null and r.received_at between ${p.from} and ${p.to}))
        and not exists (select 1 from record_matches o where o.record_id = r.id and o.confirmed)
    ), cdr as materialized (
      select f.receiver, f.owner, f.cdr_key, f.session_key, f.reference, f.meter_key, f.started_at from cdr_figures f
      join cdr_states s on s.cdr_id = f.cdr_id and s.state <> all(${OUT_STATES}::text[])
      where (${p.receiver}::text is null or f.receiver = ${p.receiver})
        and f.started_at between ${p.from} and ${p.to} and not f.is_credit
        and not exists (select 1 from record_matches o where o.cdr_id = f.cdr_id and o.confirmed)
    ), doubtful as (
      select k.id, 1 as tier from fresh f join emsp_records k using (receiver, owner, session_key) where k.id <> f.id
      union select k.id, 0 from fresh f join emsp_records k using (receiver, owner, cdr_key) where k.id <> f.id
      union select k.id, 2 from fresh f join emsp_records k using (receiver, owner, reference) where k.id <> f.id
      -- What an id says is surer than a likeness.
      union select m.record_id, 1 from fresh r join cdr_figures f using (receiver, owner, session_key)
        join record_matches m on m.cdr_id = f.cdr_id and m.confirmed
      union select m.record_id, 2 from fresh r join cdr_figures f using (receiver, owner, reference)
        join record_matches m on m.cdr_id = f.cdr_id and m.confirmed
      union select m.record_id, 0 from fresh r join cdrs c on c.owner = r.owner and c.cdr_key = r.cdr_key and c.receiver = r.receiver
        join record_matches m on m.cdr_id = c.id and m.confirmed
      union select m.record_id, 3 from fresh r join cdr_figures f using (receiver, owner, meter_key)
        join record_matches m on m.cdr_id = f.cdr_id and m.confirmed
        where f.started_at between r.started_at - interval '2 minutes' and r.started_at + interval '2 minutes'
      union select k.id, 1 from cdr f join emsp_records k using (receiver, owner, session_key)
      union select k.id, 0 from cdr f join emsp_records k using (receiver, owner, cdr_key)
      union select k.id, 2 from cdr f join emsp_records k using (receiver, owner, reference)
      union select k.id, 3 from cdr f join emsp_records k using (receiver, owner, meter_key)
        where k.started_at between f.started_at - interval '2 minutes' and f.started_at + interval '2 minutes'
    ), days as (
      select d.id, f.cdr_id, d.tier, (coalesce(r.started_at, r.received_at) at time zone 'UTC')::date as record_day,
        (f.started_at at time zone 'UTC')::date as cdr_day, (${p.from}::timestamptz at time zone 'UTC')::date as day
      from doubtful d join record_matches m on m.record_id = d.id and m.confirmed and m.decided_by is null
      join emsp_records r on r.id = d.id join cdr_figures f on f.cdr_id = m.cdr_id
    )
    delete from record_matches m using days d
    where m.record_id = d.id and m.cdr_id = d.cdr_id
      and (m.tier > d.tier or (m.tier = d.tier and abs(d.record_day - d.cdr_day) > 1) or (abs(d.record_day - d.day) <= 1 and abs(d.cdr_day - d.day) <= 1))
    returning m.record_id, m.cdr_id`)
}

type Params = {
  receiver: string | null
  from: Date | null
  to: Date | null
  isAll: boolean
  recordIds: string[] | null
}

function paramsOf(scope: TimeScope | IdScope): Params {
  const nothing = { receiver: null, from: null, to: null, recordIds: null, isAll: false }
  return 'recordIds' in scope
    ? { ...nothing, recordIds: scope.recordIds.map(String) }
    : { ...nothing, ...scope, isAll: scope.receiver === null }
}
