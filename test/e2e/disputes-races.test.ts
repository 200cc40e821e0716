// Disputes beside everything else that moves CDRs: credits, replacements, approvals, closing and finalizing cycles.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { approveCdrs } from '../../src/hub/disputes/approve.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import { openPattern } from '../../src/hub/disputes/pattern.ts'
import { readView } from '../../src/hub/disputes/read.ts'
import { runDisputeClock, sweepDisputes } from '../../src/hub/disputes/clock.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, money } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, tryContest, act, tryAct, of, detail, parts, days, verify, post } = story
const { db } = hub.context
const two = { amount: { net: '2.00' } }

const test = suite('disputes beside others')
test.after.each(verify)
test.after(() => hub.close())

const openCycle = async (): Promise<string> => {
  const [row] = await db.rows<{ id: string }>(sql`select id from cycles where state = 'open'`)
  return row?.id ?? ''
}

test('accepted, credited, replaced: documented once, and closed', async () => {
  const cdr = await clean('DOC')
  const decided = await act(await contest('DOC', two), 'accept', 'cpo')
  await post(creditOf(cdr, 'DOC-C'))
  await hub.drain()
  assert.is((await of('DOC'))[0]?.state, 'await_replacement')
  const cost = money(1)
  const charge = {
    owner: 'NL-TNM',
    payer: 'DE-EMA',
    id: 'DOC-R',
    uid: 'CARD-DOC',
    session: 'S-DOC',
  }
  await post(cdrOf({ ...charge, price: 0.1 }, { total_cost: cost, total_energy_cost: cost }))
  await hub.drain()
  const closed = await detail(decided)
  assert.is(closed.state, 'closed')
  assert.is(closed.outcome, 'partly_upheld' === closed.outcome ? 'partly_upheld' : 'upheld')
  assert.is(await parts('DOC-R'), 'provisional provisional:1')
})

test('a credit ends what is not decided', async () => {
  const cdr = await clean('GONE')
  const opened = await contest('GONE', two)
  await post(creditOf(cdr, 'GONE-C'))
  await hub.drain()
  const closed = await detail(opened)
  assert.is(closed.outcome, 'credited')
  assert.is((await tryAct(closed, 'accept', 'cpo')).ok, false)
  assert.is((await tryContest('GONE', two)).ok, false)
})

test('contested, approved, answered and closed all at once: nothing breaks', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `RACE-${index}`)
  for (const id of ids) await clean(id)
  const cycle = await openCycle()
  const approval = () =>
    approveCdrs(hub.context, {
      scope: story.scopes.emsp,
      actor: 'DE-EMA',
      reason: null,
      filter: {},
    })
  await Promise.all([
    ...ids.map((id) => tryContest(id, two)),
    ...ids.map((id) => tryContest(id, { code: 'Q1', amount: { net: '0.90' } })),
    approval(),
    hub.admin('POST', `/cycles/${cycle}/close`, {}),
    approval(),
  ])
  const all = (await Promise.all(ids.map(of))).flat()
  assert.is(all.length, 24)
  await Promise.all([
    ...all.flatMap((dispute, index) => [
      tryAct(dispute, 'accept', 'cpo', index % 3 === 0 ? { amount: { net: '0.50' } } : {}),
      tryAct(dispute, 'answer', 'cpo'),
      tryAct(dispute, 'withdraw', 'emsp'),
    ]),
    hub.admin('POST', `/cycles/${cycle}/finalize`, {}),
    approval(),
  ])
  const stuck = await db.rows(sql`
    select id from disputes where closed_at is null and (deadline_at is null or default_verb is null)`)
  assert.equal(stuck, [])
  await days(14)
  await days(10)
  await days(30)
  assert.equal(
    (await Promise.all(ids.map(of))).flat().filter((each) => each.deadline),
    [],
  )
})

