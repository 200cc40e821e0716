-- Why: who is right about a CDR is settled with clocks and evidence, and only what is disputed is held.

-- The names of the life of a CDR. orphan_credit: a credit that waits for its original. dropped: quarantined for too
-- long. allocated, netted, settled: in a cycle that is closed, netted, paid.
alter table cdr_states drop constraint cdr_states_state_check;
alter table cdr_states add constraint cdr_states_state_check check (state in
  ('received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped', 'held', 'provisional', 'contested', 'approved',
   'allocated', 'netted', 'settled', 'credited', 'withdrawn')) not valid;
-- What nobody disputes of the claim (part 0), null: all of it. drop_at: when a quarantined CDR is given up, and one
-- that is held as a whole (a wrong credit, a claim below zero) goes back.
alter table cdr_states
  add column part_net bigint,
  add column part_tax bigint,
  add column drop_at timestamptz,
  add column event_hash bytea;
-- What is pending names the transfer that keeps it so.
update cdr_states s set booked = s.booked || jsonb_build_object('leg',
    'cdr:' || c.owner || '/' || c.cdr_key || ':' || (s.booked->>'book') || ':' || (s.booked->>'epoch') || '#1')
  from cdrs c where c.id = s.cdr_id and s.booked->>'book' in ('provisional', 'held');
update cdr_states set state = 'orphan_credit' where state = 'unmatched' and is_credit;
update cdr_states set drop_at = updated_at + interval '90 days' where state = 'quarantined';
update cdr_states set drop_at = updated_at + interval '30 days'
  where state = 'held' and (is_credit or net_micros < 0 or tax_micros < 0);
update cdr_states s set state = 'netted' from cycles y where y.id = s.cycle_id and y.state = 'final' and s.state = 'approved';
-- What is held is judged again: from now on only what is at risk stays held, by a dispute.
insert into outbox (kind, subject)
  select 'clear', cdr_id::text from cdr_states where state = 'held' on conflict do nothing;
alter table cdr_states add constraint cdr_states_part_within_claim
  check (part_net is null or net_micros is null or part_net between least(net_micros, 0) and greatest(net_micros, 0)) not valid;
drop index cdr_states_live_session_key;
-- Of those that nobody ever doubted: a dispute may be decided so that two CDRs of a session stand.
create unique index cdr_states_live_session_key on cdr_states (owner, session_key)
  where state in ('provisional', 'approved', 'allocated', 'netted', 'settled') and not is_credit and session_key is not null
    and part_net is null;
drop index cdr_states_due;
drop index cdr_states_waiting;
create index cdr_states_waiting on cdr_states (wait_until) where state in ('unmatched', 'orphan_credit');
-- What is approved by the clock, also where another part of the CDR is disputed.
create index cdr_states_due on cdr_states (contest_until)
  where state in ('provisional', 'held', 'contested') and contest_until is not null;
create index cdr_states_drop on cdr_states (drop_at) where drop_at is not null;

-- Each event names the one before it: hash = SHA-256 of the previous hash and everything it says. via: states that were
-- passed in the same moment.
alter table cdr_events
  add column via text[] not null default '{}',
  add column prev_hash bytea,
  add column hash bytea;
create function event_hash(prev bytea, subject text, epoch integer, said text[], at timestamptz) returns bytea
  language sql immutable as $$
  select sha256(coalesce(prev, '\x'::bytea) || convert_to(jsonb_build_array(
    subject, epoch, to_jsonb(said), (extract(epoch from at) * 1000000)::bigint)::text, 'UTF8'))
$$;

-- What the explanation of a finding holds beside its figures: {rule_version, parameters, steps, decision, confidence,
-- counterfactual, at_risk}.
alter table cdr_findings add column explanation jsonb;

alter table cdrs add column channel text not null default 'push' check (channel in ('push', 'pull'));
-- Where it was charged, so that what overlaps there is found.
alter table cdrs add column evse_key text;
create index cdrs_evse on cdrs (owner, evse_key, started_at) where evse_key is not null and not is_credit;

