-- Why: three versions of OCPI, partners with peculiarities, URLs of ours that stand for theirs, copies that are pulled.

-- How a partner differs from the specification, set by operators; when it stopped answering.
alter table platforms
  add column quirks jsonb not null default '{}',
  add column offline_since timestamptz,
  -- The roles last shown to a 2.3.0 partner in our Credentials: it is sent new ones when they differ.
  add column shown_roles text;

alter table platform_parties drop constraint platform_parties_role_check;
-- Not valid: the rows that are there met a narrower constraint, and reading them all would hold the lock.
alter table platform_parties add constraint platform_parties_role_check
  check (role in ('CPO', 'EMSP', 'NAP', 'NSP', 'OTHER', 'SCSP', 'PTP')) not valid;

-- How an object came here, and which members the hub supplied because its owner's feed had lost them.
alter table objects
  add column source text not null default 'push' check (source in ('push', 'pull', 'import')),
  add column supplied text[] not null default '{}';
alter table object_versions drop constraint object_versions_source_check;
alter table object_versions add constraint object_versions_source_check
  check (source in ('push', 'authorize', 'pull', 'import')) not valid;

-- What was read in a CDR although it was sent otherwise and money depends on it: [{pointer, message}].
alter table cdrs add column doubts jsonb not null default '[]';

-- Sessions and CDRs of 2.1.1 name a card by its contract alone.
create index objects_contract on objects (lower(value->>'contract_id')) where module = 'tokens';
create index object_versions_contract on object_versions (lower(value->>'contract_id'))
  where module = 'tokens' and source = 'authorize';
