// Stored objects and authorisations between partners of different versions.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdrOf,
  creditOf,
  locationOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { location211, token211 } from '../helpers/objects-211.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const newCpo = await hub.connect({ parties: [{ party: 'NL-NEW', role: 'CPO' }], version: '2.3.0' })
const oldCpo = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const newEmsp = await hub.connect({
  parties: [{ party: 'BE-NEW', role: 'EMSP' }],
  version: '2.3.0',
})
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
})
const partners = [cpo, newCpo, oldCpo, emsp, newEmsp, oldEmsp]

const test = suite('between versions')
test.before.each(async () => {
  await hub.drain()
  for (const partner of partners) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const shown = async (party: string, id: string) => {
  const { json } = await hub.admin('GET', `/cdrs/${party.replace('-', '/')}/${id}`)
  const codes = items(at(json, 'findings')).map((each) => String(at(each, 'code')))
  return {
    stand: [at(json, 'state'), ...codes],
    delivery: at(json, 'delivery'),
    net: at(json, 'net'),
  }
}

/** A CDR as 2.3.0 writes it: prices before taxes. */
function cdr230(cdr: Json): Json {
  const price = (before_taxes: number, amount: number) => ({
    before_taxes,
    taxes: [{ name: 'VAT', amount }],
  })
  return {
    ...cdr,
    tariffs: items(cdr['tariffs']).map((tariff) => ({ ...Object(tariff), tax_included: 'NO' })),
    total_cost: price(3, 0.6),
    total_energy_cost: price(3, 0.6),
  }
}

test('a CDR of 2.3.0 is priced, and its eMSP of 2.2.1 gets it in 2.2.1', async () => {
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'K1'))
  const charge = { owner: 'NL-NEW', payer: 'DE-EMA', id: 'C1', uid: 'K1', session: 'S1' }
  const session = await put(newCpo, 'sessions', sessionOf({ ...charge, id: 'S1' }))
  assert.is(session.code, 1000, session.text)
  const cdr = cdr230(cdrOf(charge))
  const reply = await newCpo.send('POST', 'receiver/cdrs', { body: cdr })
  assert.is(reply.code, 1000, reply.text)
  assert.match(String(reply.headers.location), '/ocpi/2.3.0/receiver/cdrs/NL/NEW/C1')
  await hub.drain()
  const { stand, delivery, net } = await shown('NL-NEW', 'C1')
  assert.equal([stand[0], delivery, net], ['provisional', 'delivered', '3.00'], String(stand))
  const [got] = emsp.received('receiver/cdrs')
  assert.equal(at(got?.json, 'total_cost'), { excl_vat: 3, incl_vat: 3.6 })
  assert.is(at(got?.json, 'tariffs', 0, 'tax_included'), undefined)
  const credit = {
    ...creditOf(cdr, 'C1-credit'),
    total_cost: { before_taxes: -3, taxes: [{ name: 'VAT', amount: -0.6 }] },
  }
  assert.is((await newCpo.send('POST', 'receiver/cdrs', { body: credit })).code, 1000)
  await hub.drain()
  assert.is((await shown('NL-NEW', 'C1-credit')).stand[0], 'credited')
  assert.equal(at(emsp.received('receiver/cdrs')[1]?.json, 'total_cost'), {
    excl_vat: -3,
    incl_vat: -3.6,
  })
})

test('an EMAID of 2.3.0 is OTHER to a CPO of 2.2.1, and its CDR finds the token', async () => {
  const token = tokenOf('BE-NEW', 'K2', { type: 'EMAID' })
  const pushed = await newEmsp.send('PUT', 'receiver/tokens/BE/NEW/K2', {
    body: token,
    query: { type: 'EMAID' },
  })
  assert.is(pushed.code, 1000, pushed.text)
  await hub.drain()
  const [got] = cpo.received('receiver/tokens')
  assert.equal([at(got?.json, 'type'), got?.rest], ['OTHER', '/BE/NEW/K2?type=OTHER'])
  assert.is(oldCpo.received('receiver/tokens')[0]?.rest, '/BE/NEW/K2')
  const charge = { owner: 'NL-TNM', payer: 'BE-NEW', id: 'C2', uid: 'K2', session: 'S2' }
  const cdr_token = { ...Object(cdrOf(charge)['cdr_token']), type: 'OTHER' }
  await put(cpo, 'sessions', sessionOf({ ...charge, id: 'S2' }, { cdr_token }))
  await cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge, { cdr_token }) })
  await hub.drain()
  assert.is((await shown('NL-TNM', 'C2')).stand[0], 'provisional')
  assert.equal(at(newEmsp.received('receiver/cdrs')[0]?.json, 'total_cost', 'before_taxes'), 3)
})

