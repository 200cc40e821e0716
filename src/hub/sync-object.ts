import { limits } from '../../config/limits.ts'
import type { Context } from '../context.ts'
import { endpointOf } from '../directory/directory.ts'
import { isConnected } from '../directory/parties.ts'
import type { Platform } from '../directory/snapshot.ts'
import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import type { Converted } from '../ocpi/adapt/define.ts'
import { moduleById } from '../ocpi/registry.ts'
import { partyParts } from '../ocpi/primitives.ts'
import { isRecord } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import { finishOutbox, retryOutbox } from '../outbox/outbox.ts'
import type { OutboxRow } from '../outbox/outbox.ts'
import { placeKey, readObjects } from '../store/objects.ts'
import type { StoredObject } from '../store/objects.ts'
import { raiseAlert } from './alerts.ts'
import { backoffMs } from './backoff.ts'
import { bridgeText, versionOf } from './bridge.ts'
import { callPartner } from './call-partner.ts'
import { hubParty } from './hub-party.ts'

/**
 * Makes one receiver up to date about one object: sends what the object is now, never what it was when the work was
 * written down. A receiver that cannot be reached is tried again for a day; after that it pulls.
 */
export async function syncObject(context: Context, row: OutboxRow): Promise<void> {
  const [party = '', audience = '', module = '', owner = '', ...rest] = row.subject.split('|')
  const place = { module, owner, key: rest.join('|'), audience }
  const object = (await readObjects(context.db, [place])).get(placeKey(place))
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  const endpoint = platform && endpointOf(platform, module, 'receiver')
  if (!object || !platform || endpoint === undefined) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  if (row.expired) {
    return finishOutbox(context.db, {
      ids: [row.id],
      outcome: 'expired',
      error: 'the receiver could not be reached for a day',
    })
  }
  if (!isConnected(platform)) {
    return retryOutbox(context.db, {
      id: row.id,
      delayMs: backoffMs('deliver', row.attempts),
      error: 'not connected',
    })
  }
  const sent = await inVersionOf(context, { platform, party, object })
  if (!sent.ok) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'withheld', error: sent.reason })
  }
  const answer = await callPartner(context, {
    platform,
    module,
    method: object.deleted ? 'DELETE' : 'PUT',
    url: objectUrl(endpoint, { object, text: sent.value, version: versionOf(platform.version) }),
    from: hubParty(context),
    to: party,
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerRequestMs,
    ...(object.deleted ? {} : { bodyText: sent.value }),
  })
  if (answer.kind === 'ocpi' && answer.ocpiStatus < 2000) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
  }
  if (
    answer.kind === 'ocpi' &&
    answer.ocpiStatus < 3000 &&
    answer.httpStatus !== 429 &&
    answer.httpStatus < 500
  ) {
    return refused(context, { row, module, status: answer.ocpiStatus })
  }
  const error = answer.kind === 'ocpi' ? `answered ${answer.ocpiStatus}` : answer.kind
  return retryOutbox(context.db, { id: row.id, delayMs: backoffMs('deliver', row.attempts), error })
}

async function refused(
  context: Context,
  input: { row: OutboxRow; module: string; status: number },
): Promise<void> {
  const { row, module, status } = input
  await context.db.transaction(async (tx) => {
    await finishOutbox(tx, { ids: [row.id], outcome: 'refused', error: `status ${status}` })
    await raiseAlert(tx, {
      code: 'object_refused_by_receiver',
      severity: 'notice',
      subject: `${row.platformId}/${module}`,
      message: `the receiver refuses ${module}, last with ${status}`,
      advice:
        'See GET /admin/v1/outbox and /admin/v1/messages for the objects; ask the receiver what it cannot read',
    })
  })
}

/** The object as the receiver's version says it. */
async function inVersionOf(
  context: Context,
  input: { platform: Platform; party: string; object: StoredObject },
): Promise<Converted<string>> {
  const { platform, party, object } = input
  const definition = moduleById(object.module)?.object
  const from = versionOf(object.ocpiVersion)
  if (!definition) return { ok: true, value: object.original, losses: [] }
  const converted = await bridgeText(context, {
    kind: definition.kind,
    text: object.original,
    from,
    to: versionOf(platform.version),
    owner: object.owner,
    receiver: { platformId: platform.id, party },
    // Of what is gone nothing can be lost.
    ...(object.deleted ? {} : { place: { module: object.module, key: object.key } }),
  })
  if (converted.ok || !object.deleted) return converted
  // Its id is all that a DELETE needs.
  return { ok: true, value: object.original, losses: [] }
}

/**
 * `{endpoint}/{cc}/{pid}/{id}`, for tokens with their type where the version has one: the URL keeps the owner (2.2.1
 * Broadcast Push, NOTE), and the id is that of the text that is sent.
 */
function objectUrl(
  endpoint: string,
  input: { object: StoredObject; text: string; version: Version },
): string {
  const { object, text, version } = input
  const { countryCode, partyId } = partyParts(object.owner)
  const definition = moduleById(object.module)?.object
  const sent: unknown = JSON.parse(text)
  const value = isRecord(sent) ? sent : {}
  const id = String(value[definition?.idMember ?? 'id'] ?? object.key)
  const extra = version === '2.1.1' ? undefined : definition?.keyQuery
  const query = extra
    ? `?${extra.name}=${encodeURIComponent(String(value[extra.member] ?? extra.fallback))}`
    : ''
  return `${endpoint.replace(/\/+$/, '')}/${countryCode}/${partyId}/${encodeURIComponent(id)}${query}`
}

/**
 * What waits for a platform is due now: it is back. But for probes: whoever was heard need not be asked. Locks its
 * open rows in id order and leaves those that are taken.
 */
export async function hurryPlatform(client: Sql, platformId: string): Promise<void> {
  await client.rows(sql`
    update outbox set due_at = clock_timestamp() where id in (
      select id from outbox
      where platform_id = ${platformId} and finished_at is null and enqueued_at is null
        and due_at > clock_timestamp() and kind <> 'probe'
      order by id for update skip locked)`)
}
