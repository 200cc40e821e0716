// A CDR waits for its session, its token and its tariff, and is judged by what was in force when it began.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, pathOf, put, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const MINUTE_MS = 60_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const second = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
const { charge, prepare, session, cdr, post, shown, stand, delivered } = storyOf(hub, cpo)

const test = suite('matching')
test.before.each(async () => {
  await hub.drain()
  emsp.forget()
})
test.after(() => hub.close())

const token = (uid: string) => put(emsp, 'tokens', tokenOf('DE-EMA', uid))

test('a CDR that comes first waits for its session', async () => {
  const one = charge('M1', emsp)
  await token(one.uid)
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('M1'), 'unmatched')
  assert.equal(delivered(emsp), [])
  await session(one)
  await hub.drain()
  assert.is(await stand('M1'), 'provisional')
  assert.equal(delivered(emsp), ['M1'])
})

test('it waits until the session is COMPLETED', async () => {
  const one = charge('M2', emsp)
  await token(one.uid)
  await session(one, { status: 'ACTIVE', kwh: 4 })
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('M2'), 'unmatched')
  const body = { status: 'COMPLETED', kwh: 10, last_updated: fromNow(0) }
  await cpo.send('PATCH', `receiver/sessions/${pathOf('NL-TNM', 'S-M2')}`, { body })
  await hub.drain()
  assert.is(await stand('M2'), 'provisional')
})

test('it waits for its token', async () => {
  const one = charge('M3', emsp)
  await session(one)
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('M3'), 'unmatched')
  await token(one.uid)
  await hub.drain()
  assert.is(await stand('M3'), 'provisional')
})

test('one without a tariff of its own waits for the stored one', async () => {
  const one = charge('M4', emsp)
  await prepare(one, emsp)
  const periods = cdr(one)['charging_periods']
  const named = JSON.parse(JSON.stringify(periods).replaceAll('"T1"', '"TM4"'))
  await post(cdr(one, { tariffs: undefined, charging_periods: named }))
  await hub.drain()
  assert.is(await stand('M4'), 'unmatched')
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TM4'))
  await hub.drain()
  assert.is(await stand('M4'), 'provisional')
  assert.ok((await shown('M4')).codes.includes('P11'), 'the tariff is younger than the session')
})

test('a tariff in the CDR is held against when it was published and when it is in force', async () => {
  const sent = async (id: string, tariff: Json) => {
    const one = charge(id, emsp)
    await prepare(one, emsp)
    const periods = JSON.stringify(cdr(one)['charging_periods']).replaceAll('"T1"', `"T${id}"`)
    await post(cdr(one, { tariffs: [tariff], charging_periods: JSON.parse(periods) }))
    await hub.drain()
    return (await shown(id)).codes
  }
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TM41', { last_updated: fromNow(-MINUTE_MS) }))
  assert.ok((await sent('M41', tariffOf('NL-TNM', 'TM41'))).includes('P11'))
  const later = { ...tariffOf('NL-TNM', 'TM42'), start_date_time: fromNow(24 * 60 * MINUTE_MS) }
  assert.ok((await sent('M42', later)).includes('P2'))
  assert.equal(await sent('M43', tariffOf('NL-TNM', 'TM43')), ['A7'])
})

test('without tariffs and tariff ids, the tariff of the connector is meant', async () => {
  const one = charge('M5', emsp, { uid: 'CARD1' })
  await prepare(one, emsp)
  const periods = JSON.parse(JSON.stringify(cdr(one)['charging_periods']))
  const bare = periods.map(({ tariff_id: _id, ...period }: Json) => period)
  await post(cdr(one, { tariffs: undefined, charging_periods: bare }))
  await hub.drain()
  assert.is(await stand('M5'), 'unmatched')
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T1'))
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'))
  await hub.drain()
  assert.is(await stand('M5'), 'provisional')
})

test('a held CDR is judged again when its session changes', async () => {
  const one = charge('M8', emsp)
  await token(one.uid)
  await session(one, { kwh: 8 })
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('M8'), 'held Q1')
  await session(one, { kwh: 10, last_updated: fromNow(0) })
  await hub.drain()
  assert.is(await stand('M8'), 'provisional')
  assert.equal(delivered(emsp), ['M8'], 'sent once, when it was held')
})

