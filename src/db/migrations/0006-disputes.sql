-- Why: who is right about a CDR is settled with clocks and evidence, and only what is disputed is held.

-- The names of the life of a CDR. orphan_credit: a credit that waits for its original. dropped: quarantined for too
-- long. allocated, netted, settled: in a cycle that is closed, netted, paid.
alter table cdr_states drop constraint cdr_states_state_check;
alter table cdr_states add constraint cdr_states_state_check check (state in
  ('received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped', 'held', 'provisional', 'contested', 'approved',
   'allocated', 'netted', 'settled', 'credited', 'withdrawn')) not valid;
-- What nobody disputes of the claim (part 0), null: all of it. drop_at: when a quarantined CDR is given up.
alter table cdr_states
  add column part_net bigint,
  add column part_tax bigint,
  add column drop_at timestamptz,
  add column event_hash bytea;
alter table cdr_states add constraint cdr_states_part_within_claim
  check (part_net is null or net_micros is null or part_net between least(net_micros, 0) and greatest(net_micros, 0)) not valid;
drop index cdr_states_live_session_key;
create unique index cdr_states_live_session_key on cdr_states (owner, session_key)
  where state in ('provisional', 'approved', 'allocated', 'netted', 'settled') and not is_credit and session_key is not null;
drop index cdr_states_due;
-- What is approved by the clock, also where another part of the CDR is disputed.
create index cdr_states_due on cdr_states (contest_until)
  where state in ('provisional', 'held', 'contested') and contest_until is not null;
create index cdr_states_drop on cdr_states (drop_at) where state = 'quarantined';

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
create index cdrs_place_time on cdrs (started_at, receiver) where not is_credit;

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
create unique index disputes_open_key on disputes (cdr_id, code) where closed_at is null and cdr_id is not null;
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
  primary key (dispute_id, epoch)
);
create trigger dispute_events_immutable before update or delete or truncate on dispute_events
  for each statement execute function refuse_change();
revoke update, delete, truncate on dispute_events from current_user;

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
  carried_from text,
  late_from text,
  primary key (cdr_id, part)
) with (fillfactor = 70);
create index cdr_parts_cycle on cdr_parts (cycle_id, book);

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
      and state in ('approved', 'credited', 'provisional', 'held', 'contested')
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
  -- ALLOWED, BLOCKED …; ACCEPTED, REJECTED … of a command; null while nothing was answered.
  answer text,
  correlation_id text,
  at timestamptz not null default clock_timestamp(),
  answered_at timestamptz
);
create index authorizations_token on authorizations (emsp, token_key, at);
create index authorizations_reference on authorizations (cpo, reference) where reference is not null;
create index authorizations_correlation on authorizations (correlation_id) where answered_at is null;
create index authorizations_at on authorizations using brin (at);

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

-- The eMSP's own records of sessions. value is what it sent; the columns are what is compared.
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
  match_state text not null default 'unmatched' check (match_state in
    ('unmatched', 'matched', 'suggested', 'ambiguous', 'split', 'merged')),
  constraint emsp_records_natural_key unique (receiver, record_key)
) with (fillfactor = 80);
create index emsp_records_session on emsp_records (owner, session_key) where session_key is not null;
create index emsp_records_time on emsp_records (receiver, started_at);
create index emsp_records_unmatched on emsp_records (started_at) where match_state <> 'matched';
-- Which CDRs a record was matched with: one, or several where one side split or merged a session.
create table record_matches (
  record_id bigint not null,
  cdr_id bigint not null,
  tier integer not null,
  score double precision not null,
  confirmed boolean not null,
  at timestamptz not null default clock_timestamp(),
  primary key (record_id, cdr_id)
);
create index record_matches_cdr on record_matches (cdr_id);

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

-- What parties are told: one webhook per platform, its secret sealed.
create table party_webhooks (
  platform_id text primary key references platforms on delete cascade,
  url text not null,
  secret_sealed bytea not null,
  events text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
create table party_events (
  id bigint generated always as identity primary key,
  event_id text not null unique,
  platform_id text not null,
  type text not null,
  body jsonb not null,
  at timestamptz not null default clock_timestamp()
);
create index party_events_at on party_events (at);
