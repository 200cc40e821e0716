// What a Location, EVSE or Connector becomes in a neighbouring version; rows L1 to L27 of the version differences.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Facts, Json, Kind } from '../../src/ocpi/adapt/define.ts'
import type { Version } from '../../src/ocpi/version.ts'

const facts: Facts = {
  owner: { country_code: 'NL', party_id: 'TNM' },
  timeZone: 'Europe/Amsterdam',
  receivedAt: '2026-07-01T12:00:00Z',
  aliases: { locations: { LOC1: 'NL-TNM-LOC1' }, tariffs: { T1: 'NL-TNM-T1' } },
}

type Case = { value: Json; from: Version; to: Version; kind?: Kind; partial?: boolean }

const run = ({ kind = 'location', ...rest }: Case) => {
  const { value, ...way } = rest
  return convert(value, { kind, facts, ...way })
}
const into = (one: Case) => {
  const converted = run(one)
  assert.ok(converted.ok, JSON.stringify(converted))
  return {
    value: converted.ok ? converted.value : {},
    lost: converted.losses.map((loss) => loss.pointer),
  }
}
const up = (value: Json, more: Partial<Case> = {}) =>
  into({ value, from: '2.1.1', to: '2.2.1', ...more })
const down = (value: Json, more: Partial<Case> = {}) =>
  into({ value, from: '2.2.1', to: '2.1.1', ...more })
const to221 = (value: Json, more: Partial<Case> = {}) =>
  into({ value, from: '2.3.0', to: '2.2.1', ...more })

const connector211 = {
  id: '1',
  standard: 'IEC_62196_T2',
  format: 'SOCKET',
  power_type: 'AC_3_PHASE',
  voltage: 230,
  amperage: 16,
  tariff_id: 'NL-TNM-T1',
  last_updated: '2026-07-01T10:00:00Z',
}
const connector221 = {
  id: '1',
  standard: 'IEC_62196_T2',
  format: 'SOCKET',
  power_type: 'AC_3_PHASE',
  max_voltage: 230,
  max_amperage: 16,
  tariff_ids: ['T1'],
  last_updated: '2026-07-01T10:00:00Z',
}
const shared = {
  address: 'Stationsplein 1',
  city: 'Utrecht',
  postal_code: '3511 ED',
  country: 'NLD',
  coordinates: { latitude: '52.089160', longitude: '5.109750' },
  last_updated: '2026-07-01T10:00:00Z',
}
const evse = (connectors: Json[], more: Json = {}): Json => ({
  uid: 'E1',
  status: 'AVAILABLE',
  connectors,
  last_updated: '2026-07-01T10:00:00Z',
  ...more,
})
const location211: Json = {
  id: 'NL-TNM-LOC1',
  type: 'ON_STREET',
  ...shared,
  time_zone: 'Europe/Amsterdam',
  evses: [evse([connector211])],
}
const location221: Json = {
  country_code: 'NL',
  party_id: 'TNM',
  id: 'LOC1',
  publish: true,
  parking_type: 'ON_STREET',
  ...shared,
  time_zone: 'Europe/Amsterdam',
  evses: [evse([connector221])],
}

test('a plain location goes up and down without a loss', () => {
  assert.equal(up(location211), { value: location221, lost: [] })
  assert.equal(down(location221), { value: location211, lost: [] })
})

test('L3: a type that later versions do not have is left out, and comes back as UNKNOWN', () => {
  const other = up({ ...location211, type: 'OTHER' })
  assert.equal([other.value['parking_type'], other.lost], [undefined, ['/type']])
  const unknown = up({ ...location211, type: 'UNKNOWN' })
  assert.equal([unknown.value['parking_type'], unknown.lost], [undefined, []])
  const { parking_type: _, ...untyped } = location221
  assert.is(down(untyped).value['type'], 'UNKNOWN')
  const driveway = down({ ...location221, parking_type: 'ON_DRIVEWAY' })
  assert.equal([driveway.value['type'], driveway.lost], ['OTHER', ['/parking_type']])
})

