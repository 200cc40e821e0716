// Disputes from finding to end, over real processes: what each side sees and does, what the clock does, where the money is.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { ocmfOf } from '../helpers/clearing-world-signed.ts'
import { startDisputeStory } from '../helpers/dispute-processes.ts'
import { creditOf, money } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const story = await startDisputeStory()
const { cpo, emsp, stranger, as, admin, charge, send, cdrIn, disputeIn, adjustments, pass } = story

const test = suite('disputes')
test.after(async () => {
  const { json } = await admin('POST', '/ledger/verify', {})
  await story[Symbol.asyncDispose]()
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})

/** A CDR that claims more than its own tariff gives. */
async function overcharged(id: string, by: number): Promise<Json> {
  const cdr = await charge(id)
  const cost = money(3 + by)
  return { ...cdr, total_cost: cost, total_energy_cost: cost }
}

const codes = (cdr: unknown) => items(at(cdr, 'findings')).map((one) => at(one, 'code'))
const findingOf = (cdr: unknown, code: string) =>
  items(at(cdr, 'findings')).find((one) => at(one, 'code') === code)

test('wrong price: only the difference is held, explained, accepted, documented, closed', async () => {
  const cdr = await overcharged('A1', 1)
  await send(cdr)
  const held = await cdrIn('A1', 'held')
  const finding = findingOf(held, 'P1')
  assert.is(at(finding, 'severity'), 'S')
  assert.match(String(at(finding, 'message')), /4\.00 EUR/)
  assert.is(at(finding, 'explanation', 'at_risk', 'net'), '1')
  const draft = await disputeIn('A1', 'draft')
  assert.equal([draft['net'], draft['tax'], draft['code']], ['1.00', '0.20', 'P1'])

  const accepted = await as(cpo, 'POST', `/disputes/${String(draft['id'])}/accept`, {})
  assert.is(accepted.status, 200, accepted.text)
  await disputeIn('A1', 'await_credit')
  const approved = await cdrIn('A1', 'approved')
  assert.is(at(approved, 'state'), 'approved')
  const [waiting] = await adjustments(cpo, 'A1')
  assert.equal([waiting?.['net'], waiting?.['state']], ['1.00', 'awaiting_document'])

  await send(creditOf(cdr, 'A1-C'))
  await cdrIn('A1', 'credited')
  await disputeIn('A1', 'await_replacement')
  await send({ ...cdr, id: 'A1-R', total_cost: money(3), total_energy_cost: money(3) })
  const replacement = await cdrIn('A1-R', 'provisional')
  assert.not(codes(replacement).includes('C7'))
  const closed = await disputeIn('A1', 'closed')
  assert.is(closed['outcome'], 'upheld')
  const [consumed] = await adjustments(emsp, 'A1')
  assert.equal(
    [
      consumed?.['state'],
      consumed?.['credit'],
      consumed?.['replacement'],
      consumed?.['difference_net'],
    ],
    ['consumed', 'A1-C', 'A1-R', '0.00'],
  )
})

/** A session of 8 kWh, billed with 10, and what the meter signed. */
async function signed(id: string, wh: number, spoil = false): Promise<Json> {
  const now = performance.timeOrigin + performance.now()
  const hour = 3_600_000
  const record = ocmfOf({
    key: `meter of ${id}`,
    meter: `M-${id}`,
    startMs: now - 2 * hour,
    endMs: now - hour,
    startWh: 1_000_000,
    stopWh: 1_000_000 + wh,
    token: `CARD-${id}`,
    spoil,
  })
  return charge(id, { session: { kwh: 8 }, cdr: { signed_data: record, meter_id: `M-${id}` } })
}

test('energy is disputed, and the signed meter is right: for the CPO', async () => {
  await send(await signed('B1', 10_000))
  // The meter agrees with the bill, so that nothing is held for what the session says.
  const cdr = await cdrIn('B1', 'provisional')
  assert.is(at(findingOf(cdr, 'Q1'), 'severity'), 'W')
  const contested = await as(emsp, 'POST', '/cdrs/NL/TNM/B1/contest', {
    code: 'Q1',
    text: 'we saw 8 kWh',
  })
  assert.is(contested.status, 200, contested.text)
  const ended = await disputeIn('B1', 'auto_resolved')
  assert.is(ended['outcome'], 'denied')
  assert.is(at(await cdrIn('B1', 'approved'), 'state'), 'approved')
})

test('energy is disputed, and the signed meter is right: for the eMSP', async () => {
  await send(await signed('B2', 8_000))
  const cdr = await cdrIn('B2', 'held')
  assert.ok(codes(cdr).includes('G2'), String(codes(cdr)))
  const draft = await disputeIn('B2', 'draft')
  await as(emsp, 'POST', '/cdrs/NL/TNM/B2/contest', { code: draft['code'], text: 'we saw 8 kWh' })
  const ended = await disputeIn('B2', 'await_credit')
  assert.equal([ended['upheld_net'], ended['upheld_tax']], ['0.60', '0.12'])
  const [taken] = await adjustments(emsp, 'B2')
  assert.is(taken?.['net'], '0.60')
})

test('a record that was changed decides nothing', async () => {
  await send(await signed('B3', 10_000, true))
  const cdr = await cdrIn('B3', 'held')
  assert.ok(codes(cdr).includes('G1'), String(codes(cdr)))
  const draft = await disputeIn('B3', 'draft')
  await as(emsp, 'POST', '/cdrs/NL/TNM/B3/contest', { code: draft['code'], text: 'we saw 8 kWh' })
  await disputeIn('B3', 'open')
})

