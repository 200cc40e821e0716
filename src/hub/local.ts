import { present } from '../assert.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import { versionEndpoints } from '../ocpi/registry.ts'
import type { PartnerSide } from '../ocpi/registry.ts'
import { VERSIONS, isVersion } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import type { Platform } from '../directory/snapshot.ts'
import { listClients } from './connection/client-info.ts'
import type { Door } from './door-211.ts'
import { showCredentials, takeCredentials, takeUnregistration } from './connection/registration.ts'
import { hubModuleEndpoints } from './hub-modules.ts'
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

/**
 * GET versions and version details (2.2.1 Version information endpoint). Every versions URL lists all versions; that of
 * 2.1.1 stands below the partner's side, and is not shown where the side cannot be known.
 */
export async function answerVersions(
  context: Context,
  input: { method: string; door: Door; platform: Platform },
): Promise<OcpiAnswer> {
  const { version: segment, urlSide, partnerSide } = input.door
  const isOffered =
    segment === 'versions' || (isVersion(segment) && (segment === '2.1.1') === (urlSide !== null))
  if (!isOffered) {
    throw new HubError('unknownPath', 'there is no such endpoint; start at /ocpi/versions')
  }
  if (input.method !== 'GET')
    throw new HubError('methodNotAllowed', 'this endpoint takes GET', { allow: ['GET'] })
  if (isVersion(segment)) {
    const base = baseUrl(context, { version: segment, partnerSide })
    const { platform } = input
    const snapshot = await context.directory.snapshot()
    const own =
      segment === '2.1.1' ? [] : hubModuleEndpoints(context, { snapshot, platform, baseUrl: base })
    const endpoints = [...versionEndpoints(segment, base), ...own]
    return success(JSON.stringify({ version: segment, endpoints }))
  }
  const shown = VERSIONS.filter((version) => version !== '2.1.1' || partnerSide !== null)
  return success(
    JSON.stringify(
      shown.map((version) => ({ version, url: baseUrl(context, { version, partnerSide }) })),
    ),
  )
}

/** The URL of a version at this door, without a slash at its end. */
export function baseUrl(
  context: Pick<Context, 'publicUrl'>,
  { version, partnerSide }: { version: Version; partnerSide: PartnerSide | null },
): string {
  const side = version === '2.1.1' ? `/${partnerSide ?? ''}` : ''
  return `${context.publicUrl}/ocpi${side}/${version}`
}
