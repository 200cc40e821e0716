// What the hub holds by itself, what decides a dispute without anybody's word, and what comes after a cycle is final.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { remindDisputes } from '../../src/hub/disputes/remind.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, money } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { keysOf, ocmf, reading } from '../helpers/ocmf.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, wrong, contest, tryContest, act, of, detail, parts, days, verify } = story

const test = suite('drafts and proofs')
test.after.each(verify)
test.after(() => hub.close())

/** A CDR of 10 kWh whose meter signed another energy; or none, where it cannot have been. */
const keys = keysOf()
const signed = (to: string): Json => {
  const record = ocmf({ keys, readings: [reading('B', '100.000'), reading('E', to)], meter: to })
  const values = [{ nature: 'Transaction', plain_data: '', signed_data: record }]
  return {
    signed_data: { encoding_method: 'OCMF', public_key: keys.hex, signed_values: values },
  }
}
/** A CDR of more energy than its session. */
const billed = (kwh: number): Json => {
  const cost = money(kwh * 0.3)
  const dimensions = [
    { type: 'ENERGY', volume: kwh },
    { type: 'TIME', volume: 1 },
  ]
  const start_date_time = fromNow(-2 * 3_600_000)
  const charging_periods = [{ start_date_time, dimensions, tariff_id: 'T1' }]
  return { total_energy: kwh, total_cost: cost, total_energy_cost: cost, charging_periods }
}
const last = async (id: string) => {
  const [dispute] = (await of(id)).toReversed()
  if (!dispute) throw new Error(`no dispute of ${id}`)
  return dispute
}

test('a wrong price holds what is at risk alone, as a draft with a clock', async () => {
  await wrong('WRONG')
  assert.is(await parts('WRONG'), 'held provisional:3 held:1')
  const draft = await last('WRONG')
  assert.is(draft.state, 'draft')
  assert.is(draft.code, 'P1')
  assert.is(draft.evidence_hash, null)
  const opened = await contest('WRONG', { code: 'P1', text: 'the tariff says 0.30' })
  assert.is(opened.id, draft.id)
  assert.is(opened.state, 'open')
  assert.match(opened.evidence_hash ?? '', /^[0-9a-f]{64}$/)
  assert.is(await parts('WRONG'), 'contested provisional:3 held:1')
  const again = await contest('WRONG', { code: 'P1', text: 'and our records say so too' })
  assert.is(again.id, draft.id)
  const { history, evidence } = await detail(again)
  assert.equal(
    history.map(({ sentence }) => sentence),
    [
      'The hub found 1.20 EUR too much and holds it back.',
      'DE-EMA disputes 1.20 EUR.',
      'DE-EMA adds a reason to the dispute about 1.20 EUR.',
    ],
  )
  assert.ok(evidence.length > 3)
  const other = await tryContest('WRONG', { code: 'P1', amount: { net: '2.00' } })
  assert.is(other.ok, false)
})

test('the eMSP waives a draft: all of it runs on', async () => {
  await wrong('WAIVE')
  const closed = await act(await last('WAIVE'), 'withdraw', 'emsp')
  assert.is(closed.outcome, 'withdrawn')
  assert.is(await parts('WAIVE'), 'provisional provisional:4')
})

test('energy is decided by the registers that the meter signed, at once', async () => {
  await clean('RIGHT', signed('110.000'))
  const denied = await contest('RIGHT', { code: 'Q2', amount: { net: '1.00' } })
  assert.is(denied.state, 'auto_resolved')
  assert.is(denied.outcome, 'denied')
  assert.is((await contest('RIGHT', { code: 'Q2' })).id, denied.id)
  assert.is(await parts('RIGHT'), 'approved due:3')
  const proof = (await detail(denied)).history.at(-1)
  assert.match(proof?.text ?? '', /signed registers of the meter show 10 kWh.*energy is right/)
  assert.ok((await detail(denied)).evidence.some(({ name }) => /proof/.test(name)))
})

test('signed registers that show less: upheld at the price of the signed energy', async () => {
  await clean('LESS', signed('108.000'))
  const before = await of('LESS')
  const upheld =
    before.length > 0
      ? await act(before[0] ?? (await last('LESS')), 'accept', 'cpo')
      : await contest('LESS', { code: 'Q2', amount: { net: '1.00' } })
  assert.is(upheld.state, 'await_credit')
  assert.is(upheld.upheld_net, '0.60')
})

test('what both tolerate, without tax and with it, is no dispute', async () => {
  await clean('SMALL')
  const most = { amount: { net: '0.015', tax: '0.005' } }
  const closed = await contest('SMALL', most)
  assert.is((await contest('SMALL', most)).id, closed.id)
  assert.not((await contest('SMALL', { amount: { net: '0.01' } })).id === closed.id)
  assert.is(closed.state, 'auto_resolved')
  assert.is(closed.outcome, 'tolerated')
  assert.is(await parts('SMALL'), 'provisional provisional:3')
  const { sentence, text } = (await detail(closed)).history.at(-1) ?? {}
  assert.match(sentence ?? '', /^The disputed 0\.02 EUR are within/)
  assert.match(
    text ?? '',
    /without tax are within the 0\.02 EUR .* 0\.02 EUR with tax within 0\.02 EUR/,
  )
  const taxed = await contest('SMALL', { code: 'V2', amount: { net: '0.00', tax: '0.06' } })
  assert.equal([taxed.state, taxed.net, taxed.tax], ['open', '0.00', '0.06'])
})