-- The only change of a CDR: after the retention its card is hashed and its signed records, where they name the card,
-- give way to their hash. The hash of what was sent stays. Everything else is as immutable as it was.
alter table cdrs add column redacted_at timestamptz;
create index cdrs_unredacted on cdrs (received_at) where redacted_at is null;
create function keep_cdr() returns trigger language plpgsql as $$
declare
  columns constant text[] := array['original', 'value', 'token_key', 'redacted_at'];
  hidden constant text[] := array['cdr_token', 'auth_id', 'signed_data'];
  card constant text[] := array['uid', 'contract_id'];
  sent jsonb;
  kept jsonb;
begin
  if current_setting('crosscharge.redacting', true) = 'on' and old.redacted_at is null and new.redacted_at is not null then
    sent := ltrim(convert_from(old.original, 'UTF8'), U&'\FEFF')::jsonb;
    kept := ltrim(convert_from(new.original, 'UTF8'), U&'\FEFF')::jsonb;
    if to_jsonb(new) - columns = to_jsonb(old) - columns
      and new.value - hidden = old.value - hidden
      and coalesce(new.value->'cdr_token', '{}') - card = coalesce(old.value->'cdr_token', '{}') - card
      and kept - hidden = sent - hidden
      and coalesce(kept->'cdr_token', '{}') - card = coalesce(sent->'cdr_token', '{}') - card
    then return new; end if;
  end if;
  raise exception 'rows of % are immutable', tg_table_name using errcode = '42501';
end $$;
drop trigger cdrs_immutable on cdrs;
create trigger cdrs_immutable before delete or truncate on cdrs for each statement execute function refuse_change();
create trigger cdrs_kept before update on cdrs for each row execute function keep_cdr();
grant update (original, value, token_key, redacted_at) on cdrs to current_user;

-- How often the same CDR came again: one finding, counted at the door.
create unique index cdr_findings_replays on cdr_findings (cdr_id) where code = 'D1';
create function replay_text(times bigint) returns text language sql immutable as $$
  select format('This CDR came again %s with the same content; it counts once.',
    case times when 1 then 'once' else times || ' times' end)
$$;

-- A disagreement about a CDR, or about a pattern of small differences of a pair (cdr_id null, items in dispute_items).
-- Amounts in micro-units, positive: what the eMSP says is too much.
create table disputes (
  id bigint generated always as identity primary key,
  cdr_id bigint,
  -- The part of the CDR that it holds; null: it holds nothing (what it is about was paid already, or is a pattern).
  part integer,
  owner text not null,
  receiver text not null,
  currency text not null,
  code text not null,
  opened_by text not null check (opened_by in ('hub', 'emsp', 'operator')),
  state text not null check (state in
    ('draft', 'open', 'in_review', 'accepted_full', 'accepted_partial', 'denied', 'no_response', 'rebutted',
     'second_review', 'proposed', 'accepted', 'arbitration', 'ruled', 'await_credit', 'await_replacement', 'closed',
     'withdrawn', 'auto_resolved', 'expired')),
  epoch integer not null default 0,
  round integer not null default 1,
  -- By the agreement as of the last step no further round begins.
  last_round boolean not null default false,
  net_micros bigint not null check (net_micros >= 0),
  tax_micros bigint not null check (tax_micros >= 0),
  tax_known boolean not null,
  -- What was upheld so far, and what is on the table.
  upheld_net bigint not null default 0,
  upheld_tax bigint not null default 0,
  proposed_net bigint,
  proposed_tax bigint,
  proposed_by text check (proposed_by in ('cpo', 'emsp', 'hub', 'operator')),
  deadline_at timestamptz,
  -- What happens by itself at the deadline.
  default_verb text,
  -- The epoch in which its parties were reminded of the deadline.
  reminded_epoch integer,
  out_of_time boolean not null default false,
  statement text,
  outcome text check (outcome in
    ('upheld', 'partly_upheld', 'denied', 'withdrawn', 'tolerated', 'credited', 'cleared')),
  evidence_hash bytea,
  event_hash bytea,
  opened_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  -- No open dispute without a deadline, none with one that is closed.
  constraint disputes_clock check ((closed_at is null) = (deadline_at is not null and default_verb is not null)),
  constraint disputes_outcome check ((closed_at is null) = (outcome is null)),
  constraint disputes_upheld check (upheld_net between 0 and net_micros and upheld_tax between 0 and tax_micros)
) with (fillfactor = 70);
-- One undecided dispute per CDR and reason; what is decided and awaits documents is no longer argued about.
create unique index disputes_open_key on disputes (cdr_id, code)
  where closed_at is null and cdr_id is not null and state not in ('await_credit', 'await_replacement');