test('one dispute whose clock fails does not hold up the others', async () => {
  await clean('BAD')
  await clean('GOOD')
  const bad = await contest('BAD', two)
  const good = await contest('GOOD', two)
  // Books that contradict the dispute: its part is not there.
  await db.rows(sql`update cdr_parts set part = 7 where dispute_id = ${bad.id}::bigint`)
  await db.rows(sql`
    update disputes set deadline_at = clock_timestamp() where id in (${bad.id}::bigint, ${good.id}::bigint)`)
  const log = hub.context.log.error
  hub.context.log.error = () => undefined
  await sweepDisputes(db)
  await hub.drain()
  hub.context.log.error = log
  assert.is((await detail(good)).state, 'await_credit')
  assert.is((await detail(bad)).state, 'open')
  const alerts = await db.rows(sql`
    select 1 from alerts where code = 'dispute_not_decided' and subject = ${`dispute ${bad.id}`}`)
  assert.is(alerts.length, 1)
  await db.rows(sql`update cdr_parts set part = 1 where dispute_id = ${bad.id}::bigint`)
  await days(1)
  assert.is((await detail(bad)).state, 'await_credit')
})

test('a duplicate that was there before the dispute takes the place of the credited CDR, at what was agreed', async () => {
  const cdr = await clean('OLD')
  await post({ ...cdr, id: 'OLD-B' })
  await hub.drain()
  assert.is(await parts('OLD-B'), 'held provisional:0 held:3')
  const decided = await act(await contest('OLD', two), 'accept', 'cpo')
  await post(creditOf(cdr, 'OLD-C'))
  await hub.drain()
  const closed = await detail(decided)
  assert.is(closed.state, 'closed')
  const taken = await db.rows(sql`
    select c.cdr_id as by, a.difference_net from adjustments a join cdrs c on c.id = a.replacement_id
    where a.dispute_id = ${decided.id}::bigint`)
  assert.equal(taken, [{ by: 'OLD-B', difference_net: 2_000_000n }])
  assert.is(await parts('OLD-B'), 'held provisional:1 held:2')
  // What comes now bills the session again.
  const cost = money(1)
  const charge = {
    owner: 'NL-TNM',
    payer: 'DE-EMA',
    id: 'OLD-R',
    uid: 'CARD-OLD',
    session: 'S-OLD',
  }
  await post(cdrOf({ ...charge, price: 0.1 }, { total_cost: cost, total_energy_cost: cost }))
  await hub.drain()
  assert.is(await parts('OLD-R'), 'held provisional:0 held:1')
  assert.is((await of('OLD-R'))[0]?.code, 'D2')
})

test('what replaces one CDR does not replace another one of its session as well', async () => {
  const cdr = await clean('ONE')
  await post({ ...cdr, id: 'ONE-B' })
  await hub.drain()
  const first = await act(await contest('ONE', two), 'accept', 'cpo')
  const opened = await contest('ONE-B', { code: 'D2' })
  const answered = await act(opened, 'accept', 'cpo', { amount: { net: '1.00' } })
  const second = await act(answered, 'accept', 'emsp')
  await post(creditOf(cdr, 'ONE-C'))
  await hub.drain()
  await post({ ...cdr, id: 'ONE-R' })
  await hub.drain()
  assert.equal(
    [(await detail(first)).state, (await detail(second)).state],
    ['closed', 'await_credit'],
  )
  await post(creditOf({ ...cdr, id: 'ONE-B' }, 'ONE-BC'))
  await hub.drain()
  assert.is((await detail(second)).state, 'await_replacement')
  // Held to what was agreed about the CDR that it replaced.
  assert.is(await parts('ONE-R'), 'held provisional:1 held:2')
})

test('a second bill that is disputed as such does not stand in the way of one before it', async () => {
  const cdr = await clean('WAY')
  for (const id of ['WAY-B', 'WAY-C']) {
    await post({ ...cdr, id })
    await hub.drain()
  }
  await contest('WAY-C', { code: 'D2' })
  await post(creditOf(cdr, 'WAY-CREDIT'))
  await hub.drain()
  assert.is(await parts('WAY-B'), 'provisional provisional:3')
  assert.is(await parts('WAY-C'), 'contested provisional:0 held:3')
})

