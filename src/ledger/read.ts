import { limits } from '../../config/limits.ts'
import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { fromMicros } from './money.ts'

/** An account with its totals as decimal text in its currency. */
export type AccountView = {
  readonly code: string
  readonly currency: string
  readonly debits_pending: string
  readonly debits_posted: string
  readonly credits_pending: string
  readonly credits_posted: string
}

/** A transfer as an operator sees it; `amount` is decimal text, `debit` and `credit` are account codes. */
export type TransferView = {
  readonly id: string
  readonly group_id: string
  readonly kind: string
  readonly code: string
  readonly debit: string
  readonly credit: string
  readonly amount: string
  readonly currency: string
  readonly pending_id: string | null
  readonly source: string
  readonly cycle_id: string | null
  readonly posted_at: string
}

export type Page<T> = { readonly items: readonly T[]; readonly next_cursor: string | null }

/** Accounts in the order they were made. `after` is a `next_cursor`; one that is not of ours begins at the start. */
export async function listAccounts(
  db: Sql,
  page: { after?: string; limit: number },
): Promise<Page<AccountView>> {
  const limit = pageLimit(page.limit)
  const rows = await db.rows<AccountRow>(sql`
    select id, code, currency, debits_pending, debits_posted, credits_pending, credits_posted
    from ledger_accounts where id > ${toCursor(page.after)}::bigint order by id limit ${limit + 1}`)
  const items = rows.slice(0, limit).map((row) => ({
    code: row.code,
    currency: row.currency,
    debits_pending: fromMicros(row.debits_pending),
    debits_posted: fromMicros(row.debits_posted),
    credits_pending: fromMicros(row.credits_pending),
    credits_posted: fromMicros(row.credits_posted),
  }))
  return { items, next_cursor: rows.length > limit ? String(rows[limit - 1]?.id) : null }
}

/** Transfers in the order they were written, of one account code (in every currency) or of all. */
export async function listTransfers(
  db: Sql,
  page: { account?: string; after?: string; limit: number },
): Promise<Page<TransferView>> {
  const limit = pageLimit(page.limit)
  const place = { after: toCursor(page.after), limit: limit + 1 }
  const rows =
    page.account === undefined
      ? await readTransfers(db, place)
      : await readTransfersOf(db, { ...place, account: page.account })
  return {
    items: rows.slice(0, limit).map(viewTransfer),
    next_cursor: rows.length > limit ? String(rows[limit - 1]?.seq) : null,
  }
}

type AccountRow = {
  id: bigint
  code: string
  currency: string
  debits_pending: bigint
  debits_posted: bigint
  credits_pending: bigint
  credits_posted: bigint
}

type TransferRow = {
  seq: bigint
  id: string
  group_id: string
  kind: string
  code: string
  debit: string
  credit: string
  amount_micros: bigint
  currency: string
  pending_id: string | null
  source: string
  cycle_id: string | null
  posted_at: Date
}

async function readTransfers(
  db: Sql,
  { after, limit }: { after: string; limit: number },
): Promise<TransferRow[]> {
  return db.rows(sql`
    select t.seq, t.id, t.group_id, t.kind, t.code, d.code as debit, c.code as credit, t.amount_micros, t.currency,
      t.pending_id, t.source, t.cycle_id, t.posted_at
    from (select * from ledger_transfers where seq > ${after}::bigint order by seq limit ${limit}) t
    join ledger_accounts d on d.id = t.debit_account_id join ledger_accounts c on c.id = t.credit_account_id
    order by t.seq`)
}

/** Debits and credits are read through one index each; an account is never on both sides of one transfer. */
async function readTransfersOf(
  db: Sql,
  { account, after, limit }: { account: string; after: string; limit: number },
): Promise<TransferRow[]> {
  return db.rows(sql`
    with found as (
      select side.seq from ledger_accounts w cross join lateral (
        (select seq from ledger_transfers where debit_account_id = w.id and seq > ${after}::bigint
          order by seq limit ${limit})
        union all
        (select seq from ledger_transfers where credit_account_id = w.id and seq > ${after}::bigint
          order by seq limit ${limit})) as side
      where w.code = ${account} order by side.seq limit ${limit}
    )
    select t.seq, t.id, t.group_id, t.kind, t.code, d.code as debit, c.code as credit, t.amount_micros, t.currency,
      t.pending_id, t.source, t.cycle_id, t.posted_at
    from found join ledger_transfers t on t.seq = found.seq
    join ledger_accounts d on d.id = t.debit_account_id join ledger_accounts c on c.id = t.credit_account_id
    order by t.seq`)
}

function viewTransfer(row: TransferRow): TransferView {
  return {
    id: row.id,
    group_id: row.group_id,
    kind: row.kind,
    code: row.code,
    debit: row.debit,
    credit: row.credit,
    amount: fromMicros(row.amount_micros),
    currency: row.currency,
    pending_id: row.pending_id,
    source: row.source,
    cycle_id: row.cycle_id,
    posted_at: row.posted_at.toISOString(),
  }
}

function toCursor(after: string | undefined): string {
  return after !== undefined && /^\d{1,18}$/.test(after) ? after : '0'
}

function pageLimit(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 1), limits.pageLimitMax)
}
