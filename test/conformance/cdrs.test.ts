// OCPI 2.2.1, CDRs: what is accepted, what is answered, what is passed on.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, cdrTokenOf, creditOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })

const test = suite('cdrs')
test.before.each(async () => {
  await hub.drain()
  emsp.forget()
  second.forget()
})
test.after(() => hub.close())

const post = (body: Json) => cpo.send('POST', 'receiver/cdrs', { body })
const stateOf = async (id: string) =>
  at((await hub.admin('GET', `/cdrs/NL/TNM/${id}`)).json, 'state')

/** A CDR whose session and token are known, so that it clears. Each has a card of its own. */
async function ready(id: string, more: Json = {}, payer = EMSP): Promise<Json> {
  const charge = { owner: CPO, payer, id: `S-${id}`, uid: `CARD-${id}` }
  await put(payer === EMSP ? emsp : second, 'tokens', tokenOf(payer, charge.uid))
  await put(cpo, 'sessions', sessionOf(charge))
  return cdrOf({ ...charge, id }, more)
}

test('144: PUT, PATCH and DELETE of a CDR are not supported', async () => {
  for (const method of ['PUT', 'PATCH', 'DELETE'])
    for (const path of ['receiver/cdrs', `receiver/cdrs/${pathOf(CPO, 'C1')}`])
      assert.is((await cpo.send(method, path, { body: {} })).status, 405, `${method} ${path}`)
})

test('145, 146: the answer has a Location of the hub, and a GET of it shows the same CDR', async () => {
  const cdr = await ready('C145')
  const raw = `${JSON.stringify(cdr).slice(0, -1)}, "x-mine" : 1.10 }`
  const reply = await cpo.send('POST', 'receiver/cdrs', { raw })
  const location = String(reply.headers.location)
  assert.match(location, `${hub.url}/ocpi/2.2.1/receiver/cdrs/`)
  const shown = await cpo.send('GET', location)
  assert.is(shown.status, 200)
  assert.ok(shown.text.includes(raw), 'byte for byte')
  assert.is((await emsp.send('GET', location)).status, 404, 'not before it is judged')
  await hub.drain()
  assert.ok((await emsp.send('GET', location)).text.includes(raw))
})

test('148: a CDR is delivered to the party in cdr_token and shown to nobody else', async () => {
  const reply = await post(await ready('C148'))
  await hub.drain()
  assert.is(emsp.received('receiver/cdrs', 'POST').length, 1)
  assert.equal(second.received('receiver/cdrs'), [])
  assert.is((await second.send('GET', String(reply.headers.location))).status, 404)
  const list = await second.send('GET', 'sender/cdrs', { to: hub.party })
  assert.equal(list.data, [])
  const own = await emsp.send('GET', 'sender/cdrs', { to: hub.party })
  assert.ok(items(own.data).some((each) => at(each, 'id') === 'C148'))
})

test('149: the same id with other content is 2001 naming it, and nothing is overwritten', async () => {
  const cdr = await ready('C149')
  assert.is((await post(cdr)).code, 1000)
  for (const id of ['C149', 'c149']) {
    const reply = await post({ ...cdr, id, total_energy: 11 })
    assert.equal([reply.status, reply.code], [200, 2001])
    assert.match(reply.message, '/id')
  }
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/C149')
  assert.equal(JSON.parse(String(at(json, 'original'))), cdr)
  assert.ok(items(at(json, 'findings')).some((finding) => at(finding, 'code') === 'D3'))
})

test('the same content again has the same answer, however it is written', async () => {
  const cdr = await ready('C149B')
  const first = await post(cdr)
  const again = await post(cdr)
  const backwards = await post(
    Object.fromEntries([...Object.entries(cdr), ['remark', null]].reverse()),
  )
  for (const reply of [again, backwards]) {
    assert.is(reply.status, first.status)
    assert.is(reply.code, 1000)
    assert.is(reply.headers.location, first.headers.location)
  }
  await hub.drain()
  assert.is(emsp.received('receiver/cdrs', 'POST').length, 1)
})

test('150: a credit has a negative total, an id of its own, and names its original', async () => {
  const cdr = await ready('C150')
  await post(cdr)
  await hub.drain()
  assert.is((await post(creditOf(cdr, 'C150-credit'))).code, 1000)
  await hub.drain()
  assert.equal([await stateOf('C150'), await stateOf('C150-credit')], ['credited', 'credited'])
})

