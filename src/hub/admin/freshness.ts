import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { schedulePulls } from '../copies/pull-schedule.ts'
import { isConnected } from '../../directory/parties.ts'
import { appendAudit } from './audit.ts'
import { getPlatform } from './platforms.ts'
import { Refusal } from './refusal.ts'

type FreshnessRow = {
  module: string
  complete_until: Date | null
  last_full_at: Date | null
  last_success_at: Date | null
  last_attempt_at: Date | null
  next_at: Date | null
  full_due: boolean
  is_running: boolean
  objects: bigint
  refused: bigint
  error: string | null
}

/** How fresh the hub's copies of a platform's objects are, by module. */
export async function readFreshness(db: Sql, platformId: string) {
  await getPlatform(db, platformId)
  const rows = await db.rows<FreshnessRow>(sql`
    select p.module, p.complete_until, p.last_full_at, p.last_success_at, p.last_attempt_at, 
      next_pull_at(p, f.quirks, ${limits.pullIntervalMs}::float8) as next_at,
      p.full_due, p.started_at is not null as is_running, p.objects, p.refused, p.error
    from pulls p join platforms f on f.id = p.platform_id
    where p.platform_id = ${platformId} order by p.module`)
  return {
    items: rows.map(({ objects, refused, ...row }) => ({
      ...row,
      complete_until: row.complete_until?.toISOString() ?? null,
      last_full_at: row.last_full_at?.toISOString() ?? null,
      last_success_at: row.last_success_at?.toISOString() ?? null,
      last_attempt_at: row.last_attempt_at?.toISOString() ?? null,
      next_at: row.next_at?.toISOString() ?? null,
      objects: Number(objects),
      refused: Number(refused),
    })),
  }
}

/** Fetches everything from a platform anew, now. */
export async function pullNow(
  context: Context,
  deed: { actor: string; id: string; reason?: string | undefined },
) {
  const { actor, id, reason } = deed
  await getPlatform(context.db, id)
  const platform = (await context.directory.snapshot()).platforms.get(id)
  if (platform === undefined || !isConnected(platform))
    throw new Refusal('conflict', 'The platform is not connected; it is fetched from when it is.')
  await context.db.transaction(async (tx) => {
    await schedulePulls(tx, platform, { delayMs: 0 })
    await appendAudit(tx, { actor, action: 'platform.pull', subject: id, reason })
  })
  return readFreshness(context.db, id)
}
