import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Conversion, Facts, Json, Kind } from '../../src/ocpi/adapt/define.ts'
import {
  commandResponse,
  commandResult,
  reserveNow,
  startSession,
} from '../../src/ocpi/modules/command-schemas.ts'
import { validate } from '../../src/ocpi/validate.ts'

const owner = { country_code: 'DE', party_id: 'MSP' }
const response_url = 'https://hub.example/ocpi/callbacks/1'
const shared = {
  uid: '04A1',
  type: 'RFID',
  issuer: 'Emp',
  valid: true,
  whitelist: 'NEVER',
  last_updated: '2024-01-01T10:00:00Z',
}
const oldToken = { ...shared, auth_id: 'DE-MSP-C1' }
const newToken = { ...owner, ...shared, contract_id: 'DE-MSP-C1' }
const clean = { hard: [], soft: [] }

const up = (kind: Kind, facts: Facts = {}): Conversion => ({
  kind,
  from: '2.1.1',
  to: '2.2.1',
  facts,
})
const down = (kind: Kind, facts: Facts = {}): Conversion => ({
  kind,
  from: '2.2.1',
  to: '2.1.1',
  facts,
})

/** The converted value with the pointers of what was lost. */
const run = (value: Json, conversion: Conversion): { value: Json; lost: string[] } => {
  const result = convert(Object.freeze(value), conversion)
  assert.ok(result.ok, 'converted')
  return {
    value: result.ok ? result.value : {},
    lost: result.losses.map((loss) => loss.pointer),
  }
}

const step = suite('command steps')

step('M1 CANCEL_RESERVATION is withheld from 2.1.1 and the same between 2.2.1 and 2.3.0', () => {
  const value = { response_url, reservation_id: 'R1' }
  assert.not(convert(value, down('cancelReservation')).ok)
  const conversion: Conversion = { ...down('cancelReservation'), from: '2.3.0', to: '2.2.1' }
  assert.equal(run(value, conversion), { value, lost: [] })
})

const reservation = { id: 'abc-DEF', number: 17 }
const oldReserve = {
  response_url,
  token: oldToken,
  expiry_date: '2024-01-01T12:00:00Z',
  reservation_id: 17,
  location_id: 'L1',
  evse_uid: 'E1',
}
const newReserve = { ...oldReserve, token: newToken, reservation_id: 'abc-DEF' }

step('M2 reservation_id is a number in 2.1.1 and its id later, as the facts say', () => {
  const lifted = run(oldReserve, up('reserveNow', { owner, reservation }))
  assert.equal(lifted, { value: newReserve, lost: [] })
  assert.equal(validate(reserveNow['2.2.1'], lifted.value), clean)
  const lowered = run(
    { ...newReserve, reservation_id: 'ABC-def', authorization_reference: 'A' },
    down('reserveNow', { reservation }),
  )
  assert.equal(lowered, { value: oldReserve, lost: ['/authorization_reference'] })
  assert.equal(validate(reserveNow['2.1.1'], lowered.value), clean)
})

step(
  'M2 without facts a number becomes text, such text a number, and other text is withheld',
  () => {
    assert.is(run(oldReserve, up('reserveNow')).value['reservation_id'], '17')
    const lowered = run({ ...newReserve, reservation_id: '17' }, down('reserveNow'))
    assert.is(lowered.value['reservation_id'], 17)
    for (const id of ['abc', '017', '2147483648', '-1', { toString: 1 }]) {
      const result = convert({ ...newReserve, reservation_id: id }, down('reserveNow'))
      assert.is(!result.ok && result.pointer, '/reservation_id', String(JSON.stringify(id)))
    }
  },
)

step('T18 expiry_date has no fraction in 2.1.1', () => {
  const value = { ...newReserve, expiry_date: '2024-01-01T12:00:00.500Z' }
  const lowered = run(value, down('reserveNow', { reservation }))
  assert.is(lowered.value['expiry_date'], '2024-01-01T12:00:00Z')
  assert.equal(lowered.lost, ['/expiry_date'])
})

step('M3 the response gets a timeout upwards and keeps only its result downwards', () => {
  const lifted = run({ result: 'ACCEPTED' }, up('commandResponse'))
  assert.equal(lifted, { value: { result: 'ACCEPTED', timeout: 60 }, lost: [] })
  assert.equal(validate(commandResponse['2.2.1'], lifted.value), clean)
  const message = [{ language: 'en', text: 'no' }]
  const lowered = run({ result: 'REJECTED', timeout: 30, message }, down('commandResponse'))
  assert.equal(lowered, { value: { result: 'REJECTED' }, lost: ['/timeout', '/message'] })
})

