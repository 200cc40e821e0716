// Transport and format (requirements 1 to 8, 16, 19, 20): requests and answers, whatever is in them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { ERRORS } from '../../src/errors.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { tariff211 } from '../helpers/objects-211.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { ROUTED, cdrIn, settle, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const CPOS = { '2.1.1': 'NL-OLD', '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.1.1': 'DE-OLD', '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const connect = async (version: Version) => ({
  version,
  cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
  emsp: await hub.connect({ parties: [{ party: EMSPS[version], role: 'EMSP' }], version }),
})
const [old, middle, latest] = [
  await connect('2.1.1'),
  await connect('2.2.1'),
  await connect('2.3.0'),
]
const pairs = [old, middle, latest]
const routed = [middle, latest]
const { cpo, emsp } = middle

const test = suite('transport')
const everyone = pairs.flatMap(({ cpo: operator, emsp: provider }) => [operator, provider])
test.before.each(async () => {
  for (const partner of everyone) partner.answer = () => undefined
  await settle(hub)
  for (const partner of everyone) partner.forget()
})
test.after(() => hub.close())

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const tariff = (version: Version, id: string, more: Json = {}) =>
  version === '2.1.1' ? tariff211(id, more) : tariffIn(version, { party: CPOS[version], id }, more)
const tariffPath = (version: Version, id: string) => `receiver/tariffs/${pathOf(CPOS[version], id)}`

function checkEnvelope(reply: Reply): void {
  assert.type(at(reply.json, 'status_code'), 'number', reply.text)
  assert.match(String(at(reply.json, 'timestamp')), TIME)
  assert.match(String(reply.headers['content-type']), /^application\/json/)
}

for (const pair of pairs) {
  const { version } = pair
  const path = tariffPath(version, 'T1')

  test(requirement(1, version), async () => {
    for (const raw of ['{', '', '{"a":1}x', 'null x', '{"a":01}', "{'a':1}"]) {
      const reply = await pair.cpo.send('PUT', path, { raw })
      assert.is(reply.status, 400, raw)
      assert.is(reply.code, 2001)
      checkEnvelope(reply)
    }
  })

  test(requirement(2, version), async () => {
    const wrong = { ...tariff(version, 'T1'), currency: undefined, elements: 'many' }
    const { cpo: sender, emsp: reader } = pair
    const list = (query: Record<string, string>) =>
      reader.send('GET', 'sender/sessions', { to: hub.party, query })
    const replies = [
      await sender.send('PUT', path, { body: wrong }),
      await sender.send('PUT', path, { raw: '[]' }),
      await sender.send('PUT', path, { body: { ...tariff(version, 'T1'), id: 'ANOTHER' } }),
      await list({}),
      await list({ date_from: 'yesterday' }),
      await sender.send('POST', 'receiver/cdrs', { body: {} }),
    ]
    for (const { status, code, text } of replies)
      assert.equal([status, Math.floor(code / 1000)], [200, 2], text)
    assert.match(replies[0]?.message ?? '', '/currency')
    assert.match(replies[0]?.message ?? '', '/elements')
  })

  test(requirement(3, version), async () => {
    const targets = ['sender/locations/NOWHERE', `receiver/tokens/${pathOf(EMSPS[version], 'X')}`]
    for (const target of targets) {
      const reply = await pair.emsp.send('GET', target, { to: hub.party })
      assert.is(reply.status, 404, target)
      checkEnvelope(reply)
    }
  })

  test(requirement(4, version), async () => {
    const at4 = tariffPath(version, 'T4')
    const body = tariff(version, 'T4')
    assert.is((await pair.cpo.send('PUT', at4, { body })).status, 201)
    const later = { ...body, last_updated: fromNow(0) }
    assert.is((await pair.cpo.send('PUT', at4, { body: later })).status, 200)
  })

  test(requirement(5, version), async () => {
    await put(cpo, 'locations', locationOf(CPOS['2.2.1'], `L5-${version}`))
    const list = await pair.emsp.send('GET', 'sender/locations', { to: hub.party })
    const id = String(at(list.data, 0, 'id'))
    const one = await pair.emsp.send('GET', `sender/locations/${id}`)
    const connector = await pair.emsp.send('GET', `sender/locations/${id}/E1/1`)
    const refused = await pair.emsp.send('GET', 'sender/nothing')
    for (const reply of [list, one, connector, refused]) checkEnvelope(reply)
    assert.ok(Array.isArray(list.data))
    assert.is(at(one.data, 'id'), id)
    assert.is(at(connector.data, 'standard'), 'IEC_62196_T2')
  })
}

