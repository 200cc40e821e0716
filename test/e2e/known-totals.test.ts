// What a CDR says twice, and what its session said last: hours, costs and energy that contradict each other.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, money, pathOf, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, cdr, post, prepare, session, stand, parts } = disputesOf(hub, { cpo, emsp })

const test = suite('known: totals')
test.after(() => hub.close())

const component = (type: string, price: number) => ({ type, price, vat: 20, step_size: 1 })
const pricing = (...components: Json[]) =>
  tariffOf('NL-TNM', 'T1', { elements: [{ price_components: components }] })
const period = (volumes: Record<string, number>): Json => ({
  start_date_time: fromNow(-2 * HOUR_MS),
  dimensions: Object.entries(volumes).map(([type, volume]) => ({ type, volume })),
  tariff_id: 'T1',
})

/** A CDR of a sound session of 10 kWh, or of `kwh`, in one hour. */
async function billed(id: string, more: Json, kwh = 10): Promise<void> {
  const one = charge(id, emsp, { kwh })
  await prepare(one, emsp)
  await post(cdr(one, more))
  await hub.drain()
}

/** A session that ran, message by message; each is younger than the one before. */
async function ran(id: string, patches: readonly Json[]): Promise<void> {
  const one = { ...charge(id, emsp), kwh: 0 }
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  const last_updated = fromNow(-2 * HOUR_MS)
  const start = { status: 'ACTIVE', end_date_time: undefined, last_updated }
  await put(cpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }, start))
  for (const body of patches) await patch(id, body)
}

async function patch(id: string, body: Json): Promise<void> {
  const sent = await cpo.send('PATCH', `receiver/sessions/${pathOf('NL-TNM', `S-${id}`)}`, {
    raw: JSON.stringify(body),
  })
  assert.is(sent.code, 1000, sent.text)
}

test('hours that the periods have beyond the session are held at their price', async () => {
  const tariffs = [pricing(component('ENERGY', 0.3), component('TIME', 6))]
  const long = { tariffs, charging_periods: [period({ ENERGY: 10, TIME: 20 })] }
  await billed('H1', { ...long, total_cost: money(123) })
  assert.is(await stand('H1'), 'held T2')
  assert.is(await parts('H1'), 'held provisional:9 held:114')
})

test('parking beyond the total parking time is held', async () => {
  const tariffs = [pricing(component('ENERGY', 0.3), component('PARKING_TIME', 6))]
  const stay = { charging_periods: [period({ ENERGY: 10, TIME: 0.5, PARKING_TIME: 0.5 })] }
  await billed('H2', { tariffs, ...stay, total_parking_time: 0.25, total_cost: money(6) })
  assert.is(await stand('H2'), 'held T2')
  assert.is(await parts('H2'), 'held provisional:4.5 held:1.5')
})

test('parking without energy is no reason to bill what no tariff has a price for', async () => {
  const stay = {
    charging_periods: [period({ ENERGY: 0, TIME: 0.5, PARKING_TIME: 0.5 })],
    total_energy_cost: undefined,
  }
  await billed('H3', { ...stay, total_cost: money(5) }, 0)
  assert.is(await stand('H3'), 'held P1 X4')
  assert.is(await parts('H3'), 'held provisional:0 held:5')
})

test('tax that the parts do not have is held, also without a tariff', async () => {
  const total_cost = { excl_vat: 3, incl_vat: 5 }
  const none = { tariffs: undefined, charging_periods: [{ ...period({ ENERGY: 10 }) }] }
  await billed('H4', { ...none, total_cost, total_energy_cost: money(3) })
  await hub.passTime(2.1 * HOUR_MS)
  await hub.drain()
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/H4')
  const held = items(at(json, 'parts')).filter((part) => at(part, 'book') === 'held')
  assert.equal(
    held.map((part) => [Number(at(part, 'net')), Number(at(part, 'tax'))]),
    [[0, 1.4]],
  )
})

test('a session that ended at a lower cost holds the rest, also where it says so later', async () => {
  const one = charge('C1', emsp)
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  await session(one, { total_cost: money(2) })
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('C1'), 'held Q1')
  assert.is(await parts('C1'), 'held provisional:2 held:1')
  await billed('C2', {})
  assert.is(await parts('C2'), 'provisional provisional:3')
  await patch('C2', { total_cost: money(2), last_updated: fromNow(-HOUR_MS / 2) })
  await hub.drain()
  assert.is(await parts('C2'), 'held provisional:2 held:1')
})

test('the cost that a session estimated while it ran says nothing', async () => {
  const end_date_time = fromNow(-HOUR_MS)
  await ran('C3', [
    { kwh: 6, total_cost: money(1.8), last_updated: fromNow(-1.4 * HOUR_MS) },
    { kwh: 10, status: 'COMPLETED', end_date_time, last_updated: fromNow(-HOUR_MS) },
  ])
  await post(cdr(charge('C3', emsp)))
  await hub.drain()
  assert.is(await stand('C3'), 'provisional')
})

test('a session that ended without a count went on at its pace, and no faster', async () => {
  const last = {
    status: 'COMPLETED',
    end_date_time: fromNow(-HOUR_MS),
    last_updated: fromNow(-HOUR_MS),
  }
  const counted = { kwh: 8, last_updated: fromNow(-1.25 * HOUR_MS) }
  await ran('E1', [counted, last])
  await post(cdr(charge('E1', emsp, { kwh: 10 })))
  await ran('E2', [counted, last])
  await post(cdr(charge('E2', emsp, { kwh: 14 })))
  await hub.drain()
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/E1')
  const found = items(at(json, 'findings')).filter((one) => at(one, 'code') === 'Q1')
  assert.equal(
    found.map((one) => at(one, 'severity')),
    ['I'],
  )
  assert.is(await parts('E1'), 'provisional provisional:3')
  assert.is(await stand('E2'), 'held Q1')
})

test.run()
