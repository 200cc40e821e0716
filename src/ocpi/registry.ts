import type { Endpoint, Interface, Method, Module } from './define.ts'
import { cdrs } from './modules/cdrs.ts'
import { credentials } from './modules/credentials.ts'
import { hubClientInfo } from './modules/hub-client-info.ts'
import { locations } from './modules/locations.ts'
import { sessions } from './modules/sessions.ts'
import { tariffs } from './modules/tariffs.ts'
import { tokens } from './modules/tokens.ts'
import { VERSIONS } from './version.ts'
import type { Version } from './version.ts'

/** Every module of the hub. Routes, version details, validation, owner checks and store keys come from here. */
export const MODULES: readonly Module[] = [
  credentials,
  locations,
  tariffs,
  tokens,
  sessions,
  cdrs,
  hubClientInfo,
]

/** The module with this id. */
export function moduleById(id: string): Module | undefined {
  return MODULES.find((module) => module.id === id)
}

export type Route = {
  module: Module
  name: string
  endpoint: Endpoint
  params: Readonly<Record<string, string>>
}
export type Match =
  { kind: 'route'; route: Route } | { kind: 'unknown' } | { kind: 'method'; allow: Method[] }

/**
 * Finds the endpoint of `/{sender|receiver}/{module}/…` or `/credentials` below a version.
 * `segments` are the percent-decoded parts after the version.
 */
export function matchRoute(input: {
  version: Version
  method: string
  segments: readonly string[]
}): Match {
  const place = placeOf(input.segments)
  if (!place) return { kind: 'unknown' }
  const allow: Method[] = []
  for (const [name, endpoint] of Object.entries(place.module.endpoints)) {
    if (place.side !== undefined && endpoint.interface !== place.side) continue
    if (!isIn(input.version, endpoint.since ?? place.module.since, endpoint.until)) continue
    const params = matchPath(endpoint.path, place.rest)
    if (!params) continue
    if (endpoint.method === input.method)
      return { kind: 'route', route: { module: place.module, name, endpoint, params } }
    if (!allow.includes(endpoint.method)) allow.push(endpoint.method)
  }
  return allow.length > 0 ? { kind: 'method', allow } : { kind: 'unknown' }
}

type Place = { module: Module; side: Interface | undefined; rest: readonly string[] }

function placeOf(segments: readonly string[]): Place | null {
  const [first, second, ...rest] = segments
  if (first === 'credentials') {
    const module = moduleById('credentials')
    return module && segments.length === 1 ? { module, side: undefined, rest: [] } : null
  }
  if ((first !== 'sender' && first !== 'receiver') || second === undefined) return null
  const module = moduleById(second)
  if (!module || module.id === 'credentials') return null
  return { module, side: first, rest }
}

function matchPath(path: string, segments: readonly string[]): Record<string, string> | null {
  const parts = path.split('/').filter((part) => part !== '')
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

function isIn(version: Version, since: Version, until: Version | undefined): boolean {
  const at = VERSIONS.indexOf(version)
  return at >= VERSIONS.indexOf(since) && (until === undefined || at <= VERSIONS.indexOf(until))
}

/** The endpoint list of version details (2.2.1 Version information endpoint): both interfaces the hub has. */
export function versionEndpoints(
  version: Version,
  baseUrl: string,
): { identifier: string; role: string; url: string }[] {
  return MODULES.flatMap((module) => {
    if (!isIn(version, module.since, undefined)) return []
    // Credentials are listed once, as SENDER (2.2.1 Endpoint class, NOTE).
    if (module.id === 'credentials')
      return [{ identifier: module.id, role: 'SENDER', url: `${baseUrl}/credentials` }]
    const sides = new Set(Object.values(module.endpoints).map((endpoint) => endpoint.interface))
    return [...sides].map((side) => ({
      identifier: module.id,
      role: side.toUpperCase(),
      url: `${baseUrl}/${side}/${module.id}`,
    }))
  })
}