create unique index disputes_pattern_key on disputes (owner, receiver, currency, code)
  where closed_at is null and cdr_id is null;
create index disputes_cdr on disputes (cdr_id) where cdr_id is not null;
create index disputes_due on disputes (deadline_at) where closed_at is null;
create index disputes_owner on disputes (owner, id);
create index disputes_receiver on disputes (receiver, id);

create table dispute_items (
  dispute_id bigint not null,
  cdr_id bigint not null,
  net_micros bigint not null,
  tax_micros bigint not null,
  primary key (dispute_id, cdr_id)
);

create table dispute_events (
  dispute_id bigint not null,
  epoch integer not null,
  state text not null,
  via text[] not null default '{}',
  verb text not null,
  side text not null check (side in ('cpo', 'emsp', 'hub', 'operator')),
  actor text not null,
  reason_code text not null,
  reason text,
  net_micros bigint,
  tax_micros bigint,
  deadline_at timestamptz,
  at timestamptz not null default clock_timestamp(),
  prev_hash bytea,
  hash bytea not null,
  redacted_at timestamptz,
  primary key (dispute_id, epoch)
);
-- The only change of what was said with an event, or noted in the audit log: after the retention a card in it is hashed.
-- The hash of the event stays.
alter table cdr_events add column redacted_at timestamptz;
create function keep_said() returns trigger language plpgsql as $$
declare
  columns constant text[] := array['reason', 'redacted_at'];
begin
  if current_setting('crosscharge.redacting', true) = 'on' and to_jsonb(new) - columns = to_jsonb(old) - columns
    then return new; end if;
  raise exception 'rows of % are immutable', tg_table_name using errcode = '42501';
end $$;
create trigger dispute_events_immutable before delete or truncate on dispute_events
  for each statement execute function refuse_change();
create trigger dispute_events_kept before update on dispute_events for each row execute function keep_said();
revoke update, delete, truncate on dispute_events from current_user;
grant update (reason, redacted_at) on dispute_events to current_user;
drop trigger cdr_events_immutable on cdr_events;
create trigger cdr_events_immutable before delete or truncate on cdr_events
  for each statement execute function refuse_change();
create trigger cdr_events_kept before update on cdr_events for each row execute function keep_said();
grant update (reason, redacted_at) on cdr_events to current_user;
drop trigger audit_entries_immutable on audit_entries;
create trigger audit_entries_immutable before delete or truncate on audit_entries
  for each statement execute function refuse_change();
create trigger audit_entries_kept before update on audit_entries for each row execute function keep_said();
grant update (reason) on audit_entries to current_user;
create index audit_entries_subject on audit_entries (subject);

-- What a dispute is judged by. Number 1 to n are frozen when it is opened, additions follow.
create table dispute_evidence (
  dispute_id bigint not null,
  number integer not null,
  name text not null,
  media text not null,
  sha256 bytea not null,
  bytes bytea not null,
  added_by text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (dispute_id, number)
);

-- What a CDR is split into beside its part 0: what a dispute holds (disputed), and what was taken off after the CDR had
-- been netted (adjustment, negative). Each stands in one book and one cycle; ended: it stands nowhere any more.
create table cdr_parts (
  cdr_id bigint not null,
  part integer not null check (part >= 1),
  kind text not null check (kind in ('disputed', 'adjustment')),
  dispute_id bigint not null,
  owner text not null,
  receiver text not null,
  currency text not null,
  net_micros bigint not null,
  tax_micros bigint not null,
  tax_known boolean not null,
  book text not null check (book in ('held', 'due', 'ended')),
  -- Of the CDR, when the part was booked last: it is in the key of the booking.
  epoch integer not null,
  cycle_id text not null,
  -- The transfer that keeps it pending; null of what is due or ended.
  leg text,
  carried_from text,
  late_from text,
  primary key (cdr_id, part),
  constraint cdr_parts_leg check ((leg is not null) = (book = 'held'))
) with (fillfactor = 70);
create index cdr_parts_cycle on cdr_parts (cycle_id, book);

