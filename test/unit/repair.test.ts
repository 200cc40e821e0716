import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evseIdKey, isEmi3, partyOfEvseId } from '../../src/ocpi/evse-id.ts'
import { feedItems } from '../../src/ocpi/feed-items.ts'
import { moduleById } from '../../src/ocpi/registry.ts'
import { isDoubtful, repair } from '../../src/ocpi/repair.ts'
import { judgeWithChildren, withoutChildren } from '../../src/ocpi/repair-children.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import { locationOf, tariffOf } from '../helpers/objects.ts'

type Json = Record<string, unknown>

function schemaOf(module: string) {
  const schema = schemaFor(moduleById(module)?.object?.schema ?? {}, '2.2.1')
  assert.ok(schema)
  return schema
}

const mendLocation = (more: Json) =>
  repair(locationOf('NL-TNM', 'L1', more), schemaOf('locations'), 'all')
const mendTariff = (more: Json) =>
  repair(tariffOf('NL-TNM', 'T1', more), schemaOf('tariffs'), 'all')

function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((current: unknown, name) => Reflect.get(Object(current), name), value)
}

function evseOf(more: Json, connector: Json = {}): Json {
  return {
    uid: 'E1',
    status: 'AVAILABLE',
    connectors: [
      {
        id: '1',
        standard: 'IEC_62196_T2',
        format: 'SOCKET',
        power_type: 'AC_3_PHASE',
        max_voltage: 230,
        max_amperage: 32,
        last_updated: '2026-01-01T00:00:00Z',
        ...connector,
      },
    ],
    last_updated: '2026-01-01T00:00:00Z',
    ...more,
  }
}

test('what needs no mend is given back as it is', () => {
  const value = locationOf('NL-TNM', 'L1')
  const mended = repair(value, schemaOf('locations'), 'all')
  assert.is(mended.value, value)
  assert.equal(mended.repairs, [])
})

const mends: [kind: string, more: Json, pointer: string, expected: unknown][] = [
  ['integer id', { id: 426959 }, '/id', '426959'],
  ['integer id', { evses: [evseOf({ evse_id: 143 })] }, '/evses/0/evse_id', '143'],
  ['integer id', { evses: [evseOf({}, { id: 1 })] }, '/evses/0/connectors/0/id', '1'],
  [
    'number as text',
    { evses: [evseOf({}, { max_voltage: '230' })] },
    '/evses/0/connectors/0/max_voltage',
    230,
  ],
  ['enum case', { evses: [evseOf({ status: 'available' })] }, '/evses/0/status', 'AVAILABLE'],
  [
    'enum case',
    { evses: [evseOf({}, { standard: 'IEC_60309_2_THREE_16' })] },
    '/evses/0/connectors/0/standard',
    'IEC_60309_2_three_16',
  ],
  [
    'time zone missing',
    { last_updated: '2026-10-10T00:03:46' },
    '/last_updated',
    '2026-10-10T00:03:46Z',
  ],
  [
    'time offset',
    { last_updated: '2026-10-08T00:37:26+00:00' },
    '/last_updated',
    '2026-10-08T00:37:26Z',
  ],
  [
    'time offset',
    { last_updated: '2026-10-08T02:37:26.5+02:00' },
    '/last_updated',
    '2026-10-08T00:37:26.500Z',
  ],
  [
    'coordinate as number',
    { coordinates: { latitude: 51.6158782, longitude: '0.10000' } },
    '/coordinates/latitude',
    '51.6158782',
  ],
  [
    'coordinate as number',
    { coordinates: { latitude: '51.00000', longitude: -1 } },
    '/coordinates/longitude',
    '-1.00000',
  ],
  ['object for list', { evses: [evseOf({ status_schedule: {} })] }, '/evses/0/status_schedule', []],
  ['null list item', { facilities: [null, 'HOTEL'] }, '/facilities', ['HOTEL']],
  [
    'text list',
    { directions: ['left of the gate'] },
    '/directions/0',
    { language: 'xx', text: 'left of the gate' },
  ],
]

for (const [kind, more, pointer, expected] of mends) {
  test(`${kind}: ${pointer} is mended for use`, () => {
    const { value, repairs } = mendLocation(more)
    assert.equal(valueAt(value, pointer), expected)
    assert.ok(repairs.some((one) => one.kind === kind && one.pointer.startsWith(pointer)))
    assert.equal(validate(schemaOf('locations'), value).hard, [])
    const kept = repair(locationOf('NL-TNM', 'L1', more), schemaOf('locations'), [])
    assert.equal(kept.repairs, [], 'nothing is mended that is not allowed')
  })
}

