// Partners as they really are: what operators set for one is how the hub treats it at the door and on the way out.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, tariffOf } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })

const test = suite('quirks at the door')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, emsp]) {
    await setQuirks(partner, {})
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

async function setQuirks(partner: FakePartner, quirks: object): Promise<void> {
  const body = { quirks: { pull: false, ...quirks }, reason: 'as agreed with the partner' }
  const reply = await hub.admin('PATCH', `/platforms/${partner.id}`, body)
  assert.is(reply.status, 200, reply.text)
}

const routingHeaders = (headers: Readonly<Record<string, unknown>> = {}) =>
  Object.keys(headers).filter((name) => name.startsWith('ocpi-'))

test('no_routing_headers: its only party speaks, lists and pushes are for the hub, none are sent to it', async () => {
  const tariff = tariffOf(CPO, 'N1')
  const path = `receiver/tariffs/${pathOf(CPO, 'N1')}`
  const before = await cpo.send('PUT', path, { body: tariff, from: null })
  assert.is(before.code, 2001)
  await setQuirks(cpo, { no_routing_headers: true })
  const pushed = await cpo.send('PUT', path, { body: tariff, from: null })
  const listed = await cpo.send('GET', 'sender/tokens', { from: null })
  for (const reply of [pushed, listed]) {
    assert.is(reply.code, 1000, reply.text)
    assert.equal(routingHeaders(reply.headers), [])
  }
  const asked = await emsp.send('GET', 'sender/locations', { to: CPO })
  assert.is(asked.code, 1000)
  assert.equal(routingHeaders(cpo.received('sender/locations')[0]?.headers), [])
})

test('put_instead_of_patch: the whole object as it is after the PATCH, children and all', async () => {
  const at_ = { to: EMSP }
  await put(cpo, 'locations', locationOf(CPO, 'P1'), at_)
  await setQuirks(emsp, { put_instead_of_patch: true })
  emsp.forget()
  const body = { status: 'CHARGING', last_updated: fromNow(0) }
  const path = `receiver/locations/${pathOf(CPO, 'P1')}/E1`
  const reply = await cpo.send('PATCH', path, { body, ...at_ })
  assert.is(reply.code, 1000, reply.text)
  const [got] = emsp.got
  assert.equal([got?.method, got?.rest], ['PUT', '/NL/TNM/P1'])
  assert.is(at(got?.json, 'id'), 'P1')
  assert.match(got?.body.toString() ?? '', 'CHARGING')
})

test('put_instead_of_patch: of an object that everybody has, changed for it alone', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'P2'), { to: hub.party })
  await hub.drain()
  await setQuirks(emsp, { put_instead_of_patch: true })
  emsp.forget()
  const body = { name: 'for one', last_updated: fromNow(0) }
  const reply = await cpo.send('PATCH', `receiver/locations/${pathOf(CPO, 'P2')}`, {
    body,
    to: EMSP,
  })
  assert.is(reply.code, 1000, reply.text)
  const [got] = emsp.got
  assert.equal([got?.method, at(got?.json, 'id'), at(got?.json, 'name')], ['PUT', 'P2', 'for one'])
})

test('id_case: ids in its URLs are turned, country and party are not', async () => {
  await setQuirks(emsp, { id_case: 'lower' })
  await put(cpo, 'tariffs', tariffOf(CPO, 'AbC'), { to: EMSP })
  assert.is(emsp.got[0]?.rest, '/NL/TNM/abc')
})

test('page_size_max: a longer page is not asked for', async () => {
  await setQuirks(cpo, { page_size_max: 10 })
  await emsp.send('GET', 'sender/locations', { to: CPO, query: { limit: '50' } })
  assert.is(cpo.got[0]?.rest, '?limit=10')
})

test('token_encoding: it is shown our token as operators say, at once', async () => {
  await setQuirks(emsp, { token_encoding: 'raw' })
  await put(cpo, 'tariffs', tariffOf(CPO, 'E1'), { to: EMSP })
  assert.is(emsp.got[0]?.headers.authorization, `Token ${emsp.expects}`)
})

test('lenient_content_type: a body is read whatever it is called', async () => {
  const send = () =>
    cpo.send('PUT', `receiver/tariffs/${pathOf(CPO, 'L1')}`, {
      body: tariffOf(CPO, 'L1'),
      headers: { 'content-type': 'text/plain' },
    })
  assert.is((await send()).status, 415)
  await setQuirks(cpo, { lenient_content_type: true })
  assert.is((await send()).code, 1000)
})

test('known faults are read as they are meant, kept as sent and named; unknown ones are refused', async () => {
  const wrong = {
    ...tariffOf(CPO, 'R1'),
    type: 'regular',
    elements: [{ price_components: [{ type: 'ENERGY', price: '0.30', step_size: 1 }] }],
  }
  const refused = await put(cpo, 'tariffs', wrong)
  assert.is(refused.code, 2001)
  assert.match(refused.message, '/elements/0/price_components/0/price')
  await setQuirks(cpo, { numbers_as_strings: true, enum_case: true })
  const taken = await put(cpo, 'tariffs', wrong)
  assert.is(taken.code, 1000, taken.text)
  assert.match(taken.message, '/elements/0/price_components/0/price "0.30" read as a number')
  await hub.drain()
  assert.equal(emsp.received('receiver/tariffs'), [], 'prices in doubt go to nobody')
  const kept = await hub.admin('GET', '/imports/quarantine')
  assert.match(String(at(kept.json, 'items', 0, 'original')), '"price":"0.30"')
  const location = locationOf(CPO, 'R2', { parking_type: 'on_street' })
  assert.is((await put(cpo, 'locations', location)).code, 1000)
  await hub.drain()
  assert.match(emsp.received('receiver/locations')[0]?.body.toString() ?? '', '"on_street"')
})

test('relaxed_lengths: a long text is no fault', async () => {
  const long = tariffOf(CPO, 'LONG', {
    tariff_alt_text: [{ language: 'en', text: 'x'.repeat(600) }],
  })
  assert.match((await put(cpo, 'tariffs', long)).message, '/tariff_alt_text/0/text')
  await setQuirks(cpo, { relaxed_lengths: true })
  const reply = await put(cpo, 'tariffs', { ...long, last_updated: fromNow(0) })
  assert.equal([reply.code, reply.message], [1000, ''])
})

test.run()
