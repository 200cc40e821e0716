import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convertText } from '../../src/ocpi/adapt.ts'
import type { Json } from '../../src/ocpi/adapt/define.ts'
import {
  cdr,
  cdrLocation,
  down,
  down3,
  facts,
  isValid,
  old,
  run,
  start_date_time,
  up,
  up3,
  last_updated,
} from '../helpers/adapt-cdrs.ts'
import { cpo, driverCdrToken, sessionLocation } from '../helpers/adapt-samples.ts'

/** The location that is rebuilt from cdr_location: times are the CDR's, the status is not known. */
const rebuilt: Json = {
  ...sessionLocation,
  evses: [
    {
      uid: 'E1',
      evse_id: 'NL*CPO*E1',
      status: 'UNKNOWN',
      connectors: [
        {
          id: '1',
          standard: 'IEC_62196_T2',
          format: 'SOCKET',
          power_type: 'AC_3_PHASE',
          voltage: 400,
          amperage: 32,
          last_updated,
        },
      ],
      last_updated,
    },
  ],
  last_updated,
}

const step = suite('cdr steps')

step('a whole CDR goes up as the specification has it', () => {
  const lifted = run(old, up)
  assert.equal(lifted, { value: cdr, lost: ['/location'] })
  isValid(lifted.value, '2.2.1')
  isValid(run(lifted.value, up3).value, '2.3.0')
})

step('a whole CDR goes down as the specification has it', () => {
  const lowered = run(cdr, down)
  assert.equal(lowered.value, { ...old, location: rebuilt })
  assert.equal(lowered.lost, ['/cdr_token', '/charging_periods/0/tariff_id'])
  isValid(lowered.value, '2.1.1')
})

step('C1 the owner comes from the facts', () => {
  const lifted = run({ ...old, country_code: 'XX' }, up)
  assert.is(lifted.value['country_code'], 'NL')
  assert.ok(lifted.lost.includes('/country_code'))
  assert.is(run(cdr, down).value['party_id'], undefined)
})

step('C2 an id of more than 36 characters has an alias in 2.1.1, else it is reported', () => {
  const id = 'c'.repeat(39)
  const aliases = { cdrs: { [id]: 'short' } }
  const named = run({ ...cdr, id }, { ...down, facts: { ...facts, aliases } })
  assert.is(named.value['id'], 'short')
  assert.not(named.lost.includes('/id'))
  const long = run({ ...cdr, id }, down)
  assert.is(long.value['id'], id)
  assert.ok(long.lost.includes('/id'))
})

step('C3 stop_date_time is end_date_time', () => {
  const time = '2024-01-01T11:00:00.25Z'
  assert.is(run({ ...old, stop_date_time: time }, up).value['end_date_time'], time)
  const lowered = run({ ...cdr, end_date_time: time }, down)
  assert.is(lowered.value['stop_date_time'], '2024-01-01T11:00:00Z')
})

step('C3 the time that stands for an unknown one is left alone', () => {
  const unknown = '1970-1-1T00:00:00Z'
  const lowered = run({ ...cdr, start_date_time: unknown, end_date_time: unknown }, down)
  assert.is(lowered.value['start_date_time'], unknown)
  assert.is(lowered.value['stop_date_time'], unknown)
  assert.is(run(lowered.value, up).value['end_date_time'], unknown)
})

step('C4 session_id is absent upwards and lost downwards', () => {
  assert.is(run(old, up).value['session_id'], undefined)
  const lowered = run({ ...cdr, session_id: 'S1' }, down)
  assert.is(lowered.value['session_id'], undefined)
  assert.ok(lowered.lost.includes('/session_id'))
})

step('C5 auth_id is the contract id of cdr_token', () => {
  const lifted = run(old, { ...up, facts: { owner: cpo, token: null } })
  assert.is(lifted.value['cdr_token'], undefined)
  assert.is(lifted.value['auth_id'], 'DE-MSP-C1')
  assert.ok(lifted.lost.includes('/auth_id'))
  const method = run({ ...cdr, auth_method: 'COMMAND' }, down)
  assert.is(method.value['auth_method'], 'AUTH_REQUEST')
  const emaid = run({ ...cdr, cdr_token: { ...driverCdrToken, type: 'EMAID' } }, down3)
  assert.equal(emaid.value['cdr_token'], { ...driverCdrToken, type: 'OTHER' })
})

