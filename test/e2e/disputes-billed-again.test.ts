// What was upheld, or credited while it was disputed, is not billed again; what is merely corrected may be.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, fromNow, money, put, sessionOf, tariffOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, act, detail, parts, days, verify, stand, post } = story

const test = suite('billed again')
test.after.each(verify)
test.after(() => hub.close())

const all = { code: 'A3', text: 'nobody asked for that', amount: { net: '3.00' } }

async function send(cdr: Json): Promise<void> {
  const answer = await post(cdr)
  assert.is(answer.code, 1000, answer.text)
  await hub.drain()
}

/** The same charge at another price, by a tariff that gives it. */
function priced(cdr: Json, id: string, net: number): Json {
  const tariff = Object(items(cdr['tariffs'])[0])
  const [element] = items(tariff['elements'])
  const [component] = items(at(element, 'price_components'))
  const elements = [{ price_components: [{ ...Object(component), price: net / 10 }] }]
  const cost = money(net)
  const tariffs = [{ ...tariff, elements }]
  return { ...cdr, id, tariffs, total_cost: cost, total_energy_cost: cost }
}

async function finding(id: string, code: string): Promise<unknown> {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  return items(at(json, 'findings')).find((one) => at(one, 'code') === code)
}

async function heldAgainst(id: string, agreed: string): Promise<void> {
  const found = await finding(id, 'C7')
  assert.is(at(found, 'severity'), 'S', await stand(id))
  assert.match(String(at(found, 'message')), `ended with ${agreed} EUR without tax`)
}

test('upheld as a whole and credited: the same bill again is held against 0.00', async () => {
  const cdr = await clean('FULL')
  const decided = await act(await contest('FULL', all), 'accept', 'cpo')
  await send(creditOf(cdr, 'FULL-C'))
  assert.is((await detail(decided)).state, 'closed')
  await send({ ...cdr, id: 'FULL-R' })
  await heldAgainst('FULL-R', '0.00')
  assert.is(await parts('FULL-R'), 'held provisional:0 held:3')
  // Crediting the second one does not wash the third.
  await send(creditOf({ ...cdr, id: 'FULL-R' }, 'FULL-RC'))
  await send({ ...cdr, id: 'FULL-R2' })
  await heldAgainst('FULL-R2', '0.00')
})

test('credited while all of it was disputed: the same', async () => {
  const cdr = await clean('OPEN')
  const opened = await contest('OPEN', all)
  await send(creditOf(cdr, 'OPEN-C'))
  assert.is((await detail(opened)).outcome, 'credited')
  await send({ ...cdr, id: 'OPEN-R' })
  await heldAgainst('OPEN-R', '0.00')
})

test('upheld as a whole and never credited: held until it is, and against 0.00 then', async () => {
  const cdr = await clean('GONE')
  await act(await contest('GONE', all), 'accept', 'cpo')
  assert.is(await parts('GONE'), 'withdrawn due:0')
  await send({ ...cdr, id: 'GONE-R' })
  assert.is(await stand('GONE-R'), 'held C4')
  assert.match(String(at(await finding('GONE-R', 'C4'), 'message')), 'GONE, which was not credited')
  assert.is(await parts('GONE-R'), 'held provisional:0 held:3')
  await send(creditOf(cdr, 'GONE-C'))
  assert.is(await stand('GONE-R'), 'held C7')
  await heldAgainst('GONE-R', '0.00')
})