-- CDRs of 2.1.1 name no session: it is found by its card.
create index objects_session_contract on objects (owner, lower(value #>> '{cdr_token,contract_id}'))
  where module = 'sessions';

-- URLs of ours that stand for a partner's response_url: bound to who asked and who was asked, used until they expire.
create table callbacks (
  id text primary key,
  module text not null,
  -- The name of the module's endpoint that was called: it says what the result looks like.
  endpoint text not null,
  requester_platform text not null references platforms on delete cascade,
  requester text not null,
  receiver_platform text not null references platforms on delete cascade,
  receiver text not null,
  -- May hold a secret of the requester.
  url_sealed bytea not null,
  correlation_id text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  answered_at timestamptz,
  answers integer not null default 0
);
create index callbacks_expiry on callbacks (expires_at);

-- Who holds a reservation and where; number is its id for partners of 2.1.1, which know integers only.
create table reservations (
  emsp text not null,
  reservation_key text not null,
  reservation_id text not null,
  cpo text not null,
  number integer generated always as identity constraint reservations_number_key unique,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint reservations_natural_key primary key (emsp, reservation_key)
);
create index reservations_expiry on reservations (expires_at);

-- Which SCSPs and eMSPs set a charging profile on a session: only they are told of the active one.
create table profile_setters (
  cpo text not null,
  session_key text not null,
  party text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (cpo, session_key, party)
);

-- What the last conversion of an object for a partner lost, or why the partner cannot be given it.
create table conversions (
  platform_id text not null references platforms on delete cascade,
  module text not null,
  owner text not null,
  object_key text not null,
  from_version text not null,
  to_version text not null,
  withheld boolean not null,
  losses jsonb not null,
  at timestamptz not null default clock_timestamp(),
  -- When a platform that had an object was told that it is gone, because it can no longer be said there.
  taken_back_at timestamptz,
  primary key (platform_id, module, owner, object_key)
);
create index conversions_at on conversions (at);

-- Locations that were for everyone to see and are not any more, as they were last shown: 2.1.1 cannot say that, so
-- partners that may have them are told that they are gone.
create table hidden_locations (
  owner text not null,
  object_key text not null,
  audience text not null,
  ocpi_version text not null,
  original text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (owner, object_key, audience)
);

-- How fresh the copies of a partner's objects are, and how far a fetch has come.
create table pulls (
  platform_id text not null references platforms on delete cascade,
  module text not null,
  -- When the hub began to fetch here: CDRs from before are settled elsewhere.
  since timestamptz not null default clock_timestamp(),
  -- Everything with last_updated before this has been fetched.
  complete_until timestamptz,
  -- The next fetch asks for everything, as after connecting or after an absence.
  full_due boolean not null default true,
  -- A fetch that is on its way, and the page it goes on with.
  started_at timestamptz,
  is_full boolean not null default false,
  next_url text,
  last_full_at timestamptz,
  last_success_at timestamptz,
  last_attempt_at timestamptz,
  -- Of the last fetch, or the one on its way.
  pages integer not null default 0,
  objects bigint not null default 0,
  refused bigint not null default 0,
  unreadable bigint not null default 0,
  error text,
  primary key (platform_id, module)
);

-- When a module is fetched again: its interval after the last attempt, up to a tenth later so that partners spread;
-- null for a platform that is not to be fetched from.
create function next_pull_at(p pulls, quirks jsonb, usual_ms float8) returns timestamptz language sql stable as $$
  select case when quirks->'pull' is distinct from 'false'::jsonb then
    coalesce(p.last_attempt_at, clock_timestamp()) + interval '1 millisecond'
      * coalesce((quirks #>> '{pull,interval_s}')::float8 * 1000, usual_ms)
      * (1 + (hashtext(p.platform_id || '/' || p.module) & 1023) / 10240.0)
  end
$$;

-- When a fetched object was last seen in its owner's list: what a whole list lacks is gone there.
alter table objects add column listed_at timestamptz;

-- Objects whose prices were written in a way that leaves doubt: kept for a person, used for nothing. While a tariff is
-- here, sessions that began since `at` are not priced by an older version of it either.
create table quarantined_objects (
  id bigint generated always as identity,
  module text not null,
  owner text not null,
  object_key text not null,
  source text not null check (source in ('push', 'pull', 'import')),
  ocpi_version text not null,
  original text not null,
  pointer text not null,
  message text not null,
  at timestamptz not null default clock_timestamp(),
  constraint quarantined_objects_natural_key primary key (module, owner, object_key)
);
create index quarantined_objects_id on quarantined_objects (id);

-- How far the clock has been looked at: agreements that begin or end by themselves are told once, also after a restart.
create table clock_marks (name text primary key, at timestamptz not null);
create index agreements_begin on agreements (valid_from) where valid_from is not null;
create index agreements_end on agreements (valid_to) where valid_to is not null;

-- Every statement that writes the directory takes the revision before its rows, and not after them: with the revision
-- last, two writers of the same platform could wait for each other.
drop trigger platforms_bump on platforms;
drop trigger platform_parties_bump on platform_parties;
drop trigger endpoints_bump on endpoints;
drop trigger credentials_tokens_bump on credentials_tokens;
drop trigger agreements_bump on agreements;
create trigger platforms_bump before insert or update or delete on platforms for each statement execute function bump_directory();
create trigger platform_parties_bump before insert or update or delete on platform_parties for each statement execute function bump_directory();
create trigger endpoints_bump before insert or update or delete on endpoints for each statement execute function bump_directory();
create trigger credentials_tokens_bump before insert or update or delete on credentials_tokens for each statement execute function bump_directory();
create trigger agreements_bump before insert on agreements for each statement execute function bump_directory();

-- What ids look like that hold more than visible ASCII, with the ids themselves: those of one look are told.
create table id_looks (
  module text not null,
  owner text not null,
  look text not null,
  keys text[] not null,
  constraint id_looks_natural_key primary key (module, owner, look)
);

-- The cycle that a CDR would have been booked into had it come before that one ended.
alter table cdr_states add column late_from text;
alter table cycle_lines add column late_from text;
create or replace view settlement_lines as
  select cycle_id, kind, cdr_id, debtor, creditor, state, net_micros, tax_micros, tax_known, carried_from, late_from
    from cycle_lines
  union all
  select cycle_id, 'running', cdr_id, receiver, owner,
      case when state = 'credited' then 'approved' else state end,
      coalesce(net_micros, 0), coalesce(tax_micros, 0), tax_known, carried_from, late_from
    from cdr_states where cycle_id is not null and state in ('approved', 'credited', 'provisional', 'held');
