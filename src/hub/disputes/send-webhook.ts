import { Webhook } from 'standardwebhooks'
import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { finishOutbox } from '../../outbox/outbox.ts'
import type { PeerAnswer } from '../../peer/client.ts'
import { backoffMs } from '../backoff.ts'

type Hook = {
  platform_id: string
  url: string
  secret_sealed: Buffer
  previous_sealed: Buffer | null
  is_connected: boolean
  failures: number
  pause_ms: number
}

type EventRow = {
  id: bigint
  event_id: string
  type: string
  subject: string
  body: Record<string, unknown>
  at: Date
  attempts: number
}

/** One signed message. `id` is the same at every attempt. */
export type WebhookMessage = { id: string; body: string }

/** How an attempt ended: `isDown` when nothing else need be tried there now. */
export type WebhookOutcome =
  { ok: true; status: number } | { ok: false; error: string; isDown: boolean; waitMs: number }

/** The purpose under which the secret of a platform's webhook is sealed. */
export function webhookPurpose(platformId: string): string {
  return `webhook:${platformId}`
}

/**
 * Sends what a platform is to be told and has not got, oldest first, a few at once. A receiver that is down is left alone
 * for longer and longer, up to hours, and what it does not take for days is given up; one message that it refuses waits
 * alone. No transaction is open while it is asked.
 */
export async function sendWebhook(context: Context, row: OutboxRow): Promise<void> {
  const hook = await readHook(context, row.subject)
  if (hook?.is_connected === true && hook.pause_ms <= 0) await sendDue(context, hook)
  await finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
}

/** Makes work of what is to be told: one row per webhook that is not left alone just now. */
export async function scheduleWebhooks(db: Sql): Promise<void> {
  await db.rows(sql`
    insert into outbox (kind, subject)
    select 'webhook', w.platform_id from party_webhooks w join platforms p on p.id = w.platform_id
    where p.status = 'registered' and (w.next_at is null or w.next_at <= clock_timestamp())
      and exists (select from party_events e where e.platform_id = w.platform_id and e.finished_at is null
        and e.due_at <= clock_timestamp() and (e.side = 'cpo' or not exists (
          select from cdr_states s where s.cdr_id = e.cdr_id and s.delivery = 'withheld')))
      and not exists (select from outbox o where o.kind = 'webhook' and o.platform_id = '' and o.subject = w.platform_id
        and o.finished_at is null)
    order by w.platform_id
    on conflict do nothing`)
}

/** Gives up what nobody took for days, and forgets what was told long ago. */
export async function tidyEvents(db: Sql): Promise<void> {
  await db.rows(sql`
    update party_events set finished_at = clock_timestamp(), error = 'given up: ' || coalesce(error, 'never sent')
    where finished_at is null and at < clock_timestamp() - ${limits.webhookEventAgeMsMax}::float8 * interval '1 millisecond'`)
  await db.rows(sql`
    delete from party_events where id in (
      select id from party_events where at < clock_timestamp() - ${limits.partyEventsAgeMsMax}::float8 * interval '1 millisecond'
      order by at limit ${limits.sweepRowsMax})`)
}

/** Posts one message, signed by the Standard Webhooks scheme with the secret, and the one before while it still holds. */
export async function postWebhook(
  context: Context,
  hook: { platformId: string; url: string; sealed: readonly Buffer[] },
  message: WebhookMessage,
): Promise<WebhookOutcome> {
  const at = context.clock()
  const signatures = hook.sealed.map((sealed) =>
    new Webhook(context.secrets.open(sealed, webhookPurpose(hook.platformId))).sign(
      message.id,
      at,
      message.body,
    ),
  )
  const answer = await context.peer.request({
    url: hook.url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
    body: message.body,
    deadlineMs: limits.peerHandshakeMs,
    responseBytesMax: limits.webhookAnswerBytesMax,
  })
  return outcomeOf(answer)
}

function outcomeOf(answer: PeerAnswer): WebhookOutcome {
  const down = (error: string, waitMs = 0) => ({ ok: false as const, error, isDown: true, waitMs })
  switch (answer.kind) {
    case 'answer': {
      const { status } = answer
      if (status >= 200 && status < 300) return { ok: true, status }
      const error = `answered HTTP ${status}`
      if (status === 429 || status >= 500) return down(error, retryAfterMs(answer.headers))
      return { ok: false, error, isDown: false, waitMs: 0 }
    }
    case 'timeout':
      return down(`did not answer within ${limits.peerHandshakeMs / 1_000} seconds`)
    case 'unreachable':
      return down(`cannot be reached: ${answer.reason}`)
    case 'malformed':
      return down(`did not answer in HTTP: ${answer.reason}`)
    case 'tooLarge':
      return down(`answered with more than ${limits.webhookAnswerBytesMax} bytes`)
    case 'refused':
      return down(answer.message, answer.retryAfterMs ?? 0)
    default:
      return answer satisfies never
  }
}

/** How long the receiver asks to be left alone, in milliseconds; at most a day. */
function retryAfterMs(headers: Readonly<Record<string, string>>): number {
  const text = headers['retry-after'] ?? ''
  return /^\d{1,6}$/.test(text) ? Math.min(Number(text) * 1_000, limits.webhookOverlapMs) : 0
}

