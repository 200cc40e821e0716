import * as assert from 'uvu/assert'
import type { BySince } from '../../src/ocpi/define.ts'
import { commandResult } from '../../src/ocpi/modules/command-schemas.ts'
import { credentialsObject } from '../../src/ocpi/modules/credentials.ts'
import { bodyOf, matchRoute, replyOf } from '../../src/ocpi/registry.ts'
import type { Carried, Route } from '../../src/ocpi/registry.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { items } from './ask.ts'
import type { Reply } from './ask.ts'
import type { FakePartner, SendOptions } from './fake-partner.ts'
import type { Got } from './fake-partner-wire.ts'
import { memberNames } from './generate-ocpi-schemas.ts'
import { addresses } from './versions.ts'

const COMMAND_RESULT: Carried = { kind: 'commandResult', list: false, schema: commandResult }
const CREDENTIALS: Carried = { kind: undefined, list: false, schema: credentialsObject }
const pagesMax = 20

/**
 * Everything a partner got since it was heard last, oldest first, after each of it was held against the partner's own
 * version: the place, the headers, the body without any fault and without words of other versions.
 */
export function heard(partner: FakePartner): Got[] {
  const got = partner.got.splice(0)
  for (const each of got) assertUnderstood(partner, each)
  return got
}

/** What it got at a place, with the rest as in `heard`. */
export function heardAt(partner: FakePartner, place: string): Got[] {
  return heard(partner).filter((got) => got.place === place)
}

/** Sends a request that must succeed and holds the answer against the partner's version. */
export async function asked(
  partner: FakePartner,
  request: { method: string; target: string } & SendOptions,
): Promise<Reply> {
  const { method, target, ...options } = request
  const reply = await partner.send(method, target, options)
  const told = `${partner.version} ${method} ${target} ${reply.text}`
  assert.is(reply.code, 1000, told)
  if (partner.version === '2.1.1') assert.is(addresses(reply.headers), '', told)
  if (target.startsWith('http')) return reply
  const route = routeOf({ partner, method, path: target, by: 'partner' })
  const carried = route && replyOf(route)
  if (!carried) return reply
  const data = carried.list ? items(reply.data) : [reply.data]
  for (const value of data) assertValid({ version: partner.version, carried, value })
  return reply
}

/** All pages of a list of the hub, each object held against the partner's version. */
export async function pulled(
  partner: FakePartner,
  list: { module: string; hub: string; query?: Readonly<Record<string, string>> },
): Promise<{ text: string; objects: unknown[] }> {
  const target = `sender/${list.module}`
  const first = await asked(partner, {
    method: 'GET',
    target,
    to: list.hub,
    query: list.query ?? {},
  })
  const pages = [first]
  const route = routeOf({ partner, method: 'GET', path: target, by: 'partner' })
  const carried = route && replyOf(route)
  assert.ok(carried, target)
  for (let next = nextOf(first); next !== undefined && pages.length < pagesMax;) {
    const page = await asked(partner, { method: 'GET', target: next, to: list.hub })
    for (const value of items(page.data)) assertValid({ version: partner.version, carried, value })
    pages.push(page)
    next = nextOf(page)
  }
  return {
    text: pages.map((page) => page.text).join('\n'),
    objects: pages.flatMap((page) => items(page.data)),
  }
}

function nextOf(page: Reply): string | undefined {
  return /<([^>]+)>;\s*rel="?next/.exec(String(page.headers.link ?? ''))?.[1]
}

/** The endpoint of a path `sender/tokens/…`, at the hub (`by: partner`) or at the partner (`by: hub`). */
function routeOf(request: {
  partner: FakePartner
  method: string
  path: string
  by: 'partner' | 'hub'
}): Route | null {
  const { partner, method, path, by } = request
  const [side = '', ...rest] = path.split('?')[0]?.split('/').filter(Boolean) ?? []
  const isOld = partner.version === '2.1.1'
  const isCpo = partner.parties.some(({ role }) => role === 'CPO')
  const match = matchRoute({
    version: partner.version,
    method,
    segments: isOld ? rest : [side, ...rest].map(decodeURIComponent),
    // The URLs of the partner have the modules that those of the hub have for the other side.
    side: isCpo === (by === 'partner') ? 'cpo' : 'emsp',
  })
  if (match.kind !== 'route') return null
  assert.is(match.route.endpoint.interface, side, `${method} ${path}`)
  return match.route
}

function assertUnderstood(partner: FakePartner, got: Got): void {
  const { version } = partner
  const told = `${version} ${partner.party} got ${got.method} ${got.path} ${got.body}`
  const carried = carriedTo(partner, got)
  if (got.place !== 'cb' && got.place !== 'versions') assert.is(got.version, version, told)
  const isRouted = got.place === 'cb' || got.place.includes('/')
  if (version === '2.1.1') {
    assert.is(addresses(got.headers), '', told)
    assert.is(got.headers.authorization, `Token ${partner.expects}`, told)
  } else if (isRouted) assert.match(addresses(got.headers), `to ${partner.party} from `, told)
  if (got.body === '') return
  assert.ok(carried, told)
  assertValid({ version, carried, value: got.json, patch: got.method === 'PATCH' })
}

function carriedTo(partner: FakePartner, got: Got): Carried | null {
  if (got.place === 'versions' || got.place === 'details') return null
  if (got.place === 'credentials') return CREDENTIALS
  if (got.place === 'cb') return COMMAND_RESULT
  const path = `${got.place}${got.rest}`
  const route = routeOf({ partner, method: got.method, path, by: 'hub' })
  assert.ok(route, `${partner.version} has no ${got.method} ${path}`)
  return bodyOf(route)
}

function assertValid(input: {
  version: Version
  carried: Carried
  value: unknown
  patch?: boolean
}): void {
  const { version, carried, value, patch } = input
  const schema = schemaOf(carried.schema, version)
  const faults = validate(schema, value, patch === true)
  const text = JSON.stringify(value)
  assert.equal(faults, { hard: [], soft: [] }, `${version} ${carried.kind ?? ''} ${text}`)
  if (carried.kind === undefined) return
  const own = memberNames(carried.kind, version)
  for (const other of VERSIONS) {
    const foreign = [...memberNames(carried.kind, other)].filter((name) => !own.has(name))
    const found = foreign.filter((name) => text.includes(`"${name}":`))
    assert.equal(found, [], `${version} ${carried.kind} in words of ${other}: ${text}`)
  }
}

function schemaOf(bySince: BySince, version: Version) {
  const schema = schemaFor(bySince, version)
  assert.ok(schema, `no schema in ${version}`)
  return schema
}
