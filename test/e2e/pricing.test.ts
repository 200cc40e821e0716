// How clearing prices: by the policy and the tariff of the agreement, in the zone of the stored Location, and with the
// reason where a price differs.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { fillZones } from '../../src/hub/copies/fill-zones.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { location211 } from '../helpers/objects-211.ts'
import { fromNow, locationOf, pathOf, put, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const old = await hub.connect({ parties: [{ party: 'PT-OLD', role: 'CPO' }], version: '2.1.1' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, session, cdr, post, stand } = storyOf(hub, cpo)

const test = suite('pricing in clearing')
test.after(() => hub.close())

/** In force since before the sessions of these tests. */
const agree = (terms: Json) =>
  hub.admin('PUT', '/agreements/NL-TNM/DE-EMA', { ...terms, valid_from: fromNow(-99 * HOUR_MS) })

/** Finds what stands of a CDR under a code. */
async function finding(id: string, code: string): Promise<unknown> {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  return items(at(json, 'findings')).find((each) => at(each, 'code') === code)
}

/** As if its owner had sent it a day ago. */
async function publishedBefore(tariff: Json): Promise<void> {
  const text = JSON.stringify(tariff)
  await hub.context.db.rows(sql`
    insert into object_versions (module, owner, object_key, audience, source, ocpi_version, original, value, last_updated, in_force_from)
    select 'tariffs', 'NL-TNM', lower(${String(tariff['id'])}), '*', 'push', '2.2.1', ${text}, ${text}::jsonb, at, at
    from (select clock_timestamp() - interval '1 day' as at) t`)
}

/** An hour of charging in steps of 2 kWh: 10.5 kWh are billed as 12, or as they were. */
function stepped(id: string, cost: { excl_vat: number; incl_vat: number }): Json {
  const one = charge(id, emsp, { kwh: 10.5 })
  const [element] = [
    { price_components: [{ type: 'ENERGY', price: 0.3, vat: 20, step_size: 2000 }] },
  ]
  return cdr(one, {
    tariffs: [tariffOf('NL-TNM', 'T1', { elements: [element] })],
    total_cost: cost,
    total_energy_cost: cost,
  })
}

/** A CDR by a tariff of its own, 10 kWh at 0.30. */
function carrying(id: string, tariffId: string): Json {
  const text = JSON.stringify(cdr(charge(id, emsp)))
  return JSON.parse(text.replaceAll('"T1"', `"${tariffId}"`))
}

async function clear(id: string, body: Json): Promise<string> {
  const one = charge(id, emsp, { kwh: Number(body['total_energy']) })
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  await session(one, { location_id: at(body, 'cdr_location', 'id') })
  const sent = await post(body)
  assert.is(sent.status, 201, sent.text)
  await hub.drain()
  return stand(id)
}

test('a policy nobody can price by is refused with a pointer into the terms', async () => {
  const refused: [Json, string][] = [
    [{ step_size: 'sometimes' }, '/pricing_policy/step_size'],
    [{ stepsize: 'none' }, '/pricing_policy/stepsize'],
    [{ base: 'nobody' }, '/pricing_policy/base'],
    [{ name: 'wwcp', step_size: 'none' }, '/pricing_policy/name'],
    [{ rounding: { decimals: 2, mode: 'down', stage: 'total' } }, '/pricing_policy/rounding'],
  ]
  for (const [pricing_policy, pointer] of refused) {
    const { status, json, text } = await agree({ pricing_policy })
    assert.is(status, 422, text)
    assert.ok(
      items(at(json, 'errors')).some((fault) => String(at(fault, 'pointer')).startsWith(pointer)),
      text,
    )
  }
  const { status, text } = await agree({ tariff: { id: 'T', currency: 'EUR' } })
  assert.is(status, 422)
  assert.match(text, '/tariff/elements')
})

test('what was agreed is what it is priced by, and the bill names it', async () => {
  const exact = { excl_vat: 3.15, incl_vat: 3.78 }
  assert.is(await clear('P1', stepped('P1', exact)), 'provisional P1 P4')
  assert.is((await agree({ pricing_policy: { step_size: 'none' } })).status, 200)
  assert.is(await clear('P2', stepped('P2', exact)), 'provisional')
  const named = { base: 'ocpi-tariffs-0.6', name: 'TNM and EMA', version: '3', step_size: 'none' }
  assert.is((await agree({ pricing_policy: named })).status, 200)
  assert.is(await clear('P3', stepped('P3', exact)), 'provisional')
  const shown = [hub.admin('GET', '/cdrs/NL/TNM/P3'), hub.asParty(emsp, 'GET', '/cdrs/NL/TNM/P3')]
  for (const { json } of await Promise.all(shown))
    assert.equal(at(json, 'pricing_policy'), { name: 'TNM and EMA', version: '3' })
  assert.is((await agree({})).status, 200)
})

test('a price that differs says what reproduces it, to both parties', async () => {
  const told = at(await finding('P1', 'P1'), 'explanation')
  assert.match(String(at(told, 'decision')), 'Nothing is held for it: DE-EMA does not pay more')
  assert.match(String(at(told, 'steps', 0)), /kWh × .* = .* EUR/)
  const evidence = at(await finding('P1', 'P1'), 'evidence')
  assert.match(String(at(evidence, 'sentence')), /reproduced/, JSON.stringify(evidence))
  assert.ok(
    items(at(evidence, 'readings')).some((reading) => at(reading, 'code') === 'step_size:none'),
  )
  assert.is(at(evidence, 'parts', 0, 'claimed'), '3.15')
  const { json } = await hub.asParty(emsp, 'GET', '/cdrs/NL/TNM/P1')
  assert.equal(at(items(at(json, 'findings'))[0], 'evidence'), evidence)
})

test('a tariff dearer than the published one holds what is beyond that, with both prices', async () => {
  await publishedBefore(tariffOf('NL-TNM', 'T2', { price: 0.25 }))
  assert.is(await clear('W1', carrying('W1', 'T2')), 'held P2')
  assert.is(at(await finding('W1', 'P2'), 'explanation', 'at_risk', 'net'), '0.5')
  const found = await finding('W1', 'P2')
  assert.match(String(at(found, 'message')), /3\.00 EUR without tax.*2\.50 EUR: 0\.50 EUR apart/)
  assert.equal([at(found, 'expected'), at(found, 'actual')], ['2.5', '3'])
  // Charged by the tariff of before, it also says so.
  const cost = { excl_vat: 2.5, incl_vat: 3 }
  const claimed = { ...carrying('W2', 'T2'), total_cost: cost, total_energy_cost: cost }
  assert.is(await clear('W2', claimed), 'provisional V3 P1 P2')
  assert.match(String(at(await finding('W2', 'P2'), 'message')), /claim is what the published one/)
  // The same tariff, whatever else in it changed, is no news.
  await publishedBefore(tariffOf('NL-TNM', 'T3', { last_updated: fromNow(-5 * HOUR_MS) }))
  assert.is(await clear('W3', carrying('W3', 'T3')), 'provisional')
})

test('a claim beyond the agreed tariff is held', async () => {
  const tariff = tariffOf('NL-TNM', 'AGREED', { price: 0.28 })
  assert.is((await agree({ tariff })).status, 200)
  assert.is(await clear('A1', cdr(charge('A1', emsp))), 'held P3')
  assert.match(
    String(at(await finding('A1', 'P3'), 'message')),
    /claims 3\.00 EUR without tax, the agreed tariff gives 2\.80 EUR: 0\.20 EUR apart/,
  )
  assert.is((await agree({ tariff, severities: { P3: 'W' } })).status, 200)
  assert.is(await clear('A2', cdr(charge('A2', emsp))), 'provisional P3')
  assert.is((await agree({})).status, 200)
})

/** Free by night in local time; the rest of the day costs. */
const daytime = {
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0, step_size: 1 }],
      restrictions: { start_time: '22:00', end_time: '06:00' },
    },
    { price_components: [{ type: 'ENERGY', price: 0.3, vat: 20, step_size: 1 }] },
  ],
}