test('the eMSP contests in time, the CPO keeps silent: upheld by the clock', async () => {
  await send(await charge('C1'))
  await cdrIn('C1', 'provisional')
  const body = { code: 'Z8', amount: { net: '1.20' }, text: 'the car left after 40 minutes' }
  const opened = await as(emsp, 'POST', '/cdrs/NL/TNM/C1/contest', body)
  assert.is(opened.status, 200, opened.text)
  assert.equal([at(opened.json, 'net'), at(opened.json, 'tax')], ['1.20', '0.24'])
  const cdr = await cdrIn('C1', 'contested')
  assert.ok(cdr)
  const { json } = await as(cpo, 'GET', `/disputes/${String(at(opened.json, 'id'))}`)
  assert.ok(items(at(json, 'possible')).includes('answer'))
  assert.is(at(json, 'deadline', 'verb'), 'uphold')
  await pass(15)
  const ended = await disputeIn('C1', 'await_credit')
  assert.is(ended['upheld_net'], '1.20')
  await cdrIn('C1', 'approved')
  const history = items(
    at((await as(emsp, 'GET', `/disputes/${String(ended['id'])}`)).json, 'history'),
  )
  assert.equal(at(history.at(-1), 'via'), ['no_response', 'accepted_full'])
})

test('a credit that comes before its original waits for it', async () => {
  const cdr = await charge('D1')
  await send(creditOf(cdr, 'D1-C'))
  await cdrIn('D1-C', 'orphan_credit')
  await send(cdr)
  await cdrIn('D1', 'credited')
  await cdrIn('D1-C', 'credited')
})

test('a dispute goes on over the close and the end of a cycle', async () => {
  await send(await charge('E1'))
  const cleared = await cdrIn('E1', 'provisional')
  const cycle = String(at(cleared, 'cycle'))
  const body = { code: 'Z8', amount: { net: '1.00' }, text: 'too long' }
  const opened = await as(emsp, 'POST', '/cdrs/NL/TNM/E1/contest', body)
  await cdrIn('E1', 'contested')
  const whole = await charge('E2')
  await send(whole)
  await cdrIn('E2', 'provisional')
  const approved = await as(emsp, 'POST', '/cdrs/NL/TNM/E2/approve', { reason: 'checked' })
  assert.is(approved.status, 200, approved.text)
  await admin('POST', `/cycles/${cycle}/close`, {})
  await admin('POST', `/cycles/${cycle}/finalize`, {})
  await cdrIn('E2', 'netted')
  await cdrIn('E1', 'contested')
  // What was settled can still be contested: nothing is held, what is upheld is taken off in the open cycle.
  const late = await as(emsp, 'POST', '/cdrs/NL/TNM/E2/contest', {
    ...body,
    amount: { net: '0.75' },
  })
  assert.equal([at(late.json, 'holds'), at(late.json, 'net')], [false, '0.75'])
  for (const id of [at(opened.json, 'id'), at(late.json, 'id')])
    await as(cpo, 'POST', `/disputes/${String(id)}/accept`, {})
  await disputeIn('E1', 'await_credit')
  await disputeIn('E2', 'await_credit')
  const parts = await story.web.database.db.rows<{
    cdr_id: string
    kind: string
    book: string
    net: bigint
    cycle_id: string
  }>(sql`
    select c.cdr_id, p.kind, p.book, p.net_micros as net, p.cycle_id from cdr_parts p join cdrs c on c.id = p.cdr_id
    where c.cdr_id in ('E1', 'E2') order by c.cdr_id`)
  assert.equal(
    parts.map((part) => [part.cdr_id, part.kind, part.book, part.net]),
    [
      ['E1', 'disputed', 'ended', 1_000_000n],
      ['E2', 'adjustment', 'due', -750_000n],
    ],
  )
  assert.not(parts.some((part) => part.cycle_id === cycle))
})

test('both see their half, nobody else anything', async () => {
  await send(await overcharged('F1', 2))
  await cdrIn('F1', 'held')
  const draft = await disputeIn('F1', 'draft')
  const id = String(draft['id'])
  for (const partner of [cpo, emsp]) {
    const seen = await as(partner, 'GET', `/disputes/${id}`)
    assert.is(seen.status, 200, seen.text)
    assert.equal([at(seen.json, 'cpo'), at(seen.json, 'emsp')], ['NL-TNM', 'DE-EMA'])
  }
  assert.equal(items(at((await as(stranger, 'GET', '/disputes')).json, 'items')), [])
  assert.equal(items(at((await as(stranger, 'GET', '/adjustments')).json, 'items')), [])
  assert.equal(items(at((await as(stranger, 'GET', '/cdrs')).json, 'items')), [])
  assert.is((await as(stranger, 'GET', `/disputes/${id}`)).status, 404)
  assert.is((await as(stranger, 'GET', '/cdrs/NL/TNM/F1')).status, 404)
  for (const verb of ['accept', 'withdraw', 'answer'])
    assert.is(
      (await as(stranger, 'POST', `/disputes/${id}/${verb}`, { text: 'mine' })).status,
      404,
      verb,
    )
  const foreign = await as(stranger, 'POST', '/cdrs/NL/TNM/F1/contest', {
    code: 'P1',
    text: 'mine',
  })
  assert.is(foreign.status, 404, foreign.text)
  assert.is((await as(stranger, 'POST', '/cdrs/NL/TNM/F1/approve', { reason: 'mine' })).status, 404)
  // Neither side does what is the other's to do.
  const gone = await as(cpo, 'POST', `/disputes/${id}/withdraw`, { text: 'gone' })
  assert.ok([403, 409].includes(gone.status), gone.text)
  const own = await as(emsp, 'POST', `/disputes/${id}/accept`, {})
  assert.ok([403, 409].includes(own.status), own.text)
  assert.is((await disputeIn('F1', 'draft'))['state'], 'draft')
})

test.run()