test('150: a credit that names no original is recorded and quarantined', async () => {
  const cdr = await ready('C150B')
  const { credit_reference_id: _reference, ...credit } = creditOf(cdr, 'C150B-credit')
  assert.is((await post(credit)).code, 1000)
  await hub.drain()
  assert.is(await stateOf('C150B-credit'), 'quarantined')
})

test('151, as decided otherwise: too long an id is accepted, kept and reported', async () => {
  const id = `C151-${'x'.repeat(40)}`
  const cdr = await ready('C151')
  const reply = await post({ ...cdr, id })
  assert.is(reply.code, 1000)
  assert.match(reply.message, '/id')
  const shown = await cpo.send('GET', String(reply.headers.location))
  assert.is(at(shown.data, 'id'), id)
})

test('152, as decided otherwise: no period, or one without dimensions, is accepted and reported', async () => {
  const none = await post(await ready('C152', { charging_periods: [] }))
  const start_date_time = '2026-01-01T00:00:00Z'
  const bare = await post(
    await ready('C152B', { charging_periods: [{ start_date_time, dimensions: [] }] }),
  )
  assert.equal([none.code, bare.code], [1000, 1000])
  assert.match(none.message, '/charging_periods')
  assert.match(bare.message, '/charging_periods/0/dimensions')
})

test('153, 154: signed data and amounts reach the receiver byte for byte', async () => {
  const signed_data = {
    encoding_method: 'OCMF',
    signed_values: [{ nature: 'Start', plain_data: 'é\u2028"', signed_data: 'A'.repeat(5_000) }],
  }
  const cdr = await ready('C153', { signed_data })
  const raw = JSON.stringify(cdr)
    .replaceAll('"excl_vat":3,', '"excl_vat":3.000000000000000000001,')
    .replaceAll('"total_time":1', '"total_time": 1.0e0')
  assert.is((await cpo.send('POST', 'receiver/cdrs', { raw })).code, 1000)
  await hub.drain()
  assert.ok(emsp.received('receiver/cdrs', 'POST')[0]?.body === raw)
})

test('155: a CDR of a location that nobody has published is accepted', async () => {
  const cdr = await ready('C155')
  const cdr_location = { ...Object(cdr['cdr_location']), id: 'HOME', evse_uid: 'HOME' }
  assert.is((await post({ ...cdr, cdr_location })).code, 1000)
  await hub.drain()
  assert.is(await stateOf('C155'), 'provisional')
})

test('a CDR for a party that nobody knows is 4001', async () => {
  const body = cdrOf({ owner: CPO, payer: 'XX-XXX', id: 'C4001' })
  const reply = await post(body)
  assert.equal([reply.status, reply.code], [200, 4001])
})

test('a CDR addressed to another party than that in cdr_token is 2001 naming it', async () => {
  const body = cdrOf({ owner: CPO, payer: EMSP, id: 'C2001' })
  const reply = await cpo.send('POST', 'receiver/cdrs', { body, to: 'FR-EMB' })
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/cdr_token')
})

test('a cdr_token without a party is 2001 naming it', async () => {
  const { party_id: _party, ...token } = cdrTokenOf(EMSP, 'X')
  const body = cdrOf({ owner: CPO, payer: EMSP, id: 'C2002' }, { cdr_token: token })
  const reply = await post(body)
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/cdr_token/party_id')
})

test('a CDR of somebody else is refused', async () => {
  const body = cdrOf({ owner: 'NL-XYZ', payer: EMSP, id: 'C2003' })
  const reply = await post(body)
  assert.is(reply.code, 2001)
  assert.match(reply.message, '/party_id')
})

test('the list of CDRs pages and counts like any other', async () => {
  const first = await emsp.send('GET', 'sender/cdrs', { to: hub.party, query: { limit: '1' } })
  const total = Number(first.headers['x-total-count'])
  const seen: unknown[] = [...items(first.data)]
  let reply = first
  for (let page = 1; page < total; page += 1) {
    const link = /<(.*)>/.exec(String(reply.headers.link))?.[1]
    reply = await emsp.send('GET', String(link), { to: hub.party })
    seen.push(...items(reply.data))
  }
  assert.is(reply.headers.link, undefined)
  assert.is(seen.length, total)
  assert.is(new Set(seen.map((each) => at(each, 'id'))).size, total)
})

test.run()
