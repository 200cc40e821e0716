// The hub's own OCPI module of disputes: pages, acts, approvals, and pushes of what changed.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { startReceiver } from '../helpers/webhook-receiver.ts'

const MODULE = 'nlxch-disputes'
const hub = await startHub()
const cpo = await hub.connect({
  parties: [{ party: 'NL-TNM', role: 'CPO' }],
  modules: ['sender/tariffs', 'receiver/tokens', `receiver/${MODULE}`],
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMP', role: 'EMSP' }],
  version: '2.3.0',
})
const stranger = await hub.connect({ parties: [{ party: 'FR-ELS', role: 'EMSP' }] })
const old = await hub.connect({ parties: [{ party: 'BE-OLD', role: 'CPO' }], version: '2.1.1' })
const {
  charge,
  session,
  cdr: cdrOf,
  post,
  shown,
  clean,
  stand,
  verify,
} = disputesOf(hub, { cpo, emsp })

const module = suite('module of disputes')
module.after.each(verify)
module.after(() => hub.close())

const call = (who: FakePartner, method: string, path: string, body?: unknown): Promise<Reply> =>
  who.send(method, `${hub.url}/ocpi/${who.version}/${path}`, {
    to: 'NL-XCH',
    ...(body === undefined ? {} : { body }),
  })
const act = (who: FakePartner, path: string, body: unknown = {}) =>
  call(who, 'POST', `receiver/${MODULE}${path}`, body)
const list = (who: FakePartner, search = '') => call(who, 'GET', `sender/${MODULE}${search}`)
const cdr = (id: string) => ({ country_code: 'NL', party_id: 'TNM', id })

async function contested(id: string): Promise<string> {
  await clean(id)
  const amount = { excl_vat: 1, incl_vat: 1.2 }
  const reply = await act(emsp, '', {
    cdr: cdr(id),
    code: 'Q2',
    text: 'our meter says less',
    amount,
  })
  assert.is(reply.code, 1000, reply.text)
  return String(at(reply.data, 'id'))
}

module('contest, answer and accept over OCPI; prices are numbers, digit by digit', async () => {
  const id = await contested('M1')
  assert.is(await stand('M1'), 'contested')
  const shown = await call(cpo, 'GET', `sender/${MODULE}/${id}`)
  assert.equal(
    ['state', 'currency', 'is_held', 'opened_by'].map((name) => at(shown.data, name)),
    ['OPEN', 'EUR', true, 'EMSP'],
  )
  assert.equal(at(shown.data, 'amount'), { excl_vat: 1, incl_vat: 1.2 })
  assert.match(shown.text, '"amount":{"excl_vat":1.00,"incl_vat":1.20}')
  assert.equal(at(shown.data, 'cpo'), { country_code: 'NL', party_id: 'TNM' })
  const denied = await act(cpo, `/${id}/answer`, { text: 'the meter was tested' })
  assert.is(at(denied.data, 'state'), 'DENIED')
  const partly = await act(cpo, `/${id}/accept`, { amount: { excl_vat: 0.25 } })
  assert.equal(at(partly.data, 'upheld'), { excl_vat: 0.25, incl_vat: 0.3 })
  const taken = await act(emsp, `/${id}/accept`)
  assert.is(at(taken.data, 'state'), 'AWAIT_CREDIT')
})

module('the list comes in pages, in the order of opening, of the own side alone', async () => {
  const ids = [await contested('M2'), await contested('M3'), await contested('M4')]
  const whole = await list(emsp)
  assert.is(whole.headers['x-total-count'], '4')
  const listed = items(whole.data).map((one) => String(at(one, 'id')))
  assert.equal(listed.slice(1), ids)
  const seen: string[] = []
  let next: string | null = `${hub.url}/ocpi/2.3.0/sender/${MODULE}?limit=3`
  for (let page = 0; next !== null && page < 5; page += 1) {
    const reply: Reply = await emsp.send('GET', next, { to: 'NL-XCH' })
    seen.push(...items(reply.data).map((one) => String(at(one, 'id'))))
    next = /<([^>]+)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1] ?? null
  }
  assert.equal(seen, listed)
  const late = await list(emsp, '?date_from=2100-01-01T00:00:00Z')
  assert.equal([late.headers['x-total-count'], late.data], ['0', []])
  assert.equal(
    items((await list(cpo, '?offset=1&limit=1')).data).map((one) => at(one, 'id')),
    [ids[0]],
  )
  assert.equal((await list(stranger)).data, [])
  assert.is((await list(emsp, '?limit=none')).code, 2001)
})

