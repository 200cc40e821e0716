// OCPI 2.2.1, Client owned objects: Locations, Tariffs, Tokens, Sessions, real-time authorisation.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdrTokenOf,
  fromNow,
  locationOf,
  ownerOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const hub = await startHub({ peerDeadlineMs: 400 })
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })

const test = suite('objects')
test.before.each(async () => {
  await hub.drain()
  emsp.answer = () => undefined
  emsp.forget()
  cpo.forget()
})
test.after(() => hub.close())

const patch = (module: string, id: string, body: Json) =>
  cpo.send('PATCH', `receiver/${module}/${pathOf(CPO, id)}`, { body })
const ownCopy = (module: string, id: string) =>
  cpo.send('GET', `receiver/${module}/${pathOf(CPO, id)}`, { to: hub.party })
const session = (id: string, more: Json = {}) =>
  sessionOf({ owner: CPO, payer: EMSP, id }, { status: 'ACTIVE', ...more })
const period = (n: number): Json => ({
  start_date_time: fromNow(-3_600_000 + n * 1_000),
  dimensions: [{ type: 'ENERGY', volume: n }],
})

test('122: another owner in the body than in the URL is 2001', async () => {
  for (const more of [ownerOf('NL-XYZ'), { country_code: 'BE' }, { party_id: 'ABC' }]) {
    const body = tariffOf(CPO, 'T122', more)
    const reply = await cpo.send('PUT', `receiver/tariffs/${pathOf(CPO, 'T122')}`, { body })
    assert.equal([reply.status, reply.code], [200, 2001])
    assert.match(reply.message, /\/(party_id|country_code)/)
  }
})

test('123: another id in the body than in the URL is 2001', async () => {
  const body = tariffOf(CPO, 'T123')
  const reply = await cpo.send('PUT', `receiver/tariffs/${pathOf(CPO, 'OTHER')}`, { body })
  assert.equal([reply.status, reply.code], [200, 2001])
  assert.match(reply.message, '/id')
})

test('124: a path of somebody else is 404, known or not', async () => {
  for (const party of [EMSP, 'XX-XXX', 'not-one']) {
    const reply = await cpo.send('PUT', `receiver/tariffs/${pathOf(party, 'T1')}`, {
      body: tariffOf(party, 'T1'),
    })
    assert.is(reply.status, 404, party)
  }
})

test('125: a PATCH without last_updated is 2001', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L125'))
  await put(cpo, 'sessions', session('S125'))
  await put(emsp, 'tokens', tokenOf(EMSP, 'T125'))
  const token = { body: { valid: false } }
  const replies = [
    await patch('locations', 'L125', { name: 'x' }),
    await patch('sessions', 'S125', { kwh: 2 }),
    await emsp.send('PATCH', `receiver/tokens/${pathOf(EMSP, 'T125')}`, token),
  ]
  for (const reply of replies) {
    assert.is(reply.code, 2001)
    assert.match(reply.message, '/last_updated')
  }
})

test('126, 127: a PUT replaces everything, a PATCH keeps what it does not name', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L126', { name: 'A', postal_code: '3511' }))
  await patch('locations', 'L126', { name: 'B', last_updated: fromNow(0) })
  const patched = (await ownCopy('locations', 'L126')).data
  assert.equal([at(patched, 'name'), at(patched, 'postal_code')], ['B', '3511'])
  await put(cpo, 'locations', locationOf(CPO, 'L126', { last_updated: fromNow(1_000) }))
  assert.is(at((await ownCopy('locations', 'L126')).data, 'postal_code'), undefined)
})

test('128: a change of an EVSE or connector moves last_updated of its parents, and all get the whole location', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L128'))
  await hub.drain()
  emsp.forget()
  const path = `receiver/locations/${pathOf(CPO, 'L128')}`
  const first = fromNow(0)
  const evse = { status: 'CHARGING', last_updated: first }
  assert.is((await cpo.send('PATCH', `${path}/E1`, { body: evse })).code, 1000)
  let location = (await ownCopy('locations', 'L128')).data
  assert.equal(
    [at(location, 'last_updated'), at(location, 'evses', 0, 'status')],
    [first, 'CHARGING'],
  )
  const second = fromNow(1_000)
  const connector = { ...Object(at(location, 'evses', 0, 'connectors', 0)), last_updated: second }
  assert.is((await cpo.send('PUT', `${path}/E1/1`, { body: connector })).code, 1000)
  location = (await ownCopy('locations', 'L128')).data
  for (const member of [
    location,
    at(location, 'evses', 0),
    at(location, 'evses', 0, 'connectors', 0),
  ])
    assert.is(at(member, 'last_updated'), second)
  await hub.drain()
  assert.equal(emsp.received('receiver/locations').at(-1)?.json, location)
})

test('130: POST and DELETE of locations, sessions and tokens are 405', async () => {
  for (const module of ['locations', 'sessions', 'tokens'])
    for (const method of ['POST', 'DELETE']) {
      const reply = await cpo.send(method, `receiver/${module}/${pathOf(CPO, 'X')}`, { body: {} })
      assert.is(reply.status, 405, `${method} ${module}`)
    }
})

test('131: a removed EVSE stays with its status', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L131'))
  const body = { status: 'REMOVED', last_updated: fromNow(0) }
  await cpo.send('PATCH', `receiver/locations/${pathOf(CPO, 'L131')}/E1`, { body })
  assert.is(at((await ownCopy('locations', 'L131')).data, 'evses', 0, 'status'), 'REMOVED')
})

