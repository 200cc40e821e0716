// Exchanges of credentials that meet others, or fail halfway: nobody is locked out.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import type { PeerRequest } from '../../src/peer/client.ts'
import { at, items, parse } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })

/** What happens before the hub's PUT of credentials reaches the partner, given the token in it. */
let meanwhile: (token: string) => Promise<void> = async () => undefined
const { peer } = hub.context
Object.assign(hub.context, {
  peer: {
    ...peer,
    request: async (request: PeerRequest) => {
      if (request.method === 'PUT' && request.url.endsWith('/credentials'))
        await meanwhile(String(at(parse(String(request.body)), 'token')))
      return peer.request(request)
    },
  },
})

const test = suite('rotation races')
test.after.each(() => {
  meanwhile = async () => undefined
})
test.after(() => hub.close())

let count = 0
const emsp = (version: '2.2.1' | '2.3.0' = '2.2.1', more: { isShownLater?: boolean } = {}) => {
  count += 1
  const party = `FR-${String(count).padStart(3, 'R')}`
  return hub.connect({ parties: [{ party, role: 'EMSP' as const }], version, ...more })
}
const rotate = ({ id }: FakePartner) => hub.admin('POST', `/platforms/${id}/rotate`, {})
const push = ({ party }: FakePartner) =>
  put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })
const statusOf = async ({ id }: FakePartner) =>
  at((await hub.admin('GET', `/platforms/${id}`)).json, 'status')
const alerts = async ({ id }: FakePartner) =>
  items(at((await hub.admin('GET', '/alerts?state=open&limit=500')).json, 'items'))
    .filter((alert) => at(alert, 'subject') === id)
    .map((alert) => at(alert, 'code'))

async function opens(partner: FakePartner, token: string): Promise<boolean> {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  const reply = await partner.send('GET', 'credentials', { from: null, headers: { authorization } })
  return reply.status === 200
}

/** Reads the hub's versions and details with a token, as partners do before they answer a PUT. */
async function look(partner: FakePartner, token: string): Promise<number[]> {
  const headers = { authorization: `Token ${Buffer.from(token).toString('base64')}` }
  const urls = [`${hub.url}/ocpi/versions`, `${hub.url}/ocpi/${partner.version}`]
  const replies = urls.map((url) => partner.send('GET', url, { from: null, headers }))
  return (await Promise.all(replies)).map(({ status }) => status)
}

test('a partner that reads the hub with the new token and then refuses it keeps its old one', async () => {
  const partner = await emsp()
  const old = partner.token
  let looked: number[] = []
  meanwhile = async (token) => {
    looked = await look(partner, token)
  }
  partner.answer = ({ place }) => (place === 'credentials' ? { code: 3001 } : undefined)
  assert.is((await rotate(partner)).status, 502)
  assert.equal(looked, [200, 200])
  partner.answer = () => undefined
  assert.is(await opens(partner, old), true)
  assert.is((await push(partner)).code, 1000)
})

test('reading versions with a new token does not end the one before it; anything else does', async () => {
  const partner = await emsp()
  const old = partner.token
  assert.is((await partner.join('PUT')).code, 1000)
  assert.equal(await look(partner, partner.token), [200, 200])
  assert.is(await opens(partner, old), true)
  assert.is(await opens(partner, partner.token), true)
  assert.is(await opens(partner, old), false)
})

test('a partner that puts its credentials while the hub puts its own is asked to wait, and both go on', async () => {
  const partner = await emsp()
  const [token, expects] = [partner.token, partner.expects]
  let refused = ''
  meanwhile = async () => {
    const reply = await partner.join('PUT')
    refused = `${reply.status} ${reply.code} ${reply.message}`
    Object.assign(partner, { expects })
  }
  assert.is((await rotate(partner)).status, 200)
  assert.match(refused, /^200 3001 .*try again/)
  assert.is.not(partner.token, token)
  assert.is((await push(partner)).code, 1000)
  assert.is(await opens(partner, partner.token), true)
  meanwhile = async () => undefined
  assert.is((await partner.join('PUT')).code, 1000)
  assert.is((await push(partner)).code, 1000)
})

test('two rotations at once are one', async () => {
  const partner = await emsp()
  let second = 0
  meanwhile = async () => {
    meanwhile = async () => undefined
    second = (await rotate(partner)).status
  }
  assert.is((await rotate(partner)).status, 200)
  assert.is(second, 502)
  assert.is((await push(partner)).code, 1000)
})

test('a partner that leaves during a rotation has left', async () => {
  const partner = await emsp()
  meanwhile = async () => {
    const reply = await partner.send('DELETE', 'credentials', { from: null })
    assert.is(reply.code, 1000, reply.text)
  }
  assert.is((await rotate(partner)).status, 422)
  assert.is(await statusOf(partner), 'unregistered')
  assert.is(await opens(partner, partner.token), false)
})

test('a 2.3.0 partner that keeps refusing new roles is an alert, which ends when it takes them', async () => {
  const partner = await emsp('2.3.0')
  await hub.passTime(limits.credentialsBatchMs)
  await hub.drain()
  partner.answer = ({ place }) => (place === 'credentials' ? { code: 3000 } : undefined)
  await emsp('2.2.1', { isShownLater: true })
  for (let each = 0; each <= limits.credentialsQuietAttemptsMax; each += 1) {
    assert.equal(await alerts(partner), [])
    await hub.passTime(60_000)
    await hub.drain()
  }
  assert.equal(await alerts(partner), ['credentials_not_taken'])
  partner.answer = () => undefined
  await hub.passTime(3_600_000)
  await hub.drain()
  assert.equal(await alerts(partner), [])
})

test.run()
