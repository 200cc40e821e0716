// What comes after a CDR was booked: its session, the eMSP's record. It is held as far as it is not approved.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const strict = await hub.connect({ parties: [{ party: 'DE-SEV', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, act, of, parts, days, verify, charge, cdr, post, shown } = story

const test = suite('CDRs that are judged again after they were booked')
test.before(async () => {
  const terms = { severities: { Q2: 'S' }, valid_from: '2026-01-01T00:00:00Z' }
  const made = await hub.admin('PUT', '/agreements/NL-TNM/DE-SEV', terms)
  assert.is(made.status, 200, made.text)
})
test.after.each(verify)
test.after(() => hub.close())

/** What a PATCH of the session leads to; each is a millisecond younger than the one before. */
let age = -HOUR_MS / 2
async function patch(id: string, body: Json): Promise<void> {
  age += 1
  const raw = JSON.stringify({ last_updated: fromNow(age), ...body })
  const sent = await cpo.send('PATCH', `receiver/sessions/${pathOf('NL-TNM', `S-${id}`)}`, { raw })
  assert.is(sent.code, 1000, sent.text)
  await hub.drain()
}

/** What is said to follow from a finding. */
async function decision(id: string, code: string): Promise<string> {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  const found = items(at(json, 'findings')).find((finding) => at(finding, 'code') === code)
  return String(at(found, 'explanation', 'decision'))
}

async function changes(id: string): Promise<string[]> {
  const rows = await hub.context.db.rows<{ text: string }>(sql`
    select e.state || ' ' || e.reason_code as text from cdr_events e join cdrs c on c.id = e.cdr_id
    where c.cdr_id = ${id} order by e.epoch`)
  return rows.map(({ text }) => text)
}