/** A CDR of an hour that is night in one zone of the country and day in others. */
function local(id: string, place: Json, cost: { excl_vat: number; incl_vat: number }): Json {
  const start_date_time = `${fromNow(-48 * HOUR_MS).slice(0, 10)}T22:30:00Z`
  const end_date_time = start_date_time.replace('T22', 'T23')
  const one = cdr(charge(id, emsp))
  const location = { ...Object(one['cdr_location']), ...place }
  return {
    ...one,
    start_date_time,
    end_date_time,
    cdr_location: location,
    tariffs: [tariffOf('NL-TNM', 'T1', daytime)],
    charging_periods: [
      {
        start_date_time,
        dimensions: [
          { type: 'ENERGY', volume: 10 },
          { type: 'TIME', volume: 1 },
        ],
        tariff_id: 'T1',
      },
    ],
    total_cost: cost,
    total_energy_cost: cost,
  }
}

test('where the zone matters and nobody knows it, the claim is held against both bounds', async () => {
  const nowhere = { id: 'NOWHERE', country: 'USA' }
  assert.is(
    await clear('Z1', local('Z1', nowhere, { excl_vat: 3, incl_vat: 3.6 })),
    'provisional P0',
  )
  assert.match(
    String(at(await finding('Z1', 'P0'), 'message')),
    /0\.00 EUR to 3\.00 EUR without tax; the claim is among these/,
  )
  assert.is(await clear('Z2', local('Z2', nowhere, { excl_vat: 4, incl_vat: 4.8 })), 'held P1')
  assert.match(String(at(await finding('Z2', 'P1'), 'message')), /in whatever time zone/)
})

