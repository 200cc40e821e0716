// Sessions as they live: pushed, patched as energy flows, sent twice, out of order, many at once.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })

const test = suite('sessions and locations')
test.before.each(async () => {
  await hub.drain()
  emsp.answer = () => undefined
  emsp.forget()
})
test.after(() => hub.close())

const period = (n: number): Json => ({
  start_date_time: fromNow(-60_000 + n),
  dimensions: [{ type: 'ENERGY', volume: n }],
})
const start = (id: string) => {
  const charge = { owner: CPO, payer: EMSP, id, kwh: 0 }
  const more = { status: 'ACTIVE', end_date_time: undefined, last_updated: fromNow(-3_600_000) }
  return put(cpo, 'sessions', sessionOf(charge, more))
}
const patch = (id: string, body: Json) =>
  cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, id)}`, { body })
const stored = async (id: string) =>
  (await cpo.send('GET', `receiver/sessions/${pathOf(CPO, id)}`, { to: hub.party })).data
const volumes = (session: unknown) =>
  items(at(session, 'charging_periods')).map((each) => at(each, 'dimensions', 0, 'volume'))

test('a session from PUT to COMPLETED; the receiver gets each step as it was sent', async () => {
  await start('S1')
  const steps = [
    { kwh: 2, charging_periods: [period(2)], last_updated: fromNow(-3_000) },
    { kwh: 5, charging_periods: [period(3)], last_updated: fromNow(-2_000) },
    { status: 'COMPLETED', end_date_time: fromNow(-1_000), last_updated: fromNow(-1_000) },
  ]
  for (const step of steps) assert.is((await patch('S1', step)).code, 1000)
  const session = await stored('S1')
  assert.equal(volumes(session), [2, 3])
  assert.equal([at(session, 'kwh'), at(session, 'status')], [5, 'COMPLETED'])
  assert.equal(
    emsp.received('receiver/sessions', 'PATCH').map(({ json }) => json),
    steps,
  )
})

test('a PATCH that is sent twice counts once', async () => {
  await start('S2')
  const long = { type: 'TIME', volume: 0.30000000000000004 }
  const { start_date_time, dimensions } = period(2)
  const charging_periods = [{ start_date_time, dimensions: [...items(dimensions), long] }]
  const step = { kwh: 2, charging_periods, last_updated: fromNow(0) }
  for (let again = 0; again < 3; again += 1) assert.is((await patch('S2', step)).code, 1000)
  assert.equal(volumes(await stored('S2')), [2])
})

test('a step that is older than what is known is refused and not passed on', async () => {
  await start('S3')
  await patch('S3', { kwh: 5, last_updated: fromNow(0) })
  emsp.forget()
  const reply = await patch('S3', { kwh: 2, last_updated: fromNow(-60_000) })
  assert.equal([reply.status, reply.code], [200, 2001])
  assert.match(reply.message, '/last_updated')
  assert.is(at(await stored('S3'), 'kwh'), 5)
  assert.equal(emsp.got, [])
})

test('a PATCH of a session that nobody knows is refused', async () => {
  const reply = await patch('NOBODY', { kwh: 2, last_updated: fromNow(0) })
  assert.is(reply.code, 2001)
})

test('steps that arrive together are all kept, each once', async () => {
  await start('S5')
  const last_updated = fromNow(0)
  const steps = Array.from({ length: 20 }, (_, n) => ({
    charging_periods: [period(n + 1)],
    last_updated,
  }))
  const replies = await Promise.all(steps.map((step) => patch('S5', step)))
  assert.ok(replies.every(({ code }) => code === 1000))
  const found = volumes(await stored('S5')).map(Number)
  assert.equal(
    found.toSorted((a, b) => a - b),
    steps.map((_, n) => n + 1),
  )
})

test('one bad push among many fails alone', async () => {
  const bodies = Array.from({ length: 10 }, (_, n) => locationOf(CPO, `L${n}`))
  const replies = await Promise.all(
    bodies.map((body, n) => put(cpo, 'locations', n === 4 ? { ...body, publish: 'yes' } : body)),
  )
  assert.equal(
    replies.map(({ code }) => code),
    bodies.map((_, n) => (n === 4 ? 2001 : 1000)),
  )
  assert.match(String(replies[4]?.message), '/publish')
})

test('a PUT that was answered, lost and sent again is an update without an effect', async () => {
  const body = locationOf(CPO, 'L20')
  assert.is((await put(cpo, 'locations', body)).status, 201)
  assert.is((await put(cpo, 'locations', body)).status, 200)
  await hub.drain()
  assert.is(emsp.received('receiver/locations').length, 1)
})

test('numbers that nobody touched keep their digits through a PATCH', async () => {
  const raw = JSON.stringify(locationOf(CPO, 'L21')).replace('"publish"', '"x": 1.10, "publish"')
  const path = `receiver/locations/${pathOf(CPO, 'L21')}`
  await cpo.send('PUT', path, { raw })
  await cpo.send('PATCH', path, { body: { name: 'new', last_updated: fromNow(0) } })
  await hub.drain()
  const [got] = emsp.received('receiver/locations').slice(-1)
  assert.match(String(got?.body), '"x": 1.10,')
  assert.match(String(got?.body), '"name":"new"')
})

test('the path may be written in lower case; the object is the same', async () => {
  const body = locationOf(CPO, 'L22')
  await put(cpo, 'locations', body)
  const again = { ...body, last_updated: fromNow(0) }
  const reply = await cpo.send('PUT', 'receiver/locations/nl/tnm/l22', { body: again })
  assert.is(reply.status, 200)
})

test('a token whose type is another than the URL says is refused', async () => {
  const body = tokenOf(EMSP, 'U1', { type: 'APP_USER' })
  const query = { type: 'RFID' }
  const path = `receiver/tokens/${pathOf(EMSP, 'U1')}`
  const reply = await emsp.send('PUT', path, { body, query })
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/type')
})

test('what is soft is stored, answered and told to the operator', async () => {
  const reply = await put(cpo, 'locations', locationOf(CPO, 'L23', { parking_type: 'ROOF' }))
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/parking_type')
  const alerts = await hub.admin('GET', '/alerts?state=open')
  assert.match(alerts.text, 'NL-TNM')
})

test.run()
