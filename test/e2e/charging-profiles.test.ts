// Charging profiles: asked for, set and cleared through the hub, results and active profiles on their way back.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { put, sessionOf } from '../helpers/objects.ts'

const hub = await startHub({ peerDeadlineMs: 500 })
const cpo = await hub.connect({
  parties: [{ party: 'BE-CPO', role: 'CPO' }],
  modules: ['sender/sessions', 'receiver/commands', 'receiver/chargingprofiles'],
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMA', role: 'EMSP' }],
  modules: ['receiver/sessions', 'sender/tokens', 'sender/chargingprofiles'],
})
const smart = await hub.connect({
  parties: [{ party: 'NL-SCS', role: 'SCSP' }],
  modules: ['receiver/sessions', 'sender/chargingprofiles'],
})
await put(cpo, 'sessions', sessionOf({ owner: 'BE-CPO', payer: 'DE-EMA', id: 'S1' }))

const PLACE = 'receiver/chargingprofiles'
const accepted = { result: 'ACCEPTED', timeout: 20 }
const profile = {
  charging_rate_unit: 'W',
  charging_profile_period: [{ start_period: 0, limit: 11000.5 }],
}

const test = suite('charging profiles')
test.before.each(() => {
  for (const partner of [cpo, emsp, smart]) partner.forget()
  cpo.answer = ({ place }) => (place === PLACE ? { data: accepted } : undefined)
})
test.after(() => hub.close())

/** The response_url in the query of what the receiver got. */
function mintedAt(got: Got | undefined): string {
  return new URLSearchParams(got?.rest.split('?')[1]).get('response_url') ?? ''
}

test('GET: the URL in the query is the hub’s, the rest of the query is kept', async () => {
  const url = resultUrl(emsp, 'active?for=S1&x=%26')
  const reply = await emsp.send('GET', `${PLACE}/S1`, {
    query: { duration: '900', response_url: url, custom: 'a b&c' },
    to: 'BE-CPO',
  })
  assert.equal(reply.data, accepted, reply.text)
  const [got] = cpo.received(PLACE, 'GET')
  const asked = new URLSearchParams(got?.rest.split('?')[1])
  assert.is(got?.rest.split('?')[0], '/S1')
  assert.equal([...asked.keys()], ['duration', 'response_url', 'custom'])
  assert.is(asked.get('duration'), '900')
  assert.is(asked.get('custom'), 'a b&c')
  assert.ok(mintedAt(got).startsWith(`${hub.url}/ocpi/callbacks/`))
  assert.match(got?.rest ?? '', /response_url=http%3A%2F%2F/)

  const raw =
    '{"result":"ACCEPTED","profile":{"start_date_time":"2026-01-01T00:00:00Z","charging_profile":{"charging_rate_unit":"A","min_charging_rate":6.10}}}'
  const told = await cpo.send('POST', mintedAt(got), { raw })
  assert.is(told.code, 1000, told.text)
  assert.is(told.data, undefined)
  const [result] = resultsAt(emsp, 'active?for=S1&x=%26')
  assert.is(result?.body, raw)
  assert.is(result?.headers['ocpi-from-party-id'], 'CPO')
  assert.is(result?.headers['ocpi-to-party-id'], 'EMA')
})

test('PUT: the URL in the body is the hub’s, and who set a profile is remembered', async () => {
  const url = resultUrl(emsp, 'set')
  const start = `{"charging_profile": ${JSON.stringify(profile)} ,"response_url":`
  const reply = await emsp.send('PUT', `${PLACE}/S1`, {
    raw: `${start}${JSON.stringify(url)}}`,
    to: 'BE-CPO',
  })
  assert.equal(reply.data, accepted, reply.text)
  const [got] = cpo.received(PLACE, 'PUT')
  assert.is(got?.body, `${start}${JSON.stringify(mintedIn(got))}}`)
  assert.is((await cpo.send('POST', mintedIn(got), { body: { result: 'ACCEPTED' } })).code, 1000)
  assert.equal(resultsAt(emsp, 'set')[0]?.json, { result: 'ACCEPTED' })
  assert.equal(await setters('s1'), ['DE-EMA'])
})

test('a profile that the CPO does not take makes nobody its setter', async () => {
  cpo.answer = () => ({ data: { result: 'TOO_OFTEN', timeout: 30 } })
  const body = { charging_profile: profile, response_url: resultUrl(smart, 'set') }
  const reply = await smart.send('PUT', `${PLACE}/S2`, { body, to: 'BE-CPO' })
  assert.equal(reply.data, { result: 'TOO_OFTEN', timeout: 30 })
  assert.equal(await setters('s2'), [])
})

