// Authorization header, tokens and version details (requirements 21 to 37, 61, 62).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { newcomers, opens } from '../helpers/newcomers.ts'
import { put, tariffOf } from '../helpers/objects.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('authorization and versions')
test.after(() => hub.close())

const { invitedEmsp, connectedEmsp, freshParty } = newcomers(hub)

test(requirement(21), async () => {
  const reply = await cpo.send('GET', 'versions', { headers: { authorization: '' } })
  assert.is(reply.status, 401)
  assert.is(reply.code, 2001)
  assert.is(reply.headers['www-authenticate'], 'Token')
})

test(requirement(22), async () => {
  for (const authorization of ['Token bm9ib2R5', 'Token nobody', 'Bearer nobody', 'nobody'])
    for (const target of ['versions', 'credentials', 'sender/tariffs']) {
      const reply = await cpo.send('GET', target, { headers: { authorization } })
      assert.is(reply.status, 401, `${authorization} ${target}`)
    }
})

test(requirement(23), async () => {
  const partner = await invitedEmsp()
  assert.is((await partner.send('GET', 'versions', { from: null })).code, 1000)
  assert.is((await partner.send('GET', 'credentials', { from: null })).code, 1000)
  for (const target of ['sender/tariffs', 'sender/hubclientinfo', 'receiver/tokens/FR/A/1'])
    assert.is((await partner.send('GET', target, { to: hub.party })).status, 401, target)
})

test(requirement(24), async () => {
  emsp.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: 'DE-EMA' })
  const shown = `Token ${Buffer.from(emsp.expects).toString('base64')}`
  assert.is(emsp.got[0]?.headers.authorization, shown)
})