-- Whether a CDR in that state is billed and stands in the way of one of the same charge that came before it. One that is
-- itself disputed as a duplicate does not, nor one of which it was decided that both may stand: only one that became the
-- first because the finding was gone.
create function cdr_is_live(id bigint, state text) returns boolean language sql stable as $$
  select cdr_is_live.state in ('provisional', 'contested', 'approved', 'allocated', 'netted', 'settled')
    and not exists (
      select from disputes d where d.cdr_id = cdr_is_live.id and d.code in ('D2', 'D4', 'D5')
        and d.outcome is distinct from 'cleared')
$$;

-- By whose clock people are told of a CDR: that of its stored Location, else the zone that its price was reckoned in, which
-- its own place or country says; null where nobody knows it.
create function cdr_time_zone(of_cdr bigint) returns text language sql stable as $$
  select coalesce((
      select o.time_zone from objects o where o.module = 'locations' and o.owner = c.owner
        and o.object_key = c.location_key and o.deleted_at is null
      order by (o.audience = '*') desc, o.seq desc limit 1), s.breakdown->'timeZone'->>'name')
  from cdrs c join cdr_states s on s.cdr_id = c.id where c.id = of_cdr
$$;

-- What was taken off a CDR before its CPO documented it: consumed once, by a credit and what replaces the CDR.
create table adjustments (
  id bigint generated always as identity primary key,
  dispute_id bigint not null,
  cdr_id bigint not null,
  owner text not null,
  receiver text not null,
  currency text not null,
  net_micros bigint not null,
  tax_micros bigint not null,
  state text not null check (state in ('awaiting_document', 'awaiting_replacement', 'consumed')),
  credit_id bigint,
  replacement_id bigint,
  -- What the replacement claims beyond what was agreed; 0 where it fits.
  difference_net bigint,
  difference_tax bigint,
  due_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  consumed_at timestamptz,
  constraint adjustments_dispute_key unique (dispute_id, cdr_id),
  constraint adjustments_consumed check ((state = 'consumed') = (consumed_at is not null and credit_id is not null)),
  constraint adjustments_credit check ((state = 'awaiting_document') = (credit_id is null))
);
create index adjustments_cdr on adjustments (cdr_id);
create index adjustments_open on adjustments (owner) where state <> 'consumed';
create function keep_consumed() returns trigger language plpgsql as $$
begin
  if old.state = 'consumed' then
    raise exception 'adjustment % is consumed', old.id using errcode = '23514', constraint = 'adjustments_consumed_once';
  end if;
  return new;
end $$;
create trigger adjustments_consumed_once before update on adjustments
  for each row execute function keep_consumed();

-- The lines of a cycle: part 0 of each CDR, and what stands beside it.
alter table cycle_lines add column part integer not null default 0;
alter table cycle_lines drop constraint cycle_lines_pkey, add primary key (cycle_id, kind, cdr_id, part);
drop index cycle_lines_final_key;
create unique index cycle_lines_final_key on cycle_lines (cdr_id, part) where kind = 'final';
alter table cycle_moves add column part integer not null default 0;
alter table cycle_moves drop constraint cycle_moves_pkey, add primary key (from_cycle, cdr_id, part);
create or replace view settlement_lines as
  select cycle_id, kind, cdr_id, debtor, creditor, state, net_micros, tax_micros, tax_known, carried_from, late_from, part
    from cycle_lines
  union all
  select cycle_id, 'running', cdr_id, receiver, owner,
      case booked->>'book' when 'due' then 'approved' when 'provisional' then 'provisional' else 'held' end,
      coalesce(part_net, net_micros, 0), coalesce(part_tax, tax_micros, 0), tax_known, carried_from, late_from, 0
    from cdr_states where cycle_id is not null and booked is not null
      -- Where all of a CDR is disputed there is nothing to say of its part 0.
      and (part_net is null or part_net <> 0 or part_tax <> 0)
  union all
  select cycle_id, 'running', cdr_id, receiver, owner, case book when 'due' then 'approved' else 'held' end,
      net_micros, tax_micros, tax_known, carried_from, late_from, part
    from cdr_parts where book <> 'ended';