test('the zone of the stored Location decides, and the bill says whose word it is', async () => {
  const phoenix = locationOf('NL-TNM', 'AZ', {
    country: 'USA',
    coordinates: { latitude: '33.448400', longitude: '-112.074000' },
    time_zone: 'Arizona',
  })
  await put(cpo, 'locations', phoenix)
  const place = { id: 'AZ', country: 'USA' }
  assert.is(await clear('Z3', local('Z3', place, { excl_vat: 3, incl_vat: 3.6 })), 'provisional')
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/Z3')
  assert.equal(at(json, 'breakdown', 'timeZone'), {
    name: 'America/Phoenix',
    source: 'coordinates',
  })
  const stated = { ...phoenix, time_zone: 'Europe/London', last_updated: fromNow(0) }
  await put(cpo, 'locations', stated)
  assert.is(await clear('Z4', local('Z4', place, { excl_vat: 0, incl_vat: 0 })), 'provisional')
  // What the hub concludes never goes to those who can do without it.
  const pulled = await emsp.send('GET', 'sender/locations', { to: hub.party })
  assert.is(at(pulled.json, 'data', 0, 'time_zone'), 'Europe/London')
})

test('a Location of 2.1.1 without a zone gets one beside it, for those whose version requires it', async () => {
  const coordinates = { latitude: '32.650000', longitude: '-16.900000' }
  const madeira = location211('M1', { country: 'PRT', coordinates })
  const done = await old.send('PUT', `receiver/locations/${pathOf('PT-OLD', 'M1')}`, {
    body: madeira,
  })
  assert.is(done.status, 201, done.text)
  const stored = async () => {
    const [row] = await hub.context.db.rows(sql`
      select original::jsonb ? 'time_zone' or value ? 'time_zone' as told, time_zone, time_zone_source
      from objects where module = 'locations' and owner = 'PT-OLD'`)
    return row
  }
  const kept = { told: false, time_zone: 'Atlantic/Madeira', time_zone_source: 'coordinates' }
  assert.equal(await stored(), kept)
  const { json } = await emsp.send('GET', 'sender/locations', { to: hub.party })
  const shown = items(at(json, 'data')).find((each) => at(each, 'id') === 'M1')
  assert.is(at(shown, 'time_zone'), 'Atlantic/Madeira')
  // One that an older hub had stored, with the guess it made, is looked at again once.
  await hub.context.db.rows(sql`
    update objects set time_zone = null, time_zone_source = null,
      value = value || '{"time_zone": "Europe/Lisbon"}' where owner = 'PT-OLD' and module = 'locations'`)
  assert.is(await fillZones(hub.context), 1)
  assert.equal(await stored(), kept)
  assert.is(await fillZones(hub.context), 0)
})

test('a tariff that was never published is held against what its connector named', async () => {
  const carried = (id: string, price: number) => {
    const one = carrying(id, 'FANCY')
    const cost = { excl_vat: price * 10, incl_vat: price * 12 }
    const cdr_location = { ...Object(one['cdr_location']), id: 'L7' }
    const tariffs = [tariffOf('NL-TNM', 'FANCY', { price })]
    return { ...one, cdr_location, tariffs, total_cost: cost, total_energy_cost: cost }
  }
  const place = locationOf('NL-TNM', 'L7')
  const [evse] = items(place['evses'])
  const evses = ['N1', 'N2', 'N3'].map((id) => ({
    ...Object(evse),
    uid: at(carrying(id, 'FANCY'), 'cdr_location', 'evse_uid'),
    connectors: items(at(evse, 'connectors')).map((one) => ({
      ...Object(one),
      tariff_ids: ['SLOW', 'FAST'],
    })),
  }))
  await put(cpo, 'locations', { ...place, evses })
  await publishedBefore(tariffOf('NL-TNM', 'SLOW', { price: 0.4 }))
  assert.is(await clear('N1', carried('N1', 0.9)), 'provisional', 'not all of them are known')
  await publishedBefore(tariffOf('NL-TNM', 'FAST', { price: 0.5 }))
  assert.is(await clear('N2', carried('N2', 0.9)), 'held P2')
  assert.equal(at(await finding('N2', 'P2'), 'explanation', 'at_risk', 'net'), '4')
  assert.match(
    String(at(await finding('N2', 'P2'), 'message')),
    /never published, the session costs 9\.00 EUR .* by the dearest that its connector named .* 5\.00/,
  )
  // Less than what all pay may have been agreed.
  assert.is(await clear('N3', carried('N3', 0.45)), 'provisional')
})

test.run()
