// Client owned objects: Locations and Tariffs, and what is the same for all (requirements 122 to 133).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import {
  fromNow,
  locationOf,
  ownerOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { connectPairs } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const pairs = await connectPairs(hub)
const old = await hub.connect({ parties: [{ party: 'FR-OLE', role: 'EMSP' }], version: '2.1.1' })

const test = suite('objects')
test.before.each(async () => {
  await hub.drain()
  for (const { cpo, emsp } of pairs) for (const partner of [cpo, emsp]) partner.forget()
  old.forget()
})
test.after(() => hub.close())

for (const { version, cpo, emsp, seen } of pairs) {
  const own = cpo.party
  const location = (id: string, more?: Json) => put(cpo, 'locations', locationOf(own, id, more))
  const tariff = (id: string, more?: Json) => seen(tariffOf(own, id, more))
  const session = (id: string) =>
    seen(sessionOf({ owner: own, payer: emsp.party, id }, { status: 'ACTIVE' }))
  const patch = (module: string, id: string, body: Json) =>
    cpo.send('PATCH', `receiver/${module}/${pathOf(own, id)}`, { body })
  const stored = async (id: string) =>
    (await cpo.send('GET', `receiver/locations/${pathOf(own, id)}`, { to: hub.party })).data

  test(requirement(122, version), async () => {
    const putAt = (module: string, body: Json) =>
      cpo.send('PUT', `receiver/${module}/${pathOf(own, 'X122')}`, { body })
    for (const more of [ownerOf('NL-XYZ'), { country_code: 'BE' }, { party_id: 'ABC' }]) {
      const replies = [
        await putAt('tariffs', { ...tariff('X122'), ...more }),
        await putAt('locations', locationOf(own, 'X122', more)),
        await putAt('sessions', { ...session('X122'), ...more }),
        await emsp.send('PUT', `receiver/tokens/${pathOf(emsp.party, 'X122')}`, {
          body: tokenOf(emsp.party, 'X122', more),
        }),
      ]
      for (const reply of replies) {
        assert.equal([reply.status, reply.code], [200, 2001], reply.text)
        assert.match(reply.message, /\/(party_id|country_code)/)
      }
    }
    await hub.drain()
    assert.equal(emsp.got, [])
  })

  test(requirement(123, version), async () => {
    for (const [module, body, member] of [
      ['tariffs', tariff('X123'), '/id'],
      ['locations', locationOf(own, 'X123'), '/id'],
      ['locations/E9', { ...Object(at(locationOf(own, 'X'), 'evses', 0)) }, '/uid'],
    ] as const) {
      const [name = '', ...child] = module.split('/')
      const path = [`receiver/${name}/${pathOf(own, 'OTHER')}`, ...child].join('/')
      const reply = await cpo.send('PUT', path, { body })
      assert.equal([reply.status, reply.code], [200, 2001], reply.text)
      assert.match(reply.message, member)
    }
  })

  test(requirement(124, version), async () => {
    for (const party of [emsp.party, 'XX-XXX', 'not-one']) {
      const path = `receiver/tariffs/${pathOf(party, 'T1')}`
      const body = seen(tariffOf(party, 'T1'))
      assert.is((await cpo.send('PUT', path, { body })).status, 404, party)
      assert.is((await cpo.send('GET', path, { to: hub.party })).status, 404, party)
    }
  })

  test(requirement(125, version), async () => {
    await location('L125')
    await put(cpo, 'sessions', session('S125'))
    await put(emsp, 'tokens', tokenOf(emsp.party, 'T125'))
    const token = { body: { valid: false } }
    const replies = [
      await patch('locations', 'L125', { name: 'x' }),
      await patch('locations', 'L125/E1', { status: 'CHARGING' }),
      await patch('locations', 'L125/E1/1', { max_amperage: 16 }),
      await patch('sessions', 'S125', { kwh: 2 }),
      await emsp.send('PATCH', `receiver/tokens/${pathOf(emsp.party, 'T125')}`, token),
    ]
    for (const reply of replies) {
      assert.equal([reply.status, reply.code], [200, 2001], reply.text)
      assert.match(reply.message, '/last_updated')
    }
    assert.is(at(await stored('L125'), 'name'), undefined)
  })

  test(requirement(126, version), async () => {
    await location('L126', { name: 'A', postal_code: '3511', directions: [] })
    await location('L126', { last_updated: fromNow(0) })
    const now = await stored('L126')
    for (const name of ['name', 'postal_code', 'directions'])
      assert.is(at(now, name), undefined, name)
    await hub.drain()
    assert.is(at(emsp.received('receiver/locations').at(-1)?.json, 'name'), undefined)
  })

  test(requirement(127, version), async () => {
    await location('L127', { name: 'A', postal_code: '3511' })
    const before = Object(await stored('L127'))
    const body = { name: 'B', last_updated: fromNow(0) }
    assert.is((await patch('locations', 'L127', body)).code, 1000)
    assert.equal(await stored('L127'), { ...before, ...body })
  })

  test(requirement(128, version), async () => {
    await location('L128')
    await hub.drain()
    const first = fromNow(0)
    const evse = { status: 'CHARGING', last_updated: first }
    assert.is((await patch('locations', 'L128/E1', evse)).code, 1000)
    let now = await stored('L128')
    assert.equal([at(now, 'last_updated'), at(now, 'evses', 0, 'status')], [first, 'CHARGING'])
    const second = fromNow(1_000)
    const connector = { ...Object(at(now, 'evses', 0, 'connectors', 0)), last_updated: second }
    const path = `receiver/locations/${pathOf(own, 'L128')}/E1/1`
    assert.is((await cpo.send('PUT', path, { body: connector })).code, 1000)
    now = await stored('L128')
    for (const member of [now, at(now, 'evses', 0), at(now, 'evses', 0, 'connectors', 0)])
      assert.is(at(member, 'last_updated'), second)
    await hub.drain()
    assert.equal(emsp.received('receiver/locations').at(-1)?.json, now, 'all get it whole')
  })

  test(requirement(129, version), async () => {
    const since = fromNow(-1_800_000)
    const listed = async (id: string) => {
      const query = { date_from: since }
      const { data } = await emsp.send('GET', 'sender/locations', { to: hub.party, query })
      return items(data).some(
        (each) => at(each, 'id') === id && at(each, 'party_id') === own.slice(3),
      )
    }
    const ids = ['L129', 'L129E', 'L129C', 'L129N']
    for (const id of ids) await location(id)
    for (const id of ids) assert.not(await listed(id), 'older than the window')
    const last_updated = fromNow(-1_000)
    await patch('locations', 'L129E/E1', { status: 'BLOCKED', last_updated })
    await patch('locations', 'L129C/E1/1', { max_amperage: 16, last_updated })
    // A CPO that lets only the time of the EVSE follow.
    const evse = { ...Object(at(locationOf(own, 'X'), 'evses', 0)), last_updated }
    await location('L129N', { evses: [evse] })
    assert.equal(await Promise.all(ids.map(listed)), [false, true, true, true])
  })

  test(requirement(130, version), async () => {
    for (const [partner, module] of [
      [cpo, 'locations'],
      [cpo, 'sessions'],
      [emsp, 'tokens'],
    ] as const)
      for (const method of ['POST', 'DELETE'])
        for (const path of [module, `${module}/${pathOf(partner.party, 'X')}`]) {
          const reply = await partner.send(method, `receiver/${path}`, { body: {} })
          // The URL of the module alone has no methods at all.
          const expected = path === module ? [404, 405] : [405]
          assert.ok(expected.includes(reply.status), `${method} ${path}: ${reply.status}`)
        }
  })

  test(requirement(131, version), async () => {
    // An id of its own: two CPOs with one would not be told apart.
    const id = `L131-${own}`
    await location(id)
    const body = { status: 'REMOVED', last_updated: fromNow(0) }
    assert.is((await patch('locations', `${id}/E1`, body)).code, 1000)
    await hub.drain()
    const { data } = await emsp.send('GET', `sender/locations/${id}`, { to: hub.party })
    for (const seenBy of [await stored(id), data, emsp.received('receiver/locations').at(-1)?.json])
      assert.is(at(seenBy, 'evses', 0, 'status'), 'REMOVED')
    const gone = await cpo.send('DELETE', `receiver/locations/${pathOf(own, id)}/E1`)
    assert.is(gone.status, 405)
  })

  test(requirement(132, version), async () => {
    const id = `HOME-${own}`
    const showing = (text: string) => text.includes(id)
    await location(id, { publish: false })
    await hub.drain()
    assert.equal(old.received('receiver/locations'), [])
    assert.not(showing((await old.send('GET', 'sender/locations')).text))
    assert.is((await old.send('GET', `sender/locations/${id}`)).status, 404)
    const direct = await put(cpo, 'locations', locationOf(own, id, { publish: false }), {
      to: old.party,
    })
    assert.is(direct.code, 4000, direct.text)
    assert.match(direct.message, '/publish')
    assert.equal(old.got, [])
    // Of one that it has and that is hidden later, it is told that it is gone and nothing that is so since then.
    await location(id, { last_updated: fromNow(-1_000) })
    await hub.drain()
    assert.is(old.received('receiver/locations').length, 1)
    await patch('locations', id, { publish: false, name: 'hidden', last_updated: fromNow(0) })
    await hub.drain()
    const [, ...later] = old.received('receiver/locations')
    for (const { body, json } of later) {
      assert.not.match(body, 'hidden')
      assert.is(at(json, 'evses', 'length'), 1)
      assert.is(at(json, 'evses', 0, 'status'), 'REMOVED')
    }
    assert.not(showing((await old.send('GET', 'sender/locations')).text))
  })

  test(requirement(133, version), async () => {
    await put(cpo, 'tariffs', tariff('T133'))
    await hub.drain()
    emsp.forget()
    assert.is((await patch('tariffs', 'T133', { last_updated: fromNow(0) })).status, 405)
    const path = `receiver/tariffs/${pathOf(own, 'T133')}`
    assert.is((await cpo.send('DELETE', path)).code, 1000)
    await hub.drain()
    assert.equal(
      emsp.received('receiver/tariffs').map(({ method, rest }) => `${method} ${rest}`),
      [`DELETE /${pathOf(own, 'T133')}`],
    )
    assert.is((await cpo.send('DELETE', path)).status, 404)
    assert.is((await cpo.send('GET', path, { to: hub.party })).status, 404)
  })
}

test.run()
