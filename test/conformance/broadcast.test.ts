// Message routing, Broadcast Push (requirements 75 to 87).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { addresses, cdrIn, settle, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

/** Whoever is no reader of tokens must not get any, even when it could take them. */
const READER = ['receiver/locations', 'receiver/tariffs', 'receiver/tokens', 'sender/tokens']
const hub = await startHub()
const CPOS = { '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const connect = async (version: '2.2.1' | '2.3.0') => ({
  version,
  cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
  emsp: await hub.connect({
    parties: [{ party: EMSPS[version], role: 'EMSP' }],
    modules: READER,
    version,
  }),
})
const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
const pairs = [middle, latest]
const nsp = await hub.connect({ parties: [{ party: 'NL-NSP', role: 'NSP' }], modules: READER })
const other = await hub.connect({ parties: [{ party: 'NL-OTH', role: 'OTHER' }], modules: READER })
/** A provider that has no copies of tariffs and locations. */
const deaf = await hub.connect({
  parties: [{ party: 'FR-DEF', role: 'EMSP' }],
  modules: ['sender/tokens', 'receiver/sessions'],
})
const both = await hub.connect({
  parties: [
    { party: 'FR-TWO', role: 'CPO' },
    { party: 'FR-TWO', role: 'EMSP' },
  ],
  modules: [...READER, 'sender/locations', 'sender/tariffs'],
})
const emsps = [middle.emsp, latest.emsp]
const cpos = [middle.cpo, latest.cpo]
const everyone = [...emsps, ...cpos, nsp, other, deaf, both]

const test = suite('broadcast')
test.before.each(async () => {
  for (const partner of everyone) partner.answer = () => undefined
  await settle(hub)
  for (const partner of everyone) partner.forget()
})
test.after(() => hub.close())

const places = (partner: FakePartner) =>
  partner.got.map(({ method, place, rest }) => `${method} ${place}${rest}`)
/** Who got anything at all. */
const reached = () => everyone.filter(({ got }) => got.length > 0).map(({ party }) => party)