/** A CDR whose session did not come, or was not completed, while it was waited for. */
async function waitedFor(id: string, session: Json | null): Promise<void> {
  const one = charge(id, emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  if (session !== null) await story.session(one, session)
  await post(cdr(one))
  await hub.drain()
  await hub.passTime(2.1 * HOUR_MS)
  await hub.drain()
}

test('a session that is completed late with less energy holds the rest, once', async () => {
  await waitedFor('V1', { status: 'ACTIVE', end_date_time: undefined, kwh: 5 })
  assert.is(await parts('V1'), 'provisional provisional:3')
  assert.ok((await shown('V1')).codes.includes('X5'))
  await patch('V1', { status: 'COMPLETED', kwh: 8, end_date_time: fromNow(-HOUR_MS) })
  assert.is(await parts('V1'), 'held provisional:2.4 held:0.6')
  const { codes } = await shown('V1')
  assert.equal([codes.includes('X5'), codes.includes('Q1')], [false, true])
  assert.match(
    await decision('V1', 'Q1'),
    /^0\.60 EUR .* held until this is decided; the rest, 2\.40 EUR, settles\.$/,
  )
  const before = await changes('V1')
  await patch('V1', { kwh: 8 })
  assert.equal(await changes('V1'), before)
  await patch('V1', { kwh: 10 })
  assert.is(await parts('V1'), 'provisional provisional:3')
  await patch('V1', { kwh: 9 })
  assert.is(await parts('V1'), 'held provisional:2.7 held:0.3')
})

test('a session that comes after its CDR is compared', async () => {
  await waitedFor('V2', null)
  assert.ok((await shown('V2')).codes.includes('X1'))
  await story.session(charge('V2', emsp), { kwh: 9 })
  await hub.drain()
  assert.is(await parts('V2'), 'held provisional:2.7 held:0.3')
  const { codes } = await shown('V2')
  assert.equal([codes.includes('X1'), codes.includes('Q1')], [false, true])
})

test('what an operator released stays released', async () => {
  await clean('V3')
  await patch('V3', { kwh: 8 })
  assert.is(await parts('V3'), 'held provisional:2.4 held:0.6')
  await hub.admin('POST', '/cdrs/NL/TNM/V3/release', { reason: 'a test' })
  assert.is(await parts('V3'), 'provisional provisional:3')
  await patch('V3', { kwh: 7 })
  assert.is(await parts('V3'), 'provisional provisional:3')
  assert.match(
    await decision('V3', 'Q1'),
    /^0\.90 EUR .* at risk\. The CDR was booked before this was found: nothing is held for it/,
  )
})

test('what is approved is not held any more, and the finding says so', async () => {
  await clean('V4')
  await hub.asParty(emsp, 'POST', '/cdrs/NL/TNM/V4/approve', { reason: 'a test' })
  assert.is(await parts('V4'), 'approved due:3')
  await patch('V4', { kwh: 8 })
  assert.is(await parts('V4'), 'approved due:3')
  assert.match(
    await decision('V4', 'Q1'),
    /^0\.60 EUR .* at risk\. The CDR was approved before this was found: nothing is held for it; DE-EMA may contest it\.$/,
  )
  await contest('V4', { code: 'Q1' })
  assert.is(await parts('V4'), 'contested due:2.4 held:0.6')
})

test('an open dispute stays what it is', async () => {
  await clean('V5')
  const opened = await contest('V5', { code: 'P9', amount: { net: '1.00' } })
  await patch('V5', { kwh: 8 })
  assert.is(await parts('V5'), 'contested provisional:2 held:1')
  assert.is((await of('V5')).length, 1)
  assert.match(await decision('V5', 'Q1'), /The CDR was in dispute before this was found: no more/)
  await act(opened, 'withdraw', 'emsp')
})

test('a draft that outlives the contest period stays held', async () => {
  await clean('V6')
  await patch('V6', { kwh: 8 })
  await hub.context.db.rows(sql`
    update cdr_states s set contest_until = clock_timestamp() from cdrs c
    where c.id = s.cdr_id and c.cdr_id = 'V6'`)
  await days(0)
  assert.is(await parts('V6'), 'held due:2.4 held:0.6')
  await patch('V6', { kwh: 7 })
  assert.is(await parts('V6'), 'held due:2.4 held:0.6')
  assert.is(await decision('V6', 'Q5'), 'What is held for it stays held until it is decided.')
  assert.match(await decision('V6', 'Q1'), /was approved .*: no more is held than before; DE-EMA/)
})

test('an approval while its CDR is judged again counts, whoever is first', async () => {
  const ids = ['W1', 'W2', 'W3', 'W4']
  for (const id of ids) await clean(id)
  for (const id of ids) {
    const raw = JSON.stringify({ last_updated: fromNow(-HOUR_MS / 4), kwh: 8 })
    await cpo.send('PATCH', `receiver/sessions/${pathOf('NL-TNM', `S-${id}`)}`, { raw })
  }
  const approve = (id: string) =>
    hub.asParty(emsp, 'POST', `/cdrs/NL/TNM/${id}/approve`, { reason: 'a test' })
  const answers = await Promise.all([hub.drain(), ...ids.map(approve)])
  for (const answer of answers) assert.is(answer?.status ?? 200, 200, answer?.text)
  await hub.drain()
  for (const id of ids) assert.is(await parts(id), 'approved due:3')
})

test('a CDR that has lost its personal data is not judged again', async () => {
  await clean('V10')
  await hub.context.db.transaction(async (tx) => {
    await tx.rows(sql`select set_config('crosscharge.redacting', 'on', true)`)
    await tx.rows(sql`update cdrs set redacted_at = clock_timestamp() where cdr_id = 'V10'`)
  })
  await patch('V10', { kwh: 8 })
  assert.is(await parts('V10'), 'provisional provisional:3')
})

test('a CDR is not held for one of its card that came later', async () => {
  await clean('V7')
  await clean('V7-b', { session_id: 'S-V7' })
  assert.match(await parts('V7-b'), /^held provisional:0 held:3/)
  await hub.context.db.rows(sql`
    insert into outbox (kind, subject) select 'clear', id::text from cdrs where cdr_id = 'V7'`)
  await hub.drain()
  assert.is(await parts('V7'), 'provisional provisional:3')
  assert.not.ok((await shown('V7')).codes.includes('D2'))
})

test('a record of the eMSP that comes later holds what both agreed to hold', async () => {
  const one = { ...charge('V8', strict), evse: 'E-V8' }
  await put(strict, 'tokens', tokenOf('DE-SEV', one.uid))
  await put(cpo, 'sessions', sessionOf({ ...one, id: 'S-V8' }))
  await post(cdr(one))
  await hub.drain()
  assert.is(await parts('V8'), 'provisional provisional:3')
  const record = { record_id: 'R8', cpo: 'NL-TNM', session_id: 'S-V8', kwh: 7 }
  await hub.asParty(strict, 'POST', '/records', [record])
  await hub.drain()
  assert.is(await parts('V8'), 'held provisional:2.1 held:0.9')
  assert.match(await decision('V8', 'Q2'), /held until this is decided; the rest, 2\.10 EUR/)
  await hub.asParty(strict, 'POST', '/records', [{ ...record, kwh: 10 }])
  await hub.drain()
  assert.is(await parts('V8'), 'provisional provisional:3')
})

test('a record that names an old CDR and no time is compared with it', async () => {
  await clean('V9')
  await hub.context.db.rows(sql`
    update cdr_figures set started_at = started_at - interval '9 days',
      ended_at = ended_at - interval '9 days' where cdr_key = 'v9'`)
  const record = { record_id: 'R9', cpo: 'NL-TNM', cdr_id: 'V9', kwh: 7 }
  await hub.asParty(emsp, 'POST', '/records', [record])
  await hub.drain()
  assert.ok((await shown('V9')).codes.includes('Q2'))
})

test.run()
