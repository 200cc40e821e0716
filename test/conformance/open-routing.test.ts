// Message routing, Open Routing Request (requirements 88 to 93, 99): the hub finds the receiver by what it is about.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { addresses, cdrIn, settle, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const OPERATES = ['sender/locations', 'sender/sessions', 'receiver/commands', 'receiver/tokens']
const SERVES = ['receiver/locations', 'receiver/tariffs', 'receiver/sessions', 'sender/tokens']
const hub = await startHub()
const CPOS = { '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const connect = async (version: '2.2.1' | '2.3.0') => ({
  version,
  cpo: await hub.connect({
    parties: [{ party: CPOS[version], role: 'CPO' }],
    modules: OPERATES,
    version,
  }),
  emsp: await hub.connect({
    parties: [{ party: EMSPS[version], role: 'EMSP' }],
    modules: SERVES,
    version,
  }),
})
const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
const pairs = [middle, latest]
const { cpo, emsp } = middle
const [CPO, EMSP] = [CPOS['2.2.1'], EMSPS['2.2.1']]
const both = await hub.connect({
  parties: [
    { party: 'FR-TWO', role: 'CPO' },
    { party: 'FR-TWO', role: 'EMSP' },
  ],
  modules: [...OPERATES, ...SERVES],
})
const everyone = [...pairs.flatMap((pair) => [pair.cpo, pair.emsp]), both]

const test = suite('open routing')
test.before.each(async () => {
  for (const partner of everyone) partner.answer = () => undefined
  await settle(hub)
  for (const partner of everyone) partner.forget()
})
test.after(() => hub.close())

const reached = () => everyone.filter(({ got }) => got.length > 0).map(({ party }) => party)

/** Asks whoever runs a location to unlock a connector there. */
const unlock = (who: FakePartner, place: { location: string; evse?: string; to?: string }) => {
  const { location: location_id, evse: evse_uid = 'E1', to } = place
  const body = { response_url: `${who.url}/cb/1`, location_id, evse_uid, connector_id: '1' }
  const addressed = to === undefined ? {} : { to }
  return who.send('POST', 'receiver/commands/UNLOCK_CONNECTOR', { body, ...addressed })
}

for (const { version, cpo: operator, emsp: provider } of pairs) {
  const [owner, payer] = [CPOS[version], EMSPS[version]]
  const there = `to ${payer} from ${owner}`
  const back = `to ${owner} from ${payer}`

  test(requirement(88, version), async () => {
    const session = await put(operator, 'sessions', sessionOf({ owner, payer, id: 'S88' }))
    assert.is(session.code, 1000)
    assert.equal(reached(), [payer])
    assert.is(addresses(provider.got[0]?.headers), there)
    assert.is(addresses(session.headers), back)
    await put(operator, 'locations', locationOf(owner, `L88-${version}`))
    await hub.drain()
    for (const partner of everyone) partner.forget()
    const command = await unlock(provider, { location: `L88-${version}` })
    assert.is(command.code, 1000, command.text)
    assert.equal(reached(), [owner])
    assert.is(addresses(operator.got[0]?.headers), back)
    assert.is(addresses(command.headers), there)
  })

  test(requirement(89, version), async () => {
    const party = owner
    for (const reply of [
      await put(operator, 'locations', locationOf(owner, 'L89')),
      await put(operator, 'tariffs', tariffIn(version, { party, id: 'T89' })),
      await put(provider, 'tokens', tokenOf(payer, 'U89')),
    ])
      assert.is(reply.code, 1000, reply.text)
    await hub.drain()
    for (const partner of [middle.emsp, latest.emsp, both])
      for (const module of ['locations', 'tariffs'])
        assert.is(partner.received(`receiver/${module}`, 'PUT').length, 1, partner.party)
    for (const partner of [middle.cpo, latest.cpo, both])
      assert.is(partner.received('receiver/tokens', 'PUT').length, 1, partner.party)
  })

  test(requirement(90, version), async () => {
    const query = { date_from: '2020-01-01T00:00:00Z' }
    const ask = (who: FakePartner, module: string) => who.send('GET', `sender/${module}`, { query })
    const replies = [await ask(operator, 'tokens')]
    for (const module of ['locations', 'tariffs', 'cdrs', 'sessions'])
      replies.push(await ask(provider, module))
    for (const { status, code, message } of replies) {
      assert.equal([status, code], [200, 2001])
      assert.match(message, 'OCPI-to-party-id')
    }
    assert.equal(reached(), [])
  })

  test(requirement(91, version), async () => {
    const charge = { owner, payer, id: 'S91', uid: 'U91' }
    await put(provider, 'tokens', tokenOf(payer, 'U91'))
    await hub.drain()
    for (const partner of everyone) partner.forget()
    const session = await put(operator, 'sessions', sessionOf(charge))
    const body = cdrIn(version, { ...charge, id: 'C91', session: 'S91' })
    const cdr = await operator.send('POST', 'receiver/cdrs', { body })
    await hub.drain()
    for (const { headers } of [session, cdr]) assert.is(addresses(headers), back)
    assert.equal(reached(), [payer])
    assert.equal(
      provider.got.map(({ method, place }) => `${method} ${place}`),
      ['PUT receiver/sessions'],
      'it takes no CDRs, so it pulls them',
    )
    const own = await provider.send('GET', 'sender/cdrs', { to: hub.party })
    assert.is(items(own.data).length, 1)
    const nameless = { ...sessionOf({ ...charge, id: 'S91X' }), cdr_token: undefined }
    assert.is((await put(operator, 'sessions', nameless)).code, 2001)
    const stray = await put(operator, 'sessions', sessionOf({ ...charge, payer: 'XX-XXX' }))
    assert.is(stray.code, 4001, stray.text)
  })

  test(requirement(92, version), async () => {
    await put(operator, 'sessions', sessionOf({ owner, payer, id: 'S92' }))
    provider.forget()
    const body = { kwh: 11, last_updated: fromNow(0) }
    const patch = (id: string) =>
      operator.send('PATCH', `receiver/sessions/${pathOf(owner, id)}`, { body })
    const reply = await patch('S92')
    assert.is(reply.code, 1000)
    assert.is(addresses(reply.headers), back)
    assert.equal(reached(), [payer])
    assert.is(addresses(provider.got[0]?.headers), there)
    assert.is((await patch('S92X')).code, 2001)
  })
}

