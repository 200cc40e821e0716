// Who may approve what, when silence approves, and what an operator may do with what is held.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'

const DAY_MS = 86_400_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
const { charge, prepare, cdr, post, shown, stand } = storyOf(hub, cpo)

const test = suite('approval')
test.after.each(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})
test.after(() => hub.close())

const path = (id: string, verb: string) => `/cdrs/NL/TNM/${id}/${verb}`
const because = { reason: 'a test' }
const approveAs = (partner: FakePartner, id: string) =>
  hub.asParty(partner, 'POST', path(id, 'approve'), because)
const operate = (id: string, verb: string) => hub.admin('POST', path(id, verb), because)

/** A cleared CDR of 3.00 net; `price` makes it claim something else than its tariff. */
async function sent(id: string, payer: FakePartner, price?: number): Promise<void> {
  const one = charge(id, payer)
  await prepare(one, payer)
  const { tariffs } = cdr(one)
  await post(cdr({ ...one, ...(price === undefined ? {} : { price }) }, { tariffs }))
  await hub.drain()
}

/** What stands on an account of the pair, net and tax together. */
async function balance(book: 'prov' | 'disp' | 'due', payer = 'DE-EMA'): Promise<number> {
  const { json } = await hub.admin('GET', '/ledger/accounts?limit=500')
  const code = `obl:${payer}>NL-TNM:${book}`
  const account = items(at(json, 'items')).find((each) => at(each, 'code') === code)
  const side = (name: string) => Number(at(account, name) ?? 0)
  const pending = side('debits_pending') - side('credits_pending')
  return Math.round((pending + side('debits_posted') - side('credits_posted')) * 100) / 100
}

test('the eMSP that is billed approves; what was provisional is due', async () => {
  await sent('A1', emsp)
  assert.equal(
    [await stand('A1'), await balance('prov'), await balance('due')],
    ['provisional', 3.6, 0],
  )
  const reply = await approveAs(emsp, 'A1')
  assert.is(reply.status, 200)
  assert.is(at(reply.json, 'state'), 'approved')
  assert.equal(
    [await stand('A1'), await balance('prov'), await balance('due')],
    ['approved', 0, 3.6],
  )
})

test('approving twice is approving once', async () => {
  assert.is((await approveAs(emsp, 'A1')).status, 200)
  assert.is((await operate('A1', 'approve')).status, 200)
  assert.is(await balance('due'), 3.6)
})

test('neither the CPO nor another eMSP approves, and to strangers the CDR does not exist', async () => {
  await sent('A2', emsp)
  assert.is((await approveAs(cpo, 'A2')).status, 403)
  assert.is((await approveAs(second, 'A2')).status, 404)
  assert.is((await hub.asParty(second, 'GET', '/cdrs/NL/TNM/A2')).status, 404)
  assert.is((await hub.asParty(emsp, 'POST', path('A2', 'release'), because)).status, 404)
  assert.is(await stand('A2'), 'provisional')
  assert.is((await operate('A2', 'approve')).status, 200)
})

test('of a held CDR only what is at risk is held; it is released, returned or judged again', async () => {
  await sent('A3', emsp, 0.9)
  assert.equal(
    [await stand('A3'), await balance('disp'), await balance('prov')],
    ['held P1', 7.2, 3.6],
  )
  assert.is((await operate('A3', 'recheck')).status, 200)
  await hub.drain()
  assert.is(await stand('A3'), 'held P1')
  assert.is((await operate('A3', 'release')).status, 200)
  assert.match(await stand('A3'), /^provisional/)
  assert.equal([await balance('disp'), await balance('prov')], [0, 10.8])
  assert.is((await approveAs(emsp, 'A3')).status, 200)
})

test('its eMSP may approve all of a held CDR at once', async () => {
  const before = await balance('due')
  await sent('A10', emsp, 0.9)
  const reply = await approveAs(emsp, 'A10')
  assert.equal([reply.status, at(reply.json, 'state')], [200, 'approved'])
  assert.equal(
    [await balance('disp'), await balance('prov'), (await balance('due')) - before],
    [0, 0, 10.8],
  )
})

test('a returned CDR owes nothing and cannot come back', async () => {
  await sent('A4', emsp, 0.9)
  assert.is((await operate('A4', 'return')).status, 200)
  assert.equal([await stand('A4'), await balance('disp')], ['withdrawn P1', 0])
  assert.is((await operate('A4', 'release')).status, 409)
  assert.is((await operate('A4', 'return')).status, 200)
})

test('a verb without a reason is refused, and each one is in the audit log', async () => {
  assert.is((await hub.admin('POST', path('A2', 'recheck'), {})).status, 422)
  const log = await hub.database.db.rows<{ action: string }>({
    text: "select action from audit_entries where subject = 'NL-TNM/A3' order by id",
    values: [],
  })
  assert.equal(
    log.map(({ action }) => action),
    ['cdr.recheck', 'cdr.release', 'cdr.approve'],
  )
})

test('with contest_days 0 a CDR is approved as soon as it is cleared', async () => {
  const terms = { contest_days: 0 }
  assert.is((await hub.admin('PUT', '/agreements/NL-TNM/FR-EMB', terms)).status, 200)
  await sent('A5', second)
  assert.equal([await stand('A5'), await balance('due', 'FR-EMB')], ['approved', 3.6])
})

test('with contest_days 0 what is at risk is not approved by itself, the rest is', async () => {
  await sent('A6', second, 0.9)
  assert.equal(
    [await stand('A6'), await balance('due', 'FR-EMB'), await balance('disp', 'FR-EMB')],
    ['held P1', 7.2, 7.2],
  )
})

test('the agreement in force when the session began counts, not the one of today', async () => {
  const terms = { contest_days: 5, tolerance: { cost: { absolute: '100' } } }
  const valid_from = new Date(performance.timeOrigin + performance.now()).toISOString()
  await hub.admin('PUT', '/agreements/NL-TNM/FR-EMB', { ...terms, valid_from })
  await sent('A7', second, 0.9)
  assert.is(await stand('A7'), 'held P1')
  const since = { valid_from: '2020-01-01T00:00:00Z' }
  await hub.admin('PUT', '/agreements/NL-TNM/FR-EMB', { ...terms, ...since })
  assert.is((await operate('A7', 'recheck')).status, 200)
  await hub.drain()
  // What was not at risk had been approved at once, so what is no longer is due as well.
  assert.match(await stand('A7'), /^approved/)
})

test('a contest period that ends in silence approves, all that is due together', async () => {
  for (const id of ['A8', 'A9']) await sent(id, emsp)
  await hub.passTime(29 * DAY_MS)
  await hub.drain()
  assert.equal([await stand('A8'), await stand('A9')], ['provisional', 'provisional'])
  await hub.passTime(2 * DAY_MS)
  await hub.drain()
  assert.equal([await stand('A8'), await stand('A9')], ['approved', 'approved'])
  assert.is((await shown('A8')).net, '3.00')
  assert.equal([await balance('prov'), await balance('due')], [0, 36])
})

test.run()
