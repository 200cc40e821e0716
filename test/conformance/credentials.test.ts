// Registration, update and identity (requirements 38 to 60).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { newcomers, opens } from '../helpers/newcomers.ts'
import { put, tariffOf } from '../helpers/objects.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('credentials')
test.after(() => hub.close())

const { invitedEmsp, connectedEmsp, freshParty } = newcomers(hub)

function rolesIn(reply: Reply): string[] {
  return items(at(reply.data, 'roles')).map((role) => String(at(role, 'role')))
}

test(requirement(38), async () => {
  const partner = await invitedEmsp()
  const reply = await partner.join()
  assert.is(reply.code, 1000)
  assert.equal(
    partner.got.map(({ place }) => place),
    ['versions', 'details'],
  )
})

test(requirement(40), async () => {
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

test(requirement(40, 'it refuses its own token'), async () => {
  const partner = await invitedEmsp()
  const reply = await partner.join('POST', { ...partner.credentials(), token: 'another' })
  assert.is(reply.code, 3001)
})

test(requirement(41), async () => {
  const partner = await invitedEmsp()
  partner.modules = []
  assert.is((await partner.join()).code, 3003)
})

test(requirement(42), async () => {
  const parties = [{ party: freshParty(), role: 'EMSP' as const }]
  const partner = await hub.invite({ parties, versions: ['2.1.1', '2.3.0'] })
  assert.is((await partner.join()).code, 3002)
})

test(requirement(44), async () => {
  const partner = await invitedEmsp()
  const tokenA = partner.token
  const reply = await partner.join()
  assert.type(at(reply.data, 'token'), 'string')
  assert.is.not(at(reply.data, 'token'), tokenA)
  assert.is(at(reply.data, 'url'), `${hub.url}/ocpi/versions`)
  assert.is(await opens(partner), true)
})

test(requirement(45), async () => {
  const partner = await invitedEmsp()
  const tokenA = partner.token
  await partner.join()
  assert.is(await opens(partner, tokenA), false)
})

test(requirement(46), async () => {
  for (const body of [cpo.credentials(), {}]) {
    const reply = await cpo.send('POST', 'credentials', { body, from: null })
    assert.is(reply.status, 405)
    assert.is(reply.headers.allow, 'GET, PUT, DELETE')
  }
})

for (const [number, method] of [
  [47, 'PUT'],
  [48, 'DELETE'],
] as const)
  test(requirement(number), async () => {
    const partner = await invitedEmsp()
    const body = partner.credentials()
    const reply = await partner.send(method, 'credentials', { body, from: null })
    assert.is(reply.status, 405)
    assert.is(reply.headers.allow, 'GET, POST')
    assert.is((await partner.join()).code, 1000)
  })

test(requirement(49), async () => {
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

test(requirement(50), async () => {
  const parties = [{ party: freshParty(), role: 'EMSP' as const }]
  const partner = await hub.connect({ parties, versions: ['2.2.1', '2.3.0'] })
  partner.speak('2.3.0')
  assert.is((await partner.join('PUT')).code, 1000)
  partner.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.equal(
    partner.got.map(({ version }) => version),
    ['2.3.0'],
  )
})

test(requirement(51), async () => {
  const partner = await connectedEmsp()
  const reply = await partner.send('DELETE', 'credentials', { from: null })
  assert.is(reply.code, 1000)
  partner.forget()
  const tariff = await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is(tariff.code, 4003)
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T51'))
  await hub.fallSilent(3_600_000)
  await hub.drain()
  assert.equal(partner.got, [])
})

test(requirement(52), async () => {
  const partner = await connectedEmsp()
  await partner.send('DELETE', 'credentials', { from: null })
  assert.is(await opens(partner), false)
  assert.is(await statusOf(partner.party), 'OFFLINE')
})

test(requirement(53), async () => {
  const reply = await cpo.send('GET', 'credentials', { from: null })
  assert.is(at(reply.data, 'token'), cpo.token)
  assert.is(at(reply.data, 'url'), `${hub.url}/ocpi/versions`)
})

test(requirement(54), async () => {
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

test(requirement(55), async () => {
  const reply = await cpo.send('GET', 'credentials', { from: null })
  assert.equal(rolesIn(reply), ['HUB'])
  assert.is(at(reply.data, 'roles', 0, 'party_id'), 'XCH')
  assert.is(at(reply.data, 'roles', 0, 'business_details', 'name'), 'Crosscharge')
})

test(requirement(56), async () => {
  const { data } = await emsp.send('GET', 'sender/hubclientinfo', { from: null })
  assert.ok(
    items(data).some(
      (client) => at(client, 'party_id') === 'TNM' && at(client, 'status') === 'CONNECTED',
    ),
  )
})

test(requirement(39), async () => {
  for (const version of ['2.2.1', '2.3.0'] as const) {
    const parties = [{ party: freshParty(), role: 'EMSP' as const }]
    const partner = await hub.connect({ parties, version, versions: ['2.2.1', '2.3.0'] })
    const { json } = await hub.admin('GET', `/platforms/${partner.id}`)
    assert.is(at(json, 'version'), version)
  }
})

test(requirement(43), async () => {
  const partner = await invitedEmsp()
  partner.modules = []
  const body = { versions_url: partner.versionsUrl, token_a: partner.expects }
  const reply = await hub.admin('POST', `/platforms/${partner.id}/register`, body)
  assert.is(reply.status, 502)
  assert.match(reply.text, 'at least one module')
  assert.equal(partner.received('credentials'), [])
})

const latest = async () => {
  const parties = [{ party: freshParty(), role: 'EMSP' as const }]
  const partner = await hub.connect({ parties, version: '2.3.0' })
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  partner.forget()
  return partner
}

test(requirement(57), async () => {
  const { data } = await (await latest()).send('GET', 'credentials', { from: null })
  assert.is(at(data, 'hub_party_id'), 'NLXCH')
})

test(requirement(58), async () => {
  const reply = await (await latest()).send('GET', 'credentials', { from: null })
  const parties = items(at(reply.data, 'roles')).map((role) => at(role, 'party_id'))
  assert.ok(parties.includes('TNM') && parties.includes('EMA'))
})

test(requirement(59), async () => {
  const partner = await latest()
  await hub.admin('POST', `/platforms/${partner.id}/rotate`, {})
  const [sent] = partner.received('credentials', 'PUT')
  const shown = await partner.send('GET', 'credentials', { from: null })
  const roles = [
    ...items(at(sent?.json, 'roles')).map((role) => at(role, 'role')),
    ...rolesIn(shown),
  ]
  assert.ok(roles.length > 0)
  assert.not.ok(roles.includes('HUB'))
})

test(requirement(60), async () => {
  const partner = await latest()
  const fresh = await connectedEmsp()
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  const [sent] = partner.received('credentials', 'PUT')
  const parties = items(at(sent?.json, 'roles')).map((role) => at(role, 'party_id'))
  assert.ok(parties.includes(fresh.party.slice(3)))
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
