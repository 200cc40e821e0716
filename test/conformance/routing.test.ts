// Message routing, Party to Party via Hub (requirements 63 to 74, 100 to 102).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import type { Given } from '../helpers/fake-partner-wire.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { addresses, settle, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub({ peerDeadlineMs: 400 })
const CPOS = { '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const connect = async (version: '2.2.1' | '2.3.0') => ({
  version,
  cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
  emsp: await hub.connect({ parties: [{ party: EMSPS[version], role: 'EMSP' }], version }),
})
const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
const pairs = [middle, latest]

const test = suite('routing')
const everyone = pairs.flatMap(({ cpo: operator, emsp: provider }) => [operator, provider])
test.before.each(async () => {
  for (const partner of everyone) partner.answer = () => undefined
  await settle(hub)
  for (const partner of everyone) partner.forget()
})
test.after(() => hub.close())

let count = 0
/** A party that nobody has yet. */
const fresh = () => `BE-${String((count += 1)).padStart(3, 'R')}`

for (const { version, cpo, emsp } of pairs) {
  const [CPO, EMSP] = [CPOS[version], EMSPS[version]]
  const tariff = (id: string) => tariffIn(version, { party: CPO, id })
  const push = (id: string, to: string = EMSP) => put(cpo, 'tariffs', tariff(id), { to })
  const tariffPath = (id: string) => `receiver/tariffs/${pathOf(CPO, id)}`
  /** The headers that a receiver is to answer with. */
  const swapped = {
    'OCPI-to-country-code': CPO.slice(0, 2),
    'OCPI-to-party-id': CPO.slice(3),
    'OCPI-from-country-code': EMSP.slice(0, 2),
    'OCPI-from-party-id': EMSP.slice(3),
  }

  test(requirement(63, version), async () => {
    emsp.answer = () => ({ headers: swapped })
    const patch = { body: { kwh: 1, last_updated: fromNow(0) }, to: EMSP }
    await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S63' }), { to: EMSP })
    const replies = [
      await push('T63'),
      await cpo.send('PATCH', `receiver/sessions/${pathOf(CPO, 'S63')}`, patch),
      await cpo.send('DELETE', tariffPath('T63'), { to: EMSP }),
      await cpo.send('GET', tariffPath('T63'), { to: EMSP }),
      await cpo.send('POST', 'sender/tokens/U63/authorize', { to: EMSP }),
      await cpo.send('GET', 'sender/tokens', { to: EMSP }),
    ]
    assert.is(emsp.got.length, replies.length + 1)
    const names = Object.keys(swapped).map((name) => name.toLowerCase())
    for (const { headers } of [...emsp.got, ...replies])
      for (const name of names) assert.type(headers[name], 'string', name)
  })

  test(requirement(64, version), async () => {
    await push('T64')
    await cpo.send('GET', tariffPath('T64'), { to: EMSP })
    await cpo.send('POST', 'sender/tokens/U64/authorize', { to: EMSP })
    assert.equal(
      emsp.got.map(({ headers }) => addresses(headers)),
      Array(3).fill(`to ${EMSP} from ${CPO}`),
    )
    await emsp.send('GET', 'sender/locations', { to: CPO })
    assert.is(addresses(cpo.got[0]?.headers), `to ${CPO} from ${EMSP}`)
  })

  test(requirement(65, version), async () => {
    emsp.answer = () => ({ headers: swapped })
    assert.is(addresses((await push('T65')).headers), `to ${CPO} from ${EMSP}`)
    const list = await emsp.send('GET', 'sender/locations', { to: CPO })
    assert.is(addresses(list.headers), `to ${EMSP} from ${CPO}`)
  })

  test(requirement(66, version), async () => {
    const half = { 'OCPI-to-party-id': 'TNM' }
    const wrong = { ...swapped, 'OCPI-from-party-id': 'XXX', 'OCPI-to-party-id': 'YYY' }
    for (const headers of [{}, half, wrong]) {
      emsp.answer = () => ({ headers })
      assert.is(addresses((await push('T66')).headers), `to ${CPO} from ${EMSP}`)
    }
  })

  test(requirement(67, version), async () => {
    const replies = [
      await push('T67', 'XX-XXX'),
      await emsp.send('GET', 'sender/locations', { to: 'XX-XXX' }),
      await cpo.send('POST', 'sender/tokens/U67/authorize', { to: 'XX-XXX' }),
    ]
    for (const { status, code } of replies) assert.equal([status, code], [200, 4001])
  })

  test(requirement(68, version), async () => {
    emsp.answer = () => 'silence'
    assert.is((await push('T68')).code, 4002)
    const asked = await cpo.send('POST', 'sender/tokens/U68/authorize', { to: EMSP })
    assert.is(asked.code, 4002)
  })

  test(requirement(69, version), async () => {
    emsp.answer = () => 'drop'
    assert.is((await push('T69')).code, 4003)
    const planned = await hub.invite({ parties: [{ party: fresh(), role: 'EMSP' }], version })
    assert.is((await push('T69', planned.party)).code, 4003)
    const closed = await hub.connect({ parties: [{ party: fresh(), role: 'EMSP' }], version })
    await closed.close()
    assert.is((await push('T69', closed.party)).code, 4003)
  })

  test(requirement(70, version), async () => {
    for (const given of [
      { text: '<html>oops</html>', type: 'text/html' },
      { status: 502, text: 'oops' },
      { text: '{"oops":1}' },
      { status: 302, headers: { location: 'http://127.0.0.1:1/' }, text: '' },
    ]) {
      emsp.answer = () => given
      const reply = await push('T70')
      assert.is(reply.code, 4000, JSON.stringify(given))
      assert.not.match(reply.text, 'oops')
    }
  })

  test(requirement(71, version), async () => {
    for (const [status, code] of [
      [200, 2001],
      [200, 2003],
      [404, 2000],
      [200, 3000],
      [200, 3002],
      [200, 1900],
    ] as const) {
      emsp.answer = () => ({ status, code, message: 'as it is', data: { x: 1 } })
      const reply = await push('T71')
      const answered = [reply.status, reply.code, reply.message, reply.data]
      assert.equal(answered, [status, code, 'as it is', { x: 1 }])
    }
  })

  test(requirement(72, version), async () => {
    const givens: Given[] = ['silence', 'drop', { text: 'oops' }, { status: 500, text: '' }]
    for (const given of givens) {
      emsp.answer = () => given
      const reply = await push('T72')
      assert.is(reply.status, 200, reply.text)
      assert.is(Math.floor(reply.code / 1000), 4)
    }
    const unknown = await push('T72', 'XX-XXX')
    assert.equal([unknown.status, unknown.code], [200, 4001])
  })

  test(requirement(73, version), async () => {
    for (const status of [401, 403]) {
      emsp.answer = () => ({ status, code: 2001 })
      const reply = await push('T73')
      assert.equal([reply.status, reply.code], [200, 4003])
    }
    const { json } = await hub.admin('GET', '/alerts?state=open&limit=500')
    const alert = items(at(json, 'items')).find(
      (each) => at(each, 'code') === 'partner_refuses_token' && at(each, 'subject') === emsp.id,
    )
    assert.ok(alert, 'the operator is told')
  })

  test(requirement(74, version), async () => {
    const parties = [{ party: fresh(), role: 'EMSP' as const }]
    const small = await hub.connect({ parties, modules: ['receiver/locations'], version })
    const replies = [
      await push('T74', small.party),
      await cpo.send('POST', 'sender/tokens/U74/authorize', { to: small.party }),
    ]
    assert.equal(
      replies.map(({ status, code }) => [status, code]),
      Array(2).fill([200, 4000]),
    )
    assert.equal(small.got, [])
    const location = locationOf(CPO, 'L74')
    assert.is((await put(cpo, 'locations', location, { to: small.party })).code, 1000)
  })

  test(requirement(100, version), async () => {
    const last_updated = '2026-01-01T00:00:00.120Z'
    const body = { ...tariff('T100'), last_updated }
    await put(cpo, 'tariffs', body, { to: EMSP })
    await put(cpo, 'tariffs', { ...body, id: 'T100B' })
    await hub.drain()
    const got = pairs.flatMap(({ emsp: each }) => each.received('receiver/tariffs', 'PUT'))
    assert.is(got.length, 3)
    for (const { json } of got) assert.is(at(json, 'last_updated'), last_updated)
    const query = { limit: '200' }
    const list = await emsp.send('GET', 'sender/tariffs', { to: hub.party, query })
    const kept = items(list.data).filter((each) => String(at(each, 'id')).startsWith('T100'))
    assert.ok(kept.length > 0)
    for (const each of kept) assert.is(at(each, 'last_updated'), last_updated)
  })

  test(requirement(101, version), async () => {
    emsp.answer = () => 'drop'
    await push('T101')
    await cpo.send('DELETE', tariffPath('T101'), { to: EMSP })
    emsp.answer = () => undefined
    emsp.forget()
    await hub.passTime(3_600_000)
    await hub.drain()
    assert.equal(emsp.received('receiver/tariffs'), [])
  })

  test(requirement(102, version), async () => {
    const one = () => ({ parties: [{ party: fresh(), role: 'EMSP' as const }], version })
    const planned = await hub.invite(one())
    const gone = await hub.connect(one())
    await gone.send('DELETE', 'credentials', { from: null })
    const cut = await hub.connect(one())
    await hub.admin('POST', `/platforms/${cut.id}/suspend`, {})
    const offline = await hub.connect(one())
    offline.answer = () => 'drop'
    await hub.fallSilent(limits.stillAliveMs + 1_000)
    await hub.drain()
    offline.answer = () => undefined
    await put(cpo, 'tariffs', { ...tariff('T102'), last_updated: fromNow(0) })
    await hub.drain()
    for (const partner of [planned, gone, cut, offline]) {
      partner.forget()
      assert.is((await push('T102', partner.party)).code, 4003, partner.party)
      assert.equal(partner.got, [])
    }
  })
}

