// Transport and format (requirements 9 to 18): fields that nobody knows, times, absence, letters.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { CPOS, EMSPS, ROUTED, connectPairs, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const { middle, latest, calm } = await connectPairs(hub)
const { cpo, emsp } = middle

const test = suite('values in transport')
test.before.each(calm)
test.after(() => hub.close())

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const tariff = (id: string, more: Json = {}) =>
  tariffIn('2.2.1', { party: CPOS['2.2.1'], id }, more)
const listed = async (query: Record<string, string> = {}) => {
  const all = { limit: '200', ...query }
  return items((await emsp.send('GET', 'sender/tariffs', { to: hub.party, query: all })).data)
}
const ids = (objects: unknown[]) => objects.map((each) => at(each, 'id'))

for (const pair of [middle, latest]) {
  const { version } = pair
  const [owner, reader] = [CPOS[version], EMSPS[version]]
  const path = `receiver/tariffs/${pathOf(owner, 'T9')}`
  const body = { ...tariffIn(version, { party: owner, id: 'T9' }), 'x-new': { deep: [1.1, null] } }

  test(requirement(9, version), async () => {
    for (const to of [{ to: reader }, { to: hub.party }, {}]) {
      const reply = await pair.cpo.send('PUT', path, { body, ...to })
      assert.is(reply.code, 1000, reply.text)
      assert.not.match(reply.message, 'x-new')
    }
    const token = { ...tokenOf(reader, 'U9'), type_of_card: 'gold' }
    assert.is((await put(pair.emsp, 'tokens', token)).code, 1000)
  })

  test(requirement(10, version), async () => {
    const raw = JSON.stringify(body).replace('1.1,', '1.10 ,')
    assert.is((await pair.cpo.send('PUT', path, { raw, to: reader })).code, 1000)
    assert.is(pair.emsp.received('receiver/tariffs', 'PUT')[0]?.body, raw)
    const answered = '{ "status_code":1000, "timestamp":"2026-01-01T00:00:00Z", "x-answer":1.10 }'
    pair.emsp.answer = () => ({ text: answered })
    assert.is((await pair.cpo.send('PUT', path, { raw, to: reader })).text, answered)
  })

  test(requirement(10, `${version}, broadcast`), async () => {
    const now = JSON.stringify({ ...body, last_updated: fromNow(0) })
    const raw = now.replace('1.1,', '1.10 ,')
    assert.is((await pair.cpo.send('PUT', path, { raw })).code, 1000)
    await hub.drain()
    assert.is(pair.emsp.received('receiver/tariffs', 'PUT').at(-1)?.body, raw)
  })
}

test(requirement(11), async () => {
  const own = (version: (typeof ROUTED)[number]) => {
    const location = locationOf(CPOS[version], 'L11', { facilities: ['SAUNA'] })
    const [evse] = items(location['evses'])
    const [connector] = items(at(evse, 'connectors'))
    const connectors = [{ ...Object(connector), standard: 'X_PLUG' }]
    return { ...location, evses: [{ ...Object(evse), capabilities: ['X_CAN'], connectors }] }
  }
  const reply = await put(latest.cpo, 'locations', own('2.3.0'))
  assert.equal([reply.status, reply.code, reply.message], [201, 1000, ''])
  await hub.drain()
  const got = latest.emsp.received('receiver/locations', 'PUT').at(-1)
  assert.equal(at(got?.json, 'facilities'), ['SAUNA'])
  // Before, these enums are closed: the same is reported.
  const reported = await put(middle.cpo, 'locations', own('2.2.1'))
  assert.is(reported.code, 1000)
  assert.match(reported.message, '/facilities/0')
})

for (const version of VERSIONS)
  test(requirement(12, version), async () => {
    const party = { '2.1.1': 'FR-OLD', '2.2.1': 'FR-MID', '2.3.0': 'FR-NEW' }[version]
    const partner = await hub.connect({ parties: [{ party, role: 'EMSP' }], version })
    const replies = [
      await partner.send('GET', 'versions'),
      await partner.send('GET', 'sender/tariffs', { to: hub.party }),
      await partner.send('PUT', 'receiver/nothing', { raw: '{' }),
    ]
    for (const { json } of replies) assert.match(String(at(json, 'timestamp')), TIME)
  })

