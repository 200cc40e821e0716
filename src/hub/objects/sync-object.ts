import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { endpointOf } from '../../directory/directory.ts'
import { isConnected } from '../../directory/parties.ts'
import { idInCase } from '../../directory/quirks.ts'
import type { Platform } from '../../directory/snapshot.ts'
import { createBatcher } from '../../db/batch.ts'
import type { Batcher } from '../../db/batch.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Converted } from '../../ocpi/adapt/define.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { partyParts, readTime } from '../../ocpi/primitives.ts'
import type { Method } from '../../ocpi/define.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { appendOutbox, finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { placeKey, readObjects } from '../../store/objects.ts'
import type { ObjectPlace, StoredObject } from '../../store/objects.ts'
import { raiseAlert } from '../alerts.ts'
import { backoffMs } from '../backoff.ts'
import { bridgeText, versionOf } from '../bridge/bridge.ts'
import { callPartner } from '../call-partner.ts'
import { hubParty } from '../hub-party.ts'
import { idFor, noteTakenBack, takingBack } from '../bridge/take-back.ts'

/**
 * Makes one receiver up to date about one object: sends what the object is now, never what it was when the work was
 * written down. A receiver that cannot be reached is tried again for a day; after that it pulls.
 */
export async function syncObject(context: Context, row: OutboxRow): Promise<void> {
  const [party = '', audience = '', module = '', owner = '', ...rest] = row.subject.split('|')
  const place = { module, owner, key: rest.join('|'), audience }
  const object = await readCurrent(context, place)
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
  const sending = await sendingOf(context, { platform, party, object })
  if (sending.method === null) {
    await syncAgainLater(context, { row, object, platform })
    return finishOutbox(context.db, { ids: [row.id], outcome: 'withheld', error: sending.reason })
  }
  const id = idInCase(sending.id, platform.quirks)
  const answer = await callPartner(context, {
    platform,
    module,
    method: sending.method,
    url: objectUrl(endpoint, { ...sending, id, object, version: versionOf(platform.version) }),
    // What was addressed to one party comes from its owner, what is for everyone from the hub.
    from: audience === '*' ? hubParty(context) : owner,
    to: party,
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerRequestMs,
    ...(sending.text === null ? {} : { bodyText: sending.text }),
  })
  const isHeard =
    answer.kind === 'ocpi' &&
    answer.ocpiStatus < 3000 &&
    answer.httpStatus !== 429 &&
    answer.httpStatus < 500
  if (!isHeard) {
    const error = answer.kind === 'ocpi' ? `answered ${answer.ocpiStatus}` : answer.kind
    const delayMs = backoffMs('deliver', row.attempts)
    return retryOutbox(context.db, { id: row.id, delayMs, error })
  }
  // Not while this row is to be tried again: a row for later would take its place.
  await syncAgainLater(context, { row, object, platform })
  if (sending.reason !== null) {
    // Whoever does not know it need not be told that it is gone.
    await noteTakenBack(context, { object, platformId: platform.id })
    const error = `taken back: ${sending.reason}`
    return finishOutbox(context.db, { ids: [row.id], outcome: 'withheld', error })
  }
  return answer.ocpiStatus < 2000
    ? finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
    : refused(context, { row, module, status: answer.ocpiStatus })
}

/** `reason`: why its version cannot say the object; then it is taken back, or nothing is sent (no method). */
type Sending =
  | { method: Method; id: string; text: string | null; reason: string | null }
  | { method: null; reason: string }

async function sendingOf(
  context: Context,
  input: { platform: Platform; party: string; object: StoredObject },
): Promise<Sending> {
  const { platform, party, object } = input
  const version = versionOf(platform.version)
  if (object.deleted) {
    const id = await idFor(context, { object, version })
    return { method: 'DELETE', id, text: null, reason: null }
  }
  const sent = await inVersionOf(context, input)
  if (sent.ok)
    return { method: 'PUT', id: idIn(sent.value, object), text: sent.value, reason: null }
  const receiver = { platformId: platform.id, party }
  const { pointer, reason } = sent
  const back = await takingBack(context, { object, receiver, version, pointer })
  return back === null ? { method: null, reason } : { ...back, reason }
}

/** 2.1.1 has no times for tariffs: it is given one when it begins to be in force, and loses it when that ends. */
async function syncAgainLater(
  context: Context,
  { row, object, platform }: { row: OutboxRow; object: StoredObject; platform: Platform },
): Promise<void> {
  const { value, module, deleted } = object
  if (module !== 'tariffs' || platform.version !== '2.1.1' || deleted || !isRecord(value)) return
  const now = context.clock().getTime()
  const times = [value.start_date_time, value.end_date_time].flatMap((time) => {
    const at = readTime(time)?.getTime() ?? 0
    return at > now ? [at] : []
  })
  if (times.length === 0) return
  const { kind, platformId, subject, correlationId } = row
  const delayMs = Math.min(...times) - now
  await context.db.transaction((tx) =>
    appendOutbox(tx, [{ kind, platformId, subject, correlationId, delayMs }]),
  )
}

const readers = new WeakMap<Context, Batcher<ObjectPlace, StoredObject | null>>()

/**
 * The object as it is now. The legs of a broadcast ask for the same one at once: those that wait are answered by one
 * query, which begins after they asked, so that none gets what was.
 */
function readCurrent(context: Context, place: ObjectPlace): Promise<StoredObject | null> {
  let reader = readers.get(context)
  if (!reader) {
    reader = createBatcher({
      rowsMax: limits.objectBatchMax,
      run: async (places) => {
        const distinct = new Map(places.map((each) => [placeKey(each), each]))
        const found = await readObjects(context.db, [...distinct.values()])
        return places.map((each) => found.get(placeKey(each)) ?? null)
      },
    })
    readers.set(context, reader)
  }
  return reader.add(place)
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
  return bridgeText(context, {
    kind: definition.kind,
    text: object.original,
    from,
    to: versionOf(platform.version),
    owner: object.owner,
    receiver: { platformId: platform.id, party },
    place: { module: object.module, key: object.key },
  })
}

/**
 * `{endpoint}/{cc}/{pid}/{id}`, for tokens with their type where the version has one: the URL keeps the owner (2.2.1
 * Broadcast Push, NOTE), and the id is the receiver's.
 */
function objectUrl(
  endpoint: string,
  input: { object: StoredObject; id: string; text: string | null; version: Version },
): string {
  const { object, id, text, version } = input
  const { countryCode, partyId } = partyParts(object.owner)
  const definition = moduleById(object.module)?.object
  const sent: unknown = text === null ? object.value : JSON.parse(text)
  const value = isRecord(sent) ? sent : {}
  const extra = version === '2.1.1' ? undefined : definition?.keyQuery
  const query = extra
    ? `?${extra.name}=${encodeURIComponent(String(value[extra.member] ?? extra.fallback))}`
    : ''
  return `${endpoint.replace(/\/+$/, '')}/${countryCode}/${partyId}/${encodeURIComponent(id)}${query}`
}

/** The id in the text that is sent. */
function idIn(text: string, object: StoredObject): string {
  const sent: unknown = JSON.parse(text)
  const value = isRecord(sent) ? sent : {}
  return String(value[moduleById(object.module)?.object?.idMember ?? 'id'] ?? object.key)
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
