// CDRs as a weapon: what the door records and answers 1000, and what a worker makes of it. The numbers are those of the
// threat model; rows are those of the catalogue of bad input.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { at, items } from '../helpers/ask.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, fromNow, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const rival = await hub.connect({ parties: [{ party: 'BE-CPX', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, prepare, cdr, post, shown, stand, delivered } = storyOf(hub, cpo)

const test = suite('attacks by CDRs')
test.after.each(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
})
test.after(() => hub.close())

/** Records a CDR of a charge that is in order but for `more`, and what it is after it was judged. */
async function judged(id: string, more: Json): Promise<string> {
  const one = charge(id, emsp)
  await prepare(one, emsp)
  const reply = await post(cdr(one, more))
  assert.is(`${reply.status}/${reply.code}`, '201/1000', reply.text)
  await hub.drain()
  return stand(id)
}

const hours = (count: number) => fromNow(count * 3_600_000)

test('row 52: times that cannot be are recorded and quarantined with Z6', async () => {
  const period = (start_date_time: string) => ({
    charging_periods: [{ start_date_time, dimensions: [{ type: 'ENERGY', volume: 10 }] }],
  })
  const times = {
    backwards: { start_date_time: hours(-1), end_date_time: hours(-2), ...period(hours(-1)) },
    decade: { start_date_time: hours(-87_660), ...period(hours(-87_660)) },
    future: { start_date_time: hours(1), end_date_time: hours(2), ...period(hours(1)) },
  }
  for (const [id, more] of Object.entries(times)) {
    const stands = await judged(`Z-${id}`, more)
    assert.match(stands, /^quarantined .*Z6/, `${id}: ${stands}`)
  }
  assert.equal(delivered(emsp), [])
})

test('row 62: a currency that is none books nothing, one in lower case is read', async () => {
  assert.match(await judged('CUR-lower', { currency: 'eur' }), /^provisional/)
  for (const currency of ['EU', 'XXX', 'XAU'])
    assert.match(await judged(`CUR-${currency}`, { currency }), /^(quarantined|held) /, currency)
})

test('row 63: a negative claim is refused, and held is a credit that is none', async () => {
  const minus = { excl_vat: -3, incl_vat: -3.6 }
  assert.match(await judged('N-cost', { total_cost: minus }), /^quarantined .*C6/)
  assert.match(await judged('N-energy', { total_energy: -10 }), /^(held|quarantined) /)
  const one = charge('N-credit', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  await post(first)
  await post(creditOf(first, 'N-credit-plus', { total_cost: first.total_cost }))
  await hub.drain()
  assert.match(await stand('N-credit-plus'), /^(held|quarantined) /)
  assert.is(await stand('N-credit'), 'provisional')
})

test('T16: a CDR over the session of a competitor is not cleared beside it', async () => {
  const uid = 'CARD-16'
  const foreign = { owner: 'BE-CPX', payer: 'DE-EMA', uid }
  await put(emsp, 'tokens', tokenOf('DE-EMA', uid))
  await put(rival, 'sessions', sessionOf({ ...foreign, id: 'S-16' }))
  const body = cdrOf({ ...foreign, id: 'TRUE-16', session: 'S-16' })
  assert.is((await rival.send('POST', 'receiver/cdrs', { body })).code, 1000)
  await hub.drain()
  const stolen = { ...cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'STOLEN-16', uid }) }
  assert.is((await post({ ...stolen, session_id: 'S-16' })).code, 1000)
  await hub.drain()
  assert.match(await stand('STOLEN-16'), /^unmatched/, 'the session of another is not its session')
  await hub.passTime(limits.unmatchedWaitMs)
  await hub.drain()
  assert.match(await stand('STOLEN-16'), /^held .*Z3/)
  assert.not.match((await hub.asParty(cpo, 'GET', '/cdrs/NL/TNM/STOLEN-16')).text, 'TRUE-16')
})

test('T31: a credit of a foreign CDR, a second one and one that is too large book nothing', async () => {
  const one = charge('C31', emsp)
  await prepare(one, emsp)
  const first = cdr(one)
  await post(first)
  await hub.drain()
  const body = creditOf({ ...first, ...rivalOf(first) }, 'FOREIGN-31')
  assert.is((await rival.send('POST', 'receiver/cdrs', { body })).code, 1000)
  const two = charge('D31', emsp)
  await prepare(two, emsp)
  await post(cdr(two))
  const large = { total_cost: { excl_vat: -300, incl_vat: -360 } }
  await post(creditOf(cdr(two), 'LARGE-31', large))
  await hub.drain()
  assert.match(await stand('LARGE-31'), /^held .*C2/)
  assert.equal([await stand('C31'), await stand('D31')], ['provisional', 'provisional'])
  await post(creditOf(first, 'ONCE-31'))
  await post(creditOf(first, 'TWICE-31'))
  await hub.drain()
  assert.equal([await stand('C31'), await stand('ONCE-31')], ['credited', 'credited'])
  assert.match(await stand('TWICE-31'), /^quarantined .*C3/)
  await hub.passTime(limits.orphanCreditWaitMs)
  await hub.drain()
  const { json } = await hub.admin('GET', '/cdrs/BE/CPX/FOREIGN-31')
  assert.is(at(json, 'state'), 'quarantined')
})

const rivalOf = ({ cdr_token }: Json) => ({ country_code: 'BE', party_id: 'CPX', cdr_token })

