// What partners answer, list and register as a weapon. The numbers are those of the threat model; rows are those of the
// catalogue of bad input.
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import { command, commandOf, resultUrl } from '../helpers/command-story.ts'
import { registerAt } from '../helpers/every-call.ts'
import { asRole } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { alertsOf, freshness, keysOf, offer, pullNow } from '../helpers/offers.ts'

const hub = await startHub()
const operator = ['sender/locations', 'receiver/tokens', 'receiver/commands']
const provider = ['receiver/locations', 'receiver/cdrs', 'receiver/sessions', 'sender/tokens']
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  modules: operator,
  pulled: true,
})
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }], modules: provider })
const rival = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }], modules: provider })
const { db } = hub.context

let visits = 0
const trap = createServer((socket) => {
  visits += 1
  socket.destroy()
})
await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
const trapUrl = `http://127.0.0.1:${Number(at(trap.address(), 'port'))}/`

const test = suite('attacks by answers')
test.before.each(() => {
  for (const partner of [cpo, emsp, rival]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after.each(() => assert.is(visits, 0, 'the hub went where it must not go'))
test.after(async () => {
  trap.close()
  await hub.close()
})

test('T19: an update cannot add parties that nobody vetted, in any version', async () => {
  const versions = VERSIONS.map((version, index) => ({ version, party: `BE-A${index}A` }))
  for (const { version, party } of versions) {
    const partner = await hub.connect({ parties: [{ party, role: 'EMSP' }], version })
    const extra = { party: `BE-Z${party.charAt(4)}Z`, role: 'EMSP' as const }
    // 2.1.1 holds one party: the vetted one is replaced.
    const roles = version === '2.1.1' ? [extra] : [...partner.parties, extra]
    const reply = await partner.send('PUT', 'credentials', {
      body: partner.credentials(roles),
      from: null,
    })
    assert.equal([reply.status, reply.code], [200, 2001], version)
    const rows = await db.rows(sql`select 1 from platform_parties where party = ${extra.party}`)
    assert.equal(rows, [], 'it is nobody')
    const sent = await cpo.send('PUT', `receiver/tariffs/${pathOf('NL-TNM', 'T')}`, {
      body: { ...asRole(extra), id: 'T' },
      to: extra.party,
    })
    assert.is.not(sent.code, 1000)
  }
})

test('T11: who owns nothing of a module cannot push it, in any version', async () => {
  for (const version of VERSIONS) {
    const party = `BE-P${VERSIONS.indexOf(version)}P`
    const partner = await hub.connect({ parties: [{ party, role: 'EMSP' }], version })
    const location = locationOf(party, 'L11')
    const reply = await partner.send('PUT', `receiver/locations/${pathOf(party, 'L11')}`, {
      body: location,
    })
    // The eMSP side of 2.1.1 has the locations of others to read, and nothing else.
    assert.equal([reply.status, reply.code], [version === '2.1.1' ? 405 : 200, 2001], version)
    const rows = await db.rows(sql`select 1 from objects where owner = ${party}`)
    assert.equal(rows, [])
  }
})

test('T25: the Link of a list in the store shows nobody more than the list does', async () => {
  for (const id of ['A', 'B', 'C'])
    await put(cpo, 'sessions', sessionOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: `S-25-${id}` }))
  const query = { date_from: '2020-01-01T00:00:00Z', limit: '1' }
  const page = await emsp.send('GET', 'sender/sessions', { query, to: hub.party })
  const link = /<([^>]+)>/.exec(String(page.headers.link))?.[1] ?? ''
  assert.match((await emsp.send('GET', link, { to: hub.party })).text, 'S-25-')
  const stolen = await rival.send('GET', link, { to: hub.party })
  assert.not.match(stolen.text, 'S-25-')
  const invented = link.replace(/limit=1/, 'limit=200')
  assert.not.match((await rival.send('GET', invented, { to: hub.party })).text, 'S-25-')
})

test('row 67: a response_url of 256 characters or of a foreign host is 2001', async () => {
  const own = resultUrl(emsp, '')
  const length = limits.responseUrlCharsMax - own.length
  const send = (response_url: string) =>
    command(emsp, 'UNLOCK_CONNECTOR', {
      body: { ...commandOf(emsp, 'UNLOCK_CONNECTOR', 'x'), response_url },
      to: 'NL-TNM',
    })
  assert.is((await send(`${own}${'a'.repeat(length)}`)).code, 1000)
  for (const url of [`${own}${'a'.repeat(length + 1)}`, trapUrl, resultUrl(cpo, 'x'), 'x', '']) {
    const reply = await send(url)
    assert.equal([reply.status, reply.code], [200, 2001], url)
    assert.match(reply.message, '/response_url')
  }
  assert.is(cpo.received('receiver/commands').length, 1)
})

test('row 23: a compressed bomb of a partner is never inflated', async () => {
  const bomb = gzipSync(Buffer.alloc(64_000_000, ' '))
  cpo.answer = () => ({ headers: { 'Content-Encoding': 'gzip' }, text: bomb.toString('latin1') })
  const before = process.memoryUsage().rss
  const reply = await emsp.send('GET', 'sender/locations', { to: 'NL-TNM' })
  assert.equal([reply.status, reply.code], [200, 4000])
  assert.ok(process.memoryUsage().rss - before < 2 * limits.peerResponseBytesMax)
})

test('row 72, T56: of a page the good objects are taken, newest first; others’ and broken ones are told', async () => {
  const good = Array.from({ length: 97 }, (_, index) => locationOf('NL-TNM', `G${index}`))
  const twin = locationOf('NL-TNM', 'G0', { name: 'newer', last_updated: '2026-11-01T00:00:00Z' })
  const { id: _id, ...nameless } = locationOf('NL-TNM', 'X')
  offer(cpo, { locations: [...good, nameless, locationOf('NL-OTH', 'THEIRS'), twin] })
  await pullNow(hub, cpo)
  const keys = await keysOf(hub, 'locations')
  assert.is(keys.length, 97)
  assert.ok(keys.every((key) => key.startsWith('NL-TNM/')))
  assert.is(at(await freshness(hub, cpo, 'locations'), 'refused'), 2)
  const refused = (await alertsOf(hub, 'pulled_object_refused')).map((each) => at(each, 'subject'))
  assert.equal(refused.map(String).sort(), [
    `${cpo.id}/locations/id`,
    `${cpo.id}/locations/party_id`,
  ])
  assert.is((await db.rows(sql`select 1 from objects where owner = 'NL-OTH'`)).length, 0)
})

test('row 72: a page of which nothing is good, and a Link to itself, end', async () => {
  cpo.answer = (got) =>
    got.place === 'sender/locations'
      ? {
          data: [7, null, {}],
          headers: { Link: `<${cpo.url}${got.path}${queryOf(got.rest)}>; rel="next"` },
        }
      : undefined
  await pullNow(hub, cpo)
  assert.ok(cpo.received('sender/locations').length <= 3)
  const state = await freshness(hub, cpo, 'locations')
  assert.is(at(state, 'refused'), 3)
  assert.match(String(at(state, 'error')), 'the same as one before')
})

const queryOf = (rest: string) => (rest.includes('?') ? rest.slice(rest.indexOf('?')) : '')

test('row 73, T53: the next page is found however it is written, on the partner’s own origin alone', async () => {
  const next = `${cpo.url}/2.2.1/sender/locations?page=2`
  const relative = next.slice(cpo.url.length)
  for (const header of [
    `<${next}>; rel=next`,
    `<${next}>; REL="NEXT"`,
    `<${next}>; rel="prev next"`,
    `<${relative}>; rel="next"`,
    `<${trapUrl}>; rel="prev", <${next}>; rel="next"`,
  ]) {
    const reply = await listWith(header)
    assert.match(
      String(reply.headers.link),
      `${hub.url}/ocpi/2.2.1/sender/locations?page_of=`,
      header,
    )
  }
  for (const url of [
    trapUrl,
    `${hub.url}/admin/v1/`,
    emsp.url,
    'file:///etc/passwd',
    '//evil.example/',
  ])
    assert.is((await listWith(`<${url}>; rel="next"`)).headers.link, undefined, url)
})

function listWith(Link: string) {
  cpo.answer = (got) =>
    got.place === 'sender/locations' ? { data: [], headers: { Link } } : undefined
  return emsp.send('GET', 'sender/locations', { to: 'NL-TNM' })
}

test('T53: a pull that is led to another origin ends, and nobody is asked there', async () => {
  for (const url of [trapUrl, `${hub.url}/ocpi/versions`, 'file:///etc/passwd']) {
    cpo.answer = (got) =>
      got.place === 'sender/locations'
        ? { data: [], headers: { Link: `<${url}>; rel="next"` } }
        : undefined
    await pullNow(hub, cpo)
    assert.match(String(at(await freshness(hub, cpo, 'locations'), 'error')), 'another origin')
  }
})

test('T54: the Location of a delivered CDR is text that nobody follows and that no header repeats', async () => {
  const places = [
    'javascript:alert(1)',
    trapUrl,
    `${trapUrl}${'a'.repeat(9_000)}`,
    'http://169.254.169.254/latest/',
    '\tx: y',
  ]
  for (const [index, Location] of places.entries()) {
    const id = `LOC-${index}`
    const uid = `CARD-${id}`
    emsp.answer = (got) =>
      got.place === 'receiver/cdrs' ? { status: 201, headers: { Location } } : undefined
    await put(emsp, 'tokens', tokenOf('DE-EMA', uid))
    const charge = { owner: 'NL-TNM', payer: 'DE-EMA', uid }
    await put(cpo, 'sessions', sessionOf({ ...charge, id: `S-${id}` }))
    const reply = await cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...charge, id }) })
    assert.is(reply.headers.location, `${hub.url}/ocpi/2.2.1/receiver/cdrs/NL/TNM/${id}`)
    await hub.drain()
    const [row] = await db.rows<{ delivery: string; size: number }>(sql`
      select s.delivery, coalesce(length(s.peer_location), 0) as size
      from cdrs c join cdr_states s on s.cdr_id = c.id where c.cdr_id = ${id}`)
    assert.is(row?.delivery, 'delivered', Location.slice(0, 40))
    assert.ok((row?.size ?? 0) <= 255)
  }
})

