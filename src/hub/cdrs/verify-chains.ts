import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { PartsBreach } from './verify-bookings.ts'

/**
 * That nobody changed the past: each event's hash is that of what it says and of the event before it, and the last one
 * stands with the CDR or dispute. Events from before there were hashes are left out,
 * and of what was said with a card in it, which its retention has hashed, only the place in the chain is left to check. Rule event_chain_intact.
 */
export async function verifyChains(db: Sql): Promise<PartsBreach[]> {
  const found = [...(await findBrokenCdrs(db)), ...(await findBrokenDisputes(db))]
  return found.map(({ subject }) => ({ rule: 'event_chain_intact', subject }))
}

async function findBrokenCdrs(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with chained as (
      select cdr_id, hash, prev_hash, redacted_at, lag(hash) over w as before, lead(epoch) over w is null as is_last,
        event_hash(prev_hash, 'cdr:' || cdr_id, epoch,
          array[state, array_to_string(via, ' '), actor, reason_code, coalesce(reason, '')], at) as computed
      from cdr_events where hash is not null window w as (partition by cdr_id order by epoch)
    )
    select distinct 'cdr:' || e.cdr_id as subject from chained e left join cdr_states s on s.cdr_id = e.cdr_id
    where (e.hash <> e.computed and e.redacted_at is null) or e.prev_hash is distinct from e.before
      or (e.is_last and e.hash is distinct from s.event_hash)
    order by 1 limit ${limits.ledgerDifferencesMax}`)
}

async function findBrokenDisputes(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with chained as (
      select dispute_id, hash, prev_hash, redacted_at, lag(hash) over w as before, lead(epoch) over w is null as is_last,
        event_hash(prev_hash, 'dispute:' || dispute_id, epoch, array[state, array_to_string(via, ' '), actor, reason_code,
          coalesce(reason, ''), verb, side, net_micros::text, tax_micros::text], at) as computed
      from dispute_events window w as (partition by dispute_id order by epoch)
    )
    select distinct 'dispute:' || e.dispute_id as subject from chained e left join disputes d on d.id = e.dispute_id
    where (e.hash <> e.computed and e.redacted_at is null) or e.prev_hash is distinct from e.before
      or (e.is_last and e.hash is distinct from d.event_hash)
    order by 1 limit ${limits.ledgerDifferencesMax}`)
}
