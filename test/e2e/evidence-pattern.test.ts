// A pattern of small differences is frozen like any other dispute, and whoever is told of it can check it alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NO_RUN, addDelta } from '../../src/clearing/bias.ts'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { readZip } from '../../src/cli/read-zip.ts'
import { runCli } from '../../src/cli/run.ts'
import { sql } from '../../src/db/sql.ts'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import type { Measured } from '../../src/hub/disputes/evidence-pattern.ts'
import { openPattern } from '../../src/hub/disputes/pattern.ts'
import { getDispute } from '../../src/hub/disputes/read-detail.ts'
import { findBias } from '../../src/hub/records/bias.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, money } from '../helpers/objects.ts'

const DAY_MS = 86_400_000
const SMALL = 10_000n

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr, post, act, scopes, verify } = disputesOf(hub, { cpo, emsp })
const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-pattern-'))
const { db } = hub.context

const test = suite('evidence of a pattern')
test.after.each(verify)
test.after(async () => {
  await hub.close()
  rmSync(folder, { recursive: true })
})

/** CDRs that cost 3.00 by their tariff and claim 3.01: within tolerance, each of them. */
async function charged(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const one = charge(`B-${n}`, emsp)
    await prepare(one, emsp)
    await post(cdr(one, { total_cost: money(3.01), total_energy_cost: money(3.01) }))
  }
  await hub.drain()
}

/** The pack as it is fetched: an operator's, or a party's. */
async function fetched(id: bigint, who: FakePartner | null): Promise<Buffer> {
  const [door, token] =
    who === null
      ? ['admin', `Bearer ${hub.context.config.adminToken}`]
      : ['party', `Token ${Buffer.from(who.token).toString('base64')}`]
  const answer = await fetch(`${hub.url}/${door}/v1/disputes/${id}/evidence`, {
    headers: { authorization: token },
  })
  assert.is(answer.status, 200)
  return Buffer.from(await answer.arrayBuffer())
}

async function verified(pack: Buffer, hash: string): Promise<string> {
  const file = path.join(folder, 'pack.zip')
  writeFileSync(file, pack)
  const told = { out: '' }
  const out = (text: string) => void (told.out += text)
  const line = ['evidence', 'verify', file, '--hash', hash]
  assert.is(await runCli(line, { env: {}, out, err: out }), 0, told.out)
  return told.out
}

async function unpacked(pack: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const read = await readZip(pack)
  if (!read.ok) throw new Error(read.problem)
  return new Map([...read.files].map(([name, bytes]) => [name.replace(/\/\d+-/, '/'), bytes]))
}

const parsed = (files: ReadonlyMap<string, Buffer>, name: string): unknown =>
  JSON.parse(String(files.get(`evidence/${name}`)))