test('T57: markup is kept as it came, and no URL inside an object is ever fetched', async () => {
  const markup = '<script>alert(1)</script><img src=x onerror=alert(1)>'
  const images = [{ url: `${trapUrl}logo.png`, category: 'OPERATOR', type: 'png' }]
  const owner = { name: markup, website: trapUrl, logo: images[0] }
  const location = locationOf('NL-TNM', 'HTML', { name: markup, images, operator: owner })
  assert.is((await put(cpo, 'locations', location)).code, 1000)
  await hub.drain()
  const reply = await emsp.send('GET', 'sender/locations/HTML', { to: hub.party })
  assert.match(reply.text, JSON.stringify(markup))
  assert.match(String(reply.headers['content-type']), 'application/json')
  assert.is(reply.headers['x-content-type-options'] ?? 'nosniff', 'nosniff')
  assert.is(at(emsp.received('receiver/locations').at(-1)?.json, 'name'), markup)
  cpo.answer = () => ({ status: 200, code: 2001, message: markup })
  const said = await emsp.send('GET', 'sender/locations/HTML', { to: 'NL-TNM' })
  assert.is(said.message, markup)
  assert.match(String(said.headers['content-type']), 'application/json')
})

test('T59: the answer to a broadcast tells nothing of whom it reaches', async () => {
  const lasting = (text: string) => text.replace(/"timestamp":"[^"]*"/, '')
  const send = () => put(cpo, 'locations', locationOf('NL-TNM', 'TOLD'))
  await send()
  const calm = await send()
  emsp.answer = () => 'drop'
  rival.answer = () => ({ status: 500, code: 3000, message: 'secret of FR-EMB' })
  const broken = await send()
  await hub.drain()
  const after = await send()
  for (const reply of [broken, after]) {
    assert.is(lasting(reply.text), lasting(calm.text))
    assert.is(reply.status, calm.status)
    assert.not.match(JSON.stringify(reply.headers), /EMA|EMB/)
  }
})

test('T21: endpoints at another port of the host belong to somebody else', async () => {
  const fresh = await hub.invite({ parties: [{ party: 'NL-PRT', role: 'EMSP' }] })
  const credentials = {
    identifier: 'credentials',
    role: 'SENDER',
    url: `${fresh.url}/2.2.1/credentials`,
  }
  const cdrs = { identifier: 'cdrs', role: 'RECEIVER', url: `${emsp.url}/2.2.1/receiver/cdrs` }
  fresh.answer = (got) =>
    got.place === 'details'
      ? { data: { version: '2.2.1', endpoints: [credentials, cdrs] } }
      : undefined
  const reply = await registerAt(hub, fresh, fresh.versionsUrl)
  assert.equal([reply.status, reply.code], [200, 3001], reply.text)
  assert.is(items(reply.data).length, 0)
})

test.run()
