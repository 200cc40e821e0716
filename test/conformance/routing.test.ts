// OCPI 2.2.1, Message routing: who is addressed, whose headers go where, what the hub answers itself.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdrOf,
  fromNow,
  locationOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const EMSP = 'DE-EMA'
const hub = await startHub({ peerDeadlineMs: 400 })
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: EMSP, role: 'EMSP' }] })
const nsp = await hub.connect({ parties: [{ party: 'NL-NSP', role: 'NSP' }] })
const other = await hub.connect({ parties: [{ party: 'NL-OTH', role: 'OTHER' }] })
const both = await hub.connect({
  parties: [
    { party: 'FR-TWO', role: 'CPO' },
    { party: 'FR-TWO', role: 'EMSP' },
  ],
})
const everyone = [cpo, emsp, nsp, other, both]

const test = suite('routing')
test.before.each(async () => {
  await hub.drain()
  for (const partner of everyone) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

type Headers = Readonly<Record<string, unknown>>

/** `to NL-TNM from DE-EMA`: the routing headers of a request or an answer. */
function addresses(headers: Headers | undefined): string {
  const side = (name: string) => {
    const country = headers?.[`ocpi-${name}-country-code`]
    const party = headers?.[`ocpi-${name}-party-id`]
    return country === undefined && party === undefined
      ? ''
      : `${name} ${String(country)}-${String(party)}`
  }
  return [side('to'), side('from')].filter(Boolean).join(' ')
}

const tariff = (id: string) => tariffOf(CPO, id)
const tariffPath = (id: string) => `receiver/tariffs/${pathOf(CPO, id)}`

test('63, 64, 65: direct: the receiver sees both parties, the requester sees them swapped', async () => {
  emsp.answer = () => ({
    headers: {
      'OCPI-to-country-code': 'NL',
      'OCPI-to-party-id': 'TNM',
      'OCPI-from-country-code': 'DE',
      'OCPI-from-party-id': 'EMA',
    },
  })
  const reply = await put(cpo, 'tariffs', tariff('T64'), { to: EMSP })
  assert.is(addresses(emsp.got[0]?.headers), 'to DE-EMA from NL-TNM')
  assert.is(addresses(reply.headers), 'to NL-TNM from DE-EMA')
})

test('66: direct: the hub sets the headers that a receiver leaves out', async () => {
  const reply = await put(cpo, 'tariffs', tariff('T66'), { to: EMSP })
  assert.is(addresses(reply.headers), 'to NL-TNM from DE-EMA')
})

test('65: a GET of one party through the hub has the same headers', async () => {
  const reply = await emsp.send('GET', 'sender/locations', { to: CPO })
  assert.is(addresses(cpo.got[0]?.headers), 'to NL-TNM from DE-EMA')
  assert.is(addresses(reply.headers), 'to DE-EMA from NL-TNM')
})

test('67: an unknown receiver is 4001', async () => {
  const reply = await put(cpo, 'tariffs', tariff('T67'), { to: 'XX-XXX' })
  assert.equal([reply.status, reply.code], [200, 4001])
})

test('68, 72: a receiver that does not answer in time is HTTP 200 with 4002', async () => {
  emsp.answer = () => 'silence'
  const reply = await put(cpo, 'tariffs', tariff('T68'), { to: EMSP })
  assert.is(reply.status, 200)
  assert.is(reply.code, 4002)
})

test('69, 72: a receiver that cannot be reached is HTTP 200 with 4003', async () => {
  emsp.answer = () => 'drop'
  const reply = await put(cpo, 'tariffs', tariff('T69'), { to: EMSP })
  assert.is(reply.status, 200)
  assert.is(reply.code, 4003)
})

test('70: an answer that is not OCPI is 4000, and none of it is passed on', async () => {
  for (const given of [
    { text: '<html>oops</html>', type: 'text/html' },
    { status: 502, text: 'oops' },
    { text: '{"oops":1}' },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' }, text: '' },
  ]) {
    emsp.answer = () => given
    const reply = await put(cpo, 'tariffs', tariff('T70'), { to: EMSP })
    assert.is(reply.status, 200)
    assert.is(reply.code, 4000, JSON.stringify(given))
    assert.not.match(reply.text, 'oops')
  }
})

test('71: the receiver’s own 2xxx and 3xxx are passed on unchanged', async () => {
  for (const [status, code] of [
    [200, 2001],
    [200, 2003],
    [404, 2000],
    [200, 3000],
    [200, 1900],
  ] as const) {
    emsp.answer = () => ({ status, code, message: 'as it is', data: { x: 1 } })
    const reply = await put(cpo, 'tariffs', tariff('T71'), { to: EMSP })
    const answered = [reply.status, reply.code, reply.message, reply.data]
    assert.equal(answered, [status, code, 'as it is', { x: 1 }])
  }
})

test('73: a receiver that refuses the hub’s token is 4003 and an alert, never 401', async () => {
  emsp.answer = () => ({ status: 401, code: 2001 })
  const reply = await put(cpo, 'tariffs', tariff('T73'), { to: EMSP })
  assert.equal([reply.status, reply.code], [200, 4003])
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'partner_refuses_token')
})

test('74: a module that the receiver lacks is 4000, and nothing is sent', async () => {
  const small = await hub.connect({
    parties: [{ party: 'BE-SML', role: 'EMSP' }],
    modules: ['receiver/locations'],
  })
  const reply = await put(cpo, 'tariffs', tariff('T74'), { to: 'BE-SML' })
  assert.is(reply.code, 4000)
  assert.equal(small.got, [])
})

test('75, 76, 78, 79, 82: a CPO’s broadcast reaches EMSP, NSP and OTHER, from the hub, at the owner’s URL', async () => {
  const reply = await put(cpo, 'tariffs', tariff('T75'), { to: hub.party })
  assert.is(reply.code, 1000)
  assert.is(addresses(reply.headers), 'to NL-TNM from NL-XCH')
  assert.equal(emsp.got, [], 'the answer comes before the fan-out')
  await hub.drain()
  for (const partner of [emsp, nsp, other, both]) {
    const [got] = partner.received('receiver/tariffs', 'PUT')
    assert.is(got?.rest, '/NL/TNM/T75', partner.party)
    assert.is(addresses(got?.headers), `to ${partner.party} from NL-XCH`)
  }
  assert.equal(cpo.got, [])
})

test('80: what a receiver of a broadcast answers is not the sender’s affair', async () => {
  emsp.answer = () => ({ code: 2001 })
  assert.is((await put(cpo, 'tariffs', tariff('T80'), { to: hub.party })).code, 1000)
  await hub.drain()
  assert.is(emsp.got.length, 1)
})

test('83: an EMSP’s broadcast reaches CPOs and nobody else', async () => {
  await put(emsp, 'tokens', tokenOf(EMSP, 'T83'), { to: hub.party })
  await hub.drain()
  assert.is(cpo.received('receiver/tokens', 'PUT').length, 1)
  assert.is(both.received('receiver/tokens', 'PUT').length, 1)
  assert.equal([...other.got, ...nsp.got, ...emsp.got], [])
})

test('85: a platform does not get its own broadcast back', async () => {
  await put(both, 'tariffs', tariffOf('FR-TWO', 'T85'), { to: hub.party })
  await hub.drain()
  assert.is(emsp.got.length, 1)
  assert.equal(both.got, [])
})

test('86: a broadcast of a session or a CDR is refused', async () => {
  const charge = { owner: CPO, payer: EMSP, id: 'S86' }
  const session = await put(cpo, 'sessions', sessionOf(charge), { to: hub.party })
  const cdr = await cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge), to: hub.party })
  for (const reply of [session, cdr]) {
    assert.is(reply.code, 2001)
    assert.match(reply.message, 'OCPI-to-party-id')
  }
  assert.equal(emsp.got, [])
})

