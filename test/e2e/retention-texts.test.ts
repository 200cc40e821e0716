// What people wrote about a CDR loses its card too, and nothing waits for documents that never come.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { readZip } from '../../src/cli/read-zip.ts'
import { sql } from '../../src/db/sql.ts'
import { evidencePack } from '../../src/hub/disputes/evidence-pack.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { clean, contest, act, scopes, days, verify } = disputesOf(hub, { cpo, emsp })
const { db } = hub.database

const test = suite('retention of texts')
test.after(() => hub.close())

const adjustments = async (state = '') => {
  const { json } = await hub.admin('GET', `/adjustments${state && `?state=${state}`}`)
  return items(at(json, 'items')).map((each) => [
    at(each, 'cdr', 'id'),
    at(each, 'state'),
    at(each, 'due_at') !== null,
  ])
}

/** As if the CDRs had come four years ago: what the database lets nobody do. */
const longAgo = () =>
  db.transaction((tx) =>
    tx.script(`
      grant update on cdrs to current_user;
      alter table cdrs disable trigger cdrs_kept;
      update cdrs set received_at = received_at - interval '4 years';
      alter table cdrs enable trigger cdrs_kept;
      revoke update on cdrs from current_user;
      grant update (original, value, token_key, redacted_at) on cdrs to current_user;`),
  )

test('an adjustment whose documents never came ends with its dispute, and its CDR loses its card', async () => {
  await clean('T1')
  await contest('T1', { code: 'X1', text: 'Our driver of CARD-T1 was at home' }).then((dispute) =>
    act(dispute, 'accept', 'cpo', { text: 'card-t1 was not there' }),
  )
  await hub.admin('POST', '/cdrs/NL/TNM/T1/recheck', { reason: 'asked about CARD-T1' })
  assert.equal(await adjustments(), [['T1', 'awaiting_document', true]])
  await days(31)
  assert.equal(await adjustments(), [['T1', 'undocumented', false]])
  assert.equal(await adjustments('awaiting_document'), [])
  assert.equal(await adjustments('undocumented'), [['T1', 'undocumented', false]])
  await longAgo()
  const reply = await hub.admin('POST', '/retention/run', { reason: 'test' })
  const done = items(at(reply.json, 'kinds')).find((kind) => at(kind, 'kind') === 'cdrs')
  assert.is(at(done, 'done'), 1)
  for (const table of ['disputes', 'dispute_events', 'cdr_events', 'audit_entries']) {
    const rows = await db.rows<{ text: string }>({
      text: `select t::text as text from ${table} t where t::text ilike '%card-t1%'`,
      values: [],
    })
    assert.equal(rows, [], table)
  }
  await verify()
})

test('the chain of a dispute whose words were hashed still holds, and its pack says so', async () => {
  const [row] = await db.rows<{ id: bigint }>(sql`select id from disputes`)
  assert.ok(row)
  const read = await readZip((await evidencePack(hub.context, scopes.emsp, row.id)).bytes)
  if (!read.ok) throw new Error(read.problem)
  const checks = verifyPack(read.files, { expectedHash: null })
  assert.equal(
    checks.filter(({ isRight }) => isRight === false),
    [],
  )
  assert.match(checks.map(({ sentence }) => sentence).join(), /What 2 of them say is withheld/)
  const manifest = JSON.parse(String(read.files.get('manifest.json')))
  assert.match(String(at(manifest, 'dispute', 'history', 0, 'text')), /^Our driver of redacted-/)
})

test('the database lets only the words be changed, and only by the retention', async () => {
  for (const statement of [
    sql`update dispute_events set reason = 'other'`,
    sql`update cdr_events set reason = 'other'`,
    sql`update audit_entries set reason = 'other'`,
  ])
    assert.match(await db.rows(statement).then(() => 'passed', String), 'immutable')
  const more = db.transaction(async (tx) => {
    await tx.rows(sql`select set_config('crosscharge.redacting', 'on', true)`)
    await tx.rows(sql`update dispute_events set verb = 'withdraw'`)
  })
  assert.match(await more.then(() => 'passed', String), /immutable|permission denied/)
})

test.run()
