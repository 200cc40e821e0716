// A settlement cycle from its first CDR to its final statements, and what is carried on.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const both = await hub.connect({
  parties: [
    { party: 'BE-TWO', role: 'CPO' },
    { party: 'BE-TWO', role: 'EMSP' },
  ],
})
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr, post, shown, stand } = storyOf(hub, cpo)
const FIRST = 'EUR-000001'
const SECOND = 'EUR-000002'

const test = suite('cycle')
test.after.each(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})
test.after(() => hub.close())

const approve = (id: string) =>
  hub.admin('POST', `/cdrs/NL/TNM/${id}/approve`, { reason: 'a test' })

async function sent(id: string, payer: FakePartner, price?: number): Promise<void> {
  const one = charge(id, payer)
  await prepare(one, payer)
  const { tariffs } = cdr(one)
  await post(cdr({ ...one, ...(price === undefined ? {} : { price }) }, { tariffs }))
  await hub.drain()
}

type Totals = { approved: unknown; provisional: unknown; held: unknown; position: unknown }

/** The gross amounts of a statement: what the party gets and owes, column by column. */
async function totals(cycle: string, party: string): Promise<Totals> {
  const { json } = await hub.admin('GET', `/cycles/${cycle}/statements/${party.replace('-', '/')}`)
  const column = (name: string) => [
    at(json, 'totals', name, 'gets', 'gross'),
    at(json, 'totals', name, 'owes', 'gross'),
  ]
  return {
    approved: column('approved'),
    provisional: column('provisional'),
    held: column('held'),
    position: at(json, 'totals', 'net_position'),
  }
}

const NOTHING = ['0.00', '0.00']
const cyclesNow = async () =>
  items(at((await hub.admin('GET', '/cycles')).json, 'items')).map(
    (each) => `${String(at(each, 'id'))} ${String(at(each, 'state'))}`,
  )

test('what clears belongs to the open cycle, in a column of its own', async () => {
  await sent('C1', emsp)
  await sent('C2', emsp)
  await sent('C3', emsp, 0.9)
  await sent('C4', both)
  await approve('C1')
  await approve('C4')
  const back = { owner: 'BE-TWO', payer: 'DE-EMA', uid: 'CARD-B1' }
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'CARD-B1'))
  await put(both, 'sessions', sessionOf({ ...back, id: 'S-B1' }))
  await both.send('POST', 'receiver/cdrs', { body: cdrOf({ ...back, id: 'B1' }) })
  await hub.drain()
  await hub.admin('POST', '/cdrs/BE/TWO/B1/approve', { reason: 'a test' })
  assert.equal(await totals(FIRST, 'NL-TNM'), {
    approved: ['7.20', '0.00'],
    provisional: ['7.20', '0.00'],
    held: ['7.20', '0.00'],
    position: '7.20',
  })
  assert.equal((await totals(FIRST, 'BE-TWO')).approved, ['3.60', '3.60'])
  assert.is((await totals(FIRST, 'BE-TWO')).position, '0.00')
  assert.is((await totals(FIRST, 'DE-EMA')).position, '-7.20')
})

test('a cycle that is open cannot be made final', async () => {
  assert.is((await hub.admin('POST', `/cycles/${FIRST}/finalize`, {})).status, 409)
})

test('closing opens the next one, writes preliminary statements, and is done once', async () => {
  const replies = await Promise.all(
    [1, 2].map(() => hub.admin('POST', `/cycles/${FIRST}/close`, {})),
  )
  for (const reply of replies) {
    assert.is(reply.status, 200, reply.text)
    assert.is(at(reply.json, 'next_cycle'), SECOND)
  }
  assert.equal(await cyclesNow(), [`${FIRST} contest`, `${SECOND} open`])
  assert.is((await totals(FIRST, 'NL-TNM')).position, '7.20')
})