async function sendDue(context: Context, hook: Hook): Promise<void> {
  const started = performance.now()
  await dropMoved(context, hook)
  while (performance.now() - started < limits.webhookRunMs) {
    const events = await context.db.rows<EventRow>(sql`
      select id, event_id, type, subject, body, at, attempts from party_events e
      where platform_id = ${hook.platform_id} and finished_at is null and due_at <= clock_timestamp()
        and exists (select from platform_parties p
          where p.platform_id = e.platform_id and p.party = e.party and p.role = upper(e.side))
        and (side = 'cpo' or not exists (
          select from cdr_states s where s.cdr_id = e.cdr_id and s.delivery = 'withheld'))
      order by due_at, id limit ${limits.webhookBatchMax}`)
    if (events.length === 0) return
    for (let from = 0; from < events.length; from += limits.webhookAtOnce) {
      const some = events.slice(from, from + limits.webhookAtOnce)
      const outcomes = await Promise.all(some.map((event) => sendOne(context, { hook, event })))
      if (await noteOutcomes(context, { hook, events: some, outcomes })) return
    }
  }
}

/** What a party was to be told that has moved to another platform since is not told to the old one. */
async function dropMoved(context: Context, { platform_id: platformId }: Hook): Promise<void> {
  await context.db.rows(sql`
    update party_events e set finished_at = clock_timestamp(), error = 'its party is of another platform now'
    where e.platform_id = ${platformId} and e.finished_at is null and not exists (select from platform_parties p
      where p.platform_id = e.platform_id and p.party = e.party and p.role = upper(e.side))`)
}

function sendOne(
  context: Context,
  { hook, event }: { hook: Hook; event: EventRow },
): Promise<WebhookOutcome> {
  const { previous_sealed: previous, secret_sealed: current } = hook
  const { type, at, body, subject } = event
  const data = { ...body, url: urlOf(context, { subject, body }) }
  return postWebhook(
    context,
    {
      platformId: hook.platform_id,
      url: hook.url,
      sealed: previous === null ? [current] : [current, previous],
    },
    { id: event.event_id, body: JSON.stringify({ type, timestamp: at.toISOString(), data }) },
  )
}

/** Where the party API shows what it is about. */
function urlOf(
  context: Context,
  { subject, body }: { subject: string; body: Record<string, unknown> },
): string {
  const base = `${context.publicUrl}/party/v1`
  const [kind = '', id = ''] = subject.split(':')
  const cdr = body['cdr']
  if (kind === 'dispute') return `${base}/disputes/${encodeURIComponent(id)}`
  if (kind === 'adjustment') return `${base}/adjustments`
  if (kind === 'notice') return `${base}/notices`
  if (kind === 'record') return `${base}/records/${encodeURIComponent(id)}`
  if (typeof cdr !== 'object' || cdr === null) return `${base}/cdrs`
  const part = (name: string) =>
    encodeURIComponent(String(Object.getOwnPropertyDescriptor(cdr, name)?.value ?? ''))
  return `${base}/cdrs/${part('country_code')}/${part('party_id')}/${part('id')}`
}

/** Writes down how it went; true when the receiver is down and the rest has to wait. */
async function noteOutcomes(
  context: Context,
  input: { hook: Hook; events: readonly EventRow[]; outcomes: readonly WebhookOutcome[] },
): Promise<boolean> {
  const { hook, events, outcomes } = input
  const failed = outcomes.find((outcome) => !outcome.ok)
  const down = outcomes.find((outcome) => !outcome.ok && outcome.isDown)
  const isDown = down !== undefined
  const waitMs = down?.ok === false ? down.waitMs : 0
  const pauseMs = Math.max(backoffMs('notify', hook.failures + 1), waitMs)
  const oneSent = outcomes.some(({ ok }) => ok)
  const error = failed?.ok === false ? failed.error : null
  const rows = events.flatMap((event, index) => {
    const outcome = outcomes[index]
    return outcome ? [{ event, outcome }] : []
  })
  await context.db.transaction(async (tx) => {
    await tx.rows(sql`
      update party_events e set attempts = e.attempts + 1, error = t.error,
        finished_at = case when t.error is null then clock_timestamp() end,
        due_at = case when t.error is null then e.due_at else clock_timestamp() + t.delay_ms * interval '1 millisecond' end
      from unnest(${rows.map(({ event }) => event.id.toString())}::bigint[],
        ${rows.map(({ outcome }) => (outcome.ok ? null : outcome.error))}::text[],
        ${rows.map(({ event, outcome }) => (!outcome.ok && outcome.isDown ? 0 : backoffMs('notify', event.attempts + 1)))}::float8[])
        as t (id, error, delay_ms)
      where e.id = t.id and e.finished_at is null`)
    await tx.rows(sql`
      update party_webhooks set
        delivered_at = case when ${oneSent} then clock_timestamp() else delivered_at end,
        failed_at = case when ${error}::text is null then failed_at else clock_timestamp() end,
        failure = coalesce(${error}::text, failure),
        failures = case when ${isDown} then failures + 1 else 0 end,
        next_at = case when ${isDown} then clock_timestamp() + ${pauseMs}::float8 * interval '1 millisecond' end
      where platform_id = ${hook.platform_id}`)
  })
  return isDown
}

async function readHook(context: Context, platformId: string): Promise<Hook | null> {
  const [hook] = await context.db.rows<Hook>(sql`
    select w.platform_id, w.url, w.secret_sealed, w.failures, p.status = 'registered' as is_connected,
      case when w.previous_until > clock_timestamp() then w.previous_sealed end as previous_sealed,
      coalesce(extract(epoch from w.next_at - clock_timestamp()) * 1000, 0)::float8 as pause_ms
    from party_webhooks w join platforms p on p.id = w.platform_id where w.platform_id = ${platformId}`)
  return hook ?? null
}
