// Tariffs whose numbers came as text: kept, used for nothing, until their owner writes them otherwise.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, put, tariffOf } from '../helpers/objects.ts'
import { tariff211 } from '../helpers/objects-211.ts'
import { alertsOf, keysOf, offer, pullNow } from '../helpers/offers.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const old = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
for (const { id } of [cpo, old])
  await hub.admin('PATCH', `/platforms/${id}`, {
    quirks: { numbers_as_strings: true, pull: false },
    reason: 'writes numbers as text',
  })

const test = suite('tariffs in doubt')
test.before.each(async () => {
  await hub.drain()
  emsp.forget()
})
test.after(() => hub.close())

const asText = (id: string, price: string, more: Record<string, unknown> = {}) =>
  tariffOf('NL-TNM', id, {
    elements: [{ price_components: [{ type: 'ENERGY', price, vat: 20, step_size: 1 }] }],
    ...more,
  })
const versionsOf = async (key: string) =>
  (
    await hub.database.db.rows(sql`
      select 1 from object_versions where module = 'tariffs' and object_key = ${key}`)
  ).length
const quarantined = async () =>
  items(at((await hub.admin('GET', '/imports/quarantine')).json, 'items')).map((each) =>
    String(at(each, 'key')),
  )

test('a pushed tariff with prices as text is kept and used for nothing, and its owner is told', async () => {
  const reply = await put(cpo, 'tariffs', asText('Q1', '0.30'), { to: hub.party })
  assert.is(reply.code, 1000, reply.text)
  assert.match(reply.message, '/elements/0/price_components/0/price')
  await hub.drain()
  assert.equal(await keysOf(hub, 'tariffs'), [])
  assert.is(await versionsOf('q1'), 0)
  assert.equal(emsp.received('receiver/tariffs'), [])
  assert.equal(await quarantined(), ['q1'])
  assert.is((await alertsOf(hub, 'tariff_in_doubt')).length, 1)
})

test('a CDR that needs it waits, and is priced once a sound version is there', async () => {
  const story = storyOf(hub, cpo)
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'), { to: hub.party })
  const sound = tariffOf('NL-TNM', 'T1', { last_updated: fromNow(-20_000_000) })
  await put(cpo, 'tariffs', sound, { to: hub.party })
  // As if the doubtful one had come long before the session.
  assert.is((await put(cpo, 'tariffs', asText('T1', '0.45'), { to: hub.party })).code, 1000)
  await hub.database.db.rows(sql`update quarantined_objects set at = at - interval '1 day'`)
  const charge = story.charge('WAITS', emsp)
  await story.prepare(charge, emsp)
  const { tariffs: _, ...bare } = story.cdr(charge)
  assert.is((await story.post(bare)).code, 1000)
  await hub.drain()
  assert.is(await story.stand('WAITS'), 'unmatched')
  const later = tariffOf('NL-TNM', 'T1', { last_updated: fromNow(-8_000_000) })
  assert.is((await put(cpo, 'tariffs', later, { to: hub.party })).code, 1000)
  await hub.drain()
  assert.is(await story.stand('WAITS'), 'provisional')
  assert.equal(await quarantined(), ['q1'])
})

test('a PATCH is not merged into what came before it, and a DELETE ends it', async () => {
  const path = 'receiver/tariffs/NL/OLD/P1'
  assert.is((await old.send('PUT', path, { body: tariff211('P1') })).code, 1000)
  const element = { price_components: [{ type: 'ENERGY', price: 0.5, step_size: '1' }] }
  const doubtful = await old.send('PATCH', path, { body: { elements: [element] } })
  assert.is(doubtful.code, 1000, doubtful.text)
  assert.match(doubtful.text, 'neither sent on nor used for prices')
  assert.is(await versionsOf('p1'), 1)
  const merged = await old.send('PATCH', path, { body: { currency: 'CHF' } })
  assert.is(merged.code, 2001, merged.text)
  assert.is((await old.send('DELETE', path)).code, 1000)
  const deleted = await cpo.send('DELETE', 'receiver/tariffs/NL/TNM/Q1', { to: hub.party })
  assert.is(deleted.code, 1000, deleted.text)
  assert.equal(await quarantined(), [])
})

test('the same tariff as before, sent or fetched again, ends it; an imported one does not', async () => {
  const sound = tariffOf('NL-TNM', 'SAME')
  await put(cpo, 'tariffs', sound, { to: hub.party })
  await put(cpo, 'tariffs', asText('SAME', '0.99'), { to: hub.party })
  const feed = await fetch(`${hub.url}/admin/v1/imports?module=tariffs&party=NL/TNM`, {
    method: 'POST',
    headers: { authorization: 'Bearer root-operator-token-for-tests' },
    body: JSON.stringify([sound]),
  })
  assert.is(feed.status, 200)
  assert.equal(await quarantined(), ['same'])
  await put(cpo, 'tariffs', sound, { to: hub.party })
  assert.equal(await quarantined(), [])
  // What somebody imports is no reason to doubt what the owner sent.
  await fetch(`${hub.url}/admin/v1/imports?module=tariffs&party=NL/TNM`, {
    method: 'POST',
    headers: { authorization: 'Bearer root-operator-token-for-tests' },
    body: JSON.stringify([asText('SAME', '0.99')]),
  })
  assert.equal(await quarantined(), [])
})

test('a tariff that one list lacked and the next one has is there again', async () => {
  const owner = await hub.connect({ parties: [{ party: 'NL-PUL', role: 'CPO' }], pulled: true })
  const [first, second] = [tariffOf('NL-PUL', 'A'), tariffOf('NL-PUL', 'B')]
  offer(owner, { tariffs: [first, second] })
  await pullNow(hub, owner)
  offer(owner, { tariffs: [second] })
  await pullNow(hub, owner)
  assert.not((await keysOf(hub, 'tariffs')).includes('NL-PUL/a'))
  offer(owner, { tariffs: [first, second] })
  await pullNow(hub, owner)
  assert.ok((await keysOf(hub, 'tariffs')).includes('NL-PUL/a'))
  assert.equal(
    emsp.received('receiver/tariffs').map(({ method }) => method),
    ['DELETE', 'PUT'],
    'what changes after the first whole list is told',
  )
})

test.run()
