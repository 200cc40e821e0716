import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Conversion, Facts, Json } from '../../src/ocpi/adapt/define.ts'
import { sessions } from '../../src/ocpi/modules/sessions.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'
import {
  cpo,
  driverCdrToken,
  driverToken,
  frozen,
  sessionLocation,
  storedLocation,
} from '../helpers/adapt-samples.ts'

const facts: Facts = frozen({ owner: cpo, token: driverToken, location: storedLocation })

const old: Json = frozen({
  id: 'S1',
  start_datetime: '2024-01-01T10:00:00Z',
  end_datetime: '2024-01-01T11:00:00Z',
  kwh: 5.5,
  auth_id: 'DE-MSP-C1',
  auth_method: 'WHITELIST',
  location: sessionLocation,
  currency: 'EUR',
  charging_periods: [
    { start_date_time: '2024-01-01T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: 5.5 }] },
  ],
  total_cost: 2.5,
  status: 'COMPLETED',
  last_updated: '2024-01-01T11:00:00Z',
})

const session: Json = frozen({
  ...cpo,
  id: 'S1',
  start_date_time: '2024-01-01T10:00:00Z',
  end_date_time: '2024-01-01T11:00:00Z',
  kwh: 5.5,
  cdr_token: driverCdrToken,
  auth_method: 'WHITELIST',
  location_id: 'L1',
  evse_uid: 'E1',
  connector_id: '1',
  currency: 'EUR',
  charging_periods: [
    { start_date_time: '2024-01-01T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: 5.5 }] },
  ],
  total_cost: { excl_vat: 2.5 },
  status: 'COMPLETED',
  last_updated: '2024-01-01T11:00:00Z',
})

type Options = { from: Version; to: Version } & Partial<Conversion>

/** The converted value with the pointers of what was lost. */
const run = (value: Json, options: Options): { value: Json; lost: string[] } => {
  const result = convert(frozen(value), { kind: 'session', facts, ...options })
  assert.ok(result.ok, result.ok ? '' : `withheld: ${result.pointer} ${result.reason}`)
  return {
    value: result.ok ? result.value : {},
    lost: result.losses.map((loss) => loss.pointer),
  }
}

const withheldAt = (value: Json, options: Options): string | false => {
  const result = convert(value, { kind: 'session', facts, ...options })
  return !result.ok && result.pointer
}

const isValid = (value: Json, version: Version): void => {
  const schema = schemaFor(sessions.object?.schema ?? {}, version)
  assert.ok(schema)
  if (schema) assert.equal(validate(schema, value), { hard: [], soft: [] })
}

const up = { from: '2.1.1', to: '2.2.1' } as const
const down = { from: '2.2.1', to: '2.1.1' } as const
const up3 = { from: '2.2.1', to: '2.3.0' } as const
const down3 = { from: '2.3.0', to: '2.2.1' } as const

const step = suite('session steps')

step('a whole session goes up and comes back down', () => {
  const lifted = run(old, up)
  assert.equal(lifted, { value: session, lost: ['/location'] })
  isValid(lifted.value, '2.2.1')
  const lowered = run(lifted.value, down)
  assert.equal(lowered, { value: old, lost: ['/cdr_token'] })
  isValid(lowered.value, '2.1.1')
})

step('S1 the owner comes from the facts, not from a PATCH', () => {
  assert.is(run({ ...old, party_id: 'XXX' }, up).value['party_id'], 'CPO')
  assert.equal(run({ kwh: 6 }, { ...up, partial: true }).value, { kwh: 6 })
})

step('S2 start_datetime and end_datetime are start_date_time and end_date_time', () => {
  const patch = { end_datetime: '2024-01-01T11:00:00Z' }
  const lifted = run(patch, { ...up, partial: true })
  assert.equal(lifted.value, { end_date_time: '2024-01-01T11:00:00Z' })
  assert.equal(run(lifted.value, { ...down, partial: true }).value, patch)
})

step('S3 without a known Token there is no cdr_token and auth_id stays, reported', () => {
  for (const token of [null, undefined]) {
    const lifted = run(old, { ...up, facts: { owner: cpo, ...(token === null ? { token } : {}) } })
    assert.is(lifted.value['cdr_token'], undefined)
    assert.is(lifted.value['auth_id'], 'DE-MSP-C1')
    assert.ok(lifted.lost.includes('/auth_id'))
  }
})

step('S3 auth_id keeps its case, and another contract id of the Token is reported', () => {
  const same = run({ ...old, auth_id: 'de-msp-c1' }, up)
  assert.equal(same.value['cdr_token'], { ...driverCdrToken, contract_id: 'de-msp-c1' })
  assert.not(same.lost.includes('/auth_id'))
  const other = run({ ...old, auth_id: '04A1' }, up)
  assert.equal(other.value['cdr_token'], driverCdrToken)
  assert.ok(other.lost.includes('/auth_id'))
})

step('S4 COMMAND becomes AUTH_REQUEST towards 2.1.1', () => {
  const lowered = run({ ...session, auth_method: 'COMMAND' }, down)
  assert.is(lowered.value['auth_method'], 'AUTH_REQUEST')
  assert.ok(lowered.lost.includes('/auth_method'))
})

step('S5 the location has exactly the EVSE and connector of the session', () => {
  const lowered = run({ ...session, evse_uid: 'e1', connector_id: '1' }, down)
  assert.equal(lowered.value['location'], sessionLocation)
})

step('S5 without the location, its EVSE or its connector the session is withheld', () => {
  assert.is(withheldAt(session, { ...down, facts: {} }), '/location_id')
  assert.is(withheldAt({ ...session, location_id: 'L2' }, down), '/location_id')
  assert.is(withheldAt({ ...session, evse_uid: 'E9' }, down), '/evse_uid')
  assert.is(withheldAt({ ...session, connector_id: '9' }, down), '/connector_id')
  assert.is(withheldAt({ evse_uid: 'E1' }, { ...down, partial: true }), '/evse_uid')
})

step('S5 an unassigned EVSE or connector is left out of the location', () => {
  const lowered = run({ ...session, evse_uid: '#NA', connector_id: '#NA' }, down)
  const { evses: _, ...place } = sessionLocation
  assert.equal(lowered.value['location'], place)
  assert.ok(lowered.lost.includes('/evse_uid'))
  const half = run({ ...session, connector_id: '#NA' }, down)
  assert.match(JSON.stringify(half.value['location']), '"id":"2"')
  assert.ok(half.lost.includes('/connector_id'))
  isValid(half.value, '2.1.1')
  const { evses: __, ...bare } = sessionLocation
  const lifted = run({ ...old, location: bare }, up)
  assert.is(lifted.value['evse_uid'], '#NA')
  assert.is(lifted.value['connector_id'], '#NA')
})

step('S5 a plug without a name in 2.1.1 and a private location do not hold a session back', () => {
  const text = JSON.stringify(storedLocation)
    .replaceAll('IEC_62196_T2', 'GBT_AC')
    .replace('"publish":true', '"publish":false')
  const location: Json = JSON.parse(text)
  const lowered = run(session, { ...down, facts: { ...facts, location } })
  assert.equal(lowered.value['location'], sessionLocation)
})

step('S6 total_cost is an amount, a Price, and a Price with taxes', () => {
  const price = { excl_vat: 0.1, incl_vat: 0.3 }
  const lowered = run({ ...session, total_cost: price }, down)
  assert.is(lowered.value['total_cost'], 0.1)
  assert.ok(lowered.lost.includes('/total_cost/incl_vat'))
  const lifted = run({ ...session, total_cost: price }, up3)
  const taxed = { before_taxes: 0.1, taxes: [{ name: 'VAT', amount: 0.2 }] }
  assert.equal(lifted.value['total_cost'], taxed)
  isValid(lifted.value, '2.3.0')
  assert.equal(run(lifted.value, down3).value['total_cost'], price)
  assert.equal(run(session, up3).value['total_cost'], { before_taxes: 2.5 })
  const equal = run({ ...session, total_cost: { excl_vat: 1, incl_vat: 1 } }, up3)
  const untaxed = { before_taxes: 1, taxes: [{ name: 'VAT', amount: 0 }] }
  assert.equal(equal.value['total_cost'], untaxed)
})

step('S7 RESERVATION becomes PENDING towards 2.1.1', () => {
  const lowered = run({ ...session, status: 'RESERVATION' }, down)
  assert.is(lowered.value['status'], 'PENDING')
  assert.ok(lowered.lost.includes('/status'))
})

step('S8 authorization_reference is lost towards 2.1.1', () => {
  const lowered = run({ ...session, authorization_reference: 'R', x_custom: 1 }, down)
  assert.equal(lowered.value, { ...old, x_custom: 1 })
  assert.equal(lowered.lost, ['/cdr_token', '/authorization_reference'])
})

const start_date_time = '2024-01-01T10:00:00Z'
const energy = { type: 'ENERGY', volume: 1 }

step('S9 tariff_id of a period is lost towards 2.1.1', () => {
  const charging_periods = [{ start_date_time, dimensions: [energy], tariff_id: 'T1' }]
  const lowered = run({ ...session, charging_periods }, down)
  assert.equal(lowered.value['charging_periods'], [{ start_date_time, dimensions: [energy] }])
  assert.ok(lowered.lost.includes('/charging_periods/0/tariff_id'))
})

step('S10 charging_periods of a PATCH stay a whole list', () => {
  const charging_periods = [
    { start_date_time, dimensions: [energy] },
    { start_date_time: '2024-01-01T10:30:00Z', dimensions: [energy] },
  ]
  const lifted = run({ charging_periods }, { ...up, partial: true })
  assert.equal(lifted, { value: { charging_periods }, lost: [] })
})

step('S11 FLAT is no dimension after 2.1.1, and a period with nothing else goes', () => {
  const flat = { type: 'FLAT', volume: 1 }
  const charging_periods = [
    { start_date_time, dimensions: [flat] },
    { start_date_time, dimensions: [energy, flat] },
  ]
  const lifted = run({ ...old, charging_periods }, up)
  assert.equal(lifted.value['charging_periods'], [{ start_date_time, dimensions: [energy] }])
  assert.equal(lifted.lost.slice(1), [
    '/charging_periods/0/dimensions/0',
    '/charging_periods/0',
    '/charging_periods/1/dimensions/1',
  ])
})

step('S11 newer dimensions do not go to 2.1.1, and those of Bookings not to 2.2.1', () => {
  const charging_periods = [
    { start_date_time, dimensions: [{ type: 'STATE_OF_CHARGE', volume: 50 }] },
    { start_date_time, dimensions: [{ type: 'POWER', volume: 7 }, energy] },
    { start_date_time, dimensions: [{ type: 'RESERVATION_OVERTIME', volume: 1 }, energy] },
  ]
  const lowered = run({ ...session, charging_periods }, down)
  const kept = { start_date_time, dimensions: [energy] }
  assert.equal(lowered.value['charging_periods'], [kept, kept])
  assert.ok(lowered.lost.includes('/charging_periods/0'))
  isValid(lowered.value, '2.1.1')
  const neighbour = run({ ...session, charging_periods }, down3)
  assert.equal(neighbour.value['charging_periods'], [...charging_periods.slice(0, 2), kept])
  isValid({ ...neighbour.value, total_cost: { excl_vat: 1 } }, '2.2.1')
})

step('K3 EMAID in cdr_token becomes OTHER in 2.2.1', () => {
  const value = { ...session, cdr_token: { ...driverCdrToken, type: 'EMAID' } }
  const lowered = run(value, down3)
  assert.equal(lowered.value['cdr_token'], { ...driverCdrToken, type: 'OTHER' })
  assert.equal(lowered.lost, ['/cdr_token/type'])
})

step('T18 times have no fractions in 2.1.1', () => {
  const lowered = run({ ...session, start_date_time: '2024-01-01T10:00:00.5Z' }, down)
  assert.is(lowered.value['start_datetime'], '2024-01-01T10:00:00Z')
})

step('T23 a PATCH gets the time of receipt when it has none', () => {
  const receivedAt = '2024-02-01T00:00:00Z'
  const options = { ...up, partial: true, facts: { receivedAt } }
  assert.equal(run({ kwh: 1 }, options).value, { kwh: 1, last_updated: receivedAt })
  const own = { kwh: 1, last_updated: '2024-01-01T00:00:00Z' }
  assert.equal(run(own, options).value, own)
})

step('ids have another name for a receiver that knows two of the same', () => {
  const aliases = { sessions: { S1: 'S1~1' }, locations: { L1: 'L1~1' } }
  const lowered = run(session, { ...down, facts: { ...facts, aliases } })
  assert.is(lowered.value['id'], 'S1~1')
  assert.equal(lowered.value['location'], { ...sessionLocation, id: 'L1~1' })
  const lifted = run(lowered.value, { ...up, facts: { ...facts, aliases } })
  assert.equal(lifted.value, session)
})

step('any JSON object passes every step without a throw', () => {
  const shapes: unknown[] = ['x', 1, true, [], {}, [1], [null], { toString: 1 }, '']
  for (const { from, to } of [up, down, up3, down3]) {
    for (const name of [...Object.keys(old), ...Object.keys(session)]) {
      for (const shape of shapes) {
        const base = from === '2.1.1' ? old : session
        convert({ ...base, [name]: shape }, { kind: 'session', from, to, facts })
        convert({ [name]: shape }, { kind: 'session', from, to, facts: {}, partial: true })
      }
    }
  }
})

step.run()