test('T34: one card at two places at once: the later CDR is held with Z3', async () => {
  for (const [id, kwh] of [
    ['P34', 10],
    ['Q34', 12],
  ] as const) {
    const one = charge(id, emsp, { uid: 'CARD-34', kwh })
    await prepare(one, emsp)
    await post(cdr(one))
  }
  await hub.drain()
  assert.equal([await stand('P34'), await stand('Q34')], ['provisional', 'held Z3'])
})

test('T32: a CDR that is dated into a closed cycle belongs to the next one, which says so', async () => {
  await judged('T32-before', {})
  const before = await inCycle('T32-before')
  const closed = await hub.admin('POST', `/cycles/${before.cycle}/close`, {})
  assert.is(closed.status, 200, closed.text)
  await judged('T32-after', {})
  const next = String(at(closed.json, 'next_cycle'))
  assert.equal(await inCycle('T32-after'), { cycle: next, lateFrom: before.cycle })
  assert.equal(await inCycle('T32-before'), { cycle: before.cycle, lateFrom: null })
  const path = `/cycles/${next}/statements/NL/TNM`
  const late = async () => {
    const { json } = await hub.asParty(cpo, 'GET', path)
    return items(at(json, 'lines')).map((line) => `${at(line, 'cdr_id')} ${at(line, 'late_from')}`)
  }
  assert.equal(await late(), [`T32-after ${before.cycle}`])
  const csv = await hub.admin('GET', `${path}?format=csv`)
  assert.match(
    csv.text,
    new RegExp(`,late_from,part,dispute,carried_to\r\n.*T32-after.*,${before.cycle},0,,\r\n`),
  )
  assert.is((await hub.admin('POST', `/cycles/${next}/close`, {})).status, 200)
  assert.equal(await late(), [`T32-after ${before.cycle}`], 'also when it is written')
})

/** As the owner sees it. */
async function inCycle(id: string): Promise<{ cycle: string; lateFrom: unknown }> {
  const { json } = await hub.asParty(cpo, 'GET', `/cdrs/NL/TNM/${id}`)
  return { cycle: String(at(json, 'cycle')), lateFrom: at(json, 'late_from') }
}

test('T33: no owner sends CDRs without end, and what it has sent it may repeat', async () => {
  const one = charge('FLOOD', emsp)
  const known = cdr(one)
  const first = await post(known)
  const max = limits.cdrsPerOwnerPerHourMax
  let reply = await post(cdr({ ...one, id: 'FLOOD-0' }))
  // The hour may turn on the way, so it may take a second time.
  for (let time = 1; reply.status === 201 && time < 3; time += 1) {
    while (hub.context.limiter.hourly.take(`cdrs:${cpo.party}`, max).ok);
    reply = await post(cdr({ ...one, id: `FLOOD-${time}` }))
  }
  assert.equal([reply.status, reply.code], [429, 4000])
  assert.ok(Number(reply.headers['retry-after']) > 0)
  const again = await post(known)
  assert.equal([first.status, again.status, again.code], [201, 201, 1000])
  const body = cdrOf({ owner: 'BE-CPX', payer: 'DE-EMA', id: 'NO-FLOOD' })
  assert.is((await rival.send('POST', 'receiver/cdrs', { body })).status, 201)
})

test('T33: many CDRs that claim next to nothing are one alert of their owner and day', async () => {
  const tiny = (id: string, kwh: number) =>
    rival.send('POST', 'receiver/cdrs', {
      body: cdrOf({ owner: 'BE-CPX', payer: 'DE-EMA', id, kwh, session: 'S-TINY' }),
    })
  const alerts = async () =>
    items(at((await hub.admin('GET', '/alerts?state=open&code=tiny_cdrs')).json, 'items'))
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'CARD1'))
  await put(rival, 'sessions', sessionOf({ owner: 'BE-CPX', payer: 'DE-EMA', id: 'S-TINY' }))
  const numbers = Array.from({ length: limits.tinyCdrsPerHourMax + 10 }, (_, index) => index)
  await Promise.all(numbers.map((index) => tiny(`USUAL-${index}`, 10)))
  await hub.drain()
  assert.equal(await alerts(), [])
  // The hour may turn on the way.
  for (let time = 0; (await alerts()).length === 0 && time < 2; time += 1) {
    await Promise.all(numbers.map((index) => tiny(`TINY-${time}-${index}`, 0.03)))
    await hub.drain()
  }
  const [only, ...others] = await alerts()
  assert.equal(others, [])
  assert.match(String(at(only, 'subject')), /^BE-CPX 20\d\d-\d\d-\d\d$/)
  assert.is.not(String(at(only, 'advice')), '')
})

test('T33: a flood of requests ends in 429, and others go on', async () => {
  const tiny = (index: number) =>
    cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: `TINY-${index}`, kwh: 0.03 })
  const max = limits.platformRequestsPerMinuteMax
  let reply = await post(tiny(0))
  // The minute may turn on the way, so it may take a second time.
  for (let time = 0; reply.status === 201 && time < 2; time += 1) {
    while (hub.context.limiter.take(`platform:${cpo.id}`, max).ok);
    reply = await post(tiny(1 + time))
  }
  assert.equal([reply.status, reply.code], [429, 4000])
  assert.is((await rival.send('GET', 'versions')).code, 1000)
})

test.run()
