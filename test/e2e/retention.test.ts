// Personal data whose time is over: hashed or erased, once a day; money, ids and hashes stay.
import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import type { Statement } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, cdr, post, prepare, shown } = storyOf(hub, cpo)
const { db } = hub.database

const test = suite('retention')
test.after(() => hub.close())

const run = async () => {
  const reply = await hub.admin('POST', '/retention/run', { reason: 'test' })
  assert.is(reply.status, 200, reply.text)
  return Object.fromEntries(
    items(at(reply.json, 'kinds')).map((line) => [at(line, 'kind'), at(line, 'done')]),
  )
}
const nothing = {
  session_messages: 0,
  sessions: 0,
  authorizations: 0,
  emsp_records: 0,
  tokens: 0,
  cdrs: 0,
}
const refused = async (statement: Statement): Promise<void> => {
  try {
    await db.rows(statement)
  } catch (error) {
    assert.match(String(error), /immutable|permission denied/)
    return
  }
  assert.unreachable('the database let it through')
}
/** As if everything had come so long ago: what the database lets nobody do. */
const longAgo = async (years: number): Promise<void> => {
  const back = `interval '${years} years'`
  await db.transaction(async (tx) => {
    await tx.script(`
      grant update on cdrs to current_user;
      alter table cdrs disable trigger cdrs_kept;
      update cdrs set received_at = received_at - ${back};
      alter table cdrs enable trigger cdrs_kept;
      revoke update on cdrs from current_user;
      grant update (original, value, token_key, redacted_at) on cdrs to current_user;
      alter table object_versions disable trigger object_versions_immutable;
      update object_versions set in_force_from = in_force_from - ${back};
      alter table object_versions enable trigger object_versions_immutable;
      update session_steps set at = at - ${back};
      update authorizations set at = at - ${back};
      update objects set last_updated = last_updated - ${back}, received_at = received_at - ${back};`)
  })
}

test('before its time nothing is touched, and there is no report before the first run', async () => {
  assert.is((await hub.admin('GET', '/retention')).status, 404)
  const one = charge('R1', emsp)
  await prepare(one, emsp)
  await post(cdr(one))
  await hub.drain()
  assert.equal(await run(), nothing)
  const last = await hub.admin('GET', '/retention')
  assert.is(at(last.json, 'actor'), 'operator:root')
  assert.is(at(last.json, 'kinds', 0, 'left'), false)
})

test('cards and contracts are hashed everywhere, and the same answer is the same CDR still', async () => {
  const one = charge('R2', emsp, { uid: 'SECRET-CARD' })
  await prepare(one, emsp)
  const body = {
    ...cdr(one),
    cdr_location: cdr(charge('X', emsp, { uid: 'CARD1' }))['cdr_location'],
  }
  await post(body)
  await post(creditOf(body, 'R2-credit'))
  // Found wanting: the finding names the card.
  const unknown = charge('R3', emsp, { uid: 'SECRET-OTHER' })
  await put(cpo, 'sessions', sessionOf({ ...unknown, id: 'S-R3' }))
  await post(cdr(unknown))
  emsp.answer = ({ rest }) => ({
    data: { allowed: 'ALLOWED', token: tokenOf('DE-EMA', rest.split('/')[1] ?? '') },
  })
  await cpo.send('POST', 'sender/tokens/SECRET-CARD/authorize', { to: 'DE-EMA' })
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'SECRET-GONE', { valid: false }))
  await hub.drain()
  const before = await shown('R2')
  assert.is(before.state, 'credited')
  await longAgo(4)
  const done = await run()
  assert.is(done['cdrs'], 2)
  assert.is(done['sessions'], 3)
  assert.ok(Number(done['session_messages']) >= 3 && Number(done['authorizations']) === 1)
  assert.ok(Number(done['tokens']) >= 1)
  const tables = ['cdrs', 'session_steps', 'authorizations', 'cdr_findings', 'objects']
  for (const table of tables.filter((name) => name !== 'cdrs')) {
    const rows = await db.rows<{ text: string }>({
      text: `select t::text as text from ${table} t where t::text ilike '%secret-gone%'`,
      values: [],
    })
    assert.equal(rows, [], table)
  }
  const rows = await db.rows<{ cdr_id: string; text: string; original: Buffer; hash: Buffer }>(sql`
    select cdr_id, value::text || token_key as text, original, content_hash as hash from cdrs
    where cdr_id in ('R2', 'R2-credit')`)
  for (const { text, original } of rows) {
    assert.not.match(`${text}${original.toString()}`.toLowerCase(), 'secret-card')
    assert.match(text, 'redacted-')
  }
  // What is not over stays as it is: it waits for its session, its money or its dispute.
  const [open] = await db.rows<{ text: string }>(
    sql`select value::text as text from cdrs where cdr_id = 'R3'`,
  )
  assert.match(String(open?.text), 'SECRET-OTHER')
  assert.equal(await shown('R2'), before)
  const again = await post(body)
  assert.is(again.code, 1000, again.text)
  assert.equal(await run(), nothing)
})

