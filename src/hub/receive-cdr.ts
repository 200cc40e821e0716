import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { Context } from '../context.ts'
import { createBatcher } from '../db/batch.ts'
import type { Batcher } from '../db/batch.ts'
import { sql } from '../db/sql.ts'
import type { Tx } from '../db/sql.ts'
import { findMember } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { contentHash } from '../ocpi/canonical.ts'
import { foldKey, foldUpper, partyParts, readTime } from '../ocpi/primitives.ts'
import { dropNulls, isRecord } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import { appendOutbox } from '../outbox/outbox.ts'
import { noteConflict, readCdr, recordCdrs } from '../store/cdrs.ts'
import type { NewCdr, Recorded } from '../store/cdrs.ts'
import { agreementAt, mayDeal } from './agreements.ts'
import { checkCdr, longIdFaults } from './check-cdr.ts'
import { forward, routingHeaders } from './forward.ts'
import { present } from '../assert.ts'
import { success } from './request.ts'
import { noteSoftFaults } from './soft-faults.ts'
import type { Call, OcpiAnswer, ParsedBody } from './request.ts'

type Input = { call: Call; snapshot: Snapshot; receiver: string }

/**
 * A CDR at the door: recorded with its bytes, answered after the commit, judged by a worker. The same content again
 * gets the same answer and changes nothing; the id with other content is refused and kept as a finding.
 */
export async function receiveCdr(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call, snapshot, receiver } = input
  const body = present(call.body, 'CDR body')
  const member = findMember(snapshot, receiver, call.route.module.readerRoles)
  const pair = { cpo: call.from.party, emsp: receiver }
  if (
    !member ||
    !mayDeal({
      ...pair,
      snapshot,
      mode: context.config.agreements,
      module: 'cdrs',
      at: context.clock(),
    })
  ) {
    throw new HubError(
      'unknownReceiver',
      `${receiver} in cdr_token is not known here as a receiver of cdrs`,
    )
  }
  checkCdr(body.value, call.version)
  const soft = [...body.soft, ...(call.version === '2.1.1' ? [] : longIdFaults(body.value))]
  const cdr = await newCdr(context, { call, body, receiver })
  const agreed = agreementAt({
    snapshot,
    mode: context.config.agreements,
    ...pair,
    at: cdr.startedAt ?? context.clock(),
  })
  if (call.version === '2.1.1' && agreed?.terms.credit_from_211 !== true) refuseCredit(body)
  const relayed =
    agreed?.terms.cdr_delivery === 'relay' ? await relayCdr(context, input, cdr) : null
  if (relayed && relayed.ocpiStatus >= 2000) return relayed
  const recorded = await recordCdr(context, { cdr, relayed: relayed !== null, soft })
  if (recorded.status === 'conflict') throw conflict()
  const { countryCode, partyId } = partyParts(cdr.owner)
  const place = [countryCode, partyId, recorded.cdrId].map(encodeURIComponent).join('/')
  return success(undefined, {
    // The same for a repetition: a sender that lost the first answer must not see another.
    httpStatus: 201,
    headers: {
      ...routingHeaders(receiver, call.from.party),
      Location: `${call.moduleUrl}/${place}`,
    },
    ...(soft.length > 0 ? { statusMessage: `recorded; please correct: ${softText(soft)}` } : {}),
  })
}

type Item = { cdr: NewCdr; relayed: boolean; soft: readonly Fault[] }
const batchers = new WeakMap<Context, Batcher<Item, Recorded>>()

function recordCdr(context: Context, item: Item): Promise<Recorded> {
  let batcher = batchers.get(context)
  if (!batcher) {
    batcher = createBatcher({
      rowsMax: limits.objectBatchMax,
      run: (items) => context.db.transaction((tx) => recordBatch(tx, items)),
    })
    batchers.set(context, batcher)
  }
  return batcher.add(item)
}

async function recordBatch(tx: Tx, items: readonly Item[]): Promise<Recorded[]> {
  const recorded = await recordCdrs(
    tx,
    items.map(({ cdr }) => cdr),
  )
  const fresh = recorded.flatMap((result, index) => {
    const item = items[index]
    return result.status === 'recorded' && item ? [{ id: result.id, item }] : []
  })
  await appendOutbox(
    tx,
    fresh.map(({ id, item }) => ({
      kind: 'clear',
      subject: id.toString(),
      correlationId: item.cdr.correlationId,
    })),
  )
  const relayed = fresh.filter(({ item }) => item.relayed).map(({ id }) => id.toString())
  if (relayed.length > 0) {
    await tx.rows(
      sql`update cdr_states set delivery = 'delivered', visible_seq = nextval('cdr_visible_seq') where cdr_id = any(${relayed}::bigint[])`,
    )
  }
  await noteSoftFaults(
    tx,
    fresh.map(({ item }) => ({
      module: 'cdrs',
      owner: item.cdr.owner,
      key: item.cdr.cdrId,
      soft: item.soft,
    })),
  )
  for (const [index, result] of recorded.entries()) {
    const item = items[index]
    if (result.status === 'conflict' && item) {
      const hash = item.cdr.contentHash.toString('hex').slice(0, 16)
      await noteConflict(tx, {
        cdrId: result.id,
        message: `${item.cdr.cdrId} came again with other content (${hash}…) and was refused`,
      })
    }
  }
  return recorded
}

