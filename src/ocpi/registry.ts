import type { Kind } from './adapt/define.ts'
import type { BySince, Endpoint, Interface, Method, Module } from './define.ts'
import { bookings } from './modules/bookings.ts'
import { cdrs } from './modules/cdrs.ts'
import { chargingProfiles } from './modules/charging-profiles.ts'
import { commands } from './modules/commands.ts'
import { credentials } from './modules/credentials.ts'
import { hubClientInfo } from './modules/hub-client-info.ts'
import { invoiceReconciliation } from './modules/invoice-reconciliation.ts'
import { locations } from './modules/locations.ts'
import { payments } from './modules/payments.ts'
import { sessions } from './modules/sessions.ts'
import { tariffs } from './modules/tariffs.ts'
import { tokens } from './modules/tokens.ts'
import { compareVersions } from './version.ts'
import type { Version } from './version.ts'

/** Every module of the hub. Routes, version details, validation, owner checks and store keys come from here. */
export const MODULES: readonly Module[] = [
  credentials,
  locations,
  tariffs,
  tokens,
  sessions,
  cdrs,
  commands,
  chargingProfiles,
  hubClientInfo,
  invoiceReconciliation,
  payments,
  bookings,
]

/** The module with this id. */
export function moduleById(id: string): Module | undefined {
  return MODULES.find((module) => module.id === id)
}

/** What a 2.1.1 partner is on one connection; 2.1.1 has no roles. */
export type PartnerSide = 'cpo' | 'emsp'

export type Route = {
  module: Module
  name: string
  endpoint: Endpoint
  params: Readonly<Record<string, string>>
}
export type Match =
  { kind: 'route'; route: Route } | { kind: 'unknown' } | { kind: 'method'; allow: Method[] }

/**
 * Finds the endpoint of `/{sender|receiver}/{module}/…` or `/credentials` below a version, in 2.1.1 of `/{module}/…`
 * below the partner's `side`. `segments` are the percent-decoded parts after the version. Where a path fits several
 * endpoints, those with the most literal segments count.
 */
export function matchRoute(input: {
  version: Version
  method: string
  segments: readonly string[]
  side?: PartnerSide | undefined
}): Match {
  const place =
    input.version === '2.1.1' ? placeOf211(input.segments, input.side) : placeOf(input.segments)
  return place ? matchModule({ ...place, version: input.version, method: input.method }) : unknown
}

const unknown: Match = { kind: 'unknown' }

/** Finds the endpoint of a module by what follows its URL. `side` undefined: of either interface. */
export function matchModule(input: {
  version: Version
  method: string
  module: Module
  side: Interface | undefined
  rest: readonly string[]
}): Match {
  const { version, module, side } = input
  if (compareVersions(version, module.since) < 0) return unknown
  const fitting = Object.entries(module.endpoints).flatMap(([name, endpoint]) => {
    if (side !== undefined && endpoint.interface !== side) return []
    if (!isIn(version, endpoint)) return []
    const params = matchPath(endpoint.path, input.rest)
    return params ? [{ name, endpoint, params, literals: literalsOf(endpoint.path) }] : []
  })
  const literals = Math.max(...fitting.map((each) => each.literals))
  const closest = fitting.filter((each) => each.literals === literals)
  const found = closest.find(({ endpoint }) => endpoint.method === input.method)
  if (found) {
    const { name, endpoint, params } = found
    return { kind: 'route', route: { module, name, endpoint, params } }
  }
  const allow = [...new Set(closest.map(({ endpoint }) => endpoint.method))]
  return allow.length > 0 ? { kind: 'method', allow } : unknown
}

type Place = { module: Module; side: Interface | undefined; rest: readonly string[] }

function placeOf(segments: readonly string[]): Place | null {
  const [first, second, ...rest] = segments
  if (first === 'credentials') return credentialsPlace(segments)
  if ((first !== 'sender' && first !== 'receiver') || second === undefined) return null
  const module = moduleById(second)
  if (!module || module.id === 'credentials') return null
  return { module, side: first, rest }
}