test('88, 91: open routing: a session or CDR goes to the party in cdr_token, which the answer names', async () => {
  const session = await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S88' }))
  assert.is(addresses(emsp.got[0]?.headers), 'to DE-EMA from NL-TNM')
  const body = cdrOf({ owner: CPO, payer: EMSP, id: 'C88', session: 'S88' })
  const cdr = await cpo.send('POST', 'receiver/cdrs', { body })
  for (const { headers } of [session, cdr]) assert.is(addresses(headers), 'to NL-TNM from DE-EMA')
})

test('89: a push for everyone without an addressee is broadcast', async () => {
  assert.is((await put(cpo, 'locations', locationOf(CPO, 'L89'))).code, 1000)
  await hub.drain()
  assert.is(emsp.received('receiver/locations', 'PUT').length, 1)
})

test('90: a list without an addressee is 2001', async () => {
  for (const module of ['locations', 'tariffs', 'cdrs', 'sessions']) {
    const query = { date_from: '2020-01-01T00:00:00Z' }
    const reply = await emsp.send('GET', `sender/${module}`, { query })
    assert.equal([reply.status, reply.code], [200, 2001], module)
  }
})

test('92: a PATCH of a session without an addressee goes where the session went', async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S92' }))
  emsp.forget()
  const body = { kwh: 11, last_updated: fromNow(0) }
  const reply = await cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, 'S92')}`, { body })
  assert.is(reply.code, 1000)
  assert.is(addresses(emsp.got[0]?.headers), 'to DE-EMA from NL-TNM')
  const unknown = await cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, 'S92X')}`, { body })
  assert.is(unknown.code, 2001)
})

