// Generated from the module table × versions: what OCPI says of every endpoint alike.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import Format from 'typebox/format'
import { LOCAL_HANDLERS } from '../../src/hub/local.ts'
import { childParam } from '../../src/hub/parse-body.ts'
import { MODULES, matchRoute } from '../../src/ocpi/registry.ts'
import { schemaFor } from '../../src/ocpi/validate.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const endpoints = VERSIONS.flatMap((version) =>
  MODULES.flatMap((module) =>
    Object.entries(module.endpoints).map(([name, endpoint]) => ({
      version,
      module,
      name,
      endpoint,
      title: `${version} ${module.id}.${name}`,
      place: module.id === 'credentials' ? module.id : `${endpoint.interface}/${module.id}`,
    })),
  ),
)

/** `/:country_code/:party_id/:id/:evse_uid?` → all the paths it stands for, filled in. */
function pathsOf(path: string): string[] {
  const parts = path.split('/').filter(Boolean)
  const needed = parts.filter((part) => !part.endsWith('?')).length
  const fill = (part: string) => {
    if (part === ':country_code') return 'NL'
    return part === ':party_id' ? 'TNM' : part.startsWith(':') ? 'X1' : part
  }
  const lengths = Array.from({ length: parts.length - needed + 1 }, (_, more) => needed + more)
  return lengths.map((length) => ['', ...parts.slice(0, length).map(fill)].join('/'))
}

const table = suite('module table')

for (const { version, module, name, endpoint, title, place } of endpoints) {
  table(`${title} has a route`, () => {
    for (const path of pathsOf(endpoint.path)) {
      const segments = `${place}${path}`.split('/')
      const match = matchRoute({ version, method: endpoint.method, segments })
      assert.is(match.kind, 'route', path)
      if (match.kind === 'route')
        assert.is(`${match.route.module.id}.${match.route.name}`, `${module.id}.${name}`)
    }
  })
  if (endpoint.routing === 'local')
    table(`${title} has a handler`, () => {
      assert.type(LOCAL_HANDLERS[`${module.id}.${name}`], 'function')
    })
  if (endpoint.body)
    table(`${title} has a schema for its body`, () => {
      assert.ok(endpoint.body && schemaFor(endpoint.body.schema, version))
    })
}

table('no handler is left over', () => {
  const local = endpoints.filter(({ endpoint }) => endpoint.routing === 'local')
  assert.equal(
    Object.keys(LOCAL_HANDLERS).sort(),
    [...new Set(local.map(({ module, name }) => `${module.id}.${name}`))].sort(),
  )
})

table('configuration modules are answered locally, functional ones never (62)', () => {
  for (const { module, endpoint, title } of endpoints)
    assert.is(endpoint.routing === 'local', module.kind === 'configuration', title)
})

table('children have a parameter of their own in every path that reaches them', () => {
  for (const { object, endpoints: own } of MODULES)
    for (const { list } of object?.children ?? [])
      assert.ok(
        Object.values(own).some(({ path }) => path.includes(`:${childParam(list)}`)),
        list,
      )
})

/** All formats named anywhere in a schema. An unregistered one lets everything pass. */
function formatsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(formatsIn)
  if (typeof value !== 'object' || value === null) return []
  const own = at(value, 'format')
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(formatsIn)]
}

table('every format in a schema is registered', () => {
  const formats = new Set(formatsIn(MODULES.map(({ endpoints: own, object }) => [own, object])))
  assert.ok(formats.size > 0)
  for (const format of formats) assert.ok(Format.Has(format), format)
})

table.run()

type State = { hub: TestHub; cpo: FakePartner; emsp: FakePartner }
const wire = suite<Partial<State>>('the table on the wire')

wire.before(async (state) => {
  state.hub = await startHub()
  state.cpo = await state.hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  state.emsp = await state.hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
})
wire.after(async ({ hub }) => hub?.close())

/** What `before` has made. */
function made(state: Partial<State>): State {
  const { hub, cpo, emsp } = state
  if (!hub || !cpo || !emsp) throw new Error('the hub did not start')
  return { hub, cpo, emsp }
}

const paths = new Map<string, { version: string; methods: Set<string> }>()
for (const { version, endpoint, place } of endpoints)
  for (const path of pathsOf(endpoint.path)) {
    const known = paths.get(place + path) ?? { version, methods: new Set() }
    known.methods.add(endpoint.method)
    paths.set(place + path, known)
  }

for (const [path, { version, methods }] of paths) {
  const others = METHODS.filter((method) => !methods.has(method))
  wire(`${version} /${path} answers ${others.join(', ')} with 405 and Allow`, async (state) => {
    const { cpo, hub } = made(state)
    for (const method of others) {
      const reply = await cpo.send(method, `${hub.url}/ocpi/${version}/${path}`)
      assert.is(reply.status, 405, method)
      assert.is(reply.code, 2001)
      assert.equal(new Set(String(reply.headers.allow).split(', ')), methods)
    }
  })
}

wire('version details list both interfaces of every functional module (34, 35)', async (state) => {
  const { cpo, hub } = made(state)
  for (const version of VERSIONS) {
    const { data } = await cpo.send('GET', `${hub.url}/ocpi/${version}`, { from: null })
    assert.is(at(data, 'version'), version)
    const listed = items(at(data, 'endpoints')).map(
      (each) => `${String(at(each, 'identifier'))} ${String(at(each, 'role'))}`,
    )
    const functional = MODULES.filter(({ kind }) => kind === 'functional').map(({ id }) => id)
    const expected = functional.flatMap((id) => [`${id} SENDER`, `${id} RECEIVER`])
    assert.equal(listed.sort(), [...expected, 'credentials SENDER', 'hubclientinfo SENDER'].sort())
    for (const each of items(at(data, 'endpoints')))
      assert.match(String(at(each, 'url')), `${hub.url}/ocpi/${version}/`)
  }
})

wire('versions list every version with the URL of its details (33)', async (state) => {
  const { cpo } = made(state)
  const { data } = await cpo.send('GET', 'versions', { from: null })
  assert.equal(
    items(data).map((each) => at(each, 'version')),
    [...VERSIONS],
  )
})

wire('a version that the hub does not speak is 404 with the envelope', async (state) => {
  const { cpo, hub } = made(state)
  for (const path of ['2.1.1', '9.9/sender/tariffs', 'versions/x', 'nothing']) {
    const reply = await cpo.send('GET', `${hub.url}/ocpi/${path}`)
    assert.is(reply.status, 404, path)
    assert.is(reply.code, 2001, path)
  }
})

wire('no routing header is sent to configuration modules (61)', async (state) => {
  const { hub } = made(state)
  const partner = await hub.invite({ parties: [{ party: 'FR-EMC', role: 'EMSP' }] })
  await partner.join()
  assert.equal(
    partner.got.map(({ place }) => place),
    ['versions', 'details'],
  )
  for (const { headers } of partner.got)
    assert.equal(
      Object.keys(headers).filter((name) => name.startsWith('ocpi-')),
      [],
    )
})

wire('routing headers on configuration modules route nothing (62)', async (state) => {
  const { cpo, emsp } = made(state)
  emsp.forget()
  for (const target of ['credentials', 'sender/hubclientinfo', 'versions']) {
    const reply = await cpo.send('GET', target, { to: 'DE-EMA' })
    assert.is(reply.code, 1000, target)
    assert.is(reply.headers['ocpi-from-party-id'], undefined)
    assert.is(reply.headers['ocpi-to-party-id'], undefined)
  }
  assert.equal(emsp.got, [])
})

wire.run()
