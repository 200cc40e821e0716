import type { Tx } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'

/** Sessions of 400 pairs over a month. Every thirteenth of five hundred differs in a way of its own, the rest is noise. */
const dayMs = 86_400_000
/** Long enough ago that what is missing is missing. */
export const TO = new Date(
  Math.floor((performance.timeOrigin + performance.now()) / dayMs - 10) * dayMs,
)
export const FROM = new Date(TO.getTime() - 30 * dayMs)
const cycle = 500

/** What is planted in the sessions whose number leaves this rest, and what must be found of it. */
const PLANTED = {
  1: ['cdr_missing', 'record_unbilled'],
  2: ['session_missing'],
  3: ['record_missing'],
  4: ['record_unbilled'],
  5: ['cdr_missing'],
  6: ['energy_session', 'energy_record'],
  7: ['energy_record'],
  8: ['price_record'],
  9: ['shift_record'],
  10: ['drift_record'],
  11: ['duration_session', 'duration_record'],
  12: ['price_session'],
  13: ['shift_session'],
} as const

/** How many of each kind a comparison of `count` sessions must find, neither more nor fewer. */
export function expectedCounts(count: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [rest, kinds] of Object.entries(PLANTED)) {
    const many = Math.floor((count - Number(rest)) / cycle) + (count >= Number(rest) ? 1 : 0)
    for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + many)
  }
  return counts
}

/** Sessions, CDRs as clearing leaves them, and records that nobody has matched yet. Records name the session, a tenth
 * of them the CDR or the authorization instead. */
export const STEPS: readonly { name: string; run(tx: Tx, count: number): Promise<unknown> }[] = [
  {
    name: 'plan',
    run: async (tx, count) => {
      await tx.script(
        'create table plan (i int, fault int, cpo text, emsp text, start timestamptz, kwh int)',
      )
      await tx.rows(sql`
        insert into plan
        select i, i % 500, 'NL-C' || lpad((i % 20)::text, 2, '0'), 'DE-E' || lpad((i / 20 % 20)::text, 2, '0'),
          date_trunc('second', ${FROM}::timestamptz + interval '3 hours' + (i::float8 / ${count}::int) * interval '29 days 12 hours'), 10 + i % 30
        from generate_series(1, ${count}::int) i`)
      await tx.script('analyze plan')
      // Filled first, indexed then: the same tables in a third of the time.
      await tx.script(`create table kept_indexes as select indexname, indexdef from pg_indexes
          where tablename in ('cdrs', 'cdr_states', 'cdr_figures', 'objects', 'emsp_records') and indexdef like 'CREATE INDEX%';
        do $$ declare name text; begin
          for name in select indexname from kept_indexes loop execute format('drop index %I', name); end loop;
        end $$`)
    },
  },
  {
    name: 'CDRs',
    run: (tx) => tx.rows(cdrs),
  },
  {
    name: 'states of CDRs',
    run: (tx) =>
      tx.rows(sql`
        insert into cdr_states (cdr_id, owner, receiver, session_key, is_credit, currency, state, net_micros)
        select id, owner, receiver, session_key, false, currency, 'provisional', 0 from cdrs`),
  },
  {
    name: 'figures of CDRs',
    run: (tx) =>
      tx.rows(sql`
        insert into cdr_figures (cdr_id, owner, receiver, cdr_key, session_key, reference, token_uid, location_key, started_at,
          ended_at, energy_mwh, net_micros, currency, is_credit)
        select id, owner, receiver, cdr_key, session_key, value ->> 'authorization_reference', lower(value #>> '{cdr_token,uid}'),
          location_key, started_at, ended_at, read_millionths(value -> 'total_energy'),
          read_millionths(value #> '{total_cost,excl_vat}'), currency, false
        from cdrs`),
  },
  { name: 'sessions', run: (tx) => tx.rows(sessions) },
  {
    name: 'records',
    run: (tx) =>
      tx.rows(sql`
        insert into emsp_records (receiver, record_key, record_id, value, content_hash, source, owner, cdr_key, session_key,
          reference, token_uid, started_at, ended_at, energy_mwh, net_micros, currency)
        select emsp, 'r' || i, 'R' || i, jsonb_build_object('record_id', 'R' || i, 'kwh', kwh), sha256(i::text::bytea), 'admin', cpo,
          case when i % 10 = 0 then 'cdr' || i end, case when i % 10 > 1 then 's' || i end,
          case when i % 10 = 1 then 'ref' || i end, 'card' || i % 50000, start + s.shift + (i % 40 - 20) * interval '1 second',
          start + s.shift + interval '1 hour' + (i % 40 - 20) * interval '1 second',
          case fault when 7 then kwh * 700000 else kwh * 1000000 + (i % 5 - 2) * 10000 end,
          kwh * 300000 + case fault when 8 then -1000000 else (i % 3 - 1) * 5000 end, 'EUR'
        from plan
        cross join lateral (select case fault when 9 then interval '1 hour' when 10 then interval '10 minutes'
          else interval '0' end as shift) s
        where fault not in (3, 5)`),
  },
]