test('93: an id that two owners use is not guessed between', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L93'))
  await put(both, 'locations', locationOf('FR-TWO', 'L93'))
  const reply = await emsp.send('GET', 'sender/locations/L93')
  assert.is(reply.code, 2003)
})

test('94, 95, 97: GET ALL merges the objects of several owners, from the hub', async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L94'))
  await put(both, 'locations', locationOf('FR-TWO', 'L94'))
  const reply = await emsp.send('GET', 'sender/locations', { to: hub.party })
  assert.is(addresses(reply.headers), 'to DE-EMA from NL-XCH')
  const owners = items(reply.data).map((each) => at(each, 'party_id'))
  assert.ok(owners.includes('TNM') && owners.includes('TWO'))
})

test('96: GET ALL holds nothing that was addressed to somebody else', async () => {
  await put(cpo, 'tariffs', tariff('T96'), { to: EMSP })
  const ids = async (reply: Promise<Reply>) =>
    items((await reply).data).map((each) => at(each, 'id'))
  const query = { limit: '200' }
  const own = await ids(emsp.send('GET', 'sender/tariffs', { to: hub.party, query }))
  const foreign = await ids(nsp.send('GET', 'sender/tariffs', { to: hub.party, query }))
  assert.is(own.includes('T96'), true)
  assert.is(foreign.includes('T96'), false)
})

test('100: last_updated is never changed on the way', async () => {
  const body = tariff('T100')
  await put(cpo, 'tariffs', body)
  await put(cpo, 'tariffs', body, { to: EMSP })
  await hub.drain()
  for (const got of emsp.got) assert.is(at(got.json, 'last_updated'), body['last_updated'])
})

test('101: a direct push that failed is not sent again later', async () => {
  emsp.answer = () => 'drop'
  await put(cpo, 'tariffs', tariff('T101'), { to: EMSP })
  emsp.answer = () => undefined
  emsp.forget()
  await hub.passTime(3_600_000)
  await hub.drain()
  assert.equal(emsp.got, [])
})

test('102: nothing is sent to parties that are not connected', async () => {
  const planned = await hub.invite({ parties: [{ party: 'BE-PLN', role: 'EMSP' }] })
  const gone = await hub.connect({ parties: [{ party: 'BE-GON', role: 'EMSP' }] })
  await gone.send('DELETE', 'credentials', { from: null })
  const cut = await hub.connect({ parties: [{ party: 'BE-CUT', role: 'EMSP' }] })
  await hub.admin('POST', `/platforms/${cut.id}/suspend`, {})
  for (const partner of [planned, gone, cut]) {
    partner.forget()
    const reply = await put(cpo, 'tariffs', tariff('T102'), { to: partner.party })
    assert.is(reply.code, 4003, partner.party)
    assert.equal(partner.got, [])
  }
})

test('half a pair of routing headers, or no sender, is 2001 and named', async () => {
  const half = { 'OCPI-to-party-id': 'EMA' }
  const body = tariff('T1')
  const one = await cpo.send('PUT', tariffPath('T1'), { body, headers: half })
  const two = await cpo.send('PUT', tariffPath('T1'), { body, from: null })
  assert.equal([one.code, two.code], [2001, 2001])
  assert.match(one.message, 'OCPI-to-country-code')
  assert.match(two.message, 'OCPI-from-party-id')
})

test.run()
