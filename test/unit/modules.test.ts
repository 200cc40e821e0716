import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TSchema } from 'typebox'
import { present } from '../../src/assert.ts'
import type { BySince, Endpoint } from '../../src/ocpi/define.ts'
import { clientInfo } from '../../src/ocpi/modules/hub-client-info.ts'
import { versionDetails, versionList } from '../../src/ocpi/modules/versions.ts'
import { MODULES, moduleById } from '../../src/ocpi/registry.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../src/ocpi/validate.ts'
import { VERSIONS, compareVersions } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { WIRE_OBJECTS } from '../fixtures/wire-objects.ts'

/** What the bodies and answers without a kind are. */
const NAMES: Readonly<Record<string, string>> = {
  'credentials.get.reply': 'credentials',
  'credentials.register.body': 'credentials',
  'hubclientinfo.clients.reply': 'clientInfo',
  'sessions.chargingPreferences.body': 'chargingPreferences',
  'sessions.chargingPreferences.reply': 'chargingPreferencesResponse',
  'commands.other.body': 'anyCommand',
  'chargingprofiles.get.reply': 'chargingProfileResponse',
  'chargingprofiles.get.responseUrl': 'activeChargingProfileResult',
  'chargingprofiles.put.body': 'setChargingProfile',
  'chargingprofiles.put.responseUrl': 'chargingProfileResult',
  'chargingprofiles.update.body': 'activeChargingProfile',
  'invoicereconciliation.post.body': 'invoiceReconciliationRecord',
  'payments.terminals.reply': 'terminal',
  'payments.activate.body': 'namelessTerminal',
  'payments.postTerminal.body': 'newTerminal',
  'payments.confirmations.reply': 'financialAdviceConfirmation',
  'Booking.list.reply': 'booking',
  'Booking.request.body': 'bookingRequest',
  'Booking.bookingLocations.reply': 'bookingLocation',
  'Booking.calendar.reply': 'calendar',
}

type Shape = { place: string; name: string | undefined; since: Version; schema: BySince }

/** Everything that the table says has a shape. */
const shapes: Shape[] = MODULES.flatMap(({ id, since, object, endpoints }) => [
  ...(object?.children ?? []).map(({ kind, schema, list }) => ({
    place: `${id}.${list}`,
    name: kind,
    since,
    schema,
  })),
  ...Object.entries(endpoints).flatMap(([name, endpoint]) =>
    partsOf(endpoint).map(({ part, kind, schema }) => {
      const place = `${id}.${name}.${part}`
      return { place, name: kind ?? NAMES[place], since: endpoint.since ?? since, schema }
    }),
  ),
])

function partsOf({ body, reply, responseUrl }: Endpoint) {
  return [
    ...(body ? [{ part: 'body', kind: body.kind, schema: body.schema }] : []),
    ...(reply ? [{ part: 'reply', kind: reply.kind, schema: reply.schema }] : []),
    ...(responseUrl
      ? [{ part: 'responseUrl', kind: responseUrl.kind, schema: responseUrl.schema }]
      : []),
  ]
}

/** The example of a kind in a version: its own or the newest before it. */
function exampleOf(name: string, version: Version): unknown {
  const examples = WIRE_OBJECTS[name] ?? {}
  const known = VERSIONS.filter(
    (each) => compareVersions(each, version) <= 0 && examples[each] !== undefined,
  ).at(-1)
  return known === undefined ? undefined : examples[known]
}

const schemas = suite('schemas')

/** One shape may stand in several places; one of them gives the name. */
const nameOf = (schema: TSchema, version: Version): string | undefined =>
  shapes.find((shape) => shape.name && schemaFor(shape.schema, version) === schema)?.name

const seen = new Set<TSchema>()
for (const { place, since, schema } of shapes)
  for (const version of VERSIONS.filter((each) => compareVersions(each, since) >= 0)) {
    const own = schemaFor(schema, version)
    if (!own) throw new Error(`${place} has no schema in ${version}`)
    if (seen.has(own)) continue
    seen.add(own)
    const name = present(nameOf(own, version), `name of ${place}`)
    checkSchema(`${version} ${name}`, own, exampleOf(name, version))
  }
for (const version of VERSIONS) {
  const own = present(schemaFor(versionDetails, version), 'schema')
  checkSchema(`${version} versionDetails`, own, exampleOf('versionDetails', version))
}

function checkSchema(title: string, schema: TSchema, example: unknown): void {
  schemas(`${title}: the example is in order`, () => {
    assert.ok(example !== undefined)
    assert.equal(validate(schema, example), { hard: [], soft: [] })
  })
  if (!isRecord(example)) return
  schemas(`${title}: a member that is not named is kept and no fault`, () => {
    assert.equal(validate(schema, { ...example, colour: 'green' }), { hard: [], soft: [] })
  })
  const required: unknown = Reflect.get(schema, 'required')
  for (const member of Array.isArray(required) ? required.map(String) : [])
    schemas(`${title}: without ${member} it is refused with the pointer`, () => {
      const { [member]: _gone, ...rest } = example
      const { hard } = validate(schema, rest)
      assert.equal(hard, [{ pointer: `/${member}`, message: 'is required' }])
      assert.equal(validate(schema, dropNulls({ ...example, [member]: null })).hard, hard)
      assert.equal(validate(schema, rest, true).hard, [])
    })
}

schemas('every example is used', () => {
  const used = new Set([...shapes.map(({ name }) => name), 'versionDetails'])
  assert.equal(
    Object.keys(WIRE_OBJECTS).filter((name) => !used.has(name)),
    [],
  )
})

