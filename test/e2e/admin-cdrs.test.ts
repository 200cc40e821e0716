import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, registeredPlatform, seedCdr, startAdminHub } from './admin-hub.ts'
import type { AdminHub } from './admin-hub.ts'

const cdrs = suite('admin and party CDRs, cycles, work')
let hub: AdminHub
let cpo: { id: string; authorization: string }
let emsp: { id: string; authorization: string }
let stranger: { id: string; authorization: string }
const original = '{ "id":"C-1",\n "session_id": "S-C-1", "total_energy": 1.10, "emoji": "⚡" }'

cdrs.before(async () => {
  hub = await startAdminHub()
  cpo = await registeredPlatform(hub, { role: 'CPO', party: 'NL-CPO' })
  emsp = await registeredPlatform(hub, { role: 'EMSP', party: 'DE-MSP' })
  stranger = await registeredPlatform(hub, { role: 'EMSP', party: 'FR-MSP' })
  const pair = { owner: 'NL-CPO', receiver: 'DE-MSP' }
  await hub.context.db.rows(sql`
    insert into cycles (id, currency, number, state) values ('EUR-000001', 'EUR', 1, 'open'), ('SEK-000001', 'SEK', 1, 'open')`)
  const money = { net: 20_170_000n, tax: 3_830_000n, cycle: 'EUR-000001' }
  const id = await seedCdr(hub, { ...pair, ...money, cdrId: 'C-1', state: 'provisional', original })
  await seedCdr(hub, { ...pair, ...money, cdrId: 'C-2', state: 'held' })
  await seedCdr(hub, { ...pair, cdrId: 'C-3', state: 'quarantined', delivery: 'withheld' })
  await seedCdr(hub, { ...pair, cdrId: 'C-4', state: 'unmatched' })
  await hub.context.db.rows(sql`
    insert into cdr_findings (cdr_id, epoch, code, severity, message, superseded_at)
    values (${id}, 1, 'P9', 'I', 'close enough', null), (${id}, 0, 'P1', 'S', 'was wrong', clock_timestamp())`)
})
cdrs.after(() => hub.close())

cdrs(
  'a CDR is shown with amounts as decimal text, live findings and the bytes that were sent',
  async () => {
    const listed = await hub.ask('GET', '/admin/v1/cdrs?state=provisional')
    assert.is(at(listed.json, 'items', 'length'), 1)
    const item = at(listed.json, 'items', 0)
    assert.equal([at(item, 'net'), at(item, 'tax'), at(item, 'gross')], ['20.17', '3.83', '24.00'])
    assert.equal(at(item, 'findings'), ['P9'])
    assert.is(at(item, 'session_id'), 'S-C-1')
    const shown = await hub.ask('GET', '/admin/v1/cdrs/nl/cpo/c-1')
    assert.is(at(shown.json, 'original'), original)
    assert.is(at(shown.json, 'findings', 'length'), 1)
    assert.is(at(shown.json, 'history', 1, 'actor'), 'operator:root')
    assert.is((await hub.ask('GET', '/admin/v1/cdrs/NL/CPO/C-9')).status, 404)
  },
)

cdrs('CDRs are filtered and paged, newest first', async () => {
  const first = await hub.ask('GET', '/admin/v1/cdrs?limit=3')
  assert.equal(
    [0, 1, 2].map((i) => at(first.json, 'items', i, 'id')),
    ['C-4', 'C-3', 'C-2'],
  )
  const next = await hub.ask(
    'GET',
    `/admin/v1/cdrs?limit=3&cursor=${String(at(first.json, 'next_cursor'))}`,
  )
  assert.is(at(next.json, 'items', 0, 'id'), 'C-1')
  assert.is(at(next.json, 'next_cursor'), null)
  assert.is(at((await hub.ask('GET', '/admin/v1/cdrs?party=de-msp')).json, 'items', 'length'), 4)
  assert.is(at((await hub.ask('GET', '/admin/v1/cdrs?party=FR-MSP')).json, 'items', 'length'), 0)
  assert.is(
    at((await hub.ask('GET', '/admin/v1/cdrs?to=2001-01-01T00:00:00Z')).json, 'items', 'length'),
    0,
  )
})