test('the database lets only the card of an old CDR be changed, and once', async () => {
  const one = charge('R4', emsp)
  await prepare(one, emsp)
  await post(cdr(one))
  const text = (id: string, change: (text: string) => string) =>
    db.transaction(async (tx) => {
      await tx.rows(sql`select set_config('crosscharge.redacting', 'on', true)`)
      const [row] = await tx.rows<{ original: Buffer; value: unknown }>(
        sql`select original, value from cdrs where cdr_id = ${id}`,
      )
      const original = Buffer.from(change(String(row?.original)))
      const value = change(JSON.stringify(row?.value))
      await tx.rows(sql`
        update cdrs set original = ${original}, value = ${value}::jsonb, redacted_at = clock_timestamp()
        where cdr_id = ${id}`)
    })
  const fails = async (work: Promise<unknown>): Promise<void> => {
    const message = await work.then(
      () => 'passed',
      (error: unknown) => String(error),
    )
    assert.match(message, 'immutable')
  }
  await refused(sql`update cdrs set redacted_at = clock_timestamp() where cdr_id = 'R4'`)
  await refused(
    sql`update cdrs set content_hash = ${createHash('sha256').digest()} where cdr_id = 'R4'`,
  )
  await refused(sql`delete from cdrs where cdr_id = 'R4'`)
  await fails(text('R4', (sent) => sent.replace('"total_energy":10', '"total_energy":11')))
  await fails(text('R4', (sent) => sent.replace('"RFID"', '"OTHER"')))
  await fails(text('R2', (sent) => sent.replace('redacted-', 'again-')))
  await text('R4', (sent) => sent.replace('CARD-R4"', 'hidden"'))
})

test('once a day by itself, and the operator reads what was done', async () => {
  await db.rows(sql`update retention_runs set finished_at = finished_at - interval '25 hours'`)
  await hub.drain()
  const { json } = await hub.admin('GET', '/retention')
  assert.is(at(json, 'actor'), 'hub')
  const due = await db.rows(sql`select 1 from outbox where kind = 'retain' and finished_at is null`)
  assert.equal(due, [])
})

test('the key of a meter: registered, seen, unknown', async () => {
  const path = '/meter-keys/nl/tnm/EVSE-1'
  assert.is((await hub.admin('GET', path)).status, 404)
  const public_key = '3059301306072a8648ce3d020106'
  const put1 = await hub.admin('PUT', path, { public_key, reason: 'from the type plate' })
  assert.equal([put1.status, at(put1.json, 'source')], [200, 'registered'])
  const got = await hub.admin('GET', '/meter-keys/NL/TNM/evse-1')
  assert.is(at(got.json, 'public_key'), public_key)
  assert.is((await hub.admin('PUT', path, { public_key: 'short' })).status, 422)
})

test.run()
