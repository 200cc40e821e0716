import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Interface } from '../ocpi/define.ts'
import { MODULES } from '../ocpi/registry.ts'
import { isRecord } from '../ocpi/validate.ts'
import { VERSIONS, isVersion } from '../ocpi/version.ts'
import type { Version } from '../ocpi/version.ts'
import { guardUrl } from '../peer/guard.ts'
import { callOcpi } from '../peer/ocpi-client.ts'

/** What a partner's versions and version details say. */
export type PartnerVersions = {
  version: Version
  credentialsUrl: string
  endpoints: { module: string; interface: Interface; url: string }[]
  tokenEncoding: 'base64' | 'raw'
}

type Question = {
  versionsUrl: string
  token: string
  tokenEncoding: 'base64' | 'raw'
  correlationId: string
  /** The version to find; null takes the newest both sides speak. */
  version: Version | null
}

/**
 * Fetches a partner's versions and details (2.2.1 Registration process). Throws clientUnusable (3001) when it cannot
 * be asked, versionUnsupported (3002) when it lacks the version, endpointsMissing (3003) when it offers nothing to use.
 */
export async function fetchPartnerVersions(
  context: Context,
  question: Question,
): Promise<PartnerVersions> {
  const { data: versions, encoding } = await get(context, question.versionsUrl, question)
  if (!Array.isArray(versions)) throw unusable('its versions endpoint did not answer with a list')
  const offered = versions.flatMap((item: unknown) =>
    isRecord(item) && typeof item.version === 'string' && typeof item.url === 'string'
      ? [{ version: item.version, url: item.url }]
      : [],
  )
  const wanted = question.version === null ? VERSIONS.toReversed() : [question.version]
  const chosen = wanted
    .map((version) => offered.find((item) => item.version === version))
    .find((item) => item !== undefined)
  if (!chosen || !isVersion(chosen.version)) {
    throw new HubError(
      'versionUnsupported',
      `your versions endpoint does not offer ${wanted.join(' or ')}`,
    )
  }
  const { data: details } = await get(context, chosen.url, { ...question, tokenEncoding: encoding })
  return { version: chosen.version, tokenEncoding: encoding, ...readDetails(context, details) }
}

function readDetails(
  context: Context,
  details: unknown,
): Pick<PartnerVersions, 'credentialsUrl' | 'endpoints'> {
  const list = isRecord(details) ? details.endpoints : undefined
  if (!Array.isArray(list)) throw unusable('its version details hold no endpoints')
  let credentialsUrl: string | null = null
  const endpoints: PartnerVersions['endpoints'] = []
  for (const item of list) {
    if (!isRecord(item) || typeof item.identifier !== 'string' || typeof item.url !== 'string')
      continue
    // No module has such a name, and no index could hold it.
    if (item.identifier.length > limits.idCharsMax) continue
    const guarded = guardUrl(item.url, { allowPrivatePeers: context.config.allowPrivatePeers })
    if (!guarded.ok)
      throw unusable(`the URL of its ${item.identifier} endpoint is refused: ${guarded.message}`)
    if (item.identifier === 'credentials') credentialsUrl = item.url
    else if (item.role === 'SENDER' || item.role === 'RECEIVER') {
      const side = item.role === 'SENDER' ? 'sender' : 'receiver'
      endpoints.push({ module: item.identifier, interface: side, url: item.url })
    }
  }
  const usable = endpoints.some(({ module }) =>
    MODULES.some(({ id, kind }) => id === module && kind === 'functional'),
  )
  if (credentialsUrl === null || !usable) {
    throw new HubError(
      'endpointsMissing',
      'your version details must list credentials and at least one module of your role',
    )
  }
  return { credentialsUrl, endpoints: lastOfEach(endpoints) }
}

/** The same module and role twice is not defined; the last one counts. */
function lastOfEach(endpoints: PartnerVersions['endpoints']): PartnerVersions['endpoints'] {
  return [
    ...new Map(
      endpoints.map((endpoint) => [`${endpoint.module}:${endpoint.interface}`, endpoint]),
    ).values(),
  ]
}

async function get(
  context: Context,
  url: string,
  question: Pick<Question, 'token' | 'tokenEncoding' | 'correlationId'>,
): Promise<{ data: unknown; encoding: 'base64' | 'raw' }> {
  const guarded = guardUrl(url, { allowPrivatePeers: context.config.allowPrivatePeers })
  if (!guarded.ok) throw unusable(guarded.message)
  const other = question.tokenEncoding === 'base64' ? ('raw' as const) : ('base64' as const)
  for (const encoding of [question.tokenEncoding, other]) {
    const answer = await callOcpi(context.peer, {
      url,
      method: 'GET',
      credentialsToken: question.token,
      tokenEncoding: encoding,
      requestId: context.ids.uuid(),
      correlationId: question.correlationId,
      deadlineMs: limits.peerHandshakeMs,
    })
    if (answer.kind === 'ocpi' && answer.ocpiStatus < 2000) return { data: answer.data, encoding }
    const refused =
      (answer.kind === 'ocpi' || answer.kind === 'notOcpi') && answer.httpStatus === 401
    if (!refused)
      throw unusable(`${new URL(url).pathname} did not answer with success (${answer.kind})`)
  }
  throw unusable(`${new URL(url).pathname} refuses the token that was sent with the credentials`)
}

function unusable(reason: string): HubError {
  return new HubError('clientUnusable', `the hub cannot use your API: ${reason}`)
}
