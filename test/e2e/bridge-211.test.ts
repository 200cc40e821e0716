// A CPO and an eMSP of 2.1.1 among partners of 2.2.1 and 2.3.0: what is stored, cleared and delivered.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import {
  cdr211,
  location211,
  secondsFromNow,
  session211,
  tariff211,
  token211,
} from '../helpers/objects-211.ts'

const hub = await startHub()
const old = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
})
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const newEmsp = await hub.connect({
  parties: [{ party: 'BE-NEW', role: 'EMSP' }],
  version: '2.3.0',
})

const test = suite('2.1.1 among others')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [old, cpo, oldEmsp, emsp, newEmsp]) partner.forget()
})
test.after(() => hub.close())

const contractOf = (party: string, uid: string) => `${party}-C${uid}`
const putOld = (partner: FakePartner, module: string, object: Json) =>
  partner.send(
    'PUT',
    `receiver/${module}/${pathOf(partner.party, String(object['uid'] ?? object['id']))}`,
    {
      body: object,
    },
  )
const shown = async (party: string, id: string) => {
  const { json } = await hub.admin('GET', `/cdrs/${party.replace('-', '/')}/${id}`)
  const codes = items(at(json, 'findings')).map((each) => String(at(each, 'code')))
  return { state: at(json, 'state'), delivery: at(json, 'delivery'), codes, json }
}

test('a location of 2.1.1 reaches each eMSP in its version, and 2.1.1 byte for byte', async () => {
  const raw = JSON.stringify(location211('L1')).replace('"ON_STREET"', ' "ON_STREET"')
  const reply = await old.send('PUT', 'receiver/locations/NL/OLD/L1', { raw })
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
  const [got] = emsp.received('receiver/locations', 'PUT')
  assert.equal(
    [at(got?.json, 'country_code'), at(got?.json, 'time_zone'), at(got?.json, 'publish')],
    ['NL', 'Europe/Amsterdam', true],
  )
  assert.is(at(got?.json, 'evses', 0, 'connectors', 0, 'max_amperage'), 32)
  assert.is(at(newEmsp.received('receiver/locations')[0]?.json, 'party_id'), 'OLD')
  assert.is(oldEmsp.received('receiver/locations')[0]?.body, raw)
})

test('a session and a CDR of 2.1.1 are priced and delivered, tax unknown', async () => {
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'K1'))
  const contract = contractOf('DE-EMA', 'K1')
  const session = await putOld(old, 'sessions', session211({ id: 'S1', contract }))
  assert.is(session.code, 1000, session.text)
  assert.is(at(emsp.received('receiver/sessions')[0]?.json, 'cdr_token', 'uid'), 'K1')
  const raw = JSON.stringify(cdr211({ id: 'C1', contract }))
  const reply = await old.send('POST', 'receiver/cdrs', { raw })
  assert.is(reply.code, 1000, reply.text)
  assert.match(String(reply.headers.location), '/ocpi/cpo/2.1.1/cdrs/NL/OLD/C1')
  await hub.drain()
  const { state, codes, delivery, json } = await shown('NL-OLD', 'C1')
  assert.equal([state, delivery], ['provisional', 'delivered'], JSON.stringify(codes))
  assert.is(at(json, 'net'), '3.00')
  const [got] = emsp.received('receiver/cdrs')
  assert.equal(at(got?.json, 'total_cost'), { excl_vat: 3 })
  assert.is(at(got?.json, 'cdr_token', 'contract_id'), contract)
  assert.is((await old.send('GET', String(reply.headers.location))).text.includes(raw), true)
  assert.is((await old.send('POST', 'receiver/cdrs', { raw })).code, 1000, 'the same again')
})

test('credits: from 2.1.1 refused, to 2.1.1 withheld and told, unless agreed', async () => {
  const contract = contractOf('DE-EMA', 'K1')
  const more = { credit: true, credit_reference_id: 'C1', total_cost: -3 }
  const refused = await old.send('POST', 'receiver/cdrs', {
    body: cdr211({ id: 'C2', contract }, more),
  })
  assert.is(refused.code, 2001, refused.text)
  assert.match(refused.message, '/credit')

  await putOld(oldEmsp, 'tokens', token211('K2'))
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  const cdr_token = {
    ...Object(sessionOf({ owner: 'NL-TNM', payer: 'FR-OLE', id: 'x', uid: 'K2' })['cdr_token']),
    contract_id: 'CONTRACT-K2',
  }
  const charge = { owner: 'NL-TNM', payer: 'FR-OLE', id: 'C3', uid: 'K2', session: 'S3' }
  await put(cpo, 'sessions', sessionOf({ ...charge, id: 'S3' }, { cdr_token }))
  const cdr = cdrOf(charge, { cdr_token })
  await cpo.send('POST', 'receiver/cdrs', { body: cdr })
  await hub.drain()
  assert.equal(
    oldEmsp
      .received('receiver/cdrs')
      .map(({ json }) => [at(json, 'id'), at(json, 'auth_id'), at(json, 'total_cost')]),
    [['C3', 'CONTRACT-K2', 3]],
  )
  await cpo.send('POST', 'receiver/cdrs', { body: creditOf(cdr, 'C3-credit') })
  await hub.drain()
  assert.is(oldEmsp.received('receiver/cdrs').length, 1)
  assert.is((await shown('NL-TNM', 'C3-credit')).delivery, 'withheld')
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'credit_not_expressible')
  const list = await hub.admin(
    'GET',
    `/conversions?platform=${oldEmsp.id}&module=cdrs&withheld=true`,
  )
  assert.is(at(list.json, 'items', 0, 'key'), 'c3-credit')

  await hub.admin('PUT', '/agreements/NL-TNM/FR-OLE', { credit_to_211: true })
  const outbox = await hub.admin('GET', '/outbox?kind=deliver')
  const row = items(at(outbox.json, 'items')).find((each) => at(each, 'outcome') === 'withheld')
  await hub.admin('POST', `/outbox/${String(at(row, 'id'))}/replay`, {})
  await hub.drain()
  assert.equal(at(oldEmsp.received('receiver/cdrs')[1]?.json, 'total_cost'), -3)
})

