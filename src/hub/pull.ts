import { limits } from '../../config/limits.ts'
import { present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { membersWith } from '../directory/parties.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { sql } from '../db/sql.ts'
import type { Page } from '../ocpi/paging.ts'
import { nextPageUrl, readPage } from '../ocpi/paging.ts'
import { foldKey, partyOf } from '../ocpi/primitives.ts'
import type { Converted } from '../ocpi/adapt/define.ts'
import { valueText } from '../ocpi/json-text.ts'
import type { Role } from '../ocpi/define.ts'
import { childPath } from '../ocpi/splice.ts'
import { listCdrs, markPulled, readCdr } from '../store/cdrs.ts'
import { listObjects } from '../store/list.ts'
import type { Asker, ListPage } from '../store/list.ts'
import { readText } from './objects/object-text.ts'
import { mayDeal } from './agreements.ts'
import { resolveAlias } from './bridge/aliases.ts'
import { bridgeTexts, versionOf } from './bridge/bridge.ts'
import { pairOf, routingHeaders } from './forward.ts'
import { success } from './request.ts'
import type { Call, OcpiAnswer } from './request.ts'

type Input = {
  call: Call
  snapshot: Snapshot
  /** Who answers: the hub, or the party whose objects are asked for. */
  from: string
  /** Whose objects are asked for; null: everybody's. */
  owner: string | null
}

/** An object that is to be answered. */
type Found = { owner: string; key: string; version: string; text: string }

/**
 * Answers from the store: a page of everybody's objects that the asker may see, or one object. In the asker's version;
 * what came in that version is answered with the bytes that came.
 */
export async function answerFromStore(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call } = input
  if (call.route.endpoint.routing === 'pull') return answerPage(context, input)
  if (call.route.module.id === 'cdrs') return answerCdr(context, input)
  const found =
    call.side === 'receiver' ? await ownCopy(context, call) : await visibleObject(context, input)
  const [text] = await inVersionOf(context, { call, found: [found] })
  if (text === undefined || !text.ok)
    throw new HubError('notFound', 'there is no such object in the version of OCPI you ask in')
  return success(childOf(call, text.value), {
    headers: routingHeaders(input.from, call.from.party),
  })
}

/** GET ALL via hub (2.2.1): objects of many owners in one list. What the asker's version cannot say is left out. */
async function answerPage(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call, owner } = input
  const { module, endpoint } = call.route
  const read = readPage(call.query, endpoint.requiredQuery)
  if (!read.ok) throw new HubError('invalid', 'the query cannot be used', { faults: read.faults })
  const owners = owner === null ? visibleOwners(context, input) : [owner]
  const { page } = read
  const parties = [call.from.party]
  const { list, texts } =
    module.id === 'cdrs'
      ? await pullCdrs(context, { call, owners, page })
      : await pullObjects(context, { call, asker: { parties, owners }, page })
  return success(`[${texts.join(',')}]`, {
    headers: {
      ...routingHeaders(input.from, call.from.party),
      ...pageHeaders({ call, page, list }),
    },
  })
}

type Pulled = { list: ListPage<unknown>; texts: string[] }

async function pullObjects(
  context: Context,
  { call, ...wanted }: { call: Call; asker: Asker; page: Page },
): Promise<Pulled> {
  const list = await listObjects(context.db, { module: call.route.module.id, ...wanted })
  const converted = await inVersionOf(context, { call, found: list.items })
  return { list, texts: converted.flatMap((text) => (text.ok ? [text.value] : [])) }
}

/** CDRs that waited to be fetched have been, but for those that were left out. */
async function pullCdrs(
  context: Context,
  input: { call: Call; owners: readonly string[] | null; page: Page },
): Promise<Pulled> {
  const list = await listCdrs(context.db, {
    parties: [input.call.from.party],
    owners: input.owners,
    page: input.page,
  })
  const converted = await inVersionOf(context, { call: input.call, found: list.items })
  await markPulled(
    context.db,
    list.items.flatMap(({ id }, index) => (converted[index]?.ok ? [id] : [])),
  )
  return { list, texts: converted.flatMap((text) => (text.ok ? [text.value] : [])) }
}

/** Objects of the asked module as the asker's version says them; what its own party sent keeps its ids. */
async function inVersionOf(
  context: Context,
  { call, found }: { call: Call; found: readonly Found[] },
): Promise<Converted<string>[]> {
  const { module, endpoint } = call.route
  const kind = present(endpoint.reply?.kind ?? module.object?.kind, 'kind of what is pulled')
  return bridgeTexts(context, {
    kind,
    to: call.version,
    module: module.id,
    receiver: { platformId: call.identity.platform.id, party: call.from.party },
    items: found.map((item) => ({ ...item, from: versionOf(item.version) })),
  })
}

