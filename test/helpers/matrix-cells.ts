// The cells of the matrix: one for every endpoint, version and condition, made out of the module tables.
import { MODULES } from '../../src/ocpi/registry.ts'
import type { Endpoint, Interface, Method, Module } from '../../src/ocpi/define.ts'
import { compareVersions } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { CONDITIONS, expected, expectedWithout } from './matrix.ts'
import type { Condition, Expected } from './matrix.ts'
import type { CastRole } from './matrix-cast.ts'

/** An endpoint in a version; those outside of MODULES look like a module of their own. */
export type Place = {
  name: string
  version: Version
  module: string
  interface: Interface
  method: Method
  path: string
  query: Readonly<Record<string, string>>
  /** Who asks, and who is asked through the hub. */
  caller: CastRole
  other: CastRole
}
export type Cell = { place: Place; condition: Condition | 'not in this version'; want: Expected }

/** Every cell of one version, those that cannot be included. */
export function cellsOf(version: Version): Cell[] {
  const outside = MODULES.flatMap((module) =>
    Object.entries(module.endpoints)
      .filter(([, endpoint]) => !isIn(version, module, endpoint))
      .map(([name, endpoint]) => placeOf(version, { module, name, endpoint })),
  )
  return [
    ...placesOf(version).flatMap((place) =>
      CONDITIONS.map((condition): Cell => {
        const { name, path } = place
        return { place, condition, want: expected({ name, version, path, condition }) }
      }),
    ),
    ...outside.map((place): Cell => {
      return { place, condition: 'not in this version', want: expectedWithout(place.name) }
    }),
  ]
}

/** Every endpoint of a version. */
export function placesOf(version: Version): Place[] {
  const inTables = MODULES.flatMap((module) =>
    Object.entries(module.endpoints)
      .filter(([, endpoint]) => isIn(version, module, endpoint))
      .map(([name, endpoint]) => placeOf(version, { module, name, endpoint })),
  )
  const more = { version, interface: 'sender', path: '', query: {}, other: 'EMSP' } as const
  const get = { ...more, method: 'GET', caller: 'CPO', module: 'versions' } as const
  return [
    ...inTables,
    { ...get, name: 'versions.list' },
    { ...get, name: 'versions.details' },
    { ...more, method: 'POST', caller: 'CPO', module: 'callbacks', name: 'callbacks.result' },
  ]
}

/** The names of all endpoints of the tables. */
export function endpointNames(): string[] {
  return MODULES.flatMap(({ id, endpoints }) =>
    Object.keys(endpoints).map((name) => `${id}.${name}`),
  )
}

function isIn(version: Version, module: Module, { since, until }: Endpoint): boolean {
  return (
    compareVersions(version, module.since) >= 0 &&
    (since === undefined || compareVersions(version, since) >= 0) &&
    (until === undefined || compareVersions(version, until) <= 0)
  )
}

function placeOf(
  version: Version,
  of: { module: Module; name: string; endpoint: Endpoint },
): Place {
  const { module, name, endpoint } = of
  const owners = castRoles(module.ownerRoles)
  const readers = castRoles(module.readerRoles)
  const [callers, others] =
    endpoint.interface === 'receiver' ? [owners, readers] : [readers, owners]
  const caller = callers[0] ?? 'CPO'
  return {
    name: `${module.id}.${name}`,
    version,
    module: module.id,
    interface: endpoint.interface,
    method: endpoint.method,
    path: endpoint.path,
    query: queryOf(endpoint),
    caller,
    other: others.find((role) => role !== caller) ?? 'EMSP',
  }
}

function castRoles(roles: readonly string[]): CastRole[] {
  return (['CPO', 'EMSP', 'PTP'] as const).filter((role) => roles.includes(role))
}

const QUERY: Readonly<Record<string, string>> = {
  date_from: '2020-01-01T00:00:00Z',
  duration: '60',
}

function queryOf({ requiredQuery = [] }: Endpoint): Record<string, string> {
  return Object.fromEntries(requiredQuery.map((name) => [name, QUERY[name] ?? '']))
}
