import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import {
  cdrTokenOf,
  fromNow,
  locationOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import { alertsOf, freshness, intervalPasses, keysOf, offer, pullNow } from '../helpers/offers.ts'

const pulls = suite<{ hub: TestHub }>('pulling from partners')

pulls.before.each(async (context) => {
  context.hub = await startHub()
})
pulls.after.each(async ({ hub }) => {
  await hub.close()
})

const CPO = { parties: [{ party: 'NL-TNM', role: 'CPO' as const }], pulled: true }
const EMSP = { parties: [{ party: 'DE-EMA', role: 'EMSP' as const }] }

pulls(
  'a partner that connects is read page by page, and what it has can be pulled from the hub',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    const many = Array.from({ length: 250 }, (_, index) => locationOf('NL-TNM', `L${index}`))
    offer(cpo, { locations: many, tariffs: [tariffOf('NL-TNM', 'T1')], sessions: [] })
    await hub.drain()
    assert.equal(await keysOf(hub, 'locations'), [], 'its own pushes come first')
    await hub.passTime(limits.pullFirstDelayMs)
    await hub.drain()
    assert.is((await keysOf(hub, 'locations')).length, 250)
    const pages = cpo.received('sender/locations')
    assert.is(pages.length, 3)
    assert.is(pages[0]?.headers['ocpi-to-party-id'], 'TNM')
    assert.is(pages[0]?.headers['ocpi-from-party-id'], 'XCH')
    assert.match(cpo.received('sender/sessions')[0]?.rest ?? '', /date_from=/)
    const state = await freshness(hub, cpo, 'locations')
    assert.is(at(state, 'objects'), 250)
    assert.is(at(state, 'error'), null)
    assert.ok(at(state, 'complete_until') !== null && at(state, 'last_full_at') !== null)
    const emsp = await hub.connect(EMSP)
    const pulled = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
    assert.ok(pulled.text.includes(JSON.stringify(tariffOf('NL-TNM', 'T1')).slice(0, 60)))
  },
)

pulls(
  'after an interval only what changed is asked for, and the change is broadcast',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    const emsp = await hub.connect(EMSP)
    const lists = { locations: [locationOf('NL-TNM', 'L1'), locationOf('NL-TNM', 'L2')] }
    offer(cpo, lists)
    await pullNow(hub, cpo)
    assert.equal(
      emsp.received('receiver/locations'),
      [],
      'what the hub reads first is pulled from it',
    )
    cpo.forget()
    lists.locations[0] = locationOf('NL-TNM', 'L1', { name: 'new', last_updated: fromNow(0) })
    await intervalPasses(hub)
    const [asked] = cpo.received('sender/locations')
    assert.match(asked?.rest ?? '', /date_from=/)
    const told = emsp.received('receiver/locations', 'PUT')
    assert.is(told.length, 1)
    assert.is(at(told[0]?.json, 'name'), 'new')
  },
)

pulls(
  'one bad object, a foreign one and a repaired one: each is told, the rest of the page is taken',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    const { id: _id, ...nameless } = locationOf('NL-TNM', 'X')
    offer(cpo, {
      locations: [
        nameless,
        locationOf('NL-OTH', 'theirs'),
        locationOf('NL-TNM', 'good', { parking_type: 'on_street' }),
      ],
    })
    await pullNow(hub, cpo)
    assert.equal(await keysOf(hub, 'locations'), ['NL-TNM/good'])
    const told = (await alertsOf(hub, 'pulled_object_refused')).map((one) =>
      String(at(one, 'subject')),
    )
    assert.equal(told.sort(), [`${cpo.id}/locations/id`, `${cpo.id}/locations/party_id`])
    const soft = (await alertsOf(hub, 'object_fault')).map((one) => String(at(one, 'subject')))
    assert.equal(soft, ['NL-TNM/locations/parking_type'])
    assert.is(at(await freshness(hub, cpo, 'locations'), 'refused'), 2)
  },
)

