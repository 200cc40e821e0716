import { limits } from '../../../config/limits.ts'
import { claimedAmounts } from '../../clearing/amounts.ts'
import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { createBatcher } from '../../db/batch.ts'
import type { Batcher } from '../../db/batch.ts'
import { sql } from '../../db/sql.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { findMember } from '../../directory/parties.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { contentHash } from '../../ocpi/canonical.ts'
import { cdrs } from '../../ocpi/modules/cdrs.ts'
import { foldKey, foldUpper, partyParts, readTime } from '../../ocpi/primitives.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { appendOutbox } from '../../outbox/outbox.ts'
import { countReplays, noteConflict, recordCdrs } from '../../store/cdrs.ts'
import type { NewCdr, Recorded } from '../../store/cdrs.ts'
import { agreementAt, mayDeal } from '../agreements.ts'
import type { Agreed } from '../agreements.ts'
import { checkCdr, longIdFaults } from './check-cdr.ts'
import { evseKeyOf } from './clear-known-rivals.ts'
import type { ParsedBody } from '../request.ts'
import { sessionOfCdr } from './session-of-cdr.ts'
import { noteLookAlikes } from '../objects/look-alikes.ts'
import { noteSoftFaults } from '../objects/soft-faults.ts'

/** A CDR as its owner's platform wrote it, pushed or fetched; the value of 2.1.1 is lifted and names the party it is for. */
export type SentCdr = {
  owner: string
  platformId: string
  version: Version
  correlationId: string
  body: ParsedBody
  /** How it came; a push when it is absent. */
  channel?: 'push' | 'pull'
}

/** A CDR that can be recorded, what its two parties agreed on, and what is wrong in it without harm. */
export type Admitted = { cdr: NewCdr; agreed: Agreed | null; soft: Fault[] }

/**
 * Whether a CDR can be kept: its receiver is here, its ids and amounts can be worked with, and a credit of 2.1.1 was
 * agreed on. Throws HubError.
 */
export async function admitCdr(
  context: Context,
  input: { sent: SentCdr; receiver: string; snapshot: Snapshot },
): Promise<Admitted> {
  const { sent, receiver, snapshot } = input
  const { body, version, owner } = sent
  const mode = context.config.agreements
  const pair = { cpo: owner, emsp: receiver, snapshot, mode }
  const isHere = findMember(snapshot, receiver, cdrs.readerRoles) !== null
  if (!isHere || !mayDeal({ ...pair, module: 'cdrs', at: context.clock() })) {
    const message = `${receiver} in cdr_token is not known here as a receiver of cdrs`
    throw new HubError('unknownReceiver', message)
  }
  checkCdr(body.value, version)
  const soft = [...body.soft, ...(version === '2.1.1' ? [] : longIdFaults(body.value))]
  const cdr = await newCdr(context, { sent, receiver })
  const agreed = agreementAt({ ...pair, at: cdr.startedAt ?? context.clock() })
  if (version === '2.1.1' && agreed?.terms.credit_from_211 !== true) refuseCredit(body)
  return { cdr, agreed, soft }
}

/** The id is taken by other content. */
export function conflict(): HubError {
  const message =
    'was used before for other content; a CDR never changes: send a credit CDR and a new one with a new id'
  return new HubError('invalid', message, { faults: [{ pointer: '/id', message }] })
}

/** `relayed`: its receiver has taken it already. */
type Item = { cdr: NewCdr; relayed: boolean; soft: readonly Fault[] }
const batchers = new WeakMap<Context, Batcher<Item, Recorded>>()

/** Records a CDR together with whatever else arrives now, once per owner and id, with the work that follows. */
export function recordCdr(context: Context, item: Item): Promise<Recorded> {
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
  await noteLookAlikes(
    tx,
    fresh.map(({ item: { cdr } }) => ({ module: 'cdrs', owner: cdr.owner, key: cdr.cdrKey })),
  )
  for (const [index, result] of recorded.entries()) {
    const item = items[index]
    if (result.status !== 'conflict' || !item) continue
    if ((await knownAs(tx, item.cdr)) === 'same') recorded[index] = { ...result, status: 'replay' }
    else await tellConflict(tx, { cdr: item.cdr, id: result.id })
  }
  await countReplays(tx, replaysOf(items, recorded))
  return recorded
}

/** What its owner sent again. Fetching asks for everything since some time: that it has a CDR still says nothing. */
function replaysOf(items: readonly Item[], recorded: readonly Recorded[]): bigint[] {
  return recorded.flatMap(({ status, id }, index) =>
    status === 'replay' && items[index]?.cdr.channel === 'push' ? [id] : [],
  )
}

async function tellConflict(tx: Tx, { cdr, id }: { cdr: NewCdr; id: bigint }): Promise<void> {
  const hash = cdr.contentHash.toString('hex').slice(0, 16)
  const message = `${cdr.cdrId} came again with other content (${hash}…) and was refused`
  await noteConflict(tx, { cdrId: id, message })
}

