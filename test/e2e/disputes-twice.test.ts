// Everything twice, also at once; who sees what; approval by filter; patterns over many CDRs.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import { actOnDispute } from '../../src/hub/disputes/act.ts'
import { approveCdrs } from '../../src/hub/disputes/approve.ts'
import { openPattern } from '../../src/hub/disputes/pattern.ts'
import { partnerQuality } from '../../src/hub/disputes/quality.ts'
import { listAdjustments } from '../../src/hub/disputes/read-adjustments.ts'
import { listDisputes } from '../../src/hub/disputes/read.ts'
import { sweepDue } from '../../workers/sweep.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const other = await hub.connect({ parties: [{ party: 'FR-XYZ', role: 'EMSP' }] })
const { db } = hub.context
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, tryContest, act, tryAct, of, detail, parts, days, verify, scopes } = story
const two = { amount: { net: '2.00' } }
const stranger = {
  kind: 'party',
  actor: 'FR-XYZ',
  platformId: other.id,
  cpos: [],
  emsps: ['FR-XYZ'],
} as const

const test = suite('disputes twice')
test.after.each(verify)
test.after(() => hub.close())

test('contesting twice, also at once, is one dispute', async () => {
  await clean('ONCE')
  const both = await Promise.all([1, 2, 3].map(() => contest('ONCE', two)))
  const after = await contest('ONCE', two)
  assert.is(new Set([...both, after].map(({ id }) => id)).size, 1)
  assert.is((await detail(after)).history.length, 1)
  assert.is(await parts('ONCE'), 'contested provisional:1 held:2')
})

test('each verb twice, also at once, does it once', async () => {
  await clean('VERBS')
  const opened = await contest('VERBS', two)
  const steps = [
    ['review', 'cpo', {}],
    ['accept', 'cpo', { amount: { net: '1.00' } }],
    ['rebut', 'emsp', { text: 'more' }],
    ['answer', 'cpo', { text: 'no' }],
    ['propose', 'emsp', { amount: { net: '1.50' } }],
    ['accept', 'cpo', {}],
  ] as const
  let count = 1
  for (const [verb, side, more] of steps) {
    const answers = await Promise.all([1, 2].map(() => act(opened, verb, side, more)))
    const again = await act(opened, verb, side, more)
    count += 1
    assert.equal(new Set([...answers, again].map(({ state }) => state)).size, 1, verb)
    assert.is((await detail(opened)).history.length, count, verb)
  }
  assert.is(await parts('VERBS'), 'approved due:1 due:0.5')
  assert.is((await detail(opened)).adjustments.length, 1)
})

test('the deadline swept and worked twice at once is done once', async () => {
  await clean('SWEPT')
  const opened = await contest('SWEPT', two)
  await hub.context.db.rows(sql`
    update disputes set deadline_at = clock_timestamp() - interval '1 second' where id = ${opened.id}::bigint`)
  const late = await tryAct(opened, 'answer', 'cpo')
  assert.is(late.ok, false)
  if (!late.ok) assert.match(late.message, /time for this is over/)
  await Promise.all([sweepDue(hub.context), sweepDue(hub.context)])
  await Promise.all([hub.drain(), hub.drain()])
  await hub.drain()
  const { state, history } = await detail(opened)
  assert.is(state, 'await_credit')
  assert.is(history.length, 2)
})

test('history is chained by hashes that PostgreSQL can reckon again', async () => {
  const wrong = await db.rows(sql`
    select * from (select e.*, lag(e.hash) over (partition by dispute_id order by epoch) as before
      from dispute_events e) e
    where prev_hash is distinct from before or hash <> event_hash(prev_hash, 'dispute:' || dispute_id, epoch,
      array[state, array_to_string(via, ' '), actor, reason_code, coalesce(reason, ''), verb, side, net_micros::text,
        tax_micros::text], at)`)
  assert.equal(wrong, [])
  const heads = await db.rows(sql`
    select 1 from disputes d join dispute_events e on e.dispute_id = d.id and e.epoch = d.epoch
    where e.hash is distinct from d.event_hash`)
  assert.equal(heads, [])
})

test('to anybody else there is no such dispute', async () => {
  const [dispute] = await of('ONCE')
  assert.ok(dispute)
  assert.equal((await listDisputes(db, stranger, {})).items, [])
  assert.equal((await listAdjustments(db, stranger, {})).items, [])
  const acted = await actOnDispute(hub.context, {
    disputeId: BigInt(dispute?.id ?? 0),
    verb: 'withdraw',
    side: 'emsp',
    actor: 'FR-XYZ',
    scope: stranger,
  })
  assert.equal(acted.ok ? '' : acted.reason, 'notFound')
  const asCpo = await tryAct(dispute ?? (await contest('ONCE')), 'accept', 'operator')
  assert.is(asCpo.ok, false, 'an operator does not answer for the CPO')
  const own = (await listDisputes(db, scopes.emsp, {})).items[0]
  const all = (await listDisputes(db, scopes.operator, {})).items[0]
  assert.match(own?.cdr?.token ?? '', /card-/i)
  assert.match(all?.cdr?.token ?? '', /^sha256:/)
})

