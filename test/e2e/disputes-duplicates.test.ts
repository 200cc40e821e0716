// Second bills of a session: what is proven against them, and which of them replace the first one before its credit came.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, money } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, act, of, detail, parts, days, verify, post } = story

const test = suite('second bills')
test.after.each(verify)
test.after(() => hub.close())
const one = { amount: { net: '1.00' } }

const last = async (id: string) => {
  const [dispute] = (await of(id)).toReversed()
  if (!dispute) throw new Error(`no dispute of ${id}`)
  return dispute
}
/** The same bill again, of another amount and priced by a tariff of its own, if one is named. */
const again = async (cdr: Json, net?: number): Promise<string> => {
  const id = `${String(cdr['id'])}-R`
  const cost = net === undefined ? {} : { total_cost: money(net), total_energy_cost: money(net) }
  const price = net === undefined ? {} : { tariffs: repriced(cdr, net / 10) }
  await post({ ...cdr, id, ...cost, ...price })
  await hub.drain()
  return id
}
const repriced = (cdr: Json, price: number): unknown =>
  JSON.parse(JSON.stringify(cdr['tariffs']).replaceAll('"price":0.3', `"price":${price}`))

test('a denial without a proof of its own does not save a second bill', async () => {
  const id = await again(await clean('NO'))
  const denied = await act(await last(id), 'answer', 'cpo', { text: 'no' })
  assert.is(denied.state, 'denied')
  assert.match(denied.deadline?.text ?? '', /DE-EMA .* upheld if another CDR still bills the same/)
  await days(10)
  const upheld = await last(id)
  assert.equal([upheld.state, upheld.upheld_net], ['await_credit', '3.00'])
  assert.is(await parts(id), 'withdrawn due:0')
  assert.match((await detail(upheld)).history.at(-1)?.text ?? '', /NO bills the same session/)
})

test('nor does accepting a small part of it', async () => {
  const id = await again(await clean('LITTLE'))
  await act(await last(id), 'accept', 'cpo', { amount: { net: '0.10' } })
  await days(10)
  assert.equal((await last(id)).upheld_net, '3.00')
})

test('the eMSP may take the denial, and a first bill that is credited proves nothing', async () => {
  const taken = await again(await clean('TAKEN'))
  await act(await act(await last(taken), 'answer', 'cpo'), 'accept', 'emsp')
  assert.is(await parts(taken), 'approved due:0 due:3')
  const first = await clean('FIRST')
  const id = await again(first)
  await act(await last(id), 'answer', 'cpo')
  await post(creditOf(first, 'FIRST-C'))
  await hub.drain()
  await days(10)
  assert.is((await last(id)).outcome, 'denied')
  assert.is(await parts(id), 'approved due:0 due:3')
})

test('what replaces a CDR and comes before its credit waits for it', async () => {
  const cdr = await clean('EARLY')
  await act(await contest('EARLY', one), 'accept', 'cpo')
  const id = await again(cdr, 2)
  assert.is(await parts(id), 'held provisional:0 held:2')
  await days(10)
  const waiting = await last(id)
  assert.equal([waiting.state, waiting.deadline?.verb], ['draft', 'resolve'])
  const { deadline } = await last('EARLY')
  assert.is(waiting.deadline?.at.slice(0, 16), deadline?.at.slice(0, 16))
  assert.match((await detail(waiting)).history.at(-1)?.text ?? '', /may be what replaces it/)
  await days(1)
  await post(creditOf(cdr, 'EARLY-C'))
  await hub.drain()
  assert.is(await parts(id), 'provisional provisional:2')
  assert.equal([(await last('EARLY')).state, (await last(id)).outcome], ['closed', 'cleared'])
})

test('also while the dispute is not decided yet, and after the CPO has said so', async () => {
  const cdr = await clean('OPEN')
  const opened = await contest('OPEN', one)
  const id = await again(cdr, 2)
  await days(10)
  assert.is((await last(id)).state, 'draft')
  await act(opened, 'accept', 'cpo')
  const answered = await act(await last(id), 'answer', 'cpo', { text: 'the credit follows' })
  await days(10)
  const waiting = await last(id)
  assert.equal([waiting.state, waiting.deadline?.verb], ['denied', 'resolve'])
  assert.match(waiting.deadline?.text ?? '', /Without a word from DE-EMA/)
  await days(20)
  const upheld = await last(id)
  assert.equal([upheld.id, upheld.state], [answered.id, 'await_credit'])
  assert.is(await parts('OPEN'), 'approved due:2')
})

test('no longer than until the deadline of the dispute', async () => {
  const cdr = await clean('LATE')
  await act(await contest('LATE', one), 'accept', 'cpo')
  const id = await again(cdr, 2)
  await days(29)
  assert.is((await last(id)).state, 'draft')
  await days(1)
  assert.is((await last('LATE')).state, 'closed')
  assert.is(await parts(id), 'withdrawn due:0')
  assert.is(await parts('LATE'), 'approved due:2')
})

test('what came before the dispute, or claims as much, is a second bill and nothing else', async () => {
  const before = await again(await clean('BEFORE'), 2)
  await act(await contest('BEFORE', one), 'accept', 'cpo')
  const cdr = await clean('ALIKE')
  await act(await contest('ALIKE', one), 'accept', 'cpo')
  const alike = await again(cdr)
  await days(10)
  for (const id of [before, alike]) assert.is(await parts(id), 'withdrawn due:0', id)
})

test.run()