cdrs(
  'a party sees its own side only: the sender all, the receiver what was judged, others nothing',
  async () => {
    const ids = async (token: string) => {
      const { json } = await hub.ask('GET', '/party/v1/cdrs', { token })
      const items = at(json, 'items')
      return Array.isArray(items) ? items.map((item) => at(item, 'id')) : []
    }
    assert.equal(await ids(cpo.authorization), ['C-4', 'C-3', 'C-2', 'C-1'])
    assert.equal(await ids(emsp.authorization), ['C-2', 'C-1'])
    assert.equal(await ids(stranger.authorization), [])
    const path = '/party/v1/cdrs/NL/CPO'
    assert.is((await hub.ask('GET', `${path}/C-3`, { token: cpo.authorization })).status, 200)
    assert.is((await hub.ask('GET', `${path}/C-3`, { token: emsp.authorization })).status, 404)
    assert.is((await hub.ask('GET', `${path}/C-1`, { token: stranger.authorization })).status, 404)
    const shown = await hub.ask('GET', `${path}/C-1`, { token: emsp.authorization })
    assert.is(at(shown.json, 'history', 1, 'actor'), 'operator')
  },
)

cdrs(
  'only the billed eMSP may approve under /party/v1, and no party has the other verbs',
  async () => {
    const body = { reason: 'checked' }
    const path = '/party/v1/cdrs/NL/CPO/C-1'
    assert.is(
      (await hub.ask('POST', `${path}/approve`, { token: cpo.authorization, body })).status,
      403,
    )
    assert.is(
      (await hub.ask('POST', `${path}/approve`, { token: stranger.authorization, body })).status,
      404,
    )
    assert.is(
      (await hub.ask('POST', `${path}/release`, { token: emsp.authorization, body })).status,
      404,
    )
    assert.is(
      (await hub.ask('POST', `${path}/approve`, { token: emsp.authorization, body: {} })).status,
      422,
    )
  },
)

cdrs('what the state does not allow is 409 and says what is possible', async () => {
  const answer = await hub.ask('POST', '/admin/v1/cdrs/NL/CPO/C-1/release', {
    body: { reason: 'why not' },
  })
  assert.is(answer.status, 409)
  assert.match(String(at(answer.json, 'detail')), /approve/)
})

cdrs('a decision is audited with its reason, and needs one', async () => {
  const path = '/admin/v1/cdrs/NL/CPO/C-2/recheck'
  assert.is((await hub.ask('POST', path)).status, 422)
  const answer = await hub.ask('POST', path, { body: { reason: 'token arrived' } })
  assert.is(answer.status, 200, answer.text)
  const audit = await hub.ask('GET', '/admin/v1/audit?subject=NL-CPO/C-2')
  assert.equal(
    ['actor', 'action', 'reason'].map((field) => at(audit.json, 'items', 0, field)),
    ['operator:root', 'cdr.recheck', 'token arrived'],
  )
})

cdrs('statements are JSON or CSV, and only for the party itself', async () => {
  const path = '/cycles/EUR-000001/statements/DE/MSP'
  const json = await hub.ask('GET', `/admin/v1${path}`)
  assert.is(at(json.json, 'lines', 'length'), 2)
  assert.is(at(json.json, 'totals', 'provisional', 'owes', 'gross'), '24.00')
  assert.is(at(json.json, 'lines', 0, 'counterparty'), 'NL-CPO')
  const paged = await hub.ask('GET', `/admin/v1${path}?limit=1`)
  const rest = await hub.ask(
    'GET',
    `/admin/v1${path}?limit=1&cursor=${String(at(paged.json, 'next_cursor'))}`,
  )
  assert.is(at(rest.json, 'lines', 0, 'cdr_id'), 'C-2')
  const csv = await hub.ask('GET', `/admin/v1${path}`, { headers: { accept: 'text/csv' } })
  assert.match(csv.headers['content-type'] ?? '', /^text\/csv/)
  assert.is(csv.text.trimEnd().split('\r\n').length, 3)
  assert.is((await hub.ask('GET', `/admin/v1${path}?format=csv`)).text, csv.text)
  const listed = await hub.ask('GET', '/admin/v1/cycles/EUR-000001/statements')
  assert.equal(
    [0, 1].map((i) => at(listed.json, 'items', i, 'party')),
    ['DE-MSP', 'NL-CPO'],
  )
  assert.is((await hub.ask('GET', `/party/v1${path}`, { token: emsp.authorization })).status, 200)
  assert.is((await hub.ask('GET', `/party/v1${path}`, { token: cpo.authorization })).status, 404)
  assert.is(
    (await hub.ask('GET', '/admin/v1/cycles/EUR-000009/statements/DE/MSP?format=csv')).status,
    404,
  )
  const own = await hub.ask('GET', '/party/v1/cycles', { token: emsp.authorization })
  assert.is(at(own.json, 'items', 'length'), 1)
  assert.is(
    at(
      (await hub.ask('GET', '/party/v1/cycles', { token: stranger.authorization })).json,
      'items',
      'length',
    ),
    0,
  )
  assert.is(at((await hub.ask('GET', '/admin/v1/cycles')).json, 'items', 'length'), 2)
})

