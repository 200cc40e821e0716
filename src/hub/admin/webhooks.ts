import { limits } from '../../../config/limits.ts'
import { guardUrl } from '../../peer/guard.ts'
import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { postWebhook, webhookPurpose } from '../disputes/send-webhook.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { PartyScope, Scope } from './scope.ts'

type WebhookRow = {
  platform_id: string
  url: string
  events: string[]
  created_at: Date
  updated_at: Date
  delivered_at: Date | null
  failed_at: Date | null
  failure: string | null
  failures: number
  next_at: Date | null
  previous_until: Date | null
  waiting: bigint
  given_up: bigint
}

/**
 * Says where a platform wants to be told what happens (Standard Webhooks). The secret is made with the webhook and is
 * answered this once; later calls change where and what, and answer none. The URL must be one that the hub may ask.
 */
export async function putWebhook(
  context: Context,
  order: { scope: Scope; url: string; events: readonly string[] },
) {
  const { platformId, actor } = partyOf(order.scope)
  const guarded = guardUrl(order.url, context.config)
  if (!guarded.ok) {
    const faults = [{ pointer: '/url', message: guarded.message }]
    throw new Refusal('invalidBody', `The address cannot be used: ${guarded.message}.`, { faults })
  }
  const secret = newSecret(context)
  const sealed = context.secrets.seal(secret, webhookPurpose(platformId))
  const events = [...new Set(order.events)].sort()
  const isNew = await context.db.transaction(async (tx) => {
    const [row] = await tx.rows<{ is_new: boolean }>(sql`
      insert into party_webhooks (platform_id, url, secret_sealed, events)
      values (${platformId}, ${order.url}, ${sealed}, ${events}::text[])
      on conflict (platform_id) do update set url = excluded.url, events = excluded.events,
        updated_at = clock_timestamp(), failures = 0, next_at = null
      returning secret_sealed = ${sealed} as is_new`)
    await hurry(tx, platformId)
    const details = { url: order.url, events }
    await appendAudit(tx, { actor, action: 'webhook.put', subject: platformId, details })
    return row?.is_new ?? false
  })
  return { ...(await showWebhook(context.db, order.scope)), secret: isNew ? secret : null }
}

/** The platform's webhook, never its secret. */
export async function showWebhook(db: Sql, scope: Scope) {
  const { platformId } = partyOf(scope)
  const [row] = await readWebhooks(db, { only: platformId, after: null, limit: 1 })
  if (!row) throw none()
  return asAnswer(row)
}

/** Ends it: nothing more is sent, also nothing of what waits. */
export async function removeWebhook(context: Context, scope: Scope): Promise<void> {
  const { platformId, actor } = partyOf(scope)
  await context.db.transaction(async (tx) => {
    const rows = await tx.rows(
      sql`delete from party_webhooks where platform_id = ${platformId} returning 1`,
    )
    if (rows.length === 0) throw none()
    await tx.rows(sql`
      update party_events set finished_at = clock_timestamp(), error = 'given up: the webhook was removed'
      where platform_id = ${platformId} and finished_at is null`)
    await appendAudit(tx, { actor, action: 'webhook.remove', subject: platformId })
  })
}

/**
 * Makes a new secret and answers it this once. For a day messages are signed with the old one too, so that nothing is
 * missed. Within that day it stays the old one: what another call made may have been lost on its way to the receiver.
 */
export async function rotateWebhook(context: Context, scope: Scope) {
  const { platformId, actor } = partyOf(scope)
  const secret = newSecret(context)
  const sealed = context.secrets.seal(secret, webhookPurpose(platformId))
  await context.db.transaction(async (tx) => {
    const rows = await tx.rows(sql`
      update party_webhooks set secret_sealed = ${sealed}, updated_at = clock_timestamp(),
        previous_sealed = case when previous_until > clock_timestamp() then previous_sealed else secret_sealed end,
        previous_until = case when previous_until > clock_timestamp() then previous_until
          else clock_timestamp() + ${limits.webhookOverlapMs}::float8 * interval '1 millisecond' end
      where platform_id = ${platformId} returning 1`)
    if (rows.length === 0) throw none()
    await appendAudit(tx, { actor, action: 'webhook.rotate', subject: platformId })
  })
  return { ...(await showWebhook(context.db, scope)), secret }
}

