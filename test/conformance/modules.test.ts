// Generated from the module table × versions: what OCPI says of every endpoint alike.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import Format from 'typebox/format'
import { present } from '../../src/assert.ts'
import { LOCAL_HANDLERS } from '../../src/hub/local.ts'
import { MODULES, endpointSide, matchRoute } from '../../src/ocpi/registry.ts'
import type { PartnerSide } from '../../src/ocpi/registry.ts'
import { schemaFor } from '../../src/ocpi/validate.ts'
import { VERSIONS, compareVersions } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const endpoints = VERSIONS.flatMap((version) =>
  MODULES.flatMap((module) =>
    Object.entries(module.endpoints).flatMap(([name, endpoint]) => {
      const { since = module.since, until = version } = endpoint
      if (compareVersions(version, since) < 0 || compareVersions(version, until) > 0) return []
      // A 2.1.1 partner's side tells which interface of the hub it sees.
      const side: PartnerSide =
        endpointSide(module.id, 'cpo') === endpoint.interface ? 'emsp' : 'cpo'
      return [
        {
          version,
          side,
          module,
          name,
          endpoint,
          title: `${version} ${module.id}.${name}`,
          place:
            version === '2.1.1' || module.id === 'credentials'
              ? module.id
              : `${endpoint.interface}/${module.id}`,
        },
      ]
    }),
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

for (const { version, side, module, name, endpoint, title, place } of endpoints) {
  table(`${title} has a route`, () => {
    for (const path of pathsOf(endpoint.path)) {
      const segments = `${place}${path}`.split('/')
      const match = matchRoute({ version, side, method: endpoint.method, segments })
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
    for (const { list, param } of object?.children ?? [])
      assert.ok(
        Object.values(own).some(({ path }) => path.includes(`:${param}`)),
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

type State = { hub: TestHub; cpo: FakePartner; emsp: FakePartner; partners: Partners }
/** A partner of each version; in 2.1.1 one of each side, because each sees its own half of the hub. */
type Partners = Readonly<Record<string, FakePartner>>
const wire = suite<Partial<State>>('the table on the wire')

wire.before(async (state) => {
  const hub = await startHub()
  state.hub = hub
  state.cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  state.emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
  state.partners = {
    '2.2.1': state.cpo,
    '2.3.0': await hub.connect({ parties: [{ party: 'NL-NEW', role: 'CPO' }], version: '2.3.0' }),
    'cpo/2.1.1': await hub.connect({
      parties: [{ party: 'NL-OLD', role: 'CPO' }],
      version: '2.1.1',
    }),
    'emsp/2.1.1': await hub.connect({
      parties: [{ party: 'DE-OLD', role: 'EMSP' }],
      version: '2.1.1',
    }),
  }
})
wire.after(async ({ hub }) => hub?.close())

/** What `before` has made. */
function made(state: Partial<State>): State {
  const { hub, cpo, emsp, partners } = state
  if (!hub || !cpo || !emsp || !partners) throw new Error('the hub did not start')
  return { hub, cpo, emsp, partners }
}

/** Where the details of a version stand below /ocpi: `2.2.1`, `cpo/2.1.1`. */
const baseOf = (version: Version, side: PartnerSide) =>
  version === '2.1.1' ? `${side}/${version}` : version

const paths = new Map<string, { base: string; methods: Set<string> }>()
for (const { version, side, endpoint, place } of endpoints)
  for (const path of pathsOf(endpoint.path)) {
    const base = baseOf(version, side)
    const full = `${base}/${place}${path}`
    const known = paths.get(full) ?? { base, methods: new Set() }
    known.methods.add(endpoint.method)
    paths.set(full, known)
  }

for (const [path, { base, methods }] of paths) {
  const others = METHODS.filter((method) => !methods.has(method))
  wire(`/${path} answers ${others.join(', ')} with 405 and Allow`, async (state) => {
    const { hub, partners } = made(state)
    for (const method of others) {
      const reply = await present(partners[base], base).send(method, `${hub.url}/ocpi/${path}`)
      assert.is(reply.status, 405, method)
      assert.is(reply.code, 2001)
      assert.equal(new Set(String(reply.headers.allow).split(', ')), methods)
    }
  })
}

for (const base of ['2.2.1', '2.3.0', 'cpo/2.1.1', 'emsp/2.1.1'])
  wire(`the details at /${base} list every module it has (34, 35, 37)`, async (state) => {
    const { hub, partners } = made(state)
    const partner = present(partners[base], base)
    const { data } = await partner.send('GET', `${hub.url}/ocpi/${base}`, { from: null })
    const version = present(
      VERSIONS.find((each) => base.endsWith(each)),
      'version',
    )
    assert.is(at(data, 'version'), version)
    const listed = items(at(data, 'endpoints')).map(
      (each) => `${String(at(each, 'identifier'))} ${String(at(each, 'role') ?? '-')}`,
    )
    const expected = MODULES.filter(({ since }) => compareVersions(version, since) >= 0).flatMap(
      ({ id, kind }) => {
        if (version === '2.1.1') return [`${id} -`]
        return kind === 'functional' ? [`${id} SENDER`, `${id} RECEIVER`] : [`${id} SENDER`]
      },
    )
    assert.equal(listed.sort(), expected.sort())
    for (const each of items(at(data, 'endpoints')))
      assert.ok(String(at(each, 'url')).startsWith(`${hub.url}/ocpi/${base}/`))
  })

wire('versions list every version with the URL of its details (33)', async (state) => {
  const { cpo } = made(state)
  const { data } = await cpo.send('GET', 'versions', { from: null })
  assert.equal(
    items(data)
      .map((each) => String(at(each, 'version')))
      .sort(),
    [...VERSIONS],
  )
})

wire('a version that the hub does not speak is 404 with the envelope', async (state) => {
  const { cpo, hub } = made(state)
  for (const path of ['2.0', '9.9/sender/tariffs', 'versions/x', 'nothing']) {
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
