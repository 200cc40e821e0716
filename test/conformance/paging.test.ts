// OCPI 2.2.1, Pagination: of the hub's own lists and of partners' lists that go through it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, sessionOf, tariffOf } from '../helpers/objects.ts'

const CPO = 'NL-TNM'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: CPO, role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })

const TIMES = ['01', '02', '03', '04', '05'].map((day) => `2026-01-${day}T00:00:00Z`)
for (const [index, last_updated] of TIMES.entries())
  await put(cpo, 'tariffs', tariffOf(CPO, `T${index + 1}`, { last_updated }))

const test = suite('paging')
test.after(() => hub.close())

const list = (query: Record<string, string> = {}, target = 'sender/tariffs') =>
  emsp.send('GET', target, { to: hub.party, query })
const ids = (reply: Reply) => items(reply.data).map((each) => String(at(each, 'id')))
const next = (reply: Reply) => /<([^>]*)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1]

test('111: offset starts at 0 and limit is a maximum', async () => {
  assert.equal(ids(await list()), ['T1', 'T2', 'T3', 'T4', 'T5'])
  assert.equal(ids(await list({ limit: '2' })), ['T1', 'T2'])
  assert.equal(ids(await list({ offset: '2', limit: '2' })), ['T3', 'T4'])
  assert.equal(ids(await list({ offset: '4', limit: '2' })), ['T5'])
  assert.equal(ids(await list({ offset: '5' })), [])
})

test('112: date_from is inclusive, date_to exclusive', async () => {
  const window = { date_from: '2026-01-02T00:00:00Z', date_to: '2026-01-04T00:00:00Z' }
  assert.equal(ids(await list(window)), ['T2', 'T3'])
})

test('113: Link is there exactly when a page follows, and keeps the filters', async () => {
  const window = { date_from: '2026-01-02T00:00:00Z', limit: '3' }
  const first = await list(window)
  assert.equal(ids(first), ['T2', 'T3', 'T4'])
  const link = new URL(String(next(first)))
  assert.is(link.searchParams.get('date_from'), window.date_from)
  assert.is(link.searchParams.get('limit'), '3')
  assert.is(link.searchParams.get('offset'), '3')
  const last = await list({}, link.href)
  assert.equal(ids(last), ['T5'])
  assert.is(next(last), undefined)
  assert.is(next(await list({ limit: '5' })), undefined)
  assert.is(next(await list({ offset: '3', limit: '2' })), undefined)
})

test('114: X-Total-Count counts what the filters leave, whatever the page', async () => {
  const total = async (query: Record<string, string>) =>
    Number((await list(query)).headers['x-total-count'])
  assert.is(await total({}), 5)
  assert.is(await total({ offset: '3', limit: '1' }), 5)
  assert.is(await total({ date_from: '2026-01-04T00:00:00Z' }), 2)
  assert.is(await total({ date_to: '2026-01-04T00:00:00Z', limit: '1' }), 3)
  assert.is(await total({ offset: '99' }), 5)
})

test('115: X-Limit is the maximum of the hub, even on a short page', async () => {
  assert.is((await list({ limit: '1' })).headers['x-limit'], String(limits.pageLimitMax))
})

test('116: the order is that of first sight and an update does not change it', async () => {
  await put(cpo, 'tariffs', tariffOf(CPO, 'T1', { last_updated: '2026-01-09T00:00:00Z' }))
  assert.equal(ids(await list()), ['T1', 'T2', 'T3', 'T4', 'T5'])
})

test('121: a list of sessions needs date_from', async () => {
  const reply = await list({}, 'sender/sessions')
  assert.equal([reply.status, reply.code], [200, 2001])
  assert.match(reply.message, 'date_from')
  const date_from = '2020-01-01T00:00:00Z'
  assert.is((await list({ date_from }, 'sender/sessions')).code, 1000)
})

test('wrong parameters are 2001 and named', async () => {
  const reply = await list({ limit: 'many', offset: '-1', date_from: 'today' })
  assert.is(reply.code, 2001)
  for (const name of ['query:limit', 'query:offset', 'query:date_from'])
    assert.match(reply.message, name)
})

