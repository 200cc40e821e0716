-- Why: who pays whom: one open cycle per currency, closed into statements that are never rewritten.

-- open: takes CDRs. closing: the next one is open, statements are being written. closed, contest: preliminary
-- statements stand, lines may still be approved, held or credited. final: netted and frozen.
create table cycles (
  id text collate "C" primary key,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  number integer not null check (number >= 1),
  state text not null check (state in ('open', 'closing', 'closed', 'contest', 'final')),
  opened_at timestamptz not null default clock_timestamp(),
  closing_at timestamptz,
  closed_at timestamptz,
  contest_at timestamptz,
  final_at timestamptz,
  constraint cycles_number_key unique (currency, number)
) with (fillfactor = 70);
create unique index cycles_open_key on cycles (currency) where state = 'open';

-- The lines of a statement as they stood when it was written. Amounts are the creditor's claim; credits are negative.
create table cycle_lines (
  cycle_id text collate "C" not null,
  kind text not null check (kind in ('preliminary', 'final')),
  cdr_id bigint not null,
  debtor text not null,
  creditor text not null,
  state text not null check (state in ('approved', 'provisional', 'held')),
  net_micros bigint not null,
  tax_micros bigint not null,
  tax_known boolean not null,
  carried_from text,
  primary key (cycle_id, kind, cdr_id),
  check (kind = 'preliminary' or state = 'approved')
);
create index cycle_lines_debtor on cycle_lines (cycle_id, kind, debtor, cdr_id);
create index cycle_lines_creditor on cycle_lines (cycle_id, kind, creditor, cdr_id);
-- A CDR is finally settled in one cycle only.
create unique index cycle_lines_final_key on cycle_lines (cdr_id) where kind = 'final';

-- The statements of a cycle: one row per debtor and creditor, what each party sees is a sum over its rows.
create table cycle_statements (
  cycle_id text collate "C" not null,
  kind text not null check (kind in ('preliminary', 'final')),
  debtor text not null,
  creditor text not null,
  line_count integer not null,
  tax_unknown_count integer not null,
  approved_net bigint not null,
  approved_tax bigint not null,
  provisional_net bigint not null,
  provisional_tax bigint not null,
  held_net bigint not null,
  held_tax bigint not null,
  written_at timestamptz not null default clock_timestamp(),
  primary key (cycle_id, kind, debtor, creditor)
);

-- What was not approved when its cycle became final, and the cycle it went on to.
create table cycle_moves (
  from_cycle text collate "C" not null,
  cdr_id bigint not null,
  to_cycle text collate "C" not null,
  debtor text not null,
  creditor text not null,
  state text not null check (state in ('provisional', 'held')),
  net_micros bigint not null,
  tax_micros bigint not null,
  tax_known boolean not null,
  moved_at timestamptz not null default clock_timestamp(),
  primary key (from_cycle, cdr_id)
);

-- The lines of a cycle whichever way they are kept: 'running' as the CDRs stand now, the others as written.
create view settlement_lines as
  select cycle_id, kind, cdr_id, debtor, creditor, state, net_micros, tax_micros, tax_known, carried_from
    from cycle_lines
  union all
  select cycle_id, 'running', cdr_id, receiver, owner,
      case when state = 'credited' then 'approved' else state end,
      coalesce(net_micros, 0), coalesce(tax_micros, 0), tax_known, carried_from
    from cdr_states where cycle_id is not null and state in ('approved', 'credited', 'provisional', 'held');

create view settlement_sums as
  select cycle_id, kind, debtor, creditor, line_count, tax_unknown_count, approved_net, approved_tax,
      provisional_net, provisional_tax, held_net, held_tax
    from cycle_statements
  union all
  select cycle_id, 'running', debtor, creditor, count(*)::integer, (count(*) filter (where not tax_known))::integer,
      coalesce(sum(net_micros) filter (where state = 'approved'), 0)::bigint,
      coalesce(sum(tax_micros) filter (where state = 'approved'), 0)::bigint,
      coalesce(sum(net_micros) filter (where state = 'provisional'), 0)::bigint,
      coalesce(sum(tax_micros) filter (where state = 'provisional'), 0)::bigint,
      coalesce(sum(net_micros) filter (where state = 'held'), 0)::bigint,
      coalesce(sum(tax_micros) filter (where state = 'held'), 0)::bigint
    from settlement_lines where kind = 'running' group by cycle_id, debtor, creditor;

create trigger cycle_lines_immutable before update or delete or truncate on cycle_lines
  for each statement execute function refuse_change();
create trigger cycle_statements_immutable before update or delete or truncate on cycle_statements
  for each statement execute function refuse_change();
create trigger cycle_moves_immutable before update or delete or truncate on cycle_moves
  for each statement execute function refuse_change();
revoke update, delete, truncate on cycle_lines, cycle_statements, cycle_moves from current_user;
