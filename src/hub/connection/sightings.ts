import { limits } from '../../../config/limits.ts'
import { sql } from '../../db/sql.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import type { Context } from '../../context.ts'
import type { Platform } from '../../directory/snapshot.ts'
import { raiseAlert } from '../alerts.ts'
import { announceMissed, announcePlatform, scheduleCredentialsOf } from './announce.ts'
import { schedulePulls } from '../copies/pull-schedule.ts'
import { hurryPlatform } from '../objects/sync-object.ts'

const OFFLINE_ALERT = 'platform_offline'
const SIGHTING_INTERVAL_MS = 10_000
const seen = new WeakMap<Context, Map<string, number>>()

/**
 * Notes that a platform was heard, at most every ten seconds and never in the way of its request. Whatever one says
 * that was taken for gone, it is back.
 */
export function noteSighting(context: Context, platformId: string): void {
  let times = seen.get(context)
  if (!times) {
    times = new Map()
    seen.set(context, times)
  }
  const now = performance.now()
  const isNoted = now - (times.get(platformId) ?? Number.NEGATIVE_INFINITY) < SIGHTING_INTERVAL_MS
  if (!isNoted) times.set(platformId, now)
  const work = async () => {
    const platform = (await context.directory.snapshot()).platforms.get(platformId)
    if (platform && platform.offlineSince !== null) await comeOnline(context, platform)
    else if (!isNoted) await noteHeard(context.db, platformId)
  }
  work().catch((error: unknown) => {
    context.log.debug({ err: error instanceof Error ? error.message : '' }, 'a sighting was lost')
  })
}

/** Writes down that a platform was heard now. */
export async function noteHeard(client: Sql, platformId: string): Promise<void> {
  await client.rows(sql`
    insert into platform_sightings (platform_id, last_seen_at) values (${platformId}, clock_timestamp())
    on conflict (platform_id) do update set last_seen_at = clock_timestamp()`)
}

/** Whether a platform was heard so lately that nobody needs to ask whether it is there. */
export async function isHeardLately(client: Sql, platformId: string): Promise<boolean> {
  const heard = await client.rows(sql`
    select 1 from platform_sightings where platform_id = ${platformId}
      and last_seen_at > clock_timestamp() - ${limits.stillAliveMs}::float8 * interval '1 millisecond'`)
  return heard.length > 0
}

/**
 * A platform that did not answer is heard again: the others are told, and it catches up. Does nothing when somebody
 * else noticed first.
 */
export async function comeOnline(context: Context, platform: Platform): Promise<void> {
  const isBack = await context.db.transaction(async (tx) => {
    await noteHeard(tx, platform.id)
    const [back] = await tx.rows<{ since: Date }>(sql`
      update platforms p set offline_since = null, updated_at = clock_timestamp()
      from (select id, offline_since from platforms where id = ${platform.id} for update) before
      where p.id = before.id and before.offline_since is not null returning before.offline_since as since`)
    if (!back) return false
    await endAlerts(tx, platform.id)
    await dropProbe(tx, platform.id)
    await announcePlatform(tx, platform.id)
    await catchUp(tx, { platform, since: back.since })
    return true
  })
  if (isBack) context.directory.invalidate()
}

/**
 * After an absence: what waits for a platform goes out now, it is told who has changed since, and what it published
 * meanwhile is fetched.
 */
export async function catchUp(
  tx: Tx,
  absence: { platform: Pick<Platform, 'id' | 'endpoints' | 'quirks'>; since: Date },
): Promise<void> {
  const { platform, since } = absence
  await announceMissed(tx, { platformId: platform.id, since })
  await scheduleCredentialsOf(tx, platform.id)
  await hurryPlatform(tx, platform.id)
  await schedulePulls(tx, platform)
}

/** A question that waits would keep the next silence from being noticed until it is due. */
async function dropProbe(tx: Tx, platformId: string): Promise<void> {
  await tx.rows(sql`
    update outbox set finished_at = clock_timestamp(), outcome = 'done'
    where kind = 'probe' and platform_id = ${platformId} and finished_at is null and enqueued_at is null`)
}

/** What alerts say of a connection that does not work. */
const CONNECTION_ALERTS = [
  OFFLINE_ALERT,
  'partner_refuses_token',
  'credentials_not_taken',
  'credentials_not_renewed',
]

/** Takes alerts about a platform's connection off the open list: nobody has to act on what is over. */
export async function endAlerts(client: Sql, platformId: string): Promise<void> {
  await client.rows(sql`
    update alerts set state = 'acknowledged', acknowledged_by = 'hub: it is over'
    where code = any(${CONNECTION_ALERTS}::text[]) and subject = ${platformId} and state = 'open'`)
}

/**
 * A platform does not answer: it is sent nothing until it is heard again, and those who deal with it are told. But not
 * when it spoke while it was being asked.
 */
export async function goOffline(context: Context, platform: Platform): Promise<void> {
  const isGone = await context.db.transaction(async (tx) => {
    const gone = await tx.rows(sql`
      update platforms set offline_since = clock_timestamp(), updated_at = clock_timestamp()
      where id = ${platform.id} and status = 'registered' and offline_since is null
        and not exists (select 1 from platform_sightings s where s.platform_id = platforms.id
          and s.last_seen_at > clock_timestamp() - ${limits.stillAliveMs}::float8 * interval '1 millisecond')
      returning id`)
    if (gone.length === 0) return false
    await announcePlatform(tx, platform.id)
    await raiseAlert(tx, {
      code: OFFLINE_ALERT,
      severity: 'warning',
      subject: platform.id,
      message: `${platform.name} does not answer at its versions URL`,
      advice:
        'Ask the partner. Nothing is sent to it until it answers or is heard again; both are noticed without you',
    })
    return true
  })
  if (isGone) context.directory.invalidate()
}