test('each asks for the list in its version; what came in it comes back as it came', async () => {
  const raw = JSON.stringify(locationOf('NL-TNM', 'L1')).replace(
    '"publish":true',
    '"publish": true',
  )
  await cpo.send('PUT', `receiver/locations/${pathOf('NL-TNM', 'L1')}`, { raw })
  await oldCpo.send('PUT', 'receiver/locations/NL/OLD/L2', { body: location211('L2') })
  await hub.drain()
  const same = await emsp.send('GET', 'sender/locations', { to: hub.party })
  assert.ok(same.text.includes(raw))
  assert.equal(
    items(same.data).map((each) => at(each, 'party_id')),
    ['TNM', 'OLD'],
  )
  const older = await oldEmsp.send('GET', 'sender/locations')
  assert.equal(
    items(older.data).map((each) => [at(each, 'id'), at(each, 'type')]),
    [
      ['L1', 'UNKNOWN'],
      ['L2', 'ON_STREET'],
    ],
  )
  const newer = await newEmsp.send('GET', 'sender/locations', { to: hub.party })
  assert.is(items(newer.data).length, 2)
  const noted = await hub.admin(
    'GET',
    `/conversions?platform=${oldEmsp.id}&module=locations&limit=1`,
  )
  assert.is(at(noted.json, 'items', 0, 'to_version'), '2.1.1')
  assert.ok(items(at(noted.json, 'items', 0, 'losses')).length > 0, noted.text)
})

test('a PATCH after its owner has moved to another version is merged in that version', async () => {
  const moving = await hub.connect({
    parties: [{ party: 'NL-MOV', role: 'CPO' }],
    version: '2.1.1',
  })
  await moving.send('PUT', 'receiver/locations/NL/MOV/L9', { body: location211('L9') })
  moving.speak('2.2.1')
  const joined = await moving.join('PUT')
  assert.is(joined.code, 1000, joined.text)
  const last_updated = new Date(performance.timeOrigin + performance.now()).toISOString()
  const path = 'receiver/locations/NL/MOV/L9'
  const reply = await moving.send('PATCH', path, { body: { name: 'New', last_updated } })
  assert.is(reply.code, 1000, reply.text)
  const stored = await moving.send('GET', path, { to: hub.party })
  assert.equal(
    [
      at(stored.data, 'name'),
      at(stored.data, 'party_id'),
      at(stored.data, 'evses', 0, 'connectors', 0, 'max_voltage'),
    ],
    ['New', 'MOV', 230],
  )
})

test('an authorisation of a 2.1.1 provider gets the Token from the store', async () => {
  const place = 'receiver/tokens/FR/OLE/K3'
  assert.is((await oldEmsp.send('PUT', place, { body: token211('K3') })).code, 1000)
  oldEmsp.answer = (got) =>
    got.place === 'sender/tokens' ? { data: { allowed: 'ALLOWED' } } : undefined
  const reply = await cpo.send('POST', 'sender/tokens/K3/authorize', {
    body: { location_id: 'L1' },
  })
  assert.equal([reply.code, at(reply.data, 'allowed')], [1000, 'ALLOWED'], reply.text)
  assert.equal(
    [at(reply.data, 'token', 'contract_id'), at(reply.data, 'token', 'party_id')],
    ['CONTRACT-K3', 'OLE'],
  )
  const older = await oldCpo.send('POST', 'sender/tokens/K3/authorize', {})
  assert.equal(older.data, { allowed: 'ALLOWED' })
})

test('a token that only its 2.1.1 provider knows cannot be answered to 2.2.1', async () => {
  const unknown = { status: 404, code: 2004 }
  oldEmsp.answer = (got) =>
    got.place === 'sender/tokens' ? { data: { allowed: 'ALLOWED' } } : undefined
  for (const partner of [emsp, newEmsp]) partner.answer = () => unknown
  const reply = await cpo.send('POST', 'sender/tokens/K4/authorize')
  assert.is(reply.code, 4000, reply.text)
  assert.match(reply.message, '/token')
})

test('a provider of 2.2.1 answers a 2.1.1 CPO, unknown is 404 with 2000 there', async () => {
  const data = { allowed: 'BLOCKED', token: tokenOf('DE-EMA', 'K1') }
  emsp.answer = (got) => (got.place === 'sender/tokens' ? { data } : undefined)
  assert.equal((await oldCpo.send('POST', 'sender/tokens/K1/authorize', {})).data, {
    allowed: 'BLOCKED',
  })
  for (const partner of [emsp, newEmsp, oldEmsp])
    partner.answer = () => ({ status: 404, code: 2004 })
  const reply = await oldCpo.send('POST', 'sender/tokens/NOBODY/authorize', {})
  assert.equal([reply.status, reply.code], [404, 2000], reply.text)
})

test('a tariff that 2.1.1 cannot say is withheld; a DELETE goes there all the same', async () => {
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T7', { type: 'AD_HOC_PAYMENT' }))
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T8'))
  await hub.drain()
  assert.equal(
    oldEmsp.received('receiver/tariffs').map(({ rest }) => rest),
    ['/NL/TNM/T8'],
  )
  const outbox = await hub.admin('GET', `/outbox?kind=sync&platform=${oldEmsp.id}`)
  assert.ok(items(at(outbox.json, 'items')).some((each) => at(each, 'outcome') === 'withheld'))
  await cpo.send('DELETE', `receiver/tariffs/${pathOf('NL-TNM', 'T8')}`)
  await hub.drain()
  assert.equal(
    oldEmsp.received('receiver/tariffs', 'DELETE').map(({ rest }) => rest),
    ['/NL/TNM/T8'],
  )
})

test.run()