pulls(
  'tariffs that a whole list lacks are deleted, unless they were pushed or the list is empty',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    await put(cpo, 'tariffs', tariffOf('NL-TNM', 'pushed'), { to: hub.party })
    const lists = { tariffs: [tariffOf('NL-TNM', 'T1'), tariffOf('NL-TNM', 'T2')] }
    offer(cpo, lists)
    await pullNow(hub, cpo)
    const emsp = await hub.connect(EMSP)
    lists.tariffs = []
    await pullNow(hub, cpo)
    assert.equal(await keysOf(hub, 'tariffs'), ['NL-TNM/pushed', 'NL-TNM/t1', 'NL-TNM/t2'])
    assert.is((await alertsOf(hub, 'pulled_objects_missing')).length, 1)
    lists.tariffs = [tariffOf('NL-TNM', 'T2')]
    await pullNow(hub, cpo)
    assert.equal(await keysOf(hub, 'tariffs'), ['NL-TNM/pushed', 'NL-TNM/t2'])
    assert.is(emsp.received('receiver/tariffs', 'DELETE').length, 1)
    const versions = await hub.database.db.rows<{ deleted: boolean }>(sql`
    select deleted from object_versions where object_key = 't1' order by id desc limit 1`)
    assert.is(versions[0]?.deleted, true)
  },
)

pulls('locations that a whole list lacks are kept and told', async ({ hub }) => {
  const cpo = await hub.connect(CPO)
  const lists = { locations: [locationOf('NL-TNM', 'L1'), locationOf('NL-TNM', 'L2')] }
  offer(cpo, lists)
  await pullNow(hub, cpo)
  lists.locations.pop()
  await pullNow(hub, cpo)
  assert.is((await keysOf(hub, 'locations')).length, 2)
  assert.is((await alertsOf(hub, 'pulled_objects_missing')).length, 1)
})

pulls(
  'newer wins: an older page changes nothing, the same page writes nothing',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    const old = tariffOf('NL-TNM', 'T1')
    const current = tariffOf('NL-TNM', 'T1', { price: 0.5, last_updated: fromNow(-1_000) })
    await put(cpo, 'tariffs', current, { to: hub.party })
    offer(cpo, { tariffs: [old] })
    await pullNow(hub, cpo)
    const read = async () => {
      const [row] = await hub.database.db.rows<{
        source: string
        revision: bigint
        original: string
      }>(sql`select source, revision, original from objects where object_key = 't1'`)
      return row
    }
    assert.is((await read())?.original, JSON.stringify(current))
    const newest = tariffOf('NL-TNM', 'T1', { price: 0.6, last_updated: fromNow(0) })
    offer(cpo, { tariffs: [newest] })
    await pullNow(hub, cpo)
    await pullNow(hub, cpo)
    const row = await read()
    assert.equal([row?.source, row?.revision, row?.original], ['pull', 2n, JSON.stringify(newest)])
  },
)

pulls('prices as text in a fetched tariff are quarantined', async ({ hub }) => {
  const cpo = await hub.connect(CPO)
  const element = { price_components: [{ type: 'ENERGY', price: '0.45', step_size: 1 }] }
  offer(cpo, { tariffs: [tariffOf('NL-TNM', 'Q', { elements: [element] })] })
  await pullNow(hub, cpo)
  assert.equal(await keysOf(hub, 'tariffs'), [])
  const listed = await hub.admin('GET', '/imports/quarantine')
  assert.is(at(listed.json, 'items', 0, 'source'), 'pull')
})

pulls(
  'tokens are fetched from an eMSP, sessions are for the party of their card alone',
  async ({ hub }) => {
    const emsp = await hub.connect({ ...EMSP, pulled: true })
    offer(emsp, { tokens: [tokenOf('DE-EMA', 'CARD1')] })
    await pullNow(hub, emsp)
    assert.equal(await keysOf(hub, 'tokens'), ['DE-EMA/card1|RFID'])
    const cpo = await hub.connect(CPO)
    const moved = sessionOf(
      { owner: 'NL-TNM', payer: 'DE-EMA', id: 'S1' },
      { last_updated: fromNow(-60_000) },
    )
    offer(cpo, { sessions: [moved] })
    await pullNow(hub, cpo)
    const mine = await emsp.send('GET', 'sender/sessions', {
      to: hub.party,
      query: { date_from: fromNow(-86_400_000) },
    })
    assert.is(items(mine.data).length, 1)
    offer(cpo, {
      sessions: [{ ...moved, cdr_token: cdrTokenOf('DE-EMB', 'CARD1'), last_updated: fromNow(0) }],
    })
    await pullNow(hub, cpo)
    assert.is((await alertsOf(hub, 'pulled_object_refused')).length, 1)
  },
)