module('to strangers there is nothing; who is on the wrong side is told so', async () => {
  const id = await contested('M5')
  assert.is((await call(stranger, 'GET', `sender/${MODULE}/${id}`)).status, 404)
  for (const verb of ['accept', 'withdraw', 'rebut'])
    assert.is((await act(stranger, `/${id}/${verb}`, { text: 'x' })).status, 404, verb)
  assert.is((await act(stranger, '', { cdr: cdr('M5'), code: 'Q2', text: 'x' })).status, 404)
  const wrong = await act(emsp, `/${id}/answer`, { text: 'x' })
  assert.equal([wrong.status, wrong.code], [200, 2001])
  assert.match(wrong.text, 'Only the CPO can do that')
  assert.is((await act(cpo, `/${id}/rule`, {})).status, 404)
  assert.is((await act(cpo, `/${id}/eat`, {})).status, 404)
  assert.is((await call(cpo, 'PUT', `receiver/${MODULE}/${id}/accept`, {})).status, 405)
  assert.is((await call(cpo, 'GET', `sender/${MODULE}/abc`)).status, 404)
  const lost = await old.send('GET', `${hub.url}/ocpi/cpo/2.1.1/${MODULE}`)
  assert.is(lost.status, 404)
})

module('bad input names the field', async () => {
  const id = await contested('M6')
  const cases = [
    [cpo, `/${id}/accept`, { amount: { incl_vat: 1 } }, '/amount/excl_vat'],
    [cpo, `/${id}/accept`, { amount: { excl_vat: -1 } }, '/amount/excl_vat'],
    [cpo, `/${id}/accept`, { amount: { excl_vat: 2, incl_vat: 1 } }, '/amount/incl_vat'],
    [emsp, '', { code: 'Q2', text: 'x' }, '/cdr'],
    [emsp, '', { cdr: cdr('M6'), code: 'Q2' }, '/text'],
    [emsp, '', { cdr: cdr('M6'), code: 'Y9', text: 'x' }, '/code'],
    [emsp, '/approve', { gross_max: 5 }, '/currency'],
  ] as const
  for (const [who, path, body, pointer] of cases) {
    const reply = await act(who, path, body)
    assert.equal([reply.status, reply.code], [200, 2001], `${pointer}: ${reply.text}`)
    assert.match(reply.text, pointer)
  }
})

module('one CDR is approved, or all that fit', async () => {
  await clean('M7')
  await clean('M8')
  const one = await act(emsp, '/approve', { cdr: cdr('M7') })
  assert.equal(at(one.data, 'state'), 'approved', one.text)
  assert.is((await act(stranger, '/approve', { cdr: cdr('M8') })).status, 404)
  const many = await act(emsp, '/approve', {
    counterparty: { country_code: 'NL', party_id: 'TNM' },
  })
  assert.ok(Number(at(many.data, 'approved')) >= 1, many.text)
  assert.is(await stand('M8'), 'approved')
})

module('what changes is pushed to who has an endpoint, as it stands then', async () => {
  await hub.drain()
  cpo.forget()
  const id = await contested('M9')
  await act(cpo, `/${id}/review`)
  await hub.drain()
  const pushed = cpo.received(`receiver/${MODULE}`, 'PUT')
  assert.is(pushed.length, 1, 'one push for both')
  assert.is(at(pushed[0]?.json, 'state'), 'IN_REVIEW')
  assert.is(pushed[0]?.rest.replace(/^\//, ''), id)
  cpo.answer = () => ({ code: 3000 })
  await act(cpo, `/${id}/answer`, { text: 'no' })
  await hub.drain()
  assert.is(cpo.received(`receiver/${MODULE}`, 'PUT').length, 2)
  cpo.answer = () => undefined
  await hub.passTime(3_600_000)
  await hub.drain()
  const states = cpo.received(`receiver/${MODULE}`, 'PUT').map(({ json }) => at(json, 'state'))
  assert.equal(states, ['IN_REVIEW', 'DENIED', 'DENIED'])
  assert.is(emsp.received(`receiver/${MODULE}`).length, 0)
})

module('of a CDR that is withheld from an eMSP it hears nothing, its CPO does', async () => {
  await using own = await startReceiver()
  await using theirs = await startReceiver()
  await hub.asParty(cpo, 'PUT', '/webhook', { url: own.url })
  await hub.asParty(emsp, 'PUT', '/webhook', { url: theirs.url })
  const before = (await list(emsp)).headers['x-total-count']
  const one = charge('M10', emsp)
  await session(one)
  await post(cdrOf(one))
  await hub.passTime(3_700_000)
  await hub.drain()
  const { state, delivery } = await shown('M10')
  assert.equal([state, delivery], ['held', 'withheld'])
  assert.is((await list(emsp)).headers['x-total-count'], before)
  const listed = (await hub.asParty(emsp, 'GET', '/disputes')).text
  assert.not.match(listed, 'M10')
  assert.match((await hub.asParty(cpo, 'GET', '/disputes')).text, 'M10')
  assert.match(own.got.map(({ body }) => body).join(' '), 'M10')
  assert.not.match(theirs.got.map(({ body }) => body).join(' '), 'M10')
})

module.run()
