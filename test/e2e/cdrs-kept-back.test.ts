// CDRs that are not sent, or no longer, and what a person's or a card's word changes about it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { put, tokenOf } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const hub = await startHub({ config: { agreements: 'required' } })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const puller = await hub.connect({
  parties: [{ party: 'BE-PUL', role: 'EMSP' }],
  modules: ['sender/tokens'],
})
const { charge, prepare, session, cdr, post, shown, stand, delivered } = storyOf(hub, cpo)

const test = suite('kept back')
test.before(async () => {
  for (const party of ['DE-EMA', 'BE-PUL'])
    assert.is((await hub.admin('PUT', `/agreements/NL-TNM/${party}`, {})).status, 200)
})
test.before.each(async () => {
  await hub.drain()
  for (const partner of [cpo, emsp, puller]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const operate = async (id: string, verb: string) => {
  const path = `/cdrs/NL/TNM/${id}/${verb}`
  const reply = await hub.admin('POST', path, { reason: 'a test' })
  assert.is(reply.status, 200, reply.text)
}

/** A CDR whose card nobody knows, after the hour that the hub waits for it; `price` as its tariff does not say. */
async function unknownCard(id: string, price?: number) {
  const one = charge(id, emsp)
  await session(one)
  const { tariffs } = cdr(one)
  await post(cdr({ ...one, ...(price === undefined ? {} : { price }) }, { tariffs }))
  await hub.passTime(2 * HOUR_MS)
  await hub.drain()
  assert.equal([(await shown(id)).state, (await shown(id)).delivery], ['held', 'withheld'])
  assert.equal(delivered(emsp), [])
  return one
}

/** A CDR that claims too much and whose receiver cannot take it now. */
async function pendingDelivery(id: string, answer: { code: number }) {
  const one = charge(id, emsp)
  await prepare(one, emsp)
  emsp.answer = ({ place }) => (place === 'receiver/cdrs' ? answer : undefined)
  await post(cdr({ ...one, price: 0.9 }, { tariffs: cdr(one)['tariffs'] }))
  await hub.drain()
  assert.match(await stand(id), 'held P1')
  emsp.answer = () => undefined
  emsp.forget()
}

test('a CDR with an unknown card goes to its receiver when an operator releases it', async () => {
  await unknownCard('K1')
  await operate('K1', 'release')
  await hub.drain()
  assert.equal(delivered(emsp), ['K1'])
  assert.is((await shown('K1')).delivery, 'delivered')
})

test('it also goes when the card is known at last and something else still holds it', async () => {
  const one = await unknownCard('K2', 0.9)
  await put(emsp, 'tokens', tokenOf(emsp.party, one.uid))
  await hub.drain()
  assert.is(await stand('K2'), 'held P1')
  assert.equal(delivered(emsp), ['K2'])
})

test('a CDR that was returned before its receiver could take it is not sent any more', async () => {
  await pendingDelivery('K3', { code: 3000 })
  assert.is((await shown('K3')).delivery, 'due')
  await operate('K3', 'return')
  assert.is((await shown('K3')).delivery, 'withheld')
  await hub.passTime(DAY_MS)
  await hub.drain()
  assert.equal(delivered(emsp), [])
  assert.equal((await hub.admin('GET', '/outbox?state=open')).json, {
    items: [],
    next_cursor: null,
  })
})

test('a refused delivery is sent once more by a replay, and the refusal is history', async () => {
  await pendingDelivery('K4', { code: 2001 })
  assert.is((await shown('K4')).delivery, 'refused')
  const { json } = await hub.admin('GET', '/outbox?state=finished&kind=deliver')
  const row = items(at(json, 'items')).find((each) => at(each, 'outcome') === 'refused')
  const replayed = await hub.admin('POST', `/outbox/${String(at(row, 'id'))}/replay`, {})
  assert.is(replayed.status, 200, replayed.text)
  assert.ok(String(at(replayed.json, 'created_at')) > String(at(row, 'created_at')))
  await hub.drain()
  assert.equal(delivered(emsp), ['K4'])
  assert.equal([await stand('K4'), (await shown('K4')).delivery], ['held P1', 'delivered'])
})

test('who waits for a pull has it when the receiver reads the CDR at its Location', async () => {
  const one = charge('K5', puller)
  await prepare(one, puller)
  const location = String((await post(cdr(one))).headers.location)
  await hub.drain()
  assert.is((await cpo.send('GET', location)).code, 1000)
  assert.is((await shown('K5')).delivery, 'waiting for pull')
  assert.is((await puller.send('GET', location)).code, 1000)
  assert.is((await shown('K5')).delivery, 'pulled')
})

test('CDRs stay their receiver’s to list when the agreement has ended', async () => {
  assert.is((await hub.admin('DELETE', '/agreements/NL-TNM/BE-PUL')).status, 204)
  const list = await puller.send('GET', 'sender/cdrs', { to: hub.party })
  assert.equal(
    items(list.data).map((each) => at(each, 'id')),
    ['K5'],
  )
  assert.is(list.headers['x-total-count'], '1')
})

test.run()