test('no more than the remainder is disputed, over all disputes of a CDR', async () => {
  await clean('CAP')
  await contest('CAP', { code: 'Q2', ...two })
  const over = await tryContest('CAP', { code: 'Q1', amount: { net: '1.01' } })
  assert.is(over.ok ? '' : over.reason, 'invalid')
  if (!over.ok) assert.match(over.message, /1\.00 EUR/)
  const rest = await contest('CAP', { code: 'Q1' })
  assert.is(rest.net, '1.00')
  assert.is(await parts('CAP'), 'contested provisional:0 held:2 held:1')
  const none = await tryContest('CAP', { code: 'P1' })
  assert.is(none.ok, false)
  assert.is((await tryContest('CAP', { code: 'NOPE' })).ok, false)
  const [first] = await of('CAP')
  assert.ok(first)
  if (first) await act(first, 'withdraw', 'emsp')
  assert.is(await parts('CAP'), 'contested provisional:2 held:1')
})

test('approval by filter: once each, the disputed part stays', async () => {
  await clean('F1')
  await clean('F2')
  await clean('F3')
  await contest('F3', two)
  const order = { scope: scopes.emsp, actor: 'DE-EMA', reason: 'all in order' }
  const none = await approveCdrs(hub.context, { ...order, scope: stranger, filter: {} })
  assert.is(none.approved, 0)
  const small = await approveCdrs(hub.context, {
    ...order,
    filter: { currency: 'EUR', amountMax: '2.00', counterparty: 'NL-TNM' },
  })
  assert.ok(small.approved >= 1)
  assert.is(await parts('F1'), 'provisional provisional:3')
  assert.is(await parts('F3'), 'contested due:1 held:2')
  const runs = await Promise.all(
    [1, 2].map(() => approveCdrs(hub.context, { ...order, filter: {} })),
  )
  assert.is(
    runs.reduce((sum, { approved }) => sum + approved, 0),
    3,
  )
  assert.is(await parts('F1'), 'approved due:3')
  assert.is((await approveCdrs(hub.context, { ...order, filter: {} })).approved, 0)
})

test('a pattern is one dispute that holds nothing; upheld, each CDR is adjusted on its own', async () => {
  await clean('P-1')
  await clean('P-2')
  await hub.admin('POST', '/cdrs/NL/TNM/P-1/approve', { reason: 'a test' })
  const ids = await db.rows<{ id: bigint }>(sql`
    select id from cdrs where cdr_id in ('P-1', 'P-2') order by cdr_id`)
  const items = ids.map(({ id }) => ({ cdrId: id, net: 20_000n, tax: 4_000n }))
  const pattern = {
    owner: 'NL-TNM',
    receiver: 'DE-EMA',
    currency: 'EUR',
    code: 'S4',
    items,
    statement: 'Every CDR of this CPO is 0.6 % too high.',
    terms: defaultTerms,
  }
  const opened = await Promise.all(
    [1, 2].map(() => db.transaction((tx) => openPattern(tx, pattern))),
  )
  assert.is(opened.filter((id) => id !== null).length, 1)
  assert.is(await parts('P-2'), 'provisional provisional:3')
  const [dispute] = (await listDisputes(db, scopes.emsp, { code: 'S4' })).items
  assert.is(dispute?.cdr, null)
  assert.is(dispute?.net, '0.04')
  await days(14)
  assert.is(await parts('P-1'), 'approved due:2.98')
  assert.is(await parts('P-2'), 'provisional provisional:2.98')
  const { items: rows } = await listAdjustments(db, scopes.cpo, { state: 'awaiting_document' })
  assert.equal(
    rows.filter(({ dispute_id: id }) => id === dispute?.id).map(({ net }) => net),
    ['0.02', '0.02'],
  )
  assert.is(await db.transaction((tx) => openPattern(tx, pattern)), null)
})

test('both are told once that a deadline is near', async () => {
  await clean('NEAR')
  const opened = await contest('NEAR', two)
  await hub.passTime(13 * 86_400_000)
  const pushes = () =>
    db.rows(sql`select 1 from disputes where id = ${opened.id}::bigint and reminded_epoch = epoch`)
  assert.is((await pushes()).length, 0)
  await hub.drain()
  assert.is((await pushes()).length, 1)
})

test('quality: what each side did, by party', async () => {
  const window = { from: new Date(0), to: new Date(8_640_000_000_000) }
  const all = await partnerQuality(db, window)
  const own = all.find(({ party, role }) => party === 'NL-TNM' && role === 'CPO')
  const theirs = all.find(({ party, role }) => party === 'DE-EMA' && role === 'EMSP')
  assert.ok(own && theirs)
  assert.is(own?.cdrs, 10)
  assert.is(own?.untouched, 4, 'those of a pattern were not disputed one by one')
  assert.is(own?.untouched_share, '0.4000')
  assert.is(own?.disputes.lost, theirs?.disputes.won)
  assert.ok((own?.lateness_s.median ?? 0) > 3_000)
  assert.is(own?.disputes.opened, 7)
  const { opened, open, won, lost, split } = own.disputes
  assert.is(open + won + lost + split, opened)
  // Decided is no longer open, though its documents are still awaited.
  await clean('Q1')
  await act(await contest('Q1', two), 'accept', 'cpo')
  const [later] = await partnerQuality(db, { ...window, party: 'NL-TNM' })
  assert.equal(
    [later?.disputes.opened, later?.disputes.open, later?.disputes.lost],
    [opened + 1, open, lost + 1],
  )
  assert.ok((own?.held ?? []).every(({ currency }) => currency === 'EUR'))
  const one = await partnerQuality(db, { ...window, party: 'DE-EMA' })
  assert.is(one[0]?.disputes.opened, theirs.disputes.opened + 1)
  const empty = await partnerQuality(db, { from: new Date(0), to: new Date(1) })
  assert.equal(empty, [])
})

test.run()