test('after the end of its cycle: what was upheld and what was open when it was credited', async () => {
  const cdr = await clean('FINAL')
  await hub.admin('POST', '/cdrs/NL/TNM/FINAL/approve', { reason: 'a test' })
  const cycle = String((await story.shown('FINAL')).cycle)
  await hub.admin('POST', `/cycles/${cycle}/close`, {})
  await hub.admin('POST', `/cycles/${cycle}/finalize`, {})
  await act(await contest('FINAL', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await contest('FINAL', { code: 'Q1', amount: { net: '2.00' } })
  await send(creditOf(cdr, 'FINAL-C'))
  await send(priced(cdr, 'FINAL-R', 2))
  await heldAgainst('FINAL-R', '0.00')
  assert.is(await parts('FINAL-R'), 'held provisional:0 held:2')
})

test('an ordinary credit and a corrected CDR: nothing is found', async () => {
  const cdr = await clean('SOUND')
  await send(creditOf(cdr, 'SOUND-C'))
  await send(priced(cdr, 'SOUND-R', 2.5))
  assert.is(await stand('SOUND-R'), 'provisional')
  // Nor where a person gave the dispute up before.
  const other = await clean('UP')
  await act(await contest('UP', all), 'withdraw', 'emsp')
  await send(creditOf(other, 'UP-C'))
  await send({ ...other, id: 'UP-R' })
  assert.is(await stand('UP-R'), 'provisional')
})

test('what a check alone held as a whole may be corrected', async () => {
  const cdr = await clean('CHECK', { tariffs: [tariffOf('NL-TNM', 'T1', { price: 0 })] })
  assert.match(await parts('CHECK'), /^held provisional:0 held:3$/)
  await send(creditOf(cdr, 'CHECK-C'))
  await send({ ...cdr, id: 'CHECK-R', tariffs: [tariffOf('NL-TNM', 'T1', { price: 0.3 })] })
  assert.is(await stand('CHECK-R'), 'provisional')
})

test('what replaces a CDR in another currency is held as a whole and takes nothing', async () => {
  const cdr = await clean('CURRENCY')
  const decided = await act(await contest('CURRENCY', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'CURRENCY-C'))
  const two = priced(cdr, 'CURRENCY-R', 2)
  const tariffs = items(two['tariffs']).map((one) => ({ ...Object(one), currency: 'USD' }))
  await send({ ...two, currency: 'USD', tariffs })
  const found = await finding('CURRENCY-R', 'C7')
  assert.match(
    String(at(found, 'message')),
    'ended with 2.00 EUR without tax, but it claims 2.00 USD, in another currency',
  )
  assert.is(await parts('CURRENCY-R'), 'held provisional:0 held:2')
  assert.is((await detail(decided)).state, 'await_replacement')
})

test('nor does another session id hide what it replaces', async () => {
  const cdr = await clean('SESSION')
  const decided = await act(await contest('SESSION', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'SESSION-C'))
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', id: 'S-ELSE', uid: 'CARD-SESSION' }
  await put(cpo, 'sessions', sessionOf(charge, { start_date_time: fromNow(-7_200_000) }))
  await send({ ...cdr, id: 'SESSION-R', session_id: 'S-ELSE' })
  await heldAgainst('SESSION-R', '2.00')
  assert.is(await parts('SESSION-R'), 'held provisional:2 held:1')
  const { state, outcome } = await detail(decided)
  assert.equal([state, outcome], ['closed', 'upheld'])
})

test('a bill that lay there before the contest is not paid for what that upheld either', async () => {
  const cdr = await clean('LAY')
  await send({ ...cdr, id: 'LAY-B' })
  assert.is(await stand('LAY-B'), 'held D2')
  await act(await contest('LAY', all), 'accept', 'cpo')
  await hub.drain()
  assert.is(await stand('LAY-B'), 'held C4')
  await days(4)
  await days(15)
  assert.is(await parts('LAY-B'), 'withdrawn due:0')
  // The same where it is credited: in part, and while all of it is disputed.
  const part = await clean('PART')
  await send({ ...part, id: 'PART-B' })
  const decided = await act(await contest('PART', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(part, 'PART-C'))
  await heldAgainst('PART-B', '2.00')
  assert.is((await detail(decided)).state, 'closed')
  const open = await clean('DURING')
  await send({ ...open, id: 'DURING-B' })
  await contest('DURING', all)
  await send(creditOf(open, 'DURING-C'))
  await heldAgainst('DURING-B', '0.00')
})

test('but where the dispute says that it is billed twice, the other bill stands', async () => {
  const cdr = await clean('TWICE')
  await send({ ...cdr, id: 'TWICE-B' })
  await act(await contest('TWICE', { ...all, code: 'D2' }), 'accept', 'cpo')
  await hub.drain()
  assert.is(await stand('TWICE-B'), 'provisional')
  // So does one of which its eMSP said before that it may.
  const both = await clean('BOTH')
  await send({ ...both, id: 'BOTH-B' })
  const [second] = await story.of('BOTH-B')
  assert.ok(second)
  await act(second, 'withdraw', 'emsp')
  await act(await contest('BOTH', all), 'accept', 'cpo')
  await hub.drain()
  assert.is(await stand('BOTH-B'), 'provisional')
})

const taxed = { code: 'V3', text: 'reverse charge', amount: { net: '0', tax: '0.60' } }

test('tax that was upheld is not billed again', async () => {
  const cdr = await clean('TAX')
  const decided = await act(await contest('TAX', taxed), 'accept', 'cpo')
  await send(creditOf(cdr, 'TAX-C'))
  await send({ ...cdr, id: 'TAX-R' })
  const found = await finding('TAX-R', 'C7')
  assert.match(String(at(found, 'message')), 'ended with 0.00 EUR of tax, but it claims 0.60 EUR')
  const [held] = await story.of('TAX-R')
  assert.equal([held?.code, held?.net, held?.tax], ['C7', '0.00', '0.60'])
  const { json } = await hub.asParty(emsp, 'GET', '/adjustments')
  const taken = items(at(json, 'items')).find((one) => at(one, 'dispute_id') === decided.id)
  assert.equal([at(taken, 'difference_net'), at(taken, 'difference_tax')], ['0.00', '0.60'])
  // What is agreed has no difference; nor is it billed where the dispute was open when the CDR was credited.
  const open = await clean('FREED')
  await contest('FREED', taxed)
  await send(creditOf(open, 'FREED-C'))
  await send({ ...open, id: 'FREED-R', total_cost: { excl_vat: 3, incl_vat: 3 } })
  assert.is(await finding('FREED-R', 'C7'), undefined)
  await send(creditOf({ ...open, total_cost: { excl_vat: 3, incl_vat: 3 } }, 'FREED-RC'))
})

test('net and tax that were upheld: more of either is held', async () => {
  const cdr = await clean('MORE')
  const half = { code: 'V3', amount: { net: '1.00', tax: '0.60' } }
  await act(await contest('MORE', half), 'accept', 'cpo')
  await send(creditOf(cdr, 'MORE-C'))
  await send(priced(cdr, 'MORE-R', 2))
  const found = await finding('MORE-R', 'C7')
  assert.match(String(at(found, 'message')), 'ended with 0.00 EUR of tax, but it claims 0.40 EUR')
})

/** The same charge as another session that began a little later. */
async function sendMoved(cdr: Json, id: string, seconds: number): Promise<void> {
  const start = Date.parse(String(cdr['start_date_time'])) + seconds * 1_000
  const start_date_time = new Date(start).toISOString()
  const session = { id: `S-${id}`, uid: String(at(cdr, 'cdr_token', 'uid')) }
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', ...session }
  await put(cpo, 'sessions', sessionOf(charge, { start_date_time }))
  const charging_periods = [{ ...Object(items(cdr['charging_periods'])[0]), start_date_time }]
  await send({ ...cdr, id, session_id: `S-${id}`, start_date_time, charging_periods })
}

test('nor does a start that was moved by seconds hide it', async () => {
  const gone = await clean('MOVED')
  await act(await contest('MOVED', all), 'accept', 'cpo')
  await sendMoved(gone, 'MOVED-R', 1)
  assert.is(await stand('MOVED-R'), 'held C4')
  const cdr = await clean('SOME')
  const decided = await act(await contest('SOME', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'SOME-C'))
  await sendMoved(cdr, 'SOME-R', 90)
  await heldAgainst('SOME-R', '2.00')
  assert.is((await detail(decided)).state, 'closed')
})

test('two short ones, one after the other, are two', async () => {
  const cdr = await clean('SHORT', { end_date_time: fromNow(-7_200_000 + 40_000) })
  const decided = await act(await contest('SHORT', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'SHORT-C'))
  const end = Date.parse(String(cdr['end_date_time'])) + 60_000
  await sendMoved({ ...cdr, end_date_time: new Date(end).toISOString() }, 'SHORT-R', 60)
  for (const code of ['C4', 'C7']) assert.is(await finding('SHORT-R', code), undefined)
  assert.is((await detail(decided)).state, 'await_replacement')
})

test('another charge has nothing to do with it', async () => {
  const cdr = await clean('OTHER')
  await act(await contest('OTHER', { amount: { net: '1.00' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'OTHER-C'))
  await clean('FREE')
  assert.is(await stand('FREE'), 'provisional')
  await days(1)
})

test.run()