-- Sessions as they came, message by message: what a CDR and a dispute are judged by.
create table session_steps (
  id bigint generated always as identity primary key,
  owner text not null,
  object_key text not null,
  method text not null check (method in ('PUT', 'PATCH', 'pull')),
  status text,
  kwh text,
  -- Whether the message itself said the energy and the cost, or left what was known.
  says_kwh boolean not null default true,
  says_cost boolean not null default false,
  last_updated timestamptz,
  sha256 bytea not null,
  body text not null,
  at timestamptz not null default clock_timestamp()
);
create index session_steps_session on session_steps (owner, object_key, id);
create index session_steps_at on session_steps using brin (at);

-- A Location as it was until it changed in what CDRs are judged by: place, zone, EVSEs and the power of connectors.
create table location_versions (
  id bigint generated always as identity primary key,
  owner text not null,
  object_key text not null,
  value jsonb not null,
  valid_until timestamptz not null default clock_timestamp()
);
create index location_versions_lookup on location_versions (owner, object_key, valid_until);
-- Since when the hub has an object; null: since before this was kept.
alter table objects add column first_received_at timestamptz;
alter table objects alter column first_received_at set default clock_timestamp();

-- Who asked whether a token may charge, and what was answered; commands that started or stopped a session.
create table authorizations (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('realtime', 'START_SESSION', 'STOP_SESSION', 'RESERVE_NOW')),
  cpo text not null,
  emsp text not null,
  token_key text not null,
  location_key text,
  evse_uid text,
  session_key text,
  reference text,
  -- As it was sent, for people to read.
  reference_said text,
  -- ALLOWED, BLOCKED …; ACCEPTED, REJECTED … of a command; null while nothing was answered.
  answer text,
  correlation_id text,
  at timestamptz not null default clock_timestamp(),
  answered_at timestamptz
);
create index authorizations_token on authorizations (emsp, token_key, at);
create index authorizations_pair on authorizations (cpo, emsp, at);
create index authorizations_reference on authorizations (cpo, reference) where reference is not null;
create index authorizations_correlation on authorizations (correlation_id) where answered_at is null;
create index authorizations_at on authorizations using brin (at);

-- What a payment terminal captured (OCPI 2.3.0, FinancialAdviceConfirmation), as it was passed on to the CPO.
create table captures (
  cpo text not null,
  confirmation_key text not null,
  confirmation_id text not null,
  reference text not null,
  total text,
  currency text not null,
  status text not null,
  received_at timestamptz not null default clock_timestamp(),
  constraint captures_natural_key primary key (cpo, confirmation_key)
);
create index captures_reference on captures (cpo, reference);

-- The public key that a meter signs with, by EVSE: said by an operator of the hub, or first seen in a valid record.
create table meter_keys (
  owner text not null,
  evse_key text not null,
  public_key text not null,
  source text not null check (source in ('registered', 'first seen')),
  at timestamptz not null default clock_timestamp(),
  primary key (owner, evse_key)
);
-- The registers of signed records by meter, in Wh thousandths: the next session must not start below the last stop.
create table meter_readings (
  cdr_id bigint primary key,
  owner text not null,
  meter_key text not null,
  start_mwh bigint not null,
  stop_mwh bigint not null,
  started_at timestamptz,
  stopped_at timestamptz
);
create index meter_readings_meter on meter_readings (owner, meter_key, stopped_at);
create index meter_readings_registers on meter_readings (owner, meter_key, start_mwh, stop_mwh);

