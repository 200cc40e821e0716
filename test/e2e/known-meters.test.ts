// What signed records say of each other: the same one in two CDRs, and sessions of one meter that arrive in any order.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { ocmfOf } from '../helpers/clearing-world-signed.ts'
import { startHub } from '../helpers/hub.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { creditOf, fromNow } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const other = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }] })
const { charge, cdr, post, prepare, session, stand } = storyOf(hub, cpo)

const test = suite('known: meters')
test.after(() => hub.close())

/** Signed data of ten kWh in the hour that began `hours` ago. */
function signed(meter: string, { hours, fromWh }: { hours: number; fromWh: number }): Json {
  const startMs = Date.parse(fromNow(-hours * HOUR_MS))
  const endMs = startMs + HOUR_MS
  const stopWh = fromWh + 10_000
  return ocmfOf({
    key: meter,
    meter,
    startMs,
    endMs,
    startWh: fromWh,
    stopWh,
    token: 'T',
    spoil: false,
  })
}

/** A sound session of ten kWh in the hour that began `hours` ago and its CDR, cleared. */
async function billed(
  id: string,
  { hours, data, payer = emsp }: { hours: number; data: Json; payer?: typeof emsp },
): Promise<Json> {
  const one = charge(id, payer)
  const start_date_time = fromNow(-hours * HOUR_MS)
  const times = { start_date_time, end_date_time: fromNow((1 - hours) * HOUR_MS) }
  await prepare(one, payer)
  await session(one, { ...times, last_updated: fromNow(0) })
  const periods = items(cdr(one)['charging_periods']).map((period) => ({
    ...Object(period),
    start_date_time,
  }))
  const body = cdr(one, { ...times, charging_periods: periods, signed_data: data })
  const reply = await post(body)
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
  return body
}
const message = async (id: string, code: string) => {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  const found = items(at(json, 'findings')).find((finding) => at(finding, 'code') === code)
  return String(at(found, 'message'))
}

test('the same signed record in a second CDR holds that, whenever and wherever it is', async () => {
  const data = signed('M-A', { hours: 30, fromWh: 500_000 })
  const first = await billed('MA1', { hours: 30, data })
  assert.is(await stand('MA1'), 'provisional')
  // Another card at another EVSE, at the same time.
  await billed('MA2', { hours: 30, data })
  // A day later.
  await billed('MA3', { hours: 6, data })
  await billed('MA4', { hours: 30, data, payer: other })
  for (const id of ['MA2', 'MA3', 'MA4']) assert.match(await stand(id), /^held D4/, id)
  assert.match(
    await message('MA2', 'D4'),
    'already billed by the CDR MA1: the meter stood at 500 kWh and 510 kWh in both',
  )
  assert.match(await message('MA4', 'D4'), 'already billed by a CDR for another eMSP')
  await post(creditOf(first, 'MA1-credit'))
  await hub.drain()
  assert.is(await stand('MA1'), 'credited')
  assert.is(await stand('MA2'), 'provisional', 'what is credited bills nothing any more')
})

test('two of them in one batch are found too', async () => {
  const data = signed('M-B', { hours: 2, fromWh: 500_000 })
  const both = ['MB1', 'MB2'].map((id) => charge(id, emsp))
  for (const one of both) await prepare(one, emsp)
  for (const one of both) await post(cdr(one, { signed_data: data }))
  await hub.drain()
  assert.equal([await stand('MB1'), await stand('MB2')], ['provisional', 'held D4'])
})

test('a meter that counts into the session after is found, whichever CDR comes first', async () => {
  await billed('MC2', { hours: 4, data: signed('M-C', { hours: 4, fromWh: 510_000 }) })
  await billed('MC1', { hours: 6, data: signed('M-C', { hours: 6, fromWh: 502_000 }) })
  assert.equal([await stand('MC1'), await stand('MC2')], ['held G5', 'provisional'])
  assert.is(
    await message('MC1', 'G5'),
    'The meter ends this session at 512 kWh, but began the one after at 510 kWh (CDR MC2). 2 kWh would be billed twice.',
  )
})

test('a sound session that comes late is in nobody’s way', async () => {
  await billed('MD2', { hours: 4, data: signed('M-D', { hours: 4, fromWh: 512_000 }) })
  await billed('MD1', { hours: 6, data: signed('M-D', { hours: 6, fromWh: 502_000 }) })
  assert.equal([await stand('MD1'), await stand('MD2')], ['provisional', 'provisional'])
})

test.run()
