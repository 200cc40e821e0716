import { limits } from '../../config/limits.ts'
import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { fromMicros } from './money.ts'

/** A total of an account that is not what its transfers add up to; amounts as decimal text. */
export type Difference = {
  readonly account: string
  readonly currency: string
  readonly field: 'debits_pending' | 'debits_posted' | 'credits_pending' | 'credits_posted'
  readonly stored: string
  readonly recomputed: string
}

/** Something else that must never be: `rule` names it, `subject` says where. */
export type Breach = {
  readonly rule: 'group_complete' | 'one_currency' | 'resolution_fits' | 'debits_equal_credits'
  readonly subject: string
}

export type Verification = {
  readonly ok: boolean
  readonly differences: readonly Difference[]
  readonly breaches: readonly Breach[]
}

/**
 * Recomputes the ledger from its transfers: every account total (pending totals from the pendings nobody resolved),
 * every group, every resolution, debits = credits per currency. Lists at most `limits.ledgerDifferencesMax` of each.
 * Reads everything once; each check is one statement, so what is being posted meanwhile is seen whole or not at all.
 */
export async function verifyLedger(db: Sql): Promise<Verification> {
  const rows = await recomputeTotals(db)
  const differences = rows.flatMap(toDifferences).slice(0, limits.ledgerDifferencesMax)
  const breaches = [
    ...(await findBrokenGroups(db)).map(({ subject }) => ({
      rule: 'group_complete' as const,
      subject,
    })),
    ...(await findForeignAccounts(db)).map(({ subject }) => ({
      rule: 'one_currency' as const,
      subject,
    })),
    ...(await findWrongResolutions(db)).map(({ subject }) => ({
      rule: 'resolution_fits' as const,
      subject,
    })),
    ...(await findUnbalancedCurrencies(db)).map(({ subject }) => ({
      rule: 'debits_equal_credits' as const,
      subject,
    })),
  ]
  return { ok: differences.length === 0 && breaches.length === 0, differences, breaches }
}

type TotalsRow = {
  account: string
  currency: string
  stored: [string, string, string, string]
  recomputed: [string, string, string, string]
}

const FIELDS = ['debits_pending', 'debits_posted', 'credits_pending', 'credits_posted'] as const

function toDifferences({ account, currency, stored, recomputed }: TotalsRow): Difference[] {
  return FIELDS.flatMap((field, index) => {
    const [was, is] = [stored[index] ?? '0', recomputed[index] ?? '0']
    return was === is
      ? []
      : [
          {
            account,
            currency,
            field,
            stored: fromMicros(BigInt(was)),
            recomputed: fromMicros(BigInt(is)),
          },
        ]
  })
}

async function recomputeTotals(db: Sql): Promise<TotalsRow[]> {
  return db.rows(sql`
    with counted as (
      select debit_account_id, credit_account_id,
        case when kind = 'pending' and not exists (select from ledger_transfers r where r.pending_id = t.id)
          then amount_micros else 0 end as pending,
        case when kind in ('posted', 'post') then amount_micros else 0 end as posted
      from ledger_transfers t
    ), debits as (
      select debit_account_id as id, sum(pending) as pending, sum(posted) as posted from counted group by 1
    ), credits as (
      select credit_account_id as id, sum(pending) as pending, sum(posted) as posted from counted group by 1
    ), compared as (
      select coalesce(a.code, coalesce(d.id, c.id)::text) as account, coalesce(a.currency, '?') as currency,
        array[coalesce(a.debits_pending, 0), coalesce(a.debits_posted, 0), coalesce(a.credits_pending, 0),
          coalesce(a.credits_posted, 0)]::text[] as stored,
        array[coalesce(d.pending, 0), coalesce(d.posted, 0), coalesce(c.pending, 0), coalesce(c.posted, 0)]::text[]
          as recomputed
      from ledger_accounts a full join debits d on d.id = a.id full join credits c on c.id = coalesce(a.id, d.id)
    )
    select account, currency, stored, recomputed from compared where stored <> recomputed
    order by account, currency limit ${limits.ledgerDifferencesMax}`)
}

async function findBrokenGroups(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select group_id as subject from ledger_transfers group by group_id
    having count(*) <> min(group_size) or min(group_size) <> max(group_size) or count(distinct currency) <> 1
    order by group_id limit ${limits.ledgerDifferencesMax}`)
}

async function findForeignAccounts(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select t.id as subject from ledger_transfers t
    left join ledger_accounts d on d.id = t.debit_account_id and d.currency = t.currency
    left join ledger_accounts c on c.id = t.credit_account_id and c.currency = t.currency
    where d.id is null or c.id is null order by t.id limit ${limits.ledgerDifferencesMax}`)
}

async function findWrongResolutions(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select t.id as subject from ledger_transfers t left join ledger_transfers p on p.id = t.pending_id
    where t.pending_id is not null and (p.kind is distinct from 'pending'
      or p.debit_account_id <> t.debit_account_id or p.credit_account_id <> t.credit_account_id
      or p.currency <> t.currency or p.amount_micros < t.amount_micros)
    order by t.id limit ${limits.ledgerDifferencesMax}`)
}

async function findUnbalancedCurrencies(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select currency as subject from ledger_accounts group by currency
    having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)
    order by currency`)
}
