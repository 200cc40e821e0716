// OCPI 2.2.1, Transport and format: requests, answers, message ids.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, tariffOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('transport')
test.after(() => hub.close())

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const tariffPath = (id: string) => `receiver/tariffs/${pathOf('NL-TNM', id)}`

function checkEnvelope(reply: Reply): void {
  assert.type(at(reply.json, 'status_code'), 'number', reply.text)
  assert.match(String(at(reply.json, 'timestamp')), TIME)
  assert.match(String(reply.headers['content-type']), /^application\/json/)
}

test('1: JSON that cannot be parsed is HTTP 400 with the envelope', async () => {
  for (const raw of ['{', '', '{"a":1}x', 'null x', '{"a":01}', "{'a':1}"]) {
    const reply = await cpo.send('PUT', tariffPath('T1'), { raw })
    assert.is(reply.status, 400, raw)
    assert.is(reply.code, 2001)
    checkEnvelope(reply)
  }
})

test('2: a well-formed request of an authorised sender never gets an HTTP error', async () => {
  const body = { ...tariffOf('NL-TNM', 'T1'), currency: undefined, elements: 'many' }
  const reply = await cpo.send('PUT', tariffPath('T1'), { body })
  assert.is(reply.status, 200)
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/currency')
  assert.match(reply.message, '/elements')
})

test('3: an object that does not exist is HTTP 404', async () => {
  const reply = await emsp.send('GET', 'sender/locations/NOWHERE')
  assert.is(reply.status, 404)
  checkEnvelope(reply)
})

test('4: creating is HTTP 201, updating 200', async () => {
  const body = tariffOf('NL-TNM', 'T4')
  assert.is((await cpo.send('PUT', tariffPath('T4'), { body })).status, 201)
  const later = { ...body, last_updated: fromNow(0) }
  assert.is((await cpo.send('PUT', tariffPath('T4'), { body: later })).status, 200)
  const cdr = cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'C4' })
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body: cdr })).status, 201)
})

test('5: every answer is an envelope; lists hold an array, single objects an object', async () => {
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  const list = await emsp.send('GET', 'sender/locations', { to: hub.party })
  const one = await emsp.send('GET', 'sender/locations/L1')
  const part = await emsp.send('GET', 'sender/locations/L1/E1/1')
  for (const reply of [list, one, part]) checkEnvelope(reply)
  assert.ok(Array.isArray(list.data))
  assert.is(at(one.data, 'id'), 'L1')
  assert.is(at(part.data, 'standard'), 'IEC_62196_T2')
})

test('6: data is left out where the specification does not ask for it', async () => {
  const reply = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T6'))
  assert.is(at(reply.json, 'data'), undefined)
})

test('7: bodies that the hub sends have Content-Type application/json', async () => {
  emsp.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T7'), { to: 'DE-EMA' })
  assert.is(emsp.got[0]?.headers['content-type'], 'application/json')
})

test('8: a charset of UTF-8 and a missing Content-Type are fine, another type is 415', async () => {
  const raw = JSON.stringify(tariffOf('NL-TNM', 'T8'))
  const types = {
    'application/json; charset=utf-8': 200,
    'Application/JSON;charset="UTF-8"': 200,
    'application/json; charset=latin1': 415,
    'text/plain': 415,
    'application/xml': 415,
  }
  await cpo.send('PUT', tariffPath('T8'), { raw })
  for (const [type, status] of Object.entries(types)) {
    const headers = { 'content-type': type }
    const reply = await cpo.send('PUT', tariffPath('T8'), { raw, headers })
    assert.is(reply.status, status, type)
    checkEnvelope(reply)
  }
  const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
  assert.is(list.code, 1000)
})