test(requirement(2, 'named deviation: 429 over a rate limit'), async () => {
  const partner = await hub.connect({ parties: [{ party: 'BE-FST', role: 'EMSP' }] })
  const max = limits.platformRequestsPerMinuteMax
  let reply = await partner.send('GET', 'versions')
  // The minute may turn on the way, so it may take a second time.
  for (let time = 0; reply.status === 200 && time < 2; time += 1) {
    while (hub.context.limiter.take(`platform:${partner.id}`, max).ok);
    reply = await partner.send('GET', 'versions')
  }
  assert.equal([reply.status, reply.code], [429, 4000])
  assert.ok(Number(reply.headers['retry-after']) > 0)
  checkEnvelope(reply)
})

test(requirement(2, 'named deviation: 503 while PostgreSQL cannot be reached'), async () => {
  const other = await startHub()
  try {
    const sender = await other.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    await other.context.db.close()
    const body = tariff('2.2.1', 'T1')
    const reply = await sender.send('PUT', tariffPath('2.2.1', 'T1'), { body })
    assert.equal([reply.status, reply.code], [503, 3000], reply.text)
    assert.ok(Number(reply.headers['retry-after']) > 0)
  } finally {
    await other.close().catch(() => other.database.drop())
  }
})

test(requirement(4, 'POST of a CDR'), async () => {
  for (const { version, cpo: sender } of routed) {
    const charge = { owner: CPOS[version], payer: EMSPS[version], id: 'C4' }
    const reply = await sender.send('POST', 'receiver/cdrs', { body: cdrIn(version, charge) })
    assert.is(reply.status, 201, reply.text)
  }
})

test(requirement(6), async () => {
  const push = (id: string, to?: string) =>
    put(cpo, 'tariffs', tariff('2.2.1', id), to === undefined ? {} : { to })
  const session = sessionOf({ owner: CPOS['2.2.1'], payer: 'BE-PUL', id: 'S6' })
  await hub.connect({ parties: [{ party: 'BE-PUL', role: 'EMSP' }], modules: ['sender/tokens'] })
  for (const reply of [await push('T6'), await put(cpo, 'sessions', session)]) {
    assert.is(reply.code, 1000)
    assert.not.ok('data' in Object(reply.json), reply.text)
  }
  for (const data of [undefined, null, {}, [], 'text', { any: [1] }]) {
    emsp.answer = () => ({ data })
    const reply = await push('T6', EMSPS['2.2.1'])
    assert.is(reply.code, 1000, JSON.stringify(data))
    assert.equal(reply.data, data)
  }
})

for (const { version, cpo: sender, emsp: reader } of routed)
  test(requirement(7, version), async () => {
    const [owner, payer] = [CPOS[version], EMSPS[version]]
    const charge = { owner, payer, id: 'S7', uid: 'U7' }
    await put(reader, 'tokens', tokenOf(payer, 'U7'))
    await put(sender, 'sessions', sessionOf(charge))
    const body = { kwh: 10, last_updated: fromNow(0) }
    await sender.send('PATCH', `receiver/sessions/${pathOf(owner, 'S7')}`, { body })
    const cdr = cdrIn(version, { ...charge, id: 'C7', session: 'S7' })
    await sender.send('POST', 'receiver/cdrs', { body: cdr })
    await hub.drain()
    const place = { location_id: 'L1' }
    await sender.send('POST', 'sender/tokens/U7/authorize', { body: place, to: payer })
    const sent = reader.got.filter((got) => got.body !== '')
    for (const { headers } of sent) assert.is(headers['content-type'], 'application/json')
    const requests = new Set(sent.map(({ method, place: at }) => `${method} ${at}`))
    assert.equal([...requests].sort(), [
      'PATCH receiver/sessions',
      'POST receiver/cdrs',
      'POST sender/tokens',
      'PUT receiver/sessions',
    ])
  })

