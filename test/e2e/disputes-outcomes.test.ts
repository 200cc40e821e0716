// Disputes of a CPO and an eMSP, path by path: what becomes of the dispute, and what of the money.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import { openPattern } from '../../src/hub/disputes/pattern.ts'
import { listDisputes } from '../../src/hub/disputes/read.ts'
import { ocmfOf } from '../helpers/clearing-world-signed.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { clean, contest, tryContest, act, tryAct, of, detail, parts, days, verify, scopes } =
  disputesOf(hub, {
    cpo,
    emsp,
  })

const test = suite('disputes')
test.after.each(verify)
test.after(() => hub.close())
const two = { amount: { net: '2.00' } }

test('what signed registers show is taken off once, whatever it is disputed for', async () => {
  const now = performance.timeOrigin + performance.now()
  const record = ocmfOf({
    key: 'meter of SIGNED',
    meter: 'M-SIGNED',
    startMs: now - 7_200_000,
    endMs: now - 3_600_000,
    startWh: 1_000_000,
    stopWh: 1_008_000,
    token: 'CARD-SIGNED',
    spoil: false,
  })
  await clean('SIGNED', { signed_data: record, meter_id: 'M-SIGNED' })
  assert.is(await parts('SIGNED'), 'held provisional:2.4 held:0.6')
  const first = await contest('SIGNED', { code: 'Q1', amount: { net: '0.50' } })
  assert.is(first.upheld_net, '0.50')
  const second = await contest('SIGNED', { code: 'Q2', amount: { net: '0.50' } })
  assert.equal([second.upheld_net, second.upheld_tax], ['0.10', '0.02'])
  const third = await contest('SIGNED', { code: 'Q3', amount: { net: '0.50' } })
  assert.equal([third.outcome, third.upheld_net], ['denied', '0.00'])
  const [draft] = await of('SIGNED')
  const last = await contest('SIGNED', { code: draft?.code ?? '' })
  assert.equal([last.outcome, last.upheld_net], ['denied', '0.00'])
})

test('no more is taken off a settled CDR than it claims, alone or by a pattern', async () => {
  const { db } = hub.context
  for (const id of ['PAID-A', 'PAID-B']) {
    await clean(id)
    await hub.admin('POST', `/cdrs/NL/TNM/${id}/approve`, { reason: 'a test' })
  }
  const rows = await db.rows<{ id: bigint; cycle: string }>(sql`
    select c.id, s.cycle_id as cycle from cdrs c join cdr_states s on s.cdr_id = c.id
    where c.cdr_id in ('PAID-A', 'PAID-B') order by c.cdr_id`)
  const cycle = rows[0]?.cycle ?? ''
  await hub.admin('POST', `/cycles/${cycle}/close`, {})
  await hub.admin('POST', `/cycles/${cycle}/finalize`, {})
  const all = { amount: { net: '3.00' } }
  await act(await contest('PAID-A', all), 'accept', 'cpo')
  const open = await contest('PAID-B', all)
  const items = rows.map(({ id }) => ({ cdrId: id, net: 20_000n, tax: 4_000n }))
  const pair = { owner: 'NL-TNM', receiver: 'DE-EMA', currency: 'EUR', code: 'S4' }
  const pattern = { ...pair, items, statement: 'too high', terms: defaultTerms }
  await db.transaction((tx) => openPattern(tx, pattern))
  const [biased] = (await listDisputes(db, scopes.operator, { code: 'S4' })).items
  assert.ok(biased)
  if (biased) await act(biased, 'accept', 'cpo')
  await act(open, 'accept', 'cpo')
  assert.match(await parts('PAID-A'), /due:3 due:-3$/)
  assert.match(await parts('PAID-B'), /due:3 due:-0.02 due:-2.98$/)
})

