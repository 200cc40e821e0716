import { sql } from '../db/sql.ts'
import type { Sql } from '../db/sql.ts'
import type { Context } from '../context.ts'
import type { Platform } from '../directory/snapshot.ts'
import { raiseAlert } from './alerts.ts'
import { announcePlatform, scheduleCredentialsOf } from './announce.ts'
import { schedulePulls } from './pull-schedule.ts'
import { hurryPlatform } from './sync-object.ts'

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

/**
 * A platform that did not answer is heard again: the others are told, what waits for it goes out now, and what it
 * published meanwhile is fetched. Does nothing when somebody else noticed first.
 */
export async function comeOnline(context: Context, platform: Platform): Promise<void> {
  const isBack = await context.db.transaction(async (tx) => {
    await noteHeard(tx, platform.id)
    const back = await tx.rows(sql`
      update platforms set offline_since = null, updated_at = clock_timestamp()
      where id = ${platform.id} and offline_since is not null returning id`)
    if (back.length === 0) return false
    await endOfflineAlert(tx, platform.id)
    await announcePlatform(tx, platform.id)
    await scheduleCredentialsOf(tx, platform.id)
    await hurryPlatform(tx, platform.id)
    await schedulePulls(tx, platform)
    return true
  })
  if (isBack) context.directory.invalidate()
}

/** Takes the alert off the open list: nobody has to act on what is over. */
export async function endOfflineAlert(client: Sql, platformId: string): Promise<void> {
  await client.rows(sql`
    update alerts set state = 'acknowledged', acknowledged_by = 'hub: it is back'
    where code = ${OFFLINE_ALERT} and subject = ${platformId} and state = 'open'`)
}

/** A platform does not answer: it is sent nothing until it is heard again, and those who deal with it are told. */
export async function goOffline(context: Context, platform: Platform): Promise<void> {
  const isGone = await context.db.transaction(async (tx) => {
    const gone = await tx.rows(sql`
      update platforms set offline_since = clock_timestamp(), updated_at = clock_timestamp()
      where id = ${platform.id} and status = 'registered' and offline_since is null returning id`)
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