test(requirement(26), async () => {
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

const someTokens = async () => [
  cpo.token,
  emsp.token,
  (await connectedEmsp()).token,
  (await invitedEmsp()).token,
]

test(requirement(28), async () => {
  for (const token of await someTokens()) assert.match(token, /^[\x21-\x7e]{1,64}$/)
})

test(requirement(29), async () => {
  const tokens = [...(await someTokens()), ...(await someTokens()).slice(2)]
  assert.is(new Set(tokens).size, tokens.length)
})

test(requirement(30), async () => {
  const reply = await cpo.send('GET', 'sender/tokens', { from: 'DE-EMA', to: hub.party })
  assert.is(reply.status, 403)
  assert.is(reply.code, 2001)
})

test(requirement(36), async () => {
  const { data } = await cpo.send('GET', `${hub.url}/ocpi/2.2.1`, { from: null })
  const listed = items(at(data, 'endpoints')).filter(
    (each) => at(each, 'identifier') === 'credentials',
  )
  assert.equal(
    listed.map((each) => at(each, 'role')),
    ['SENDER'],
  )
})

test(requirement(25), async () => {
  const parties = [{ party: freshParty(), role: 'EMSP' as const }]
  const partner = await hub.invite({ parties, version: '2.1.1' })
  assert.is((await partner.join()).code, 1000)
  for (const { headers } of partner.got)
    assert.is(headers.authorization, `Token ${partner.expects}`)
})

test(requirement(27), async () => {
  const authorization = `Token ${Buffer.from(`${cpo.token}\n`).toString('base64')}`
  const reply = await cpo.send('GET', 'versions', { from: null, headers: { authorization } })
  assert.is(reply.status, 200)
})

test(requirement(31), async () => {
  const [partner, stubborn] = [await connectedEmsp(), await connectedEmsp()]
  stubborn.answer = ({ place }) =>
    place === 'credentials' ? { status: 405, code: 2000 } : undefined
  await hub.drain()
  assert.equal(partner.got, [])
  const before = partner.token
  await hub.context.db.rows(sql`
    update credentials_tokens set created_at = created_at - interval '31 days'
    where platform_id in (${partner.id}, ${stubborn.id})`)
  await hub.drain()
  await hub.drain()
  assert.is(partner.received('credentials', 'PUT').length, 1)
  assert.is.not(partner.token, before)
  assert.is(await opens(partner), true)
  assert.is(stubborn.received('credentials', 'PUT').length, 1, 'not again at once')
  assert.is(await opens(stubborn), true)
  const { json } = await hub.admin('GET', '/alerts?state=open&limit=500')
  const alert = items(at(json, 'items')).find(
    (each) => at(each, 'code') === 'credentials_not_renewed',
  )
  assert.is(at(alert, 'subject'), stubborn.id)
})

test(requirement(32), async () => {
  const partner = await connectedEmsp()
  const compromised = [partner.token, partner.expects]
  assert.is((await hub.admin('POST', `/platforms/${partner.id}/rotate`, {})).status, 200)
  assert.is(partner.received('credentials', 'PUT').length, 1)
  assert.is(await opens(partner), true)
  assert.is(await opens(partner, compromised[0]), false)
  assert.is.not(partner.expects, compromised[1])
})

test(requirement(33), async () => {
  for (const target of ['versions', `${hub.url}/ocpi/2.2.1`, `${hub.url}/ocpi/2.3.0`]) {
    assert.is((await cpo.send('GET', target, { from: null })).code, 1000, target)
    const stranger = { from: null, headers: { authorization: 'Token bm9ib2R5' } }
    assert.is((await cpo.send('GET', target, stranger)).status, 401, target)
  }
})

const detailsIn = async (version: string) =>
  items(at((await cpo.send('GET', `${hub.url}/ocpi/${version}`, { from: null })).data, 'endpoints'))

test(requirement(34), async () => {
  for (const version of ['2.2.1', '2.3.0'])
    for (const endpoint of await detailsIn(version)) {
      assert.equal(Object.keys(Object(endpoint)).sort(), ['identifier', 'role', 'url'])
      assert.match(String(at(endpoint, 'role')), /^(SENDER|RECEIVER)$/)
      assert.match(String(at(endpoint, 'url')), `${hub.url}/ocpi/${version}/`)
    }
})

test(requirement(35), async () => {
  for (const version of ['2.2.1', '2.3.0'])
    for (const module of ['locations', 'tariffs', 'tokens', 'sessions', 'cdrs', 'commands']) {
      const listed = (await detailsIn(version)).filter((each) => at(each, 'identifier') === module)
      assert.equal(listed.map((each) => at(each, 'role')).sort(), ['RECEIVER', 'SENDER'], module)
    }
})

test(requirement(37), async () => {
  for (const [side, role] of [
    ['cpo', 'CPO'],
    ['emsp', 'EMSP'],
  ] as const) {
    const parties = [{ party: freshParty(), role }]
    const partner = await hub.connect({ parties, version: '2.1.1' })
    const url = `${hub.url}/ocpi/${side}/2.1.1`
    const { data } = await partner.send('GET', url)
    const endpoints = items(at(data, 'endpoints'))
    for (const endpoint of endpoints) {
      assert.equal(Object.keys(Object(endpoint)).sort(), ['identifier', 'url'])
      assert.match(String(at(endpoint, 'url')), `${url}/`)
    }
    assert.equal(endpoints.map((each) => at(each, 'identifier')).sort(), [
      'cdrs',
      'commands',
      'credentials',
      'locations',
      'sessions',
      'tariffs',
      'tokens',
    ])
  }
})

test(requirement(61), async () => {
  const partner = await hub.connect({
    parties: [{ party: freshParty(), role: 'EMSP' }],
    modules: ['receiver/tariffs', 'receiver/hubclientinfo'],
  })
  await connectedEmsp()
  await hub.admin('POST', `/platforms/${partner.id}/rotate`, {})
  await hub.fallSilent(limits.stillAliveMs * 2)
  await hub.drain()
  const places = new Set(partner.got.map(({ place }) => place))
  for (const place of ['versions', 'details', 'credentials', 'receiver/hubclientinfo'])
    assert.ok(places.has(place), place)
  for (const { place, headers } of partner.got)
    for (const name of Object.keys(headers)) assert.not.match(name, /^ocpi-/, place)
})

test(requirement(62), async () => {
  emsp.forget()
  for (const target of ['versions', 'credentials', 'sender/hubclientinfo']) {
    const reply = await cpo.send('GET', target, { to: 'DE-EMA' })
    assert.is(reply.code, 1000, target)
  }
  assert.equal(emsp.got, [])
})

test.run()