/**
 * Synchronous delivery for pairs that agreed on it: the receiver's answer decides whether the CDR is recorded. Null when
 * it was recorded before: the receiver has it already.
 */
async function relayCdr(context: Context, input: Input, cdr: NewCdr): Promise<OcpiAnswer | null> {
  const [row] = await context.db.rows<{ content_hash: Buffer }>(sql`
    select content_hash from cdrs where owner = ${cdr.owner} and cdr_key = ${cdr.cdrKey}`)
  if (row?.content_hash.equals(cdr.contentHash)) return null
  if (row) {
    const stored = await readCdr(context.db, { owner: cdr.owner, cdrKey: cdr.cdrKey })
    if (stored)
      await context.db.transaction((tx) =>
        noteConflict(tx, {
          cdrId: stored.id,
          message: `${cdr.cdrId} came again with other content and was refused`,
        }),
      )
    throw conflict()
  }
  return forward(context, input)
}

function conflict(): HubError {
  const message =
    'was used before for other content; a CDR never changes: send a credit CDR and a new one with a new id'
  return new HubError('invalid', message, { faults: [{ pointer: '/id', message }] })
}

/** 2.1.1 has no credits: whoever sends one all the same must have agreed on what it means. */
function refuseCredit(body: ParsedBody): void {
  const sent = asSent(body)
  const named = ['credit', 'credit_reference_id'].find((name) => sent[name] !== undefined)
  if (named === undefined) return
  const message = 'credit CDRs came with 2.2; the two parties must agree on credit_from_211 first'
  throw new HubError('invalid', message, { faults: [{ pointer: `/${named}`, message }] })
}

/** The members as they were sent, which in 2.1.1 are not those of the working value. */
function asSent(body: ParsedBody): Record<string, unknown> {
  const sent: unknown = dropNulls(JSON.parse(body.text))
  return isRecord(sent) ? sent : {}
}

async function newCdr(
  context: Context,
  { call, body, receiver }: { call: Call; body: ParsedBody; receiver: string },
): Promise<NewCdr> {
  const { value } = body
  const location = isRecord(value.cdr_location) ? value.cdr_location : {}
  const id = string(value.id)
  const { countryCode, partyId } = partyParts(call.from.party)
  // Ids are case-insensitive: in another case they are the same content.
  const content =
    call.version === '2.1.1'
      ? { ...asSent(body), id: foldKey(id) }
      : { ...value, id: foldKey(id), country_code: countryCode, party_id: partyId }
  return {
    owner: call.from.party,
    cdrKey: foldKey(id),
    cdrId: id,
    platformId: call.identity.platform.id,
    receiver,
    ocpiVersion: call.version,
    original: body.bytes,
    contentHash: contentHash(content, body.longNumbers),
    value,
    sessionKey: value.session_id === undefined ? null : foldKey(string(value.session_id)),
    tokenKey: await tokenKeyOf(context, { value, receiver, version: call.version }),
    locationKey: location.id === undefined ? null : foldKey(string(location.id)),
    isCredit: value.credit === true,
    originalKey:
      value.credit_reference_id === undefined ? null : foldKey(string(value.credit_reference_id)),
    startedAt: readTime(value.start_date_time),
    endedAt: readTime(value.end_date_time),
    // Read without case everywhere; as it was sent it stands in the original.
    currency: foldUpper(string(value.currency)),
    lastUpdated: readTime(value.last_updated) ?? readTime(value.end_date_time) ?? new Date(0),
    correlationId: call.ids.correlationId,
    doubts: (body.repairs ?? [])
      .filter(({ isDoubtful }) => isDoubtful)
      .slice(0, limits.softFindingsMax)
      .map(({ pointer, message }) => ({ pointer, message })),
  }
}

/**
 * The token's key in the store. A type that came with 2.3.0 (EMAID) was shown to the sender as OTHER, so that is what it
 * writes: the token that the receiver has under this uid is meant.
 */
async function tokenKeyOf(
  context: Context,
  input: { value: Record<string, unknown>; receiver: string; version: Version },
): Promise<string> {
  const token = isRecord(input.value.cdr_token) ? input.value.cdr_token : {}
  const uid = foldKey(string(token.uid))
  const plain = `${uid}|${string(token.type)}`
  if (input.version !== '2.2.1' || token.type !== 'OTHER') return plain
  const [row] = await context.db.rows<{ object_key: string }>(sql`
    select object_key from object_versions
    where module = 'tokens' and owner = ${input.receiver} and object_key = any(${[plain, `${uid}|EMAID`]}::text[])
    order by object_key <> ${plain} limit 1`)
  return row?.object_key ?? plain
}

function softText(soft: readonly Fault[]): string {
  return soft
    .slice(0, 5)
    .map(({ pointer, message }) => `${pointer} ${message}`)
    .join('; ')
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