test(requirement(8), async () => {
  const path = tariffPath('2.2.1', 'T8')
  const raw = JSON.stringify(tariff('2.2.1', 'T8'))
  const types = {
    'application/json; charset=utf-8': 200,
    'Application/JSON;charset="UTF-8"': 200,
    'application/json; charset=latin1': 415,
    'text/plain': 415,
    'application/xml': 415,
  }
  await cpo.send('PUT', path, { raw })
  for (const [type, status] of Object.entries(types)) {
    const headers = { 'content-type': type }
    const reply = await cpo.send('PUT', path, { raw, headers })
    assert.is(reply.status, status, type)
    checkEnvelope(reply)
  }
  const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
  const removed = await cpo.send('DELETE', path)
  assert.equal([list.code, removed.code], [1000, 1000])
})

test(requirement(16), async () => {
  const headers = { 'ocpi-FROM-country-code': 'NL', 'OCPI-FROM-PARTY-ID': 'TNM' }
  const body = tariff('2.2.1', 'T16')
  const path = tariffPath('2.2.1', 'T16')
  assert.is((await cpo.send('PUT', path, { body, from: null, headers })).code, 1000)
  const shown = { 'x-TOTAL-count': '3', 'X-LIMIT': '7', LINK: '</2>; rel="next"' }
  cpo.answer = () => ({ data: [], headers: shown })
  const reply = await emsp.send('GET', 'sender/locations', { to: CPOS['2.2.1'] })
  assert.equal([reply.headers['x-total-count'], reply.headers['x-limit']], ['3', '7'])
  assert.ok(reply.headers.link)
})

test(requirement(19), async () => {
  const isCustom = (code: number) => /^[1-4]9/.test(String(code))
  for (const { ocpi, ocpiOld } of Object.values(ERRORS))
    assert.not.ok(isCustom(ocpi) || isCustom(ocpiOld))
  const path = tariffPath('2.2.1', 'T1')
  const charge = { owner: CPOS['2.2.1'], payer: EMSPS['2.2.1'], id: 'C19' }
  emsp.answer = () => 'drop'
  const replies = [
    await cpo.send('GET', 'sender/tariffs'),
    await cpo.send('PUT', path, { raw: '{' }),
    await cpo.send('PUT', path, { body: tariff('2.2.1', 'T1'), to: 'XX-XXX' }),
    await cpo.send('PUT', path, { body: tariff('2.2.1', 'T1'), to: EMSPS['2.2.1'] }),
    await cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge), to: hub.party }),
    await emsp.send('GET', 'sender/tariffs', { to: hub.party }),
  ]
  for (const { code } of replies) assert.not.ok(code === 0 || isCustom(code), String(code))
})

for (const version of ROUTED)
  test(requirement(20, version), async () => {
    const party = version === '2.2.1' ? 'BE-PU1' : 'BE-PU3'
    const partner = await hub.connect({
      parties: [{ party, role: 'CPO' }],
      modules: ['sender/tariffs'],
      version,
      pulled: true,
    })
    const good = (id: string) => tariffIn(version, { party, id })
    const bad = [{ id: 7 }, { ...good('BAD'), currency: undefined }, 'no object', null]
    partner.answer = ({ place }) =>
      place === 'sender/tariffs' ? { data: [good('T1'), ...bad, good('T2')] } : undefined
    await hub.passTime(limits.pullFirstDelayMs)
    await hub.drain()
    const query = { limit: '200' }
    const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party, query })
    const own = items(list.data).filter((each) => at(each, 'party_id') === party.slice(3))
    assert.equal(own.map((each) => at(each, 'id')).sort(), ['T1', 'T2'])
  })

test(requirement(20, 'a page for somebody else is passed on as it is'), async () => {
  const text =
    '{"data":[{"id":"OK"},{"id":7}, 1.10 ],"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'
  cpo.answer = () => ({ text })
  assert.is((await emsp.send('GET', 'sender/locations', { to: CPOS['2.2.1'] })).text, text)
})

test('an over-long body is 413 before it is parsed, and the next request works', async () => {
  const raw = `{"id":"${'x'.repeat(limits.bodyBytesMax)}`
  const reply = await cpo.send('PUT', tariffPath('2.2.1', 'T1'), { raw })
  assert.is(reply.status, 413)
  checkEnvelope(reply)
  assert.is((await put(cpo, 'tariffs', tariff('2.2.1', 'T413'))).code, 1000)
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
