import { assert } from '../assert.ts'
import { limits } from '../../config/limits.ts'
import type { Tx } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { accountKey, decide } from './decide.ts'
import type { LedgerView, StoredTransfer, Totals } from './decide.ts'
import type { Group, GroupStatus } from './groups.ts'
import { transferId } from './groups.ts'

/**
 * Posts up to `limits.ledgerGroupsMax` groups set-wise and returns what became of each, by group id. A group is all or
 * nothing; groups do not depend on each other but for order, so refused ones leave the others alone. Ids are natural,
 * so a replay writes nothing and says `exists`.
 *
 * Locks every account it names, in id order: call it once per transaction, after the locks of cycles and CDRs, and two
 * callers never wait for each other in a circle. Accounts are made as they are first named.
 */
export async function postGroups(
  tx: Tx,
  groups: readonly Group[],
): Promise<Map<string, GroupStatus>> {
  assert(groups.length <= limits.ledgerGroupsMax, `${groups.length} groups in one call`)
  if (groups.length === 0) return new Map()
  const view = await lockLedger(tx, groups)
  const decision = decide(view, groups)
  if (decision.created.length === 0) return decision.statuses
  const written = await insertTransfers(tx, decision.created)
  // Same group id, other accounts, at the same time: the loser rolls back, its retry is told that the group exists.
  assert(
    written === decision.created.length,
    'another transaction wrote one of these groups with other accounts',
  )
  await storeTotals(tx, decision.totals)
  return decision.statuses
}

async function lockLedger(tx: Tx, groups: readonly Group[]): Promise<LedgerView> {
  const accounts = await lockAccounts(tx, groups)
  const ids = new Set<string>()
  for (const group of groups) {
    group.transfers.forEach((transfer, index) => {
      ids.add(transferId({ groupId: group.id, position: index + 1 }))
      if (transfer.pendingId !== null) ids.add(transfer.pendingId)
    })
  }
  const rows = await readTransfers(tx, [...ids])
  return {
    ...accounts,
    transfers: new Map(rows.map((row) => [row.id, row])),
    resolved: new Set(rows.filter((row) => row.isResolved).map((row) => row.id)),
  }
}

async function lockAccounts(
  tx: Tx,
  groups: readonly Group[],
): Promise<Pick<LedgerView, 'accountIds' | 'totals'>> {
  const wanted = new Map<string, { code: string; currency: string }>()
  for (const { currency, transfers } of groups) {
    for (const { debit, credit } of transfers) {
      for (const code of [debit, credit])
        wanted.set(accountKey({ code, currency }), { code, currency })
    }
  }
  const codes = [...wanted.values()].map((account) => account.code)
  const currencies = [...wanted.values()].map((account) => account.currency)
  await createAccounts(tx, { codes, currencies })
  const rows = await lockAccountRows(tx, { codes, currencies })
  assert(rows.length === wanted.size, 'an account to lock is missing')
  return {
    accountIds: new Map(rows.map((row) => [accountKey(row), row.id])),
    totals: new Map(rows.map((row) => [row.id, row])),
  }
}

type Wanted = { codes: readonly string[]; currencies: readonly string[] }

/**
 * Makes the accounts that are missing. Waits for others that are just making the same ones; everybody inserts in code
 * order and before taking any lock on an account, so nobody waits in a circle.
 */
async function createAccounts(tx: Tx, { codes, currencies }: Wanted): Promise<void> {
  await tx.rows(sql`
    insert into ledger_accounts (code, currency)
    select w.code, w.currency from unnest(${codes}::text[], ${currencies}::text[]) as w (code, currency)
    where not exists (select from ledger_accounts a where a.code = w.code and a.currency = w.currency)
    order by w.code collate "C", w.currency collate "C"
    on conflict do nothing`)
}

/** Locks the accounts for update in id order: the one order of the whole hub. */
async function lockAccountRows(
  tx: Tx,
  { codes, currencies }: Wanted,
): Promise<(Totals & { id: bigint; code: string; currency: string })[]> {
  return tx.rows(sql`
    select id, code, currency, debits_pending as "debitsPending", debits_posted as "debitsPosted",
      credits_pending as "creditsPending", credits_posted as "creditsPosted"
    from ledger_accounts
    where (code, currency) in (select * from unnest(${codes}::text[], ${currencies}::text[]))
    order by id for update`)
}

/**
 * A statement of its own after the locks, so that it sees what the holders before us committed. `offset 0` keeps each
 * look-up on its index: a prepared plan made while the table was small would otherwise read all of it for good.
 */
async function readTransfers(
  tx: Tx,
  ids: readonly string[],
): Promise<(StoredTransfer & { isResolved: boolean })[]> {
  return tx.rows(sql`
    select t.id, t.group_id as "groupId", t.group_size as "groupSize", t.kind, t.code,
      t.debit_account_id as "debitAccountId", t.credit_account_id as "creditAccountId", t.currency,
      t.amount_micros as "amountMicros", t.pending_id as "pendingId", t.source, t.cycle_id as "cycleId",
      r.pending_id is not null as "isResolved"
    from unnest(${ids}::text[]) as w (id)
    cross join lateral (select * from ledger_transfers where id = w.id offset 0) t
    left join lateral (select pending_id from ledger_transfers where pending_id = t.id offset 0) r on true`)
}

async function insertTransfers(tx: Tx, rows: readonly StoredTransfer[]): Promise<number> {
  const column = <K extends keyof StoredTransfer>(key: K): StoredTransfer[K][] =>
    rows.map((row) => row[key])
  const written = await tx.rows(sql`
    insert into ledger_transfers (id, group_id, group_size, kind, code, debit_account_id, credit_account_id, currency,
      amount_micros, pending_id, source, cycle_id)
    select * from unnest(${column('id')}::text[], ${column('groupId')}::text[], ${column('groupSize')}::integer[],
      ${column('kind')}::text[], ${column('code')}::text[], ${column('debitAccountId')}::bigint[],
      ${column('creditAccountId')}::bigint[], ${column('currency')}::text[], ${column('amountMicros')}::bigint[],
      ${column('pendingId')}::text[], ${column('source')}::text[], ${column('cycleId')}::text[])
    on conflict (id) do nothing returning seq`)
  return written.length
}

/** One update per account, however many transfers touched it. The rows are locked already. */
async function storeTotals(tx: Tx, totals: ReadonlyMap<bigint, Totals>): Promise<void> {
  const values = [...totals.values()]
  const updated = await tx.rows(sql`
    update ledger_accounts a set debits_pending = n.debits_pending, debits_posted = n.debits_posted,
      credits_pending = n.credits_pending, credits_posted = n.credits_posted
    from unnest(${[...totals.keys()]}::bigint[], ${values.map((value) => value.debitsPending)}::bigint[],
      ${values.map((value) => value.debitsPosted)}::bigint[], ${values.map((value) => value.creditsPending)}::bigint[],
      ${values.map((value) => value.creditsPosted)}::bigint[])
      as n (id, debits_pending, debits_posted, credits_pending, credits_posted)
    where a.id = n.id returning a.id`)
  assert(updated.length === totals.size, 'an account to update is missing')
}