test('9, 10: undocumented fields are accepted and passed on byte for byte', async () => {
  const body = { ...tariffOf('NL-TNM', 'T9'), 'x-colour': { deep: [1.1, null] } }
  const raw = JSON.stringify(body).replace('1.1,', '1.10 ,')
  emsp.forget()
  assert.is((await cpo.send('PUT', tariffPath('T9'), { raw, to: 'DE-EMA' })).code, 1000)
  assert.is(emsp.got[0]?.body, raw)
  assert.is((await cpo.send('PUT', tariffPath('T9'), { raw })).code, 1000)
  await hub.drain()
  assert.is(emsp.received('receiver/tariffs', 'PUT').at(-1)?.body, raw)
})

test('12: times are answered in UTC; no designator and fractions are read as UTC', async () => {
  const from = '2020-01-01T00:00:00.5'
  const reply = await emsp.send('GET', 'sender/tariffs', {
    to: hub.party,
    query: { date_from: from },
  })
  assert.is(reply.code, 1000)
  assert.match(String(at(reply.json, 'timestamp')), TIME)
})

test('13, as decided otherwise: a time with an offset is accepted, kept as sent and reported', async () => {
  const body = tariffOf('NL-TNM', 'T13', { last_updated: '2026-01-01T10:00:00+02:00' })
  const reply = await put(cpo, 'tariffs', body)
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/last_updated')
  const list = await emsp.send('GET', 'sender/tariffs/T13')
  assert.is(list.status, 404)
  const all = await emsp.send('GET', 'sender/tariffs', { to: hub.party, query: { limit: '200' } })
  const kept = items(all.data).find((each) => at(each, 'id') === 'T13')
  assert.is(at(kept, 'last_updated'), '2026-01-01T10:00:00+02:00')
})

test('14: null is absent: a null where a value is needed is missing', async () => {
  const optional = { ...tariffOf('NL-TNM', 'T14'), tariff_alt_url: null, energy_mix: null }
  assert.is((await put(cpo, 'tariffs', optional)).code, 1000)
  const reply = await put(cpo, 'tariffs', { ...optional, currency: null })
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/currency')
})

test('15, as decided otherwise: an empty list where one element is needed is accepted and reported', async () => {
  const reply = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T15', { elements: [] }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/elements')
})

test('16: names of headers count in any case', async () => {
  const headers = { 'ocpi-FROM-country-code': 'NL', 'OCPI-FROM-PARTY-ID': 'TNM' }
  const body = tariffOf('NL-TNM', 'T16')
  assert.is((await cpo.send('PUT', tariffPath('T16'), { body, from: null, headers })).code, 1000)
})

test('17: parties and ids count in any case', async () => {
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'CaRd17'))
  const reply = await emsp.send('GET', 'receiver/tokens/de/ema/cArD17', {
    from: 'de-ema',
    to: 'nl-xch',
  })
  assert.is(at(reply.data, 'uid'), 'CaRd17')
})