-- The eMSP's own records of sessions. value is what it sent; the columns are what is compared. Energy in mWh.
create table emsp_records (
  id bigint generated always as identity primary key,
  receiver text not null,
  record_key text not null,
  record_id text not null,
  revision integer not null default 1,
  value jsonb not null,
  content_hash bytea not null,
  source text not null check (source in ('ocpi', 'party', 'admin', 'cli')),
  owner text,
  cdr_key text,
  session_key text,
  reference text,
  token_uid text,
  contract_key text,
  evse_key text,
  location_key text,
  meter_key text,
  started_at timestamptz,
  ended_at timestamptz,
  energy_mwh bigint,
  net_micros bigint,
  gross_micros bigint,
  currency text,
  received_at timestamptz not null default clock_timestamp(),
  constraint emsp_records_natural_key unique (receiver, record_key)
) with (fillfactor = 90);
create index emsp_records_session on emsp_records (owner, session_key) where session_key is not null;
create index emsp_records_cdr on emsp_records (owner, cdr_key) where cdr_key is not null;
create index emsp_records_reference on emsp_records (owner, reference) where reference is not null;
create index emsp_records_time on emsp_records (receiver, started_at);
create index emsp_records_start on emsp_records (started_at);
-- What a record said before it said something else.
create table emsp_record_revisions (
  record_id bigint not null,
  revision integer not null,
  value jsonb not null,
  content_hash bytea not null,
  source text not null,
  received_at timestamptz not null,
  replaced_at timestamptz not null default clock_timestamp(),
  primary key (record_id, revision)
);
create trigger emsp_record_revisions_immutable before update or truncate on emsp_record_revisions
  for each statement execute function refuse_change();
-- Which CDRs a record belongs to: one, or several where a side split (one CDR, several records) or merged a session.
-- ambiguous: nobody can tell. decided_by: a person; nothing else changes such a row. rejected: it is known not to be.
create table record_matches (
  record_id bigint not null,
  cdr_id bigint not null,
  kind text not null check (kind in ('one', 'split', 'merged', 'ambiguous')),
  tier integer not null,
  score double precision not null,
  confirmed boolean not null,
  shift_minutes integer not null default 0,
  decided_by text,
  rejected boolean not null default false,
  at timestamptz not null default clock_timestamp(),
  primary key (record_id, cdr_id),
  constraint record_matches_state check (not (confirmed and (rejected or kind = 'ambiguous')) and (not rejected or decided_by is not null))
);
create index record_matches_cdr on record_matches (cdr_id);
create index record_matches_open on record_matches (record_id) where not confirmed;
create unique index record_matches_record_once on record_matches (record_id) where confirmed and kind = 'one';
create unique index record_matches_cdr_once on record_matches (cdr_id) where confirmed and kind = 'one';
-- Where a record stands, by its matches.
create function record_state(id bigint) returns text language sql stable as $$
  select coalesce((
    select case when bool_or(confirmed) then 'matched' when bool_or(kind = 'ambiguous') then 'ambiguous' else 'suggested' end
    from record_matches m where m.record_id = record_state.id and not m.rejected having count(*) > 0), 'unmatched')
$$;
-- Days of an eMSP whose records are to be matched: some came, or a CDR that no id connects.
-- depth: 0, or after how many other days whose matching had led here. cdrs: whose record was taken from them.
create table record_blocks (
  receiver text not null,
  day date not null,
  depth integer not null default 0,
  cdrs bigint[] not null default '{}',
  primary key (receiver, day)
);
-- What CDRs are compared by in great numbers, beside their bytes. delta_micros: the claim less what it costs by its
-- tariff, where both are known; tariff_key: which tariff that is.
create table cdr_figures (
  cdr_id bigint primary key,
  owner text not null,
  receiver text not null,
  cdr_key text not null,
  session_key text,
  reference text,
  token_uid text,
  contract_key text,
  evse_key text,
  location_key text,
  meter_key text,
  started_at timestamptz,
  ended_at timestamptz,
  energy_mwh bigint,
  net_micros bigint,
  gross_micros bigint,
  currency text not null,
  is_credit boolean not null,
  delta_micros bigint,
  tariff_key text,
  -- What its energy costs by its tariff, and how much the signed meter or else the session says it was.
  energy_cost_micros bigint,
  metered_mwh bigint
);
create index cdr_figures_time on cdr_figures (started_at);
create index cdr_figures_block on cdr_figures (receiver, started_at);
create index cdr_figures_session on cdr_figures (owner, session_key) where session_key is not null;
create index cdr_figures_reference on cdr_figures (owner, reference) where reference is not null;
create index objects_completed_sessions on objects (received_at)
  where module = 'sessions' and value ->> 'status' = 'COMPLETED';

-- A time as partners write it (OCPI: without a zone it is UTC), null where it is none: one bad time stops nothing.
create function read_instant(written text) returns timestamptz language plpgsql immutable strict as $$
begin
  return (written || case when written ~ '(Z|[+-][0-9]{2}:?[0-9]{2})$' then '' else 'Z' end)::timestamptz;
