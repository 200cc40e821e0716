import { limits } from '../../../config/limits.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { PULLED } from '../../directory/quirks.ts'
import type { Platform } from '../../directory/snapshot.ts'
import { appendOutbox } from '../../outbox/outbox.ts'

export type PulledModule = (typeof PULLED)[number]

/** The modules that are fetched from a platform: those it offers, as far as its quirks allow. */
export function pulledModules(platform: Pick<Platform, 'endpoints' | 'quirks'>): PulledModule[] {
  const { pull } = platform.quirks
  if (pull === false) return []
  const wanted = typeof pull === 'object' ? pull.modules : undefined
  return PULLED.filter(
    (module) => platform.endpoints.has(`${module}:sender`) && (wanted?.includes(module) ?? true),
  )
}

/**
 * Everything a platform offers is to be fetched anew: it has just connected, or was away and may have pushed to nobody.
 * A moment later than now, so that its own pushes come first.
 */
export async function schedulePulls(
  tx: Tx,
  platform: Pick<Platform, 'id' | 'endpoints' | 'quirks'>,
  { delayMs = limits.pullFirstDelayMs }: { delayMs?: number } = {},
): Promise<void> {
  const modules = pulledModules(platform)
  if (modules.length === 0) return
  await tx.rows(sql`
    insert into pulls (platform_id, module) select ${platform.id}, * from unnest(${modules}::text[])
    on conflict (platform_id, module) do update set full_due = true, started_at = null, next_url = null`)
  await appendOutbox(
    tx,
    modules.map((module) => ({ kind: 'pull', platformId: platform.id, subject: module, delayMs })),
  )
}

/** Puts the fetches whose interval is over into the outbox, of platforms that are registered and answer. */
export async function sweepPulls(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, platform_id, subject)
    select 'pull', p.platform_id, p.module from pulls p join platforms f on f.id = p.platform_id
    where f.status = 'registered' and f.offline_since is null
      and next_pull_at(p, f.quirks, ${limits.pullIntervalMs}::float8) <= clock_timestamp()
      and not exists (select 1 from outbox o where o.kind = 'pull' and o.platform_id = p.platform_id
        and o.subject = p.module and o.finished_at is null)
    order by p.platform_id, p.module limit ${limits.sweepRowsMax}
    on conflict do nothing`)
}
