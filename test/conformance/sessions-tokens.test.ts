// Sessions and Tokens, and authorisation in real time (requirements 134 to 143).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, cdrTokenOf, fromNow, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { connectPairs } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub({ peerDeadlineMs: 400 })
const pairs = await connectPairs(hub)
const emsps = pairs.map(({ emsp }) => emsp)
const unknown = { status: 404, code: 2004, message: 'unknown token' }

const test = suite('sessions and tokens')
test.before.each(async () => {
  for (const { cpo, emsp } of pairs)
    for (const partner of [cpo, emsp]) partner.answer = () => undefined
  await hub.drain()
  for (const { cpo, emsp } of pairs) for (const partner of [cpo, emsp]) partner.forget()
})
test.after(() => hub.close())

const period = (n: number): Json => ({
  start_date_time: fromNow(-3_600_000 + n * 1_000),
  dimensions: [{ type: 'ENERGY', volume: n }],
})

for (const { version, cpo, emsp, seen } of pairs) {
  const session = (id: string, more: Json = {}) =>
    seen(sessionOf({ owner: cpo.party, payer: emsp.party, id }, { status: 'ACTIVE', ...more }))
  const sessionPath = (id: string) => `receiver/sessions/${pathOf(cpo.party, id)}`
  const periodsOf = async (id: string) => {
    const { data } = await cpo.send('GET', sessionPath(id), { to: hub.party })
    return at(data, 'charging_periods')
  }
  const authorize = (uid: string, more: { to?: string; body?: unknown } = {}) =>
    cpo.send('POST', `sender/tokens/${uid}/authorize`, more)
  const info = (allowed: string, uid: string): Json => ({
    allowed,
    token: tokenOf(emsp.party, uid),
    authorization_reference: `REF-${uid}`,
  })
  /** The eMSP of this version answers so, the other one does not know the token. */
  const answering = (given: typeof emsp.answer) => {
    for (const each of emsps) each.answer = () => unknown
    emsp.answer = given
  }
  const addressed = [{}, { to: emsp.party }]

  test(requirement(134, version), async () => {
    const one = { charging_periods: [period(1), period(3)] }
    await put(cpo, 'sessions', session('S134', one))
    const last_updated = fromNow(0)
    const other = [period(2)]
    await put(cpo, 'sessions', session('S134', { last_updated, charging_periods: other }))
    assert.equal(await periodsOf('S134'), other)
    await put(cpo, 'sessions', session('S134', { last_updated: fromNow(1_000) }))
    assert.is(await periodsOf('S134'), undefined)
    assert.is(at(emsp.received('receiver/sessions').at(-1)?.json, 'charging_periods'), undefined)
  })

  test(requirement(135, version), async () => {
    const periods = [period(1), period(2)]
    await put(cpo, 'sessions', session('S135', { charging_periods: periods.slice(0, 1) }))
    const bodies = [
      { charging_periods: periods.slice(1), last_updated: fromNow(0) },
      { charging_periods: [], last_updated: fromNow(1_000) },
      { kwh: 3, last_updated: fromNow(2_000) },
    ]
    for (const body of bodies) {
      assert.is((await cpo.send('PATCH', sessionPath('S135'), { body })).code, 1000)
      assert.equal(await periodsOf('S135'), periods)
    }
  })

  test(requirement(136, version), async () => {
    const charging_periods = [period(1)]
    await put(cpo, 'sessions', session('S136', { charging_periods }))
    emsp.forget()
    const body = { ...period(9), last_updated: fromNow(0) }
    for (const below of ['charging_periods', 'charging_periods/0', 'cdr_token']) {
      const reply = await cpo.send('PATCH', `${sessionPath('S136')}/${below}`, { body })
      assert.is(reply.status, 404, below)
    }
    assert.equal(await periodsOf('S136'), charging_periods)
    assert.equal(emsp.got, [])
  })

  test(requirement(137, version), async () => {
    const path = `receiver/tokens/${pathOf(emsp.party, 'U137')}`
    await put(emsp, 'tokens', tokenOf(emsp.party, 'U137'))
    const app = tokenOf(emsp.party, 'U137', { type: 'APP_USER', issuer: 'App' })
    const query = { type: 'APP_USER' }
    assert.is((await emsp.send('PUT', path, { body: app, query })).status, 201)
    const shown = async (wanted: Record<string, string>) =>
      at((await emsp.send('GET', path, { query: wanted, to: hub.party })).data, 'issuer')
    assert.equal(
      [await shown({}), await shown({ type: 'RFID' }), await shown(query)],
      ['Example', 'Example', 'App'],
    )
    await hub.drain()
    assert.ok(cpo.received('receiver/tokens').some(({ rest }) => rest.endsWith('?type=APP_USER')))
    answering(() => ({ data: info('ALLOWED', 'U137') }))
    emsp.forget()
    await cpo.send('POST', 'sender/tokens/U137/authorize', { query, to: emsp.party })
    assert.is(emsp.got[0]?.rest, '/U137/authorize?type=APP_USER')
  })

  test(requirement(138, version), async () => {
    // An id of its own: two CPOs with one would not be told apart.
    const id = `S138-${cpo.party}`
    await put(cpo, 'sessions', session(id))
    const answer = { status: 404, code: 2001, message: 'the EVSE has no preferences' }
    cpo.answer = ({ place }) => (place === 'sender/sessions' ? answer : undefined)
    const body = { profile_type: 'CHEAP', departure_time: fromNow(3_600_000), energy_need: 12.5 }
    for (const to of [{ to: cpo.party }, {}]) {
      cpo.forget()
      const path = `sender/sessions/${id}/charging_preferences`
      const reply = await emsp.send('PUT', path, { body, ...to })
      assert.equal([reply.status, reply.code], [404, 2001], reply.text)
      assert.is(reply.message, answer.message)
      assert.equal(
        cpo.got.map(({ method, place, rest, json }) => [method, place, rest, json]),
        [['PUT', 'sender/sessions', `/${id}/charging_preferences`, body]],
      )
    }
  })

  test(requirement(139, version), async () => {
    answering(() => unknown)
    for (const to of addressed) {
      const reply = await authorize('NOBODYS', to)
      assert.equal([reply.status, reply.code, reply.data], [404, 2004, undefined])
    }
  })

  test(requirement(140, version), async () => {
    await put(emsp, 'tokens', tokenOf(emsp.party, 'U140'))
    answering(({ json }) =>
      json === undefined ? { code: 2002 } : { data: info('ALLOWED', 'U140') },
    )
    for (const to of addressed) {
      const reply = await authorize('U140', to)
      assert.equal([reply.status, reply.code, reply.data], [200, 2002, undefined])
      const enough = await authorize('U140', { ...to, body: { location_id: 'L1' } })
      assert.equal([enough.code, at(enough.data, 'allowed')], [1000, 'ALLOWED'], enough.text)
    }
  })

  test(requirement(141, version), async () => {
    for (const allowed of ['BLOCKED', 'EXPIRED', 'NO_CREDIT', 'NOT_ALLOWED'])
      for (const to of addressed) {
        answering(() => ({ data: info(allowed, 'U141') }))
        const reply = await authorize('U141', to)
        assert.equal([reply.status, reply.code], [200, 1000], reply.text)
        assert.is(at(reply.data, 'allowed'), allowed)
      }
  })

  test(requirement(142, version), async () => {
    for (const whitelist of ['ALWAYS', 'ALLOWED_OFFLINE'])
      await put(emsp, 'tokens', tokenOf(emsp.party, `U-${whitelist}`, { whitelist }))
    answering(() => 'silence')
    for (const to of addressed)
      for (const whitelist of ['ALWAYS', 'ALLOWED_OFFLINE']) {
        const reply = await authorize(`U-${whitelist}`, to)
        assert.equal([reply.status, reply.code, reply.data], [200, 4002, undefined])
      }
  })

  test(requirement(143, version), async () => {
    const uid = `U143-${emsp.party}`
    const authorization_reference = 'Ref-143/aB.c'
    await put(emsp, 'tokens', tokenOf(emsp.party, uid))
    answering(() => ({ data: { ...info('ALLOWED', uid), authorization_reference } }))
    const reply = await authorize(uid, { body: { location_id: 'L1' } })
    assert.is(at(reply.data, 'authorization_reference'), authorization_reference)
    assert.equal(emsp.received('sender/tokens')[0]?.json, { location_id: 'L1' })
    emsp.answer = () => undefined
    const id = 'S-C143'
    const cdr_token = cdrTokenOf(emsp.party, uid)
    await put(cpo, 'sessions', session(id, { cdr_token, status: 'COMPLETED' }))
    const last_updated = fromNow(0)
    const patched = { authorization_reference, last_updated }
    assert.is((await cpo.send('PATCH', sessionPath(id), { body: patched })).code, 1000)
    const charge = { owner: cpo.party, payer: emsp.party, id: 'C143', uid }
    const body = seen(cdrOf(charge, { authorization_reference }))
    assert.is((await cpo.send('POST', 'receiver/cdrs', { body })).code, 1000)
    await hub.drain()
    for (const place of ['receiver/sessions', 'receiver/cdrs'])
      assert.is(
        at(emsp.received(place).at(-1)?.json, 'authorization_reference'),
        authorization_reference,
        place,
      )
  })
}

test.run()
