// Of a CDR only what is disputed is held: what happens to the rest, over the end of a cycle, and when its CPO puts it right.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { verifyParts } from '../../src/hub/cdrs/verify-parts.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf } from '../helpers/objects.ts'

const DAY_MS = 86_400_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr, post, shown, stand } = storyOf(hub, cpo)
const { db } = hub.database
const FIRST = 'EUR-000001'
const SECOND = 'EUR-000002'
const THIRD = 'EUR-000003'

const test = suite('parts of money')
test.after.each(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})
test.after(() => hub.close())

/** A session of 3.00 net by its tariff; `price` 0.9 per kWh makes the CDR claim 9.00. */
async function sent(id: string, price = 0.3): Promise<void> {
  const one = charge(id, emsp)
  await prepare(one, emsp)
  const { tariffs } = cdr(one)
  await post(cdr({ ...one, price }, { tariffs }))
  await hub.drain()
}

/** `book:gross` of each line of the CPO's statement, by CDR and part. */
async function lines(cycle: string): Promise<string[]> {
  const { json } = await hub.admin('GET', `/cycles/${cycle}/statements/NL/TNM`)
  return items(at(json, 'lines')).map((line) =>
    [at(line, 'cdr_id'), at(line, 'part'), at(line, 'state'), at(line, 'gross')].join(' '),
  )
}

const states = async (id: string): Promise<string[]> => {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  return items(at(json, 'history')).map((event) => String(at(event, 'state')))
}

test('what is at risk is held by a draft with a deadline, the rest is provisional', async () => {
  await sent('P1', 0.9)
  assert.is(await stand('P1'), 'held P1')
  assert.equal(await lines(FIRST), ['P1 0 provisional 3.60', 'P1 1 held 7.20'])
  const drafts = await db.rows<{ code: string; verb: string; days: number }>(sql`
    select code, default_verb as verb,
      round(extract(epoch from deadline_at - opened_at) / 86400)::int as days from disputes`)
  // The CDR carries its tariff, so it is shown to be wrong by its own word.
  assert.equal(drafts, [{ code: 'P1', verb: 'resolve', days: 10 }])
  // Taken back or confirmed by the same facts, nothing changes.
  await hub.admin('POST', '/cdrs/NL/TNM/P1/recheck', { reason: 'a test' })
  await hub.drain()
  assert.equal(await states('P1'), ['received', 'held'])
})

test('the clock approves the sound part while the other is still held', async () => {
  await db.rows(
    sql`update cdr_states set contest_until = clock_timestamp() where contest_until is not null`,
  )
  await hub.drain()
  assert.is(await stand('P1'), 'held P1')
  assert.equal(await lines(FIRST), ['P1 0 approved 3.60', 'P1 1 held 7.20'])
})

test('at the end of the cycle the sound part is netted and the held part goes on', async () => {
  assert.is((await hub.admin('POST', `/cycles/${FIRST}/close`, {})).status, 200)
  assert.is((await hub.admin('POST', `/cycles/${FIRST}/finalize`, {})).status, 200)
  assert.equal(await lines(FIRST), ['P1 0 approved 3.60'])
  assert.equal(await lines(SECOND), ['P1 1 held 7.20'])
  assert.is((await shown('P1')).cycle, FIRST)
  const { json } = await hub.admin('GET', `/cycles/${FIRST}/statements/NL/TNM`)
  assert.equal(
    [at(json, 'carried', 'line_count'), at(json, 'carried', 'gets', 'gross')],
    [1, '7.20'],
  )
  const named = ['cdr_id', 'part', 'state', 'direction', 'counterparty', 'gross', 'carried_to']
  const line = items(at(json, 'carried_lines')).map((each) => named.map((name) => at(each, name)))
  assert.equal(line, [['P1', 1, 'held', 'gets', 'DE-EMA', '7.20', SECOND]])
  assert.match(String(at(json, 'carried_lines', 0, 'dispute')), /^\d+$/)
  assert.equal(
    items(at(json, 'lines')).map((each) => at(each, 'state')),
    ['approved'],
  )
  // Page by page: the lines, then what was carried.
  const path = `/cycles/${FIRST}/statements/NL/TNM?limit=1`
  const one = await hub.admin('GET', path)
  assert.equal(items(at(one.json, 'carried_lines')), [])
  const two = await hub.admin('GET', `${path}&cursor=${String(at(one.json, 'next_cursor'))}`)
  assert.equal(items(at(two.json, 'lines')), [])
  assert.equal(at(two.json, 'carried_lines'), at(json, 'carried_lines'))
  assert.is(at(two.json, 'next_cursor'), null)
  const csv = await hub.admin('GET', `/cycles/${FIRST}/statements/NL/TNM?format=csv`)
  const rows = csv.text.trim().split('\r\n')
  assert.match(rows[0] ?? '', /,carried_to$/)
  assert.match(rows[2] ?? '', new RegExp(`,P1,NL-TNM,DE-EMA,gets,held,EUR,6\\.00,.*,${SECOND}$`))
  assert.is(rows.length, 3)
})