/** Sends `webhook.test` at once and says how it was taken. What waits because of failures is tried again when it was. */
export async function testWebhook(context: Context, scope: Scope) {
  const { platformId } = partyOf(scope)
  const [hook] = await context.db.rows<{
    url: string
    secret_sealed: Buffer
    previous_sealed: Buffer | null
  }>(sql`
    select url, secret_sealed, case when previous_until > clock_timestamp() then previous_sealed end as previous_sealed
    from party_webhooks where platform_id = ${platformId}`)
  if (!hook) throw none()
  const share = context.limiter.take(`webhook-test:${platformId}`, limits.webhookTestsPerMinuteMax)
  if (!share.ok) {
    const { retryAfterS } = share
    throw new Refusal('rateLimited', 'The webhook was tested often just now; wait a minute.', {
      retryAfterS,
    })
  }
  const { url, secret_sealed: current, previous_sealed: previous } = hook
  const id = context.ids.id('evt_test')
  const body = JSON.stringify({
    type: 'webhook.test',
    timestamp: context.clock().toISOString(),
    data: { url: `${context.publicUrl}/party/v1/webhook` },
  })
  const sealed = previous === null ? [current] : [current, previous]
  const outcome = await postWebhook(context, { platformId, url, sealed }, { id, body })
  if (!outcome.ok) return { delivered: false, id, status: null, error: outcome.error }
  await context.db.transaction(async (tx) => {
    await tx.rows(sql`
      update party_webhooks set delivered_at = clock_timestamp(), failures = 0, next_at = null
      where platform_id = ${platformId}`)
    await hurry(tx, platformId)
  })
  return { delivered: true, id, status: outcome.status, error: null }
}

/** A page of all webhooks by platform, for operators. */
export async function listWebhooks(db: Sql, request: PageRequest) {
  const limit = pageLimit(request)
  const [after] = cursorParts(request, 1)
  const rows = await readWebhooks(db, { only: null, after: after ?? null, limit: limit + 1 })
  return pageOf(rows, {
    limit,
    cursor: (row) => [row.platform_id],
    item: (row) => ({ platform: row.platform_id, ...asAnswer(row) }),
  })
}

function newSecret(context: Context): string {
  return `whsec_${Buffer.from(context.secrets.newToken(), 'hex').toString('base64')}`
}

/** What waits is due now: there is reason to believe that it will be taken. */
async function hurry(tx: Tx, platformId: string): Promise<void> {
  await tx.rows(sql`
    update party_events set due_at = least(due_at, clock_timestamp())
    where platform_id = ${platformId} and finished_at is null`)
}

async function readWebhooks(
  db: Sql,
  by: { only: string | null; after: string | null; limit: number },
): Promise<WebhookRow[]> {
  return db.rows<WebhookRow>(sql`
    select w.platform_id, w.url, w.events, w.created_at, w.updated_at, w.delivered_at, w.failed_at, w.failure,
      w.failures, w.next_at, case when w.previous_until > clock_timestamp() then w.previous_until end as previous_until,
      (select count(*) from party_events e where e.platform_id = w.platform_id and e.finished_at is null) as waiting,
      (select count(*) from party_events e where e.platform_id = w.platform_id and e.finished_at is not null
        and e.error is not null) as given_up
    from party_webhooks w
    where (${by.only}::text is null or w.platform_id = ${by.only})
      and (${by.after}::text is null or w.platform_id > ${by.after})
    order by w.platform_id limit ${by.limit}`)
}

function asAnswer(row: WebhookRow) {
  return {
    url: row.url,
    events: row.events,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    last_delivered_at: row.delivered_at?.toISOString() ?? null,
    last_failed_at: row.failed_at?.toISOString() ?? null,
    last_failure: row.failure,
    failures_in_a_row: row.failures,
    next_attempt_at: row.next_at?.toISOString() ?? null,
    old_secret_until: row.previous_until?.toISOString() ?? null,
    waiting: Number(row.waiting),
    given_up: Number(row.given_up),
  }
}

/** The platform behind a scope; these routes are the parties' alone. */
function partyOf(scope: Scope): PartyScope {
  if (scope.kind !== 'party') throw new Refusal('notFound', 'Only a platform has a webhook.')
  return scope
}

function none(): Refusal {
  return new Refusal('notFound', 'This platform has no webhook; PUT one first.')
}