for (const { version, cpo, emsp } of pairs) {
  const [CPO, EMSP] = [CPOS[version], EMSPS[version]]
  const tariff = (id: string) => tariffIn(version, { party: CPO, id })
  const push = (id: string) => put(cpo, 'tariffs', tariff(id), { to: hub.party })
  /** Pushes a tariff to everyone and shows what each of those who are to get it got. */
  const legsOf = async (id: string): Promise<{ partner: FakePartner; got: Got | undefined }[]> => {
    assert.is((await push(id)).code, 1000)
    await hub.drain()
    const readers = [...emsps, nsp, other, both]
    return readers.map((partner) => ({ partner, got: partner.received('receiver/tariffs')[0] }))
  }

  test(requirement(75, version), async () => {
    const path = pathOf(CPO, 'L75')
    await put(cpo, 'locations', locationOf(CPO, 'L75'), { to: hub.party })
    await hub.drain()
    for (const partner of [...emsps, nsp, other, both])
      assert.equal(places(partner), [`PUT receiver/locations/${path}`], partner.party)
    assert.equal([...cpo.got, ...deaf.got], [])
    for (const partner of everyone) partner.forget()
    const body = { name: 'Station', last_updated: fromNow(0) }
    const reply = await cpo.send('PATCH', `receiver/locations/${path}`, { body, to: hub.party })
    assert.is(reply.code, 1000)
    await hub.drain()
    for (const partner of [...emsps, nsp, other, both]) {
      assert.is(partner.got.length, 1, partner.party)
      assert.is(at(partner.got[0]?.json, 'name'), 'Station')
    }
    assert.equal([...cpo.got, ...deaf.got], [])
  })

  test(requirement(76, version), async () => {
    for (const partner of everyone) partner.answer = () => 'silence'
    const reply = await push('T76')
    assert.equal([reply.status, reply.code], [201, 1000])
    assert.is(reply.headers['ocpi-to-country-code'], CPO.slice(0, 2))
    assert.is(reply.headers['ocpi-to-party-id'], CPO.slice(3))
    assert.equal(reached(), [], 'the answer comes before the fan-out')
  })

  test(requirement(77, `${version}, the hub says it`), async () => {
    assert.is(addresses((await push('T77')).headers), `to ${CPO} from ${hub.party}`)
  })

  test(requirement(78, version), async () => {
    for (const { partner, got } of await legsOf('T78'))
      assert.is(addresses(got?.headers), `to ${partner.party} from ${hub.party}`)
  })

  test(requirement(79, version), async () => {
    for (const { partner, got } of await legsOf('T79')) {
      assert.is(got?.rest, `/${pathOf(CPO, 'T79')}`, partner.party)
      assert.is(at(got?.json, 'party_id'), CPO.slice(3))
    }
  })

  test(requirement(80, version), async () => {
    emsp.answer = () => ({ code: 2001, message: 'I do not want it' })
    nsp.answer = () => 'drop'
    const reply = await push('T80')
    assert.equal([reply.status, reply.code, reply.message], [201, 1000, ''])
    await hub.drain()
    assert.ok(reached().includes(EMSP) && reached().includes(nsp.party))
    assert.equal(cpo.got, [], 'nor is it told afterwards')
    const again = await push('T80')
    assert.equal([again.code, again.message], [1000, ''])
  })

  test(requirement(81, version), async () => {
    await push('T81')
    await hub.drain()
    for (const partner of everyone) partner.forget()
    const query = { date_from: '2020-01-01T00:00:00Z' }
    for (const [who, target] of [
      [emsp, 'sender/locations'],
      [emsp, 'sender/tariffs'],
      [emsp, 'sender/sessions'],
      [cpo, 'sender/tokens'],
      [cpo, `receiver/tariffs/${pathOf(CPO, 'T81')}`],
    ] as const)
      assert.is((await who.send('GET', target, { to: hub.party, query })).code, 1000, target)
    await hub.drain()
    assert.equal(reached(), [])
  })

  test(requirement(82, version), async () => {
    for (const { partner, got } of await legsOf('T82')) assert.is(got?.method, 'PUT', partner.party)
    const readers = [...emsps, nsp, other, both].map(({ party }) => party)
    assert.equal(reached().sort(), readers.sort())
  })

  test(requirement(83, version), async () => {
    await put(emsp, 'tokens', tokenOf(EMSP, 'U83'), { to: hub.party })
    await hub.drain()
    const tokens = everyone.filter((each) => each.received('receiver/tokens', 'PUT').length > 0)
    assert.equal(tokens, [...cpos, both])
    assert.equal(reached().sort(), [...cpos, both].map(({ party }) => party).sort())
  })

  test(requirement(85, version), async () => {
    await push('T85')
    await put(both, 'tariffs', tariffIn('2.2.1', { party: 'FR-TWO', id: 'T85' }))
    await hub.drain()
    assert.equal(cpo.got, [])
    assert.equal(places(both), [`PUT receiver/tariffs/${pathOf(CPO, 'T85')}`])
    assert.is(emsp.got.length, 2)
  })

  test(requirement(86, version), async () => {
    const charge = { owner: CPO, payer: EMSP, id: 'S86' }
    const to = hub.party
    const replies = [
      await put(cpo, 'sessions', sessionOf(charge), { to }),
      await cpo.send('POST', 'receiver/cdrs', { body: cdrIn(version, charge), to }),
    ]
    await hub.drain()
    for (const reply of replies) {
      assert.is(reply.code, 2001)
      assert.match(reply.message, 'OCPI-to-party-id')
    }
    assert.equal(reached(), [])
  })
}

test(requirement(84), async () => {
  await put(other, 'tokens', tokenOf('NL-OTH', 'U84'), { to: hub.party })
  await hub.drain()
  assert.equal(reached().sort(), [...cpos, both].map(({ party }) => party).sort())
})

test(requirement(87), async () => {
  const { cpo, emsp } = middle
  const agreement = '/agreements/NL-TNM/DE-EMA'
  const agreed = await hub.admin('PUT', agreement, { modules: ['locations', 'tokens'] })
  assert.is(agreed.status, 200, agreed.text)
  await put(cpo, 'tariffs', tariffIn('2.2.1', { party: 'NL-TNM', id: 'T87' }))
  await put(cpo, 'locations', locationOf('NL-TNM', 'L87'))
  await hub.drain()
  assert.equal(places(emsp), ['PUT receiver/locations/NL/TNM/L87'])
  assert.is(nsp.got.length, 2)
  assert.is((await hub.admin('DELETE', agreement)).status, 204)
})

test(requirement(87, 'where agreements are required'), async () => {
  const strict = await startHub({ config: { agreements: 'required' } })
  try {
    const cpo = await strict.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const friend = await strict.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
    const stranger = await strict.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
    const agreed = await strict.admin('PUT', '/agreements/NL-TNM/DE-EMA', {})
    assert.is(agreed.status, 200, agreed.text)
    await put(cpo, 'locations', locationOf('NL-TNM', 'L87'), { to: strict.party })
    await strict.drain()
    assert.equal([friend.got.length, stranger.got.length], [1, 0])
  } finally {
    await strict.close()
  }
})

test('a session and a CDR that were refused are not kept either', async () => {
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', id: 'X86' }
  await middle.cpo.send('POST', 'receiver/cdrs', { body: cdrOf(charge), to: hub.party })
  assert.is((await hub.admin('GET', '/cdrs/NL/TNM/X86')).status, 404)
})

test.run()