test('too much tax is no trifle, however small the difference without it', async () => {
  await clean('TAX', { total_cost: { excl_vat: 3, incl_vat: 30 } })
  const draft = await last('TAX')
  assert.equal([draft.code, draft.net, draft.tax], ['P1', '0.00', '26.40'])
  await days(9)
  assert.is((await last('TAX')).state, 'draft')
  await days(1)
  const upheld = await last('TAX')
  assert.equal(
    [upheld.state, upheld.upheld_net, upheld.upheld_tax],
    ['await_credit', '0.00', '26.40'],
  )
  await clean('TWICE-VAT', { total_cost: { excl_vat: 3, incl_vat: 4.32 } })
  const before = await of('TWICE-VAT')
  assert.ok(before.length > 0)
  await days(30)
  for (const one of await of('TWICE-VAT')) assert.is(one.outcome ?? 'upheld', 'upheld', one.code)
})

test('a session billed twice: proven, upheld by itself, and nothing of it is left', async () => {
  const first = await clean('TWICE')
  await story.post({ ...first, id: 'TWICE-2' })
  await hub.drain()
  assert.is(await parts('TWICE-2'), 'held provisional:0 held:3')
  assert.is((await last('TWICE-2')).deadline?.verb, 'resolve')
  await days(10)
  const upheld = await last('TWICE-2')
  assert.is(upheld.state, 'await_credit')
  assert.is(await parts('TWICE-2'), 'withdrawn due:0')
  const { history } = await detail(upheld)
  assert.equal(history.at(-1)?.via, ['open', 'auto_resolved'])
  assert.match(history.at(-1)?.text ?? '', /TWICE bills the same session/)
})

test('an arithmetic error against the own tariff is upheld unless the CPO answers', async () => {
  await wrong('ARITH')
  await wrong('ANSWERED')
  const denied = await act(await last('ANSWERED'), 'answer', 'cpo')
  assert.is(denied.state, 'denied')
  assert.ok(denied.evidence_hash)
  await days(10)
  assert.is((await last('ARITH')).upheld_net, '1.00')
  assert.is(await parts('ARITH'), 'approved due:3')
  assert.is((await last('ANSWERED')).outcome, 'denied')
  assert.is(await parts('ANSWERED'), 'approved due:3 due:1')
})

test('a draft that nothing proves opens after three days, and silence then counts', async () => {
  await clean('HEAVY', billed(12))
  const draft = await last('HEAVY')
  assert.is(draft.code, 'Q1')
  assert.is(draft.deadline?.verb, 'open')
  assert.is(await parts('HEAVY'), 'held provisional:3 held:0.6')
  await days(3)
  assert.is((await last('HEAVY')).state, 'open')
  await days(14)
  assert.is((await last('HEAVY')).state, 'await_credit')
  assert.is(await parts('HEAVY'), 'approved due:3')
})

test('a draft that the signed energy contradicts is denied when its clock ends', async () => {
  await clean('SIGNED', { ...billed(12), ...signed('112.000') })
  const all = await of('SIGNED')
  if (all.length === 0) assert.match(await parts('SIGNED'), /^provisional/)
  await days(3)
  for (const { code, outcome } of await of('SIGNED')) assert.is(outcome, 'denied', code)
})

test('after the cycle is final nothing is held, and what is upheld is taken off in the next', async () => {
  await clean('PAID')
  await hub.admin('POST', '/cdrs/NL/TNM/PAID/approve', { reason: 'a test' })
  const open = await hub.context.db.rows<{ id: string }>({
    text: "select id from cycles where state = 'open'",
    values: [],
  })
  const cycle = open[0]?.id ?? ''
  await hub.admin('POST', `/cycles/${cycle}/close`, {})
  await hub.admin('POST', `/cycles/${cycle}/finalize`, {})
  assert.is(await parts('PAID'), 'netted due:3')
  const opened = await contest('PAID', { amount: { net: '1.00' } })
  assert.is(opened.holds, false)
  assert.is(await parts('PAID'), 'contested due:3')
  await act(opened, 'accept', 'cpo')
  assert.is(await parts('PAID'), 'approved due:3 due:-1')
  const more = await tryContest('PAID', { code: 'Q1', amount: { net: '2.50' } })
  assert.is(more.ok, false)
  if (!more.ok) assert.match(more.message, /2\.00 EUR/)
})

test('late is flagged, too late is refused for good', async () => {
  await clean('LATE')
  await days(31)
  const late = await contest('LATE', { amount: { net: '1.00' } })
  assert.is(late.out_of_time, true)
  await days(120)
  const over = await tryContest('LATE', { code: 'Q1' })
  assert.is(over.ok, false)
  if (!over.ok) assert.match(over.message, /until \d+ \w+ \d{4}, .* CES?T; that is over/)
})

test('both parties are told once of a deadline that is near, in the time of the place', async () => {
  const put = await hub.asParty(cpo, 'PUT', '/webhook', {
    url: 'http://127.0.0.1:9/',
    events: ['*'],
  })
  assert.is(put.status, 200)
  await wrong('NEAR')
  const told = () =>
    hub.context.db.rows<{ message: string }>(sql`
      select body #>> '{data,message}' as message from party_events where type = 'dispute.deadline' and body::text like '%NEAR%'`)
  await remindDisputes(hub.context.db)
  assert.is((await told()).length, 0)
  await days(9)
  await remindDisputes(hub.context.db)
  await remindDisputes(hub.context.db)
  const messages = (await told()).map(({ message }) => message)
  assert.is(messages.length, 1, messages.join('\n'))
})

test.run()
