-- Why: the facts every part of the hub stands on: who is connected, what they published, which CDRs they sent, what is still to be done.

create table installation (
  only_row boolean primary key default true check (only_row),
  id text not null default gen_random_uuid()::text,
  created_at timestamptz not null default clock_timestamp()
);
insert into installation default values;

create table leases (
  name text primary key,
  holder text not null,
  epoch bigint not null default 1,
  expires_at timestamptz not null
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are immutable', tg_table_name using errcode = '42501';
end $$;

-- Operators of the hub and what they did.
create table operators (
  id text primary key,
  name text not null,
  roles text[] not null check (roles <@ array['viewer', 'operator', 'finance', 'admin'] and roles <> '{}'),
  token_hash bytea not null constraint operators_token_key unique,
  created_at timestamptz not null default clock_timestamp(),
  removed_at timestamptz
);

create table audit_entries (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  subject text not null,
  reason text,
  details jsonb not null default '{}'
);
create trigger audit_entries_immutable before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();

-- Platforms (technical connections), their parties (business identities), endpoints and tokens.
create table platforms (
  id text primary key,
  name text not null,
  status text not null check (status in ('invited', 'registered', 'suspended', 'unregistered')),
  invited_roles jsonb not null,
  ocpi_version text,
  versions_url text,
  peer_token_sealed bytea,
  peer_token_encoding text not null default 'base64' check (peer_token_encoding in ('base64', 'raw')),
  shown_token_encoding text check (shown_token_encoding in ('base64', 'raw')),
  revision bigint not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

create table platform_parties (
  platform_id text not null references platforms on delete cascade,
  party text not null check (party ~ '^[A-Z]{2}-[A-Z0-9]{3}$'),
  role text not null check (role in ('CPO', 'EMSP', 'NAP', 'NSP', 'OTHER', 'SCSP')),
  business_details jsonb not null,
  registered boolean not null default false,
  updated_at timestamptz not null default clock_timestamp(),
  constraint platform_parties_party_key primary key (party, role)
);
create index platform_parties_platform on platform_parties (platform_id);

create table endpoints (
  platform_id text not null references platforms on delete cascade,
  module text not null,
  interface text not null check (interface in ('sender', 'receiver')),
  url text not null,
  primary key (platform_id, module, interface)
);

-- Tokens that partners show us: looked up by keyed hash; sealed as well because GET credentials must return them.
create table credentials_tokens (
  token_hash bytea primary key,
  platform_id text not null references platforms on delete cascade,
  kind text not null check (kind in ('registration', 'access')),
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  first_used_at timestamptz
);
create index credentials_tokens_platform on credentials_tokens (platform_id);

-- Agreements: each PUT is a new version; a DELETE is a version too.
create table agreements (
  cpo text not null,
  emsp text not null,
  version integer not null,
  terms jsonb not null,
  valid_from timestamptz,
  valid_to timestamptz,
  ended boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  constraint agreements_version_key primary key (cpo, emsp, version)
);
create trigger agreements_immutable before update or delete or truncate on agreements
  for each statement execute function refuse_change();

-- One number that grows with every change of the directory: a process re-reads its copy when it differs.
create table directory_revision (only_row boolean primary key default true check (only_row), revision bigint not null);
insert into directory_revision values (true, 1);
create function bump_directory() returns trigger language plpgsql as $$
begin
  update directory_revision set revision = revision + 1;
  return null;
end $$;
create trigger platforms_bump after insert or update or delete on platforms for each statement execute function bump_directory();
create trigger platform_parties_bump after insert or update or delete on platform_parties for each statement execute function bump_directory();
create trigger endpoints_bump after insert or update or delete on endpoints for each statement execute function bump_directory();
create trigger credentials_tokens_bump after insert or update or delete on credentials_tokens for each statement execute function bump_directory();
create trigger agreements_bump after insert on agreements for each statement execute function bump_directory();

-- When a platform was last heard: outside platforms so that it does not wake every copy of the directory.
create table platform_sightings (platform_id text primary key, last_seen_at timestamptz not null);

-- Current objects of partners, one row per owner, key and audience ('*' = everyone the module is meant for).
-- seq is the order of first sight: it never changes, tombstones keep their place.
create table objects (
  seq bigint generated always as identity,
  module text not null,
  owner text not null,
  object_key text not null,
  audience text not null,
  platform_id text not null,
  ocpi_version text not null,
  original text not null,
  value jsonb not null,
  last_updated timestamptz not null,
  received_at timestamptz not null default clock_timestamp(),
  revision bigint not null default 1,
  deleted_at timestamptz,
  constraint objects_natural_key primary key (module, owner, object_key, audience)
) with (fillfactor = 80);
create unique index objects_seq_key on objects (module, audience, seq);
create index objects_window on objects (module, audience, last_updated, seq);
create index objects_key on objects (module, object_key);

-- Exact totals for X-Total-Count without a date filter.
create table object_counts (
  module text not null,
  audience text not null,
  owner text not null,
  live bigint not null check (live >= 0),
  primary key (module, audience, owner)
) with (fillfactor = 50);

create function count_objects() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into object_counts (module, audience, owner, live)
      select module, audience, owner, count(*) from changed where deleted_at is null group by 1, 2, 3 order by 1, 2, 3
    on conflict (module, audience, owner) do update set live = object_counts.live + excluded.live;
  else
    update object_counts set live = object_counts.live + d.delta
      from (
        select c.module, c.audience, c.owner, sum((c.deleted_at is null)::int - (b.deleted_at is null)::int) as delta
        from changed c join before b using (module, owner, object_key, audience)
        where (c.deleted_at is null) <> (b.deleted_at is null)
        group by 1, 2, 3
      ) d
      where object_counts.module = d.module and object_counts.audience = d.audience and object_counts.owner = d.owner;
  end if;
  return null;
end $$;
create trigger objects_count_inserts after insert on objects
  referencing new table as changed for each statement execute function count_objects();
create trigger objects_count_updates after update on objects
  referencing old table as before new table as changed for each statement execute function count_objects();

-- Versions of tokens and tariffs: in force from the later of last_updated and receipt.
create table object_versions (
  id bigint generated always as identity primary key,
  module text not null check (module in ('tokens', 'tariffs')),
  owner text not null,
  object_key text not null,
  audience text not null,
  source text not null check (source in ('push', 'authorize')),
  ocpi_version text not null,
  original text not null,
  value jsonb not null,
  last_updated timestamptz not null,
  received_at timestamptz not null default clock_timestamp(),
  in_force_from timestamptz not null,
  deleted boolean not null default false
);
create index object_versions_lookup on object_versions (module, object_key, owner, audience, in_force_from desc, id desc);
create trigger object_versions_immutable before update or truncate on object_versions
  for each statement execute function refuse_change();

-- CDRs as they were sent. id is the order of receipt.
create table cdrs (
  id bigint generated always as identity primary key,
  owner text not null,
  cdr_key text not null,
  cdr_id text not null,
  platform_id text not null,
  receiver text not null,
  ocpi_version text not null,
  original bytea not null,
  content_hash bytea not null,
  value jsonb not null,
  session_key text,
  token_key text not null,
  location_key text,
  is_credit boolean not null,
  original_key text,
  started_at timestamptz,
  ended_at timestamptz,
  currency text not null,
  last_updated timestamptz not null,
  correlation_id text not null,
  received_at timestamptz not null default clock_timestamp(),
  constraint cdrs_natural_key unique (owner, cdr_key)
);
create index cdrs_session on cdrs (owner, session_key) where session_key is not null;
create index cdrs_token on cdrs (receiver, token_key, started_at);
create index cdrs_credits on cdrs (owner, original_key) where original_key is not null;
create index cdrs_receiver on cdrs (receiver, id);
create index cdrs_owner on cdrs (owner, id);
create index cdrs_receiver_window on cdrs (receiver, last_updated, id);
create trigger cdrs_immutable before update or delete or truncate on cdrs
  for each statement execute function refuse_change();
revoke update, delete, truncate on cdrs from current_user;

create sequence cdr_visible_seq;

-- Where a CDR stands. One row per CDR, written only under its lock; epoch grows with every transition.
create table cdr_states (
  cdr_id bigint primary key,
  owner text not null,
  receiver text not null,
  session_key text,
  is_credit boolean not null,
  currency text not null,
  state text not null check (state in
    ('received', 'unmatched', 'quarantined', 'held', 'provisional', 'approved', 'credited', 'withdrawn')),
  epoch integer not null default 0,
  cycle_id text,
  carried_from text,
  net_micros bigint,
  tax_micros bigint,
  tax_known boolean not null default false,
  residue text,
  booked jsonb,
  breakdown jsonb,
  wait_until timestamptz,
  contest_until timestamptz,
  agreement_version integer,
  delivery text not null default 'none' check (delivery in
    ('none', 'due', 'delivered', 'pulled', 'waiting for pull', 'refused', 'failed', 'withheld')),
  -- The order in which CDRs became their receiver's to see: what a page of them is ordered by.
  visible_seq bigint,
  peer_location text,
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
create unique index cdr_states_live_session_key on cdr_states (owner, session_key)
  where state in ('provisional', 'approved') and not is_credit and session_key is not null;
create index cdr_states_visible on cdr_states (receiver, visible_seq) where visible_seq is not null;
create index cdr_states_due on cdr_states (contest_until) where state = 'provisional';
create index cdr_states_waiting on cdr_states (wait_until) where state = 'unmatched';
create index cdr_states_cycle on cdr_states (cycle_id, state);
create index cdr_states_state on cdr_states (state, cdr_id);

create table cdr_events (
  cdr_id bigint not null,
  epoch integer not null,
  state text not null,
  actor text not null,
  reason_code text not null,
  reason text,
  at timestamptz not null default clock_timestamp(),
  primary key (cdr_id, epoch)
);
create trigger cdr_events_immutable before update or delete or truncate on cdr_events
  for each statement execute function refuse_change();
revoke update, delete, truncate on cdr_events from current_user;

create table cdr_findings (
  id bigint generated always as identity primary key,
  cdr_id bigint not null,
  epoch integer not null,
  code text not null,
  severity text not null check (severity in ('F', 'S', 'W', 'I')),
  message text not null,
  inputs jsonb not null default '[]',
  expected text,
  actual text,
  difference text,
  tolerance text,
  at timestamptz not null default clock_timestamp(),
  superseded_at timestamptz
);
create index cdr_findings_cdr on cdr_findings (cdr_id) where superseded_at is null;

-- What an undecided, held or quarantined CDR was judged by: a change there judges it again.
create table cdr_watches (
  subject text not null,
  cdr_id bigint not null,
  primary key (subject, cdr_id)
);
create index cdr_watches_cdr on cdr_watches (cdr_id);

-- Work that leaves the transaction. A row marks what to do, it does not carry it.
create table outbox (
  id bigint generated always as identity primary key,
  kind text not null,
  platform_id text not null default '',
  subject text not null,
  correlation_id text,
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  enqueued_at timestamptz,
  finished_at timestamptz,
  outcome text,
  error text,
  attempts integer not null default 0
) with (fillfactor = 70);
create unique index outbox_open_key on outbox (kind, platform_id, subject) where finished_at is null and enqueued_at is null;
create index outbox_due on outbox (platform_id, due_at, id) where finished_at is null and enqueued_at is null;
create index outbox_in_flight on outbox (enqueued_at) where finished_at is null and enqueued_at is not null;
create index outbox_finished on outbox (finished_at) where finished_at is not null;
create index outbox_failed on outbox (id) where outcome = 'failed';

-- Who sent what to whom: no bodies.
create table messages (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  direction text not null check (direction in ('in', 'out')),
  platform_id text,
  correlation_id text,
  request_id text,
  from_party text,
  to_party text,
  module text,
  method text not null,
  path text not null,
  http_status integer,
  ocpi_status integer,
  outcome text not null,
  duration_ms integer not null
);
create index messages_correlation on messages (correlation_id);
create index messages_at on messages (at);
create index messages_platform on messages (platform_id, id);

create table alerts (
  id bigint generated always as identity primary key,
  code text not null,
  severity text not null check (severity in ('critical', 'warning', 'notice')),
  subject text not null,
  message text not null,
  advice text not null,
  state text not null default 'open' check (state in ('open', 'acknowledged')),
  first_seen timestamptz not null default clock_timestamp(),
  last_seen timestamptz not null default clock_timestamp(),
  count bigint not null default 1,
  acknowledged_by text
);
create unique index alerts_open_key on alerts (code, subject) where state = 'open';
