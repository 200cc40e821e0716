// Every tariff that comes is looked at, none is refused, and both parties can read what was found.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { scheduleLints } from '../../src/hub/objects/lint-tariffs.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, pathOf, put, tariffOf } from '../helpers/objects.ts'
import { tariff211 } from '../helpers/objects-211.ts'

const hub = await startHub({ config: { agreements: 'required' } })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const old = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const stranger = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
await hub.admin('PUT', '/agreements/NL-TNM/DE-EMA', {})

const test = suite('lint of tariffs')
test.after(() => hub.close())

/** Free at weekends, though nobody may have meant it: no element is left for them. */
const weekdays = {
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.3, vat: 20, step_size: 1 }],
      restrictions: { day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'] },
    },
  ],
}

const list = async (query = '') =>
  items(at((await hub.admin('GET', `/tariffs/lint${query}`)).json, 'items'))
const seenBy = async (partner: FakePartner) => {
  const { json } = await hub.asParty(partner, 'GET', '/tariffs/lint')
  return items(at(json, 'items')).map((each) => at(each, 'id'))
}

test('what is wrong is found and the tariff taken all the same', async () => {
  const done = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'Weekdays', weekdays))
  assert.is(done.status, 201, done.text)
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'Plain'))
  const body = tariff211('Old', { price: 0 })
  await old.send('PUT', `receiver/tariffs/${pathOf('NL-OLD', 'Old')}`, { body })
  await hub.drain()
  assert.equal(
    (await list()).map((each) => [at(each, 'party_id'), at(each, 'id'), at(each, 'version')]),
    [
      ['OLD', 'Old', '2.1.1'],
      ['TNM', 'Plain', '2.2.1'],
      ['TNM', 'Weekdays', '2.2.1'],
    ],
  )
  const [gaps] = await list('?party=nl-tnm&id=WEEKDAYS')
  assert.ok(Number(at(gaps, 'warnings')) + Number(at(gaps, 'errors')) > 0, JSON.stringify(gaps))
  assert.match(JSON.stringify(at(gaps, 'findings')), /Sunday|Saturday|SUNDAY|SATURDAY/)
  const [found] = items(at(gaps, 'findings'))
  const code = String(at(found, 'code'))
  const severity = String(at(found, 'severity'))
  const ids = async (query: string) => (await list(query)).map((each) => at(each, 'id'))
  assert.ok((await ids(`?code=${code}&severity=${severity}`)).includes('Weekdays'))
  assert.equal(await ids('?code=no_such_code'), [])
  const first = await hub.admin('GET', '/tariffs/lint?limit=1')
  const cursor = String(at(first.json, 'next_cursor'))
  assert.equal(await ids(`?limit=2&cursor=${cursor}`), ['Plain', 'Weekdays'])
})

test('its owner sees it, and who may be charged by it, and nobody else', async () => {
  assert.equal(await seenBy(cpo), ['Plain', 'Weekdays'])
  assert.equal(await seenBy(old), ['Old'])
  assert.equal(await seenBy(emsp), ['Plain', 'Weekdays'])
  assert.equal(await seenBy(stranger), [])
  // What is addressed to one party is that one's to see, agreement or not.
  const place = `receiver/tariffs/${pathOf('NL-TNM', 'Private')}`
  const body = tariffOf('NL-TNM', 'Private', weekdays)
  await hub.admin('PUT', '/agreements/NL-TNM/FR-EMB', { modules: ['tariffs'] })
  await cpo.send('PUT', place, { body, to: 'FR-EMB' })
  await hub.admin('DELETE', '/agreements/NL-TNM/FR-EMB')
  await hub.drain()
  assert.equal(await seenBy(stranger), ['Private'])
  assert.equal(await seenBy(emsp), ['Plain', 'Weekdays'])
  assert.is(at((await list('?id=private'))[0], 'receiver'), 'FR-EMB')
})

test('the next version replaces what was found, a deletion ends it', async () => {
  const whole = tariffOf('NL-TNM', 'Weekdays', { last_updated: fromNow(0) })
  await put(cpo, 'tariffs', whole)
  assert.is(at((await list('?id=weekdays'))[0], 'is_current'), false)
  await hub.drain()
  const [mended] = await list('?id=weekdays')
  assert.equal([at(mended, 'is_current'), at(mended, 'errors')], [true, 0])
  assert.not.match(JSON.stringify(at(mended, 'findings')), /Sunday|SUNDAY/)
  await cpo.send('DELETE', `receiver/tariffs/${pathOf('NL-TNM', 'Weekdays')}`)
  await hub.drain()
  assert.equal(await list('?id=weekdays'), [])
})

test('tariffs of before, and those that were looked at by older rules, are made work of', async () => {
  await hub.context.db.rows(sql`delete from tariff_lints where object_key = 'plain'`)
  await hub.context.db.rows(sql`update tariff_lints set rules = 0 where object_key = 'old'`)
  await scheduleLints(hub.context.db)
  await hub.drain()
  assert.is((await list('?id=plain')).length, 1)
  const rows = await hub.context.db.rows(sql`select 1 from tariff_lints where rules = 0`)
  assert.is(rows.length, 0)
})

test.run()
