import { sql } from '../db/sql.ts'
import type { Context } from '../context.ts'

const SIGHTING_INTERVAL_MS = 10_000
const seen = new WeakMap<Context, Map<string, number>>()

/** Notes that a platform was heard, at most every ten seconds and never in the way of its request. */
export function noteSighting(context: Context, platformId: string): void {
  let times = seen.get(context)
  if (!times) {
    times = new Map()
    seen.set(context, times)
  }
  const now = performance.now()
  if (now - (times.get(platformId) ?? Number.NEGATIVE_INFINITY) < SIGHTING_INTERVAL_MS) return
  times.set(platformId, now)
  context.db
    .rows(
      sql`
      insert into platform_sightings (platform_id, last_seen_at) values (${platformId}, clock_timestamp())
      on conflict (platform_id) do update set last_seen_at = clock_timestamp()`,
    )
    .catch((error: unknown) => {
      context.log.debug({ err: error instanceof Error ? error.message : '' }, 'a sighting was lost')
    })
}
