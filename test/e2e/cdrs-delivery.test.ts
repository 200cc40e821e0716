// Which CDRs reach the eMSP, when, and what its answer leads to.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, put, tokenOf } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
const { charge, prepare, session, cdr, post, shown, stand, delivered } = storyOf(hub, cpo)

const test = suite('delivery')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, emsp, second]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const refuseCdrs =
  (given: { status?: number; code: number; message?: string }) =>
  ({ place }: { place: string }) =>
    place === 'receiver/cdrs' ? given : undefined

test('a held CDR is delivered with the bytes that were sent, and no mark in them', async () => {
  const one = charge('D1', emsp)
  await prepare(one, emsp)
  const raw = JSON.stringify(cdr({ ...one, price: 0.9 }, { tariffs: [] })).replace(
    '"tariffs":[]',
    `"tariffs":${JSON.stringify(cdr(one)['tariffs'])} `,
  )
  await cpo.send('POST', 'receiver/cdrs', { raw })
  await hub.drain()
  assert.is(await stand('D1'), 'held P1')
  assert.ok(emsp.received('receiver/cdrs')[0]?.body === raw)
  assert.is((await shown('D1')).delivery, 'delivered')
})

test('a quarantined CDR is shown to its sender and the operator and not to the eMSP', async () => {
  const one = charge('D2', emsp)
  await put(second, 'tokens', tokenOf('FR-EMB', one.uid))
  await session(one)
  const reply = await post(cdr(one))
  await hub.drain()
  assert.is(await stand('D2'), 'quarantined A5')
  assert.equal([...delivered(emsp), ...delivered(second)], [])
  assert.is((await cpo.send('GET', String(reply.headers.location))).code, 1000)
  assert.is((await emsp.send('GET', String(reply.headers.location))).status, 404)
  assert.is((await hub.asParty(cpo, 'GET', '/cdrs/NL/TNM/D2')).status, 200)
  assert.is((await hub.asParty(emsp, 'GET', '/cdrs/NL/TNM/D2')).status, 404)
})

test('a 2xxx of the receiver ends the delivery: a finding that both see, and no retry', async () => {
  emsp.answer = refuseCdrs({ code: 2001, message: 'not ours' })
  const one = charge('D3', emsp)
  await prepare(one, emsp)
  await post(cdr(one))
  await hub.drain()
  emsp.answer = () => undefined
  await hub.passTime(DAY_MS)
  await hub.drain()
  assert.equal(delivered(emsp), ['D3'])
  assert.is((await shown('D3')).delivery, 'refused')
  for (const partner of [cpo, emsp]) {
    const { json } = await hub.asParty(partner, 'GET', '/cdrs/NL/TNM/D3')
    const found = items(at(json, 'findings')).find((finding) => at(finding, 'code') === 'R1')
    assert.match(String(at(found, 'message')), 'refused the CDR')
  }
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'cdr_refused_by_receiver')
})

test('3xxx, a dropped connection, a web page: tried again until the receiver has it', async () => {
  const one = charge('D4', emsp)
  await prepare(one, emsp)
  emsp.answer = refuseCdrs({ code: 3000 })
  await post(cdr(one))
  await hub.drain()
  const answers = [
    () => 'drop' as const,
    () => ({ status: 502, text: '<html>', type: 'text/html' }),
    refuseCdrs({ status: 429, code: 2001 }),
    () => undefined,
  ]
  for (const answer of answers) {
    assert.is((await shown('D4')).delivery, 'due')
    await hub.passTime(HOUR_MS)
    emsp.answer = answer
    await hub.drain()
  }
  assert.is((await shown('D4')).delivery, 'delivered')
  await hub.passTime(DAY_MS)
  await hub.drain()
  assert.equal(delivered(emsp), ['D4', 'D4', 'D4', 'D4', 'D4'])
})

test('the pauses grow, to an hour at most', async () => {
  emsp.answer = refuseCdrs({ code: 3000 })
  const one = charge('D5', emsp)
  await prepare(one, emsp)
  await post(cdr(one))
  await hub.drain()
  await hub.drain()
  assert.is(delivered(emsp).length, 1, 'not before its time')
  for (let hour = 0; hour < 14; hour += 1) {
    await hub.passTime(HOUR_MS)
    await hub.drain()
  }
  assert.is(delivered(emsp).length, 15)
  emsp.answer = () => undefined
  await hub.passTime(HOUR_MS)
  await hub.drain()
})

