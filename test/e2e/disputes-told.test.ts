// What both parties are told of a dispute, by webhooks, pushes and sentences, and that it is true.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readZip } from '../../src/cli/read-zip.ts'
import { evidencePack } from '../../src/hub/disputes/evidence-pack.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, money } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { readsWell } from '../helpers/reads-well.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const PUSHES = 'receiver/nlxch-disputes'
const hub = await startHub()
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  modules: ['sender/tariffs', 'receiver/tokens', PUSHES],
})
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const receiver = await startReceiver()
await hub.asParty(emsp, 'PUT', '/webhook', { url: receiver.url })
const story = disputesOf(hub, { cpo, emsp })
const { clean, wrong, contest, act, of, detail, days, verify, post } = story

const told = suite('what parties are told')
told.after.each(verify)
told.after(() => hub.close())
told.after(() => receiver[Symbol.asyncDispose]())

/** What the eMSP was told since it was asked last. */
function news(): { type: string; data: Json; message: string }[] {
  return receiver.got.splice(0).map(({ body }) => {
    const { type, data } = Object(JSON.parse(body))
    readsWell(String(at(data, 'message')))
    return { type, data, message: String(at(data, 'message')) }
  })
}
const typesOf = (list: { type: string }[]): string[] => list.map(({ type }) => type).sort()
const messageOf = (list: { type: string; message: string }[], type: string): string | undefined =>
  list.find((one) => one.type === type)?.message

async function send(cdr: Json): Promise<void> {
  const answer = await post(cdr)
  assert.is(answer.code, 1000, answer.text)
  await hub.drain()
}

/** The same charge, for so much. */
function replacing(cdr: Json, id: string, net: number): Json {
  const tariff = Object(items(cdr['tariffs'])[0])
  const [component] = items(at(tariff, 'elements', 0, 'price_components'))
  const elements = [{ price_components: [{ ...Object(component), price: net / 10 }] }]
  const cost = money(net)
  return {
    ...cdr,
    id,
    tariffs: [{ ...tariff, elements }],
    total_cost: cost,
    total_energy_cost: cost,
  }
}
const pushed = (): unknown[] => cpo.received(PUSHES, 'PUT').map((put) => at(put.json, 'state'))
const one = { amount: { net: '1.00' }, text: 'our meter says less' }

told('documents that come are told to both, as events and as pushes', async () => {
  cpo.forget()
  const cdr = await clean('DOC')
  await act(await contest('DOC', one), 'accept', 'cpo')
  await hub.drain()
  news()
  await send(creditOf(cdr, 'DOC-C'))
  const credited = news()
  assert.equal(typesOf(credited), ['cdr.credited', 'dispute.changed'])
  assert.is(
    messageOf(credited, 'dispute.changed'),
    'NL-TNM credited the CDR; the one that replaces it is waited for.',
  )
  await send(replacing(cdr, 'DOC-R', 2))
  const replaced = news()
  assert.equal(typesOf(replaced), ['adjustment.consumed', 'dispute.closed'])
  const closed = replaced.find(({ type }) => type === 'dispute.closed')?.data
  assert.equal([at(closed, 'state'), at(closed, 'outcome')], ['closed', 'upheld'])
  const consumed = replaced.find(({ type }) => type === 'adjustment.consumed')?.data
  assert.equal(
    ['credit', 'replacement', 'net', 'difference_net'].map((name) => at(consumed, name)),
    ['DOC-C', 'DOC-R', '1.00', '0.00'],
  )
  assert.is(
    messageOf(replaced, 'adjustment.consumed'),
    'The CDR DOC-R replaces the CDR DOC, which documents that 1.20 EUR of it need not be paid.',
  )
  assert.equal(pushed().slice(-3), ['AWAIT_CREDIT', 'AWAIT_REPLACEMENT', 'CLOSED'])
})

told('a credit that leaves nothing to claim is the whole document, and told as that', async () => {
  const cdr = await clean('ALL')
  await act(await contest('ALL', { text: 'not us' }), 'accept', 'cpo')
  await hub.drain()
  news()
  await send(creditOf(cdr, 'ALL-C'))
  const list = news()
  assert.ok(typesOf(list).includes('dispute.closed'), typesOf(list).join())
  assert.is(
    messageOf(list, 'adjustment.consumed'),
    'The credit CDR ALL-C documents that 3.60 EUR of the CDR ALL need not be paid; nothing is left to claim.',
  )
})

told('of a CDR that is approved, what settles is told, not what was claimed', async () => {
  await clean('SUM')
  await clean('FULL')
  await act(await contest('SUM', { amount: { net: '2.50' }, text: 'less' }), 'accept', 'cpo')
  const reply = await hub.asParty(emsp, 'POST', '/cdrs/NL/TNM/FULL/approve', { reason: 'checked' })
  assert.is(reply.status, 200, reply.text)
  await hub.drain()
  const messages = news().flatMap((each) => (each.type === 'cdr.approved' ? [each.message] : []))
  assert.equal(messages.sort(), [
    'The CDR is approved: 0.60 EUR of the 3.60 EUR that were claimed settle with their cycle.',
    'The CDR of 3.60 EUR is approved; it settles with its cycle.',
  ])
})

