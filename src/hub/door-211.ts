import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { onlySideOf } from '../directory/parties.ts'
import type { Platform, Snapshot } from '../directory/snapshot.ts'
import type { Sql } from '../db/sql.ts'
import { sql } from '../db/sql.ts'
import { foldKey } from '../ocpi/primitives.ts'
import { bodyOf } from '../ocpi/registry.ts'
import type { PartnerSide, Route } from '../ocpi/registry.ts'
import { liftValue } from './bridge/bridge.ts'
import type { Call, OcpiAnswer, ParsedBody } from './request.ts'
import { withTokenParty } from './bridge/token-party.ts'

/** A path below /ocpi: 2.1.1 stands below the side of the partner, because its URLs do not tell the interface. */
export type Door = {
  /** `versions` or a version. */
  version: string
  below: readonly string[]
  /** The side in the URL; null for later versions, which have no such URLs but that of their versions. */
  urlSide: PartnerSide | null
  /** The side this partner is on; null when it has parties of both and the URL does not tell. */
  partnerSide: PartnerSide | null
}

/** Reads where a path leads for a platform. Its role wins over the URL, so that either side's URL works for it. */
export function readDoor(segments: readonly string[], platform: Platform): Door {
  const [first, ...rest] = segments
  const urlSide = first === 'cpo' || first === 'emsp' ? first : null
  const [version = '', ...below] = urlSide === null ? segments : rest
  return { version, below, urlSide, partnerSide: onlySideOf(platform) ?? urlSide }
}

/** True for paths whose answers are in 2.1.1: known before anything else is, so that refusals are, too. */
export function isOldPath(path: string): boolean {
  return /^\/(cpo|emsp)\/2\.1\.1(\/|$)/.test(path)
}

/** An answer with the codes of 2.1.1, which knows no unknown token and no hub (2.2.1 Status codes added both). */
export function withOldCodes(answer: OcpiAnswer): OcpiAnswer {
  const { ocpiStatus } = answer
  if (ocpiStatus === 2004) return { ...answer, ocpiStatus: 2000 }
  return ocpiStatus >= 4000 ? { ...answer, ocpiStatus: 3000 } : answer
}

/**
 * Whom a request is for where the partner has no routing headers: lists and what is meant for everyone are for the hub,
 * the receiver of everything else follows from the content (null).
 */
export function addresseeWithoutHeaders({ module, endpoint }: Route, hub: string): string | null {
  switch (endpoint.routing) {
    case 'pull':
      return hub
    case 'pull-one':
      return endpoint.interface === 'receiver' ? hub : null
    case 'push':
      return module.object?.audience === 'everyone' ? hub : null
    default:
      return null
  }
}

/** The query of 2.1.1 in the words of later versions (2.1.1 mod_tokens calls the type of a token token_type). */
function queryOf211(query: URLSearchParams): URLSearchParams {
  const type = query.get('token_type')
  if (type === null) return query
  const renamed = new URLSearchParams(query)
  renamed.delete('token_type')
  if (!renamed.has('type')) renamed.set('type', type)
  return renamed
}

/**
 * The query with the type of the token that the path names: in 2.1.1 it is not said, and a uid alone is the key there.
 * Where the owner has several of one uid the default counts.
 */
async function withTokenType(client: Sql, call: Call): Promise<URLSearchParams> {
  const { module, endpoint, params } = call.route
  const extra = module.object?.keyQuery
  const id = params[module.object?.idMember ?? 'id']
  const isNamed = endpoint.interface === 'receiver' && endpoint.method !== 'PUT'
  if (!extra || id === undefined || !isNamed || call.query.has(extra.name)) return call.query
  const rows = await client.rows<{ kind: string }>(sql`
    select distinct value ->> ${extra.member} as kind from objects
    where module = ${module.id} and owner = ${call.from.party} and deleted_at is null
      and object_key = any(${['RFID', 'OTHER'].map((kind) => `${foldKey(id)}|${kind}`)}::text[])`)
  const [only] = rows
  const query = new URLSearchParams(call.query)
  if (only && rows.length === 1) query.set(extra.name, only.kind)
  return query
}

/** A request of 2.1.1 as the hub goes on with it: what its URL does not tell filled in, its body lifted. */
export async function liftCall(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<Call> {
  const call = { ...input.call, query: queryOf211(input.call.query) }
  const query = await withTokenType(context.db, call)
  return { ...call, query, body: await liftBody(context, input) }
}

/**
 * The body of a 2.1.1 request with its value in the shape of 2.2.1, by which it is routed, stored and checked; the text
 * stays as it was sent.
 */
async function liftBody(
  context: Context,
  input: { call: Call; snapshot: Snapshot },
): Promise<ParsedBody | null> {
  const { call } = input
  const { body, route } = call
  const kind = bodyOf(route)?.kind
  if (!body || kind === undefined) return body
  const lifted = await liftValue(context.db, {
    kind,
    value: body.value,
    from: call.version,
    owner: call.from.party,
    partial: route.endpoint.body?.patch === true,
  })
  if (!lifted.ok) {
    const { pointer, reason } = lifted
    throw new HubError('invalid', reason, { faults: [{ pointer, message: reason }] })
  }
  const value =
    route.endpoint.openBy === 'cdr_token'
      ? withTokenParty(lifted.value, input.snapshot)
      : lifted.value
  return { ...body, value }
}