test('a sound CDR of a cycle that is final is netted', async () => {
  await sent('P2')
  await hub.admin('POST', '/cdrs/NL/TNM/P2/approve', { reason: 'a test' })
  await hub.admin('POST', `/cycles/${SECOND}/close`, {})
  await hub.admin('POST', `/cycles/${SECOND}/finalize`, {})
  assert.equal(await states('P2'), ['received', 'provisional', 'approved', 'netted'])
  assert.is(await stand('P2'), 'netted')
  assert.is((await hub.admin('POST', '/cdrs/NL/TNM/P2/approve', { reason: 'again' })).status, 200)
})

test('what its eMSP contests goes on to the next cycle, and nothing else of it', async () => {
  await sent('P4')
  assert.is((await hub.admin('POST', `/cycles/${THIRD}/close`, {})).status, 200)
  const body = { code: 'Q1', text: 'the car took less', amount: { net: '1.00' } }
  const contested = await hub.asParty(emsp, 'POST', '/cdrs/NL/TNM/P4/contest', body)
  assert.is(contested.status, 200, contested.text)
  assert.is(await stand('P4'), 'contested')
  // The contest of the cycle runs on what the statement said; what is disputed since is held out of its netting.
  const approval = await hub.admin('POST', '/cdrs/NL/TNM/P4/approve', { reason: 'a test' })
  assert.is(approval.status, 409)
  assert.match(approval.text, 'dispute')
  await db.rows(sql`
    update cdr_states set contest_until = clock_timestamp() where contest_until is not null`)
  await hub.drain()
  assert.is((await hub.admin('POST', `/cycles/${THIRD}/finalize`, {})).status, 200)
  assert.equal(await lines(THIRD), ['P4 0 approved 2.40'])
  assert.equal(
    (await lines('EUR-000004')).filter((line) => line.startsWith('P4')),
    ['P4 1 held 1.20'],
  )
  assert.is(await stand('P4'), 'contested')
})

/** What verify says of books that somebody changed; the change is taken back. */
async function breachesAfter(change: string): Promise<string[]> {
  const undone = new Error('undone')
  const found: string[] = []
  const work = db.transaction(async (tx) => {
    await tx.rows({ text: change, values: [] })
    found.push(...new Set((await verifyParts(tx)).map(({ rule }) => rule)))
    throw undone
  })
  assert.is(await work.catch((error: unknown) => error), undone)
  return found
}

