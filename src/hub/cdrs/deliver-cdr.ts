import { limits } from '../../../config/limits.ts'
import type { CdrState } from '../../clearing/states.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import type { Tx } from '../../db/sql.ts'
import { endpointOf } from '../../directory/directory.ts'
import { findMember, isConnected } from '../../directory/parties.ts'
import type { Platform } from '../../directory/snapshot.ts'
import type { Converted } from '../../ocpi/adapt/define.ts'
import { finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import { textOf } from '../../store/cdrs.ts'
import { raiseAlert } from '../alerts.ts'
import { backoffMs } from '../backoff.ts'
import { bridgeText, versionOf } from '../bridge/bridge.ts'
import { callPartner } from '../call-partner.ts'
import { isKeptBack } from './delivery.ts'

type CdrToDeliver = {
  owner: string
  receiver: string
  cdr_id: string
  cdr_key: string
  ocpi_version: string
  original: Buffer
  delivery: string
  state: CdrState
  /** Withheld because the receiver's version could not say it. */
  unsaid: boolean
}

/** A failed or refused one is sent once more when an operator replays its row. */
const SETTLED = new Set(['delivered', 'pulled', 'withheld'])

/**
 * Brings a CDR to its receiver, in the receiver's own version with the bytes its owner sent. Success, or the receiver's refusal, ends it; anything else
 * is tried again with growing pauses for 30 days, then an operator is told. The same id twice is one CDR to a receiver.
 */
export async function deliverCdr(context: Context, row: OutboxRow): Promise<void> {
  const cdr = await readCdr(context, row)
  if (!cdr || (SETTLED.has(cdr.delivery) && !cdr.unsaid)) {
    await finishOutbox(context.db, { ids: [row.id], outcome: 'done' })
    return
  }
  if (isKeptBack(cdr.state)) return end(context, { row, cdr, delivery: 'withheld' })
  const snapshot = await context.directory.snapshot()
  const member = findMember(snapshot, cdr.receiver, ['EMSP'])
  const endpoint = member ? endpointOf(member.platform, 'cdrs', 'receiver') : undefined
  if (!member || !isConnected(member.platform)) {
    return later(context, { row, cdr, error: `${cdr.receiver} is not connected` })
  }
  if (endpoint === undefined) return end(context, { row, cdr, delivery: 'waiting for pull' })
  const sent = await inVersionOf(context, { cdr, platform: member.platform })
  if (!sent.ok) return end(context, { row, cdr, delivery: 'withheld', withheld: sent.reason })
  const answer = await callPartner(context, {
    platform: member.platform,
    module: 'cdrs',
    method: 'POST',
    url: endpoint,
    from: cdr.owner,
    to: cdr.receiver,
    bodyText: sent.value,
    correlationId: row.correlationId ?? context.ids.uuid(),
    deadlineMs: limits.peerRequestMs,
  })
  if (answer.kind === 'ocpi' && answer.ocpiStatus < 2000 && answer.httpStatus < 300) {
    const location = answer.headers.location
    return end(context, {
      row,
      cdr,
      delivery: 'delivered',
      // Partners of 2.1.1 may name a path alone, as the specification's example does.
      ...(location !== undefined && URL.canParse(location, endpoint)
        ? { location: new URL(location, endpoint).href }
        : {}),
    })
  }
  if (
    answer.kind === 'ocpi' &&
    answer.ocpiStatus >= 2000 &&
    answer.ocpiStatus < 3000 &&
    answer.httpStatus !== 429
  ) {
    return refused(context, { row, cdr, status: answer.ocpiStatus, message: answer.statusMessage })
  }
  const error =
    answer.kind === 'ocpi'
      ? `answered ${answer.ocpiStatus} (HTTP ${answer.httpStatus})`
      : answer.kind
  return later(context, { row, cdr, error })
}

async function readCdr(
  context: Context,
  { subject, platformId }: OutboxRow,
): Promise<CdrToDeliver | null> {
  const [cdr] = await context.db.rows<CdrToDeliver>(sql`
    select c.owner, c.receiver, c.cdr_id, c.cdr_key, c.ocpi_version, c.original, s.delivery, s.state,
      s.delivery = 'withheld' and exists (
        select 1 from conversions n
        where n.module = 'cdrs' and n.owner = c.owner and n.object_key = c.cdr_key and n.withheld
          and n.platform_id = ${platformId}) as unsaid
    from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.id = ${subject}::bigint`)
  return cdr ?? null
}

/** The CDR as the receiver's version says it. */
function inVersionOf(
  context: Context,
  { cdr, platform }: { cdr: CdrToDeliver; platform: Platform },
): Promise<Converted<string>> {
  return bridgeText(context, {
    kind: 'cdr',
    text: textOf(cdr.original),
    from: versionOf(cdr.ocpi_version),
    to: versionOf(platform.version),
    owner: cdr.owner,
    receiver: { platformId: platform.id, party: cdr.receiver },
    place: { module: 'cdrs', key: cdr.cdr_key },
  })
}

type Ending = {
  row: OutboxRow
  cdr: CdrToDeliver
  delivery: string
  location?: string
  /** Why its receiver's version cannot say it. */
  withheld?: string
}

async function end(context: Context, ending: Ending): Promise<void> {
  const { row, delivery, location, withheld } = ending
  await context.db.transaction(async (tx) => {
    await setDelivery(tx, { row, delivery, location: location ?? null })
    await finishOutbox(tx, {
      ids: [row.id],
      ...(withheld === undefined ? { outcome: 'done' } : { outcome: 'withheld', error: withheld }),
    })
  })
}

async function setDelivery(
  tx: Tx,
  input: { row: OutboxRow; delivery: string; location: string | null },
): Promise<void> {
  await tx.rows(sql`
    update cdr_states set delivery = ${input.delivery}, peer_location = left(${input.location}, 255)
    where cdr_id = ${input.row.subject}::bigint and delivery not in ('delivered', 'pulled')`)
  // What the receiver said before a replay is history now.
  await tx.rows(sql`
    update cdr_findings set superseded_at = clock_timestamp()
    where cdr_id = ${input.row.subject}::bigint and code = 'R1' and superseded_at is null`)
}

/** The receiver will not have it: no retry, and a finding that both sides see. */
async function refused(
  context: Context,
  input: { row: OutboxRow; cdr: CdrToDeliver; status: number; message: string | null },
): Promise<void> {
  const { row, cdr } = input
  const said = (input.message ?? '').slice(0, 200)
  await context.db.transaction(async (tx) => {
    await setDelivery(tx, { row, delivery: 'refused', location: null })
    await tx.rows(sql`
      insert into cdr_findings (cdr_id, epoch, code, severity, message, actual)
      select cdr_id, epoch, 'R1', 'W', ${`${cdr.receiver} refused the CDR: it answered with status ${input.status}.`}, ${said}
      from cdr_states where cdr_id = ${row.subject}::bigint`)
    await finishOutbox(tx, { ids: [row.id], outcome: 'refused', error: `status ${input.status}` })
    await raiseAlert(tx, {
      code: 'cdr_refused_by_receiver',
      severity: 'warning',
      subject: `${cdr.owner}/${cdr.cdr_id}`,
      message: `${cdr.receiver} refused this CDR with ${input.status}`,
      advice:
        'Read the finding R1 of the CDR; settle it with both parties. After a mend: POST /admin/v1/outbox/{id}/replay',
    })
  })
}

async function later(
  context: Context,
  input: { row: OutboxRow; cdr: CdrToDeliver; error: string },
): Promise<void> {
  const { row, cdr, error } = input
  const age = context.clock().getTime() - row.createdAt.getTime()
  if (age < limits.deliveryAgeMsMax) {
    await retryOutbox(context.db, {
      id: row.id,
      delayMs: backoffMs('deliver', row.attempts),
      error,
    })
    return
  }
  await context.db.transaction(async (tx) => {
    await setDelivery(tx, { row, delivery: 'failed', location: null })
    await finishOutbox(tx, { ids: [row.id], outcome: 'failed', error })
    await raiseAlert(tx, {
      code: 'cdr_not_delivered',
      severity: 'critical',
      subject: `${cdr.owner}/${cdr.cdr_id}`,
      message: `${cdr.receiver} could not be given this CDR for 30 days: ${error}`,
      advice: 'Reach the provider another way. When it is back: POST /admin/v1/outbox/{id}/replay',
    })
  })
}
