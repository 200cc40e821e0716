// What a party may not reach through the hub, and what the hub itself says: headers, codes, logs.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { command, commandOf, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { location211, secondsFromNow, session211, token211 } from '../helpers/objects-211.ts'
import { until } from '../helpers/processes.ts'

const hub = await startHub({ peerDeadlineMs: 600 })
const operates = [
  'sender/locations',
  'sender/sessions',
  'sender/cdrs',
  'receiver/tokens',
  'receiver/commands',
  'receiver/chargingprofiles',
]
const cpo = await hub.connect({
  parties: [
    { party: 'BE-CPO', role: 'CPO' },
    { party: 'BE-CPB', role: 'CPO' },
  ],
  modules: operates,
})
const latest = await hub.connect({
  parties: [{ party: 'BE-NOW', role: 'CPO' }],
  version: '2.3.0',
  modules: operates,
})
const old = await hub.connect({
  parties: [{ party: 'BE-OLD', role: 'CPO' }],
  version: '2.1.1',
  modules: ['sender/locations', 'sender/sessions', 'sender/cdrs', 'receiver/commands'],
})
const provides = ['receiver/locations', 'receiver/sessions', 'receiver/cdrs', 'sender/tokens']
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }], modules: provides })
const other = await hub.connect({
  parties: [
    { party: 'FR-EMB', role: 'EMSP' },
    { party: 'FR-OTH', role: 'OTHER' },
  ],
  version: '2.3.0',
  modules: provides,
})
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
  modules: provides,
})
const all = [cpo, latest, old, emsp, other, oldEmsp]