step('C6 an EVSE without evse_id has #NA in cdr_location, and none again in 2.1.1', () => {
  const text = JSON.stringify(old).replace('"evse_id":"NL*CPO*E1",', '')
  const lifted = run(JSON.parse(text), up)
  assert.equal(lifted.value['cdr_location'], { ...cdrLocation, evse_id: '#NA' })
  assert.not.match(JSON.stringify(run(lifted.value, down).value), 'evse_id')
})

step('C6 what the store does not know has a stand-in in 2.1.1, reported', () => {
  const { postal_code: _, ...flat } = cdrLocation
  const lowered = run({ ...cdr, cdr_location: flat }, { ...down, facts: {} })
  const { operator: _o, time_zone: _z, ...place } = rebuilt
  const text = JSON.stringify({ ...place, type: 'UNKNOWN', postal_code: '-' })
  const expected: Json = JSON.parse(text.replace('400', '0').replace('32', '0'))
  assert.equal(lowered.value['location'], expected)
  assert.ok(lowered.lost.includes('/cdr_location/connector_id'))
  assert.ok(lowered.lost.includes('/cdr_location/postal_code'))
  isValid(lowered.value, '2.1.1')
})

step('C6 a CDR of a reservation has no EVSE in 2.1.1', () => {
  const flat = { ...cdrLocation, evse_uid: '#NA', evse_id: '#NA', connector_id: '#NA' }
  const lowered = run({ ...cdr, cdr_location: flat }, down)
  assert.not.match(JSON.stringify(lowered.value['location']), 'evses')
  assert.ok(lowered.lost.includes('/cdr_location/evse_uid'))
  isValid(lowered.value, '2.1.1')
})

step('C6 plugs and power that the older version cannot name do not hold a CDR back', () => {
  const flat = {
    ...cdrLocation,
    state: 'Utrecht',
    connector_standard: 'MCS',
    connector_power_type: 'DC',
  }
  const neighbour = run({ ...cdr, cdr_location: flat, total_cost: { before_taxes: 1 } }, down3)
  const combo = { ...flat, connector_standard: 'IEC_62196_T2_COMBO' }
  assert.equal(neighbour.value['cdr_location'], combo)
  assert.equal(neighbour.lost, ['/cdr_location/connector_standard'])
  isValid(neighbour.value, '2.2.1')
  const nema = { ...flat, connector_standard: 'NEMA_5_20', connector_power_type: 'AC_2_PHASE' }
  const lowered = run({ ...cdr, cdr_location: nema }, down)
  isValid(lowered.value, '2.1.1')
  assert.equal(lowered.lost.filter((pointer) => pointer.startsWith('/cdr_location')).sort(), [
    '/cdr_location/connector_power_type',
    '/cdr_location/connector_standard',
    '/cdr_location/state',
  ])
})

step('C7 total_cost is an amount in 2.1.1, also when it was written as text', () => {
  const lifted = run({ ...old, total_cost: '2.00' }, up)
  assert.equal(lifted.value['total_cost'], { excl_vat: 2 })
  assert.ok(lifted.lost.includes('/total_cost'))
  const lowered = run({ ...cdr, total_cost: { excl_vat: 2, incl_vat: 2.42 } }, down)
  assert.is(lowered.value['total_cost'], 2)
  assert.ok(lowered.lost.includes('/total_cost/incl_vat'))
})

step('C7 numbers keep all their digits', () => {
  const text = JSON.stringify(old).replace('1.38', '1.3800000000000000000001')
  const lifted = convertText(text, { kind: 'cdr', facts, from: '2.1.1', to: '2.3.0' })
  assert.ok(lifted.ok)
  assert.match(lifted.ok ? lifted.value : '', '"before_taxes":1.3800000000000000000001')
})

step('C19 the address in a CDR has at most 45 characters', () => {
  const long = 'é'.repeat(60)
  const lifted = run({ ...old, location: { ...sessionLocation, address: long } }, up)
  assert.equal(lifted.value['cdr_location'], { ...cdrLocation, address: 'é'.repeat(45) })
  assert.ok(lifted.lost.includes('/location/address'))
  const flat = { ...cdrLocation, address: long }
  const lowered = run({ ...cdr, cdr_location: flat }, down)
  assert.equal(lowered.value['location'], { ...rebuilt, address: 'é'.repeat(45) })
  assert.ok(lowered.lost.includes('/cdr_location/address'))
})

step.run()
