import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { doneThrough } from '../../src/cli/conformance/check.ts'
import { differs } from '../../src/cli/conformance/compare.ts'
import type { Exchange } from '../../src/cli/conformance/exchange.ts'
import { breaches, timeFaults } from '../../src/cli/conformance/object-rules.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { WIRE_OBJECTS } from '../fixtures/wire-objects.ts'

const test = suite('rules of the certifier')
const NOW = Date.parse('2026-04-01T00:00:00Z')

function sample(
  kind: string,
  version: Version = '2.2.1',
  more: object = {},
): Record<string, unknown> {
  return { ...Object(WIRE_OBJECTS[kind]?.[version]), ...more }
}

function musts(
  module: string,
  object: Record<string, unknown>,
  version: Version = '2.2.1',
): string[] {
  return breaches(module, object, { version, nowMs: NOW, tariffs: null }).must.map(
    ({ pointer }) => pointer,
  )
}

test('through a hub nothing is learnt about a party that is away', () => {
  const exchange = {
    asked: { method: 'GET', url: 'http://h/', token: null, encoding: 'raw' },
    problem: null,
    status: 200,
    headers: {},
    code: 4003,
    message: 'not connected',
    data: null,
    faults: { envelope: null, type: null, ids: [], routing: null },
  } satisfies Exchange
  const outcome = (code: number, isHub: boolean) =>
    doneThrough({ ...exchange, code }, { isHub }).outcome
  assert.is(outcome(4003, true), 'skipped')
  assert.is(outcome(4001, true), 'skipped')
  assert.is(outcome(4003, false), 'fail')
  assert.is(outcome(4002, true), 'fail')
  assert.is(outcome(1000, true), 'pass')
})

test('objects that are in order break no rule', () => {
  for (const version of ['2.1.1', '2.2.1', '2.3.0'] as const)
    for (const kind of ['location', 'tariff', 'session', 'cdr', 'token']) {
      const object = { ...sample(kind, '2.2.1'), ...sample(kind, version) }
      assert.equal(musts(`${kind}s`, object, version), [], `${kind} ${version}`)
      assert.equal(timeFaults(object, NOW), [])
    }
})

test('what cannot be is found with its pointer', () => {
  const location = sample('location')
  assert.equal(musts('locations', { ...location, time_zone: 'Mars/Base' }), ['/time_zone'])
  const [evse] = Array.isArray(location['evses']) ? location['evses'] : []
  assert.equal(musts('locations', { ...location, evses: [evse, evse] }), ['/evses/1/uid'])
  const bare = { ...Object(evse), connectors: [] }
  assert.equal(musts('locations', { ...location, evses: [bare] }), ['/evses/0/connectors'])
  assert.equal(musts('tariffs', sample('tariff', '2.2.1', { currency: 'EURO' })), ['/currency'])
  assert.equal(musts('cdrs', sample('cdr', '2.2.1', { total_energy: 11 })), ['/total_energy'])
  assert.equal(musts('cdrs', sample('cdr', '2.2.1', { total_time: 3 })), ['/total_time'])
  assert.equal(musts('cdrs', sample('cdr', '2.2.1', { credit: true })), ['/credit_reference_id'])
  const early = { end_date_time: '2026-01-01T00:00:00Z' }
  assert.ok(musts('cdrs', sample('cdr', '2.2.1', early)).includes('/end_date_time'))
  const before = [
    { start_date_time: '2026-01-01T00:00:00Z', dimensions: [{ type: 'ENERGY', volume: 10 }] },
  ]
  assert.equal(musts('sessions', sample('session', '2.2.1', { charging_periods: before })), [
    '/charging_periods/0/start_date_time',
  ])
})

test('tariffs that nobody can look up are odd, not wrong', () => {
  const [evse] = Array.isArray(sample('location')['evses'])
    ? Object(sample('location')['evses'])
    : []
  const connector = { ...evse.connectors[0], tariff_ids: ['T9'] }
  const location = sample('location', '2.2.1', { evses: [{ ...evse, connectors: [connector] }] })
  const facts = { version: '2.2.1', nowMs: NOW, tariffs: new Set(['nl-tnm/t1']) } as const
  const { must, should } = breaches('locations', location, facts)
  assert.equal(
    [must.length, should.map(({ pointer }) => pointer)],
    [0, ['/evses/0/connectors/0/tariff_ids']],
  )
})

test('parents older than their parts and times to come', () => {
  const location = sample('location')
  const pointers = (object: Record<string, unknown>) =>
    timeFaults(object, NOW).map(({ pointer }) => pointer)
  assert.equal(pointers({ ...location, last_updated: '2020-01-01T00:00:00Z' }), ['/last_updated'])
  assert.equal(pointers(sample('tariff', '2.2.1', { last_updated: '2030-01-01T00:00:00Z' })), [
    '/last_updated',
  ])
})

test('comparing knows null, instants, empty lists and extra members', () => {
  assert.is(
    differs({ a: null, t: '2026-01-01T00:00:00Z', l: [] }, { t: '2026-01-01T00:00:00.000Z', b: 1 }),
    null,
  )
  assert.is(differs({ a: { b: [1, 2] } }, { a: { b: [1, 3] } }), '/a/b/1')
  assert.is(differs({ a: 1 }, {}), '/a')
  assert.is(differs({ a: 1 }, null), '')
})

test.run()