const test = suite('routes under review')
test.before(async () => {
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'CARD1'))
  await put(other, 'tokens', tokenOf('FR-EMB', 'CARD2'))
  for (const [partner, owner] of [
    [cpo, 'BE-CPO'],
    [latest, 'BE-NOW'],
  ] as const) {
    const session = sessionOf({ owner, payer: 'DE-EMA', id: 'SE' })
    assert.is((await put(partner, 'sessions', session)).code, 1000)
  }
  for (const [id, contract] of [
    ['OE', 'DE-EMA-CCARD1'],
    ['OB', 'FR-EMB-CCARD2'],
  ] as const) {
    const session = session211({ id, contract })
    const reply = await old.send('PUT', `receiver/sessions/BE/OLD/${id}`, { body: session })
    assert.is(reply.code, 1000, reply.text)
  }
})
test.before.each(async () => {
  await hub.drain()
  for (const partner of all) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const addresses = ({ headers }: Reply) =>
  ['from', 'to'].map((side) =>
    [headers[`ocpi-${side}-country-code`], headers[`ocpi-${side}-party-id`]].join('-'),
  )

test('what the hub itself answers or refuses is from the hub, to who asked', async () => {
  const start = commandOf(emsp, 'START_SESSION', 'x')
  for (const [reply, code] of [
    [await emsp.send('GET', 'sender/tariffs', { to: 'XX-XXX' }), 4001],
    [await emsp.send('GET', 'sender/tariffs'), 2001],
    [await emsp.send('GET', 'sender/tariffs', { to: hub.party, query: { limit: 'x' } }), 2001],
    [await emsp.send('GET', 'sender/locations/NOWHERE'), 2001],
    [await command(emsp, 'START_SESSION', { body: { ...start, location_id: 'NO' } }), 2003],
  ] as const) {
    assert.is(reply.code, code, reply.text)
    assert.equal(addresses(reply), [hub.party, 'DE-EMA'], reply.text)
  }
  // Modules of the hub itself carry none, and 2.1.1 has none.
  const clients = await emsp.send('GET', 'sender/hubclientinfo', { from: null })
  const lost = await oldEmsp.send('GET', 'sender/locations/NOWHERE')
  for (const reply of [clients, lost]) assert.equal(addresses(reply), ['-', '-'])
})

test('a registration token is 401 on every functional path, whatever the method', async () => {
  const fresh = await hub.invite({ parties: [{ party: 'DE-NEW', role: 'EMSP' }] })
  for (const [method, path] of [
    ['GET', 'sender/locations'],
    ['DELETE', 'sender/locations'],
    ['GET', 'sender/unheard-of'],
  ] as const)
    assert.is((await fresh.send(method, path, { to: hub.party })).status, 401, `${method} ${path}`)
  assert.is((await fresh.send('PUT', 'credentials', { body: {} })).status, 405)
})

test('somebody else’s session cannot be stopped, by whatever role and whatever command', async () => {
  const of = (partner: FakePartner) => ({ response_url: resultUrl(partner, 'x'), session_id: 'SE' })
  const unknown = { result: 'UNKNOWN_SESSION', timeout: 0 }
  for (const from of ['FR-EMB', 'FR-OTH']) {
    for (const [name, to] of [
      ['STOP_SESSION', 'BE-CPO'],
      ['STOP_SESSION', 'BE-NOW'],
      ['EXTEND_SESSION', 'BE-NOW'],
    ] as const) {
      const reply = await command(other, name, { body: of(other), from, to })
      assert.equal([reply.status, reply.code, reply.data], [200, 2003, unknown], `${from} ${name}`)
    }
  }
  const query = { response_url: resultUrl(other, 'x') }
  const cleared = await other.send('DELETE', 'receiver/chargingprofiles/SE', {
    query,
    to: 'BE-CPO',
  })
  assert.equal([cleared.status, cleared.code, cleared.data], [200, 2003, unknown])
  const stopped = await command(oldEmsp, 'STOP_SESSION', { body: of(oldEmsp) })
  assert.equal([stopped.code, stopped.data], [2003, { result: 'UNKNOWN_SESSION' }])
  assert.equal([...cpo.got, ...latest.got], [])
  assert.is((await command(emsp, 'STOP_SESSION', { body: of(emsp), to: 'BE-CPO' })).code, 1000)
})

test('a 2.1.1 CPO is not told who asks: only the hub can keep others’ sessions apart', async () => {
  old.answer = ({ place }) =>
    place === 'sender/sessions' ? { data: [session211({ id: 'OB', contract: 'X' })] } : undefined
  const query = { date_from: secondsFromNow(-86_400_000 * 9) }
  const list = (partner: FakePartner) =>
    partner.send('GET', 'sender/sessions', { query, to: 'BE-OLD' })
  for (const [partner, id] of [
    [emsp, 'OE'],
    [other, 'OB'],
  ] as const) {
    const reply = await list(partner)
    assert.equal([reply.code, reply.headers['x-total-count']], [1000, '1'], reply.text)
    assert.equal(
      items(reply.data).map((each) => at(each, 'id')),
      [id],
    )
    assert.equal(addresses(reply), ['BE-OLD', partner.party])
  }
  const stop = (session_id: string) =>
    command(emsp, 'STOP_SESSION', {
      body: { response_url: resultUrl(emsp, 'x'), session_id },
      to: 'BE-OLD',
    })
  assert.is((await stop('OB')).code, 2003)
  assert.is((await stop('NEVER-SEEN')).code, 2003)
  assert.equal(old.got, [])
  assert.is((await stop('OE')).code, 1000)
})

test('a 2.1.1 list holds what is in the window asked for, and what its owner calls its own', async () => {
  const at1 = secondsFromNow(-7_200_000)
  const at2 = secondsFromNow(-3_600_000)
  const data = [
    location211('IN', { last_updated: at1, country_code: 'BE', party_id: 'CPO' }),
    location211('AT', { last_updated: at2 }),
  ]
  old.answer = ({ place }) => (place === 'sender/locations' ? { data } : undefined)
  const query = { date_from: at1, date_to: at2 }
  const reply = await emsp.send('GET', 'sender/locations', { query, to: 'BE-OLD' })
  assert.equal(
    items(reply.data).map((each) => [at(each, 'id'), at(each, 'party_id')]),
    [['IN', 'OLD']],
    reply.text,
  )
})

test('a Link has the filters of the list and is of the party that was asked', async () => {
  cpo.answer = ({ place, rest }) =>
    place !== 'sender/locations'
      ? undefined
      : rest.includes('cursor')
        ? { data: [] }
        : { data: [], headers: { Link: `<${cpo.url}/2.2.1/sender/locations?cursor=2>; rel=next` } }
  const query = { date_from: '2026-01-01T00:00:00Z', limit: '5' }
  const first = await emsp.send('GET', 'sender/locations', { query, to: 'BE-CPO' })
  const next = /<([^>]+)>/.exec(String(first.headers.link))?.[1] ?? ''
  assert.is(new URL(next).searchParams.get('date_from'), query.date_from)
  assert.is((await emsp.send('GET', next, { to: 'BE-CPO' })).code, 1000)
  assert.is(cpo.received('sender/locations').at(-1)?.rest, '?cursor=2')
  assert.is((await emsp.send('GET', next, { to: 'BE-CPB' })).status, 404)
})

test('the log tells from whom to whom a result went, not where', async () => {
  await command(emsp, 'STOP_SESSION', {
    body: { response_url: resultUrl(emsp, 'log'), session_id: 'SE' },
    to: 'BE-CPO',
  })
  const minted = mintedIn(cpo.received('receiver/commands').at(-1))
  assert.is((await cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })).code, 1000)
  assert.is(resultsAt(emsp, 'log').length, 1)
  const line = /"BE-CPO","to_party":"DE-EMA"[^{}]*"\/callbacks\/…"/
  const isTold = async () => line.test((await hub.admin('GET', '/messages')).text)
  await until(isTold, { what: 'the line, which is written behind the answer' })
})

