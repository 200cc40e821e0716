import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { verifyBookings } from './verify-bookings.ts'
import type { PartsBreach } from './verify-bookings.ts'
import { verifyChains } from './verify-chains.ts'

/**
 * What must hold of parts, disputes and adjustments at any time, asked of everything that is stored: at most
 * `limits.ledgerDifferencesMax` breaches per rule. Each rule is one statement, so what is written meanwhile is seen whole
 * or not at all.
 *
 * parts_add_up: part 0, what stands beside it and what was taken off are the claim. disputed_within_claim: no more is
 * disputed than is left of it. disputes_have_deadlines. held_is_disputed: what is held is what an undecided dispute is
 * about, and nothing else. state_fits: held, contested or neither, as the disputes say. held_is_carried: nothing waits
 * in a cycle that is final. consumed_once: an adjustment goes with one credit of its CDR and one replacement. Then the
 * rules of verifyBookings and verifyChains.
 */
export async function verifyParts(db: Sql): Promise<PartsBreach[]> {
  const breaches: PartsBreach[] = []
  for (const [rule, find] of RULES)
    breaches.push(...(await find(db)).map(({ subject }) => ({ rule, subject })))
  return [...breaches, ...(await verifyBookings(db)), ...(await verifyChains(db))]
}

const RULES: readonly (readonly [string, (db: Sql) => Promise<{ subject: string }[]>])[] = [
  ['parts_add_up', findUnequalParts],
  ['disputed_within_claim', findTooMuchDisputed],
  ['disputes_have_deadlines', findTimelessDisputes],
  ['held_is_disputed', findSoundHeld],
  ['state_fits', findWrongStates],
  ['held_is_carried', findStranded],
  ['consumed_once', findConsumedTwice],
]

async function findUnequalParts(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with beside as (
      select cdr_id, sum(net)::bigint as net, sum(tax)::bigint as tax from (
        select cdr_id, net_micros as net, tax_micros as tax from cdr_parts where book <> 'ended'
        union all
        select cdr_id, net_micros, tax_micros from adjustments
      ) a group by cdr_id
    )
    select c.owner || '/' || c.cdr_id as subject
    from cdr_states s join cdrs c on c.id = s.cdr_id left join beside b on b.cdr_id = s.cdr_id
    where not s.is_credit and s.state <> 'credited' and s.booked is not null
      and (s.part_net is not null or b.cdr_id is not null)
      and (coalesce(s.part_net, s.net_micros) + coalesce(b.net, 0) <> s.net_micros
        or coalesce(s.part_tax, s.tax_micros) + coalesce(b.tax, 0) <> s.tax_micros)
    order by s.cdr_id limit ${limits.ledgerDifferencesMax}`)
}

async function findTooMuchDisputed(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with disputed as (
      select cdr_id, sum(net_micros) as net, sum(tax_micros) as tax from disputes
      where cdr_id is not null and closed_at is null and state not in ('await_credit', 'await_replacement')
      group by cdr_id
    ), adjusted as (
      select cdr_id, sum(net_micros) as net, sum(tax_micros) as tax from adjustments group by cdr_id
    )
    select c.owner || '/' || c.cdr_id as subject
    from disputed d join cdr_states s on s.cdr_id = d.cdr_id join cdrs c on c.id = d.cdr_id
    left join adjusted a on a.cdr_id = d.cdr_id
    where d.net + coalesce(a.net, 0) > s.net_micros or d.tax + coalesce(a.tax, 0) > greatest(s.tax_micros, 0)
    order by d.cdr_id limit ${limits.ledgerDifferencesMax}`)
}

async function findTimelessDisputes(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select 'dispute ' || id as subject from disputes
    where (closed_at is null) <> (deadline_at is not null) order by id limit ${limits.ledgerDifferencesMax}`)
}

/** Both ways: a part that no undecided dispute of that amount holds, and a dispute whose part is not held. */
async function findSoundHeld(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with undecided as (
      select id, cdr_id, part, net_micros, tax_micros from disputes
      where cdr_id is not null and part is not null and closed_at is null
        and state not in ('await_credit', 'await_replacement')
    )
    select 'dispute ' || coalesce(d.id, p.dispute_id) as subject
    from (select * from cdr_parts where book = 'held') p
    full join undecided d on d.cdr_id = p.cdr_id and d.part = p.part and d.id = p.dispute_id
    where d.id is null or p.cdr_id is null or d.net_micros <> p.net_micros or d.tax_micros <> p.tax_micros
    order by 1 limit ${limits.ledgerDifferencesMax}`)
}

async function findWrongStates(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    with undecided as (
      select cdr_id, count(*) filter (where state = 'draft') as drafts, count(*) filter (where state <> 'draft') as others
      from disputes
      where cdr_id is not null and closed_at is null and state not in ('await_credit', 'await_replacement')
      group by cdr_id
    )
    select c.owner || '/' || c.cdr_id as subject
    from cdr_states s left join undecided u using (cdr_id) join cdrs c on c.id = s.cdr_id
    where (u.cdr_id is not null or s.state in ('held', 'contested')) and s.state <> case
      when u.drafts > 0 then 'held'
      when u.others > 0 then 'contested'
      -- A credit, or a claim below zero, is held as a whole.
      when s.booked->>'book' = 'held' then 'held' else 'neither' end
    order by s.cdr_id limit ${limits.ledgerDifferencesMax}`)
}

async function findStranded(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select c.owner || '/' || c.cdr_id as subject from (
      select cdr_id, cycle_id from cdr_states where booked->>'book' in ('provisional', 'held')
      union all
      select cdr_id, cycle_id from cdr_parts where book = 'held'
    ) h join cycles y on y.id = h.cycle_id join cdrs c on c.id = h.cdr_id
    where y.state = 'final' order by h.cdr_id limit ${limits.ledgerDifferencesMax}`)
}

async function findConsumedTwice(db: Sql): Promise<{ subject: string }[]> {
  return db.rows(sql`
    select 'replacement ' || replacement_id as subject from adjustments where replacement_id is not null
      group by replacement_id having count(distinct cdr_id) > 1
    union all
    select 'credited CDR ' || cdr_id from adjustments where credit_id is not null
      group by cdr_id having count(distinct replacement_id) > 1 or count(distinct credit_id) > 1
    union all
    select 'adjustment ' || a.id from adjustments a join cdrs o on o.id = a.cdr_id left join cdrs c on c.id = a.credit_id
      where a.credit_id is not null and (c.id is null or not c.is_credit or c.owner <> o.owner or c.original_key <> o.cdr_key)
    limit ${limits.ledgerDifferencesMax}`)
}
