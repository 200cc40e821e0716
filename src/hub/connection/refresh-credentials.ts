import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isConnected } from '../../directory/parties.ts'
import type { Platform, Snapshot } from '../../directory/snapshot.ts'
import { finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { raiseAlert } from '../alerts.ts'
import { backoffMs } from '../backoff.ts'
import { rotateCredentials } from './credentials.ts'
import { rolesMark } from './our-credentials.ts'

/**
 * PUT credentials to a 2.3.0 partner whose reachable parties have changed (2.3.0 Credentials object, NOTE). The row
 * stands for all changes up to now: what the partner was shown already costs nothing. A partner that does not answer is
 * looked at again when it does. Subject `renew`: to any partner, because its token is old.
 */
export async function refreshCredentials(context: Context, row: OutboxRow): Promise<void> {
  const done = () => finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  // Never the copy of a moment ago: what was shown last must be known.
  context.directory.invalidate()
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  if (!platform || !isConnected(platform)) return done()
  const isRenewal = row.subject === RENEW
  if (!isRenewal && !(await isShownOther(context, { snapshot, platform }))) return done()
  try {
    await rotateCredentials(context, { platformId: platform.id })
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    const text = error.message.slice(0, limits.faultTextCharsMax)
    if (isRenewal) return giveUpRenewal(context, { row, platform, text })
    return tryLater(context, { row, platform, text })
  }
  return done()
}

const RENEW = 'renew'

/** Has tokens renewed that are a month old (Credentials, resetting the token); who refuses is asked again a day later. */
export async function scheduleRenewals(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, platform_id, subject)
    select 'credentials', p.id, ${RENEW} from platforms p
    where p.status = 'registered' and p.offline_since is null
      and (select max(t.created_at) from credentials_tokens t where t.platform_id = p.id and t.kind = 'access')
        < clock_timestamp() - ${limits.tokenAgeMsMax}::float8 * interval '1 millisecond'
      and not exists (select 1 from outbox o
        where o.kind = 'credentials' and o.platform_id = p.id and o.subject = ${RENEW}
          and coalesce(o.finished_at, 'infinity')
            > clock_timestamp() - ${limits.renewalPauseMs}::float8 * interval '1 millisecond')
    order by p.id limit ${limits.renewalRowsMax}
    on conflict do nothing`)
}

type Failure = { row: OutboxRow; platform: Platform; text: string }

/** A partner that keeps refusing knows less and less of who can be reached: an operator hears of it. */
async function tryLater(context: Context, { row, platform, text }: Failure): Promise<void> {
  const delayMs = backoffMs('deliver', row.attempts)
  await context.db.transaction(async (tx) => {
    await retryOutbox(tx, { id: row.id, delayMs, error: text })
    if (row.attempts <= limits.credentialsQuietAttemptsMax) return
    await raiseAlert(tx, {
      code: 'credentials_not_taken',
      severity: 'warning',
      subject: platform.id,
      message: `${platform.name} does not take the credentials that show who can be reached now: ${text}`,
      advice:
        'Ask the partner to take PUT credentials, or to send one itself, which shows it the same; it is tried again by itself',
    })
  })
}

async function giveUpRenewal(context: Context, input: Failure): Promise<void> {
  const { row, platform, text } = input
  await context.db.transaction(async (tx) => {
    await finishOutbox(tx, { ids: [row.id], outcome: 'refused', error: text })
    await raiseAlert(tx, {
      code: 'credentials_not_renewed',
      severity: 'notice',
      subject: platform.id,
      message: `${platform.name} has credentials of more than a month and did not take new ones: ${text}`,
      advice:
        'Ask the partner to take PUT credentials, or to send one itself; it is tried again every day',
    })
  })
}

async function isShownOther(
  context: Context,
  { snapshot, platform }: { snapshot: Snapshot; platform: Platform },
): Promise<boolean> {
  if (platform.version !== '2.3.0') return false
  const [kept] = await context.db.rows<{ shown_roles: string | null }>(sql`
    select shown_roles from platforms where id = ${platform.id}`)
  return kept?.shown_roles !== rolesMark(context, { snapshot, platform })
}