test('a 2.1.1 CPO’s result keeps the correlation id of its command', async () => {
  const correlation = 'command-of-ema'
  await command(emsp, 'STOP_SESSION', {
    body: { response_url: resultUrl(emsp, 'ids'), session_id: 'OE' },
    to: 'BE-OLD',
    headers: { 'X-Correlation-ID': correlation },
  })
  const minted = mintedIn(old.received('receiver/commands').at(-1))
  assert.is((await old.send('POST', minted, { body: { result: 'ACCEPTED' } })).code, 1000)
  assert.is(resultsAt(emsp, 'ids')[0]?.headers['x-correlation-id'], correlation)
})

test('an error of a 2.1.1 requester over HTTP is an error of OCPI for the poster', async () => {
  const body = { response_url: resultUrl(oldEmsp, 'err'), location_id: 'LX', evse_uid: 'E1' }
  await put(cpo, 'locations', locationOf('BE-CPO', 'LX'))
  const sent = await command(oldEmsp, 'UNLOCK_CONNECTOR', { body: { ...body, connector_id: '1' } })
  assert.is(sent.code, 1000, sent.text)
  oldEmsp.answer = ({ place }) => (place === 'cb' ? { status: 400, code: 2001 } : undefined)
  const minted = mintedIn(cpo.received('receiver/commands').at(-1))
  const told = await cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })
  assert.equal([told.status, told.code], [200, 2001])
})

test('a token of 2.1.1 is found by its uid alone, whatever its type', async () => {
  const path = 'receiver/tokens/FR/OLE/APP1'
  const body = token211('APP1', { type: 'OTHER' })
  assert.is((await oldEmsp.send('PUT', path, { body })).code, 1000)
  const reply = await oldEmsp.send('PATCH', path, { body: { valid: false } })
  assert.is(reply.code, 1000, reply.text)
  const got = await oldEmsp.send('GET', path)
  assert.equal([at(got.data, 'type'), at(got.data, 'valid')], ['OTHER', false], got.text)
})

test('an EVSE out of a stored location is the text that its owner sent', async () => {
  const text = JSON.stringify(locationOf('BE-CPO', 'TXT'))
  const raw = text.replace('"uid":"E1"', '"uid": "E1" ,"x_power":1.10,"x_big":12345678901234567890')
  const reply = await cpo.send('PUT', 'receiver/locations/BE/CPO/TXT', { raw })
  assert.is(reply.code, 1000, reply.text)
  const got = await emsp.send('GET', 'sender/locations/TXT/E1')
  assert.is(got.code, 1000, got.text)
  assert.match(got.text, '{"uid": "E1" ,"x_power":1.10,"x_big":12345678901234567890,')
})

test('CDRs of a party’s eMSP are not shown to the platform of its CPO', async () => {
  const twin = { party: 'DE-TWO', role: 'EMSP' } as const
  const payer = await hub.connect({ parties: [twin], modules: provides })
  const sibling = await hub.connect({
    parties: [{ party: 'DE-TWO', role: 'CPO' }],
    modules: operates,
  })
  const cdr = cdrOf({ owner: 'BE-CPO', payer: 'DE-TWO', id: 'TWO1' })
  const sent = await cpo.send('POST', 'receiver/cdrs', { body: cdr })
  assert.is(sent.code, 1000, sent.text)
  await hub.drain()
  const path = `receiver/cdrs/${pathOf('BE-CPO', 'TWO1')}`
  assert.is((await cpo.send('GET', path)).code, 1000)
  const [hidden, absent] = [
    await sibling.send('GET', path),
    await sibling.send('GET', `receiver/cdrs/${pathOf('BE-CPO', 'NONE')}`),
  ]
  assert.equal([hidden.status, hidden.message], [404, absent.message])
  await payer.close()
})

test('the same EVSE in other letters is the same EVSE when commands are counted', async () => {
  const start = (evse_uid: string) =>
    command(emsp, 'START_SESSION', {
      body: { ...commandOf(emsp, 'START_SESSION', 'case'), evse_uid },
      to: 'BE-CPO',
    })
  const statuses: number[] = []
  for (let sent = 0; statuses.at(-1) !== 429 && sent <= 3 * limits.commandsPerEvsePerMinuteMax;)
    statuses.push((await start((sent += 1) % 2 === 0 ? 'letters' : 'LETTERS')).status)
  assert.is(statuses.at(-1), 429)
  assert.ok(statuses.length <= 2 * limits.commandsPerEvsePerMinuteMax + 1)
})

test.run()