function pageHeaders(input: {
  call: Call
  page: Page
  list: ListPage<unknown>
}): Record<string, string> {
  const { call, page, list } = input
  const headers: Record<string, string> = {
    'X-Total-Count': String(list.total),
    'X-Limit': String(limits.pageLimitMax),
  }
  if (list.nextAfter !== null) {
    const url = nextPageUrl({
      url: call.moduleUrl,
      query: call.query,
      offset: page.offset + page.limit,
      limit: page.limit,
      after: list.nextAfter,
    })
    headers.Link = `<${url}>; rel="next"`
  }
  return headers
}

/**
 * null: everybody's. With agreements required, what is for everyone is only seen of owners the asker has one with; what
 * was addressed to the asker stays its own to see, also when an agreement has ended.
 */
function visibleOwners(context: Context, { call, snapshot }: Input): string[] | null {
  if (context.config.agreements === 'open') return null
  if (call.route.module.object?.audience !== 'everyone') return null
  return membersWith(snapshot, call.route.module.ownerRoles).flatMap((owner) =>
    mayDeal({
      ...pairOf(call.from, owner),
      snapshot,
      mode: 'required',
      module: call.route.module.id,
      at: context.clock(),
    })
      ? [owner.party]
      : [],
  )
}

/** The copy of its own object that an owner checks: what it addressed to everyone. */
async function ownCopy(context: Context, call: Call): Promise<Found> {
  const definition = present(call.route.module.object, 'object definition')
  const id = foldKey(call.route.params[definition.idMember] ?? '')
  const extra = definition.keyQuery
  const key = extra ? `${id}|${call.query.get(extra.name) ?? extra.fallback}` : id
  const owner = call.from.party
  const found = await readText(context.db, { module: call.route.module.id, owner, key })
  if (found === null) throw new HubError('notFound', 'there is no such object')
  return { ...found, owner, key }
}

/**
 * One object by its id alone: unique only within its owner, so two owners' are not guessed between. A partner of 2.1.1
 * knows each by a name of its own.
 */
async function visibleObject(context: Context, input: Input): Promise<Found> {
  const { call } = input
  const owners = visibleOwners(context, input)
  const id = call.route.params.id ?? ''
  const named =
    call.version === '2.1.1'
      ? await resolveAlias(context.db, { module: call.route.module.id, id })
      : null
  const rows = await context.db.rows<Found>(sql`
    select distinct on (owner) owner, object_key as key, original as text, ocpi_version as version from objects
    where module = ${call.route.module.id} and object_key = ${named?.key ?? foldKey(id)}
      and audience = any(${['*', call.from.party]}::text[]) and deleted_at is null
      and (${owners}::text[] is null or owner = any(${owners}::text[]))
      and (${named?.owner ?? null}::text is null or owner = ${named?.owner ?? null})
    order by owner, (audience = '*')
    limit 2`)
  const [first, second] = rows
  if (!first) throw new HubError('notFound', 'there is no such object')
  if (second)
    throw new HubError(
      'unknownLocation',
      `several owners have an object with this id${call.version === '2.1.1' ? '' : '; address one with OCPI-to'}`,
    )
  return first
}

/** The EVSE or connector that the path names, cut out of its location. */
function childOf(call: Call, text: string): string {
  const steps = (call.route.module.object?.children ?? []).flatMap(({ list, param, idMember }) => {
    const id = call.route.params[param]
    return id === undefined ? [] : [{ array: list, key: idMember, id }]
  })
  if (steps.length === 0) return text
  const path = childPath(text, steps)
  if (path === null) throw new HubError('notFound', 'there is no such object')
  return present(valueText(text, path), 'the value at a path that was found')
}

async function answerCdr(context: Context, { call, from }: Input): Promise<OcpiAnswer> {
  const owner = partyOf(call.route.params.country_code, call.route.params.party_id)
  const key = foldKey(call.route.params.id ?? '')
  const cdr = owner === null ? null : await readCdr(context.db, { owner, cdrKey: key })
  const { ownerRoles, readerRoles } = call.route.module
  const isReceiver =
    cdr !== null && cdr.receiver === call.from.party && cdr.visible && speaksAs(call, readerRoles)
  const isOwner = owner === call.from.party && speaksAs(call, ownerRoles)
  // Absent and not yours read the same.
  if (owner === null || cdr === null || !(isReceiver || isOwner)) throw noCdr()
  const [text] = await inVersionOf(context, { call, found: [{ ...cdr, owner, key }] })
  if (!text?.ok) throw noCdr()
  if (isReceiver) await markPulled(context.db, [cdr.id])
  return success(text.value, { headers: routingHeaders(from, call.from.party) })
}

/** A party may be CPO on one platform and eMSP on another. */
function speaksAs({ identity, from }: Call, roles: readonly Role[]): boolean {
  return identity.platform.parties.some(
    ({ party, role }) => party === from.party && roles.includes(role),
  )
}

function noCdr(): HubError {
  return new HubError('notFound', 'there is no such object')
}
