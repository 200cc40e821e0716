// Partners of 2.1.1 at their own door, and requests between partners of different versions.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { location211 } from '../helpers/objects-211.ts'

const hub = await startHub({ peerDeadlineMs: 600 })
const oldCpo = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const oldEmsp = await hub.connect({
  parties: [{ party: 'DE-OLD', role: 'EMSP' }],
  version: '2.1.1',
})
const cpo = await hub.connect({ parties: [{ party: 'NL-NEW', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-NEW', role: 'EMSP' }] })
const latest = await hub.connect({
  parties: [{ party: 'FR-NOW', role: 'EMSP' }],
  version: '2.3.0',
})
const everyone = [oldCpo, oldEmsp, cpo, emsp, latest]

const test = suite('versions at the door')
test.before.each(async () => {
  await hub.drain()
  for (const partner of everyone) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const routingHeaders = (headers: Readonly<Record<string, unknown>>) =>
  Object.keys(headers).filter((name) => name.startsWith('ocpi-'))

function oldSession(id: string, authId: string, more: Json = {}): Json {
  return {
    id,
    start_datetime: fromNow(-7_200_000),
    kwh: 1.5,
    auth_id: authId,
    auth_method: 'WHITELIST',
    location: location211('L1'),
    currency: 'EUR',
    status: 'ACTIVE',
    last_updated: fromNow(-60_000),
    ...more,
  }
}

const oldPut = (module: string, object: Json) =>
  oldCpo.send('PUT', `receiver/${module}/NL/OLD/${String(object['id'])}`, { body: object })

test('every versions URL lists all versions; 2.1.1 stands below the side of the partner', async () => {
  for (const [partner, side] of [
    [oldCpo, 'cpo'],
    [oldEmsp, 'emsp'],
    [emsp, 'emsp'],
  ] as const) {
    for (const start of ['versions', 'cpo/versions', 'emsp/versions']) {
      const reply = await partner.send('GET', `${hub.url}/ocpi/${start}`, { from: null })
      assert.equal(items(reply.data), [
        { version: '2.1.1', url: `${hub.url}/ocpi/${side}/2.1.1` },
        { version: '2.2.1', url: `${hub.url}/ocpi/2.2.1` },
        { version: '2.3.0', url: `${hub.url}/ocpi/2.3.0` },
      ])
    }
  }
})

test('a platform of both sides is shown 2.1.1 where the URL says on which side it comes', async () => {
  const both = await hub.invite({
    parties: [
      { party: 'BE-TWO', role: 'CPO' },
      { party: 'BE-TWO', role: 'EMSP' },
    ],
  })
  const first = async (start: string) => {
    const reply = await both.send('GET', `${hub.url}/ocpi/${start}`, { from: null })
    return at(items(reply.data)[0], 'url')
  }
  assert.is(await first('versions'), `${hub.url}/ocpi/2.2.1`)
  assert.is(await first('cpo/versions'), `${hub.url}/ocpi/cpo/2.1.1`)
  assert.is(await first('emsp/versions'), `${hub.url}/ocpi/emsp/2.1.1`)
})

test('2.1.1 has no URL without a side, and later versions none with one', async () => {
  for (const path of ['2.1.1', '2.1.1/locations', 'cpo/2.2.1', 'cpo/2.2.1/sender/locations']) {
    const reply = await cpo.send('GET', `${hub.url}/ocpi/${path}`)
    assert.equal([reply.status, reply.code], [404, 2001], path)
  }
})

test('what a 2.1.1 CPO pushes reaches each reader in its version, and no routing headers come back', async () => {
  const reply = await oldPut('locations', location211('L1'))
  assert.equal([reply.status, reply.code], [201, 1000])
  assert.equal(routingHeaders(reply.headers), [])
  await hub.drain()
  const [got] = emsp.received('receiver/locations', 'PUT')
  assert.is(got?.rest, '/NL/OLD/L1')
  assert.is(at(got?.json, 'party_id'), 'OLD')
  assert.is(at(got?.json, 'publish'), true)
  const [old] = oldEmsp.received('receiver/locations', 'PUT')
  assert.equal(routingHeaders(old?.headers ?? {}), [])
  assert.is(at(old?.json, 'type'), 'ON_STREET')
})

test('a 2.1.1 list is everybody’s objects, and its pages stand below its own URL', async () => {
  await put(cpo, 'tariffs', tariffOf('NL-NEW', 'P1'))
  await put(cpo, 'tariffs', tariffOf('NL-NEW', 'P2'))
  const reply = await oldEmsp.send('GET', 'sender/tariffs', { query: { limit: '1' } })
  assert.equal([reply.status, reply.code], [200, 1000])
  assert.equal(routingHeaders(reply.headers), [])
  assert.match(String(reply.headers.link), `<${hub.url}/ocpi/emsp/2.1.1/tariffs?`)
  assert.is(at(items(reply.data)[0], 'party_id'), undefined)
})

test('a 2.1.1 session goes to the provider of its token', async () => {
  await put(emsp, 'tokens', tokenOf('DE-NEW', 'CARD1'))
  const reply = await oldPut('sessions', oldSession('S1', 'DE-NEW-CCARD1'))
  assert.is(reply.code, 1000, reply.text)
  const [got] = emsp.received('receiver/sessions', 'PUT')
  assert.equal(at(at(got?.json, 'cdr_token'), 'uid'), 'CARD1')
  assert.is(at(got?.json, 'location_id'), 'L1')
  assert.is(at(got?.json, 'start_datetime'), undefined)
})

test('of a contract that nobody pushed, the contract id says whose it is', async () => {
  const known = await oldPut('sessions', oldSession('S2', 'DENEW0000077X'))
  assert.is(known.code, 1000, known.text)
  assert.is(emsp.received('receiver/sessions', 'PUT').length, 1)
  const unknown = await oldPut('sessions', oldSession('S3', 'XX-XXX-1'))
  assert.is(unknown.code, 2001)
  assert.match(unknown.message, '/auth_id')
})

test('2.1.1 is told of errors in its own codes', async () => {
  emsp.answer = (got) => (got.place === 'receiver/sessions' ? 'drop' : undefined)
  const reply = await oldPut('sessions', oldSession('S1', 'DE-NEW-CCARD1', { kwh: 2 }))
  assert.equal([reply.status, reply.code], [200, 3000])
})

test('a 2.1.1 CPO asks for authorisation: the answer has no token, an unknown one is 404 without 2004', async () => {
  emsp.answer = (got) =>
    got.rest.startsWith('/CARD1/')
      ? { data: { allowed: 'ALLOWED', token: tokenOf('DE-NEW', 'CARD1') } }
      : { status: 404, code: 2004 }
  for (const other of [oldEmsp, latest]) other.answer = () => ({ status: 404, code: 2000 })
  const known = await oldCpo.send('POST', 'sender/tokens/CARD1/authorize')
  assert.is(known.code, 1000, known.text)
  assert.equal(known.data, { allowed: 'ALLOWED' })
  const unknown = await oldCpo.send('POST', 'sender/tokens/NOBODYS/authorize')
  assert.equal([unknown.status, unknown.code], [404, 2000])
})

test('an object addressed to a 2.1.1 partner is converted; what was lost is said', async () => {
  const tariff = tariffOf('NL-NEW', 'T9', { min_price: { excl_vat: 1 } })
  const reply = await put(cpo, 'tariffs', tariff, { to: 'DE-OLD' })
  assert.is(reply.code, 1000, reply.text)
  assert.match(reply.message, '/min_price')
  const [got] = oldEmsp.received('receiver/tariffs', 'PUT')
  assert.is(at(got?.json, 'min_price'), undefined)
  assert.equal(routingHeaders(got?.headers ?? {}), [])
})

test('what the receiver’s version cannot say is refused with its place', async () => {
  const hidden = locationOf('NL-NEW', 'HIDDEN', { publish: false })
  const reply = await put(cpo, 'locations', hidden, { to: 'DE-OLD' })
  assert.is(reply.code, 4000, reply.text)
  assert.match(reply.message, '/publish')
  assert.equal(oldEmsp.got, [])
})

test('a PATCH between versions stays a PATCH, in the receiver’s words', async () => {
  const tree = locationOf('NL-NEW', 'LP')
  for (const to of ['DE-OLD', 'FR-NOW']) await put(cpo, 'locations', tree, { to })
  const path = `receiver/locations/${pathOf('NL-NEW', 'LP')}/E1/1`
  const body = { max_voltage: 400, last_updated: fromNow(0) }
  for (const to of ['DE-OLD', 'FR-NOW']) {
    const reply = await cpo.send('PATCH', path, { body, to })
    assert.is(reply.code, 1000, reply.text)
  }
  const [old] = oldEmsp.received('receiver/locations', 'PATCH')
  assert.is(at(old?.json, 'voltage'), 400)
  assert.is(latest.received('receiver/locations', 'PATCH')[0]?.rest, '/NL/NEW/LP/E1/1')
})

test('a PATCH of a tariff exists in 2.1.1 only: others get the whole tariff', async () => {
  const elements = [{ price_components: [{ type: 'FLAT', price: 1, step_size: 1 }] }]
  await oldPut('tariffs', {
    id: 'TP',
    currency: 'EUR',
    elements,
    last_updated: fromNow(-3_600_000),
  })
  const body = { currency: 'NOK', last_updated: fromNow(-60_000) }
  const reply = await oldCpo.send('PATCH', 'receiver/tariffs/NL/OLD/TP', { body })
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
  const got = emsp.received('receiver/tariffs', 'PUT').at(-1)
  assert.is(at(got?.json, 'currency'), 'NOK')
  const refused = await cpo.send('PATCH', 'receiver/tariffs/NL/NEW/P1', { body })
  assert.is(refused.status, 405)
})

test('a list of a 2.1.1 partner comes with owners; what cannot be read is left out and named', async () => {
  oldCpo.answer = (got) =>
    got.place === 'sender/locations'
      ? {
          data: [location211('A'), location211('B')],
          headers: { Link: `<${oldCpo.url}/2.1.1/sender/locations?offset=2>; rel="next"` },
        }
      : undefined
  const reply = await emsp.send('GET', 'sender/locations', { to: 'NL-OLD' })
  assert.is(reply.code, 1000, reply.text)
  assert.equal(
    items(reply.data).map((each) => [at(each, 'id'), at(each, 'party_id')]),
    [
      ['A', 'OLD'],
      ['B', 'OLD'],
    ],
  )
  assert.match(String(reply.headers.link), `<${hub.url}/ocpi/2.2.1/sender/locations?page_of=`)
  const url = /<([^>]+)>/.exec(String(reply.headers.link))?.[1] ?? ''
  oldCpo.forget()
  await emsp.send('GET', url, { to: 'NL-OLD' })
  assert.is(oldCpo.got[0]?.rest, '?offset=2')
})

test('HTTP errors of a 2.1.1 receiver that hold an envelope are errors of OCPI', async () => {
  oldEmsp.answer = () => ({ status: 400, code: 2001, message: 'no' })
  const reply = await put(cpo, 'tariffs', tariffOf('NL-NEW', 'T10'), { to: 'DE-OLD' })
  assert.equal([reply.status, reply.code], [200, 2001])
  assert.match(reply.message, 'no')
})

test('an OFFLINE party is sent nothing: 4003', async () => {
  const gone = await hub.connect({ parties: [{ party: 'BE-OFF', role: 'EMSP' }] })
  const { db, directory } = hub.context
  await db.rows(sql`update platforms set offline_since = clock_timestamp() where id = ${gone.id}`)
  directory.invalidate()
  const reply = await put(cpo, 'tariffs', tariffOf('NL-NEW', 'T11'), { to: 'BE-OFF' })
  assert.is(reply.code, 4003)
  assert.equal(gone.got, [])
})

test.run()
