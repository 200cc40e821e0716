// What is kept of sessions and places as they change, and what of it is known of a CDR.
import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { knownOf } from '../helpers/known.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { secondsFromNow, session211 } from '../helpers/objects-211.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const old = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, cdr, post, prepare, shown } = storyOf(hub, cpo)

const test = suite('known: sessions and places')
test.after(() => hub.close())

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const patch = (id: string, body: Json) =>
  cpo.send('PATCH', `receiver/sessions/${pathOf('NL-TNM', id)}`, { raw: JSON.stringify(body) })
const versions = () =>
  hub.database.db.rows<{ value: unknown }>(sql`
    select value from location_versions where owner = 'NL-TNM' order by id`)

test('every message about a session is kept with what it came to, a refused one is not', async () => {
  const one = charge('K1', emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  const start = sessionOf(
    { ...one, id: 'S-K1', kwh: 0 },
    { status: 'ACTIVE', end_date_time: undefined, last_updated: fromNow(-7_000_000) },
  )
  await put(cpo, 'sessions', start)
  const steps = [
    { kwh: 4.25, last_updated: fromNow(-6_000_000) },
    { kwh: 10, status: 'COMPLETED', last_updated: fromNow(-3_600_000) },
  ]
  for (const step of steps) assert.is((await patch('S-K1', step)).code, 1000)
  assert.is((await patch('S-K1', { kwh: 3, last_updated: fromNow(-7_200_000) })).code, 2001)
  await post(cdr(one))
  const { sessionSteps = [] } = await knownOf(hub, 'K1')
  assert.equal(
    sessionSteps.map(({ method, status, kwh, hash }) => [method, status, kwh, hash]),
    [
      ['PUT', 'ACTIVE', '0', sha256(JSON.stringify(start))],
      ['PATCH', 'ACTIVE', '4.25', sha256(JSON.stringify(steps[0]))],
      ['PATCH', 'COMPLETED', '10', sha256(JSON.stringify(steps[1]))],
    ],
  )
  const [first, second] = sessionSteps
  assert.ok(first && second && first.receivedAt <= second.receivedAt)
  assert.is(second?.lastUpdated?.toISOString(), steps[0]?.last_updated)
})

test('a session that takes energy back is found, also where both messages bear the same time', async () => {
  const one = charge('K-BACK', emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  const last_updated = fromNow(-3_600_000)
  for (const more of [{ status: 'ACTIVE', kwh: 12, end_date_time: undefined }, {}])
    await put(cpo, 'sessions', sessionOf({ ...one, id: 'S-K-BACK' }, { ...more, last_updated }))
  await post(cdr(one))
  await hub.drain()
  const { state, codes } = await shown('K-BACK')
  assert.equal([state, codes.includes('Q5')], ['held', true])
})

test('the same PUT again is no step; a session of 2.1.1 is kept as it was sent', async () => {
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'OLD1'))
  const more = { status: 'ACTIVE', kwh: 1.5, last_updated: secondsFromNow(-60_000) }
  const session = session211({ id: 'S-OLD', contract: 'DE-EMA-COLD1' }, more)
  for (let again = 0; again < 2; again += 1) {
    const reply = await old.send('PUT', 'receiver/sessions/NL/OLD/S-OLD', { body: session })
    assert.is(reply.code, 1000, reply.text)
  }
  await old.send('PATCH', 'receiver/sessions/NL/OLD/S-OLD', { body: { kwh: 2 } })
  const rows = await hub.database.db.rows(sql`
    select method, status, kwh, body from session_steps where owner = 'NL-OLD' order by id`)
  assert.equal(rows, [
    { method: 'PUT', status: 'ACTIVE', kwh: '1.5', body: JSON.stringify(session) },
    { method: 'PATCH', status: 'ACTIVE', kwh: '2', body: '{"kwh":2}' },
  ])
})

test('a Location is kept as it was when what CDRs are judged by changes, and only then', async () => {
  const location = locationOf('NL-TNM', 'L1')
  await put(cpo, 'locations', location)
  const at1 = { last_updated: fromNow(-50_000) }
  await cpo.send('PATCH', 'receiver/locations/NL/TNM/L1/E1', {
    body: { status: 'CHARGING', ...at1 },
  })
  await cpo.send('PATCH', 'receiver/locations/NL/TNM/L1', {
    body: { name: 'Station', opening_times: { twentyfourseven: true }, ...at1 },
  })
  assert.equal(await versions(), [])
  const at2 = { last_updated: fromNow(-40_000) }
  await cpo.send('PATCH', 'receiver/locations/NL/TNM/L1/E1/1', {
    body: { max_amperage: 16, ...at2 },
  })
  const [kept, ...others] = await versions()
  assert.equal(others, [])
  assert.is(at(kept?.value, 'evses', 0, 'connectors', 0, 'max_amperage'), 32)
  const at3 = { last_updated: fromNow(-30_000) }
  const coordinates = { latitude: '52.1', longitude: '5.2' }
  await cpo.send('PATCH', 'receiver/locations/NL/TNM/L1', { body: { coordinates, ...at3 } })
  assert.is((await versions()).length, 2)
})

test('a CDR is held against the place as it was when its session began', async () => {
  const one = charge('K2', emsp, { uid: 'CARD1' })
  await prepare(one, emsp)
  await post(cdr(one))
  // Known since now, and changed since: what it was first is the best that is known of two hours ago.
  const before = await knownOf(hub, 'K2')
  assert.is(at(before.place?.connector, 'max_amperage'), 32)
  assert.is(at(before.place?.location, 'coordinates', 'latitude'), '52.08916')
  assert.is(before.place?.timeZone, 'Europe/Amsterdam')
  // As if both changes had come long before the session.
  await hub.database.db.rows(sql`
    update location_versions set valid_until = valid_until - interval '5 hours'`)
  const after = await knownOf(hub, 'K2')
  assert.is(at(after.place?.connector, 'max_amperage'), 16)
  assert.is(at(after.place?.location, 'coordinates', 'latitude'), '52.1')
  assert.is.not(after.place?.hash, before.place?.hash)
  assert.ok((after.place?.receivedAt ?? new Date()) < new Date(fromNow(-4 * 3_600_000)))
})

test('what nobody has said is not known', async () => {
  const one = charge('K3', emsp)
  await post(cdr(one, { cdr_location: { ...Object(cdr(one)['cdr_location']), id: 'NOWHERE' } }))
  const known = await knownOf(hub, 'K3')
  assert.equal(
    [known.sessionSteps, known.token, known.authorizations, known.place],
    [[], null, [], null],
  )
  assert.equal([known.captured, known.replaced, known.signed], [null, null, undefined])
})

test('the token as it was at the start, with its value', async () => {
  const one = charge('K4', emsp)
  const token = tokenOf('DE-EMA', one.uid, { whitelist: 'NEVER', multi_use: true })
  await put(emsp, 'tokens', token)
  await post(cdr(one))
  const { token: known } = await knownOf(hub, 'K4')
  assert.is(at(known?.value, 'whitelist'), 'NEVER')
  assert.is(known?.isMultiUse, true)
})

test.run()
