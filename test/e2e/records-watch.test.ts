// What is missing between two parties, small differences that add up, and the commands for records.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli/run.ts'
import { sql } from '../../src/db/sql.ts'
import { findBias } from '../../src/hub/records/bias.ts'
import { noticeMissing } from '../../src/hub/records/missing.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr, post } = storyOf(hub, cpo)

const test = suite('what is missing, and what adds up')
test.after(() => hub.close())

/** Sessions and records as if they had come so long ago. */
async function age(hours: number): Promise<void> {
  await hub.context.db.rows(sql`
    update objects set received_at = received_at - ${hours} * interval '1 hour' where module = 'sessions'`)
  await hub.context.db.rows(sql`update session_steps set at = at - ${hours} * interval '1 hour'`)
  await hub.context.db.rows(sql`
    update emsp_records set received_at = received_at - ${hours} * interval '1 hour'`)
}

async function notices(state = 'open'): Promise<string[]> {
  const { json, text } = await hub.asParty(cpo, 'GET', `/notices?state=${state}`)
  assert.ok(json !== undefined, text)
  return items(at(json, 'items'))
    .map(
      (one) =>
        `${String(at(one, 'kind'))} ${String(at(one, 'subject'))} ${String(at(one, 'level'))}`,
    )
    .sort()
}

test('a session without CDR and a record without CDR are told at three levels, until the CDR comes', async () => {
  await prepare(charge('M1', emsp), emsp)
  await emsp.send('PUT', 'receiver/nlxch-records/DE/EMA/LOST', {
    body: { cpo: 'NL-TNM', session_id: 'S-LOST', kwh: 4, start: fromNow(-HOUR_MS) },
  })
  await hub.drain()
  await noticeMissing(hub.context)
  assert.equal(await notices(), [])
  await age(25)
  await noticeMissing(hub.context)
  await noticeMissing(hub.context)
  assert.equal(await notices(), ['record lost 1', 'session s-m1 1'])
  await age(48)
  await noticeMissing(hub.context)
  assert.equal(await notices(), ['record lost 2', 'session s-m1 2'])
  await age(100)
  await noticeMissing(hub.context)
  assert.equal(await notices(), ['record lost 3', 'session s-m1 3'])
  const { json } = await hub.asParty(emsp, 'GET', '/notices')
  const texts = items(at(json, 'items')).map((one) => String(at(one, 'message')))
  assert.ok(
    texts.some((text) => /session S-M1 of NL-TNM ended at .* and 7 days later no CDR/.test(text)),
    texts.join(),
  )
  assert.ok(
    texts.some((text) => /record LOST of DE-EMA says that a charge of 4 kWh began at/.test(text)),
    texts.join(),
  )
  await post(cdr(charge('M1', emsp)))
  await hub.drain()
  await noticeMissing(hub.context)
  assert.equal(await notices(), ['record lost 3'])
  assert.equal(await notices('resolved'), ['session s-m1 3'])
})

test('neither a CDR that cannot be taken nor the session sent again ends what is missing', async () => {
  const one = charge('M2', emsp)
  await prepare(one, emsp)
  await hub.drain()
  await age(25)
  await noticeMissing(hub.context)
  assert.ok((await notices()).includes('session s-m2 1'))
  await post({ ...cdr(one), currency: 'XXX' })
  await hub.drain()
  const [state] = await hub.context.db.rows<{ state: string }>(sql`
    select s.state from cdr_states s join cdrs c on c.id = s.cdr_id where c.cdr_id = 'M2'`)
  assert.is(state?.state, 'quarantined')
  await prepare(one, emsp)
  await hub.drain()
  await noticeMissing(hub.context)
  assert.ok((await notices()).includes('session s-m2 1'))
  await age(50)
  await prepare(one, emsp)
  await noticeMissing(hub.context)
  assert.ok((await notices()).includes('session s-m2 2'), (await notices()).join())
  const { json } = await hub.asParty(emsp, 'GET', '/notices')
  const text = items(at(json, 'items')).map((item) => String(at(item, 'message')))
  assert.ok(
    text.some((each) => /S-M2 .* 3 days later no CDR has come for it that can be taken/.test(each)),
    text.join(),
  )
  await post(cdr(one, { id: 'M2-again' }))
  await hub.drain()
  await noticeMissing(hub.context)
  assert.not.ok((await notices()).includes('session s-m2 2'))
})

