// What parties and operators do with disputes over HTTP: both sides of a pair, and everybody else.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Webhook } from 'standardwebhooks'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMP', role: 'EMSP' }] })
const stranger = await hub.connect({
  parties: [
    { party: 'FR-ELS', role: 'CPO' },
    { party: 'FR-ELS', role: 'EMSP' },
  ],
})
const { clean, wrong, stand, verify } = disputesOf(hub, { cpo, emsp })

const surfaces = suite('surfaces of disputes')
surfaces.after.each(verify)
surfaces.after(() => hub.close())

const post = (who: FakePartner, path: string, body: unknown = {}) =>
  hub.asParty(who, 'POST', path, body)
const get = (who: FakePartner, path: string) => hub.asParty(who, 'GET', path)
const cdrPath = (id: string) => `/cdrs/NL/TNM/${id}`

/** A clean CDR, contested for 1.00; the id of the dispute. */
async function contested(id: string): Promise<string> {
  await clean(id)
  const body = { code: 'Q2', amount: { net: '1.00' }, text: 'our meter says less' }
  const reply = await post(emsp, `${cdrPath(id)}/contest`, body)
  assert.is(reply.status, 200, reply.text)
  return String(at(reply.json, 'id'))
}

function raw(who: FakePartner, method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${hub.url}/party/v1${path}`, {
    method,
    headers: {
      authorization: `Token ${Buffer.from(who.token).toString('base64')}`,
      'content-type': 'text/plain',
    },
    ...(body === undefined ? {} : { body }),
  })
}

surfaces(
  'contest, answer, rebut, accept: each side does its part and sees its own view',
  async () => {
    const id = await contested('S1')
    assert.is(await stand('S1'), 'contested')
    const own = await get(cpo, `/disputes/${id}`)
    assert.equal(
      ['state', 'cpo', 'emsp', 'net', 'tax', 'holds'].map((name) => at(own.json, name)),
      ['open', 'NL-TNM', 'DE-EMP', '1.00', '0.20', true],
    )
    assert.ok(items(at(own.json, 'possible')).includes('answer'))
    const theirs = await get(emsp, `/disputes/${id}`)
    assert.not.ok(items(at(theirs.json, 'possible')).includes('answer'))
    assert.is((await post(cpo, `/disputes/${id}/review`)).status, 200)
    const denied = await post(cpo, `/disputes/${id}/answer`, { text: 'the meter was tested' })
    assert.is(at(denied.json, 'state'), 'denied')
    const rebutted = await post(emsp, `/disputes/${id}/rebut`, { text: 'not on that day' })
    assert.is(at(rebutted.json, 'round'), 2)
    const offered = await post(cpo, `/disputes/${id}/propose`, { amount: { net: '0.50' } })
    assert.equal(at(offered.json, 'offer'), { net: '0.50', tax: '0.10', by: 'cpo' })
    const done = await post(emsp, `/disputes/${id}/accept`)
    assert.equal([at(done.json, 'state'), at(done.json, 'upheld_net')], ['await_credit', '0.50'])
    const adjusted = await get(emsp, '/adjustments?state=awaiting_document')
    assert.equal(
      items(at(adjusted.json, 'items')).map((one) => at(one, 'dispute_id')),
      [id],
    )
    assert.is(items(at((await get(cpo, '/adjustments')).json, 'items')).length, 1)
  },
)

surfaces('strangers get 404 for all of it, and empty lists', async () => {
  const id = await contested('S2')
  const body = { text: 'no', code: 'Q2' }
  for (const verb of ['review', 'answer', 'accept', 'propose', 'reject', 'rebut', 'withdraw']) {
    const reply = await post(stranger, `/disputes/${id}/${verb}`, { text: 'no' })
    assert.is(reply.status, 404, `${verb}: ${reply.text}`)
    assert.is((await post(stranger, `/disputes/999999/${verb}`, { text: 'no' })).status, 404)
  }
  assert.is((await get(stranger, `/disputes/${id}`)).status, 404)
  assert.is((await post(stranger, `${cdrPath('S2')}/contest`, body)).status, 404)
  assert.is((await raw(stranger, 'GET', `/disputes/${id}/evidence`)).status, 404)
  const added = await raw(
    stranger,
    'POST',
    `/disputes/${id}/evidence?name=a.txt&media=text/plain`,
    'a',
  )
  assert.is(added.status, 404)
  for (const list of ['/disputes', '/adjustments', '/notices', `/disputes?counterparty=NL-TNM`])
    assert.equal(at((await get(stranger, list)).json, 'items'), [], list)
  const approved = await post(stranger, '/cdrs/approve', { counterparty: 'NL-TNM' })
  assert.is(at(approved.json, 'approved'), 0)
  for (const path of ['/quality', `/disputes/${id}/rule`, '/webhooks', '/rules/backtest'])
    assert.is((await post(cpo, path)).status, 404, path)
  const [row] = await hub.context.db.rows<{ events: bigint }>(
    sql`select count(*) as events from dispute_events where dispute_id = ${id}::bigint`,
  )
  assert.is(row?.events, 1n)
})

surfaces('the wrong side is told whose part it is', async () => {
  const id = await contested('S3')
  for (const verb of ['review', 'answer']) {
    const reply = await post(emsp, `/disputes/${id}/${verb}`, { text: 'we' })
    assert.is(reply.status, 403)
    assert.is(at(reply.json, 'detail'), 'Only the CPO can do that. You are its eMSP.')
  }
  for (const verb of ['rebut', 'withdraw'])
    assert.is((await post(cpo, `/disputes/${id}/${verb}`, { text: 'we' })).status, 403)
  const contest = await post(cpo, `${cdrPath('S3')}/contest`, { text: 'we', code: 'Q2' })
  assert.equal(
    [contest.status, at(contest.json, 'detail')],
    [403, 'Only DE-EMP, which is billed, can contest this CDR.'],
  )
  const early = await post(emsp, `/disputes/${id}/rebut`, { text: 'we' })
  assert.is(early.status, 409)
  assert.match(String(at(early.json, 'detail')), 'the CPO can review')
})

surfaces('bad input names the field', async () => {
  const id = await contested('S4')
  const cases = [
    [`/disputes/${id}/accept`, { amount: { net: '-1' } }, '/amount/net'],
    [`/disputes/${id}/accept`, { amount: { tax: '1.00' } }, '/amount/net'],
    [`/disputes/${id}/accept`, { amount: { net: 'much' } }, '/amount/net'],
    [`/disputes/${id}/accept`, { amount: 1 }, '/amount'],
    [`/disputes/${id}/propose`, { sum: '1' }, '/sum'],
    [`/disputes/${id}/answer`, { text: '' }, '/text'],
    [`/disputes/${id}/review`, { amount: { net: '1' } }, '/amount'],
    [`${cdrPath('S4')}/contest`, { code: 'Q2' }, '/text'],
    [`${cdrPath('S4')}/contest`, { text: 'x', code: 'nonsense' }, '/code'],
    [`${cdrPath('S4')}/contest`, { text: 'x', code: 'Y9' }, '/code'],
    ['/cdrs/approve', { gross_max: '5.00' }, '/currency'],
    ['/cdrs/approve', { until: 'tomorrow' }, '/until'],
    ['/cdrs/approve', { counterparty: 'Acme' }, '/counterparty'],
  ] as const
  for (const [path, body, pointer] of cases) {
    const reply = await post(
      path.includes('contest') || path.includes('cdrs') ? emsp : cpo,
      path,
      body,
    )
    assert.equal([reply.status, at(reply.json, 'errors', 0, 'pointer')], [422, pointer], reply.text)
  }
  const much = await post(cpo, `/disputes/${id}/accept`, { amount: { net: '7.00' } })
  assert.equal([much.status, at(much.json, 'errors', 0, 'pointer')], [422, '/amount/net'])
  assert.match(String(at(much.json, 'detail')), 'EUR')
  for (const query of ['state=eaten', 'role=hub', 'limit=0', 'more=1', 'counterparty=x'])
    assert.is((await get(cpo, `/disputes?${query}`)).status, 400, query)
  assert.is((await get(cpo, '/disputes/abc')).status, 400)
  const name = query(await raw(cpo, 'POST', `/disputes/${id}/evidence?media=text/plain`, 'a'))
  assert.is(await name, 'query:name')
  const media = query(await raw(cpo, 'POST', `/disputes/${id}/evidence?name=a.bin&media=a/b`, 'a'))
  assert.is(await media, 'query:media')
})

async function query(response: Response): Promise<unknown> {
  const problem: unknown = await response.json()
  return at(problem, 'errors', 0, 'pointer')
}

surfaces('lists are filtered and paged', async () => {
  const id = await contested('S5')
  const cycle = String(at((await get(emsp, cdrPath('S5'))).json, 'cycle'))
  const ids = async (search: string) =>
    items(at((await get(emsp, `/disputes?${search}`)).json, 'items')).map((one) => at(one, 'id'))
  const all = await ids('')
  assert.is(all[0], id)
  assert.equal(
    await ids('state=any_open&code=Q2&counterparty=nl-tnm&role=emsp'),
    await ids('state=any_open'),
  )
  assert.equal(await ids('role=cpo'), [])
  assert.equal(await ids('code=P1'), [])
  assert.ok((await ids(`cycle=${cycle}`)).includes(id))
  assert.equal(await ids('cycle=EUR-000999'), [])
  const first = await get(emsp, '/disputes?limit=1')
  const next = await get(emsp, `/disputes?limit=1&cursor=${String(at(first.json, 'next_cursor'))}`)
  assert.equal([at(first.json, 'items', 0, 'id'), at(next.json, 'items', 0, 'id')], all.slice(0, 2))
})

surfaces('evidence is added, listed and taken away as a ZIP', async () => {
  const id = await contested('S6')
  const path = `/disputes/${id}/evidence?name=meter.csv&media=text/csv`
  const added = await raw(emsp, 'POST', path, 'time,kWh\n1,2\n')
  assert.is(added.status, 201)
  const shown = await get(cpo, `/disputes/${id}`)
  const file = items(at(shown.json, 'evidence')).find((one) => at(one, 'name') === 'meter.csv')
  assert.is(at(file, 'added_by'), 'DE-EMP')
  assert.match(String(at(shown.json, 'evidence_hash')), /^[0-9a-f]{64}$/)
  const pack = await raw(cpo, 'GET', `/disputes/${id}/evidence`)
  assert.equal([pack.status, pack.headers.get('content-type')], [200, 'application/zip'])
  assert.match(pack.headers.get('content-disposition') ?? '', /^attachment; filename="[^"]+\.zip"$/)
  const bytes = Buffer.from(await pack.arrayBuffer())
  assert.is(bytes.subarray(0, 4).toString('latin1'), 'PK\u0003\u0004')
})

surfaces('approving by a filter takes what fits, once, and says how much', async () => {
  await clean('S7')
  await clean('S8')
  const none = await post(emsp, '/cdrs/approve', { counterparty: 'FR-ELS' })
  assert.is(at(none.json, 'approved'), 0)
  const small = { gross_max: '1.00', currency: 'EUR' }
  assert.is(at((await post(emsp, '/cdrs/approve', small)).json, 'approved'), 0)
  assert.is((await post(cpo, '/cdrs/approve')).status, 403)
  const done = await post(emsp, '/cdrs/approve', { counterparty: 'nl-tnm', reason: 'checked' })
  assert.ok(Number(at(done.json, 'approved')) >= 2, done.text)
  assert.is(at(done.json, 'totals', 0, 'currency'), 'EUR')
  assert.equal([await stand('S7'), await stand('S8')], ['approved', 'approved'])
  assert.is(at((await post(emsp, '/cdrs/approve')).json, 'approved'), 0)
})

surfaces(
  'a draft of the hub is contested without a code; an operator acts for a side and rules',
  async () => {
    await wrong('S9')
    const draft = items(at((await get(emsp, '/disputes?state=draft')).json, 'items'))[0]
    const confirmed = await post(emsp, `${cdrPath('S9')}/contest`, { text: 'we think so too' })
    assert.equal(
      [at(confirmed.json, 'id'), at(confirmed.json, 'state'), at(confirmed.json, 'code')],
      [at(draft, 'id'), 'open', at(draft, 'code')],
    )
    const path = `/disputes/${String(at(draft, 'id'))}`
    const reviewed = await hub.admin('POST', `${path}/review`, { text: 'by telephone' })
    assert.is(at(reviewed.json, 'state'), 'in_review', reviewed.text)
    const proposed = await hub.admin('POST', `${path}/propose`, { amount: { net: '0.50' } })
    assert.equal(at(proposed.json, 'offer', 'by'), 'operator', proposed.text)
    assert.is((await hub.admin('POST', `${path}/accept`)).status, 422)
    const half = await hub.admin('POST', `${path}/accept`, { side: 'cpo' })
    assert.is(half.status, 200, half.text)
    const refused = await post(emsp, `${path}/reject`, { text: 'too little' })
    assert.is(at(refused.json, 'state'), 'arbitration')
    const ruled = await hub.admin('POST', `${path}/rule`, {
      amount: { net: '0.75' },
      text: 'so be it',
    })
    assert.equal([at(ruled.json, 'state'), at(ruled.json, 'upheld_net')], ['await_credit', '0.75'])
    const shown = await get(emsp, path)
    const actors = items(at(shown.json, 'history')).map((event) => String(at(event, 'actor')))
    assert.ok(actors.includes('operator'))
    assert.not.ok(actors.some((actor) => actor.startsWith('operator:')))
  },
)

surfaces('both are told of what happens, signed', async () => {
  await using receiver = await startReceiver()
  const { got } = receiver
  const put = await hub.asParty(emsp, 'PUT', '/webhook', { url: receiver.url })
  const id = await contested('S10')
  await post(cpo, `/disputes/${id}/accept`)
  await clean('S11')
  const first = await post(emsp, `${cdrPath('S11')}/contest`, { text: 'not us', code: 'A3' })
  assert.is(first.status, 200, first.text)
  const other = { text: 'less', code: 'A3', amount: { net: '1.00' } }
  const twice = await post(emsp, `${cdrPath('S11')}/contest`, other)
  assert.match(String(at(twice.json, 'detail')), /^A dispute of 3\.00 EUR net for this reason is/)
  await hub.drain()
  const hook = new Webhook(String(at(put.json, 'secret')))
  const told = got.map(({ headers, body }) => hook.verify(body, headers))
  const about = told.filter((event) => at(event, 'data', 'dispute_id') === id)
  const whole = told
    .filter((event) => at(event, 'type') === 'cdr.contested')
    .map((event) => String(at(event, 'data', 'message')))
  assert.equal(whole.sort(), [
    'A part of the CDR of 3.60 EUR is disputed; the rest settles.',
    'All of the CDR of 3.60 EUR is disputed; nothing of it settles for now.',
  ])
  const types = about.map((event) => String(at(event, 'type'))).sort()
  assert.ok(types.includes('dispute.opened'), types.join())
  assert.ok(types.includes('dispute.changed') || types.includes('dispute.closed'), types.join())
  assert.equal(at(about[0], 'data', 'cdr'), { country_code: 'NL', party_id: 'TNM', id: 'S10' })
  assert.is(at(about[0], 'data', 'url'), `${hub.url}/party/v1/disputes/${id}`)
  await hub.asParty(emsp, 'DELETE', '/webhook')
})

surfaces('the quality of partners is the operators’', async () => {
  const window = 'from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z'
  const { json } = await hub.admin('GET', `/quality?${window}`)
  const roles = items(at(json, 'items')).map((one) => `${at(one, 'party')} ${at(one, 'role')}`)
  assert.equal(roles.sort(), ['DE-EMP EMSP', 'NL-TNM CPO'])
})

surfaces.run()