test('numbers as text and bare prices leave doubt about money, a price of zero does not', () => {
  const element = {
    price_components: [{ type: 'ENERGY', price: '0.4583', vat: '20.0000', step_size: 1 }],
  }
  const asText = mendTariff({ elements: [element] })
  assert.is(valueAt(asText.value, '/elements/0/price_components/0/price'), 0.4583)
  assert.ok(isDoubtful(asText.repairs))
  assert.ok(isDoubtful(mendTariff({ min_price: 2 }).repairs))
  const free = mendTariff({ min_price: 0 })
  assert.equal(valueAt(free.value, '/min_price'), { excl_vat: 0 })
  assert.not.ok(isDoubtful(free.repairs))
})

test('what could mean anything stays a fault', () => {
  for (const more of [
    { id: 1.5 },
    { id: true },
    { publish: 'true' },
    { evses: { E1: {} } },
    { evses: [evseOf({}, { max_voltage: '2e2' })] },
    { evses: [evseOf({}, { max_voltage: '230.5' })] },
    { evses: [evseOf({}, { max_voltage: '12345678901234567' })] },
  ]) {
    const { value, repairs } = mendLocation(more)
    assert.equal(repairs, [], JSON.stringify(more))
    assert.is.not(validate(schemaOf('locations'), value).hard.length, 0, JSON.stringify(more))
  }
  assert.equal(mendLocation({ evses: [evseOf({ status: 'preparing' })] }).repairs, [])
})

test('a child that cannot be used costs neither its brothers nor its parent', () => {
  const value = locationOf('NL-TNM', 'L1', {
    evses: [
      evseOf({ uid: undefined }),
      evseOf({ uid: 'none', connectors: [] }),
      evseOf({ uid: 'E3', last_updated: undefined }),
      evseOf({ uid: 'E4' }, { id: undefined }),
    ],
  })
  const plain = JSON.parse(JSON.stringify(value))
  const children = moduleById('locations')?.object?.children ?? []
  const verdict = judgeWithChildren({
    value: plain,
    verdict: validate(schemaOf('locations'), plain),
    children,
    version: '2.2.1',
  })
  assert.equal(verdict.hard, [])
  const pointers = verdict.soft.map(({ pointer }) => pointer)
  for (const pointer of [
    '/evses/0/uid',
    '/evses/1/connectors',
    '/evses/2/last_updated',
    '/evses/3/connectors/0/id',
    '/evses/3/connectors',
  ])
    assert.ok(pointers.includes(pointer), `${pointer} in ${pointers.join()}`)
  const left = withoutChildren(plain, verdict.unusable)
  assert.equal(valueAt(left, '/evses/length'), 1)
  assert.is(valueAt(left, '/evses/0/uid'), 'E3')
  assert.is(valueAt(plain, '/evses/length'), 4)
})

test('EVSE ids compare without separators and case, and name their operator', () => {
  assert.is(evseIdKey('nl*tnm*e1*2'), evseIdKey('NLTNME12'))
  assert.is(partyOfEvseId('NL*CKE*E1'), 'NL-CKE')
  assert.is(partyOfEvseId('nlblkeuvvf030002'), 'NL-BLK')
  assert.is(partyOfEvseId('NL.SPI.ECO01064*1'), 'NL-SPI')
  assert.is(partyOfEvseId('K0025957A*4'), null)
  assert.ok(isEmi3('NL*EFL*EV7770347*C1'))
  assert.not.ok(isEmi3('NL.SPI.ECO01064*1'))
  assert.not.ok(isEmi3('GB*CGY*E*00022'))
})

test('a feed is read as a list, an envelope, a recording, one object or lines', () => {
  const items = ['{"id":1.10}', '{"id": 2}']
  const list = `[${items.join(' , ')}]`
  for (const text of [
    list,
    `\uFEFF${list}`,
    `{"status_code":1000,"data":${list}}`,
    `{"data":{"locations":{"timestamp":"x","data":${list}},"tariffs":{"data":[{}]}}}`,
    `{"locations":${list}}`,
    `{"request":{"url":"u"},"response":{"status_code":200,"body":{"data":${list}}}}`,
    items.join('\n'),
    `\n${items.join('\r\n')}\n`,
  ])
    assert.equal(feedItems(text, 'locations'), items, text)
  assert.equal(feedItems('{"id":7,\n "name":"x"}', 'locations'), ['{"id":7,\n "name":"x"}'])
  assert.equal(feedItems('{"status_code":1000,"data":{"id":7}}', 'locations'), ['{"id":7}'])
  assert.equal(feedItems(`${items[0]}\n{"broken":\n${items[1]}`, 'locations'), [
    items[0],
    '{"broken":',
    items[1],
  ])
  for (const text of ['', '  ', 'nothing', '7', '"x"'])
    assert.is(feedItems(text, 'locations'), null, text)
})

test.run()