test('only what is disputed is held; the CPO accepts all of it', async () => {
  await clean('FULL')
  const opened = await contest('FULL', { ...two, text: 'we measured 3 kWh' })
  assert.is(opened.state, 'open')
  assert.is(opened.tax, '0.40')
  assert.is(await parts('FULL'), 'contested provisional:1 held:2')
  const accepted = await act(opened, 'accept', 'cpo')
  assert.is(accepted.state, 'await_credit')
  assert.is(await parts('FULL'), 'approved due:1')
  const { history, adjustments } = await detail(accepted)
  assert.equal(
    history.map(({ sentence }) => sentence),
    ['DE-EMA disputes 2.40 EUR.', 'NL-TNM accepts the dispute: 2.40 EUR are taken off.'],
  )
  assert.is(adjustments.length, 1)
})

test('withdrawn: what was held joins the rest again', async () => {
  await clean('BACK')
  const closed = await act(await contest('BACK', two), 'withdraw', 'emsp')
  assert.is(closed.outcome, 'withdrawn')
  assert.is(await parts('BACK'), 'provisional provisional:3')
  const again = await contest('BACK', { amount: { net: '3.00' } })
  assert.is(await parts('BACK'), 'contested provisional:0 held:3')
  await act(again, 'accept', 'cpo')
  assert.is(await parts('BACK'), 'withdrawn due:0')
})

test('what is decided is not disputed again; the rest is', async () => {
  await clean('AGAIN')
  await act(await act(await contest('AGAIN', two), 'answer', 'cpo'), 'accept', 'emsp')
  const second = await contest('AGAIN', { code: 'Q1' })
  assert.is(second.net, '1.00')
  assert.is(await parts('AGAIN'), 'contested due:0 due:2 held:1')
  await act(second, 'withdraw', 'emsp')
  assert.is(await parts('AGAIN'), 'approved due:0 due:2 due:1')
  assert.is((await tryContest('AGAIN', { code: 'Q3' })).ok, false)
})

test('a message that is sent again after its answer disputes nothing more', async () => {
  await clean('ONCE')
  const one = { amount: { net: '1.00' } }
  const first = await contest('ONCE', one)
  await act(first, 'accept', 'cpo')
  assert.is((await contest('ONCE', one)).id, first.id)
  assert.is(await parts('ONCE'), 'approved due:2')
  const more = await contest('ONCE', { amount: { net: '0.50' } })
  assert.is.not(more.id, first.id)
  await act(more, 'withdraw', 'emsp')
  assert.is.not((await contest('ONCE', { amount: { net: '0.50' } })).id, more.id)
})

test('what an operator ends stops where it is', async () => {
  await clean('ENDED')
  const ended = await act(await contest('ENDED', two), 'expire', 'operator')
  assert.is(ended.state, 'expired')
  assert.is(ended.outcome, 'denied')
  assert.is(await parts('ENDED'), 'approved due:1 due:2')
  const refused = await tryAct(ended, 'withdraw', 'emsp')
  assert.is(refused.ok, false)
})

test('the CPO denies and the eMSP keeps silent: the claim stands', async () => {
  await clean('DENY')
  const opened = await contest('DENY', two)
  const denied = await act(opened, 'answer', 'cpo')
  assert.is(denied.state, 'denied')
  assert.is(denied.deadline?.verb, 'close')
  await days(10)
  const [closed] = await of('DENY')
  assert.is(closed?.outcome, 'denied')
  assert.is(closed?.deadline, null)
  assert.is(await parts('DENY'), 'approved due:1 due:2')
})

test('the eMSP accepts a denial', async () => {
  await clean('AGREE')
  const denied = await act(await contest('AGREE', two), 'answer', 'cpo')
  const closed = await act(denied, 'accept', 'emsp')
  assert.is(closed.state, 'closed')
  assert.is(closed.outcome, 'denied')
})

test('the CPO keeps silent: all of it counts as accepted', async () => {
  await clean('SILENT')
  const opened = await contest('SILENT', two)
  await days(13)
  assert.is((await of('SILENT'))[0]?.state, 'open')
  await days(1)
  const [upheld] = await of('SILENT')
  assert.is(upheld?.state, 'await_credit')
  assert.is(upheld?.upheld_net, '2.00')
  assert.is(await parts('SILENT'), 'approved due:1')
  const { history } = await detail(opened)
  assert.equal(history.at(-1)?.via, ['no_response', 'accepted_full'])
  await days(30)
  const [closed] = await of('SILENT')
  assert.is(closed?.state, 'closed')
  assert.is(closed?.outcome, 'upheld')
  assert.is(await parts('SILENT'), 'approved due:1')
})

