import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import { authorization, locationReferences, token } from '../../src/ocpi/modules/token-schemas.ts'
import { validate } from '../../src/ocpi/validate.ts'

const owner = { country_code: 'DE', party_id: 'MSP' }
const old = {
  uid: '04A1',
  type: 'RFID',
  auth_id: 'DE-MSP-C1',
  visual_number: 'DF000-2001-8999',
  issuer: 'Emp',
  valid: true,
  whitelist: 'ALLOWED',
  language: 'de',
  last_updated: '2024-01-01T10:00:00Z',
}
const { auth_id: contract_id, ...rest } = old
const newer = { ...owner, ...rest, contract_id }

const pointersOf = (result: { losses: readonly { pointer: string }[] }) =>
  result.losses.map((loss) => loss.pointer)

const step = suite('token steps')

const up = { kind: 'token', from: '2.1.1', to: '2.2.1', facts: { owner } } as const
const down = { kind: 'token', from: '2.2.1', to: '2.1.1', facts: {} } as const

step('K1 the owner comes from the facts upwards and goes downwards', () => {
  const lifted = convert(old, up)
  assert.equal(lifted, { ok: true, value: newer, losses: [] })
  assert.equal(validate(token['2.2.1'], newer), { hard: [], soft: [] })
  assert.equal(convert(newer, down), { ok: true, value: old, losses: [] })
})

step('K2 auth_id and contract_id are the same member, in a PATCH only when it is there', () => {
  const patch = { auth_id: 'C2', last_updated: '2024-01-01T10:00:00Z' }
  const lifted = convert(patch, { ...up, partial: true })
  assert.ok(lifted.ok)
  assert.equal(lifted.value, { contract_id: 'C2', last_updated: '2024-01-01T10:00:00Z' })
  const back = convert({ valid: false }, { ...down, partial: true })
  assert.ok(back.ok)
  assert.equal(back.value, { valid: false })
})

step('T23 a PATCH without last_updated gets the time of receipt upwards', () => {
  const receivedAt = '2024-02-01T00:00:00Z'
  const lifted = convert({ valid: false }, { ...up, partial: true, facts: { owner, receivedAt } })
  assert.ok(lifted.ok)
  assert.equal(lifted.value, { valid: false, last_updated: receivedAt })
})

step('K3 token types that 2.1.1 does not have become OTHER', () => {
  for (const type of ['APP_USER', 'AD_HOC_USER', 'EMAID', 'custom']) {
    const result = convert({ ...newer, type }, { ...down, from: '2.3.0' })
    assert.ok(result.ok)
    assert.is(result.value['type'], 'OTHER')
    assert.equal(pointersOf(result), ['/type'])
    assert.equal(validate(token['2.1.1'], result.value), { hard: [], soft: [] })
  }
})

step('K3 EMAID and custom types become OTHER in 2.2.1, the others stay', () => {
  const types = ['EMAID', 'custom', 'APP_USER', 'RFID'].map((type) => {
    const result = convert({ ...newer, type }, { ...down, from: '2.3.0', to: '2.2.1' })
    return result.ok && result.value['type']
  })
  assert.equal(types, ['OTHER', 'OTHER', 'APP_USER', 'RFID'])
})

step('K4 group_id, default_profile_type and energy_contract are lost towards 2.1.1', () => {
  const value = {
    ...newer,
    group_id: 'G',
    default_profile_type: 'GREEN',
    energy_contract: { supplier_name: 'S' },
    x_custom: 1,
  }
  const result = convert(value, down)
  assert.ok(result.ok)
  assert.equal(result.value, { ...old, x_custom: 1 })
  assert.equal(pointersOf(result), ['/group_id', '/default_profile_type', '/energy_contract'])
})

step('K5 the type stays in the object, whatever URLs say', () => {
  const result = convert({ ...newer, type: 'OTHER' }, down)
  assert.ok(result.ok)
  assert.is(result.value['type'], 'OTHER')
})