test('a CPO that was busy and sends nothing any more is told of', async () => {
  await hub.context.db.rows(sql`
    insert into cdr_figures (cdr_id, owner, receiver, cdr_key, started_at, currency, is_credit)
    select 1000000 + i, 'NL-TNM', 'DE-EMA', 'q' || i, clock_timestamp() - interval '8 days' - i * interval '1 hour', 'EUR', false
    from generate_series(1, 12) i`)
  await hub.context.db.rows(
    sql`update cdr_figures set started_at = started_at - interval '20 days' where cdr_id < 1000000`,
  )
  await noticeMissing(hub.context)
  assert.ok((await notices()).includes('cpo cdrs 1'), (await notices()).join())
})

test('always a little too much becomes one dispute, once', async () => {
  // 400 CDRs of 10.00 EUR, each 0.04 above its tariff: within tolerance one by one.
  await hub.context.db.rows(sql`
    insert into cdr_figures (cdr_id, owner, receiver, cdr_key, started_at, net_micros, gross_micros, currency, is_credit,
      delta_micros, tariff_key, evse_key)
    select 2000000 + i, 'NL-TNM', 'DE-EMA', 'b' || i, clock_timestamp() - i * interval '1 hour', 10000000, 12000000, 'EUR', false,
      case when i <= 400 then 40000 else (i % 2 * 2 - 1) * 40000 end, 't1', 'NLTNME' || i % 7
    from generate_series(1, 900) i`)
  await hub.context.db.rows(sql`
    insert into cdr_states (cdr_id, owner, receiver, is_credit, currency, state)
    select cdr_id, owner, receiver, false, 'EUR', 'approved' from cdr_figures where cdr_id > 2000000`)
  const span = { from: new Date(fromNow(-2_000 * HOUR_MS)), to: new Date(fromNow(0)) }
  const opened = await findBias(hub.context, span)
  assert.is(opened.length, 1)
  const [dispute] = await hub.context.db.rows<{
    code: string
    net_micros: bigint
    statement: string
  }>(sql`
    select code, net_micros, statement from disputes where id = ${String(opened[0])}::bigint`)
  assert.is(dispute?.code, 'S4')
  assert.ok(
    dispute !== undefined && dispute.net_micros >= 15_000_000n && dispute.net_micros <= 16_040_000n,
    String(dispute?.net_micros),
  )
  assert.match(
    dispute.statement,
    /CDRs of NL-TNM in a row.* are 0\.[34]\d* % too high on average: 1[56]\.\d\d EUR in all/,
  )
  assert.equal(await findBias(hub.context, span), [])
})

async function command(line: string[]) {
  let out = ''
  let err = ''
  const env = { HUB_URL: hub.url, ADMIN_TOKEN: hub.context.config.adminToken }
  const code = await runCli(line, {
    env,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  })
  return { code, out, err }
}

test('the command sends a file, names bad rows by line and column, and may be run again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'records-test-'))
  try {
    const rows = Array.from(
      { length: 2_500 },
      (_, index) => `F${index},S-F${index},12.5,2026-11-01T10:00:00Z`,
    )
    rows[2_100] = 'F2100,S-F2100,zwölf,2026-11-01T10:00:00Z'
    const file = path.join(folder, 'ours.csv')
    await writeFile(file, ['record_id,session_id,kwh,start', ...rows].join('\n'))
    const first = await command(['records', 'import', file, '--party', 'DE-EMA'])
    assert.is(first.code, 1, first.err)
    assert.match(first.out, /ours\.csv +2102 .*refused +column kwh must be a number/)
    assert.match(first.out, /new +2499/)
    assert.match(first.err, /2500 records, 1 refused/)
    const again = await command(['records', 'import', file, '--party', 'DE-EMA'])
    assert.match(again.out, /same +2499/)
    const listed = await command(['records', '--party', 'DE-EMA', '--limit', '2'])
    assert.match(listed.out, 'F2499')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('who misses more than is told at once does not keep others from being told', async () => {
  await hub.context.db.rows(sql`
    insert into emsp_records (receiver, record_key, record_id, value, content_hash, source, owner, received_at)
    select 'DE-EMA', 'many' || i, 'MANY' || i, '{}', '', 'party', case when i <= 1000 then 'NL-TNM' else 'NL-ZZZ' end,
      clock_timestamp() - interval '25 hours'
    from generate_series(1, 1001) i`)
  const told = async (): Promise<string[]> => {
    const rows = await hub.context.db.rows<{ owner: string; many: bigint }>(sql`
      select owner, count(*) as many from missing_notices where subject like 'many%' group by owner order by owner`)
    return rows.map(({ owner, many }) => `${owner} ${many}`)
  }
  await noticeMissing(hub.context)
  await noticeMissing(hub.context)
  assert.equal(await told(), ['NL-TNM 1000', 'NL-ZZZ 1'])
})

test.run()
