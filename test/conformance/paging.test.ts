// Pagination (requirements 111 to 121): of the hub's own lists and of partners' lists that go through it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, sessionOf, tariffOf } from '../helpers/objects.ts'
import { ROUTED } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const OWNER = 'NL-TNM'
const hub = await startHub()
const CPOS = { '2.2.1': OWNER, '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const STRANGERS = { '2.2.1': 'FR-EMB', '2.3.0': 'FR-NEW' } as const
const connect = async (version: (typeof ROUTED)[number]) => ({
  version,
  cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
  emsp: await hub.connect({ parties: [{ party: EMSPS[version], role: 'EMSP' }], version }),
  stranger: await hub.connect({ parties: [{ party: STRANGERS[version], role: 'EMSP' }], version }),
})
const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
const { cpo, emsp, stranger: second } = middle

const TIMES = ['01', '02', '03', '04', '05'].map((day) => `2026-01-${day}T00:00:00Z`)
for (const [index, last_updated] of TIMES.entries())
  await put(cpo, 'tariffs', tariffOf(OWNER, `T${index + 1}`, { last_updated }))

const test = suite('paging')
test.after(() => hub.close())

const ids = (reply: Reply) => items(reply.data).map((each) => String(at(each, 'id')))
const next = (reply: Reply) => /<([^>]*)>; rel="next"/.exec(String(reply.headers.link ?? ''))?.[1]
const list = (query: Record<string, string>, target: string) =>
  emsp.send('GET', target, { to: hub.party, query })

for (const { version, emsp: reader } of [middle, latest]) {
  const tariffs = (query: Record<string, string> = {}, target = 'sender/tariffs') =>
    reader.send('GET', target, { to: hub.party, query })

  test(requirement(111, version), async () => {
    assert.equal(ids(await tariffs()), ['T1', 'T2', 'T3', 'T4', 'T5'])
    assert.equal(ids(await tariffs({ limit: '2' })), ['T1', 'T2'])
    assert.equal(ids(await tariffs({ offset: '2', limit: '2' })), ['T3', 'T4'])
    assert.equal(ids(await tariffs({ offset: '4', limit: '2' })), ['T5'])
    assert.equal(ids(await tariffs({ offset: '5' })), [])
  })

  test(requirement(112, version), async () => {
    const window = { date_from: '2026-01-02T00:00:00Z', date_to: '2026-01-04T00:00:00Z' }
    assert.equal(ids(await tariffs(window)), ['T2', 'T3'])
    assert.equal(ids(await tariffs({ date_from: '2026-01-05T00:00:00Z' })), ['T5'])
    assert.equal(ids(await tariffs({ date_to: '2026-01-02T00:00:00Z' })), ['T1'])
  })

  test(requirement(113, version), async () => {
    const window = { date_from: '2026-01-02T00:00:00Z', limit: '3' }
    const first = await tariffs(window)
    assert.equal(ids(first), ['T2', 'T3', 'T4'])
    const link = new URL(String(next(first)))
    assert.ok(link.href.startsWith(`${hub.url}/ocpi/${version}/sender/tariffs?`), link.href)
    assert.is(link.searchParams.get('date_from'), window.date_from)
    assert.is(link.searchParams.get('limit'), '3')
    assert.is(link.searchParams.get('offset'), '3')
    const last = await tariffs({}, link.href)
    assert.equal(ids(last), ['T5'])
    assert.is(next(last), undefined)
    assert.is(next(await tariffs({ limit: '5' })), undefined)
    assert.is(next(await tariffs({ offset: '3', limit: '2' })), undefined)
  })

  test(requirement(114, version), async () => {
    const total = async (query: Record<string, string>) =>
      Number((await tariffs(query)).headers['x-total-count'])
    assert.is(await total({}), 5)
    assert.is(await total({ offset: '3', limit: '1' }), 5)
    assert.is(await total({ date_from: '2026-01-04T00:00:00Z' }), 2)
    assert.is(await total({ date_to: '2026-01-04T00:00:00Z', limit: '1' }), 3)
    assert.is(await total({ offset: '99' }), 5)
  })

  test(requirement(115, version), async () => {
    for (const query of [{ limit: '1' }, { limit: '9999' }, { offset: '99' }])
      assert.is((await tariffs(query)).headers['x-limit'], String(limits.pageLimitMax))
  })

  test(requirement(121, version), async () => {
    const reply = await tariffs({}, 'sender/sessions')
    assert.equal([reply.status, reply.code], [200, 2001])
    assert.match(reply.message, 'date_from')
    const date_from = '2020-01-01T00:00:00Z'
    assert.is((await tariffs({ date_from }, 'sender/sessions')).code, 1000)
  })
}

test(requirement(114, 'what others may not see is not counted'), async () => {
  const charge = { owner: OWNER, payer: 'DE-EMA', id: 'S114' }
  await put(cpo, 'sessions', sessionOf(charge))
  const query = { date_from: '2020-01-01T00:00:00Z' }
  for (const [partner, total] of [
    [emsp, '1'],
    [second, '0'],
  ] as const) {
    const reply = await partner.send('GET', 'sender/sessions', { to: hub.party, query })
    assert.is(reply.headers['x-total-count'], total)
  }
})

test(requirement(116), async () => {
  const order = async () => ids(await list({}, 'sender/tariffs'))
  assert.equal(await order(), ['T1', 'T2', 'T3', 'T4', 'T5'])
  await put(cpo, 'tariffs', tariffOf(OWNER, 'T1', { last_updated: '2026-01-09T00:00:00Z' }))
  assert.equal(await order(), ['T1', 'T2', 'T3', 'T4', 'T5'], 'an update changes no place')
})

test('wrong parameters are 2001 and named', async () => {
  const reply = await list({ limit: 'many', offset: '-1', date_from: 'today' }, 'sender/tariffs')
  assert.is(reply.code, 2001)
  for (const name of ['query:limit', 'query:offset', 'query:date_from'])
    assert.match(reply.message, name)
})

/** A partner's three locations, one a page, whose Link holds a cursor of its own. */
const pagesOf = (party: string, version: string) => (got: Got) => {
  if (got.place !== 'sender/locations') return undefined
  const cursor = new URL(got.rest, 'http://x').searchParams.get('cursor')
  const at = cursor === null ? 1 : Number(cursor)
  const link =
    at < 3 ? { Link: `</${version}/sender/locations?limit=1&cursor=${at + 1}>; rel="next"` } : {}
  return {
    data: [locationOf(party, `P${at}`)],
    headers: { 'X-Total-Count': '3', 'X-Limit': '7', ...link },
  }
}

for (const { version, cpo: owner, emsp: reader, stranger } of [middle, latest]) {
  const party = CPOS[version]
  const begin = async (query: Record<string, string> = {}) => {
    owner.answer = pagesOf(party, version)
    owner.forget()
    return reader.send('GET', 'sender/locations', { to: party, query })
  }

  test(requirement(117, version), async () => {
    const seen: string[] = []
    let reply = await begin({ limit: '1' })
    for (;;) {
      seen.push(...ids(reply))
      const link = next(reply)
      if (link === undefined) break
      assert.ok(link.startsWith(`${hub.url}/ocpi/${version}/sender/locations?`), link)
      reply = await reader.send('GET', link, { to: party })
    }
    assert.equal(seen, ['P1', 'P2', 'P3'])
    assert.equal(
      owner.got.map(({ rest }) => rest),
      ['?limit=1', '?limit=1&cursor=2', '?limit=1&cursor=3'],
    )
  })

  test(requirement(118, version), async () => {
    const link = String(next(await begin()))
    const other = version === '2.2.1' ? latest.cpo.party : OWNER
    const forger = new URL(link)
    forger.searchParams.set('page', `${String(forger.searchParams.get('page'))}x`)
    owner.forget()
    for (const [who, url, to] of [
      [stranger, link, party],
      [reader, link, other],
      [reader, forger.href, party],
    ] as const)
      assert.is((await who.send('GET', url, { to })).status, 404, `${who.party} to ${to}`)
    assert.equal(owner.got, [])
    assert.is((await reader.send('GET', link, { to: party })).code, 1000)
  })

  test(requirement(119, version), async () => {
    const link = String(next(await begin()))
    for (let again = 0; again < 3; again += 1)
      assert.equal(ids(await reader.send('GET', link, { to: party })), ['P2'])
    assert.equal(ids(await reader.send('GET', link)), ['P2'], 'without OCPI-to')
  })

  test(requirement(120, version), async () => {
    const first = await begin()
    const second = await reader.send('GET', String(next(first)), { to: party })
    for (const { headers } of [first, second])
      assert.equal([headers['x-total-count'], headers['x-limit']], ['3', '7'])
  })
}

test('a Link to another host is not followed with the hub’s token', async () => {
  cpo.answer = () => ({ data: [], headers: { Link: '<http://127.0.0.1:1/x>; rel="next"' } })
  const reply = await emsp.send('GET', 'sender/locations', { to: OWNER })
  assert.is(reply.headers.link, undefined)
})

test(requirement(129), async () => {
  cpo.answer = () => undefined
  const old = '2026-01-01T00:00:00Z'
  const location = locationOf(OWNER, 'L129', { last_updated: old })
  const [evse] = items(location['evses'])
  const evses = [{ ...Object(evse), last_updated: old }]
  await put(cpo, 'locations', { ...location, evses })
  const date_from = fromNow(-60_000)
  assert.not.ok(ids(await list({ date_from }, 'sender/locations')).includes('L129'))
  const body = { max_amperage: 16, last_updated: fromNow(0) }
  const path = `receiver/locations/${pathOf(OWNER, 'L129')}/E1/1`
  assert.is((await cpo.send('PATCH', path, { body })).code, 1000)
  assert.ok(ids(await list({ date_from }, 'sender/locations')).includes('L129'))
})

test(requirement(156, 'in a list'), async () => {
  await put(cpo, 'sessions', sessionOf({ owner: OWNER, payer: 'DE-EMA', id: 'S156' }))
  const query = { date_from: '2020-01-01T00:00:00Z' }
  assert.ok(ids(await list(query, 'sender/sessions')).includes('S156'))
  const foreign = await second.send('GET', 'sender/sessions', { to: hub.party, query })
  assert.equal(foreign.data, [])
})

test.run()
