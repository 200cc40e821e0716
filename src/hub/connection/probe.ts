import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import type { OcpiAnswer as PartnerAnswer } from '../../peer/ocpi-client.ts'
import { jitteredMs } from '../backoff.ts'
import { callPartner } from '../call-partner.ts'
import { comeOnline, goOffline, isHeardLately, noteHeard } from './sightings.ts'

/**
 * Whether a silent platform is still there: GET of its versions, which has no side effects (mod_hub_client_info, Still
 * alive check). One that does not answer is offline and is asked again, less and less often; one that spoke meanwhile is
 * there.
 */
export async function probePlatform(context: Context, row: OutboxRow): Promise<void> {
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  const done = () => finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  if (platform?.status !== 'registered' || platform.versionsUrl === null) return done()
  const isOnline = platform.offlineSince === null
  // It may have spoken since the question was written down.
  if (isOnline && (await isHeardLately(context.db, platform.id))) return done()
  const answer = await callPartner(context, {
    platform,
    module: 'versions',
    method: 'GET',
    url: platform.versionsUrl,
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerHandshakeMs,
  })
  if (isAlive(answer)) {
    if (isOnline) await noteHeard(context.db, platform.id)
    else await comeOnline(context, platform)
    return done()
  }
  if (isOnline && (await isHeardLately(context.db, platform.id))) return done()
  const error = answer.kind === 'ocpi' ? `answered ${answer.ocpiStatus}` : answer.kind
  const waitMs = postponedMs(answer)
  if (isOnline && waitMs !== null && row.attempts <= limits.probePostponementsMax)
    return retryOutbox(context.db, { id: row.id, delayMs: waitMs, error: 'could not be asked yet' })
  await goOffline(context, platform)
  const full = limits.offlineProbeMs * 2 ** Math.min(row.attempts - 1, 10)
  const delayMs = jitteredMs(Math.min(full, limits.offlineProbeMsMax))
  return retryOutbox(context.db, { id: row.id, delayMs, error })
}

/** Who asks for fewer questions is there. */
function isAlive(answer: PartnerAnswer): boolean {
  if (answer.kind === 'notOcpi') return answer.httpStatus === 429
  return answer.kind === 'ocpi' && (answer.ocpiStatus < 2000 || answer.httpStatus === 429)
}

/** How long to wait where the hub itself held the question back (breaker, too many open), which says nothing of now. */
function postponedMs(answer: PartnerAnswer): number | null {
  if (answer.kind !== 'unreachable' || answer.sent) return null
  if (answer.retryAfterMs !== null) return Math.max(answer.retryAfterMs, limits.peerBreakerOpenMs)
  return answer.reason === 'inFlight' ? limits.peerBreakerOpenMs : null
}

/** Has registered platforms probed that were not heard for long, or are offline; each by one row at a time. */
export async function scheduleProbes(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, platform_id, subject)
    select 'probe', p.id, '' from platforms p left join platform_sightings s on s.platform_id = p.id
    where p.status = 'registered' and (p.offline_since is not null
        or coalesce(s.last_seen_at, p.updated_at)
          < clock_timestamp() - ${limits.stillAliveMs}::float8 * interval '1 millisecond')
      and not exists (select 1 from outbox o
        where o.kind = 'probe' and o.platform_id = p.id and o.finished_at is null)
    order by p.id limit ${limits.sweepRowsMax}
    on conflict do nothing`)
}
