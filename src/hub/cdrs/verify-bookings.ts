import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/** Something that must never be: `rule` names it, `subject` says of which CDR, dispute or adjustment. */
export type PartsBreach = { rule: string; subject: string }

/**
 * That the ledger holds of each CDR what its parts say. pending_is_booked: every part that is pending stands on the two
 * transfers it names, and no other pending of the CDR is open. due_is_booked: what is posted of it in a cycle is what is
 * due of it there.
 */
export async function verifyBookings(db: Sql): Promise<PartsBreach[]> {
  const pending = await findWrongPendings(db)
  const due = await findWrongDues(db)
  return [
    ...pending.map(({ subject }) => ({ rule: 'pending_is_booked', subject })),
    ...due.map(({ subject }) => ({ rule: 'due_is_booked', subject })),
  ]
}

async function findWrongPendings(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with booked as (
      select 'cdr:' || c.owner || '/' || c.cdr_key as source, s.booked->>'leg' as leg,
        case s.booked->>'book' when 'held' then 'disp' else 'prov' end as suffix,
        coalesce(s.part_net, s.net_micros) as net, coalesce(s.part_tax, s.tax_micros) as tax, s.tax_known
      from cdr_states s join cdrs c on c.id = s.cdr_id where s.booked->>'book' in ('provisional', 'held')
      union all
      select 'cdr:' || c.owner || '/' || c.cdr_key, p.leg, 'disp', p.net_micros, p.tax_micros, p.tax_known
      from cdr_parts p join cdrs c on c.id = p.cdr_id where p.book = 'held'
    ), wanted as (
      select source, leg as id, suffix, net as amount from booked
      union all
      select source, left(leg, -length(split_part(leg, '#', -1))) || (split_part(leg, '#', -1)::int + 1), suffix,
        case when tax_known then tax else 0 end
      from booked
    ), open as (
      select t.id, t.source, case when k.code like 'pos:%' then t.amount_micros else -t.amount_micros end as amount,
        case when k.code like 'pos:%' then b.code else k.code end as code
      from ledger_transfers t join ledger_accounts b on b.id = t.debit_account_id
      join ledger_accounts k on k.id = t.credit_account_id
      where t.kind = 'pending' and t.source like 'cdr:%'
        and not exists (select from ledger_transfers r where r.pending_id = t.id)
    )
    select distinct coalesce(w.source, o.source) as subject from wanted w full join open o on o.id = w.id
    where w.id is null or o.id is null or w.amount <> o.amount or w.source <> o.source
      or right(o.code, 5) <> ':' || w.suffix
    order by 1 limit ${limits.ledgerDifferencesMax}`)
}

async function findWrongDues(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with due as (
      select source, cycle, sum(amount) as amount from (
        select 'cdr:' || c.owner || '/' || c.cdr_key as source, s.booked->>'cycleId' as cycle,
          coalesce(s.part_net, s.net_micros) + case when s.tax_known then coalesce(s.part_tax, s.tax_micros) else 0 end as amount
        from cdr_states s join cdrs c on c.id = s.cdr_id where s.booked->>'book' = 'due'
        union all
        select 'cdr:' || c.owner || '/' || c.cdr_key, p.cycle_id,
          p.net_micros + case when p.tax_known then p.tax_micros else 0 end
        from cdr_parts p join cdrs c on c.id = p.cdr_id where p.book = 'due'
      ) d group by source, cycle
    ), posted as (
      select t.source, split_part(case when k.code like 'pos:%' then k.code else b.code end, ':', 3) as cycle,
        sum(case when k.code like 'pos:%' then t.amount_micros else -t.amount_micros end) as amount
      from ledger_transfers t join ledger_accounts b on b.id = t.debit_account_id
      join ledger_accounts k on k.id = t.credit_account_id
      where t.kind in ('posted', 'post') and t.source like 'cdr:%' group by 1, 2
    )
    select distinct coalesce(d.source, p.source) as subject from due d full join posted p using (source, cycle)
    where coalesce(d.amount, 0) <> coalesce(p.amount, 0) order by 1 limit ${limits.ledgerDifferencesMax}`)
}
