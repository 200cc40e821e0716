import { limits } from '../../config/limits.ts'
import { present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Identity } from '../directory/directory.ts'
import { connectionStatus } from '../directory/parties.ts'
import { nextPageUrl, readPage } from '../ocpi/paging.ts'
import { partyParts, writeTime } from '../ocpi/primitives.ts'
import { versionEndpoints } from '../ocpi/registry.ts'
import { VERSIONS, isVersion } from '../ocpi/version.ts'
import { agreementAt } from './agreements.ts'
import { pairOf } from './forward.ts'
import { showCredentials, takeCredentials, takeUnregistration } from './registration.ts'
import { success } from './request.ts'
import type { LocalCall, OcpiAnswer } from './request.ts'

type Handler = (context: Context, call: LocalCall) => Promise<OcpiAnswer>

/** Every `local` row of the module tables has its handler here; a missing one fails the conformance test. */
export const LOCAL_HANDLERS: Readonly<Record<string, Handler>> = {
  'credentials.get': showCredentials,
  'credentials.register': takeCredentials,
  'credentials.update': takeCredentials,
  'credentials.unregister': takeUnregistration,
  'hubclientinfo.clients': listClients,
}

/** Runs the handler of a local endpoint. */
export async function answerLocally(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const handler = present(
    LOCAL_HANDLERS[`${call.route.module.id}.${call.route.name}`],
    'handler of a local endpoint',
  )
  return handler(context, call)
}

/** GET /ocpi/versions and GET /ocpi/{version} (2.2.1 Version information endpoint). */
export function answerVersions(
  context: Context,
  input: { method: string; segments: readonly string[]; identity: Identity },
): OcpiAnswer {
  const [segment = ''] = input.segments
  if (segment !== 'versions' && !isVersion(segment)) {
    throw new HubError('unknownPath', 'there is no such endpoint; start at /ocpi/versions')
  }
  if (input.method !== 'GET')
    throw new HubError('methodNotAllowed', 'this endpoint takes GET', { allow: ['GET'] })
  const base = `${context.publicUrl}/ocpi`
  if (segment === 'versions') {
    return success(
      JSON.stringify(VERSIONS.map((version) => ({ version, url: `${base}/${version}` }))),
    )
  }
  return isVersion(segment)
    ? success(
        JSON.stringify({
          version: segment,
          endpoints: versionEndpoints(segment, `${base}/${segment}`),
        }),
      )
    : success()
}

/** 2.2.1 HubClientInfo: the parties this platform may deal with, and whether they can be reached. */
async function listClients(context: Context, call: LocalCall): Promise<OcpiAnswer> {
  const read = readPage(call.request.query)
  if (!read.ok) throw new HubError('invalid', 'the query cannot be used', { faults: read.faults })
  const { page } = read
  const clients = await visibleClients(context, call, page)
  const shown = clients.slice(page.offset, page.offset + page.limit)
  const headers: Record<string, string> = {
    'X-Total-Count': String(clients.length),
    'X-Limit': String(limits.pageLimitMax),
  }
  if (page.offset + page.limit < clients.length) {
    const offset = page.offset + page.limit
    const url = `${context.publicUrl}/ocpi/${call.version}/sender/hubclientinfo`
    headers.Link = `<${nextPageUrl({ url, query: call.request.query, offset, limit: page.limit, after: String(offset) })}>; rel="next"`
  }
  return success(JSON.stringify(shown), { headers })
}

async function visibleClients(
  context: Context,
  call: LocalCall,
  page: { dateFrom: Date | null; dateTo: Date | null },
): Promise<object[]> {
  const snapshot = await context.directory.snapshot()
  const own = call.identity.platform
  return [...snapshot.platforms.values()]
    .filter((platform) => platform.id !== own.id)
    .flatMap((platform) => platform.parties.map((party) => ({ ...party, platform })))
    .filter(({ party, role, platform }) => {
      const updated = platform.updatedAt
      if ((page.dateFrom && updated < page.dateFrom) || (page.dateTo && updated >= page.dateTo))
        return false
      return (
        context.config.agreements === 'open' ||
        own.parties.some(
          (mine) =>
            agreementAt({
              ...pairOf(mine, { party, role }),
              snapshot,
              mode: 'required',
              at: context.clock(),
            }) !== null,
        )
      )
    })
    .sort(
      (a, b) =>
        a.platform.updatedAt.getTime() - b.platform.updatedAt.getTime() ||
        (a.party < b.party ? -1 : 1),
    )
    .map(({ party, role, platform }) => {
      const { countryCode, partyId } = partyParts(party)
      return {
        party_id: partyId,
        country_code: countryCode,
        role,
        status: connectionStatus(platform),
        last_updated: writeTime(platform.updatedAt),
      }
    })
}