schemas('a versions list of any versions is in order', () => {
  const url = 'https://partner.example/ocpi'
  const value = [
    { version: '2.2.1', url },
    { version: '3.1', url },
  ]
  assert.equal(validate(versionList, value), { hard: [], soft: [] })
})

schemas.run()

const differences = suite('differences between versions')

const locationWith = (path: readonly (string | number)[], member: string, value: unknown) => {
  const copy: unknown = structuredClone(WIRE_OBJECTS.location?.['2.2.1'])
  const target = path.reduce<unknown>(
    (inside, step) =>
      typeof inside === 'object' && inside ? Reflect.get(inside, step) : undefined,
    copy,
  )
  if (typeof target === 'object' && target) Reflect.set(target, member, value)
  return copy
}

const logo = { url: 'https://partner.example/logo.png', category: 'ICON', type: 'png' }
const impact = { is_green_energy: true, environ_impact: [{ category: 'METHANE', amount: 1 }] }
const OPENED: readonly [string, unknown][] = [
  ['/parking_type', locationWith([], 'parking_type', 'HELIPAD')],
  ['/facilities/0', locationWith([], 'facilities', ['SPA'])],
  ['/images/0/category', locationWith([], 'images', [logo])],
  ['/operator/logo/category', locationWith([], 'operator', { name: 'X', logo })],
  ['/energy_mix/environ_impact/0/category', locationWith([], 'energy_mix', impact)],
  ['/evses/0/capabilities/0', locationWith(['evses', 0], 'capabilities', ['FLYING'])],
  ['/evses/0/parking_restrictions/0', locationWith(['evses', 0], 'parking_restrictions', ['X'])],
  [
    '/evses/0/connectors/0/standard',
    locationWith(['evses', 0, 'connectors', 0], 'standard', 'NLTNM_PLUG'),
  ],
]

for (const [pointer, location] of OPENED)
  differences(`${pointer} takes any value since 2.3.0 (11)`, () => {
    const bySince = present(moduleById('locations')?.object, 'object').schema
    const judged = (version: Version) =>
      validate(present(schemaFor(bySince, version), 'schema'), location)
    assert.equal(
      judged('2.2.1').soft.map((fault) => fault.pointer),
      [pointer],
    )
    assert.equal(judged('2.3.0'), { hard: [], soft: [] })
  })

differences('tokens of other types are open since 2.3.0, EMAID among the named (11)', () => {
  const bySince = present(moduleById('tokens')?.object, 'object').schema
  const token = exampleOf('token', '2.3.0')
  assert.ok(isRecord(token))
  for (const type of ['EMAID', 'NFC']) {
    const judged = (version: Version) =>
      validate(present(schemaFor(bySince, version), 'schema'), { ...token, type })
    assert.equal(judged('2.2.1').hard, [])
    assert.is(judged('2.2.1').soft.length, 1)
    assert.equal(judged('2.3.0'), { hard: [], soft: [] })
  }
})

differences('closed enums stay closed in 2.3.0', () => {
  const bySince = present(moduleById('tariffs')?.object, 'object').schema
  const tariff = exampleOf('tariff', '2.3.0')
  assert.ok(isRecord(tariff))
  const schema = present(schemaFor(bySince, '2.3.0'), 'schema')
  const { soft } = validate(schema, { ...tariff, tax_included: 'MAYBE' })
  assert.equal(soft, [{ pointer: '/tax_included', message: 'must be one of YES, NO, N/A' }])
})

differences('an object of the neighbour version is no object of this one', () => {
  for (const [name, module] of [
    ['location', 'locations'],
    ['session', 'sessions'],
    ['token', 'tokens'],
  ] as const) {
    const bySince = present(moduleById(module)?.object, 'object').schema
    const schema = (version: Version) => present(schemaFor(bySince, version), 'schema')
    assert.ok(validate(schema('2.2.1'), exampleOf(name, '2.1.1')).hard.length > 0, name)
    assert.ok(validate(schema('2.1.1'), exampleOf(name, '2.2.1')).hard.length > 0, name)
  }
})

differences('prices have the members of their version', () => {
  const schema = present(
    schemaFor(present(moduleById('sessions')?.object, 'object').schema, '2.3.0'),
    'schema',
  )
  assert.equal(validate(schema, exampleOf('session', '2.2.1')).hard, [
    { pointer: '/total_cost/before_taxes', message: 'is required' },
  ])
})

differences('reservation_id is a number in 2.1.1 and text afterwards', () => {
  const bySince = present(moduleById('commands')?.endpoints.reserveNow?.body, 'body').schema
  const before = validate(present(schemaFor(bySince, '2.2.1'), 'schema'), {
    ...Object(exampleOf('reserveNow', '2.2.1')),
    reservation_id: 7,
  })
  assert.equal(
    before.hard.map(({ pointer }) => pointer),
    ['/reservation_id'],
  )
})

differences('HUB is a role in 2.2.1 only, PTP since 2.3.0 (59)', () => {
  const example = exampleOf('clientInfo', '2.3.0')
  assert.ok(isRecord(example))
  const judged = (version: Version, role: string) =>
    validate(present(schemaFor(clientInfo, version), 'schema'), { ...example, role }).soft
  assert.equal(judged('2.2.1', 'HUB'), [])
  assert.equal(judged('2.3.0', 'PTP'), [])
  assert.is(judged('2.3.0', 'HUB')[0]?.pointer, '/role')
  assert.is(judged('2.2.1', 'PTP')[0]?.pointer, '/role')
})

differences.run()