function placeOf211(segments: readonly string[], partner: PartnerSide | undefined): Place | null {
  const [first = '', ...rest] = segments
  if (first === 'credentials') return credentialsPlace(segments)
  const module = moduleById(first)
  const theirs = partner && endpointSide(first, partner)
  if (!module || !theirs) return null
  return { module, side: theirs === 'sender' ? 'receiver' : 'sender', rest }
}

function credentialsPlace(segments: readonly string[]): Place | null {
  return segments.length === 1 ? { module: credentials, side: undefined, rest: [] } : null
}

/**
 * Which interface of a module a 2.1.1 partner offers: the owner's side is the sender, so a CPO sends locations and
 * receives tokens and commands. The hub's own interface towards it is the other one. Null for what 2.1.1 does not have.
 */
export function endpointSide(moduleId: string, side: PartnerSide): Interface | null {
  const module = moduleById(moduleId)
  if (!module || module.kind !== 'functional' || module.since !== '2.1.1') return null
  return module.ownerRoles.includes(side === 'cpo' ? 'CPO' : 'EMSP') ? 'sender' : 'receiver'
}

function matchPath(path: string, segments: readonly string[]): Record<string, string> | null {
  const parts = partsOf(path)
  const params: Record<string, string> = Object.create(null)
  for (const [index, part] of parts.entries()) {
    const segment = segments[index]
    if (segment === undefined) return part.endsWith('?') ? params : null
    if (segment === '') return null
    if (part.startsWith(':')) params[part.replace(/[:?]/g, '')] = segment
    else if (part !== segment) return null
  }
  return segments.length > parts.length ? null : params
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '')
const literalsOf = (path: string): number =>
  partsOf(path).filter((part) => !part.startsWith(':')).length

/** Whether a version has the endpoint of a route. */
export function existsIn(route: Pick<Route, 'module' | 'endpoint'>, version: Version): boolean {
  return compareVersions(version, route.module.since) >= 0 && isIn(version, route.endpoint)
}

function isIn(version: Version, { since, until }: Endpoint): boolean {
  return (
    (since === undefined || compareVersions(version, since) >= 0) &&
    (until === undefined || compareVersions(version, until) <= 0)
  )
}

/** What a body or an answer is: one object of a shape or a list of them. Without kind it is alike in all versions. */
export type Carried = { kind: Kind | undefined; list: boolean; schema: BySince }

/** What the body of a request of this route is; null when it has none. A path that names a child carries the child. */
export function bodyOf(route: Route): Carried | null {
  return carriedBy(route, route.endpoint.body)
}

/** What a success of this route answers; null when that is not defined. */
export function replyOf(route: Route): Carried | null {
  return carriedBy(route, route.endpoint.reply)
}

function carriedBy(
  route: Route,
  content: { schema: BySince; kind?: Kind; list?: boolean } | undefined,
): Carried | null {
  if (!content) return null
  const { object } = route.module
  const child =
    object?.kind === content.kind
      ? object?.children.findLast(({ param }) => route.params[param] !== undefined)
      : undefined
  return {
    kind: child?.kind ?? content.kind,
    list: content.list === true,
    schema: child?.schema ?? content.schema,
  }
}

export type ListedEndpoint = { identifier: string; role?: string; url: string }

/**
 * The endpoint list of version details (2.2.1 Version information endpoint): both interfaces of every functional
 * module, because the hub stands on both sides of it. In 2.1.1 there are no roles, and `baseUrl` is that of the
 * partner's side.
 */
export function versionEndpoints(version: Version, baseUrl: string): ListedEndpoint[] {
  return MODULES.flatMap((module): ListedEndpoint[] => {
    const identifier = module.id
    if (compareVersions(version, module.since) < 0) return []
    if (version === '2.1.1') return [{ identifier, url: `${baseUrl}/${identifier}` }]
    // Credentials are listed once, as SENDER (2.2.1 Endpoint class, NOTE).
    if (identifier === 'credentials')
      return [{ identifier, role: 'SENDER', url: `${baseUrl}/credentials` }]
    const sides: readonly Interface[] =
      module.kind === 'functional' ? ['sender', 'receiver'] : ['sender']
    return sides.map((side) => ({
      identifier,
      role: side.toUpperCase(),
      url: `${baseUrl}/${side}/${identifier}`,
    }))
  })
}