test(requirement(92, 'charging preferences go to who owns the session'), async () => {
  await put(cpo, 'sessions', sessionOf({ owner: CPO, payer: EMSP, id: 'S138' }))
  cpo.answer = () => ({ status: 404, code: 2001 })
  const body = { profile_type: 'GREEN' }
  const path = 'sender/sessions/S138/charging_preferences'
  const reply = await emsp.send('PUT', path, { body })
  assert.equal([reply.status, reply.code], [404, 2001])
  assert.is(cpo.got[0]?.rest, '/S138/charging_preferences')
  assert.is(addresses(reply.headers), 'to DE-EMA from NL-TNM')
  cpo.forget()
  const stranger = { from: 'FR-TWO', body }
  for (const to of [{}, { to: CPO }])
    assert.is((await both.send('PUT', path, { ...stranger, ...to })).code, 2003)
  assert.equal(cpo.got, [])
})

test(requirement(93), async () => {
  await put(cpo, 'locations', locationOf(CPO, 'L93'))
  await put(both, 'locations', locationOf('FR-TWO', 'L93'))
  const reply = await emsp.send('GET', 'sender/locations/L93')
  assert.equal([reply.code, reply.data], [2003, undefined])
  await hub.drain()
  for (const partner of everyone) partner.forget()
  const vague = await unlock(emsp, { location: 'L93' })
  assert.equal([vague.status, vague.code], [200, 2003])
  assert.equal(vague.data, { result: 'REJECTED', timeout: 0 })
  assert.equal(reached(), [])
})

test(requirement(93, 'a location whose EVSE tells'), async () => {
  const evse = (uid: string) => {
    const [first] = items(locationOf(CPO, 'L')['evses'])
    return { evses: [{ ...Object(first), uid }] }
  }
  await put(cpo, 'locations', locationOf(CPO, 'L93C', evse('ONE')))
  await put(both, 'locations', locationOf('FR-TWO', 'L93C', evse('TWO')))
  await hub.drain()
  cpo.forget()
  assert.is((await unlock(emsp, { location: 'L93C', evse: 'THREE' })).code, 2003)
  assert.equal(cpo.got, [])
  const exact = await unlock(emsp, { location: 'L93C', evse: 'ONE' })
  assert.is(exact.code, 1000, exact.text)
  assert.is(addresses(exact.headers), 'to DE-EMA from NL-TNM')
})

test(requirement(93, 'a session'), async () => {
  for (const [who, owner] of [
    [cpo, CPO],
    [latest.cpo, latest.cpo.party],
  ] as const)
    await put(who, 'sessions', sessionOf({ owner, payer: EMSP, id: 'S93' }))
  for (const partner of everyone) partner.forget()
  const stop = (to: { to?: string }) => {
    const body = { response_url: `${emsp.url}/cb/1`, session_id: 'S93' }
    return emsp.send('POST', 'receiver/commands/STOP_SESSION', { body, ...to })
  }
  assert.is((await stop({})).code, 2003)
  assert.equal(reached(), [])
  assert.is((await stop({ to: CPO })).code, 1000)
  assert.equal(reached(), [CPO])
})

test(requirement(99, 'but for what is addressed there'), async () => {
  await put(both, 'locations', locationOf('FR-TWO', 'L99'))
  await put(both, 'tokens', tokenOf('FR-TWO', 'U99'))
  await hub.drain()
  assert.equal(both.got, [], 'a broadcast')
  assert.is((await unlock(both, { location: 'L99' })).code, 2003)
  for (const { emsp: each } of pairs) each.answer = () => ({ status: 404, code: 2004 })
  await both.send('POST', 'sender/tokens/U99B/authorize')
  assert.equal(both.got, [], 'an open question')
  const addressed = await unlock(both, { location: 'L99', to: 'FR-TWO' })
  assert.is(addressed.code, 1000, addressed.text)
  assert.is(both.got.length, 1)
})

test('custom modules pass between parties whose agreement names them, and exist for nobody else', async () => {
  const parties = [{ party: 'BE-CUS', role: 'EMSP' }] as const
  const partner = await hub.connect({ parties, modules: ['receiver/nltnm-extra', 'sender/tokens'] })
  const path = 'receiver/nltnm-extra/things/1'
  const body = { anything: 1.1 }
  const send = () => cpo.send('PUT', path, { body, to: 'BE-CUS' })
  assert.equal([(await send()).status, partner.got.length], [404, 0])
  const terms = { modules: ['nltnm-extra', 'tariffs'] }
  assert.is((await hub.admin('PUT', `/agreements/${CPO}/BE-CUS`, terms)).status, 200)
  const reply = await send()
  assert.is(reply.code, 1000, reply.text)
  const [got] = partner.received('receiver/nltnm-extra', 'PUT')
  assert.equal([got?.rest, got?.json], ['/things/1', body])
  assert.is(addresses(reply.headers), 'to NL-TNM from BE-CUS')
  assert.is((await cpo.send('PUT', path, { body, to: EMSP })).status, 404)
  assert.is((await cpo.send('PUT', path, { body })).status, 404)
})

test.run()
