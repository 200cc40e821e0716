import { Webhook } from 'standardwebhooks'
import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { finishOutbox, retryOutbox } from '../outbox/outbox.ts'
import type { OutboxRow } from '../outbox/outbox.ts'
import { backoffMs } from './backoff.ts'

type AlertRow = {
  id: bigint
  code: string
  severity: string
  subject: string
  message: string
  advice: string
  state: string
  first_seen: Date
  last_seen: Date
  count: bigint
}

/**
 * Sends a new alert to ALERT_WEBHOOK_URL, signed by the Standard Webhooks scheme with a secret derived from SECRETS_KEY;
 * while keys rotate with both, so that receivers may change over when they like.
 */
export async function sendAlert(context: Context, row: OutboxRow): Promise<void> {
  const { alertWebhookUrl } = context.config
  const [alert] = await context.db.rows<AlertRow>(
    sql`select * from alerts where id = ${row.subject}::bigint`,
  )
  if (alertWebhookUrl === undefined || !alert) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  const body = JSON.stringify({
    type: 'alert.opened',
    timestamp: alert.first_seen.toISOString(),
    data: {
      id: alert.id.toString(),
      code: alert.code,
      severity: alert.severity,
      subject: alert.subject,
      message: alert.message,
      advice: alert.advice,
    },
  })
  const id = `alert_${alert.id}`
  const at = context.clock()
  const answer = await context.alertPeer.request({
    url: alertWebhookUrl,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': context.secrets
        .webhookSecrets()
        .map((secret) => new Webhook(secret).sign(id, at, body))
        .join(' '),
    },
    body,
    deadlineMs: limits.peerHandshakeMs,
  })
  if (answer.kind === 'answer' && answer.status < 300) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  if (row.attempts >= limits.alertAttemptsMax) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'failed', error: answer.kind })
  }
  return retryOutbox(context.db, {
    id: row.id,
    delayMs: backoffMs('deliver', row.attempts),
    error: answer.kind,
  })
}