exception when others then
  return null;
end $$;
-- A number in JSON, or written as text, in millionths; null where it is none.
create function read_millionths(value jsonb) returns bigint language sql immutable strict parallel safe as $$
  select case when jsonb_typeof(value) = 'number' or (jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^-?[0-9]{1,12}([.][0-9]+)?$')
    then case when abs((value #>> '{}')::numeric) < 1e12 then round((value #>> '{}')::numeric * 1000000)::bigint end end
$$;

-- Everything compared with everything: what was asked, how far it is, what was found.
create table reconciliations (
  id bigint generated always as identity primary key,
  from_at timestamptz not null,
  to_at timestamptz not null,
  asked_by text not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  step text,
  steps_done integer not null default 0,
  steps integer not null default 0,
  -- How many of each side were compared, and what was found by kind: [{kind, currency, count, value_micros}].
  compared jsonb,
  totals jsonb,
  error text,
  asked_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  check (from_at < to_at)
);
create table reconciliation_lines (
  reconciliation_id bigint not null,
  number bigint generated always as identity,
  kind text not null,
  owner text,
  receiver text not null,
  cdr_id bigint,
  session_key text,
  record_id bigint,
  -- mWh, micro-units of the currency, or seconds; by kind. What the CDR says is actual.
  expected bigint,
  actual bigint,
  tolerance bigint,
  currency text,
  -- The money that the difference is about, where that can be told.
  value_micros bigint,
  -- 1 to 3: for how long it has been missing.
  level integer,
  primary key (reconciliation_id, number)
);
create index reconciliation_lines_pair on reconciliation_lines (reconciliation_id, kind, owner, receiver, number);

-- What is missing, told in levels: a completed session without CDR, a record without CDR, a CPO that went quiet.
create table missing_notices (
  kind text not null check (kind in ('session', 'record', 'cpo')),
  subject text not null,
  owner text not null,
  receiver text not null,
  level integer not null check (level between 1 and 3),
  message text not null,
  since timestamptz not null,
  told_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz,
  primary key (kind, owner, receiver, subject)
);
create index missing_notices_open on missing_notices (told_at) where resolved_at is null;

-- What parties are told: one webhook per platform, its secret sealed; while a secret is changed for a new one, both sign.
create table party_webhooks (
  platform_id text primary key references platforms on delete cascade,
  url text not null,
  secret_sealed bytea not null,
  previous_sealed bytea,
  previous_until timestamptz,
  events text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  delivered_at timestamptz,
  failed_at timestamptz,
  failure text,
  -- In a row; while there are any, nothing is sent before next_at.
  failures integer not null default 0,
  next_at timestamptz,
  constraint party_webhooks_previous check ((previous_sealed is null) = (previous_until is null))
);
-- side: the one that the event is told to; party: its party. subject as `dispute:7`. cdr_id: what it is about; an eMSP is
-- not told of a CDR that is withheld from it. finished_at: delivered, or given up.
create table party_events (
  id bigint generated always as identity primary key,
  event_id text not null unique,
  platform_id text not null,
  side text not null check (side in ('cpo', 'emsp')),
  party text not null,
  type text not null,
  subject text not null,
  cdr_id bigint,
  body jsonb not null,
  at timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  error text
) with (fillfactor = 80);
create index party_events_open on party_events (platform_id, due_at, id) where finished_at is null;
create index party_events_at on party_events (at);

-- Windows of receipt: quality of partners, backtests of rules.
create index cdrs_received on cdrs using brin (received_at);

-- How far the erasing of personal data has come, and what each run did.
create table retention_marks (kind text primary key, last_id bigint not null);
create table retention_runs (
  id bigint generated always as identity primary key,
  actor text not null,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz not null,
  -- [{kind, days, before, done, left}]
  report jsonb not null
);
alter table dispute_evidence add column redacted_at timestamptz;
alter table emsp_records add column redacted_at timestamptz;
alter table objects add column redacted_at timestamptz;
create index objects_sessions_unredacted on objects (last_updated) where module = 'sessions' and redacted_at is null;
