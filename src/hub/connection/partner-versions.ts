import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { Context } from '../../context.ts'
import type { Quirks } from '../../directory/quirks.ts'
import type { Interface } from '../../ocpi/define.ts'
import { MODULES, endpointSide } from '../../ocpi/registry.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { VERSIONS, isVersion } from '../../ocpi/version.ts'
import type { Version } from '../../ocpi/version.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import { guardUrl } from '../../peer/guard.ts'
import { callOcpi } from '../../peer/ocpi-client.ts'
import type { OcpiAnswer } from '../../peer/ocpi-client.ts'

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
  /** Which side the partner is on, should it be 2.1.1, where endpoints do not say; null: it is on both. */
  side: PartnerSide | null
  quirks: Quirks
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
  const { version } = chosen
  const place: Place = { ...question, version }
  requireOwnUrl(context, place, { name: 'version details', url: chosen.url })
  const { data: details } = await get(context, chosen.url, { ...question, tokenEncoding: encoding })
  return { version, tokenEncoding: encoding, ...readDetails(context, place, details) }
}

type Place = Pick<Question, 'versionsUrl' | 'side' | 'quirks'> & { version: Version }

function readDetails(
  context: Context,
  place: Place,
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
    requireOwnUrl(context, place, { name: `${item.identifier} endpoint`, url: item.url })
    if (item.identifier === 'credentials') credentialsUrl = item.url
    else {
      const side = interfaceOf(place, item)
      if (side) endpoints.push({ module: item.identifier, interface: side, url: item.url })
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

/** In 2.1.1 the interface follows from who the partner is. */
function interfaceOf(place: Place, item: Record<string, unknown>): Interface | null {
  if (place.version !== '2.1.1') {
    if (item.role === 'SENDER') return 'sender'
    return item.role === 'RECEIVER' ? 'receiver' : null
  }
  return place.side === null ? null : endpointSide(String(item.identifier), place.side)
}

/**
 * What a partner lists stands on the host of its versions URL, and is not less protected: elsewhere the hub would carry
 * its token, and what it knows, to whomever the partner names. Operators may add hosts (quirk origins).
 */
function requireOwnUrl(context: Context, place: Place, named: { name: string; url: string }): void {
  const { name, url } = named
  const refuse = (why: string) => unusable(`the URL of its ${name} is refused: ${why}`)
  const guarded = guardUrl(url, { allowPrivatePeers: context.config.allowPrivatePeers })
  if (!guarded.ok) throw refuse(guarded.message)
  const home = new URL(place.versionsUrl)
  const { hostname, host, protocol } = guarded.url
  if (home.protocol === 'https:' && protocol !== 'https:')
    throw refuse('it must begin with https://')
  const others = place.quirks.origins?.map((origin) => origin.toLowerCase()) ?? []
  // Another port is another server, perhaps of somebody else.
  if (host === home.host || others.includes(hostname) || others.includes(host)) return
  throw refuse(`it is on another host than ${home.host}; the operator of the hub can allow it`)
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
    if (!refused) throw unusable(`${new URL(url).pathname} ${saidOf(answer)}`)
  }
  throw unusable(`${new URL(url).pathname} refuses the token that was sent with the credentials`)
}

/** What came instead of success, in words that say where to look. */
function saidOf(answer: OcpiAnswer): string {
  switch (answer.kind) {
    case 'ocpi':
      return `answered status_code ${answer.ocpiStatus} (HTTP ${answer.httpStatus})`
    case 'timeout':
      return `did not answer within ${limits.peerHandshakeMs / 1_000} s`
    case 'unreachable':
      return `cannot be reached (${answer.reason})`
    case 'notOcpi':
      return `did not answer with OCPI: ${answer.reason}`
    default:
      return answer satisfies never
  }
}

function unusable(reason: string): HubError {
  return new HubError('clientUnusable', `the hub cannot use your API: ${reason}`)
}
