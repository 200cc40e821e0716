// What is meant for everyone reaches everyone, also those who were away; and what is meant for one reaches that one.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { until } from '../helpers/processes.ts'
import {
  fromNow,
  locationOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const first = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })

const test = suite('broadcast and direct push')
test.before.each(async () => {
  for (const partner of [cpo, first, second]) partner.answer = () => undefined
  await hub.passTime(HOUR_MS)
  await hub.drain()
  for (const partner of [cpo, first, second]) partner.forget()
})
test.after(() => hub.close())

const priceOf = (json: unknown) => at(json, 'elements', 0, 'price_components', 0, 'price')
const tariff = (id: string, price: number, ms: number) =>
  tariffOf(CPO, id, { price, last_updated: fromNow(ms) })

test('a receiver that was away gets the current object once, never a stale one', async () => {
  second.answer = () => 'drop'
  await put(cpo, 'tariffs', tariff('T1', 0.3, -3_000))
  await hub.drain()
  await put(cpo, 'tariffs', tariff('T1', 0.4, -2_000))
  await hub.drain()
  await put(cpo, 'tariffs', tariff('T1', 0.5, -1_000))
  assert.equal(
    first.received('receiver/tariffs').map(({ json }) => priceOf(json)),
    [0.3, 0.4],
  )
  second.answer = () => undefined
  second.forget()
  await hub.passTime(HOUR_MS)
  await hub.drain()
  assert.equal(
    second.received('receiver/tariffs').map(({ json }) => priceOf(json)),
    [0.5],
  )
  assert.is(first.received('receiver/tariffs').length, 3)
})

test('who was taken for gone is brought up to date as soon as it is heard again', async () => {
  const away = await hub.connect({ parties: [{ party: 'BE-AWY', role: 'EMSP' }] })
  away.answer = () => 'drop'
  await hub.database.db.rows(
    sql`update platforms set offline_since = clock_timestamp() where id = ${away.id}`,
  )
  hub.context.directory.invalidate()
  for (const price of [0.1, 0.2]) {
    await put(cpo, 'tariffs', tariff('T9', price, -1_000 + price * 1_000))
    await hub.drain()
  }
  assert.equal(away.received('receiver/tariffs'), [])
  away.answer = () => undefined
  assert.is((await away.send('GET', 'versions')).code, 1000)
  // Its return is noticed behind the answer.
  const isBack = async () => {
    await hub.drain()
    return away.received('receiver/tariffs').length > 0
  }
  await until(isBack, { what: 'the tariff at the receiver that is back' })
  assert.equal(
    away.received('receiver/tariffs').map(({ json }) => priceOf(json)),
    [0.2],
  )
})

test('a PATCH reaches the others as the whole object', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L1'))
  await hub.drain()
  const body = { status: 'CHARGING', last_updated: fromNow(0) }
  await cpo.send('PATCH', `receiver/locations/${pathOf(CPO, 'L1')}/E1`, { body })
  await hub.drain()
  const got = second.received('receiver/locations').at(-1)
  assert.is(got?.method, 'PUT')
  assert.is(got?.rest, '/NL/TNM/L1')
  assert.is(at(got?.json, 'evses', 0, 'status'), 'CHARGING')
})

test('a DELETE of a tariff is broadcast, also to who was away', async () => {
  await put(cpo, 'tariffs', tariff('T2', 0.3, -1_000))
  await hub.drain()
  second.answer = () => ({ status: 503, code: 3000 })
  const path = `receiver/tariffs/${pathOf(CPO, 'T2')}`
  assert.is((await cpo.send('DELETE', path)).code, 1000)
  await hub.drain()
  assert.equal(
    first.received('receiver/tariffs', 'DELETE').map(({ rest }) => rest),
    ['/NL/TNM/T2'],
  )
  second.answer = () => undefined
  second.forget()
  await hub.passTime(HOUR_MS)
  await hub.drain()
  assert.equal(
    second.got.map(({ method, rest }) => `${method} ${rest}`),
    ['DELETE /NL/TNM/T2'],
  )
})

test('a receiver that refuses an object is not asked again, and an operator is told', async () => {
  second.answer = () => ({ code: 2001 })
  await put(cpo, 'tariffs', tariff('T3', 0.3, -1_000))
  await hub.drain()
  await hub.passTime(HOUR_MS)
  await hub.drain()
  assert.is(second.got.length, 1)
  const alerts = await hub.admin('GET', '/alerts?state=open')
  assert.match(alerts.text, 'object_refused_by_receiver')
})

