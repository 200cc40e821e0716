// CDRs that stand in each other's way: two of one session, two of one card, credits of one original.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdrOf,
  cdrTokenOf,
  creditOf,
  fromNow,
  put,
  sessionOf,
  tokenOf,
} from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const rival = await hub.connect({ parties: [{ party: 'BE-CPX', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
await hub.connect({ parties: [{ party: 'DE-EMB', role: 'EMSP' }] })
const { charge, prepare, session, cdr, post, stand } = storyOf(hub, cpo)

const test = suite('rivals')
test.before.each(async () => {
  await hub.drain()
  emsp.forget()
})
test.after.each(async () => {
  await hub.drain()
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})
test.after(() => hub.close())

const decide = (id: string, verb: string) =>
  hub.admin('POST', `/cdrs/NL/TNM/${id}/${verb}`, { reason: 'a test' })

/** Two CDRs of one session: the same but for the id. */
async function twins(id: string) {
  const one = charge(id, emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  return { first, second: { ...first, id: `${id}-again` } }
}

test('the second CDR of a session is held with D2', async () => {
  const { first, second } = await twins('R1')
  await post(first)
  await post(second)
  await hub.drain()
  assert.equal([await stand('R1'), await stand('R1-again')], ['provisional', 'held D2'])
})

test('the order of receipt decides, also when the first one waits', async () => {
  const one = charge('R2', emsp)
  const first = cdr(one)
  await post(first)
  await hub.drain()
  await post({ ...first, id: 'R2-again' })
  await hub.drain()
  assert.equal([await stand('R2'), await stand('R2-again')], ['unmatched', 'unmatched'])
  await prepare(one, emsp)
  await hub.drain()
  assert.equal([await stand('R2'), await stand('R2-again')], ['provisional', 'held D2'])
})

test('a second CDR with other times and energy is told to be a correction', async () => {
  const { first, second } = await twins('R20')
  await post(first)
  const start_date_time = fromNow(-2 * HOUR_MS + 5 * 60_000)
  const total_cost = { excl_vat: 2.7, incl_vat: 3.24 }
  const dimensions = [{ type: 'ENERGY', volume: 9 }]
  const charging_periods = [{ start_date_time, dimensions, tariff_id: 'T1' }]
  const total_energy_cost = total_cost
  const corrected = {
    start_date_time,
    charging_periods,
    total_energy: 9,
    total_cost,
    total_energy_cost,
  }
  await post({ ...second, ...corrected, total_time: 0.9167 })
  await hub.drain()
  assert.match(await stand('R20-again'), /^held D2 C4/)
})

test('a CDR that bills another card, eMSP or place than its session', async () => {
  const [card, party, place] = ['R21', 'R22', 'R23'].map((id) => charge(id, emsp))
  if (!card || !party || !place) throw new Error('three charges')
  for (const { uid } of [card, party, place]) await put(emsp, 'tokens', tokenOf('DE-EMA', uid))
  await session(card, { cdr_token: cdrTokenOf('DE-EMA', 'ANOTHER') })
  await session(party, { cdr_token: cdrTokenOf('DE-EMB', 'THEIRS') })
  await session(place, { evse_uid: 'E-ELSEWHERE' })
  for (const one of [card, party, place]) await post(cdr(one))
  await hub.drain()
  assert.equal(
    [await stand('R21'), await stand('R22'), await stand('R23')],
    ['held A5', 'quarantined A5', 'provisional X1'],
  )
  const { json } = await hub.admin('GET', '/cdrs/NL/TNM/R22')
  assert.match(
    String(at(json, 'findings', 0, 'message')),
    'The session S-R22 was charged with a token of DE-EMB, but the CDR bills DE-EMA. Send it again',
  )
})

test('when the first one is credited, the second one clears', async () => {
  const { first, second } = await twins('R3')
  await post(first)
  await post(second)
  await hub.drain()
  await post(creditOf(first, 'R3-credit'))
  await hub.drain()
  assert.equal([await stand('R3'), await stand('R3-again')], ['credited', 'provisional'])
})

test('when the first one is held and returned, the second one clears', async () => {
  const { first, second } = await twins('R4')
  await post({ ...first, total_cost: { excl_vat: 9, incl_vat: 10.8 } })
  await post(second)
  await hub.drain()
  assert.match(await stand('R4'), /^held/)
  assert.is(await stand('R4-again'), 'held D2 C4')
  assert.is((await decide('R4', 'return')).status, 200)
  await hub.drain()
  assert.equal([await stand('R4'), await stand('R4-again')], ['withdrawn P1 T2', 'provisional'])
})

test('a second one is not released beside a live first one', async () => {
  const { first, second } = await twins('R5')
  await post(first)
  await post(second)
  await hub.drain()
  const reply = await decide('R5-again', 'release')
  assert.is(reply.status, 409)
  assert.match(reply.text, 'R5 of the same session is live')
})

test('a session that is charged by another card at the same time is no matter', async () => {
  const one = charge('R6', emsp)
  const two = charge('R7', emsp)
  for (const each of [one, two]) {
    await prepare(each, emsp)
    await post(cdr(each))
  }
  await hub.drain()
  assert.equal([await stand('R6'), await stand('R7')], ['provisional', 'provisional'])
})

test('one card at two places at once: the CDR received later is held with Z3', async () => {
  const one = charge('R8', emsp, { uid: 'SHARED-8' })
  const two = charge('R9', emsp, { uid: 'SHARED-8', kwh: 12 })
  for (const each of [two, one]) {
    await prepare(each, emsp)
    await post(cdr(each))
  }
  await hub.drain()
  assert.equal([await stand('R9'), await stand('R8')], ['provisional', 'held Z3'])
})

test('one card at two operators at once: the other operator’s CDR is not named', async () => {
  const one = charge('R10', emsp, { uid: 'SHARED-10' })
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'SHARED-10'))
  const foreign = { owner: 'BE-CPX', payer: 'DE-EMA', uid: 'SHARED-10', kwh: 12 }
  await put(rival, 'sessions', sessionOf({ ...foreign, id: 'S-SECRET' }))
  const body = cdrOf({ ...foreign, id: 'SECRET', session: 'S-SECRET' })
  assert.is((await rival.send('POST', 'receiver/cdrs', { body })).code, 1000)
  await hub.drain()
  await prepare(one, emsp)
  await post(cdr(one))
  await hub.drain()
  assert.is(await stand('R10'), 'held Z3')
  assert.not.match((await hub.asParty(cpo, 'GET', '/cdrs/NL/TNM/R10')).text, 'SECRET')
})

test('one session after the other with the same card is fine', async () => {
  const one = charge('R11', emsp, { uid: 'SHARED-11' })
  const two = charge('R12', emsp, { uid: 'SHARED-11' })
  await prepare(one, emsp)
  await post(cdr(one))
  const start_date_time = fromNow(-HOUR_MS + 5_000)
  const times = { start_date_time, end_date_time: fromNow(5_000), last_updated: fromNow(0) }
  await put(cpo, 'sessions', sessionOf({ ...two, id: 'S-R12' }, times))
  const dimensions = [{ type: 'ENERGY', volume: 10 }]
  const periods = [{ start_date_time, dimensions, tariff_id: 'T1' }]
  const later = { start_date_time, end_date_time: fromNow(5_000), charging_periods: periods }
  await post(cdr(two, later))
  await hub.drain()
  assert.equal([await stand('R11'), await stand('R12')], ['provisional', 'provisional'])
})

test('a credit that comes first waits for its original and then takes it back', async () => {
  const one = charge('R13', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  await post(creditOf(first, 'R13-credit'))
  await hub.drain()
  assert.is(await stand('R13-credit'), 'orphan_credit')
  await post(first)
  await hub.drain()
  assert.equal([await stand('R13'), await stand('R13-credit')], ['credited', 'credited'])
})

test('an original is credited once', async () => {
  const one = charge('R14', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  for (const body of [first, creditOf(first, 'R14-a'), creditOf(first, 'R14-b')]) await post(body)
  await hub.drain()
  assert.equal(
    [await stand('R14'), await stand('R14-a'), await stand('R14-b')],
    ['credited', 'credited', 'quarantined C3'],
  )
})

test('a credit that is not the exact opposite is held and takes nothing back', async () => {
  const one = charge('R15', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  await post(first)
  await post(creditOf(first, 'R15-credit', { total_cost: { excl_vat: -2, incl_vat: -2.4 } }))
  await hub.drain()
  assert.equal([await stand('R15'), await stand('R15-credit')], ['provisional', 'held C2'])
})

test('credit and replacement in one go: the replacement stands', async () => {
  const one = charge('R16', emsp)
  await prepare(one, emsp)
  const first = cdr({ ...one, price: 0.9 }, { tariffs: cdr(one)['tariffs'] })
  await post(first)
  await hub.drain()
  assert.is(await stand('R16'), 'held P1')
  await post(creditOf(first, 'R16-credit'))
  await post({ ...cdr(one), id: 'R16-b' })
  await hub.drain()
  assert.equal(
    [await stand('R16'), await stand('R16-credit'), await stand('R16-b')],
    ['credited P1', 'credited', 'provisional'],
  )
})

test('what is dearer than the CDR that was credited last is held, however dear one before it was', async () => {
  const one = charge('R18', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  const cheaper = { ...cdr({ ...one, price: 0.25 }), id: 'R18-b' }
  for (const value of [first, cheaper]) {
    await post(value)
    await post(creditOf(value, `${String(value['id'])}-credit`))
    await hub.drain()
  }
  await post({ ...first, id: 'R18-c' })
  await hub.drain()
  assert.equal([await stand('R18-b'), await stand('R18-c')], ['credited', 'held C5'])
})

test('a dearer second bill that was credited before the first one is no price to go back to', async () => {
  const one = charge('R19', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  const dearer = { ...cdr({ ...one, price: 0.4 }), id: 'R19-b' }
  for (const value of [first, dearer]) await post(value)
  await hub.drain()
  for (const value of [dearer, first]) {
    await post(creditOf(value, `${String(value['id'])}-credit`))
    await hub.drain()
  }
  await post({ ...dearer, id: 'R19-c' })
  await hub.drain()
  assert.equal([await stand('R19'), await stand('R19-c')], ['credited', 'held C5'])
})

test('many CDRs of one session at once: exactly one is live', async () => {
  const one = charge('R17', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  const ids = Array.from({ length: 8 }, (_, index) => `R17-${index}`)
  await Promise.all(ids.map((id) => post({ ...first, id })))
  await hub.drain()
  const states = await Promise.all(ids.map(stand))
  assert.is(states.filter((state) => state === 'provisional').length, 1)
  assert.is(states.filter((state) => state === 'held D2').length, 7)
})

test.run()
