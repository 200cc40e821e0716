// What a dispute is judged by is frozen when it is opened, and everybody can check it without the hub.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventHash } from '../../src/clearing/pack/event-hash.ts'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { readZip } from '../../src/cli/read-zip.ts'
import { runCli } from '../../src/cli/run.ts'
import { sql } from '../../src/db/sql.ts'
import type { Scope } from '../../src/hub/admin/scope.ts'
import { evidencePack } from '../../src/hub/disputes/evidence-pack.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { keysOf, ocmf, reading } from '../helpers/ocmf.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { clean, wrong, contest, act, detail, scopes, verify, of } = disputesOf(hub, { cpo, emsp })
const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-evidence-'))

const test = suite('evidence')
test.after.each(verify)
test.after(async () => {
  await hub.close()
  rmSync(folder, { recursive: true })
})

const pack = (scope: Scope, id: string) => evidencePack(hub.context, scope, BigInt(id))

async function filesOf(scope: Scope, id: string): Promise<ReadonlyMap<string, Buffer>> {
  const read = await readZip((await pack(scope, id)).bytes)
  if (!read.ok) throw new Error(read.problem)
  return read.files
}

const faults = (files: ReadonlyMap<string, Buffer>, expectedHash: string | null) =>
  verifyPack(files, { expectedHash }).filter(({ isRight }) => isRight === false)

async function add(
  who: FakePartner,
  id: string,
  file: { name: string; media: string; bytes: string },
) {
  const query = new URLSearchParams({ name: file.name, media: file.media })
  return fetch(`${hub.url}/party/v1/disputes/${id}/evidence?${query}`, {
    method: 'POST',
    headers: {
      authorization: `Token ${Buffer.from(who.token).toString('base64')}`,
      'content-type': 'application/octet-stream',
    },
    body: file.bytes,
  })
}

test('the hash of an event is the same here and in the database', async () => {
  for (const said of [
    ['open', '', 'NL-TNM', 'Q2', ''],
    ['a"b\\c', 'ü€\u2028𝄞', '\n\t\b\f\r\u0001\u007f/', '', null],
  ]) {
    const [row] = await hub.context.db.rows<{ hash: string; micros: string }>(sql`
      select encode(event_hash('\\x0a0b'::bytea, 'dispute:7', 3, ${said}::text[], t.at), 'hex') as hash,
        ((extract(epoch from t.at) * 1000000)::bigint)::text as micros
      from (values (timestamptz '2026-06-01 12:00:00.123456+02')) t (at)`)
    assert.ok(row)
    const event = {
      subject: 'dispute:7',
      epoch: 3,
      at: '',
      at_micros: row.micros,
      prev_hash: '0a0b',
    }
    assert.is(eventHash({ ...event, hash: '', said }), row.hash)
  }
})

