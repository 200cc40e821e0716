// How a partner joins by itself, changes its credentials, and leaves.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tariffOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })

const test = suite('registration')
test.after(() => hub.close())

let count = 0
const fresh = () => `DE-${String((count += 1)).padStart(3, 'E')}`
const emspOf = (party: string) => ({ parties: [{ party, role: 'EMSP' as const }] })

async function opens(partner: FakePartner, token = partner.token): Promise<boolean> {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  const reply = await partner.send('GET', 'credentials', { from: null, headers: { authorization } })
  return reply.status === 200
}

const platformOf = async ({ id }: FakePartner) => (await hub.admin('GET', `/platforms/${id}`)).json

test('a platform registers with its invitation and can be reached at the endpoints it listed', async () => {
  const partner = await hub.invite(emspOf(fresh()))
  assert.is(at(await platformOf(partner), 'status'), 'invited')
  assert.is((await partner.join()).code, 1000)
  const shown = await platformOf(partner)
  assert.is(at(shown, 'status'), 'registered')
  assert.is(at(shown, 'version'), '2.2.1')
  assert.equal(
    items(at(shown, 'endpoints'))
      .map((each) => `${String(at(each, 'interface'))}/${String(at(each, 'module'))}`)
      .sort(),
    [...partner.modules].sort(),
  )
  assert.is((await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })).code, 1000)
  assert.is(partner.received('receiver/tariffs').length, 1)
})

test('a platform with several parties speaks for each of them', async () => {
  const [cpoParty, emspParty] = [fresh(), fresh()]
  const partner = await hub.connect({
    parties: [
      { party: cpoParty, role: 'CPO' },
      { party: emspParty, role: 'EMSP' },
    ],
  })
  assert.is((await put(partner, 'tariffs', tariffOf(cpoParty, 'T1'))).code, 1000)
  const query = { to: hub.party, from: emspParty }
  assert.is((await partner.send('GET', 'sender/tariffs', query)).code, 1000)
})

test('roles that were not invited, or are missing, are 2001 and named', async () => {
  const party = fresh()
  const partner = await hub.invite(emspOf(party))
  const claims = {
    '/roles/0': [{ party, role: 'CPO' as const }],
    '/roles/1': [
      { party, role: 'EMSP' as const },
      { party: 'NL-TNM', role: 'CPO' as const },
    ],
    '/roles': [{ party: fresh(), role: 'EMSP' as const }],
  }
  for (const [pointer, roles] of Object.entries(claims)) {
    const reply = await partner.join('POST', partner.credentials(roles))
    assert.equal([reply.status, reply.code], [200, 2001], pointer)
    assert.match(reply.message, pointer)
  }
  assert.is(at(await platformOf(partner), 'status'), 'invited')
  assert.is((await partner.join()).code, 1000)
})

test('of two registrations with one token at the same time, one is taken', async () => {
  const partner = await hub.invite(emspOf(fresh()))
  const body = partner.credentials()
  const replies = await Promise.all(
    [1, 2].map(() => partner.send('POST', 'credentials', { body, from: null })),
  )
  assert.equal(replies.map(({ status }) => status).sort(), [200, 401])
})

test('a partner that shows its token raw is known, and the hub tries that encoding first', async () => {
  const party = fresh()
  const partner = await hub.invite({ ...emspOf(party), shows: 'raw', wants: 'raw' })
  assert.is((await partner.join()).code, 1000)
  assert.ok(
    partner.got.every(({ headers }) => headers.authorization === `Token ${partner.expects}`),
  )
  partner.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })
  assert.is(partner.got.length, 1)
})

test('a partner that shows base64 and wants raw costs one attempt, once', async () => {
  const party = fresh()
  const partner = await hub.invite({ ...emspOf(party), wants: 'raw' })
  assert.is((await partner.join()).code, 1000)
  assert.equal(
    partner.got.map(({ place }) => place),
    ['versions', 'versions', 'details'],
  )
  partner.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })
  assert.is(partner.got.length, 1)
})

test('a partner that changes its mind about the encoding is followed', async () => {
  const options = { ...emspOf(fresh()), wants: 'base64' as 'base64' | 'raw' }
  const partner = await hub.connect(options)
  options.wants = 'raw'
  const push = () => put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is((await push()).code, 1000)
  assert.is(partner.got.length, 2)
  assert.is((await push()).code, 1000)
  assert.is(partner.got.length, 3)
})

test('after a PUT the old token works until the new one is used, not longer', async () => {
  const partner = await hub.connect(emspOf(fresh()))
  const old = partner.token
  assert.is((await partner.join('PUT')).code, 1000)
  const fresher = partner.token
  assert.is(await opens(partner, old), true)
  assert.is(await opens(partner, fresher), true)
  assert.is(await opens(partner, old), false)
  assert.is(await opens(partner, fresher), true)
})

test('a PUT that fails changes nothing', async () => {
  const partner = await hub.connect(emspOf(fresh()))
  const expected = partner.expects
  partner.answer = ({ place }) => (place === 'versions' ? { status: 500, code: 3000 } : undefined)
  assert.is((await partner.join('PUT')).code, 3001)
  partner.answer = () => undefined
  await hub.passTime(3_600_000)
  assert.is(await opens(partner), true)
  partner.forget()
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  const shown = Buffer.from(expected).toString('base64')
  assert.is(partner.got[0]?.headers.authorization, `Token ${shown}`)
})

test('a platform that has left is gone, and may be invited again', async () => {
  const party = fresh()
  const partner = await hub.connect(emspOf(party))
  assert.is((await partner.send('DELETE', 'credentials', { from: null })).code, 1000)
  assert.is(await opens(partner), false)
  assert.is(at(await platformOf(partner), 'status'), 'unregistered')
  assert.is((await hub.admin('DELETE', `/platforms/${partner.id}`)).status, 204)
  const again = await hub.connect(emspOf(party))
  assert.is((await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: party })).code, 1000)
  assert.is(again.got.length, 1)
})

test('a suspended platform is cut off both ways until it is resumed', async () => {
  const partner = await hub.connect(emspOf(fresh()))
  const push = () => put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'), { to: partner.party })
  assert.is((await hub.admin('POST', `/platforms/${partner.id}/suspend`, {})).status, 200)
  assert.is(await opens(partner), false)
  assert.is((await push()).code, 4003)
  assert.equal(partner.got, [])
  assert.is((await hub.admin('POST', `/platforms/${partner.id}/resume`, {})).status, 200)
  assert.is(await opens(partner), true)
  assert.is((await push()).code, 1000)
})

test('an invitation ends after a week', async () => {
  const partner = await hub.invite(emspOf(fresh()))
  await hub.passTime(8 * 86_400_000)
  assert.is((await partner.join()).status, 401)
})

test.run()
