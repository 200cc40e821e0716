import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as check from 'uvu/assert'
import { completeFeed, connectorPowerKw, partyOfEvseId } from '../../src/sandbox/feed-places.ts'
import { readStays } from '../../src/sandbox/feed-sessions.ts'
import { readObjects, readText } from '../../src/sandbox/feeds.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

const NORWAY = `session_ID;Garage_ID;User_ID;User_type;Shared_ID;Start_plugin;Start_plugin_hour;End_plugout;End_plugout_hour;El_kWh;Duration_hours;month_plugin;weekdays_plugin
1;AdO3;AdO3-4;Private;NA;21.12.2018 10:20;10;21.12.2018 10:23;10;0,3;0,05;Dec;Friday
2;AdO3;AdO3-4;Private;NA;21.12.2018 10:24;10;21.12.2018 10:24;10;0,87;0,13;Dec;Friday
3;AdO3;AdO3-4;Private;NA;21.12.2018 11:33;11;NA;NA;29,87;8,2;Dec;Friday
4;AdO3;AdO3-2;Private;NA;31.01.2020 16:15;16;31.01.2020 23:53;23;;7,6;Jan;Friday
`

const EPFL = `Session,CCS,Arrival,Departure,Stay (min),Energy (Wh),Pmax (W),TotalCapacity
278,CCS1,2022-08-11T23:33:00,2022-08-11T23:37:00,5,9632,168393,79140
897,CCS1,2023-04-22T09:46:00,2023-04-22T09:50:00,5,3993,87201,75200
`

test('an array, an envelope and lines are the same feed', () => {
  const objects = [{ id: 'a' }, { id: 'b' }]
  const forms = [
    JSON.stringify(objects),
    JSON.stringify({ data: objects, status_code: 1000 }),
    `${objects.map((one) => JSON.stringify(one)).join('\n')}\n`,
  ]
  for (const form of forms) check.equal(readObjects(form), { objects, unread: 0 })
})

test('a broken line of NDJSON is counted, a file of something else is refused', () => {
  check.equal(readObjects('{"id":"a"}\n{"id":\n{"id":"b"}\n').unread, 1)
  check.throws(() => readObjects('<html>not a feed</html>'), /NDJSON/)
})

test('gzip is told by its first bytes, not by the name', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'sandbox-feeds-'))
  try {
    const file = path.join(folder, 'plain.json')
    await writeFile(file, gzipSync('[{"id":"æ"}]'))
    check.is(await readText(file), '[{"id":"æ"}]')
    await writeFile(file, '[]')
    check.is(await readText(file), '[]')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an evse_id names its party with stars, without, and in lower case', () => {
  check.is(partyOfEvseId('NL*EFL*EV7770347*C1'), 'NL-EFL')
  check.is(partyOfEvseId('NLALLEGO0113741'), 'NL-ALL')
  check.is(partyOfEvseId('nl*cke*e123'), 'NL-CKE')
  check.is(partyOfEvseId('NL.SPI.ECO01064*1'), undefined)
  check.is(partyOfEvseId(''), undefined)
})

test('rows without an end, or that end when they start, are not used', () => {
  const read = readStays(NORWAY, NOW)
  check.is(read.rowCount, 4)
  check.is(read.unusableCount, 2)
  check.is(read.withoutEnergyCount, 1)
  check.equal(
    read.stays.map((stay) => stay.energy),
    [300_000, 0],
  )
})

test('sessions move by whole weeks and keep weekday, local hour and length', () => {
  const { stays, shiftedWeeks } = readStays(NORWAY, NOW)
  const [first, last] = stays
  check.ok(last && last.endMs < NOW && last.endMs > NOW - 7 * 86_400_000)
  // 21 December 2018, 10:20 in Oslo, a Friday in winter: 09:20 UTC; its new date may be in summer.
  const moved = new Date(first?.startMs ?? 0)
  check.is(moved.getUTCDay(), 5)
  check.is((first?.endMs ?? 0) - (first?.startMs ?? 0), 3 * 60_000)
  check.is(
    new Intl.DateTimeFormat('nb', { timeZone: 'Europe/Oslo', timeStyle: 'short' }).format(moved),
    '10:20',
  )
  check.is(shiftedWeeks, 355)
})