test('DELETE: the URL in the query is the hub’s', async () => {
  const query = { response_url: resultUrl(smart, 'clear') }
  const reply = await smart.send('DELETE', `${PLACE}/S3`, { query, to: 'BE-CPO' })
  assert.equal(reply.data, accepted, reply.text)
  const [got] = cpo.received(PLACE, 'DELETE')
  assert.is((await cpo.send('POST', mintedAt(got), { body: { result: 'UNKNOWN' } })).code, 1000)
  assert.equal(resultsAt(smart, 'clear')[0]?.json, { result: 'UNKNOWN' })
})

test('without OCPI-to the session says which CPO', async () => {
  const query = { response_url: resultUrl(emsp, 'open') }
  const reply = await emsp.send('DELETE', `${PLACE}/S1`, { query })
  assert.equal(reply.data, accepted, reply.text)
  assert.is(cpo.received(PLACE, 'DELETE')[0]?.headers['ocpi-to-party-id'], 'CPO')
})

test('without what they need in the query, GET and DELETE are refused', async () => {
  const url = resultUrl(emsp, 'x')
  for (const [method, query, missing] of [
    ['GET', { response_url: url }, 'duration'],
    ['GET', { duration: '900' }, 'response_url'],
    ['DELETE', {}, 'response_url'],
  ] as const) {
    const reply = await emsp.send(method, `${PLACE}/S1`, { query, to: 'BE-CPO' })
    assert.is(reply.code, 2001)
    assert.match(reply.message, missing)
  }
  const far = { duration: '900', response_url: url.padEnd(256, 'x') }
  const long = await emsp.send('GET', `${PLACE}/S1`, { query: far, to: 'BE-CPO' })
  assert.is(long.code, 2001)
  assert.match(long.message, /query:response_url may have 255/)
  assert.equal(cpo.got, [])
})

test('an active profile goes to the Sender interface of whoever is addressed, answered without data', async () => {
  const body = { start_date_time: '2026-01-01T00:00:00Z', charging_profile: profile }
  const reply = await cpo.send('PUT', 'sender/chargingprofiles/S1', { body, to: 'DE-EMA' })
  assert.is(reply.code, 1000, reply.text)
  assert.is(reply.data, undefined)
  const [got] = emsp.received('sender/chargingprofiles', 'PUT')
  assert.is(got?.rest, '/S1')
  assert.equal(got?.json, body)
  assert.is(got?.headers['ocpi-from-party-id'], 'CPO')
})

test('without OCPI-to it goes to the one who set a profile on the session', async () => {
  const set = { charging_profile: profile, response_url: resultUrl(emsp, 'set') }
  await emsp.send('PUT', `${PLACE}/S1`, { body: set, to: 'BE-CPO' })
  const body = { start_date_time: '2026-01-01T00:00:00Z', charging_profile: profile }
  const reply = await cpo.send('PUT', 'sender/chargingprofiles/S1', { body })
  assert.is(reply.code, 1000, reply.text)
  assert.is(emsp.received('sender/chargingprofiles', 'PUT').length, 1)
  const nobody = await cpo.send('PUT', 'sender/chargingprofiles/S9', { body })
  assert.is(nobody.code, 2003)
})

test('between 2.2.1 and 2.3.0 bodies, answers and results are the same text', async () => {
  const modern = await hub.connect({
    parties: [{ party: 'BE-NEW', role: 'CPO' }],
    version: '2.3.0',
    modules: ['sender/sessions', 'receiver/chargingprofiles'],
  })
  modern.answer = ({ place }) => (place === PLACE ? { data: { ...accepted, more: 1 } } : undefined)
  const start = `{"x": 1.10, "charging_profile":${JSON.stringify(profile)} ,"response_url":`
  const url = resultUrl(emsp, 'modern')
  const reply = await emsp.send('PUT', `${PLACE}/S1`, {
    raw: `${start}${JSON.stringify(url)}}`,
    to: 'BE-NEW',
  })
  assert.equal(reply.data, { ...accepted, more: 1 }, reply.text)
  const [got] = modern.received(PLACE, 'PUT')
  assert.is(got?.body, `${start}${JSON.stringify(mintedIn(got))}}`)
  const raw = '{"result": "ACCEPTED" ,"x":1.10}'
  assert.is((await modern.send('POST', mintedIn(got), { raw })).code, 1000)
  assert.is(resultsAt(emsp, 'modern')[0]?.body, raw)
})

test('a receiver without the module is 4000', async () => {
  const old = await hub.connect({
    parties: [{ party: 'BE-OLD', role: 'CPO' }],
    version: '2.1.1',
    modules: ['sender/locations', 'receiver/commands'],
  })
  const query = { response_url: resultUrl(emsp, 'x') }
  const reply = await emsp.send('DELETE', `${PLACE}/S1`, { query, to: 'BE-OLD' })
  assert.is(reply.status, 200)
  assert.is(reply.code, 4000)
  assert.equal(old.got, [])
})

async function setters(session: string): Promise<string[]> {
  const rows = await hub.context.db.rows<{ party: string }>(sql`
    select party from profile_setters where cpo = 'BE-CPO' and session_key = ${session} order by party`)
  return rows.map(({ party }) => party)
}

test.run()