test('a PATCH of 2.1.1 without last_updated, and one with all periods', async () => {
  const contract = contractOf('DE-EMA', 'K1')
  const start_date_time = secondsFromNow(-7_000_000)
  const period = (volume: number, time = start_date_time) => ({
    start_date_time: time,
    dimensions: [{ type: 'ENERGY', volume }],
  })
  await putOld(
    old,
    'sessions',
    session211({ id: 'S4', contract, kwh: 1 }, { status: 'ACTIVE', charging_periods: [period(1)] }),
  )
  const patch = (body: Json) => old.send('PATCH', 'receiver/sessions/NL/OLD/S4', { body })
  assert.is((await patch({ kwh: 2 })).code, 1000)
  const later = period(3, secondsFromNow(-3_000_000))
  const whole = await patch({ kwh: 5, charging_periods: [period(2), later] })
  assert.is(whole.code, 1000, whole.text)
  const stored = await old.send('GET', 'receiver/sessions/NL/OLD/S4')
  assert.equal(
    items(at(stored.data, 'charging_periods')).map((each) => at(each, 'dimensions', 0, 'volume')),
    [2, 3],
  )
  // To append is clear only for those who know what was there.
  assert.equal(
    emsp.received('receiver/sessions').map(({ method }) => method),
    ['PUT', 'PATCH', 'PUT'],
  )
  const list = await emsp.send('GET', 'sender/sessions', {
    to: hub.party,
    query: { date_from: '2020-01-01T00:00:00Z' },
  })
  const found = items(list.data).find((each) => at(each, 'id') === 'S4')
  assert.equal([at(found, 'kwh'), at(found, 'cdr_token', 'uid')], [5, 'K1'])
})

test('ids of two owners have names of their own for a partner of 2.1.1, everywhere', async () => {
  await putOld(old, 'tariffs', tariff211('T1'))
  await put(cpo, 'tariffs', { ...tariff211('T1'), country_code: 'NL', party_id: 'TNM' })
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  await hub.drain()
  const list = await oldEmsp.send('GET', 'sender/tariffs')
  assert.equal(
    items(list.data).map((each) => at(each, 'id')),
    ['T1', 'NL*TNM*T1'],
  )
  const locations = await oldEmsp.send('GET', 'sender/locations')
  assert.equal(
    items(locations.data).map((each) => [
      at(each, 'id'),
      at(each, 'evses', 0, 'connectors', 0, 'tariff_id'),
    ]),
    [
      ['L1', 'T1'],
      ['NL*TNM*L1', 'NL*TNM*T1'],
    ],
  )
  const pushed = oldEmsp.received('receiver/tariffs').map(({ rest }) => rest)
  assert.ok(
    pushed.some((rest) => rest.endsWith('/NL/TNM/NL*TNM*T1')),
    pushed.join(' '),
  )
  const one = await oldEmsp.send('GET', 'sender/locations/NL*TNM*L1')
  assert.is(at(one.data, 'id'), 'NL*TNM*L1')
})

test('a session and a CDR whose ids are taken or too long get names for 2.1.1', async () => {
  const cdr_token = {
    country_code: 'FR',
    party_id: 'OLE',
    uid: 'K2',
    type: 'RFID',
    contract_id: 'CONTRACT-K2',
  }
  const charge = { owner: 'NL-TNM', payer: 'FR-OLE', uid: 'K2', evse: 'E1' }
  const start = {
    start_date_time: secondsFromNow(-9_000_000),
    end_date_time: secondsFromNow(-8_000_000),
  }
  await put(cpo, 'sessions', sessionOf({ ...charge, id: 'S1' }, { cdr_token, ...start }))
  const [session] = oldEmsp.received('receiver/sessions')
  assert.equal([session?.rest, at(session?.json, 'id')], ['/NL/TNM/NL*TNM*S1', 'NL*TNM*S1'])
  assert.equal(at(session?.json, 'location', 'id'), 'NL*TNM*L1')
  const id = `C-${'9'.repeat(36)}`
  const cdr = cdrOf({ ...charge, id, session: 'S1' }, { cdr_token })
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body: cdr })).code, 1000)
  await hub.drain()
  const list = await oldEmsp.send('GET', 'sender/cdrs')
  const names = items(list.data).map((each) => String(at(each, 'id')))
  const name = names.find((each) => each.startsWith('NL*TNM*C-9')) ?? ''
  assert.match(name, /^NL\*TNM\*C-9+~[0-9a-f]{8}$/)
  assert.is(name.length, 36)
})

test('what 2.1.1 cannot say is left out of its pages, with one alert', async () => {
  await put(cpo, 'locations', locationOf('NL-TNM', 'HIDDEN', { publish: false }))
  await hub.drain()
  const list = await oldEmsp.send('GET', 'sender/locations')
  assert.ok(!list.text.includes('HIDDEN'))
  const { text } = await hub.admin('GET', '/alerts?state=open&code=objects_withheld')
  assert.match(text, `${oldEmsp.id}/locations`)
})

test.run()
