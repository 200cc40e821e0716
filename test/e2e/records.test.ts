// The eMSPs' own records: how they come, how they find their CDRs, and what they change.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { fillFigures } from '../../src/hub/records/fill-figures.ts'
import { ask, at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const other = await hub.connect({ parties: [{ party: 'FR-OTH', role: 'EMSP' }] })
const story = storyOf(hub, cpo)
const { charge, prepare, cdr, post, shown } = story

const test = suite('records of eMSPs')
test.after(() => hub.close())

const records = 'receiver/nlxch-records'

async function bill(id: string, more: Json = {}): Promise<void> {
  const one = charge(id, emsp)
  await prepare(one, emsp)
  const sent = await post(cdr(one, more))
  assert.is(sent.status, 201, sent.text)
  await hub.drain()
}

/** Where a record stands: its state and the CDRs it is matched with. */
async function recordStand(id: string, asked: FakePartner = emsp): Promise<string> {
  const { json, text } = await hub.asParty(asked, 'GET', '/records?limit=200')
  const found = items(at(json, 'items')).find((item) => at(item, 'record_id') === id)
  if (found === undefined) return `none in ${text.slice(0, 200)}`
  const matches = items(at(found, 'matches')).map(
    (match) =>
      `${String(at(match, 'cdr_id'))}/${String(at(match, 'tier'))}/${String(at(match, 'state'))}`,
  )
  return [at(found, 'state'), ...matches].join(' ')
}

test('one by one over OCPI, with revisions, and only its own', async () => {
  const body = { session_id: 'S-NONE', total_energy: 10, start_date_time: fromNow(-2 * HOUR_MS) }
  const put = (record: Json, path = 'DE/EMA/R1') =>
    emsp.send('PUT', `${records}/${path}`, { body: record })
  const first = await put(body)
  assert.is(first.code, 1000, first.text)
  assert.equal(first.data, { outcome: 'new', record_id: 'R1', revision: 1 })
  assert.equal((await put(body)).data, { outcome: 'same', record_id: 'R1', revision: 1 })
  const changed = await put({ ...body, total_energy: 11 })
  assert.equal(changed.data, { outcome: 'changed', record_id: 'R1', revision: 2 })
  assert.is((await put(body, 'FR/OTH/R1')).status, 404)
  const wrong = await put({ ...body, total_energy: 'much' })
  assert.is(wrong.code, 2001)
  assert.match(wrong.text, '/total_energy')
  const listed = await emsp.send('GET', records)
  assert.is(listed.headers['x-total-count'], '1')
  assert.is(at(listed.data, 0, 'record_id'), 'R1')
  assert.is(at(listed.data, 0, 'state'), 'unmatched')
  assert.equal((await other.send('GET', records)).data, [])
  assert.is((await cpo.send('GET', records)).code, 2001)
})

test('a list keeps what can be kept', async () => {
  const sent = await emsp.send('POST', records, {
    body: [
      { id: 'L1', session_id: 'S-L1', kwh: 3 },
      { id: 'L2' },
      { id: 'L3', start: '2026-02-30T00:00:00Z', uid: 'X' },
    ],
  })
  assert.is(sent.code, 1000, sent.text)
  assert.equal(
    items(sent.data).map((one) => at(one, 'outcome')),
    ['new', 'refused', 'refused'],
  )
})

test('listed in version details for those who know of it', async () => {
  const url = `${hub.url}/ocpi/2.2.1`
  const listed = async (): Promise<string> =>
    (
      await ask({
        url,
        method: 'GET',
        headers: { authorization: `Token ${Buffer.from(emsp.token).toString('base64')}` },
      })
    ).text
  assert.not.match(await listed(), 'nlxch-records')
  const changed = await hub.admin('PATCH', `/platforms/${emsp.id}`, {
    quirks: { hub_modules: true },
  })
  assert.is(changed.status, 200, changed.text)
  assert.match(await listed(), `${hub.url}/ocpi/2.2.1/receiver/nlxch-records`)
})

test('a record that was there first is what the CDR is held against', async () => {
  const more = { start_date_time: fromNow(-2 * HOUR_MS), end_date_time: fromNow(-HOUR_MS) }
  await emsp.send('PUT', `${records}/DE/EMA/FIRST`, {
    body: { session_id: 'S-C1', cpo: 'NL-TNM', total_energy: 7, ...more },
  })
  await hub.drain()
  await bill('C1')
  assert.is(await recordStand('FIRST'), 'matched C1/1/confirmed')
  assert.ok((await shown('C1')).codes.includes('Q2'))
})

test('a record that comes later changes what is found, not what is booked, and the eMSP is told', async () => {
  await bill('C2')
  assert.not.ok((await shown('C2')).codes.includes('Q2'))
  const told = await hub.asParty(emsp, 'POST', '/records', [
    { record_id: 'LATER', session_id: 'S-C2', cpo: 'NL-TNM', kwh: 7, start: fromNow(-2 * HOUR_MS) },
  ])
  assert.is(told.status, 200, told.text)
  assert.equal(at(told.json, 'totals'), { new: 1, changed: 0, same: 0, refused: 0 })
  await hub.drain()
  assert.is(await recordStand('LATER'), 'matched C2/1/confirmed')
  const after = await shown('C2')
  assert.ok(after.codes.includes('Q2'))
  assert.is(after.state, 'provisional')
})

test('by card, EVSE and time; two that fit alike are nobody’s until a person says', async () => {
  const start = fromNow(-2 * HOUR_MS)
  const end = fromNow(-HOUR_MS)
  await bill('C3', { start_date_time: start, end_date_time: end })
  const like = {
    cpo: 'NL-TNM',
    uid: 'CARD-C3',
    evse_id: 'NL*TNM*E-CARD-C3',
    start,
    end,
    kwh: 10,
    net: 3,
    currency: 'EUR',
  }
  const csv = [Object.keys({ record_id: '', ...like }), ['TWIN-1', ...Object.values(like)]]
  const sent = await upload(csv.map((row) => row.join(',')).join('\n'))
  assert.is(at(sent.json, 'totals', 'new'), 1, sent.text)
  await hub.drain()
  assert.is(await recordStand('TWIN-1'), 'matched C3/4/confirmed')
  await upload(
    ['record_id', ...Object.keys(like)].join(',') +
      '\n' +
      ['TWIN-2', ...Object.values(like)].join(','),
  )
  await hub.drain()
  assert.is(await recordStand('TWIN-1'), 'ambiguous C3/4/ambiguous')
  assert.is(await recordStand('TWIN-2'), 'ambiguous C3/4/ambiguous')
  const { json } = await hub.asParty(emsp, 'GET', '/records?state=ambiguous')
  const id = String(at(json, 'items', 0, 'id'))
  const body = { cdr: { country_code: 'NL', party_id: 'TNM', id: 'C3' } }
  assert.is((await hub.asParty(other, 'POST', `/records/${id}/confirm`, body)).status, 404)
  const decided = await hub.asParty(emsp, 'POST', `/records/${id}/confirm`, body)
  assert.is(at(decided.json, 'state'), 'matched', decided.text)
  await hub.drain()
  assert.is(await recordStand('TWIN-2'), 'matched C3/4/confirmed')
  assert.is(await recordStand('TWIN-1'), 'unmatched')
})

test('a record in the shape of a CDR of 2.1.1 finds its CDR', async () => {
  const [start, end] = [fromNow(-4 * HOUR_MS), fromNow(-3 * HOUR_MS)]
  await bill('C4', { start_date_time: start, end_date_time: end })
  const record = {
    ...{ id: 'OLD-SHAPE', cpo: 'NL-TNM', start_date_time: start, stop_date_time: end },
    auth_id: 'DE-EMA-CCARD-C4',
    location: { id: 'L1', evses: [{ uid: '1', evse_id: 'NL*TNM*E-CARD-C4' }] },
    ...{ total_energy: 10, total_cost: 3, currency: 'EUR' },
  }
  await emsp.send('POST', records, { body: [record] })
  await hub.drain()
  assert.is(await recordStand('OLD-SHAPE'), 'matched C4/4/confirmed')
})

/** As an operator's file. */
function upload(text: string) {
  return ask({
    url: `${hub.url}/admin/v1/records?party=DE-EMA`,
    method: 'POST',
    headers: {
      authorization: `Bearer ${hub.context.config.adminToken}`,
      'content-type': 'text/csv',
    },
    body: text,
  })
}

test('a wrong row of a file is named with its line and column, the others are kept', async () => {
  const sent = await upload(
    'Record_ID;session_id;kWh;start\nA1;S-1;12,5;2026-11-01T10:00:00Z\nA2;S-2;zwölf;2026-11-01T10:00:00Z\n;;;\n',
  )
  assert.is(sent.status, 200, sent.text)
  const [good, bad] = items(at(sent.json, 'lines'))
  assert.is(at(good, 'outcome'), 'new')
  assert.is(at(bad, 'line'), 3)
  assert.is(at(bad, 'faults', 0, 'column'), 'kwh')
})

test('everything is compared with everything', async () => {
  const order = await hub.admin('POST', '/reconciliations', {
    from: fromNow(-24 * HOUR_MS),
    to: fromNow(HOUR_MS),
  })
  assert.is(order.status, 201, order.text)
  await hub.drain()
  const path = `/reconciliations/${String(at(order.json, 'id'))}`
  const done = await hub.admin('GET', path)
  assert.is(at(done.json, 'state'), 'done', done.text)
  const found = Object.fromEntries(
    items(at(done.json, 'differences')).map((one) => [at(one, 'kind'), at(one, 'count')]),
  )
  assert.is(found['energy_record'], 2, done.text)
  const lines = await hub.admin('GET', `${path}/lines?kind=energy_record`)
  assert.equal(
    items(at(lines.json, 'items'))
      .map((line) => at(line, 'cdr_id'))
      .sort(),
    ['C1', 'C2'],
  )
  assert.is(at(lines.json, 'items', 0, 'difference'), '3.00')
  const pairs = await hub.admin('GET', `${path}/pairs`)
  assert.is(pairs.status, 200, pairs.text)
})

test('a CDR that is kept from the eMSP is not shown through its record either', async () => {
  const one = charge('K1', emsp)
  await story.session(one)
  await post(cdr(one))
  await emsp.send('PUT', `${records}/DE/EMA/KEPT`, {
    body: { session_id: 'S-K1', cpo: 'NL-TNM', kwh: 10, start: fromNow(-2 * HOUR_MS) },
  })
  const unseen = async (codes: string[]) => {
    await hub.drain()
    const before = await shown('K1')
    assert.equal([before.codes, await recordStand('KEPT')], [codes, 'unmatched'])
    const { json } = await hub.asParty(emsp, 'GET', '/records?limit=200')
    const kept = items(at(json, 'items')).find((item) => at(item, 'record_id') === 'KEPT')
    const path = `/records/${String(at(kept, 'id'))}`
    const body = { cdr: { country_code: 'NL', party_id: 'TNM', id: 'K1' } }
    for (const verb of ['confirm', 'reject'])
      assert.is((await hub.asParty(emsp, 'POST', `${path}/${verb}`, body)).status, 404, verb)
    assert.not.match((await hub.asParty(emsp, 'GET', path)).text, '"K1"')
    assert.not.match((await emsp.send('GET', records)).text, '"K1"')
    assert.match((await hub.admin('GET', path)).text, '"K1"')
  }
  await unseen([])
  await hub.passTime(61 * 60_000)
  await unseen(['A1'])
  assert.is((await shown('K1')).delivery, 'withheld')
  await prepare(one, emsp)
  await hub.drain()
  assert.is(await recordStand('KEPT'), 'matched K1/1/confirmed')
})

test('a CDR of an older version, without figures, finds its record once they are filled in', async () => {
  await bill('OLD')
  await hub.context.db.rows(sql`delete from cdr_figures where cdr_key = 'old'`)
  await emsp.send('PUT', `${records}/DE/EMA/OF-OLD`, {
    body: { session_id: 'S-OLD', cpo: 'NL-TNM', kwh: 10, start: fromNow(-2 * HOUR_MS) },
  })
  await hub.drain()
  assert.is(await recordStand('OF-OLD'), 'unmatched')
  assert.not.ok(await fillFigures(hub.context, { budgetMs: 0 }))
  assert.ok(await fillFigures(hub.context, { budgetMs: 60_000 }))
  await hub.drain()
  assert.is(await recordStand('OF-OLD'), 'matched OLD/1/confirmed')
})

test.run()