step('K7 connector_ids are lost upwards, and aliases are names again', () => {
  const facts = { aliases: { locations: { L1: 'L1-NL-CPO' } } }
  const references = { location_id: 'L1-NL-CPO', evse_uids: ['E1'], connector_ids: ['1'] }
  const kind = 'locationReferences'
  const result = convert(references, { ...up, kind, facts })
  assert.ok(result.ok)
  assert.equal(result.value, { location_id: 'L1', evse_uids: ['E1'] })
  assert.equal(pointersOf(result), ['/connector_ids'])
  assert.equal(validate(locationReferences['2.2.1'], result.value), { hard: [], soft: [] })
  const back = convert(result.value, { ...down, kind, facts })
  assert.ok(back.ok)
  assert.equal(back.value, { location_id: 'L1-NL-CPO', evse_uids: ['E1'] })
})

const info = { language: 'en', text: 'Welcome' }

step('K8 AuthorizationInfo gets the whole Token upwards and is withheld without one', () => {
  const answer = { allowed: 'ALLOWED', location: { location_id: 'L1', connector_ids: ['1'] }, info }
  const kind = 'authorizationInfo'
  const result = convert(answer, { ...up, kind, facts: { token: newer } })
  assert.ok(result.ok)
  assert.equal(result.value, {
    allowed: 'ALLOWED',
    location: { location_id: 'L1' },
    info,
    token: newer,
  })
  assert.equal(pointersOf(result), ['/location/connector_ids'])
  assert.equal(validate(authorization['2.2.1'], result.value), { hard: [], soft: [] })
  for (const facts of [{}, { token: null }]) {
    const withheld = convert(answer, { ...up, kind, facts })
    assert.is(withheld.ok, false)
    assert.is(!withheld.ok && withheld.pointer, '/token')
  }
})

step('K8 AuthorizationInfo loses token and authorization_reference towards 2.1.1', () => {
  const answer = { allowed: 'ALLOWED', token: newer, authorization_reference: 'R', info }
  const result = convert(answer, { ...down, kind: 'authorizationInfo' })
  assert.ok(result.ok)
  assert.equal(result.value, { allowed: 'ALLOWED', info })
  assert.equal(pointersOf(result), ['/token', '/authorization_reference'])
})

step('K8 the Token in a 2.3.0 answer gets a type of 2.2.1', () => {
  const answer = { allowed: 'ALLOWED', token: { ...newer, type: 'EMAID' } }
  const result = convert(answer, {
    kind: 'authorizationInfo',
    from: '2.3.0',
    to: '2.2.1',
    facts: {},
  })
  assert.ok(result.ok)
  assert.equal(result.value, { allowed: 'ALLOWED', token: { ...newer, type: 'OTHER' } })
  assert.equal(pointersOf(result), ['/token/type'])
})

step('K11 whitelist is the same everywhere', () => {
  for (const whitelist of ['ALWAYS', 'ALLOWED', 'ALLOWED_OFFLINE', 'NEVER']) {
    const result = convert({ ...newer, whitelist }, down)
    assert.is(result.ok && result.value['whitelist'], whitelist)
  }
})

step('T18 last_updated has no fraction and a Z in 2.1.1', () => {
  const result = convert({ ...newer, last_updated: '2024-01-01T10:00:00.123' }, down)
  assert.ok(result.ok)
  assert.is(result.value['last_updated'], '2024-01-01T10:00:00Z')
  assert.equal(pointersOf(result), ['/last_updated'])
})

step('the input is not changed and between 2.2.1 and 2.3.0 nothing unknown is lost', () => {
  const value = Object.freeze({ ...newer, x: Object.freeze({ y: 1 }) })
  const result = convert(value, { kind: 'token', from: '2.2.1', to: '2.3.0', facts: {} })
  assert.equal(result, { ok: true, value, losses: [] })
  assert.ok(convert(value, down).ok)
})

step.run()