test('a review gives the CPO 21 days from the opening', async () => {
  await clean('REVIEW')
  const opened = await contest('REVIEW', two)
  await days(10)
  assert.is((await act(opened, 'review', 'cpo')).state, 'in_review')
  await days(10)
  assert.is((await of('REVIEW'))[0]?.state, 'in_review')
  await days(1)
  assert.is((await of('REVIEW'))[0]?.state, 'await_credit')
})

test('partial acceptance: the eMSP keeps silent, the rest stands', async () => {
  await clean('PART')
  const part = await act(await contest('PART', two), 'accept', 'cpo', {
    amount: { net: '0.50' },
  })
  assert.is(part.state, 'accepted_partial')
  assert.is(part.upheld_tax, '0.10')
  assert.is(await parts('PART'), 'contested provisional:1 held:2')
  await days(10)
  const [decided] = await of('PART')
  assert.is(decided?.state, 'await_credit')
  assert.is(await parts('PART'), 'approved due:1 due:1.5')
})

test('all of it after a part of it is no repetition', async () => {
  await clean('MORE')
  const opened = await contest('MORE', two)
  await act(opened, 'accept', 'cpo', { amount: { net: '0.50' } })
  const all = await act(opened, 'accept', 'cpo')
  assert.equal([all.state, all.upheld_net], ['await_credit', '2.00'])
  assert.is((await act(opened, 'accept', 'cpo')).upheld_net, '2.00')
  assert.is((await detail(opened)).history.length, 3)
})

test('three rounds, then the hub offers, both must agree', async () => {
  await clean('ROUNDS')
  let dispute = await contest('ROUNDS', two)
  for (const round of [1, 2]) {
    dispute = await act(dispute, 'answer', 'cpo', { text: `no, ${round}` })
    dispute = await act(dispute, 'rebut', 'emsp', { text: `yes, ${round}` })
    assert.is(dispute.state, 'second_review')
    assert.is(dispute.round, round + 1)
  }
  dispute = await act(dispute, 'accept', 'cpo', { amount: { net: '0.80' } })
  dispute = await act(dispute, 'rebut', 'emsp', { text: 'more' })
  assert.is(dispute.state, 'proposed')
  assert.equal(dispute.offer, { net: '0.80', tax: '0.16', by: 'hub' })
  const half = await act(dispute, 'accept', 'cpo')
  assert.is(half.state, 'proposed')
  const both = await act(dispute, 'accept', 'emsp')
  assert.is(both.state, 'await_credit')
  assert.is(both.upheld_net, '0.80')
  assert.is(await parts('ROUNDS'), 'approved due:1 due:1.2')
})

test('a rejected offer goes to arbitration; the operator rules, or the hub by the clock', async () => {
  for (const [id, ruled] of [
    ['RULED', true],
    ['UNRULED', false],
  ] as const) {
    await clean(id)
    const offered = await act(await contest(id, two), 'propose', 'cpo', {
      amount: { net: '1.00' },
    })
    const arbitration = await act(offered, 'reject', 'emsp')
    assert.is(arbitration.state, 'arbitration')
    if (ruled) await act(arbitration, 'rule', 'operator', { amount: { net: '1.50' } })
    else await days(30)
    const [decided] = await of(id)
    assert.is(decided?.upheld_net, ruled ? '1.50' : '1.00')
    assert.is(decided?.state, 'await_credit')
  }
})

test('an offer that nobody rejects counts as accepted', async () => {
  await clean('OFFER')
  await act(await contest('OFFER', two), 'propose', 'emsp', { amount: { net: '1.25' } })
  await days(10)
  assert.is((await of('OFFER'))[0]?.upheld_net, '1.25')
  assert.is(await parts('OFFER'), 'approved due:1 due:0.75')
})

test.run()