test(requirement(12, 'times without designator and with fractions'), async () => {
  await put(cpo, 'tariffs', tariff('T12A', { last_updated: '2026-02-01T10:00:00' }))
  await put(cpo, 'tariffs', tariff('T12B', { last_updated: '2026-02-01T10:00:00.5Z' }))
  const within = async (date_from: string, date_to: string) =>
    ids(await listed({ date_from, date_to })).sort()
  const [start, end] = ['2026-02-01T10:00:00Z', '2026-02-01T10:00:01Z']
  assert.equal(await within(start, end), ['T12A', 'T12B'])
  assert.equal(await within('2026-02-01T10:00:00.25', end), ['T12B'])
  assert.equal(await within('2026-02-01T09:00:00', start), [])
  const [client] = items((await emsp.send('GET', 'sender/hubclientinfo', { from: null })).data)
  assert.match(String(at(client, 'last_updated')), TIME)
})

test(requirement(13, 'named deviation'), async () => {
  const last_updated = '2026-01-01T10:00:00+02:00'
  const reply = await put(cpo, 'tariffs', tariff('T13', { last_updated }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/last_updated')
  const kept = (await listed()).find((each) => at(each, 'id') === 'T13')
  assert.is(at(kept, 'last_updated'), last_updated)
  // It is read as the time that it says: eight o'clock in UTC.
  const [from, to] = ['2026-01-01T08:00:00Z', '2026-01-01T08:00:01Z']
  assert.equal(ids(await listed({ date_from: from, date_to: to })), ['T13'])
  const alerts = await hub.admin('GET', '/alerts?state=open&limit=500')
  assert.match(alerts.text, '/last_updated')
})

test(requirement(13, 'the hub’s own times end in Z'), async () => {
  const list = await emsp.send('GET', 'sender/hubclientinfo', { from: null })
  assert.not.match(list.text, /\+00:00/)
  const none = await emsp.send('GET', 'sender/nothing', { from: null })
  assert.match(String(at(none.json, 'timestamp')), TIME)
})

test(requirement(14), async () => {
  const absent = tariff('T14')
  const alike = [
    { ...absent, tariff_alt_url: null, energy_mix: null, start_date_time: null },
    { ...absent, tariff_alt_text: null },
    { ...absent, tariff_alt_text: [] },
    absent,
  ]
  for (const body of alike) {
    const reply = await put(cpo, 'tariffs', body)
    assert.equal([reply.code, reply.message], [1000, ''], JSON.stringify(body))
  }
  const currencies = [{ currency: null }, { currency: undefined }]
  for (const more of currencies) {
    const reply = await put(cpo, 'tariffs', { ...absent, ...more })
    assert.is(reply.code, 2001)
    assert.match(reply.message, '/currency is required')
  }
})

test(requirement(15, 'named deviation'), async () => {
  const reply = await put(cpo, 'tariffs', tariff('T15', { elements: [] }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/elements')
  const kept = (await listed()).find((each) => at(each, 'id') === 'T15')
  assert.equal(at(kept, 'elements'), [])
})

test(requirement(15, 'absent where one is needed'), async () => {
  for (const elements of [null, undefined]) {
    const reply = await put(cpo, 'tariffs', tariff('T15', { elements }))
    assert.is(reply.code, 2001)
    assert.match(reply.message, '/elements')
  }
})

test(requirement(17), async () => {
  assert.is((await put(emsp, 'tokens', tokenOf(EMSPS['2.2.1'], 'CaRd17'))).status, 201)
  const path = 'receiver/tokens/de/ema/cArD17'
  const parties = { from: 'de-ema', to: 'nl-xch' }
  const kept = await emsp.send('GET', path, parties)
  assert.is(at(kept.data, 'uid'), 'CaRd17')
  const body = tokenOf('de-ema', 'CARD17', { last_updated: fromNow(0) })
  const again = await emsp.send('PUT', path, { ...parties, body })
  assert.equal([again.status, again.code], [200, 1000], 'the same token')
  const known = await cpo.send('PUT', `receiver/tariffs/${pathOf('nl-tnm', 't17')}`, {
    body: tariffIn('2.2.1', { party: 'NL-tnm', id: 'T17' }),
    to: 'de-Ema',
  })
  assert.is(known.code, 1000, known.text)
})

test(requirement(18), async () => {
  const reply = await put(emsp, 'tokens', tokenOf(EMSPS['2.2.1'], 'C18', { whitelist: 'allowed' }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/whitelist')
  const path = `receiver/tokens/${pathOf(EMSPS['2.2.1'], 'C18')}`
  const status = async (type: string) =>
    (await emsp.send('GET', path, { to: hub.party, query: { type } })).status
  assert.equal([await status('RFID'), await status('rfid')], [200, 404])
  const claim = { ...Object(items(emsp.credentials()['roles'])[0]), role: 'emsp' }
  const refused = await emsp.join('PUT', { ...emsp.credentials(), roles: [claim] })
  assert.is(refused.code, 2001)
})

test.run()