const { cpo, emsp } = middle

/** A CDR that clears, for a card and a session of its own. */
async function postCdr(id: string): Promise<number> {
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', id: `S-${id}`, uid: `U-${id}` }
  await put(emsp, 'tokens', tokenOf('DE-EMA', charge.uid))
  await put(cpo, 'sessions', sessionOf(charge))
  const body = cdrOf({ ...charge, id, session: charge.id })
  return (await cpo.send('POST', 'receiver/cdrs', { body })).code
}
const cdrsGot = () => emsp.received('receiver/cdrs', 'POST').map(({ json }) => at(json, 'id'))

test(
  requirement(101, 'named deviation: a CDR is recorded, answered, and sent until it is taken'),
  async () => {
    emsp.answer = ({ place }) => (place === 'receiver/cdrs' ? 'drop' : undefined)
    assert.is(await postCdr('C101'), 1000)
    await hub.drain()
    emsp.answer = () => undefined
    emsp.forget()
    await hub.passTime(3_600_000)
    await hub.drain()
    assert.equal(cdrsGot(), ['C101'])
  },
)

test(requirement(101, 'a CDR whose pair has agreed on relay'), async () => {
  const agreement = '/agreements/NL-TNM/DE-EMA'
  const agreed = await hub.admin('PUT', agreement, { cdr_delivery: 'relay' })
  assert.is(agreed.status, 200, agreed.text)
  emsp.answer = ({ place }) => (place === 'receiver/cdrs' ? 'drop' : undefined)
  assert.is(await postCdr('C101R'), 4003)
  emsp.answer = () => undefined
  emsp.forget()
  await hub.passTime(3_600_000)
  await hub.drain()
  assert.equal(cdrsGot(), [])
  assert.is((await hub.admin('DELETE', agreement)).status, 204)
})

test('half a pair of routing headers, or no sender, is 2001 and named', async () => {
  const half = { 'OCPI-to-party-id': 'EMA' }
  const body = tariffIn('2.2.1', { party: 'NL-TNM', id: 'T1' })
  const path = `receiver/tariffs/${pathOf('NL-TNM', 'T1')}`
  const one = await cpo.send('PUT', path, { body, headers: half })
  const two = await cpo.send('PUT', path, { body, from: null })
  assert.equal([one.code, two.code], [2001, 2001])
  assert.match(one.message, 'OCPI-to-country-code')
  assert.match(two.message, 'OCPI-from-party-id')
})

test.run()
