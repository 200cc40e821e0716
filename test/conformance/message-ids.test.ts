// Unique message ids (requirements 103 to 110).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { until } from '../helpers/processes.ts'
import { CPOS, EMSPS, cdrIn, connectPairs, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const { middle, latest, calm } = await connectPairs(hub)
const { cpo, emsp } = middle

const test = suite('message ids')
test.before.each(calm)
test.after(() => hub.close())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const requestId = (got: Got | undefined) => String(got?.headers['x-request-id'])
const correlationId = (got: Got | undefined) => got?.headers['x-correlation-id']

/** Answers of every kind to requests with these headers: own, stored, refused, forwarded, not even read. */
async function repliesTo(pair: typeof middle, headers: Record<string, string>) {
  const { version, cpo: sender, emsp: reader } = pair
  const path = `receiver/tariffs/${pathOf(CPOS[version], 'T1')}`
  const body = tariffIn(version, { party: CPOS[version], id: 'T1' })
  const silent = { ...headers, authorization: 'Token nobody' }
  return [
    await sender.send('GET', 'versions', { headers }),
    await sender.send('GET', 'sender/tariffs', { headers }),
    await reader.send('GET', 'sender/tariffs', { headers, to: hub.party }),
    await sender.send('GET', 'sender/nothing', { headers }),
    await sender.send('PATCH', path, { headers, body: {} }),
    await sender.send('PUT', path, { headers, raw: '{' }),
    await sender.send('PUT', path, { headers, raw: 'x'.repeat(limits.bodyBytesMax + 1) }),
    await sender.send('PUT', path, { headers, body }),
    await sender.send('PUT', path, { headers, body, to: EMSPS[version] }),
    await sender.send('PUT', path, { headers, body, to: 'XX-XXX' }),
    await sender.send('GET', 'versions', { headers: silent }),
  ]
}

for (const pair of [middle, latest]) {
  const { version } = pair
  const [owner, reader] = [CPOS[version], EMSPS[version]]
  const push = (id: string, more: { headers?: Record<string, string>; to?: string } = {}) =>
    pair.cpo.send('PUT', `receiver/tariffs/${pathOf(owner, id)}`, {
      body: tariffIn(version, { party: owner, id }),
      ...more,
    })

  test(requirement(103, version), async () => {
    // A partner that answers with ids of its own changes nothing for the one that asked.
    pair.emsp.answer = () => ({ headers: { 'X-Request-ID': 'theirs' } })
    for (const reply of await repliesTo(pair, { 'X-Request-ID': 'request-1' }))
      assert.is(reply.headers['x-request-id'], 'request-1', reply.text)
  })

  test(requirement(104, version), async () => {
    pair.emsp.answer = () => ({ headers: { 'X-Correlation-ID': 'theirs' } })
    for (const reply of await repliesTo(pair, { 'X-Correlation-ID': 'correlation-1' }))
      assert.is(reply.headers['x-correlation-id'], 'correlation-1', reply.text)
  })

  test(requirement(105, version), async () => {
    const headers = { 'X-Request-ID': 'request-2', 'X-Correlation-ID': 'correlation-4' }
    for (const id of ['T105', 'T105']) await push(id, { headers, to: reader })
    const sent = pair.emsp.got.map(requestId)
    assert.is(sent.length, 2)
    assert.is(new Set([...sent, ...Object.values(headers)]).size, 4)
  })

  test(requirement(106, version), async () => {
    const headers = { 'X-Correlation-ID': 'correlation-2' }
    await push('T106', { headers, to: reader })
    const query = { date_from: '2020-01-01T00:00:00Z' }
    await pair.emsp.send('GET', 'sender/sessions', { headers, query, to: owner })
    for (const { got } of [pair.emsp, pair.cpo])
      assert.equal(got.map(correlationId), ['correlation-2'])
  })

  test(requirement(109, version), async () => {
    await push('T109', { to: reader })
    await pair.emsp.join('PUT')
    for (const got of pair.emsp.got) assert.match(requestId(got), UUID, got.place)
  })
}

test(requirement(106, 'a CDR that is delivered later'), async () => {
  for (const { version, cpo: sender, emsp: receiver } of [middle, latest]) {
    const charge = { owner: CPOS[version], payer: EMSPS[version], id: 'C106', uid: 'U106' }
    await put(receiver, 'tokens', tokenOf(charge.payer, charge.uid))
    await put(sender, 'sessions', sessionOf({ ...charge, id: 'S106' }))
    const body = cdrIn(version, { ...charge, session: 'S106' })
    const headers = { 'X-Correlation-ID': `cdr-${version}` }
    await sender.send('POST', 'receiver/cdrs', { body, headers })
    await hub.drain()
    const [got] = receiver.received('receiver/cdrs', 'POST')
    assert.is(correlationId(got), `cdr-${version}`)
  }
})

test(requirement(107), async () => {
  const headers = { 'X-Correlation-ID': 'correlation-3', 'X-Request-ID': 'request-3' }
  const body = tariffIn('2.2.1', { party: CPOS['2.2.1'], id: 'T107' })
  const path = `receiver/tariffs/${pathOf(CPOS['2.2.1'], 'T107')}`
  await cpo.send('PUT', path, { headers, body })
  await hub.drain()
  const legs = [...emsp.got, ...latest.emsp.got]
  assert.equal(legs.map(correlationId), ['correlation-3', 'correlation-3'])
  assert.is(new Set([...legs.map(requestId), 'request-3']).size, 3)
})

test(requirement(108), async () => {
  const partner = await hub.invite({
    parties: [{ party: 'BE-EMD', role: 'EMSP' }],
    modules: ['receiver/tariffs', 'receiver/hubclientinfo'],
  })
  await partner.join()
  await hub.connect({ parties: [{ party: 'BE-NEW', role: 'CPO' }] })
  assert.is((await hub.admin('POST', `/platforms/${partner.id}/rotate`, {})).status, 200)
  await hub.drain()
  const places = new Set(partner.got.map(({ place }) => place))
  assert.equal([...places].sort(), ['credentials', 'details', 'receiver/hubclientinfo', 'versions'])
  for (const got of partner.got) {
    assert.match(requestId(got), UUID, got.place)
    assert.match(String(correlationId(got)), UUID, got.place)
  }
  assert.is(new Set(partner.got.map(requestId)).size, partner.got.length)
})

test(requirement(110), async () => {
  const headers = { 'X-Request-ID': '', 'X-Correlation-ID': '' }
  const body = tariffIn('2.2.1', { party: CPOS['2.2.1'], id: 'T110' })
  const more = { body: { ...body, last_updated: fromNow(0) }, headers, to: EMSPS['2.2.1'] }
  const path = `receiver/tariffs/${pathOf(CPOS['2.2.1'], 'T110')}`
  const reply = await cpo.send('PUT', path, more)
  assert.is(reply.code, 1000)
  const made = String(reply.headers['x-correlation-id'])
  assert.match(made, UUID)
  assert.match(String(reply.headers['x-request-id']), UUID)
  assert.is(correlationId(emsp.got[0]), made)
  // The log is written behind the answer.
  const logged = async () => {
    const { json } = await hub.admin('GET', `/messages?correlation_id=${made}`)
    return items(at(json, 'items')).map((line) => at(line, 'direction'))
  }
  await until(async () => (await logged()).length === 2, { what: 'both lines of the message log' })
  assert.equal((await logged()).sort(), ['in', 'out'])
})

test.run()
