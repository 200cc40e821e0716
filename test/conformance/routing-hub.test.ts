// GET All via Hubs, and a message that passes two hubs (requirements 94 to 98).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { locationOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import { addresses, tariffIn } from '../helpers/versions.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const CPOS = { '2.2.1': 'NL-TNM', '2.3.0': 'NL-NEW' } as const
const EMSPS = { '2.2.1': 'DE-EMA', '2.3.0': 'DE-NEW' } as const
const connect = async (version: '2.2.1' | '2.3.0') => ({
  version,
  cpo: await hub.connect({ parties: [{ party: CPOS[version], role: 'CPO' }], version }),
  emsp: await hub.connect({ parties: [{ party: EMSPS[version], role: 'EMSP' }], version }),
})
const [middle, latest] = [await connect('2.2.1'), await connect('2.3.0')]
const pairs = [middle, latest]
const nsp = await hub.connect({ parties: [{ party: 'NL-NSP', role: 'NSP' }] })
for (const { version, cpo, emsp } of pairs) {
  const [owner, payer] = [CPOS[version], EMSPS[version]]
  await put(cpo, 'locations', locationOf(owner, 'L1'))
  await put(cpo, 'tariffs', tariffIn(version, { party: owner, id: 'T1' }))
  await put(cpo, 'tariffs', tariffIn(version, { party: owner, id: 'ONE' }), { to: payer })
  await put(cpo, 'sessions', sessionOf({ owner, payer, id: 'S1' }))
  await put(emsp, 'tokens', tokenOf(payer, 'U1'))
}

const test = suite('get all, and two hubs')
test.after(() => hub.close())

const DATE_FROM = '2020-01-01T00:00:00Z'
const named = (reply: Reply) =>
  items(reply.data).map((each) =>
    [at(each, 'country_code'), at(each, 'party_id'), at(each, 'id') ?? at(each, 'uid')].join('-'),
  )

for (const { version, cpo, emsp } of pairs) {
  const [CPO, EMSP] = [CPOS[version], EMSPS[version]]
  const all = (module: string) =>
    (module === 'tokens' ? cpo : emsp).send('GET', `sender/${module}`, {
      to: hub.party,
      query: { date_from: DATE_FROM },
    })

  test(requirement(94, version), async () => {
    const locations = await all('locations')
    assert.equal(named(locations).sort(), ['NL-NEW-L1', 'NL-TNM-L1'])
    assert.is(locations.headers['x-total-count'], '2')
    assert.equal(named(await all('tokens')).sort(), ['DE-EMA-U1', 'DE-NEW-U1'])
  })

  test(requirement(95, version), async () => {
    for (const module of ['locations', 'tariffs', 'sessions', 'cdrs'])
      assert.is(addresses((await all(module)).headers), `to ${EMSP} from ${hub.party}`, module)
    assert.is(addresses((await all('tokens')).headers), `to ${CPO} from ${hub.party}`)
  })

  test(requirement(96, version), async () => {
    const own = `${CPO}-ONE`
    assert.equal(named(await all('tariffs')).sort(), [own, 'NL-NEW-T1', 'NL-TNM-T1'].sort())
    assert.equal(named(await all('sessions')), [`${CPO}-S1`])
    const foreign = await nsp.send('GET', 'sender/tariffs', { to: hub.party })
    assert.equal(named(foreign).sort(), ['NL-NEW-T1', 'NL-TNM-T1'])
  })

  test(requirement(97, version), async () => {
    for (const module of ['locations', 'tariffs', 'sessions', 'tokens']) {
      const objects = items((await all(module)).data)
      assert.ok(objects.length > 0, module)
      for (const object of objects) {
        assert.match(String(at(object, 'country_code')), /^(NL|DE)$/, module)
        assert.match(String(at(object, 'party_id')), /^(TNM|NEW|EMA)$/, module)
      }
    }
  })
}

test(requirement(97, 'of an owner that speaks 2.1.1, whose objects do not say it'), async () => {
  const old = await hub.connect({ parties: [{ party: 'BE-OLD', role: 'EMSP' }], version: '2.1.1' })
  const token = { ...tokenOf('BE-OLD', 'U97'), auth_id: 'BE-OLD-C1' }
  const {
    country_code: _country,
    party_id: _party,
    contract_id: _contract,
    ...body
  } = Object(token)
  const reply = await old.send('PUT', 'receiver/tokens/BE/OLD/U97', { body })
  assert.is(reply.code, 1000, reply.text)
  const list = await middle.cpo.send('GET', 'sender/tokens', { to: hub.party })
  assert.ok(named(list).includes('BE-OLD-U97'), list.text)
})

test(requirement(98), async () => {
  const hubs = [
    await startHub({ config: { hub: { countryCode: 'NL', partyId: 'HB1', name: 'First' } } }),
    await startHub({ config: { hub: { countryCode: 'SE', partyId: 'HB2', name: 'Second' } } }),
  ] as const
  const [first, second] = hubs
  try {
    const cpo = await first.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
    const emsp = await second.connect({ parties: [{ party: 'SE-FAR', role: 'EMSP' }] })
    // To each other a hub is a platform with the parties that are reached through it, as 2.3.0 shows them.
    const role = (role: string, country_code: string, party_id: string) => ({
      name: `parties of another hub`,
      roles: [{ role, country_code, party_id, business_details: { name: party_id } }],
    })
    const here = await first.admin('POST', '/platforms', role('EMSP', 'SE', 'FAR'))
    const there = await second.admin('POST', '/platforms', role('CPO', 'NL', 'TNM'))
    const joined = await first.admin('POST', `/platforms/${String(at(here.json, 'id'))}/register`, {
      versions_url: at(there.json, 'versions_url'),
      token_a: at(there.json, 'token_a'),
    })
    assert.is(joined.status, 200, joined.text)
    const push = await put(cpo, 'tariffs', tariffIn('2.2.1', { party: 'NL-TNM', id: 'T98' }), {
      to: 'SE-FAR',
    })
    assert.is(push.code, 1000, push.text)
    const [got] = emsp.received('receiver/tariffs', 'PUT')
    assert.is(addresses(got?.headers), 'to SE-FAR from NL-TNM')
    assert.is(addresses(push.headers), 'to NL-TNM from SE-FAR')
    const pull = await emsp.send('GET', 'sender/locations', { to: 'NL-TNM' })
    assert.is(pull.code, 1000, pull.text)
    assert.is(addresses(cpo.received('sender/locations')[0]?.headers), 'to NL-TNM from SE-FAR')
    assert.is(addresses(pull.headers), 'to SE-FAR from NL-TNM')
  } finally {
    await Promise.all(hubs.map((each) => each.close()))
  }
})

test.run()