test('what small differences are judged by is frozen, and both parties and the operator can check it', async () => {
  await charged(60)
  // One by another tariff that claims too little: all together come to less.
  const low = charge('LOW', emsp)
  await prepare(low, emsp)
  const other = JSON.parse(JSON.stringify(cdr(low)).replaceAll('"T1"', '"T2"'))
  await post({ ...other, total_cost: money(2.99), total_energy_cost: money(2.99) })
  await hub.drain()
  await hub.admin('PUT', '/agreements/NL-TNM/DE-EMA', { materiality: { pattern: '0.20' } })
  const span = { from: new Date(fromNow(-30 * DAY_MS)), to: new Date(fromNow(DAY_MS)) }
  const [id = 0n, ...more] = await findBias(hub.context, span)
  assert.equal(more, [])
  const dispute = await getDispute(db, scopes.cpo, id)
  const hash = dispute.evidence_hash ?? ''
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.match(dispute.statement ?? '', /^60 CDRs of NL-TNM in a row by tariff T1 are 0\.332 % too/)
  for (const who of [cpo, emsp, null]) {
    const told = await verified(await fetched(id, who), hash)
    assert.match(told, /✓ frozen evidence +\d files as they were frozen/)
    assert.match(told, /✓ pattern +60 CDRs add up to what is disputed: 0.60 EUR before tax/)
    assert.match(told, /The figures of the test agree with it/)
  }
  const files = await unpacked(await fetched(id, emsp))
  const pattern = parsed(files, 'pattern.json')
  assert.equal([at(pattern, 'statement'), at(pattern, 'net')], [dispute.statement, '0.60'])
  const [line] = items(parsed(files, 'cdrs.json')).filter((one) => at(one, 'cdr') === 'B-7')
  const figures = ['claim', 'price', 'difference', 'net', 'currency'].map((name) => at(line, name))
  assert.equal(figures, ['3.01', '3.00', '0.01', '0.01', 'EUR'])
  const [kept] = await db.rows<{ sent: string; content: string }>(sql`
    select encode(sha256(original), 'hex') as sent, encode(content_hash, 'hex') as content from cdrs
    where cdr_id = 'B-7'`)
  assert.equal([at(line, 'sha256'), at(line, 'content_hash')], [kept?.sent, kept?.content])
  const hash256 = at(line, 'tariff', 'sha256')
  const own = items(parsed(files, 'tariffs.json')).find((one) => at(one, 'sha256') === hash256)
  assert.is(at(own, 'tariff', 'id'), at(line, 'tariff', 'id'))
  assert.match(
    String(files.get('evidence/cdrs.csv')),
    /^cdr_id,start,currency,claim,price_by_tariff,/,
  )
  assert.match(String(files.get('README.md')), /disagree about 60 CDRs that are too high/)
  assert.not.match([...files.values()].join('\n'), /CARD-B/)
})

test('the figures of the test are frozen, files that are added do not change it', async () => {
  const rows = await db.rows<{ id: bigint }>(sql`
    select id from cdrs where cdr_id like 'B-%' order by id`)
  const deltas = rows.map(() => ({ delta: SMALL, amount: 3_010_000n }))
  const run = deltas.reduce(addDelta, NO_RUN)
  const measured: Measured = {
    by: 'tariff',
    key: 't1',
    from: new Date(fromNow(-30 * DAY_MS)),
    until: new Date(fromNow(DAY_MS)),
    run,
    material: 200_000n,
  }
  const listed = rows.map((row) => ({ cdrId: row.id, net: SMALL, tax: 0n, difference: SMALL }))
  const pair = { owner: 'NL-TNM', receiver: 'DE-EMA', currency: 'EUR', code: 'S4b' }
  const said = { statement: 'Always a little more.', terms: defaultTerms }
  const id = await db.transaction((tx) =>
    openPattern(tx, { ...pair, ...said, items: listed, measured }),
  )
  const dispute = await getDispute(db, scopes.emsp, id ?? 0n)
  const hash = dispute.evidence_hash ?? ''
  const query = new URLSearchParams({ name: 'note.txt', media: 'text/plain' })
  const added = await fetch(`${hub.url}/party/v1/disputes/${dispute.id}/evidence?${query}`, {
    method: 'POST',
    headers: { authorization: `Token ${Buffer.from(cpo.token).toString('base64')}` },
    body: 'The rounding of our back office.',
  })
  assert.is(added.status, 201, await added.text())
  await act(dispute, 'accept', 'cpo')
  const pack = await fetched(BigInt(dispute.id), cpo)
  assert.match(await verified(pack, hash), /The figures of the test agree with it/)
  const files = await unpacked(pack)
  const figures = at(parsed(files, 'pattern.json'), 'test')
  assert.equal(
    ['cdrs', 'sum', 'mean', 'threshold', 'by'].map((name) => at(figures, name)),
    [60, '0.60', '0.01', '0.20', 'tariff'],
  )
  assert.match(String(files.get('README.md')), /Measured \| 60 CDRs in a row of those by tariff t1/)
})

