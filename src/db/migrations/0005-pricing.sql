-- Why: prices by local time need the zone of every Location; what is wrong with a tariff is seen by both who use it.

-- The zone that sessions at a Location are priced by, and who says so: the Location itself, its country where all
-- clocks show one time, its coordinates, or nobody. Ours: partners never get it where they did not need it.
alter table objects
  add column time_zone text,
  add column time_zone_source text;
-- Not valid: all rows that are there have none, and reading them would hold the lock.
alter table objects add constraint objects_time_zone_source_check
  check (time_zone_source in ('location', 'country', 'coordinates', 'none')) not valid;
-- Locations of before get theirs from the workers, who find them here.
create index objects_without_zone on objects (owner, object_key, audience)
  where module = 'locations' and time_zone_source is null and deleted_at is null;

-- Why a price differs, as far as anybody can tell: reckoned after the finding, which stands without it.
alter table cdr_findings add column evidence jsonb;

-- What was found in a tariff as its owner has it now (revision); what is not the current one is linted again.
create table tariff_lints (
  owner text not null,
  object_key text not null,
  audience text not null,
  revision bigint not null,
  -- Which rules were asked: others, or better ones, ask again.
  rules integer not null,
  -- [{code, severity, pointer, message, witness}]
  findings jsonb not null,
  errors integer not null,
  warnings integer not null,
  infos integer not null,
  at timestamptz not null default clock_timestamp(),
  constraint tariff_lints_natural_key primary key (owner, object_key, audience)
);