test('L4: a location that is not for everyone is withheld from 2.1.1', () => {
  const hidden = run({ value: { ...location221, publish: false }, from: '2.2.1', to: '2.1.1' })
  assert.is(hidden.ok, false)
  assert.is(!hidden.ok && hidden.pointer, '/publish')
  const patch = run({ value: { publish: false }, from: '2.2.1', to: '2.1.1', partial: true })
  assert.is(patch.ok, false)
})

test('L5, L6, L7: 2.1.1 gets a postal code, no state, and 45 characters of address', () => {
  const { postal_code: _, ...rest } = location221
  const made = down({ ...rest, state: 'UT', address: `${'é'.repeat(46)}` })
  assert.is(made.value['postal_code'], '-')
  assert.is(made.value['state'], undefined)
  assert.is(made.value['address'], 'é'.repeat(45))
  assert.equal(made.lost.sort(), ['/address', '/postal_code', '/state'])
})

test('L8: a location without time zone gets the one of its place', () => {
  const { time_zone: _, ...rest } = location211
  assert.equal(up(rest), { value: location221, lost: [] })
})

test('L9: coordinates have six decimals in 2.1.1, rounded on their text', () => {
  const rows = [
    ['52.08916', '52.089160', false],
    ['52.0891605', '52.089161', true],
    ['-0.0000005', '-0.000001', true],
    ['9.9999999', '10.000000', true],
    ['52.0891600', '52.089160', false],
  ] as const
  for (const [latitude, expected, isLost] of rows) {
    const made = down({ ...location221, coordinates: { latitude, longitude: '5.109750' } })
    assert.equal(made.value['coordinates'], { latitude: expected, longitude: '5.109750' })
    assert.equal(made.lost, isLost ? ['/coordinates/latitude'] : [])
  }
})

test('L10: opening times are regular hours or all the time in 2.1.1', () => {
  const regular_hours = [{ weekday: 1, period_begin: '08:00', period_end: '20:00' }]
  const later = { twentyfourseven: false, regular_hours }
  assert.equal(
    up({ ...location211, opening_times: { regular_hours } }).value['opening_times'],
    later,
  )
  assert.equal(down({ ...location221, opening_times: later }).value['opening_times'], {
    regular_hours,
  })
  const always = down({ ...location221, opening_times: { twentyfourseven: true, regular_hours } })
  assert.equal(always.value['opening_times'], { twentyfourseven: true })
  assert.equal(always.lost, ['/opening_times/regular_hours'])
})

test('L11: the source of an environmental impact is its category later', () => {
  const mix = (name: string) => ({
    is_green_energy: false,
    energy_sources: [{ source: 'SOLAR', percentage: 100 }],
    environ_impact: [{ [name]: 'CARBON_DIOXIDE', amount: 3 }],
  })
  assert.equal(
    up({ ...location211, energy_mix: mix('source') }).value['energy_mix'],
    mix('category'),
  )
  assert.equal(
    down({ ...location221, energy_mix: mix('category') }).value['energy_mix'],
    mix('source'),
  )
})

test('L12, L16, L22: what begins with 2.3.0 is left out and reported', () => {
  const newer = {
    ...location221,
    help_phone: '+31',
    parking_places: [{ id: 'P1' }],
    evses: [
      evse([{ ...connector221, capabilities: ['ISO_15118_2_PLUG_AND_CHARGE'] }], {
        parking: [{ parking_id: 'P1' }],
        accepted_service_providers: ['Example'],
      }),
    ],
  }
  const made = to221(newer)
  assert.equal(made.value, location221)
  assert.equal(made.lost.sort(), [
    '/evses/0/accepted_service_providers',
    '/evses/0/connectors/0/capabilities',
    '/evses/0/parking',
    '/help_phone',
    '/parking_places',
  ])
})

test('L13, L14, L15, L17: a connector has one tariff, one or three phases, and no power in 2.1.1', () => {
  const made = down(
    {
      ...connector221,
      power_type: 'AC_2_PHASE_SPLIT',
      tariff_ids: ['T1', 'T2'],
      max_electric_power: 11_000,
    },
    { kind: 'connector' },
  )
  assert.equal(made.value, { ...connector211, power_type: 'AC_1_PHASE' })
  assert.equal(made.lost.sort(), ['/max_electric_power', '/power_type', '/tariff_ids/1'])
})

