// Real-time authorisation: of one provider, and of whoever may know the token.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub({ peerDeadlineMs: 400 })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const first = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
const providers = [first, second]

const test = suite('authorisation')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, ...providers]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const authorize = (uid: string, to?: string) =>
  cpo.send('POST', `sender/tokens/${uid}/authorize`, to === undefined ? {} : { to })

/** Lets a provider decide on every token. */
function decide(partner: FakePartner, allowed: string): void {
  partner.answer = ({ rest }) => {
    const uid = rest.split('/')[1] ?? ''
    return { data: { allowed, token: tokenOf(partner.party, uid) } }
  }
}
const unknown = () => ({ status: 404, code: 2004 })

test('addressed: the one provider is asked and its decision comes back', async () => {
  decide(first, 'ALLOWED')
  const reply = await authorize('U1', 'DE-EMA')
  assert.is(at(reply.data, 'allowed'), 'ALLOWED')
  assert.is(reply.headers['ocpi-from-party-id'], 'EMA')
  assert.equal(second.got, [])
})

test('not addressed: an ALLOWED of the owner of a pushed token is enough, nobody else is asked', async () => {
  await put(second, 'tokens', tokenOf('FR-EMB', 'U2'))
  decide(second, 'ALLOWED')
  const reply = await authorize('U2')
  assert.is(at(reply.data, 'allowed'), 'ALLOWED')
  assert.is(reply.headers['ocpi-from-party-id'], 'EMB')
  assert.equal(first.received('sender/tokens'), [])
})

test('a provider that pushes the uid of another’s card does not take it over', async () => {
  await put(second, 'tokens', tokenOf('FR-EMB', 'U12'))
  decide(first, 'ALLOWED')
  for (const answer of [() => unknown(), () => 'silence' as const]) {
    second.answer = answer
    const reply = await authorize('U12')
    assert.is(at(reply.data, 'allowed'), 'ALLOWED')
    assert.is(reply.headers['ocpi-from-party-id'], 'EMA')
  }
  decide(second, 'BLOCKED')
  assert.is(at((await authorize('U12')).data, 'allowed'), 'ALLOWED')
})

test('a provider that has answered for a token is asked first from then on', async () => {
  first.answer = unknown
  decide(second, 'ALLOWED')
  await authorize('U13')
  first.forget()
  await authorize('U13')
  assert.equal(first.received('sender/tokens'), [])
})

test('the same token in many answers is one version of it', async () => {
  decide(second, 'ALLOWED')
  for (let time = 0; time < 3; time += 1) await authorize('U14', 'FR-EMB')
  const rows = await hub.database.db.rows(sql`
    select 1 from object_versions where owner = 'FR-EMB' and object_key = 'u14|RFID'`)
  assert.is(rows.length, 1)
})

test('not addressed and unknown: everyone is asked, and the first ALLOWED wins', async () => {
  first.answer = unknown
  decide(second, 'ALLOWED')
  const reply = await authorize('U3')
  assert.is(at(reply.data, 'allowed'), 'ALLOWED')
  assert.is(reply.headers['ocpi-from-party-id'], 'EMB')
  for (const { got } of providers) assert.is(got.length, 1)
})

test('an ALLOWED does not wait for who is slow', async () => {
  first.answer = () => 'silence'
  decide(second, 'ALLOWED')
  const reply = await authorize('U4')
  assert.is(at(reply.data, 'allowed'), 'ALLOWED')
})

test('a decision of a provider counts more than others not knowing the token', async () => {
  first.answer = unknown
  decide(second, 'EXPIRED')
  assert.is(at((await authorize('U5')).data, 'allowed'), 'EXPIRED')
})

test('nobody knows it: HTTP 404 with 2004 and no data', async () => {
  first.answer = unknown
  second.answer = unknown
  const reply = await authorize('U6')
  assert.equal([reply.status, reply.code, reply.data], [404, 2004, undefined])
})

test('everybody is silent: 4002; nobody can be reached: 4003; nothing is made up', async () => {
  for (const partner of providers) partner.answer = () => 'silence'
  const silent = await authorize('U7')
  assert.equal([silent.status, silent.code, silent.data], [200, 4002, undefined])
  for (const partner of providers) partner.answer = () => 'drop'
  const gone = await authorize('U7')
  assert.equal([gone.status, gone.code, gone.data], [200, 4003, undefined])
})

test('the provider of a known token is not connected: 4003, not an unknown token', async () => {
  const third = await hub.connect({ parties: [{ party: 'BE-EMC', role: 'EMSP' }] })
  await put(third, 'tokens', tokenOf('BE-EMC', 'U8'))
  await hub.admin('POST', `/platforms/${third.id}/suspend`, {})
  for (const partner of providers) partner.answer = unknown
  const reply = await authorize('U8')
  assert.equal([reply.status, reply.code], [200, 4003])
  await hub.admin('DELETE', `/platforms/${third.id}`)
})

test('a token that came in an answer is known afterwards: its CDR clears', async () => {
  decide(first, 'ALLOWED')
  await authorize('U9')
  first.answer = () => undefined
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', id: 'S9', uid: 'U9' }
  await put(cpo, 'sessions', sessionOf(charge))
  await cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...charge, id: 'C9', session: 'S9' }) })
  await hub.drain()
  assert.is(at((await hub.admin('GET', '/cdrs/NL/TNM/C9')).json, 'state'), 'provisional')
})

test('a token of somebody else in an answer is not believed', async () => {
  first.answer = () => ({ data: { allowed: 'ALLOWED', token: tokenOf('FR-EMB', 'U10') } })
  await authorize('U10', 'DE-EMA')
  first.answer = () => undefined
  const charge = { owner: 'NL-TNM', payer: 'FR-EMB', id: 'S10', uid: 'U10' }
  await put(cpo, 'sessions', sessionOf(charge))
  await cpo.send('POST', 'receiver/cdrs', { body: cdrOf({ ...charge, id: 'C10', session: 'S10' }) })
  await hub.drain()
  assert.is(at((await hub.admin('GET', '/cdrs/NL/TNM/C10')).json, 'state'), 'unmatched')
})

test('a learned token is not pushed to anybody, nor listed', async () => {
  decide(first, 'ALLOWED')
  await authorize('U11')
  await hub.drain()
  assert.equal(cpo.received('receiver/tokens'), [])
  const list = await cpo.send('GET', 'sender/tokens', { to: hub.party, query: { limit: '200' } })
  assert.not.match(list.text, '"U11"')
})

test.run()