pulls('objects of 2.1.1 get their owner from the connection and are lifted', async ({ hub }) => {
  const cpo = await hub.connect({ ...CPO, version: '2.1.1' })
  const old = {
    id: 'OLD1',
    type: 'ON_STREET',
    address: 'Stationsplein 1',
    city: 'Utrecht',
    postal_code: '3511ED',
    country: 'NLD',
    coordinates: { latitude: '52.08916', longitude: '5.10975' },
    last_updated: '2026-01-01T00:00:00Z',
  }
  cpo.answer = (got) =>
    /locations/.test(got.place) && got.method === 'GET' ? { data: [old] } : undefined
  await pullNow(hub, cpo)
  assert.equal(await keysOf(hub, 'locations'), ['NL-TNM/old1'])
  const [row] = await hub.database.db.rows<{ value: unknown; original: string }>(
    sql`select value, original from objects where module = 'locations'`,
  )
  assert.is(row?.original, JSON.stringify(old))
  assert.is(at(row?.value, 'country_code'), 'NL')
})

pulls('a Link to another host, or to itself, ends the fetch and is told', async ({ hub }) => {
  for (const [link, wanted] of [
    ['https://elsewhere.example/locations?page=2', /another origin/],
    ['', /same as one before/],
  ] as const) {
    const party = link === '' ? 'NL-AAA' : 'NL-BBB'
    const cpo = await hub.connect({ parties: [{ party, role: 'CPO' }], pulled: true })
    cpo.answer = (got) =>
      got.place === 'sender/locations'
        ? {
            data: [locationOf(party, 'L1')],
            headers: {
              Link: `<${link === '' ? `${cpo.url}/2.2.1/sender/locations?limit=100` : link}>; rel="next"`,
            },
          }
        : undefined
    await pullNow(hub, cpo)
    const state = await freshness(hub, cpo, 'locations')
    assert.match(String(at(state, 'error')), wanted)
    assert.is(at(state, 'complete_until'), null)
    assert.ok((await keysOf(hub, 'locations')).includes(`${party}/l1`), 'what came is kept')
  }
})

pulls(
  'a long list is read in several jobs, and a failed page is asked for again',
  async ({ hub }) => {
    const cpo = await hub.connect(CPO)
    await hub.admin('PATCH', `/platforms/${cpo.id}`, {
      quirks: { page_size_max: 2 },
      reason: 'small pages',
    })
    const many = Array.from({ length: 31 }, (_, index) => locationOf('NL-TNM', `L${index}`))
    offer(cpo, { locations: many })
    const answer = cpo.answer
    let failures = 1
    cpo.answer = (got) => {
      if (got.rest.includes('offset=24') && failures-- > 0) return { status: 500, code: 3000 }
      return answer(got)
    }
    await pullNow(hub, cpo)
    assert.is((await keysOf(hub, 'locations')).length, 24)
    assert.match(String(at(await freshness(hub, cpo, 'locations'), 'error')), /3000/)
    await hub.passTime(3_600_000)
    await hub.drain()
    assert.is((await keysOf(hub, 'locations')).length, 31)
    const first = cpo.received('sender/locations').filter(({ rest }) => !rest.includes('offset'))
    assert.is(first.length, 1, 'what was read is not read again')
  },
)

pulls('a partner with pull false is left in peace', async ({ hub }) => {
  const cpo = await hub.connect({ ...CPO, pulled: false })
  offer(cpo, { locations: [locationOf('NL-TNM', 'L1')] })
  await hub.passTime(limits.pullFirstDelayMs * 2)
  await intervalPasses(hub)
  assert.equal(cpo.received('sender/locations'), [])
})

pulls.run()
