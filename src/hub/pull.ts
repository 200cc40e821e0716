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
import { childPath } from '../ocpi/splice.ts'
import { listCdrs, markPulled, readCdr } from '../store/cdrs.ts'
import { listObjects } from '../store/list.ts'
import type { ListPage } from '../store/list.ts'
import { readText } from './object-text.ts'
import { mayDeal } from './agreements.ts'
import { pairOf, routingHeaders } from './forward.ts'
import { childParam } from './parse-body.ts'
import { success } from './request.ts'
import type { Call, OcpiAnswer } from './request.ts'

type Input = { call: Call; snapshot: Snapshot; hub: string }

/** Answers from the store: a page of everybody's objects that the asker may see, or one object. */
export async function answerFromStore(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call } = input
  if (call.route.endpoint.routing === 'pull') return answerPage(context, input)
  if (call.route.module.id === 'cdrs') return answerCdr(context, input)
  const text =
    call.side === 'receiver' ? await ownCopy(context, call) : await visibleObject(context, input)
  return success(childOf(call, text), { headers: routingHeaders(input.hub, call.from.party) })
}

/** GET ALL via hub (2.2.1): objects of many owners in one list. */
async function answerPage(context: Context, input: Input): Promise<OcpiAnswer> {
  const { call, hub } = input
  const { module, endpoint } = call.route
  const read = readPage(call.query, endpoint.requiredQuery)
  if (!read.ok) throw new HubError('invalid', 'the query cannot be used', { faults: read.faults })
  const owners = visibleOwners(context, input)
  const list =
    module.id === 'cdrs'
      ? await pullCdrs(context, { call, owners, page: read.page })
      : await listObjects(context.db, {
          module: module.id,
          asker: { parties: [call.from.party], owners },
          page: read.page,
        })
  return success(`[${list.texts.join(',')}]`, {
    headers: {
      ...routingHeaders(hub, call.from.party),
      ...pageHeaders(context, { call, page: read.page, list }),
    },
  })
}

async function pullCdrs(
  context: Context,
  input: { call: Call; owners: readonly string[] | null; page: Page },
): Promise<ListPage> {
  const list = await listCdrs(context.db, {
    parties: [input.call.from.party],
    owners: input.owners,
    page: input.page,
  })
  await markPulled(context.db, list.ids)
  return list
}

function pageHeaders(
  context: Context,
  input: { call: Call; page: Page; list: ListPage },
): Record<string, string> {
  const { call, page, list } = input
  const headers: Record<string, string> = {
    'X-Total-Count': String(list.total),
    'X-Limit': String(limits.pageLimitMax),
  }
  if (list.nextAfter !== null) {
    const url = nextPageUrl({
      url: `${context.publicUrl}/ocpi/${call.version}/${call.side}/${call.route.module.id}`,
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
async function ownCopy(context: Context, call: Call): Promise<string> {
  const definition = present(call.route.module.object, 'object definition')
  const id = foldKey(call.route.params[definition.idMember] ?? '')
  const extra = definition.keyQuery
  const key = extra ? `${id}|${call.query.get(extra.name) ?? extra.fallback}` : id
  const text = await readText(context.db, {
    module: call.route.module.id,
    owner: call.from.party,
    key,
  })
  if (text === null) throw new HubError('notFound', 'there is no such object')
  return text
}

/** One object by its id alone: unique only within its owner, so two owners' are not guessed between. */
async function visibleObject(context: Context, input: Input): Promise<string> {
  const { call } = input
  const owners = visibleOwners(context, input)
  const rows = await context.db.rows<{ owner: string; original: string }>(sql`
    select distinct on (owner) owner, original from objects
    where module = ${call.route.module.id} and object_key = ${foldKey(call.route.params.id ?? '')}
      and audience = any(${['*', call.from.party]}::text[]) and deleted_at is null
      and (${owners}::text[] is null or owner = any(${owners}::text[]))
    order by owner, (audience = '*')
    limit 2`)
  const [first, second] = rows
  if (!first) throw new HubError('notFound', 'there is no such object')
  if (second)
    throw new HubError(
      'unknownLocation',
      'several owners have an object with this id; address one with OCPI-to',
    )
  return first.original
}

/** The EVSE or connector that the path names, cut out of its location. */
function childOf(call: Call, text: string): string {
  const steps = (call.route.module.object?.children ?? []).flatMap(({ list, idMember }) => {
    const id = call.route.params[childParam(list)]
    return id === undefined ? [] : [{ array: list, key: idMember, id }]
  })
  if (steps.length === 0) return text
  const path = childPath(text, steps)
  if (path === null) throw new HubError('notFound', 'there is no such object')
  let found: unknown = JSON.parse(text)
  for (const step of path) found = Reflect.get(Object(found), step)
  return JSON.stringify(found)
}

async function answerCdr(context: Context, { call, hub }: Input): Promise<OcpiAnswer> {
  const owner = partyOf(call.route.params.country_code, call.route.params.party_id)
  const cdr =
    owner === null
      ? null
      : await readCdr(context.db, { owner, cdrKey: foldKey(call.route.params.id ?? '') })
  const mine =
    cdr !== null && (owner === call.from.party || (cdr.receiver === call.from.party && cdr.visible))
  // Absent and not yours read the same.
  if (!mine) throw new HubError('notFound', 'there is no such object')
  if (cdr.receiver === call.from.party && cdr.visible) await markPulled(context.db, [cdr.id])
  return success(cdr.original.toString('utf8').replace(/^\uFEFF/, ''), {
    headers: routingHeaders(hub, call.from.party),
  })
}
