// Where cards and vehicles were: reservations that are in nobody's way, journeys, and EVSEs of the same uid.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { fromNow, money, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, cdr, post, stand } = storyOf(hub, cpo)

const test = suite('known: reservations and journeys')
test.after(() => hub.close())

const utrecht = { latitude: '52.08916', longitude: '5.10975' }
const munich = { latitude: '48.137', longitude: '11.575' }
const component = (type: string, price: number) => ({ type, price, vat: 20, step_size: 1 })
const tariff = tariffOf('NL-TNM', 'TR', {
  elements: [
    {
      price_components: [component('TIME', 4)],
      restrictions: { reservation: 'RESERVATION_EXPIRES' },
    },
    { price_components: [component('TIME', 4)], restrictions: { reservation: 'RESERVATION' } },
    { price_components: [component('ENERGY', 0.3)] },
  ],
})

/** `from`, `to`: hours from now. Ten kWh between `used`, or from, and `to`; none where `used` is null. */
type Stay = {
  uid: string
  from: number
  to: number
  used?: number | null
  evse?: string
  evseId?: string
  location?: string
  point?: object
}

const hours = (length: number) => Number(length.toFixed(4))

async function bill(id: string, stay: Stay): Promise<void> {
  const { uid, from, to, used = from, evse = `E-${id}`, location = 'L9', point = utrecht } = stay
  const one = charge(id, emsp, { uid, kwh: used === null ? 0 : 10 })
  const time = (at: number) => fromNow(at * HOUR_MS)
  const times = { start_date_time: time(from), end_date_time: time(to) }
  await put(emsp, 'tokens', tokenOf('DE-EMA', uid))
  const evse_uid = evse
  const at = { location_id: location, evse_uid, ...times, last_updated: time(0) }
  await put(cpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }, at))
  const period = (at: number, dimensions: Record<string, number>): Json => ({
    start_date_time: time(at),
    dimensions: Object.entries(dimensions).map(([type, volume]) => ({ type, volume })),
    tariff_id: 'TR',
  })
  const reserved = hours((used ?? to) - from)
  const [free, energy] = [4 * reserved, used === null ? 0 : 3]
  const body = cdr(one, {
    ...times,
    cdr_location: {
      ...Object(cdr(one)['cdr_location']),
      id: location,
      evse_uid,
      evse_id: stay.evseId ?? (evse === '#NA' ? '#NA' : `NL*TNM*${evse}`),
      ...(evse === '#NA' ? { connector_id: '#NA' } : {}),
      coordinates: point,
    },
    tariffs: [tariff],
    charging_periods: [
      ...(reserved > 0 ? [period(from, { RESERVATION_TIME: reserved })] : []),
      ...(used === null ? [] : [period(used, { ENERGY: 10, TIME: hours(to - used) })]),
    ],
    total_energy: energy === 0 ? 0 : 10,
    total_time: hours(to - from),
    total_energy_cost: money(energy),
    total_cost: money(free + energy),
    ...(free > 0 ? { total_reservation_cost: money(free) } : {}),
  })
  const reply = await post(body)
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
}
const message = async (id: string, code: string) => {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  const found = items(at(json, 'findings')).find((finding) => at(finding, 'code') === code)
  return String(at(found, 'message'))
}

test('two reservations that were not used are at no EVSE together', async () => {
  await bill('RA1', { uid: 'A1', from: -3, to: -2.5, used: null, evse: '#NA' })
  await bill('RA2', { uid: 'A2', from: -3, to: -2.5, used: null, evse: '#NA' })
  assert.equal([await stand('RA1'), await stand('RA2')], ['provisional', 'provisional'])
})

test('a card may reserve one EVSE while it charges at another, used or not', async () => {
  await bill('RB1', { uid: 'B', from: -4, to: -3 })
  await bill('RB2', { uid: 'B', from: -3.5, to: -2, used: -2.9 })
  await bill('RB3', { uid: 'B', from: -3.75, to: -3.25, used: null })
  // The other way round: what charged while the card had reserved elsewhere.
  await bill('RB4', { uid: 'B', from: -2.95, to: -2.92 })
  const all = ['RB1', 'RB2', 'RB3', 'RB4']
  for (const id of all) assert.is(await stand(id), 'provisional', id)
  await bill('RB5', { uid: 'B', from: -2.6, to: -2.3 })
  assert.is(await stand('RB5'), 'held Z3', 'charging at two places at once is found all the same')
})

test('whoever stands at an EVSE until a reservation begins to be used is in nobody’s way', async () => {
  await bill('RC1', { uid: 'C1', from: -3.5, to: -2, used: -2.9, evse: 'E-C' })
  await bill('RC2', { uid: 'C2', from: -4, to: -3, evse: 'E-C' })
  assert.equal([await stand('RC1'), await stand('RC2')], ['provisional', 'provisional'])
  await bill('RC3', { uid: 'C3', from: -2.6, to: -2.3, evse: 'E-C' })
  assert.is(await stand('RC3'), 'held Z4')
})

test('the way to a reserved place is driven until it is used', async () => {
  await bill('RD1', { uid: 'D', from: -9, to: -8, location: 'L8', point: munich })
  await bill('RD2', { uid: 'D', from: -7.9, to: -2, used: -3 })
  assert.is(await stand('RD2'), 'provisional')
})

test('an impossible journey is found, whichever CDR comes first', async () => {
  await bill('RE2', { uid: 'E', from: -3, to: -2, location: 'L8', point: munich })
  await bill('RE1', { uid: 'E', from: -5, to: -3.5 })
  assert.equal([await stand('RE1'), await stand('RE2')], ['provisional Z7', 'provisional'])
  assert.match(
    await message('RE1', 'Z7'),
    /was used \d+ km away from .* on, [0-9a-z ]+ after this session ended/,
  )
})

test('EVSEs of the same uid at two places are told apart by their public ids', async () => {
  await bill('RF1', { uid: 'F1', from: -4, to: -3, evse: '1', evseId: 'NL*TNM*EA', location: 'LA' })
  await bill('RF2', { uid: 'F2', from: -4, to: -3, evse: '1', evseId: 'NL*TNM*EB', location: 'LB' })
  assert.equal([await stand('RF1'), await stand('RF2')], ['provisional', 'provisional'])
})

test.run()
