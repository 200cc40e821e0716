import { endpointSide } from '../../ocpi/registry.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Interface } from '../../ocpi/define.ts'
import type { Address, Asked, Asker, Exchange } from './exchange.ts'
import type { OwnPlatform } from './own-platform.ts'

/** What the operator asked for. Times in ms. */
export type Settings = {
  versionsUrl: string
  token: string
  role: PartnerSide | undefined
  version: Version | undefined
  /** The party that the certifier is. */
  party: Address
  /** The token is that of a finished registration: credentials are left alone. */
  isRegistered: boolean
  /** Subjects that are left out. */
  without: readonly string[]
  resultMs: number
  clock: () => number
}

export type PeerRole = { role: string; party: Address }

/** The partner as far as it is known, and the ways to it. Subjects add what they learn. */
export type Bench = {
  readonly settings: Settings
  readonly asker: Asker
  readonly own: OwnPlatform
  readonly version: Version
  /** What the partner is; the certifier is the other side. */
  readonly role: PartnerSide
  readonly encoding: 'base64' | 'raw'
  readonly detailsUrl: string
  /** `locations/sender`, `credentials` → URL without a slash at its end. */
  readonly endpoints: ReadonlyMap<string, string>
  /** The token that the partner takes now. */
  token: string
  /** The party of a hub; null for everybody else, and in 2.1.1, where it makes no difference. */
  hub: Address | null
  roles: PeerRole[]
  /** Whether the partner knows us: only then is there something to leave. */
  isRegistered: boolean
  /** Why nothing more can be asked; null while it can. */
  stopped: string | null
}

export const sideRole = (side: PartnerSide): 'CPO' | 'EMSP' => (side === 'cpo' ? 'CPO' : 'EMSP')

/** The certifier's own side. */
export const otherSide = (side: PartnerSide): PartnerSide => (side === 'cpo' ? 'emsp' : 'cpo')

/** The interface of a module that the partner has in its role. */
export function interfaceOf(role: PartnerSide, module: string): Interface {
  return module === 'hubclientinfo' ? 'sender' : (endpointSide(module, role) ?? 'receiver')
}

/** The URL of a module of the partner in its role, if it offers it. */
export function moduleUrl({ endpoints, role }: Bench, module: string): string | undefined {
  return endpoints.get(`${module}/${interfaceOf(role, module)}`)
}

/**
 * Whom a request is for. `everyone`: the hub, when it is one; `content`: the content says it (open routing at a hub);
 * a party; none: modules that are not routed.
 */
export type For = 'everyone' | 'content' | 'none' | Address

/** Asks the partner with the token of the connection, and routing headers where its version has them. */
export function ask(
  bench: Bench,
  request: {
    method: Asked['method']
    url: string
    body?: unknown
    raw?: string
    for: For
    token?: string | null
  },
): Promise<Exchange> {
  const { method, url, body, raw, token = bench.token } = request
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const isRouted = request.for !== 'none' && bench.version !== '2.1.1'
  return bench.asker.ask({
    method,
    url,
    token,
    encoding: bench.encoding,
    body: text,
    ...(isRouted ? { from: bench.settings.party, to: addressee(bench, request.for) } : {}),
  })
}

function addressee(bench: Bench, wanted: For): Address | undefined {
  if (typeof wanted === 'object') return wanted
  if (bench.hub) return wanted === 'content' ? undefined : bench.hub
  const role = sideRole(bench.role)
  return (bench.roles.find((each) => each.role === role) ?? bench.roles[0])?.party
}