/** CDRs with a fifth of a percent more energy than they should have, 5.01 for 5.00: as sessions or as records say. */
async function more(payer: FakePartner, { by }: { by: 'sessions' | 'records' }): Promise<unknown> {
  const name = by === 'sessions' ? 'M' : 'R'
  const ids = Array.from({ length: 55 }, (_, n) => `${name}-${n}`)
  for (const id of ids) {
    const one = { ...charge(id, payer), kwh: 10.02, price: 0.5 }
    await prepare({ ...one, kwh: by === 'sessions' ? 10 : 10.02 }, payer)
    await post(cdr(one))
  }
  const records = ids.map((id) => ({
    record_id: id,
    cpo: 'NL-TNM',
    session_id: `S-${id}`,
    kwh: 10,
  }))
  if (by === 'records') await hub.asParty(payer, 'POST', '/records', records)
  await hub.drain()
  await hub.admin('PUT', `/agreements/NL-TNM/${payer.party}`, { materiality: { pattern: '0.20' } })
  const span = { from: new Date(fromNow(-30 * DAY_MS)), to: new Date(fromNow(DAY_MS)) }
  const found = await Promise.all(
    (await findBias(hub.context, span)).map((id) => getDispute(db, scopes.operator, id)),
  )
  return found.filter(({ emsp: side }) => side === payer.party)[0]
}

test('always a little more energy than the session says, and than the record says', async () => {
  for (const [party, by, words, series] of [
    ['FR-EMB', 'sessions', 'their signed meters or sessions say', 'energy'],
    ['FR-EMC', 'records', 'the records of the eMSP say', 'record_energy'],
  ] as const) {
    const payer = await hub.connect({ parties: [{ party, role: 'EMSP' }] })
    const dispute = await more(payer, { by })
    const statement = `55 CDRs of NL-TNM in a row bill 0.199 % more energy on average than ${words}: 0.55 EUR in all.`
    assert.ok(String(at(dispute, 'statement')).startsWith(statement), JSON.stringify(dispute))
    const pack = await fetched(BigInt(String(at(dispute, 'id'))), payer)
    const told = await verified(pack, String(at(dispute, 'evidence_hash')))
    assert.match(told, /55 CDRs add up to what is disputed: 0.55 EUR/)
    const files = await unpacked(pack)
    assert.is(at(parsed(files, 'pattern.json'), 'test', 'by'), series)
    const [line] = items(parsed(files, 'cdrs.json'))
    assert.equal(at(line, 'energy'), { billed: '10.02', other: '10.00', cost: '5.01' })
    assert.equal([at(line, 'price'), at(line, 'difference')], ['5.01', '0.01'])
    assert.match(String(files.get('README.md')), /55 CDRs in a row of all, by their energy/)
  }
})

test('a pattern over a thousand CDRs is packed and checked', async () => {
  await db.rows(sql`
    insert into cdr_figures (cdr_id, owner, receiver, cdr_key, started_at, net_micros, currency, is_credit, delta_micros)
    select 2000000 + i, 'NL-TNM', 'DE-EMA', 'k' || i, clock_timestamp(), 10000000, 'EUR', false, 40000
    from generate_series(1, 1000) i`)
  const many = Array.from({ length: 1_000 }, (_, n) => BigInt(2_000_001 + n))
  const listed = many.map((cdrId) => ({ cdrId, net: 40_000n, tax: 0n }))
  const pair = { owner: 'NL-TNM', receiver: 'DE-EMA', currency: 'EUR', code: 'S4c' }
  const said = { statement: 'Always more.', terms: defaultTerms }
  const id = await db.transaction((tx) => openPattern(tx, { ...pair, ...said, items: listed }))
  const dispute = await getDispute(db, scopes.cpo, id ?? 0n)
  const read = await readZip(await fetched(BigInt(dispute.id), null))
  if (!read.ok) throw new Error(read.problem)
  const checks = verifyPack(read.files, { expectedHash: dispute.evidence_hash })
  assert.equal(
    checks.map(({ subject, isRight }) => [subject, isRight]),
    [
      ['files', true],
      ['frozen evidence', true],
      ['events of the dispute', true],
      ['dispute', true],
      ['pattern', true],
    ],
  )
})

test.run()