test('a receiver that is not connected gets it when it is back', async () => {
  const one = charge('D6', emsp)
  await prepare(one, emsp)
  await hub.admin('POST', `/platforms/${emsp.id}/suspend`, {})
  assert.is((await post(cdr(one))).code, 1000)
  await hub.drain()
  assert.equal(delivered(emsp), [])
  await hub.admin('POST', `/platforms/${emsp.id}/resume`, {})
  await hub.passTime(HOUR_MS)
  await hub.drain()
  assert.equal(delivered(emsp), ['D6'])
})

test('without a Receiver endpoint it waits, and a pull delivers it', async () => {
  const parties = [{ party: 'BE-PUL', role: 'EMSP' as const }]
  const puller = await hub.connect({ parties, modules: ['sender/tokens'] })
  const one = charge('D7', puller)
  await prepare(one, puller)
  await post(cdr(one))
  await hub.drain()
  assert.is((await shown('D7')).delivery, 'waiting for pull')
  const list = await puller.send('GET', 'sender/cdrs', { to: hub.party })
  assert.equal(
    items(list.data).map((each) => at(each, 'id')),
    ['D7'],
  )
  assert.is((await shown('D7')).delivery, 'pulled')
})

test('a credit is delivered like any other CDR', async () => {
  const one = charge('D8', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  await post(first)
  await hub.drain()
  await post(creditOf(first, 'D8-credit'))
  await hub.drain()
  assert.equal(delivered(emsp), ['D8', 'D8-credit'])
})

test('a pair that agreed on relay: the receiver’s answer decides, a repetition is not sent again', async () => {
  const terms = { cdr_delivery: 'relay' }
  assert.is((await hub.admin('PUT', '/agreements/NL-TNM/FR-EMB', terms)).status, 200)
  const one = charge('D9', second)
  await prepare(one, second)
  second.answer = refuseCdrs({ code: 2001, message: 'no such customer' })
  const refused = await post(cdr(one))
  assert.equal([refused.code, refused.message], [2001, 'no such customer'])
  assert.is((await hub.admin('GET', '/cdrs/NL/TNM/D9')).status, 404)
  second.answer = () => 'drop'
  assert.is((await post(cdr(one))).code, 4003)
  second.answer = () => undefined
  second.forget()
  const body = cdr(one)
  for (let again = 0; again < 2; again += 1) {
    const reply = await post(body)
    assert.is(reply.code, 1000)
    assert.match(String(reply.headers.location), hub.url)
  }
  await hub.drain()
  assert.equal(delivered(second), ['D9'])
  assert.equal([await stand('D9'), (await shown('D9')).delivery], ['provisional D1', 'delivered'])
  assert.is((await post({ ...body, total_energy: 12 })).code, 2001)
  assert.equal(delivered(second), ['D9'])
})

test('after 30 days it has failed, an operator is told, and a replay brings it', async () => {
  const one = charge('D10', emsp)
  await prepare(one, emsp)
  emsp.answer = refuseCdrs({ code: 3000 })
  await post(cdr(one))
  await hub.passTime(15 * DAY_MS)
  await hub.drain()
  assert.is((await shown('D10')).delivery, 'due')
  await hub.passTime(16 * DAY_MS)
  await hub.drain()
  assert.is((await shown('D10')).delivery, 'failed')
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'cdr_not_delivered')
  emsp.answer = () => undefined
  emsp.forget()
  const failed = await hub.admin('GET', '/outbox?state=failed')
  const row = items(at(failed.json, 'items')).find((each) => at(each, 'kind') === 'deliver')
  const replayed = await hub.admin('POST', `/outbox/${String(at(row, 'id'))}/replay`, {})
  assert.is(replayed.status, 200, replayed.text)
  await hub.drain()
  assert.equal(delivered(emsp), ['D10'])
  assert.is((await shown('D10')).delivery, 'delivered')
})

test('numbers sent as text by a partner that is known for it are read and never billed', async () => {
  const quirks = { numbers_as_strings: true }
  const set = await hub.admin('PATCH', `/platforms/${cpo.id}`, { quirks, reason: 'as tested' })
  assert.is(set.status, 200, set.text)
  const one = charge('D11', emsp)
  await prepare(one, emsp)
  const reply = await post({ ...cdr(one), total_energy: '10' })
  assert.is(reply.code, 1000, reply.text)
  assert.match(reply.message, '/total_energy')
  await hub.drain()
  assert.is(await stand('D11'), 'quarantined T1')
  assert.equal(delivered(emsp), [])
})

test.run()