/**
 * What the hub has under the id of a CDR. The same content is the same CDR; so is the same claim in another version: its
 * owner has moved to that version since, and what money depends on cannot be told otherwise there.
 */
export async function knownAs(client: Sql, cdr: NewCdr): Promise<'new' | 'same' | 'other'> {
  const [row] = await client.rows<KnownCdr>(sql`
    select content_hash, ocpi_version, value, receiver, started_at, is_credit, original_key from cdrs
    where owner = ${cdr.owner} and cdr_key = ${cdr.cdrKey}`)
  if (!row) return 'new'
  if (row.content_hash.equals(cdr.contentHash)) return 'same'
  return row.ocpi_version !== cdr.ocpiVersion && isSameClaim(row, cdr) ? 'same' : 'other'
}

type KnownCdr = {
  content_hash: Buffer
  ocpi_version: string
  value: unknown
  receiver: string
  started_at: Date | null
  is_credit: boolean
  original_key: string | null
}

function isSameClaim(known: KnownCdr, cdr: NewCdr): boolean {
  const [mine, theirs] = [claimedAmounts(known.value), claimedAmounts(cdr.value)]
  if (mine === null || theirs === null || !known.started_at || !cdr.startedAt) return false
  const isSameTax = mine.tax === theirs.tax || mine.tax === null || theirs.tax === null
  return (
    mine.currency === theirs.currency &&
    mine.net === theirs.net &&
    isSameTax &&
    known.receiver === cdr.receiver &&
    known.is_credit === cdr.isCredit &&
    known.original_key === cdr.originalKey &&
    // 2.1.1 shows no fractions of a second.
    Math.abs(known.started_at.getTime() - cdr.startedAt.getTime()) < secondMs
  )
}

const secondMs = 1_000

/** 2.1.1 has no credits: whoever sends one all the same must have agreed on what it means. */
function refuseCredit(body: ParsedBody): void {
  const sent = asSent(body)
  const named = ['credit', 'credit_reference_id'].find((name) => sent[name] !== undefined)
  if (named === undefined) return
  const message = 'credit CDRs came with 2.2; the two parties must agree on credit_from_211 first'
  throw new HubError('invalid', message, { faults: [{ pointer: `/${named}`, message }] })
}

/** The members as they were sent: neither lifted nor mended. */
function asSent(body: ParsedBody): Record<string, unknown> {
  const sent: unknown = dropNulls(JSON.parse(body.text))
  return isRecord(sent) ? sent : {}
}

async function newCdr(
  context: Context,
  { sent, receiver }: { sent: SentCdr; receiver: string },
): Promise<NewCdr> {
  const { body, version, owner } = sent
  const { value } = body
  const location = isRecord(value.cdr_location) ? value.cdr_location : {}
  const id = string(value.id)
  const isCredit = value.credit === true
  return {
    owner,
    cdrKey: foldKey(id),
    cdrId: id,
    platformId: sent.platformId,
    receiver,
    ocpiVersion: version,
    original: body.bytes,
    contentHash: hashOf({ body, version, owner, id }),
    value,
    sessionKey:
      value.session_id !== undefined
        ? foldKey(string(value.session_id))
        : version === '2.1.1' && !isCredit
          ? await sessionOfCdr(context.db, { owner, value })
          : null,
    tokenKey: await tokenKeyOf(context, { value, receiver, version }),
    locationKey: location.id === undefined ? null : foldKey(string(location.id)),
    evseKey: evseKeyOf({ value }),
    channel: sent.channel ?? 'push',
    isCredit,
    originalKey:
      value.credit_reference_id === undefined ? null : foldKey(string(value.credit_reference_id)),
    startedAt: readTime(value.start_date_time),
    endedAt: readTime(value.end_date_time),
    // Read without case everywhere; as it was sent it stands in the original.
    currency: foldUpper(string(value.currency)),
    lastUpdated: readTime(value.last_updated) ?? readTime(value.end_date_time) ?? new Date(0),
    correlationId: sent.correlationId,
    doubts: (body.repairs ?? [])
      .filter(({ isDoubtful }) => isDoubtful)
      .slice(0, limits.softFindingsMax)
      .map(({ pointer, message }) => ({ pointer, message })),
  }
}

/**
 * Of what was sent, however it is read, so that a CDR is the same whether it was pushed or fetched. Ids are
 * case-insensitive: in another case they are the same content.
 */
function hashOf(sent: { body: ParsedBody; version: Version; owner: string; id: string }): Buffer {
  const { body, version, owner, id } = sent
  const { countryCode, partyId } = partyParts(owner)
  const named = version === '2.1.1' ? {} : { country_code: countryCode, party_id: partyId }
  return contentHash({ ...asSent(body), id: foldKey(id), ...named }, body.longNumbers)
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

function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