test('a receiver that stays away for more than a day pulls for itself', async () => {
  second.answer = () => 'drop'
  await put(cpo, 'tariffs', tariff('T4', 0.3, -1_000))
  await hub.drain()
  second.answer = () => undefined
  second.forget()
  await hub.passTime(25 * HOUR_MS)
  await hub.drain()
  assert.equal(second.got, [])
  const list = await second.send('GET', 'sender/tariffs', {
    to: hub.party,
    query: { limit: '200' },
  })
  assert.match(list.text, '"T4"')
})

test('an id with a slash, a space or a percent sign keeps its place in the URL', async () => {
  const uid = 'A/B %1'
  const body = tokenOf('DE-EMA', uid)
  const path = `receiver/tokens/DE/EMA/${encodeURIComponent(uid)}`
  assert.is((await first.send('PUT', path, { body })).code, 1000)
  await hub.drain()
  assert.is(cpo.received('receiver/tokens')[0]?.rest, '/DE/EMA/A%2FB%20%251?type=RFID')
})

test('a direct push goes to the one addressed, at once, with its path and query', async () => {
  const reply = await put(cpo, 'tariffs', tariff('T5', 0.3, -1_000), { to: 'DE-EMA' })
  assert.is(reply.code, 1000)
  assert.equal(
    first.got.map(({ method, rest }) => `${method} ${rest}`),
    ['PUT /NL/TNM/T5'],
  )
  await hub.drain()
  assert.equal(second.got, [])
  const path = `receiver/tariffs/${pathOf(CPO, 'T5')}`
  assert.is((await cpo.send('DELETE', path, { to: 'DE-EMA' })).code, 1000)
  assert.is(first.got.at(-1)?.method, 'DELETE')
})

test('what the hub never saw is passed on all the same', async () => {
  const body = { name: 'x', last_updated: fromNow(0) }
  const path = `receiver/locations/${pathOf(CPO, 'UNSEEN')}`
  assert.is((await cpo.send('PATCH', path, { body, to: 'DE-EMA' })).code, 1000)
  assert.equal(
    first.got.map(({ method, rest }) => `${method} ${rest}`),
    ['PATCH /NL/TNM/UNSEEN'],
  )
})

test('a session whose receiver is away is 4003, and the hub has it', async () => {
  first.answer = () => 'drop'
  const session = sessionOf({ owner: CPO, payer: 'DE-EMA', id: 'S1' })
  assert.is((await put(cpo, 'sessions', session)).code, 4003)
  const path = `receiver/sessions/${pathOf(CPO, 'S1')}`
  assert.is((await cpo.send('GET', path, { to: hub.party })).code, 1000)
})

test('a session whose receiver takes no pushes is kept for it to pull', async () => {
  const parties = [{ party: 'BE-PUL', role: 'EMSP' as const }]
  const puller = await hub.connect({ parties, modules: ['sender/tokens'] })
  const session = sessionOf({ owner: CPO, payer: 'BE-PUL', id: 'S2' })
  const reply = await put(cpo, 'sessions', session)
  assert.equal([reply.status, reply.code], [201, 1000])
  const query = { date_from: '2020-01-01T00:00:00Z' }
  const list = await puller.send('GET', 'sender/sessions', { to: hub.party, query })
  assert.is(at(list.data, 0, 'id'), 'S2')
})

test('a session cannot move to another party', async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: 'DE-EMA', id: 'S3' }))
  const moved = sessionOf({ owner: CPO, payer: 'FR-EMB', id: 'S3' }, { last_updated: fromNow(0) })
  const reply = await put(cpo, 'sessions', moved)
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/cdr_token')
  assert.equal(second.got, [])
})

test('who sent what to whom can be read by its correlation id, each side its own', async () => {
  const headers = { 'X-Correlation-ID': 'story-1' }
  const path = `receiver/tariffs/${pathOf(CPO, 'T6')}`
  const body = tariff('T6', 0.3, -1_000)
  await cpo.send('PUT', path, { headers, body, to: 'DE-EMA' })
  const query = '/messages?correlation_id=story-1'
  const lines = async (reply: Promise<Reply>) =>
    items(at((await reply).json, 'items')).map(
      (line) => `${String(at(line, 'direction'))} ${String(at(line, 'ocpi_status'))}`,
    )
  // The log is written behind the answer.
  const isWritten = async () => (await lines(hub.admin('GET', query))).length === 2
  await until(isWritten, { what: 'both lines of the message log' })
  assert.equal((await lines(hub.admin('GET', query))).toSorted(), ['in 1000', 'out 1000'])
  assert.equal(await lines(hub.asParty(second, 'GET', query)), [])
  assert.ok((await lines(hub.asParty(first, 'GET', query))).length > 0)
})

test.run()