test('each thing that must never be is found', async () => {
  const p4 = "(select id from cdrs where cdr_id = 'P4')"
  const wrongs: [string, string[]][] = [
    [
      `update cdr_states set part_net = part_net - 1 where cdr_id = ${p4}`,
      ['parts_add_up', 'due_is_booked'],
    ],
    [
      `update cdr_parts set net_micros = net_micros - 1 where cdr_id = ${p4}`,
      ['parts_add_up', 'held_is_disputed', 'pending_is_booked'],
    ],
    [
      `update disputes set net_micros = 99000000 where cdr_id = ${p4}`,
      ['disputed_within_claim', 'held_is_disputed'],
    ],
    [`update cdr_parts set cycle_id = '${FIRST}' where cdr_id = ${p4}`, ['held_is_carried']],
    [
      `update disputes set closed_at = now(), deadline_at = null, default_verb = null, outcome = 'denied'
        where cdr_id = ${p4}`,
      ['held_is_disputed', 'state_fits'],
    ],
    [`update cdr_states set state = 'approved' where cdr_id = ${p4}`, ['state_fits']],
    [`update cdr_states set event_hash = sha256('x') where cdr_id = ${p4}`, ['event_chain_intact']],
    [`update disputes set event_hash = sha256('x') where cdr_id = ${p4}`, ['event_chain_intact']],
    [
      `insert into adjustments (dispute_id, cdr_id, owner, receiver, currency, net_micros, tax_micros, state, credit_id)
        values (0, 1, 'NL-TNM', 'DE-EMA', 'EUR', 0, 0, 'awaiting_replacement', 1)`,
      ['consumed_once'],
    ],
  ]
  for (const [change, rules] of wrongs)
    assert.equal((await breachesAfter(change)).sort(), rules.sort(), change)
})

test('a credit reverses what was due of it and ends the dispute; the replacement consumes what waits', async () => {
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/P1')
  await post(creditOf(Object(JSON.parse(String(at(json, 'original')))), 'P1-C'))
  await hub.drain()
  assert.equal([await stand('P1'), await stand('P1-C')], ['credited P1', 'credited'])
  assert.equal(
    (await lines('EUR-000004')).filter((line) => line.startsWith('P1')),
    ['P1-C 0 approved -3.60'],
  )
  const [dispute] = await db.rows<{ outcome: string }>(
    sql`select outcome from disputes where code = 'P1'`,
  )
  assert.is(dispute?.outcome, 'credited')
  const waiting = await db.rows<{ state: string; net: bigint }>(
    sql`select state, net_micros as net from adjustments`,
  )
  assert.equal(waiting, [{ state: 'awaiting_replacement', net: 6_000_000n }])
  await post({ ...cdr(charge('P1', emsp)), id: 'P1-R' })
  await hub.drain()
  assert.match(await stand('P1-R'), /^provisional/)
  const consumed = sql`
    select a.state, a.difference_net as difference, c.cdr_id from adjustments a join cdrs c on c.id = a.replacement_id`
  assert.equal(await db.rows(consumed), [{ state: 'consumed', difference: 0n, cdr_id: 'P1-R' }])
  // Nobody consumes it again, not even by hand.
  const again = db.rows(sql`update adjustments set consumed_at = clock_timestamp()`)
  assert.match(await again.then(() => 'accepted', String), /is consumed/)
})

test('an event that somebody changed is found', async () => {
  const trigger = (on: string) => ({
    text: `alter table cdr_events ${on} trigger cdr_events_kept`,
    values: [],
  })
  await db.rows({ text: 'grant update on cdr_events to current_user', values: [] })
  await db.rows(trigger('disable'))
  const change = (reason: string) => ({
    text: `update cdr_events set reason_code = $1 where state = 'netted'
      and cdr_id = (select id from cdrs where cdr_id = 'P2') returning cdr_id`,
    values: [reason],
  })
  const [changed] = await db.rows<{ cdr_id: bigint }>(change('by nobody'))
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.equal(items(at(json, 'breaches')), [
    { rule: 'event_chain_intact', subject: `cdr:${changed?.cdr_id}` },
  ])
  await db.rows(change(`cycle ${SECOND} final`))
  await db.rows(trigger('enable'))
})

test('what nobody mends in 90 days is dropped', async () => {
  const one = charge('P3', emsp)
  await prepare(one, emsp)
  await post(cdr(one, { currency: 'XXX' }))
  await hub.drain()
  assert.match(await stand('P3'), /^quarantined/)
  await hub.passTime(89 * DAY_MS)
  await hub.drain()
  assert.match(await stand('P3'), /^quarantined/)
  await hub.passTime(2 * DAY_MS)
  await hub.drain()
  assert.match(await stand('P3'), /^dropped/)
})

test.run()
