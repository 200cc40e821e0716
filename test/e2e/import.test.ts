import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { FROM_EVSES, dutch, evse, originalOf, upload } from '../helpers/feeds.ts'
import { startHub } from '../helpers/hub.ts'
import type { TestHub } from '../helpers/hub.ts'
import { locationOf, put, tariffOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const imports = suite<{ hub: TestHub }>('import of feeds')

imports.before(async (context) => {
  context.hub = await startHub()
})
imports.after(async ({ hub }) => {
  await hub?.close()
})

imports(
  'what a feed had lost is supplied and marked, everything else comes back byte for byte',
  async ({ hub }) => {
    const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
    const sent = dutch('Byte-1', { name: 'H\u00e9 "x"', extra: { a: 1.1 } })
    const { lines, totals } = await upload(hub, FROM_EVSES, [sent])
    assert.equal(totals, { objects: 1, taken: 1, repaired: 0, quarantined: 0, refused: 0 })
    assert.is(at(lines, 0, 'owner'), 'NL-CKE')
    assert.equal(at(lines, 0, 'supplied'), ['country_code', 'party_id', 'publish', 'time_zone'])
    const supplied =
      '"country_code":"NL","party_id":"CKE","publish":true,"time_zone":"Europe/Amsterdam"'
    const expected = `${JSON.stringify(sent).slice(0, -1)},${supplied}}`
    const pulled = await emsp.send('GET', 'sender/locations', { to: hub.party })
    assert.ok(pulled.text.includes(expected), pulled.text)
    const again = await upload(hub, FROM_EVSES, [sent])
    assert.is(at(again.lines, 0, 'stored'), 'same')
    assert.equal(emsp.received('receiver/locations'), [], 'an import is not broadcast')
  },
)

imports(
  'newer replaces, older is kept out, the owner’s own words go before an import',
  async ({ hub }) => {
    const cpo = await hub.connect({ parties: [{ party: 'NL-OWN', role: 'CPO' }] })
    const import1 = (more: Json) =>
      upload(hub, 'module=locations&party=NL/OWN', [locationOf('NL-OWN', 'N1', more)])
    const first = await import1({ last_updated: '2026-01-02T00:00:00Z', evses: [] })
    assert.is(at(first.lines, 0, 'stored'), 'new')
    const older = await import1({ last_updated: '2026-01-01T00:00:00Z', evses: [] })
    assert.is(at(older.lines, 0, 'stored'), 'kept')
    const newer = await import1({ last_updated: '2026-01-03T00:00:00Z', evses: [] })
    assert.is(at(newer.lines, 0, 'stored'), 'changed')
    const own = locationOf('NL-OWN', 'N1', { name: 'ours', last_updated: '2026-01-04T00:00:00Z' })
    assert.is((await put(cpo, 'locations', own, { to: hub.party })).code, 1000)
    const late = await import1({ last_updated: '2026-02-01T00:00:00Z', evses: [] })
    assert.is(at(late.lines, 0, 'stored'), 'kept')
  },
)

imports(
  'EVSEs without any id: their location is kept under the hub’s own party, or the fallback',
  async ({ hub }) => {
    const own = await upload(hub, FROM_EVSES, [dutch('nobody', {}, null)])
    assert.is(at(own.lines, 0, 'owner'), hub.party)
    assert.is(at(own.lines, 0, 'findings', 0, 'pointer'), '/evses')
    const given = await upload(hub, `${FROM_EVSES}&fallback=NL/VAT`, [dutch('nobody', {}, null)])
    assert.is(at(given.lines, 0, 'owner'), 'NL-VAT')
  },
)

imports(
  'prices as text are quarantined: kept, shown to operators, priced by and given to nobody',
  async ({ hub }) => {
    const emsp = await hub.connect({ parties: [{ party: 'DE-EMQ', role: 'EMSP' }] })
    const element = {
      price_components: [{ type: 'ENERGY', price: '0.4583', vat: '20.0000', step_size: 1 }],
    }
    const doubtful = tariffOf('GB-ACK', 'Q1', { elements: [element] })
    const { lines } = await upload(hub, 'module=tariffs&party=GB/ACK', [doubtful])
    assert.is(at(lines, 0, 'outcome'), 'quarantined')
    assert.is(at(lines, 0, 'pointer'), '/elements/0/price_components/0/price')
    const listed = async () =>
      items(at((await hub.admin('GET', '/imports/quarantine?owner=GB-ACK')).json, 'items'))
    assert.is(at(await listed(), 0, 'original'), JSON.stringify(doubtful))
    const pulled = await emsp.send('GET', 'sender/tariffs', { to: hub.party })
    assert.not.ok(pulled.text.includes('0.4583'))
    const versions = await hub.database.db.rows({
      text: "select 1 from object_versions where object_key = 'q1'",
      values: [],
    })
    assert.is(versions.length, 0)
    await upload(hub, 'module=tariffs&party=GB/ACK', [tariffOf('GB-ACK', 'Q1')])
    assert.is((await listed()).length, 0, 'a sound one ends the quarantine')
  },
)

imports(
  'one EVSE through two parties and tariffs that nobody has stand in the report of all',
  async ({ hub }) => {
    await upload(hub, 'module=locations&party=NL/AAA', [dutch('twin-a', {}, 'NL*TWN*E7*1')])
    await upload(hub, 'module=locations&party=NL/BBB', [dutch('twin-b', {}, 'nltwne71')])
    const report = (await hub.admin('GET', '/imports/report')).json
    const twins = items(at(report, 'twins', 'samples'))
    const twin = twins.find((one) => at(one, 'evse_id') === 'NLTWNE71')
    assert.equal(at(twin, 'places'), ['NL-AAA/twin-a', 'NL-BBB/twin-b'])
    const dangling = items(at(report, 'dangling_tariffs', 'samples'))
    assert.is(at(dangling, 0, 'tariff_id'), 't1')
  },
)

imports('oddities that harm nothing are counted, never changed', async ({ hub }) => {
  const connector = { ...Object(at(evse(), 'connectors', 0)), max_voltage: 400, tariff_ids: null }
  const location = await upload(hub, FROM_EVSES, [
    dutch('odd', { evses: [{ ...evse(), connectors: [connector] }], name: ' x ' }),
  ])
  for (const note of [
    'connector: no tariff',
    'connector: three phases with the voltage between them',
    'location: blanks around a text, or control characters in it',
  ])
    assert.is(at(location.json, 'notes', note), 1, note)
  const odd = tariffOf('GB-CGY', 'odd', {
    currency: 'USD',
    elements: [
      {
        price_components: [{ type: 'ENERGY', price: 1, step_size: 0 }],
        restrictions: { start_time: '00:00', end_time: '23:59' },
      },
    ],
  })
  const tariff = await upload(hub, 'module=tariffs&party=GB/CGY', [odd])
  for (const note of [
    'price: vat is absent, taxes are unknown',
    'price: step_size 0',
    'tariff: a currency that is not the country’s',
    'restriction: a day that ends at 23:59 and lacks its last minute',
  ])
    assert.is(at(tariff.json, 'notes', note), 1, note)
})

imports('a body without objects, a wrong party and a viewer are refused', async ({ hub }) => {
  assert.is((await hub.admin('POST', `/imports?${FROM_EVSES}`, 'text')).status, 400)
  assert.is((await hub.admin('POST', '/imports?module=locations&party=NLTNM', [])).status, 400)
  assert.is((await hub.admin('POST', '/imports?module=cdrs&party=NL/TNM', [])).status, 400)
  const viewer = await hub.admin('POST', '/operators', { name: 'v', roles: ['viewer'] })
  const reply = await fetch(`${hub.url}/admin/v1/imports?${FROM_EVSES}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(at(viewer.json, 'token'))}` },
    body: '[]',
  })
  assert.is(reply.status, 403)
})

imports('2.1.1 objects are imported as such: lifted for use, kept as sent', async ({ hub }) => {
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
  const { lines } = await upload(hub, 'module=locations&party=NL/OLD&version=2.1.1', [old])
  assert.is(at(lines, 0, 'outcome'), 'taken', JSON.stringify(lines))
  assert.is(
    await originalOf(hub, { module: 'locations', owner: 'NL-OLD', id: 'OLD1' }),
    JSON.stringify(old),
  )
})

imports.run()
