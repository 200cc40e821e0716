-- Why: who owes whom, as accounts and immutable transfers whose rules the database itself keeps.

-- One currency per account; cumulative totals in micro-units (10^-6 of the currency unit), never a signed balance.
create table ledger_accounts (
  id bigint generated always as identity primary key,
  code text collate "C" not null,
  currency text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  debits_pending bigint not null default 0,
  debits_posted bigint not null default 0,
  credits_pending bigint not null default 0,
  credits_posted bigint not null default 0,
  constraint ledger_accounts_code_key unique (code, currency),
  constraint ledger_accounts_totals_not_negative
    check (debits_pending >= 0 and debits_posted >= 0 and credits_pending >= 0 and credits_posted >= 0)
) with (fillfactor = 50);

-- Rows of one group_id are one linked group: group_size of them, all or nothing. seq is the order of writing.
create table ledger_transfers (
  id text collate "C" not null,
  seq bigint generated always as identity,
  group_id text collate "C" not null,
  group_size integer not null check (group_size >= 1),
  kind text not null check (kind in ('posted', 'pending', 'post', 'void')),
  code text not null,
  debit_account_id bigint not null,
  credit_account_id bigint not null,
  currency text collate "C" not null,
  amount_micros bigint not null check (amount_micros >= 0),
  pending_id text collate "C",
  source text not null,
  cycle_id text,
  posted_at timestamptz not null default clock_timestamp(),
  constraint transfers_id_key primary key (id),
  constraint transfers_two_accounts check (debit_account_id <> credit_account_id),
  constraint transfers_pending_named check ((pending_id is not null) = (kind in ('post', 'void')))
);
-- A pending transfer is resolved at most once.
create unique index transfers_pending_key on ledger_transfers (pending_id) where pending_id is not null;
create unique index transfers_seq_key on ledger_transfers (seq);
create index ledger_transfers_debit on ledger_transfers (debit_account_id, seq);
create index ledger_transfers_credit on ledger_transfers (credit_account_id, seq);

-- Judges what one statement inserted: whole groups, accounts of the row's currency, resolutions that fit their pending.
-- Its plans are kept from the first call on, when the tables are small: they must look up by index from the start.
create function check_transfers() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  wrong text;
begin
  select n.group_id into wrong from inserted n group by n.group_id
    having count(*) <> min(n.group_size) or min(n.group_size) <> max(n.group_size) limit 1;
  if found then
    raise exception 'group % is incomplete', wrong using errcode = '23514', constraint = 'transfers_group_complete';
  end if;
  select n.id into wrong from inserted n
    left join ledger_accounts d on d.id = n.debit_account_id and d.currency = n.currency
    left join ledger_accounts c on c.id = n.credit_account_id and c.currency = n.currency
    where d.id is null or c.id is null limit 1;
  if found then
    raise exception 'transfer % has no two accounts of its currency', wrong
      using errcode = '23514', constraint = 'transfers_one_currency';
  end if;
  select n.id into wrong from inserted n left join ledger_transfers p on p.id = n.pending_id
    where n.pending_id is not null and (p.kind is distinct from 'pending'
      or p.debit_account_id <> n.debit_account_id or p.credit_account_id <> n.credit_account_id
      or p.currency <> n.currency or p.amount_micros < n.amount_micros) limit 1;
  if found then
    raise exception 'transfer % does not fit the pending it resolves', wrong
      using errcode = '23514', constraint = 'transfers_resolution_fits';
  end if;
  return null;
end $$;
create trigger ledger_transfers_check after insert on ledger_transfers
  referencing new table as inserted for each statement execute function check_transfers();

create trigger ledger_transfers_immutable before update or delete or truncate on ledger_transfers
  for each statement execute function refuse_change();
create trigger ledger_accounts_kept before delete or truncate on ledger_accounts
  for each statement execute function refuse_change();

-- The hub owns these tables; what it must never do is taken from the owner too. Totals are all it may update.
revoke update, delete, truncate on ledger_transfers from current_user;
revoke update, delete, truncate on ledger_accounts from current_user;
grant update (debits_pending, debits_posted, credits_pending, credits_posted) on ledger_accounts to current_user;
