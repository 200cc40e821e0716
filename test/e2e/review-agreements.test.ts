// AGREEMENTS=required on the routes of commands, results, invoices, payments and custom modules.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, ownerOf, put, sessionOf } from '../helpers/objects.ts'

const hub = await startHub({ config: { agreements: 'required' }, peerDeadlineMs: 600 })
const version = '2.3.0'
const shared = [
  'sender/sessions',
  'receiver/sessions',
  'receiver/commands',
  'receiver/chargingprofiles',
  'sender/invoicereconciliation',
  'receiver/invoicereconciliation',
  'receiver/payments',
  'receiver/nltnm-parking',
]
const cpo = await hub.connect({
  parties: [{ party: 'BE-CPO', role: 'CPO' }],
  version,
  modules: shared,
})
// A company that is both, as most are.
const both = await hub.connect({
  parties: [
    { party: 'DE-BTH', role: 'CPO' },
    { party: 'DE-BTH', role: 'EMSP' },
  ],
  version,
  modules: shared,
})
const stranger = await hub.connect({
  parties: [{ party: 'FR-STR', role: 'EMSP' }],
  version,
  modules: shared,
})
const payer = await hub.connect({
  parties: [{ party: 'NL-PAY', role: 'PTP' }],
  version,
  modules: ['sender/payments'],
})
const all = [cpo, both, stranger, payer]

const agree = async (emsp: string, terms: object = {}) =>
  assert.is((await hub.admin('PUT', `/agreements/BE-CPO/${emsp}`, terms)).status, 200)

const test = suite('agreements on every route')
test.before(async () => {
  await agree('DE-BTH')
  await agree('NL-PAY')
  const session = sessionOf({ owner: 'BE-CPO', payer: 'DE-BTH', id: 'S1' })
  assert.is((await put(cpo, 'sessions', session)).code, 1000)
})
test.before.each(async () => {
  await hub.drain()
  for (const partner of all) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

test('who may not deal with a CPO does not learn which sessions it has', async () => {
  const stop = (session_id: string) =>
    command(stranger, 'STOP_SESSION', {
      body: { response_url: resultUrl(stranger, 'x'), session_id },
      to: 'BE-CPO',
    })
  const [known, unknown] = [await stop('S1'), await stop('NONE')]
  assert.equal([known.code, unknown.code], [4001, 4001])
  assert.is(known.message, unknown.message)
  assert.equal(cpo.got, [])
})

test('an invoice goes to the other side of the agreement, also of a party that is both', async () => {
  const record = (party: string) => ({
    ...ownerOf(party),
    id: 'R1',
    invoice_id: 'I1',
    cdrs: ['C1'],
    last_updated: fromNow(0),
  })
  for (const [partner, to] of [
    [both, 'BE-CPO'],
    [cpo, 'DE-BTH'],
  ] as const) {
    const body = record(partner.party)
    const reply = await partner.send('POST', 'receiver/invoicereconciliation', { body, to })
    assert.is(reply.code, 1000, `${partner.party}: ${reply.text}`)
  }
  const body = record('FR-STR')
  const refused = await stranger.send('POST', 'receiver/invoicereconciliation', {
    body,
    to: 'BE-CPO',
  })
  assert.is(refused.code, 4001)
})

test('a custom module flows where it was agreed, also for a party that is both, and nowhere else', async () => {
  const post = (partner: typeof both) =>
    partner.send('POST', 'receiver/nltnm-parking/a', { body: { x: 1 }, to: 'BE-CPO' })
  assert.is((await post(both)).status, 404)
  await agree('DE-BTH', { modules: ['nltnm-parking', 'commands', 'sessions'] })
  const reply = await post(both)
  assert.is(reply.code, 1000, reply.text)
  assert.is(cpo.received('receiver/nltnm-parking')[0]?.rest, '/a')
  assert.is((await post(stranger)).status, 404)
  await agree('DE-BTH')
})

test('a platform that cannot be told who asks is not asked for lists of what is one party’s', async () => {
  const list = (target: string) => cpo.send('GET', target, { to: 'NL-PAY' })
  assert.is((await list('sender/payments/terminals')).code, 1000)
  const quirks = { no_routing_headers: true }
  const set = await hub.admin('PATCH', `/platforms/${payer.id}`, { quirks, reason: 'test' })
  assert.is(set.status, 200, set.text)
  payer.forget()
  for (const family of ['terminals', 'financial-advice-confirmations'])
    assert.is((await list(`sender/payments/${family}`)).code, 4000, family)
  assert.equal(payer.got, [])
  assert.is((await list('sender/payments/terminals/T1')).code, 1000)
})

test('after an agreement has ended no result flows', async () => {
  const stop = { response_url: resultUrl(both, 'late'), session_id: 'S1' }
  const sent = await command(both, 'STOP_SESSION', { body: stop, to: 'BE-CPO' })
  assert.is(sent.code, 1000, sent.text)
  const minted = mintedIn(cpo.received('receiver/commands').at(-1))
  const say = () => cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })
  assert.is((await say()).code, 1000)
  assert.is((await hub.admin('DELETE', '/agreements/BE-CPO/DE-BTH')).status, 204)
  const late = await say()
  assert.equal([late.status, late.code], [200, 4001])
  assert.is(resultsAt(both, 'late').length, 1)
})

test.run()