test('L18: a plug without a name in the other version takes its connector and an empty EVSE along', () => {
  const plug = (standard: string) => ({ ...connector221, standard })
  const value = {
    ...location221,
    evses: [evse([plug('GBT_DC'), plug('CHADEMO')]), evse([plug('CHAOJI')], { uid: 'E2' })],
  }
  const made = down(value)
  assert.equal(made.value['evses'], [evse([{ ...connector211, standard: 'CHADEMO' }])])
  assert.equal(made.lost, ['/evses/0/connectors/0', '/evses/1/connectors/0', '/evses/1'])
  const nearest = to221(plug('SAE_J3400'), { kind: 'connector' })
  assert.equal([nearest.value['standard'], nearest.lost], ['TESLA_S', ['/standard']])
  for (const kind of ['connector', 'evse'] as const) {
    const one = kind === 'evse' ? evse([plug('MCS')]) : plug('MCS')
    assert.is(run({ value: one, kind, from: '2.3.0', to: '2.2.1' }).ok, false)
  }
  const upper = down(plug('IEC_60309_2_THREE_16'), { kind: 'connector' })
  assert.is(upper.value['standard'], 'IEC_60309_2_three_16')
})

test('L19, L20, L21: values of lists that the version does not have are dropped', () => {
  const lists = {
    capabilities: ['RFID_READER', 'PED_TERMINAL'],
    parking_restrictions: ['EV_ONLY', 'TAXIS'],
  }
  const value = {
    ...location221,
    facilities: ['TRAM_STOP', 'HOTEL', 'SAUNA'],
    evses: [evse([connector221], lists)],
  }
  const older = to221(value)
  assert.equal(older.value['facilities'], ['TRAM_STOP', 'HOTEL'])
  assert.equal(older.lost.sort(), ['/evses/0/parking_restrictions/1', '/facilities/2'])
  const oldest = into({ value, from: '2.3.0', to: '2.1.1' })
  assert.equal(oldest.value['facilities'], ['HOTEL'])
  assert.equal(oldest.value['evses'], [
    evse([connector211], { capabilities: ['RFID_READER'], parking_restrictions: ['EV_ONLY'] }),
  ])
})

test('open values of 2.3.0 that have a closed enum before become OTHER or are left out', () => {
  const image = (category: string) => ({ url: 'https://example.com/i', category, type: 'png' })
  const made = to221({
    ...location221,
    parking_type: 'ON_BOAT',
    images: [image('DRONE')],
    operator: { name: 'Example', logo: image('SHOP') },
    publish_allowed_to: [{ uid: 'U', type: 'EMAID' }],
  })
  assert.is(made.value['parking_type'], undefined)
  assert.equal(made.value['images'], [image('OTHER')])
  assert.equal(made.value['operator'], { name: 'Example', logo: image('OTHER') })
  assert.equal(made.value['publish_allowed_to'], [{ uid: 'U', type: 'OTHER' }])
})

test('T18: times have no fraction and always Z in 2.1.1', () => {
  const rows = [
    ['2026-07-01T10:00:00.123Z', '2026-07-01T10:00:00Z'],
    ['2026-07-01T10:00:00', '2026-07-01T10:00:00Z'],
    ['2026-07-01T10:00:00+02:00', '2026-07-01T08:00:00Z'],
    ['yesterday', 'yesterday'],
  ] as const
  for (const [last_updated, expected] of rows) {
    assert.is(down({ ...location221, last_updated }).value['last_updated'], expected)
  }
})

test('T23, L27: a PATCH is renamed and nothing is filled in but the time of receipt', () => {
  const patch = up({ voltage: 400, tariff_id: 'NL-TNM-T1' }, { kind: 'connector', partial: true })
  assert.equal(patch.value, {
    max_voltage: 400,
    tariff_ids: ['T1'],
    last_updated: '2026-07-01T12:00:00Z',
  })
  const back = down({ max_voltage: 400 }, { kind: 'connector', partial: true })
  assert.equal(back, { value: { voltage: 400 }, lost: [] })
  assert.equal(down({ name: 'New' }, { partial: true }), { value: { name: 'New' }, lost: [] })
  assert.equal(up({ type: 'ON_STREET', last_updated: 'x' }, { partial: true }).value, {
    parking_type: 'ON_STREET',
    last_updated: 'x',
  })
})

test.run()
