import { endpointSide, moduleById } from '../../ocpi/registry.ts'
import type { PartnerSide } from '../../ocpi/registry.ts'
import type { Version } from '../../ocpi/version.ts'
import type { Interface } from '../../ocpi/define.ts'
import type { Address, Asked, Asker, Exchange, Part } from './exchange.ts'
import type { OwnPlatform } from './own-platform.ts'

/** What the operator asked for. Times in ms. */
export type Settings = {
  versionsUrl: string
  token: string
  role: Part | undefined
  /** What the certifier is; else a CPO or an eMSP, whatever the partner is not. */
  as: Part | undefined
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
  /** The side that the partner is on; the certifier is on the other one. */
  readonly role: PartnerSide
  /** What the partner is, and what the certifier is to it. */
  readonly part: Part
  readonly ownPart: Part
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

export const sideOf = (part: Part): PartnerSide => (part === 'CPO' ? 'cpo' : 'emsp')

/** The certifier's own side. */
export const otherSide = (side: PartnerSide): PartnerSide => (side === 'cpo' ? 'emsp' : 'cpo')

/** The modules that 2.1.1 does not have and that one side only sends. */
const SENDERS: Readonly<Record<string, PartnerSide>> = {
  chargingprofiles: 'emsp',
  payments: 'emsp',
  Booking: 'cpo',
}

/** The interface of a module that the partner has on its side. */
export function interfaceOf(role: PartnerSide, module: string): Interface {
  if (module === 'hubclientinfo') return 'sender'
  const sender = SENDERS[module]
  if (sender !== undefined) return sender === role ? 'sender' : 'receiver'
  return endpointSide(module, role) ?? 'receiver'
}

/** The URL of a module of the partner, if it offers it and it is for what the certifier is. */
export function moduleUrl(
  bench: Bench,
  module: string,
  side = interfaceOf(bench.role, module),
): string | undefined {
  return mayUse(bench, module, side) ? bench.endpoints.get(`${module}/${side}`) : undefined
}

/** Owners use Receiver interfaces, readers Sender interfaces; configuration modules are everybody's. */
function mayUse({ ownPart }: Bench, id: string, side: Interface): boolean {
  const module = moduleById(id)
  if (!module || module.kind === 'configuration') return true
  return (side === 'receiver' ? module.ownerRoles : module.readerRoles).includes(ownPart)
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
  return (bench.roles.find((each) => each.role === bench.part) ?? bench.roles[0])?.party
}