/** After the steps: the indexes again, and what the planner knows. */
export async function finishFilling(tx: Tx): Promise<void> {
  await tx.script(`do $$ declare definition text; begin
      for definition in select indexdef from kept_indexes loop execute definition; end loop;
    end $$;
    drop table plan, kept_indexes; analyze`)
}

/** Wide, as they come: the bytes and the value of a CDR beside what is compared. */
const cdrs = sql`
  insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value, session_key,
    token_key, location_key, is_credit, started_at, ended_at, currency, last_updated, correlation_id)
  select cpo, 'cdr' || i, 'CDR' || i, 'p', emsp, '2.2.1', j::text::bytea, sha256(i::text::bytea), j, 's' || i,
    'card' || i % 50000 || '|RFID', 'l1', false, start, ended, 'EUR', ended, 'x'
  from (
    select *, jsonb_build_object('id', 'CDR' || i, 'country_code', 'NL', 'party_id', substr(cpo, 4), 'currency', 'EUR',
      'authorization_reference', 'ref' || i, 'total_energy', kwh + case fault when 6 then 2 else 0 end,
      'total_cost', jsonb_build_object('excl_vat', kwh * 0.3, 'incl_vat', kwh * 0.36), 'total_time', 1,
      'cdr_location', jsonb_build_object('id', 'L1', 'evse_uid', 'E1', 'evse_id', 'NL*C01*E' || i % 1000, 'address', 'Stationsplein 1',
        'city', 'Utrecht', 'country', 'NLD', 'coordinates', jsonb_build_object('latitude', '52.1', 'longitude', '5.1')),
      'cdr_token', jsonb_build_object('uid', 'CARD' || i % 50000, 'type', 'RFID', 'contract_id', 'DE-E00-C' || i % 50000),
      'charging_periods', jsonb_build_array(jsonb_build_object('start_date_time', start, 'dimensions', jsonb_build_array(
        jsonb_build_object('type', 'ENERGY', 'volume', kwh), jsonb_build_object('type', 'TIME', 'volume', 1))))) as j
    from (select *, start + interval '1 hour' + case fault when 11 then interval '30 minutes' else interval '0' end as ended from plan) p
    where fault not in (1, 4, 5)
  ) p`

const sessions = sql`
  insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated, received_at)
  select 'sessions', cpo, 's' || i, emsp, 'p', '2.2.1', j::text, j, start + interval '3 hours', start + interval '3 hours'
  from (
    select *, jsonb_build_object('id', 'S' || i, 'country_code', 'NL', 'party_id', substr(cpo, 4), 'start_date_time', to_char(began, w.form),
      'end_date_time', to_char(began + interval '1 hour', w.form), 'kwh', kwh + (i % 5 - 2) * 0.01,
      'total_cost', jsonb_build_object('excl_vat', kwh * 0.3 - case fault when 12 then 1 else 0 end),
      'cdr_token', jsonb_build_object('country_code', 'DE', 'party_id', substr(emsp, 4), 'uid', 'CARD' || i % 50000, 'type', 'RFID',
        'contract_id', 'DE-E00-C' || i % 50000), 'auth_method', 'WHITELIST', 'location_id', 'L1', 'evse_uid', 'E1',
      'connector_id', '1', 'currency', 'EUR', 'status', 'COMPLETED', 'last_updated', to_char(began, w.form)) as j
    from (select *, (start at time zone 'UTC') + (i % 40 - 20) * interval '1 second'
      + case fault when 13 then interval '2 hours' else interval '0' end as began from plan) p
    cross join (select 'YYYY-MM-DD"T"HH24:MI:SS"Z"' as form) w
    where fault not in (2, 4)
  ) p`