test('nor is a first one not released because of it', async () => {
  const cdr = await story.wrong('LET')
  await post({ ...cdr, id: 'LET-B' })
  await hub.drain()
  await contest('LET-B', { code: 'D2' })
  await hub.admin('POST', '/cdrs/NL/TNM/LET/release', { reason: 'a test' })
  assert.is(await parts('LET'), 'provisional provisional:4')
})

test('a draft whose CDR is to be judged again is not opened by its clock first', async () => {
  const cdr = await clean('LAST')
  await post({ ...cdr, id: 'LAST-B' })
  await hub.drain()
  const opened = await contest('LAST', { amount: { net: '3.00' } })
  const [draft] = await of('LAST-B')
  const subject = draft?.id ?? ''
  assert.is(draft?.code, 'D2')
  await act(opened, 'accept', 'cpo')
  await db.rows(sql`
    update disputes set deadline_at = clock_timestamp() where id = ${subject}::bigint`)
  const [row] = await db.rows<{ id: bigint; createdAt: Date }>(sql`
    insert into outbox (kind, subject, enqueued_at) values ('dispute_clock', ${subject}, clock_timestamp())
    returning id, created_at as "createdAt"`)
  assert.ok(row)
  const rest = { platformId: '', correlationId: null, attempts: 1, expired: false }
  if (row) await runDisputeClock(hub.context, { ...row, ...rest, kind: 'dispute_clock', subject })
  await hub.drain()
  const found = await of('LAST-B')
  assert.equal(found.map(({ code, state, outcome }) => [code, state, outcome]).sort(), [
    ['C4', 'draft', null],
    ['D2', 'withdrawn', 'cleared'],
  ])
})

test('a clock that was given up runs again once somebody has acted', async () => {
  await clean('UP')
  const opened = await contest('UP', two)
  await db.rows(sql`
    insert into outbox (kind, subject, finished_at, outcome)
    values ('dispute_clock', ${opened.id}, clock_timestamp(), 'failed')`)
  await days(14)
  assert.is((await detail(opened)).state, 'open')
  await db.rows(sql`
    update disputes set deadline_at = clock_timestamp() + interval '1 day' where id = ${opened.id}::bigint`)
  await act(opened, 'answer', 'cpo')
  await days(10)
  assert.is((await detail(opened)).outcome, 'denied')
})

test('a pattern accepted in part: the shares add up, what was credited meanwhile gets none', async () => {
  for (const id of ['Q-1', 'Q-2']) await clean(id)
  const third = await clean('Q-3')
  const ids = await db.rows<{ id: bigint }>(sql`
    select id from cdrs where cdr_id like 'Q-_' order by cdr_id`)
  const opened = await db.transaction((tx) =>
    openPattern(tx, {
      owner: 'NL-TNM',
      receiver: 'DE-EMA',
      currency: 'EUR',
      code: 'S4',
      items: ids.map(({ id }) => ({ cdrId: id, net: 20_001n, tax: 4_001n })),
      statement: 'Always a little more.',
      terms: defaultTerms,
    }),
  )
  const pattern = await readView(db, story.scopes.operator, opened ?? 0n)
  await post(creditOf(third, 'Q-3-C'))
  await hub.drain()
  const part = await act(pattern, 'accept', 'cpo', { amount: { net: '0.040000' } })
  assert.is(part.state, 'accepted_partial')
  const decided = await act(part, 'accept', 'emsp')
  const sums = await db.rows<{ count: bigint; net: bigint }>(sql`
    select count(*) as count, sum(net_micros)::bigint as net from adjustments where dispute_id = ${decided.id}::bigint`)
  assert.equal(sums, [{ count: 2n, net: 26_666n }])
  assert.is(await parts('Q-1'), 'provisional provisional:2.986667')
})

test.run()