test('a pack holds what was known, and checks without the hub', async () => {
  const keys = keysOf()
  const record = ocmf({ keys, readings: [reading('B', '100.000'), reading('E', '110.000')] })
  const values = [{ nature: 'Transaction', plain_data: '', signed_data: record }]
  const signed_data = { encoding_method: 'OCMF', public_key: keys.hex, signed_values: values }
  await clean('E1', { signed_data })
  const opened = await contest('E1', { amount: { net: '1.00' }, text: 'Unser Zähler zeigt 7 kWh' })
  const { evidence, evidence_hash: hash } = await detail(opened)
  assert.ok(evidence.length > 6)
  const files = await filesOf(scopes.emsp, opened.id)
  assert.equal(faults(files, hash), [])
  const names = [...files.keys()].map((name) => name.replace(/^evidence\/\d+-/, ''))
  for (const name of [
    'cdr.json',
    'session-history.json',
    'recomputation.json',
    'signed-data.json',
    'authority.json',
  ])
    assert.ok(names.includes(name), `${name} of ${names.join(' ')}`)
  const file = path.join(folder, 'pack.zip')
  writeFileSync(file, (await pack(scopes.emsp, opened.id)).bytes)
  const told = { out: '' }
  const out = (text: string) => void (told.out += text)
  assert.is(
    await runCli(['evidence', 'verify', file, '--hash', hash ?? ''], { env: {}, out, err: out }),
    0,
    told.out,
  )
  assert.match(
    told.out,
    /recomputation +Priced again by the tariffs in the pack: 3.00 EUR before tax/,
  )
  assert.match(
    told.out,
    /signed meter data +Checked again, as recorded: 1 record with a signature that fits/,
  )
  const readme = String(files.get('README.md'))
  assert.match(readme, /^# Dispute \d+: /)
  assert.match(readme, /Unser Zähler zeigt 7 kWh/)
  assert.match(readme, /1\.20 EUR \(1\.00 EUR net and 0\.20 EUR tax\)/)
})

test('the card stands in the CDR alone', async () => {
  await wrong('E2')
  const opened = await contest('E2', { code: 'P1', text: 'too dear' })
  const files = await filesOf(scopes.cpo, opened.id)
  for (const [name, bytes] of files) {
    const isCdr = name.endsWith('-cdr.json')
    assert.is(/"CARD-E2"|CCARD-E2/i.test(bytes.toString('utf8')), isCdr, name)
  }
  const findings = [...files].find(([name]) => name.endsWith('findings.json'))?.[1].toString('utf8')
  assert.match(findings ?? '', /"P1"/)
})

test('what is added is numbered and listed; the frozen hash does not change', async () => {
  await clean('E3')
  const dispute = await contest('E3', { amount: { net: '0.50' } })
  const { id, evidence_hash: hash } = dispute
  const letter = { name: 'letter.txt', media: 'text/plain', bytes: 'The meter was exchanged.' }
  const first = await add(cpo, id, letter)
  assert.is(first.status, 201, await first.clone().text())
  const [one, again] = [await first.json(), await (await add(cpo, id, letter)).json()]
  assert.equal(again, one)
  const own = await add(emsp, id, { name: 'manifest.json', media: 'application/json', bytes: '{}' })
  assert.is(own.status, 201)
  const files = await filesOf(scopes.emsp, id)
  assert.equal(faults(files, hash), [])
  assert.ok([...files.keys()].some((name) => /^evidence\/\d{3}-letter\.txt$/.test(name)))
  assert.is((await add(cpo, id, { ...letter, media: 'application/pdf' })).status, 422)
  assert.is((await add(cpo, id, { ...letter, media: 'text/html' })).status, 422)
  for (let n = 0; n < 40; n++) await add(cpo, id, { ...letter, name: `l${n}.txt` })
  assert.is((await add(cpo, id, { ...letter, name: 'one-more.txt' })).status, 409)
  const withdrawn = await act(dispute, 'withdraw', 'emsp')
  assert.is(withdrawn.state, 'withdrawn')
  assert.is((await add(emsp, id, { ...letter, name: 'late.txt' })).status, 409)
  assert.equal(faults(await filesOf(scopes.cpo, id), hash), [])
})

test('a draft has no frozen evidence, and the name of an operator stays in the hub', async () => {
  await wrong('E4')
  const [draft] = await of('E4')
  assert.ok(draft)
  assert.is(draft.evidence_hash, null)
  assert.equal(faults(await filesOf(scopes.cpo, draft.id), null), [])
  const opened = await contest('E4', { code: 'P1', text: 'so' })
  await act(opened, 'resolve', 'operator', { text: 'seen by us', amount: { net: '1.00' } })
  const ours = await filesOf(scopes.operator, opened.id)
  const theirs = await filesOf(scopes.cpo, opened.id)
  const text = (files: ReadonlyMap<string, Buffer>) => String(files.get('manifest.json'))
  assert.match(text(ours), /operator:test/)
  assert.not.match([...theirs.values()].join('\n'), /operator:test/)
  assert.equal(faults(ours, opened.evidence_hash), [])
  assert.equal(faults(theirs, opened.evidence_hash), [])
})

test('the same evidence is the same ZIP, and other parties have none', async () => {
  await clean('E5')
  const { id } = await contest('E5', { amount: { net: '0.50' } })
  const [a, b] = [await pack(scopes.cpo, id), await pack(scopes.cpo, id)]
  assert.ok(a.bytes.equals(b.bytes))
  assert.is(a.name, `dispute-${id}-evidence.zip`)
  const stranger: Scope = {
    kind: 'party',
    actor: 'FR-XXX',
    platformId: 'p',
    cpos: ['FR-XXX'],
    emsps: ['FR-XXX'],
  }
  try {
    await pack(stranger, id)
    assert.unreachable('a stranger has the pack')
  } catch (error) {
    assert.match(String(error), /No dispute/)
  }
})

test.run()
