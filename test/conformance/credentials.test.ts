// OCPI 2.2.1, Authorization header, Credentials, Versions, HubClientInfo.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('credentials')
test.after(() => hub.close())

let letters = 0
/** A party that nobody has yet. */
const freshParty = () => `FR-${String((letters += 1)).padStart(3, 'A')}`

const invitedEmsp = () => hub.invite({ parties: [{ party: freshParty(), role: 'EMSP' }] })
const connectedEmsp = () => hub.connect({ parties: [{ party: freshParty(), role: 'EMSP' }] })

/** Whether the token of a partner still opens the hub. */
async function opens(partner: FakePartner, token = partner.token): Promise<boolean> {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  const reply = await partner.send('GET', 'versions', { from: null, headers: { authorization } })
  return reply.status === 200
}

function rolesIn(reply: Reply): string[] {
  return items(at(reply.data, 'roles')).map((role) => String(at(role, 'role')))
}

test('21: a request without Authorization is 401', async () => {
  const reply = await cpo.send('GET', 'versions', { headers: { authorization: '' } })
  assert.is(reply.status, 401)
  assert.is(reply.code, 2001)
  assert.is(reply.headers['www-authenticate'], 'Token')
})

test('22: an unknown token is 401', async () => {
  for (const authorization of ['Token bm9ib2R5', 'Token nobody', 'Bearer nobody', 'nobody'])
    for (const target of ['versions', 'credentials', 'sender/tariffs']) {
      const reply = await cpo.send('GET', target, { headers: { authorization } })
      assert.is(reply.status, 401, `${authorization} ${target}`)
    }
})

test('23: a registration token opens versions and credentials only', async () => {
  const partner = await invitedEmsp()
  assert.is((await partner.send('GET', 'versions', { from: null })).code, 1000)
  assert.is((await partner.send('GET', 'credentials', { from: null })).code, 1000)
  for (const target of ['sender/tariffs', 'sender/hubclientinfo', 'receiver/tokens/FR/A/1'])
    assert.is((await partner.send('GET', target, { to: hub.party })).status, 401, target)
})

test('24: the hub shows its token as base64', async () => {
  emsp.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: 'DE-EMA' })
  const shown = `Token ${Buffer.from(emsp.expects).toString('base64')}`
  assert.is(emsp.got[0]?.headers.authorization, shown)
})

test('26: a partner that takes raw tokens is found out, and remembered', async () => {
  const party = freshParty()
  const raw = await hub.invite({
    parties: [{ party, role: 'EMSP' }],
    wants: 'raw',
    shows: 'raw',
  })
  assert.is((await raw.join()).code, 1000)
  raw.forget()
  assert.is((await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })).code, 1000)
  assert.equal(
    raw.got.map(({ headers }) => headers.authorization),
    [`Token ${raw.expects}`],
  )
})

test('28, 29: tokens have at most 64 printable characters and are never given twice', async () => {
  const tokens = [cpo.token, emsp.token, (await connectedEmsp()).token, (await invitedEmsp()).token]
  for (const token of tokens) assert.match(token, /^[\x21-\x7e]{1,64}$/)
  assert.is(new Set(tokens).size, tokens.length)
})

test('30: a platform speaks only for its own parties', async () => {
  const reply = await cpo.send('GET', 'sender/tokens', { from: 'DE-EMA', to: hub.party })
  assert.is(reply.status, 403)
  assert.is(reply.code, 2001)
})

test('36: credentials are listed once, as SENDER', async () => {
  const { data } = await cpo.send('GET', `${hub.url}/ocpi/2.2.1`, { from: null })
  const listed = items(at(data, 'endpoints')).filter(
    (each) => at(each, 'identifier') === 'credentials',
  )
  assert.equal(
    listed.map((each) => at(each, 'role')),
    ['SENDER'],
  )
})

test('38: before it answers, the hub has read versions and details with the new token', async () => {
  const partner = await invitedEmsp()
  const reply = await partner.join()
  assert.is(reply.code, 1000)
  assert.equal(
    partner.got.map(({ place }) => place),
    ['versions', 'details'],
  )
})

test('40: a client whose API cannot be used is told 3001', async () => {
  const givens = {
    'no answer': 'drop' as const,
    'HTTP 500': { status: 500, code: 3000 },
    'a web page': { text: '<html>', type: 'text/html' },
    'an OCPI error': { code: 2000 },
    'no list': { data: {} },
  }
  for (const [what, given] of Object.entries(givens)) {
    const partner = await invitedEmsp()
    partner.answer = () => given
    const reply = await partner.join()
    assert.is(reply.status, 200, what)
    assert.is(reply.code, 3001, what)
    partner.answer = () => undefined
    assert.is((await partner.join()).code, 1000, `${what}: the token still works for another try`)
  }
})

test('40: a client that refuses its own token is told 3001', async () => {
  const partner = await invitedEmsp()
  const reply = await partner.join('POST', { ...partner.credentials(), token: 'another' })
  assert.is(reply.code, 3001)
})

test('41: a client without any module of use is told 3003', async () => {
  const partner = await invitedEmsp()
  partner.modules = []
  assert.is((await partner.join()).code, 3003)
})

test('42: a client that does not offer the version is told 3002', async () => {
  const parties = [{ party: freshParty(), role: 'EMSP' as const }]
  const partner = await hub.invite({ parties, versions: ['2.1.1', '2.3.0'] })
  assert.is((await partner.join()).code, 3002)
})