told('what a finding held is told as of then, once nothing is held any more', async () => {
  await wrong('OLD')
  const decision = async (): Promise<unknown> => {
    const { json } = await hub.admin('GET', '/cdrs/NL/TNM/OLD')
    const found = items(at(json, 'findings')).find((each) => at(each, 'code') === 'P1')
    return at(found, 'explanation', 'decision')
  }
  const held =
    '1.00 EUR (1.20 EUR with tax) of the claim of 4.00 EUR are held until this is decided; the rest, 3.00 EUR, settles.'
  assert.is(await decision(), held)
  await act(await contest('OLD', { code: 'P1', text: 'the tariff' }), 'accept', 'cpo')
  assert.is(await decision(), `When it was judged: ${held} Nothing is held for it any more.`)
})

told('a second bill: nothing of it runs on; a proof asks for no answer', async () => {
  const cdr = await clean('TWO')
  news()
  await send({ ...cdr, id: 'TWO-2' })
  assert.match(
    messageOf(news(), 'cdr.held') ?? '',
    /: 3\.60 EUR of 3\.60 EUR are held; nothing of it settles for now\.$/,
  )
  await days(15)
  const list = news().filter(({ data }) => at(data, 'state') === 'await_credit')
  assert.equal(
    list.map(({ type, message }) => [type, message]),
    [['dispute.changed', 'The proof decides: 3.60 EUR of the disputed 3.60 EUR are taken off.']],
  )
})

told('who decides about the whole CDR is not said to act on its dispute', async () => {
  const sentence = async (id: string): Promise<string | undefined> => {
    const [dispute] = await of(id)
    const said = dispute && (await detail(dispute)).history.at(-1)?.sentence
    if (said !== undefined) readsWell(said)
    return said
  }
  await wrong('GO')
  const approved = await hub.asParty(emsp, 'POST', '/cdrs/NL/TNM/GO/approve', { reason: 'fine' })
  assert.is(approved.status, 200, approved.text)
  assert.is(
    await sentence('GO'),
    'DE-EMA lets the CDR stand as it is, with the 1.20 EUR that were held.',
  )
  await wrong('BACK')
  await hub.admin('POST', '/cdrs/NL/TNM/BACK/return', { reason: 'wrong' })
  assert.is(
    await sentence('BACK'),
    'The operator of the hub gives the whole CDR back to NL-TNM: nothing of it is claimed any more, the disputed 1.20 EUR included.',
  )
})

told('a denial after a part was accepted denies no more than the rest', async () => {
  await clean('REST')
  const open = await contest('REST', { amount: { net: '2.00' }, text: 'less' })
  const partly = await act(open, 'accept', 'cpo', { amount: { net: '0.50' } })
  const rebutted = await act(partly, 'rebut', 'emsp')
  await hub.drain()
  news()
  const denied = await act(rebutted, 'answer', 'cpo')
  const said = 'NL-TNM denies that more than 0.60 EUR of the disputed 2.40 EUR are too much.'
  assert.is((await detail(denied)).history.at(-1)?.sentence, said)
  await hub.drain()
  assert.is(messageOf(news(), 'dispute.changed'), said)
})

told('times are told by the clock of the place that the CDR names', async () => {
  await clean('ZONE')
  const dispute = await contest('ZONE', one)
  assert.is(dispute.time_zone, 'Europe/Amsterdam')
  assert.match(dispute.deadline?.text ?? '', /, \d\d:\d\d (?:CET|CEST)/)
  const { bytes } = await evidencePack(hub.context, story.scopes.emsp, BigInt(dispute.id))
  const pack = await readZip(bytes)
  assert.ok(pack.ok)
  const readme = String(pack.ok && pack.files.get('README.md'))
  assert.match(readme, /\d\d:\d\d (?:CET|CEST)/)
  assert.not.match(readme, /\d\d:\d\d UTC/)
  await act(dispute, 'accept', 'cpo')
  const { json } = await hub.admin('GET', '/adjustments')
  assert.is(at(json, 'items', 0, 'time_zone'), 'Europe/Amsterdam')
  const cdr = await clean('LATE', { total_energy: 10 })
  await days(61)
  await send({ ...cdr, id: 'LATE-2', session_id: 'LATE-S2' })
  const late = await hub.admin('GET', '/cdrs/NL/TNM/LATE-2')
  const texts = items(at(late.json, 'findings')).map((one) => String(at(one, 'message')))
  assert.ok(texts.length > 0)
  for (const text of texts) assert.not.match(text, /:\d\d UTC(?!\))/, text)
})

told('what is wrong with a body is told as a sentence', async () => {
  const detailOf = async (body: unknown): Promise<unknown> =>
    at((await hub.asParty(emsp, 'PUT', '/webhook', body)).json, 'detail')
  assert.is(await detailOf([]), 'The body must be object')
  const { url } = receiver
  assert.is(await detailOf({ url, events: [] }), '/events must not have fewer than 1 item')
  assert.is(
    await detailOf({ url: 'ftp://example.com' }),
    'The address cannot be used: the URL must begin with https://.',
  )
})

told.run()
