// Commands between partners of different versions: each side meets its own version only.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { commandOf, command, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import { at } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, put, sessionOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { location211 } from '../helpers/objects-211.ts'

const operator = ['sender/locations', 'sender/sessions', 'receiver/tokens', 'receiver/commands']
const provider = ['receiver/locations', 'receiver/sessions', 'sender/tokens', 'sender/commands']
const CPO = 'CPO'
const EMSP = 'EMSP'

const hub = await startHub({ peerDeadlineMs: 1_000 })
const cpo211 = await hub.connect({
  parties: [{ party: 'BE-OLD', role: CPO }],
  version: '2.1.1',
  modules: operator,
})
const cpo230 = await hub.connect({
  parties: [{ party: 'BE-NEW', role: CPO }],
  version: '2.3.0',
  modules: operator,
})
const emsp211 = await hub.connect({
  parties: [{ party: 'DE-OLD', role: EMSP }],
  version: '2.1.1',
  modules: provider,
})
const emsp221 = await hub.connect({
  parties: [{ party: 'DE-EMA', role: EMSP }],
  modules: provider,
})
const all = [cpo211, cpo230, emsp211, emsp221]

const test = suite('commands between versions')
test.before.each(() => {
  for (const partner of all) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const token211: Json = {
  uid: 'CARD1',
  type: 'RFID',
  auth_id: 'DE-OLD-C1',
  issuer: 'Example',
  valid: true,
  whitelist: 'ALLOWED',
  last_updated: fromNow(-1_000),
}

/** What no message of 2.1.1 carries. */
function assertUnrouted(headers: Readonly<Record<string, unknown>> | undefined): void {
  const routed = Object.keys(headers ?? {}).filter((name) => name.startsWith('ocpi-'))
  assert.equal(routed, [])
}

/** Lets a CPO answer a command with this. */
function answerWith(partner: FakePartner, data: unknown): void {
  partner.answer = ({ place }) => (place === 'receiver/commands' ? { data } : undefined)
}

test('2.2.1 eMSP to 2.1.1 CPO: token, answer and result in the words of each', async () => {
  const body = { ...commandOf(emsp221, 'START_SESSION', 'down'), connector_id: '1' }
  const reply = await command(emsp221, 'START_SESSION', { body, to: 'BE-OLD' })
  const [got] = cpo211.received('receiver/commands')
  assert.is(got?.rest, '/START_SESSION')
  assertUnrouted(got?.headers)
  assert.is(at(got?.json, 'token', 'auth_id'), 'DE-EMA-CCARD1')
  for (const name of ['contract_id', 'country_code', 'party_id'])
    assert.is(at(got?.json, 'token', name), undefined)
  assert.is(at(got?.json, 'connector_id'), undefined)
  assert.is(at(got?.json, 'location_id'), 'L1')

  assert.is(reply.code, 1000, reply.text)
  assert.is(at(reply.data, 'result'), 'ACCEPTED')
  assert.type(at(reply.data, 'timeout'), 'number')
  assert.is(reply.headers['ocpi-from-party-id'], 'OLD')
  assert.is(reply.headers['ocpi-to-party-id'], 'EMA')

  const told = await cpo211.send('POST', mintedIn(got), { body: { result: 'UNKNOWN_SESSION' } })
  assert.is(told.code, 1000, told.text)
  assertUnrouted(told.headers)
  const [result] = resultsAt(emsp221, 'down')
  assert.is(at(result?.json, 'result'), 'FAILED')
  assert.is(result?.headers['ocpi-from-party-id'], 'OLD')
  assert.is(result?.headers['ocpi-to-party-id'], 'EMA')
})

test('2.2.1 eMSP to 2.1.1 CPO: a TIMEOUT at once is REJECTED with a message', async () => {
  answerWith(cpo211, { result: 'TIMEOUT' })
  const body = commandOf(emsp221, 'UNLOCK_CONNECTOR', 'timeout')
  const reply = await command(emsp221, 'UNLOCK_CONNECTOR', { body, to: 'BE-OLD' })
  assert.is(at(reply.data, 'result'), 'REJECTED')
  assert.is(at(reply.data, 'message', 0, 'language'), 'en')
})

test('2.2.1 eMSP to 2.1.1 CPO: reservations have numbers there, one for each', async () => {
  const numbers: unknown[] = []
  for (const name of ['first', 'second', 'first']) {
    const body = commandOf(emsp221, 'RESERVE_NOW', name)
    const reply = await command(emsp221, 'RESERVE_NOW', { body, to: 'BE-OLD' })
    assert.is(reply.code, 1000, reply.text)
    numbers.push(at(cpo211.received('receiver/commands').at(-1)?.json, 'reservation_id'))
  }
  for (const number of numbers) assert.ok(Number.isInteger(number))
  assert.is(numbers[0], numbers[2])
  assert.is.not(numbers[0], numbers[1])
})

test('2.1.1 has no CANCEL_RESERVATION: the hub answers NOT_SUPPORTED', async () => {
  const body = commandOf(emsp221, 'CANCEL_RESERVATION', 'first')
  for (const to of [{ to: 'BE-OLD' }, {}]) {
    const reply = await command(emsp221, 'CANCEL_RESERVATION', { body, ...to })
    assert.is(reply.code, 1000, reply.text)
    assert.equal(reply.data, { result: 'NOT_SUPPORTED', timeout: 0 })
    assert.is(reply.headers['ocpi-from-party-id'], 'OLD')
  }
  assert.equal(cpo211.got, [])
})

test('2.1.1 eMSP to 2.3.0 CPO: start and stop find it by location and session', async () => {
  await put(cpo230, 'locations', {
    ...locationOf('BE-NEW', 'NEW1'),
    parking_places: [],
  })
  await put(cpo230, 'sessions', sessionOf({ owner: 'BE-NEW', payer: 'DE-OLD', id: 'S-new' }))
  emsp211.forget()
  const started = await command(emsp211, 'START_SESSION', {
    body: {
      response_url: resultUrl(emsp211, 'up?x=1'),
      token: token211,
      location_id: 'NEW1',
      evse_uid: 'E1',
    },
  })
  assert.is(started.code, 1000, started.text)
  assert.equal(started.data, { result: 'ACCEPTED' })
  assertUnrouted(started.headers)
  const [start] = cpo230.received('receiver/commands')
  assert.is(start?.headers['ocpi-from-party-id'], 'OLD')
  assert.is(start?.headers['ocpi-to-party-id'], 'NEW')
  assert.is(at(start?.json, 'token', 'contract_id'), 'DE-OLD-C1')
  assert.is(at(start?.json, 'token', 'country_code'), 'DE')
  assert.is(at(start?.json, 'token', 'party_id'), 'OLD')
  const body = { result: 'EVSE_OCCUPIED', message: [{ language: 'en', text: 'taken' }] }
  const told = await cpo230.send('POST', mintedIn(start), { body })
  assert.is(told.code, 1000, told.text)
  assert.is(told.headers['ocpi-from-party-id'], 'OLD')
  const [result] = resultsAt(emsp211, 'up?x=1')
  assert.equal(result?.json, { result: 'REJECTED' })
  assertUnrouted(result?.headers)

  const stopped = await command(emsp211, 'STOP_SESSION', {
    body: { response_url: resultUrl(emsp211, 'stop'), session_id: 'S-new' },
  })
  assert.equal(stopped.data, { result: 'ACCEPTED' }, stopped.text)
  const stop = cpo230.received('receiver/commands').at(-1)
  assert.is(at(stop?.json, 'session_id'), 'S-new')
  await cpo230.send('POST', mintedIn(stop), { body: { result: 'ACCEPTED' } })
  assert.equal(resultsAt(emsp211, 'stop')[0]?.json, { result: 'ACCEPTED' })
})

test('2.1.1 eMSP: its number is the reservation id of others, and another number at a CPO of 2.1.1', async () => {
  await put(cpo230, 'locations', locationOf('BE-NEW', 'NEW2'))
  const reserve = (name: string, location_id: string) =>
    command(emsp211, 'RESERVE_NOW', {
      body: {
        response_url: resultUrl(emsp211, name),
        token: token211,
        expiry_date: fromNow(3_600_000),
        reservation_id: 7,
        location_id,
        evse_uid: 'E1',
      },
    })
  const reply = await reserve('seven', 'NEW2')
  assert.is(reply.code, 1000, reply.text)
  const got = cpo230.received('receiver/commands').at(-1)
  assert.is(at(got?.json, 'reservation_id'), '7')
  const [row] = await hub.context.db.rows<{ number: number }>(sql`
    select number from reservations where emsp = 'DE-OLD' and reservation_key = '7'`)

  await cpo211.send('PUT', 'receiver/locations/BE/OLD/OLD1', { body: location211('OLD1') })
  const old = await reserve('seven-old', 'OLD1')
  assert.is(old.code, 1000, old.text)
  assert.is(at(cpo211.received('receiver/commands').at(-1)?.json, 'reservation_id'), row?.number)
})

test('2.1.1 eMSP: the name by which it tells two locations of one id apart leads to the right CPO', async () => {
  await cpo211.send('PUT', 'receiver/locations/BE/OLD/TWIN', { body: location211('TWIN') })
  await put(cpo230, 'locations', locationOf('BE-NEW', 'TWIN'))
  for (const [name, cpo] of [
    ['TWIN', cpo211],
    ['BE*NEW*TWIN', cpo230],
  ] as const) {
    const response_url = resultUrl(emsp211, 'twin')
    const body = { response_url, token: token211, location_id: name }
    const reply = await command(emsp211, 'START_SESSION', { body })
    assert.equal(reply.data, { result: 'ACCEPTED' }, reply.text)
    assert.is(at(cpo.received('receiver/commands').at(-1)?.json, 'location_id'), 'TWIN')
  }
})

test('2.1.1 to 2.1.1: of the body nothing changes but the URL', async () => {
  await cpo211.send('PUT', 'receiver/locations/BE/OLD/OLD2', { body: location211('OLD2') })
  const token = JSON.stringify(token211)
  const [before, after] = [
    `{ "location_id":"OLD2" , "token":${token}, "response_url" : `,
    `,"x":1.10 }`,
  ]
  const raw = `${before}${JSON.stringify(resultUrl(emsp211, 'bytes'))}${after}`
  const reply = await command(emsp211, 'START_SESSION', { raw })
  assert.equal(reply.data, { result: 'ACCEPTED' }, reply.text)
  const got = cpo211.received('receiver/commands').at(-1)
  assert.is(got?.body, `${before}${JSON.stringify(mintedIn(got))}${after}`)
  await cpo211.send('POST', mintedIn(got), { body: { result: 'TIMEOUT' } })
  assert.equal(resultsAt(emsp211, 'bytes')[0]?.json, { result: 'TIMEOUT' })
})

test('2.1.1 eMSP: a location that nobody has is 2003 with REJECTED and nothing else', async () => {
  const body = {
    response_url: resultUrl(emsp211, 'none'),
    token: token211,
    location_id: 'NOWHERE',
  }
  const reply = await command(emsp211, 'START_SESSION', { body })
  assert.is(reply.code, 2003, reply.text)
  assert.equal(reply.data, { result: 'REJECTED' })
  assert.match(reply.text, 'is not known here, or its owner is not connected')
  // Headers that 2.1.1 does not have are no way out; where there are, they are named.
  assert.not.match(reply.text, /OCPI-to/i)
  const newer = commandOf(emsp221, 'START_SESSION', 'nowhere')
  const told = await command(emsp221, 'START_SESSION', { body: { ...newer, location_id: 'NO' } })
  assert.match(told.text, 'address one with OCPI-to')
})

test('2.1.1 eMSP: a CPO that is gone is 3000, because 4xxx does not exist there', async () => {
  await put(cpo230, 'locations', locationOf('BE-NEW', 'NEW3'))
  cpo230.answer = () => 'silence'
  const body = { response_url: resultUrl(emsp211, 'gone'), token: token211, location_id: 'NEW3' }
  const reply = await command(emsp211, 'START_SESSION', { body })
  assert.equal([reply.status, reply.code], [200, 3000], reply.text)
})

test('2.3.0 knows commands of other names: they go to whoever is addressed', async () => {
  const emsp230 = await hub.connect({
    parties: [{ party: 'DE-NEP', role: EMSP }],
    version: '2.3.0',
    modules: provider,
  })
  const cpo221 = await hub.connect({ parties: [{ party: 'BE-CPO', role: CPO }], modules: operator })
  const body = { response_url: resultUrl(emsp230, 'custom'), custom: { blink: 3 } }
  const reply = await command(emsp230, 'BLINK_LIGHT', { body, to: 'BE-NEW' })
  assert.is(reply.code, 1000, reply.text)
  const [got] = cpo230.received('receiver/commands')
  assert.is(got?.rest, '/BLINK_LIGHT')
  assert.equal(at(got?.json, 'custom'), { blink: 3 })
  await cpo230.send('POST', mintedIn(got), { body: { result: 'ACCEPTED' } })
  assert.is(resultsAt(emsp230, 'custom').length, 1)
  // Earlier versions have a closed list of commands.
  for (const to of ['BE-CPO', 'BE-OLD'])
    assert.is((await command(emsp230, 'BLINK_LIGHT', { body, to })).code, 4000)
  assert.equal([...cpo221.got, ...cpo211.got], [])
})

test.run()