cdrs('closing and finalizing a cycle twice changes nothing', async () => {
  assert.is((await hub.ask('POST', '/admin/v1/cycles/SEK-000001/finalize')).status, 409)
  const closed = await hub.ask('POST', '/admin/v1/cycles/SEK-000001/close', {
    body: { reason: 'month end' },
  })
  assert.is(at(closed.json, 'state'), 'contest')
  assert.is(at(closed.json, 'next_cycle'), 'SEK-000002')
  assert.equal((await hub.ask('POST', '/admin/v1/cycles/SEK-000001/close')).json, closed.json)
  const final = await hub.ask('POST', '/admin/v1/cycles/SEK-000001/finalize')
  assert.is(at(final.json, 'state'), 'final')
  assert.equal(at(final.json, 'positions'), [])
  assert.equal((await hub.ask('POST', '/admin/v1/cycles/SEK-000001/finalize')).json, final.json)
  assert.is((await hub.ask('POST', '/admin/v1/cycles/SEK-000009/close')).status, 404)
})

cdrs('the ledger is listed and verified', async () => {
  assert.is((await hub.ask('GET', '/admin/v1/ledger/accounts')).status, 200)
  assert.is(
    (await hub.ask('GET', '/admin/v1/ledger/transfers?account=obl:DE-MSP%3ENL-CPO:due')).status,
    200,
  )
  const verified = await hub.ask('POST', '/admin/v1/ledger/verify')
  assert.equal(verified.json, { ok: true, differences: [], breaches: [] })
})

cdrs('failed work is listed and replayed once', async () => {
  const [row] = await hub.context.db.rows<{ id: bigint }>(sql`
    insert into outbox (kind, platform_id, subject, enqueued_at, finished_at, outcome, error, attempts)
    values ('deliver', ${emsp.id}, '1', clock_timestamp(), clock_timestamp(), 'failed', 'HTTP 500', 9) returning id`)
  const failed = await hub.ask('GET', '/admin/v1/outbox?state=failed')
  assert.is(at(failed.json, 'items', 0, 'error'), 'HTTP 500')
  const replayed = await hub.ask('POST', `/admin/v1/outbox/${row?.id}/replay`, {
    body: { reason: 'they are back' },
  })
  assert.equal([at(replayed.json, 'attempts'), at(replayed.json, 'finished_at')], [0, null])
  assert.is((await hub.ask('POST', `/admin/v1/outbox/${row?.id}/replay`)).status, 409)
  assert.is(
    at((await hub.ask('GET', '/admin/v1/outbox?state=open&kind=deliver')).json, 'items', 'length'),
    1,
  )
  assert.is((await hub.ask('POST', '/admin/v1/outbox/999999/replay')).status, 404)
})

cdrs('an alert is acknowledged by whom it was first', async () => {
  const [row] = await hub.context.db.rows<{ id: bigint }>(sql`
    insert into alerts (code, severity, subject, message, advice)
    values ('delivery_gave_up', 'warning', 'C-1', 'not delivered', 'call them') returning id`)
  const open = await hub.ask('GET', '/admin/v1/alerts?state=open')
  assert.is(at(open.json, 'items', 0, 'what_to_do'), 'call them')
  const done = await hub.ask('POST', `/admin/v1/alerts/${row?.id}/acknowledge`)
  assert.is(at(done.json, 'acknowledged_by'), 'operator:root')
  assert.is((await hub.ask('POST', `/admin/v1/alerts/${row?.id}/acknowledge`)).status, 200)
})

cdrs('a platform sees its own messages only', async () => {
  await hub.context.db.rows(sql`
    insert into messages (direction, platform_id, correlation_id, method, path, outcome, duration_ms)
    values ('in', ${cpo.id}, 'k-1', 'POST', '/cdrs', 'ok', 3), ('out', ${emsp.id}, 'k-1', 'POST', '/cdrs', 'ok', 4)`)
  const all = await hub.ask('GET', '/admin/v1/messages?correlation_id=k-1')
  assert.is(at(all.json, 'items', 'length'), 2)
  const own = await hub.ask('GET', '/party/v1/messages?correlation_id=k-1', {
    token: cpo.authorization,
  })
  assert.is(at(own.json, 'items', 'length'), 1)
  const foreign = `/party/v1/messages?correlation_id=k-1&platform=${emsp.id}`
  assert.is(
    at((await hub.ask('GET', foreign, { token: cpo.authorization })).json, 'items', 'length'),
    0,
  )
})

cdrs.run()