test('what comes after the closing belongs to the next cycle', async () => {
  await sent('C5', emsp)
  assert.is((await shown('C5')).cycle, SECOND)
  assert.equal((await totals(SECOND, 'NL-TNM')).provisional, ['3.60', '0.00'])
})

test('each party sees its own statement and nobody else’s', async () => {
  const own = await hub.asParty(emsp, 'GET', `/cycles/${FIRST}/statements/DE/EMA`)
  assert.is(own.status, 200)
  assert.is((await hub.asParty(emsp, 'GET', `/cycles/${FIRST}/statements/NL/TNM`)).status, 404)
  const lines = items(at(own.json, 'lines')).map(
    (line) =>
      `${String(at(line, 'cdr_id'))} ${String(at(line, 'state'))} ${String(at(line, 'gross'))}`,
  )
  assert.equal(lines.sort(), [
    'B1 approved 3.60',
    'C1 approved 3.60',
    'C2 provisional 3.60',
    'C3 held 7.20',
    'C3 provisional 3.60',
  ])
})

test('finalizing nets what is approved, carries the rest, and is done once', async () => {
  const replies = await Promise.all(
    [1, 2].map(() => hub.admin('POST', `/cycles/${FIRST}/finalize`, {})),
  )
  for (const reply of replies) {
    assert.is(reply.status, 200, reply.text)
    const positions = items(at(reply.json, 'positions'))
    const net = Object.fromEntries(
      positions.map((each) => [String(at(each, 'party')), Number(at(each, 'net'))]),
    )
    assert.equal([net['NL-TNM'], net['DE-EMA'], net['BE-TWO'] ?? 0], [7.2, -7.2, 0])
  }
  assert.equal(await cyclesNow(), [`${FIRST} final`, `${SECOND} open`])
  const final = await totals(FIRST, 'NL-TNM')
  assert.equal(
    [final.approved, final.provisional, final.held],
    [['7.20', '0.00'], NOTHING, NOTHING],
  )
})

test('what was carried says where it comes from, and may still be approved', async () => {
  for (const [id, state] of [
    ['C2', 'provisional'],
    ['C3', 'held P1'],
  ] as const) {
    assert.equal([await stand(id), (await shown(id)).cycle], [state, SECOND])
    const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
    assert.is(at(json, 'carried_from'), FIRST)
  }
  await approve('C2')
  const { approved, provisional, held } = await totals(SECOND, 'NL-TNM')
  assert.equal(
    [approved, provisional, held],
    [
      ['3.60', '0.00'],
      ['7.20', '0.00'],
      ['7.20', '0.00'],
    ],
  )
})

test('a credit of what is final is a line of the open cycle', async () => {
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/C1')
  const original = Object(JSON.parse(String(at(json, 'original'))))
  await post(creditOf(original, 'C1-credit'))
  await hub.drain()
  assert.equal([await stand('C1'), await stand('C1-credit')], ['credited', 'credited'])
  assert.is((await shown('C1-credit')).cycle, SECOND)
  assert.equal((await totals(FIRST, 'NL-TNM')).position, '7.20', 'what is final stays')
  assert.equal((await totals(SECOND, 'NL-TNM')).position, '0.00')
})

test('the CSV of a statement has a line for each of its lines', async () => {
  const csv = await hub.admin('GET', `/cycles/${SECOND}/statements/NL/TNM?format=csv`)
  assert.match(String(csv.headers['content-type']), 'text/csv')
  for (const id of ['C1-credit', 'C2', 'C3', 'C5']) assert.match(csv.text, id)
})

test('a second cycle closes and ends like the first', async () => {
  assert.is((await hub.admin('POST', `/cycles/${SECOND}/close`, {})).status, 200)
  assert.is((await hub.admin('POST', `/cycles/${SECOND}/finalize`, {})).status, 200)
  assert.equal((await totals(SECOND, 'NL-TNM')).position, '0.00')
  assert.is((await shown('C3')).cycle, 'EUR-000003')
})

test.run()