test('44, 45: a registration is answered with a new token, and the registration token ends', async () => {
  const partner = await invitedEmsp()
  const tokenA = partner.token
  const reply = await partner.join()
  assert.is.not(at(reply.data, 'token'), tokenA)
  assert.is(await opens(partner), true)
  assert.is(await opens(partner, tokenA), false)
})

test('46: POST when registered is 405, also with nonsense in it', async () => {
  for (const body of [cpo.credentials(), {}]) {
    const reply = await cpo.send('POST', 'credentials', { body, from: null })
    assert.is(reply.status, 405)
    assert.is(reply.headers.allow, 'GET, PUT, DELETE')
  }
})

test('47, 48: PUT and DELETE when not registered are 405', async () => {
  const partner = await invitedEmsp()
  const body = partner.credentials()
  for (const method of ['PUT', 'DELETE']) {
    const reply = await partner.send(method, 'credentials', { body, from: null })
    assert.is(reply.status, 405, method)
    assert.is(reply.headers.allow, 'GET, POST')
  }
  assert.is((await partner.join()).code, 1000)
})

test('49: PUT reads the endpoints again and gives a new token', async () => {
  const partner = await connectedEmsp()
  const before = partner.token
  partner.modules = ['receiver/locations']
  const reply = await partner.join('PUT')
  assert.is(reply.code, 1000)
  assert.is.not(partner.token, before)
  assert.equal(
    partner.got.map(({ place }) => place),
    ['versions', 'details'],
  )
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is(tariff.code, 4000)
})

test('51, 52: DELETE ends all traffic, the token, and being CONNECTED', async () => {
  const partner = await connectedEmsp()
  const reply = await partner.send('DELETE', 'credentials', { from: null })
  assert.is(reply.code, 1000)
  partner.forget()
  assert.is(await opens(partner), false)
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is(tariff.code, 4003)
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T51'))
  await hub.drain()
  assert.equal(partner.got, [])
  assert.is(await statusOf(partner.party), 'OFFLINE')
})

test('53: GET shows the hub’s Credentials with the token of this client', async () => {
  const reply = await cpo.send('GET', 'credentials', { from: null })
  assert.is(at(reply.data, 'token'), cpo.token)
  assert.is(at(reply.data, 'url'), `${hub.url}/ocpi/versions`)
})

test('54: roles must be there, once each, with business details', async () => {
  const partner = await invitedEmsp()
  const good = partner.credentials()
  const [role] = items(good['roles'])
  const { business_details: _details, ...bare } = Object(role)
  for (const roles of [[], [role, role], [bare], undefined]) {
    const reply = await partner.join('POST', { ...good, roles })
    assert.is(reply.code, 2001)
    assert.match(reply.message, '/roles')
  }
})

test('55: the hub shows itself as HUB and nobody else', async () => {
  const reply = await cpo.send('GET', 'credentials', { from: null })
  assert.equal(rolesIn(reply), ['HUB'])
  assert.is(at(reply.data, 'roles', 0, 'party_id'), 'XCH')
  assert.is(at(reply.data, 'roles', 0, 'business_details', 'name'), 'Crosscharge')
})

test('56, 169, 172: the others are found in HubClientInfo, page by page', async () => {
  const all = await emsp.send('GET', 'sender/hubclientinfo', { from: null })
  const shown = items(all.data)
  assert.is(Number(all.headers['x-total-count']), shown.length)
  assert.ok(shown.some((info) => at(info, 'party_id') === 'TNM' && at(info, 'role') === 'CPO'))
  for (const info of shown) {
    assert.match(String(at(info, 'status')), /^(CONNECTED|OFFLINE|PLANNED|SUSPENDED)$/)
    assert.match(String(at(info, 'last_updated')), /Z$/)
  }
  const pages: unknown[] = []
  let url: string | undefined = 'sender/hubclientinfo'
  for (let page = 0; url !== undefined && page < 100; page += 1) {
    const query: Record<string, string> = page === 0 ? { limit: '2' } : {}
    const reply: Reply = await emsp.send('GET', url, { from: null, query })
    pages.push(...items(reply.data))
    url = /<(.*)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1]
  }
  assert.equal(pages, shown)
  const future = { date_from: '2090-01-01T00:00:00Z' }
  const none = await emsp.send('GET', 'sender/hubclientinfo', { from: null, query: future })
  assert.equal(none.data, [])
})

test('175: a change of status moves last_updated', async () => {
  const partner = await connectedEmsp()
  const before = await infoOf(partner.party)
  await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})
  const after = await infoOf(partner.party)
  assert.is(at(after, 'status'), 'SUSPENDED')
  assert.ok(String(at(after, 'last_updated')) > String(at(before, 'last_updated')))
})

test('177: a party with two roles is listed once for each', async () => {
  const party = freshParty()
  const parties = [
    { party, role: 'CPO' as const },
    { party, role: 'EMSP' as const },
  ]
  await hub.connect({ parties })
  const reply = await emsp.send('GET', 'sender/hubclientinfo', {
    from: null,
    query: { limit: '200' },
  })
  const roles = items(reply.data)
    .filter((info) => at(info, 'party_id') === party.slice(3))
    .map((info) => at(info, 'role'))
  assert.equal(roles.sort(), ['CPO', 'EMSP'])
})

async function infoOf(party: string): Promise<unknown> {
  const reply = await cpo.send('GET', 'sender/hubclientinfo', {
    from: null,
    query: { limit: '200' },
  })
  return items(reply.data).find((info) => at(info, 'party_id') === party.slice(3))
}

async function statusOf(party: string): Promise<unknown> {
  return at(await infoOf(party), 'status')
}

test.run()