test('a quarantined CDR is judged again when its token changes', async () => {
  const one = charge('M9', emsp)
  await put(second, 'tokens', tokenOf('FR-EMB', one.uid))
  await session(one)
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('M9'), 'quarantined A5')
  assert.equal(delivered(emsp), [])
  await token(one.uid)
  await hub.drain()
  assert.is(await stand('M9'), 'provisional')
})

/** A CDR of a session that starts now, by a stored tariff: 1 kWh in a minute. */
function shortCdr(one: ReturnType<typeof charge>, tariffId: string, price: number): Json {
  const start_date_time = fromNow(0)
  const total_cost = { excl_vat: price, incl_vat: Math.round(price * 120) / 100 }
  return cdr(one, {
    tariffs: undefined,
    // A place that the hub does not know, so that no connector is too weak.
    cdr_location: { ...Object(cdr(one)['cdr_location']), id: 'ELSEWHERE' },
    start_date_time,
    end_date_time: fromNow(MINUTE_MS),
    charging_periods: [
      { start_date_time, dimensions: [{ type: 'ENERGY', volume: 1 }], tariff_id: tariffId },
    ],
    total_energy: 1,
    total_time: 0.0167,
    total_cost,
    total_energy_cost: undefined,
  })
}

async function prepareShort(one: ReturnType<typeof charge>, payer: typeof emsp): Promise<void> {
  await put(payer, 'tokens', tokenOf(payer.party, one.uid))
  const times = { start_date_time: fromNow(0), end_date_time: fromNow(MINUTE_MS) }
  await session(one, { kwh: 1, location_id: 'ELSEWHERE', ...times })
}

test('the tariff is that in force when the session began, not the newest', async () => {
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TV', { price: 2, last_updated: fromNow(-2_000) }))
  const one = charge('M10', emsp)
  await prepareShort(one, emsp)
  const body = shortCdr(one, 'TV', 2)
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TV', { price: 1, last_updated: fromNow(0) }))
  const two = charge('M11', emsp)
  await prepareShort(two, emsp)
  await post(body)
  await post(shortCdr(two, 'TV', 2))
  await hub.drain()
  assert.is(await stand('M10'), 'provisional')
  assert.is(await stand('M11'), 'held P1')
})

test('a tariff that was pushed to the eMSP directly counts before the one for everyone', async () => {
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TD', { price: 1 }))
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TD', { price: 3 }), { to: 'DE-EMA' })
  const one = charge('M12', emsp)
  const two = charge('M13', second)
  await prepareShort(one, emsp)
  await prepareShort(two, second)
  await post(shortCdr(one, 'TD', 3))
  await post(shortCdr(two, 'TD', 1))
  await hub.drain()
  assert.is(await stand('M12'), 'provisional')
  assert.is(await stand('M13'), 'provisional')
})

test('a CDR that is held for its price is judged again when a tariff for it comes', async () => {
  const one = charge('M14', emsp)
  await prepareShort(one, emsp)
  const body = shortCdr(one, 'TH', 3)
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TH', { price: 1 }))
  await post(body)
  await hub.drain()
  assert.is(await stand('M14'), 'held P1')
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'TH', { price: 3 }), { to: 'DE-EMA' })
  await hub.drain()
  assert.is(await stand('M14'), 'provisional')
})

test('after an hour a CDR without a session is judged by what is known', async () => {
  const one = charge('M6', emsp)
  await token(one.uid)
  await post(cdr(one))
  await hub.passTime(59 * MINUTE_MS)
  await hub.drain()
  assert.is(await stand('M6'), 'unmatched')
  await hub.passTime(2 * MINUTE_MS)
  await hub.drain()
  assert.is(await stand('M6'), 'provisional X1')
  assert.equal(delivered(emsp), ['M6'])
})

test('after an hour a CDR without a known token is held and kept from the eMSP, until the token comes', async () => {
  const one = charge('M7', emsp)
  await session(one)
  await post(cdr(one))
  await hub.passTime(61 * MINUTE_MS)
  await hub.drain()
  assert.is(await stand('M7'), 'held A1')
  assert.is((await shown('M7')).delivery, 'withheld')
  assert.equal(delivered(emsp), [])
  assert.not.match((await emsp.send('GET', 'sender/cdrs', { to: hub.party })).text, '"M7"')
  await token(one.uid)
  await hub.drain()
  assert.is(await stand('M7'), 'provisional')
  assert.equal(delivered(emsp), ['M7'])
})

test.run()