test('fast charging sessions have ISO times and watt-hours', () => {
  const read = readStays(EPFL, NOW)
  check.equal(
    read.stays.map((stay) => stay.energy),
    [9_632_000, 3_993_000],
  )
  check.is(read.unusableCount, 0)
  check.throws(() => readStays('a,b\n1,2\n', NOW), /Start_plugin/)
})

test('the power of a connector is the lower of what it claims and what its wires allow', () => {
  const three = { power_type: 'AC_3_PHASE', max_voltage: 230, max_amperage: 16 }
  check.is(connectorPowerKw(three), 11.04)
  check.is(connectorPowerKw({ ...three, max_electric_power: 7400 }), 7.4)
  check.is(connectorPowerKw({ ...three, max_electric_power: 11_040_000 }), 11.04)
  check.ok(connectorPowerKw({ ...three, max_voltage: 400 }) < 11.1)
  check.is(connectorPowerKw({}), 0)
})

const CONNECTOR = {
  id: '1',
  power_type: 'AC_3_PHASE',
  max_voltage: 230,
  max_amperage: 16,
  tariff_ids: ['t'],
}

function place(evseId: string, connector: object = CONNECTOR) {
  const evses = [{ uid: 'u', evse_id: evseId, status: 'AVAILABLE', connectors: [connector] }]
  return {
    id: `at ${evseId}`,
    country: 'NLD',
    last_updated: '2026-06-07T00:00:00Z',
    evses,
    publish: null,
  }
}

const TARIFF = {
  id: 't',
  country_code: 'US',
  party_id: 'TSL',
  currency: 'EUR',
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.4, vat: null, step_size: 1 }],
      restrictions: null,
    },
  ],
  last_updated: '2026-06-07T00:00:00Z',
}

test('the loader supplies owner, publish and time zone, and says so', () => {
  const feed = completeFeed([place('NL*TSL*E1'), place('NL.SPI.E1')], [TARIFF])
  const bodies = feed.locations.map((location) => location.body)
  check.equal(
    bodies.map((body) => `${String(body['country_code'])}-${String(body['party_id'])}`),
    ['NL-TSL', 'NL-XXF'],
  )
  check.equal(
    bodies.map((body) => [body['publish'], body['time_zone']]),
    [
      [true, 'Europe/Amsterdam'],
      [true, 'Europe/Amsterdam'],
    ],
  )
  const counts = Object.fromEntries(feed.supplied.map((one) => [one.what, one.count]))
  check.is(counts['location owner out of an evse_id'], 1)
  check.is(counts['location owner NL-XXF (Fallback operator): no evse_id names one'], 1)
  check.is(counts['publish true'], 2)
})

test('a tariff keeps its own party, and a connector finds it by its id', () => {
  const feed = completeFeed([place('NL*TSL*E1')], [TARIFF])
  check.equal(
    feed.places.map((one) => one.tariffKey),
    ['US-TSL/t'],
  )
})

test('connectors without a known, single, priceable tariff take no session', () => {
  const tariff = {
    ...TARIFF,
    elements: [{ ...TARIFF.elements[0], restrictions: { max_power: 11 } }],
  }
  const without = (connector: object, tariffs: object[] = [TARIFF]) =>
    completeFeed(
      [place('NL*TSL*E1', connector)],
      tariffs.map((one) => ({ ...one })),
    ).places.length
  check.is(without({ ...CONNECTOR, tariff_ids: null }), 0)
  check.is(without({ ...CONNECTOR, tariff_ids: ['gone'] }), 0)
  check.is(without({ ...CONNECTOR, tariff_ids: ['t', 'gone'] }), 0)
  check.is(without(CONNECTOR, [tariff]), 0)
  check.is(without(CONNECTOR, [TARIFF, { ...TARIFF, party_id: 'EVT' }]), 0)
  check.is(without(CONNECTOR), 1)
})

test.run()