/** A partner with three locations, one a page, whose Link holds a cursor of its own. */
function pages(got: Got) {
  const cursor = new URL(got.rest, 'http://x').searchParams.get('cursor')
  const at = cursor === null ? 1 : Number(cursor)
  const link =
    at < 3 ? { Link: `</2.2.1/sender/locations?limit=1&cursor=${at + 1}>; rel="next"` } : {}
  return {
    data: [locationOf(CPO, `P${at}`)],
    headers: { 'X-Total-Count': '3', 'X-Limit': '7', ...link },
  }
}

test('117: a partner’s Link, relative or not, becomes one of the hub and is followed verbatim', async () => {
  cpo.answer = pages
  cpo.forget()
  const seen: string[] = []
  let reply = await emsp.send('GET', 'sender/locations', { to: CPO, query: { limit: '1' } })
  for (;;) {
    seen.push(...ids(reply))
    const link = next(reply)
    if (link === undefined) break
    assert.match(link, new RegExp(`^${hub.url}/ocpi/2.2.1/sender/locations`))
    reply = await emsp.send('GET', link, { to: CPO })
  }
  assert.equal(seen, ['P1', 'P2', 'P3'])
  assert.equal(
    cpo.got.map(({ rest }) => rest),
    ['?limit=1', '?limit=1&cursor=2', '?limit=1&cursor=3'],
  )
})

test('118: a Link is for the one who asked and the one who was asked', async () => {
  cpo.answer = pages
  const link = next(await emsp.send('GET', 'sender/locations', { to: CPO }))
  const stranger = await second.send('GET', String(link), { to: CPO })
  assert.is(stranger.status, 404)
  const forged = await emsp.send('GET', `${String(link)}x`, { to: CPO })
  assert.is(forged.status, 404)
})

test('119: a Link may be followed as often as one likes', async () => {
  cpo.answer = pages
  const link = next(await emsp.send('GET', 'sender/locations', { to: CPO }))
  for (let again = 0; again < 3; again += 1)
    assert.equal(ids(await emsp.send('GET', String(link), { to: CPO })), ['P2'])
})

test('120: X-Total-Count and X-Limit of a partner are passed through', async () => {
  cpo.answer = pages
  const { headers } = await emsp.send('GET', 'sender/locations', { to: CPO })
  assert.is(headers['x-total-count'], '3')
  assert.is(headers['x-limit'], '7')
})

test('20: a page of a partner is passed on as it is, with whatever is wrong in it', async () => {
  const text =
    '{"data":[{"id":"OK"},{"id":7}, 1.10 ],"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'
  cpo.answer = () => ({ text })
  assert.is((await emsp.send('GET', 'sender/locations', { to: CPO })).text, text)
})

test('a Link to another host is not followed with the hub’s token', async () => {
  cpo.answer = () => ({ data: [], headers: { Link: '<http://127.0.0.1:1/x>; rel="next"' } })
  const reply = await emsp.send('GET', 'sender/locations', { to: CPO })
  assert.is(reply.headers.link, undefined)
})

test('129: a window finds a location of which only a connector changed', async () => {
  cpo.answer = () => undefined
  const old = '2026-01-01T00:00:00Z'
  const location = locationOf(CPO, 'L129', { last_updated: old })
  const [evse] = items(location['evses'])
  const evses = [{ ...Object(evse), last_updated: old }]
  await put(cpo, 'locations', { ...location, evses })
  const date_from = fromNow(-60_000)
  const body = { max_amperage: 16, last_updated: fromNow(0) }
  const path = `receiver/locations/${pathOf(CPO, 'L129')}/E1/1`
  assert.is((await cpo.send('PATCH', path, { body })).code, 1000)
  assert.ok(ids(await list({ date_from }, 'sender/locations')).includes('L129'))
})

test('156: sessions and CDRs in a list are the asker’s own', async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: 'DE-EMA', id: 'S156' }))
  const query = { date_from: '2020-01-01T00:00:00Z' }
  assert.ok(ids(await list(query, 'sender/sessions')).includes('S156'))
  const foreign = await second.send('GET', 'sender/sessions', { to: hub.party, query })
  assert.equal(foreign.data, [])
  assert.is(foreign.headers['x-total-count'], '0')
})

test.run()