test('18: enums count in their own case only', async () => {
  const reply = await put(emsp, 'tokens', tokenOf('DE-EMA', 'C18', { whitelist: 'allowed' }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/whitelist')
})

test('19: custom status codes are never used', async () => {
  for (const { headers } of cpo.got) assert.ok(headers)
  const replies = [
    await cpo.send('GET', 'sender/tariffs'),
    await cpo.send('PUT', tariffPath('T1'), { raw: '{' }),
    await cpo.send('PUT', tariffPath('T1'), { body: {}, to: 'XX-XXX' }),
  ]
  for (const { code } of replies) assert.not.match(String(code), /^[1-4]9/)
})

test('an over-long body is 413 before it is parsed, and the next request works', async () => {
  const raw = `{"id":"${'x'.repeat(limits.bodyBytesMax)}`
  const reply = await cpo.send('PUT', tariffPath('T1'), { raw })
  assert.is(reply.status, 413)
  checkEnvelope(reply)
  assert.is((await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T413'))).code, 1000)
})

test('103, 104: ids are echoed, whatever the answer is', async () => {
  const headers = { 'X-Request-ID': 'request-1', 'X-Correlation-ID': 'correlation-1' }
  const replies = [
    await cpo.send('GET', 'versions', { headers }),
    await cpo.send('GET', 'sender/tariffs', { headers }),
    await cpo.send('GET', 'sender/nothing', { headers }),
    await cpo.send('PATCH', tariffPath('T1'), { headers, body: {} }),
    await cpo.send('PUT', tariffPath('T1'), { headers, raw: '{' }),
    await cpo.send('PUT', tariffPath('T1'), { headers, raw: 'x'.repeat(limits.bodyBytesMax + 1) }),
    await cpo.send('PUT', tariffPath('T1'), {
      headers,
      body: tariffOf('NL-TNM', 'T1'),
      to: 'DE-EMA',
    }),
    await cpo.send('GET', 'versions', { headers: { ...headers, authorization: 'Token nobody' } }),
  ]
  for (const reply of replies) {
    assert.is(reply.headers['x-request-id'], 'request-1', reply.text)
    assert.is(reply.headers['x-correlation-id'], 'correlation-1', reply.text)
  }
})

test('105, 106, 109: a forward has a new UUID as X-Request-ID and the same X-Correlation-ID', async () => {
  emsp.forget()
  const headers = { 'X-Request-ID': 'request-2', 'X-Correlation-ID': 'correlation-2' }
  const reply = await cpo.send('PUT', tariffPath('T2'), {
    headers,
    body: tariffOf('NL-TNM', 'T2'),
    to: 'DE-EMA',
  })
  const [got] = emsp.got
  assert.match(String(got?.headers['x-request-id']), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.is(got?.headers['x-correlation-id'], 'correlation-2')
  assert.is(reply.headers['x-request-id'], 'request-2')
})

test('107: each leg of a broadcast has its own X-Request-ID and the shared X-Correlation-ID', async () => {
  await hub.drain()
  const other = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
  emsp.forget()
  const headers = { 'X-Correlation-ID': 'correlation-3' }
  await cpo.send('PUT', tariffPath('T3'), { headers, body: tariffOf('NL-TNM', 'T3') })
  await hub.drain()
  const legs = [...emsp.got, ...other.got]
  assert.is(legs.length, 2)
  assert.equal(
    legs.map((leg) => leg.headers['x-correlation-id']),
    ['correlation-3', 'correlation-3'],
  )
  assert.is(new Set(legs.map((leg) => leg.headers['x-request-id'])).size, 2)
})

test('108: requests of the hub’s own carry both ids', async () => {
  const partner = await hub.invite({ parties: [{ party: 'BE-EMD', role: 'EMSP' }] })
  await partner.join()
  assert.ok(partner.got.length > 0)
  for (const { headers } of partner.got) {
    assert.ok(headers['x-request-id'])
    assert.ok(headers['x-correlation-id'])
  }
})

test('110: missing ids are made up', async () => {
  const headers = { 'X-Request-ID': '', 'X-Correlation-ID': '' }
  const reply = await cpo.send('GET', 'versions', { headers })
  assert.is(reply.code, 1000)
  assert.match(String(reply.headers['x-request-id']), /^[0-9a-f-]{36}$/)
  assert.match(String(reply.headers['x-correlation-id']), /^[0-9a-f-]{36}$/)
})

test('a deviation: too many wrong tokens are 429 with Retry-After and 4000; the right one still works', async () => {
  const headers = { authorization: 'Token wrong' }
  let reply = await cpo.send('GET', 'versions', { headers })
  // The minute may turn on the way, so up to twice as many are needed.
  for (let sent = 0; reply.status === 401 && sent < 2 * limits.failedLoginsPerMinuteMax; sent += 1)
    reply = await cpo.send('GET', 'versions', { headers })
  assert.equal([reply.status, reply.code], [429, 4000])
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.is((await cpo.send('GET', 'versions')).status, 200)
})

test.run()