test('133: a tariff may be deleted, but not patched', async () => {
  await put(cpo, 'tariffs', tariffOf(CPO, 'T133'))
  assert.is((await patch('tariffs', 'T133', { last_updated: fromNow(0) })).status, 405)
  const path = `receiver/tariffs/${pathOf(CPO, 'T133')}`
  assert.is((await cpo.send('DELETE', path)).code, 1000)
  assert.is((await cpo.send('DELETE', path)).status, 404)
  assert.is((await ownCopy('tariffs', 'T133')).status, 404)
})

test('134: a PUT of a session replaces its charging periods, also by none', async () => {
  await put(cpo, 'sessions', session('S134', { charging_periods: [period(1)] }))
  const later = { last_updated: fromNow(0) }
  await put(cpo, 'sessions', session('S134', { ...later, charging_periods: [period(2)] }))
  assert.is(at((await ownCopy('sessions', 'S134')).data, 'charging_periods', 'length'), 1)
  await put(cpo, 'sessions', session('S134', later))
  assert.is(at((await ownCopy('sessions', 'S134')).data, 'charging_periods'), undefined)
})

test('135: a PATCH of a session appends charging periods; none and nothing change nothing', async () => {
  await put(cpo, 'sessions', session('S135', { charging_periods: [period(1)] }))
  const bodies = [
    { charging_periods: [period(2)], last_updated: fromNow(0) },
    { charging_periods: [], last_updated: fromNow(1_000) },
    { kwh: 3, last_updated: fromNow(2_000) },
  ]
  for (const body of bodies) assert.is((await patch('sessions', 'S135', body)).code, 1000)
  assert.is(at((await ownCopy('sessions', 'S135')).data, 'charging_periods', 'length'), 2)
})

test('136: a PATCH below a session is refused', async () => {
  const path = `receiver/sessions/${pathOf(CPO, 'S135')}/charging_periods`
  assert.is((await cpo.send('PATCH', path, { body: {} })).status, 404)
})

test('137: the type belongs to the key of a token and is RFID by default', async () => {
  await put(emsp, 'tokens', tokenOf(EMSP, 'U137'))
  const app = tokenOf(EMSP, 'U137', { type: 'APP_USER', issuer: 'App' })
  const path = `receiver/tokens/${pathOf(EMSP, 'U137')}`
  const query = { type: 'APP_USER' }
  assert.is((await emsp.send('PUT', path, { body: app, query })).status, 201)
  const shown = async (wanted: Record<string, string>) =>
    at((await emsp.send('GET', path, { query: wanted, to: hub.party })).data, 'issuer')
  assert.equal([await shown({}), await shown(query)], ['Example', 'App'])
  assert.is(await shown({ type: 'RFID' }), 'Example')
})

const authorize = (uid: string, more: { to?: string; body?: unknown } = {}) =>
  cpo.send('POST', `sender/tokens/${uid}/authorize`, more)
const info = (allowed: string, uid: string): Json => ({
  allowed,
  token: tokenOf(EMSP, uid),
  authorization_reference: `REF-${uid}`,
})

test('139: an unknown token is HTTP 404 with 2004 and without data', async () => {
  emsp.answer = () => ({ status: 404, code: 2004 })
  const reply = await authorize('NOBODY')
  assert.equal([reply.status, reply.code, reply.data], [404, 2004, undefined])
})

test('140: too little information is 2002, passed through', async () => {
  emsp.answer = () => ({ code: 2002 })
  const reply = await authorize('U140', { to: EMSP })
  assert.equal([reply.status, reply.code], [200, 2002])
})

test('141: BLOCKED, EXPIRED, NO_CREDIT and NOT_ALLOWED are HTTP 200 with 1000', async () => {
  for (const allowed of ['BLOCKED', 'EXPIRED', 'NO_CREDIT', 'NOT_ALLOWED'])
    for (const to of [{}, { to: EMSP }]) {
      emsp.answer = () => ({ data: info(allowed, 'U141') })
      const reply = await authorize('U141', to)
      assert.equal([reply.status, reply.code], [200, 1000])
      assert.is(at(reply.data, 'allowed'), allowed)
    }
})

test('142: silence is 4002 and never ALLOWED, however well the hub knows the token', async () => {
  await put(emsp, 'tokens', tokenOf(EMSP, 'U142', { whitelist: 'ALWAYS' }))
  emsp.answer = () => 'silence'
  for (const to of [{}, { to: EMSP }]) {
    const reply = await authorize('U142', to)
    assert.equal([reply.status, reply.code, reply.data], [200, 4002, undefined])
  }
})

test('143: an authorization_reference goes through unchanged, and so does one in a session', async () => {
  emsp.answer = () => ({ data: info('ALLOWED', 'U143') })
  const reply = await authorize('U143', { body: { location_id: 'L1' } })
  assert.is(at(reply.data, 'authorization_reference'), 'REF-U143')
  assert.equal(emsp.got[0]?.json, { location_id: 'L1' })
  emsp.answer = () => undefined
  const body = session('S143', { authorization_reference: 'REF-U143' })
  await put(cpo, 'sessions', { ...body, cdr_token: cdrTokenOf(EMSP, 'U143') })
  assert.is(at(emsp.got.at(-1)?.json, 'authorization_reference'), 'REF-U143')
})

test('an authorisation carries the type of the token on', async () => {
  const query = { type: 'APP_USER' }
  await cpo.send('POST', 'sender/tokens/U1/authorize', { query, to: EMSP })
  assert.is(emsp.got[0]?.rest, '/U1/authorize?type=APP_USER')
})

test.run()
