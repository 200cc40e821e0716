// OCPI 2.2.1, Open Routing Request: the hub finds the receiver by what the request is about.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, sessionOf } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const operates = ['sender/locations', 'sender/sessions', 'receiver/commands', 'receiver/tokens']
const serves = ['receiver/locations', 'receiver/sessions', 'sender/tokens', 'sender/commands']
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }], modules: operates })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }], modules: serves })
const both = await hub.connect({
  parties: [
    { party: 'FR-TWO', role: 'CPO' },
    { party: 'FR-TWO', role: 'EMSP' },
  ],
  modules: [...operates, ...serves],
})

const test = suite('open routing')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, emsp, both]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

/** `to NL-TNM from DE-EMA`: the routing headers of an answer. */
function addresses(headers: Readonly<Record<string, unknown>> = {}): string {
  const side = (name: string) =>
    [headers[`ocpi-${name}-country-code`], headers[`ocpi-${name}-party-id`]].join('-')
  return `to ${side('to')} from ${side('from')}`
}

test('88, 91: open routing: a session or CDR goes to the party in cdr_token, which the answer names', async () => {
  const session = await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S88' }))
  assert.is(addresses(emsp.got[0]?.headers), 'to DE-EMA from NL-TNM')
  const body = cdrOf({ owner: CPO, payer: EMSP, id: 'C88', session: 'S88' })
  const cdr = await cpo.send('POST', 'receiver/cdrs', { body })
  for (const { headers } of [session, cdr]) assert.is(addresses(headers), 'to NL-TNM from DE-EMA')
})

test('90: a list without an addressee is 2001', async () => {
  for (const module of ['locations', 'tariffs', 'cdrs', 'sessions']) {
    const query = { date_from: '2020-01-01T00:00:00Z' }
    const reply = await emsp.send('GET', `sender/${module}`, { query })
    assert.equal([reply.status, reply.code], [200, 2001], module)
  }
})

test('92: a PATCH of a session without an addressee goes where the session went', async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S92' }))
  emsp.forget()
  const body = { kwh: 11, last_updated: fromNow(0) }
  const reply = await cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, 'S92')}`, { body })
  assert.is(reply.code, 1000)
  assert.is(addresses(emsp.got[0]?.headers), 'to DE-EMA from NL-TNM')
  const unknown = await cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, 'S92X')}`, { body })
  assert.is(unknown.code, 2001)
})

test('93: an id that two owners use is not guessed between', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L93'))
  await put(both, 'locations', locationOf('FR-TWO', 'L93'))
  const reply = await emsp.send('GET', 'sender/locations/L93')
  assert.is(reply.code, 2003)
})

test('93: a command for a location that several CPOs have is not guessed between; its EVSE may tell', async () => {
  const evse = (uid: string) => {
    const [first] = items(locationOf(CPO, 'L')['evses'])
    return { evses: [{ ...Object(first), uid }] }
  }
  await put(cpo, 'locations', locationOf(CPO, 'L93C', evse('ONE')))
  await put(both, 'locations', locationOf('FR-TWO', 'L93C', evse('TWO')))
  await hub.drain()
  cpo.forget()
  const unlock = (evse_uid: string) => {
    const body = {
      response_url: `${emsp.url}/results/1`,
      location_id: 'L93C',
      evse_uid,
      connector_id: '1',
    }
    return emsp.send('POST', 'receiver/commands/UNLOCK_CONNECTOR', { body })
  }
  const vague = await unlock('THREE')
  assert.equal([vague.status, vague.code], [200, 2003])
  assert.equal(vague.data, { result: 'REJECTED', timeout: 0 })
  assert.equal(cpo.got, [])
  const exact = await unlock('ONE')
  assert.is(exact.code, 1000, exact.text)
  assert.is(addresses(exact.headers), 'to DE-EMA from NL-TNM')
})

test('92, 138: charging preferences go to the CPO of the session, whose 404 is passed on', async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S138' }))
  cpo.answer = () => ({ status: 404, code: 2001 })
  const body = { profile_type: 'GREEN' }
  const path = 'sender/sessions/S138/charging_preferences'
  const reply = await emsp.send('PUT', path, { body })
  assert.equal([reply.status, reply.code], [404, 2001])
  assert.is(cpo.got[0]?.rest, '/S138/charging_preferences')
  assert.is(addresses(reply.headers), 'to DE-EMA from NL-TNM')
  cpo.forget()
  const stranger = { from: 'FR-TWO', body }
  for (const to of [{}, { to: CPO }])
    assert.is((await both.send('PUT', path, { ...stranger, ...to })).code, 2003)
  assert.equal(cpo.got, [])
})

test('99: what comes from a platform goes back to it only where it is addressed', async () => {
  await put(both, 'locations', locationOf('FR-TWO', 'L99'))
  await hub.drain()
  both.forget()
  const body = {
    response_url: `${both.url}/results/1`,
    location_id: 'L99',
    evse_uid: 'E1',
    connector_id: '1',
  }
  const path = 'receiver/commands/UNLOCK_CONNECTOR'
  assert.is((await both.send('POST', path, { body })).code, 2003)
  assert.equal(both.got, [])
  const addressed = await both.send('POST', path, { body, to: 'FR-TWO' })
  assert.is(addressed.code, 1000, addressed.text)
  assert.is(both.got.length, 1)
})

test('custom modules pass between parties whose agreement names them, and exist for nobody else', async () => {
  const parties = [{ party: 'BE-CUS', role: 'EMSP' }] as const
  const partner = await hub.connect({ parties, modules: ['receiver/nltnm-extra', 'sender/tokens'] })
  const path = 'receiver/nltnm-extra/things/1'
  const body = { anything: 1.1 }
  const send = () => cpo.send('PUT', path, { body, to: 'BE-CUS' })
  assert.equal([(await send()).status, partner.got.length], [404, 0])
  const terms = { modules: ['nltnm-extra', 'tariffs'] }
  assert.is((await hub.admin('PUT', `/agreements/${CPO}/BE-CUS`, terms)).status, 200)
  const reply = await send()
  assert.is(reply.code, 1000, reply.text)
  const [got] = partner.received('receiver/nltnm-extra', 'PUT')
  assert.equal([got?.rest, got?.json], ['/things/1', body])
  assert.is(addresses(reply.headers), 'to NL-TNM from BE-CUS')
  assert.is((await cpo.send('PUT', path, { body, to: EMSP })).status, 404)
  assert.is((await cpo.send('PUT', path, { body })).status, 404)
})

test.run()
