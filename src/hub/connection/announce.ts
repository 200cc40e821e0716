import { limits } from '../../../config/limits.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'

/**
 * Something changed about a platform or who it speaks for: every other connected platform that takes ClientInfo is told
 * of its parties, and 2.3.0 partners get new Credentials if their roles differ now. In the transaction of the change,
 * but for a removal, where the parties must still be there.
 */
export async function announcePlatform(tx: Tx, platformId: string): Promise<void> {
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject, expires_at)
    select 'client_info', r.id, p.party || '|' || p.role,
      clock_timestamp() + ${limits.syncAgeMsMax}::float8 * interval '1 millisecond'
    from platform_parties p cross join platforms r
    join endpoints e on e.platform_id = r.id and e.module = 'hubclientinfo' and e.interface = 'receiver'
    where p.platform_id = ${platformId} and r.id <> ${platformId}
      and r.status = 'registered' and r.offline_since is null
    order by r.id, p.party, p.role
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
  await scheduleCredentials(tx)
}

/** Agreements of pairs began or ended: each side is told what the other is to it now. */
export async function announcePairs(
  tx: Tx,
  pairs: readonly { cpo: string; emsp: string }[],
): Promise<void> {
  if (pairs.length === 0) return
  // A platform may hold a party in several roles: it is told once, which the statement's one time makes sure of.
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject, expires_at)
    select distinct 'client_info', r.id, p.party || '|' || p.role,
      statement_timestamp() + ${limits.syncAgeMsMax}::float8 * interval '1 millisecond'
    from unnest(${pairs.map(({ cpo }) => cpo)}::text[], ${pairs.map(({ emsp }) => emsp)}::text[]) as t (cpo, emsp)
    join platform_parties p on p.party in (t.cpo, t.emsp)
    join platform_parties mine on (p.party = t.cpo and p.role = 'CPO' and mine.party = t.emsp)
      or (p.party = t.emsp and mine.party = t.cpo and mine.role = 'CPO')
    join platforms r on r.id = mine.platform_id and r.id <> p.platform_id
    join endpoints e on e.platform_id = r.id and e.module = 'hubclientinfo' and e.interface = 'receiver'
    where r.status = 'registered' and r.offline_since is null
    order by 2, 3
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
  await scheduleCredentials(tx)
}

/**
 * A platform that was told nothing since a time is told of every party that changed since: it may not have noticed that
 * it was away, and then it does not ask.
 */
export async function announceMissed(
  tx: Tx,
  missed: { platformId: string; since: Date },
): Promise<void> {
  const { platformId, since } = missed
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject, expires_at)
    select 'client_info', ${platformId}::text, p.party || '|' || p.role,
      clock_timestamp() + ${limits.syncAgeMsMax}::float8 * interval '1 millisecond'
    from platform_parties p join platforms o on o.id = p.platform_id
    where p.platform_id <> ${platformId} and greatest(o.updated_at, p.updated_at) >= ${since}
      and exists (select 1 from endpoints e where e.platform_id = ${platformId}
        and e.module = 'hubclientinfo' and e.interface = 'receiver')
    order by p.party, p.role
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}

/**
 * Has the roles of every 2.3.0 partner looked at a little later: what changes together is told together, because each
 * PUT of Credentials makes the partner read our endpoints again and changes both tokens.
 */
async function scheduleCredentials(tx: Tx): Promise<void> {
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject, due_at)
    select 'credentials', id, '',
      clock_timestamp() + ${limits.credentialsBatchMs}::float8 * interval '1 millisecond'
    from platforms where status = 'registered' and ocpi_version = '2.3.0' and offline_since is null
    order by id
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null
      do update set due_at = least(outbox.due_at, excluded.due_at)`)
}

/** The same for one partner, which was not told while it did not answer. */
export async function scheduleCredentialsOf(tx: Tx, platformId: string): Promise<void> {
  await tx.rows(sql`
    insert into outbox (kind, platform_id, subject)
    select 'credentials', id, '' from platforms
    where id = ${platformId} and status = 'registered' and ocpi_version = '2.3.0'
    on conflict do nothing`)
}