step('M4 an unknown session is a failure later', () => {
  const lifted = run({ result: 'UNKNOWN_SESSION' }, up('commandResult'))
  assert.is(lifted.value['result'], 'FAILED')
  assert.equal(lifted.lost, ['/result'])
  assert.equal(validate(commandResult['2.2.1'], lifted.value), clean)
  for (const result of ['ACCEPTED', 'NOT_SUPPORTED', 'REJECTED', 'TIMEOUT']) {
    assert.equal(run({ result }, up('commandResult')), { value: { result }, lost: [] })
  }
})

step('M4 results that 2.1.1 does not have become REJECTED', () => {
  const newer = ['FAILED', 'EVSE_OCCUPIED', 'EVSE_INOPERATIVE', 'UNKNOWN_RESERVATION']
  for (const result of [...newer, 'CANCELED_RESERVATION']) {
    const lowered = run({ result, message: [] }, down('commandResult'))
    assert.equal(lowered, { value: { result: 'REJECTED' }, lost: ['/message', '/result'] })
  }
  for (const result of ['ACCEPTED', 'NOT_SUPPORTED', 'REJECTED', 'TIMEOUT']) {
    assert.equal(run({ result }, down('commandResult')), { value: { result }, lost: [] })
  }
})

step('M5 a TIMEOUT at once becomes REJECTED with a message', () => {
  const lifted = run({ result: 'TIMEOUT' }, up('commandResponse'))
  assert.is(lifted.value['result'], 'REJECTED')
  assert.equal(lifted.lost, ['/result'])
  assert.equal(validate(commandResponse['2.2.1'], lifted.value), clean)
  assert.ok(Array.isArray(lifted.value['message']))
})

const oldStart = { response_url, token: oldToken, location_id: 'L1', evse_uid: 'E1' }

step('M6 connector_id and authorization_reference of StartSession are lost towards 2.1.1', () => {
  const value = {
    ...oldStart,
    token: newToken,
    connector_id: '1',
    authorization_reference: 'A',
  }
  const lowered = run(value, down('startSession'))
  assert.equal(lowered, { value: oldStart, lost: ['/connector_id', '/authorization_reference'] })
  assert.equal(validate(startSession['2.1.1'], lowered.value), clean)
})

step('M7 the Token in a command is stepped with it', () => {
  const lifted = run(oldStart, up('startSession', { owner }))
  assert.equal(lifted, { value: { ...oldStart, token: newToken }, lost: [] })
  assert.equal(validate(startSession['2.2.1'], lifted.value), clean)
  const value = { ...oldStart, token: { ...newToken, type: 'EMAID', group_id: 'G' } }
  const lowered = run(value, { ...down('startSession'), from: '2.3.0' })
  assert.equal(lowered.value, { ...oldStart, token: { ...oldToken, type: 'OTHER' } })
  assert.equal(lowered.lost, ['/token/type', '/token/group_id'])
  for (const kind of ['startSession', 'reserveNow'] as const) {
    const neighbour = run(value, { ...down(kind), from: '2.3.0', to: '2.2.1' })
    assert.equal(neighbour.lost, ['/token/type'])
  }
})

step('M8 ids are the same, but for the aliases of a 2.1.1 partner', () => {
  const facts = { aliases: { locations: { L1: 'L1~1' }, sessions: { S1: 'S1~1' } } }
  const stop = { response_url, session_id: 'S1' }
  const unlock = { response_url, location_id: 'L1', evse_uid: 'E1', connector_id: '1' }
  assert.equal(run(stop, down('stopSession')), { value: stop, lost: [] })
  assert.equal(run(unlock, up('unlockConnector')), { value: unlock, lost: [] })
  assert.is(run(stop, down('stopSession', facts)).value['session_id'], 'S1~1')
  assert.is(
    run({ ...stop, session_id: 'S1~1' }, up('stopSession', facts)).value['session_id'],
    'S1',
  )
  assert.is(
    run({ ...unlock, location_id: 'L1~1' }, up('unlockConnector', facts)).value['location_id'],
    'L1',
  )
})

step.run()
