// Commands: what the receiver gets, what comes back at once, and where the results that come later go.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at } from '../helpers/ask.ts'
import { command, commandOf, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, locationOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'

const COMMANDS = [
  'START_SESSION',
  'STOP_SESSION',
  'RESERVE_NOW',
  'CANCEL_RESERVATION',
  'UNLOCK_CONNECTOR',
] as const

const operator = ['sender/locations', 'sender/sessions', 'receiver/tokens', 'receiver/commands']
const provider = ['receiver/locations', 'receiver/sessions', 'sender/tokens', 'sender/commands']

const hub = await startHub({ peerDeadlineMs: 500 })
const cpo = await hub.connect({
  parties: [{ party: 'BE-CPO', role: 'CPO' }],
  modules: operator,
})
const emsp = await hub.connect({
  parties: [{ party: 'DE-EMA', role: 'EMSP' }],
  modules: provider,
})

const test = suite('commands')
test.before.each(() => {
  for (const partner of [cpo, emsp]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

test('the four legs: headers, ids and URLs of each', async () => {
  emsp.answer = ({ place }) => (place === 'cb' ? { message: 'thank you', data: {} } : undefined)
  const started = await command(emsp, 'START_SESSION', {
    body: commandOf(emsp, 'START_SESSION', '77?x=1&y=%2F'),
    to: 'BE-CPO',
    headers: { 'X-Request-ID': 'a1', 'X-Correlation-ID': 'c1' },
  })
  const [asked] = cpo.received('receiver/commands', 'POST')
  assert.is(asked?.rest, '/START_SESSION')
  assert.equal(legOf(asked?.headers), { from: 'DE-EMA', to: 'BE-CPO', correlation: 'c1' })
  assert.is.not(asked?.headers['x-request-id'], 'a1')
  const minted = mintedIn(asked)
  assert.ok(minted.startsWith(`${hub.url}/ocpi/callbacks/`))
  assert.ok(minted.length <= 255)

  assert.equal(started.data, { result: 'ACCEPTED', timeout: 30 })
  assert.equal(legOf(started.headers), { from: 'BE-CPO', to: 'DE-EMA', correlation: 'c1' })
  assert.is(started.headers['x-request-id'], 'a1')

  const told = await cpo.send('POST', minted, {
    body: { result: 'ACCEPTED' },
    to: 'DE-EMA',
    headers: { 'X-Request-ID': 'b9', 'X-Correlation-ID': 'c9' },
  })
  const [result, ...others] = resultsAt(emsp, '77?x=1&y=%2F')
  assert.equal(others, [])
  assert.equal(result?.json, { result: 'ACCEPTED' })
  assert.equal(legOf(result?.headers), { from: 'BE-CPO', to: 'DE-EMA', correlation: 'c9' })
  assert.is.not(result?.headers['x-request-id'], 'b9')
  assert.is(told.code, 1000)
  assert.is(told.message, 'thank you')
  assert.is(told.data, undefined)
  assert.equal(legOf(told.headers), { from: 'DE-EMA', to: 'BE-CPO', correlation: 'c9' })
  assert.is(told.headers['x-request-id'], 'b9')
})

test('all five commands go through, and each of their results', async () => {
  for (const name of COMMANDS) {
    const reply = await command(emsp, name, { body: commandOf(emsp, name, name), to: 'BE-CPO' })
    assert.equal(reply.data, { result: 'ACCEPTED', timeout: 30 }, reply.text)
    const got = cpo.received('receiver/commands').at(-1)
    assert.is(got?.rest, `/${name}`)
    const told = await cpo.send('POST', mintedIn(got), { body: { result: 'FAILED' } })
    assert.is(told.code, 1000, told.text)
    assert.equal(resultsAt(emsp, name)[0]?.json, { result: 'FAILED' })
  }
})

test('of the body nothing changes but the URL', async () => {
  const [before, after] = [
    `{ "session_id" :"S-9",\n\t"x_number": 1.10, "long": 12345678901234567890.123, "response_url"  : `,
    `  , "deep":{"response_url":"kept"},"ünï":"\\u00e9" }`,
  ]
  const url = JSON.stringify(resultUrl(emsp, 'bytes'))
  await command(emsp, 'STOP_SESSION', { raw: `${before}${url}${after}`, to: 'BE-CPO' })
  const [got] = cpo.received('receiver/commands')
  assert.is(got?.body, `${before}${JSON.stringify(mintedIn(got))}${after}`)
})

test('the receiver’s answer comes back as it is, refusals too', async () => {
  const text = '{"data":{"result":"REJECTED","timeout":0,"x":1.10},"status_code":2003,"more":1}'
  cpo.answer = () => ({ text })
  const refused = await command(emsp, 'UNLOCK_CONNECTOR', {
    body: commandOf(emsp, 'UNLOCK_CONNECTOR', 'u'),
    to: 'BE-CPO',
  })
  assert.is(refused.status, 200)
  assert.is(refused.text, text)
})

test('RESERVE_NOW: the URL takes a later CANCELED_RESERVATION, until a day after the reservation', async () => {
  const body = { ...commandOf(emsp, 'RESERVE_NOW', 'shots'), expiry_date: fromNow(3 * 86_400_000) }
  await command(emsp, 'RESERVE_NOW', { body, to: 'BE-CPO' })
  const minted = mintedIn(cpo.received('receiver/commands')[0])
  for (const result of ['ACCEPTED', 'CANCELED_RESERVATION'])
    assert.is((await cpo.send('POST', minted, { body: { result } })).code, 1000)
  assert.equal(
    resultsAt(emsp, 'shots').map(({ json }) => at(json, 'result')),
    ['ACCEPTED', 'CANCELED_RESERVATION'],
  )
  const [row] = await hub.context.db.rows<{ answers: number; days: number }>(sql`
    select answers, round(extract(epoch from expires_at - clock_timestamp()) / 86400)::int as days
    from callbacks where id = ${idOf(minted)}`)
  assert.equal(row, { answers: 2, days: 4 })
})

test('a result that comes long after the timeout is delivered, until the URL expires', async () => {
  await command(emsp, 'STOP_SESSION', {
    body: commandOf(emsp, 'STOP_SESSION', 'late'),
    to: 'BE-CPO',
  })
  const minted = mintedIn(cpo.received('receiver/commands')[0])
  await age(minted, '23 hours')
  assert.is((await cpo.send('POST', minted, { body: { result: 'TIMEOUT' } })).code, 1000)
  assert.is(resultsAt(emsp, 'late').length, 1)
  await age(minted, '2 hours')
  assert.is((await cpo.send('POST', minted, { body: { result: 'TIMEOUT' } })).status, 404)
  assert.is(resultsAt(emsp, 'late').length, 1)
  await hub.drain()
  const rows = await hub.context.db.rows(sql`select 1 from callbacks where id = ${idOf(minted)}`)
  assert.equal(rows, [])
})

test('without OCPI-to a command finds its CPO by location, session or reservation', async () => {
  await put(cpo, 'locations', locationOf('BE-CPO', 'OPEN1'))
  await put(cpo, 'sessions', sessionOf({ owner: 'BE-CPO', payer: 'DE-EMA', id: 'S-open' }))
  await command(emsp, 'RESERVE_NOW', { body: commandOf(emsp, 'RESERVE_NOW', 'open'), to: 'BE-CPO' })
  cpo.forget()
  const at1 = { location_id: 'OPEN1' }
  for (const [name, more] of [
    ['START_SESSION', at1],
    ['UNLOCK_CONNECTOR', at1],
    ['RESERVE_NOW', at1],
    ['STOP_SESSION', {}],
    ['CANCEL_RESERVATION', {}],
  ] as const) {
    const reply = await command(emsp, name, { body: { ...commandOf(emsp, name, 'open'), ...more } })
    assert.is(reply.code, 1000, `${name}: ${reply.text}`)
    assert.is(reply.headers['ocpi-from-party-id'], 'CPO')
    const got = cpo.received('receiver/commands').at(-1)
    assert.is(got?.rest, `/${name}`)
    assert.equal(legOf(got?.headers), {
      from: 'DE-EMA',
      to: 'BE-CPO',
      correlation: reply.headers['x-correlation-id'],
    })
  }
})

test('a location, session or reservation that nobody has: 2003 with an answer as data', async () => {
  for (const name of COMMANDS) {
    const body = {
      ...commandOf(emsp, name, 'nowhere'),
      ...(name === 'STOP_SESSION' || name === 'CANCEL_RESERVATION'
        ? {}
        : { location_id: 'NOWHERE' }),
    }
    const reply = await command(emsp, name, { body })
    assert.is(reply.status, 200)
    assert.is(reply.code, 2003, `${name}: ${reply.text}`)
    const result = name === 'STOP_SESSION' ? 'UNKNOWN_SESSION' : 'REJECTED'
    assert.equal(reply.data, { result, timeout: 0 })
  }
  assert.equal(cpo.got, [])
})

test('a receiver that is silent is 4002, one that is gone 4003; nothing is queued', async () => {
  cpo.answer = () => 'silence'
  const body = commandOf(emsp, 'STOP_SESSION', 'dead')
  const late = await command(emsp, 'STOP_SESSION', { body, to: 'BE-CPO' })
  assert.is(late.status, 200)
  assert.is(late.code, 4002)
  const gone = await hub.connect({ parties: [{ party: 'BE-OFF', role: 'CPO' }], modules: operator })
  await gone.close()
  const refused = await command(emsp, 'STOP_SESSION', { body, to: 'BE-OFF' })
  assert.is(refused.status, 200)
  assert.is(refused.code, 4003)
  cpo.answer = () => undefined
  cpo.forget()
  await hub.drain()
  assert.equal(cpo.received('receiver/commands'), [])
})

test('a requester that is silent is the poster’s 4002, one that is gone its 4003; the URL stays good', async () => {
  const brief = await hub.connect({
    parties: [{ party: 'DE-TMP', role: 'EMSP' }],
    modules: provider,
  })
  await command(brief, 'STOP_SESSION', {
    body: commandOf(brief, 'STOP_SESSION', 'x'),
    to: 'BE-CPO',
  })
  const minted = mintedIn(cpo.received('receiver/commands')[0])
  const send = () => cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })
  brief.answer = () => 'silence'
  assert.is((await send()).code, 4002)
  brief.answer = () => ({ status: 404, code: 2001, message: 'who are you' })
  const passed = await send()
  assert.equal([passed.status, passed.code, passed.message], [404, 2001, 'who are you'])
  brief.answer = () => undefined
  assert.is((await send()).code, 1000)
  await brief.close()
  assert.is((await send()).code, 4003)
})

test('a result must be a result: JSON, an object, with its result', async () => {
  await command(emsp, 'STOP_SESSION', {
    body: commandOf(emsp, 'STOP_SESSION', 'bad'),
    to: 'BE-CPO',
  })
  const minted = mintedIn(cpo.received('receiver/commands')[0])
  for (const [raw, status] of [
    ['{"result":', 400],
    ['[]', 200],
    ['{}', 200],
    ['{"result":1}', 200],
    ['{"result":"ACCEPTED","message":"no list"}', 200],
  ] as const) {
    const reply = await cpo.send('POST', minted, { raw })
    assert.is(reply.status, status, raw)
    assert.is(reply.code, 2001, raw)
  }
  const put = await cpo.send('PUT', minted, { body: { result: 'ACCEPTED' } })
  assert.is(put.status, 405)
  assert.is(put.headers.allow, 'POST')
  assert.equal(resultsAt(emsp, 'bad'), [])
  // Another word than OCPI has is the requester's to judge.
  const odd = await cpo.send('POST', minted, { body: { result: 'PARTLY', x: 1 } })
  assert.is(odd.code, 1000)
  assert.equal(resultsAt(emsp, 'bad')[0]?.json, { result: 'PARTLY', x: 1 })
})

test('START_SESSION and RESERVE_NOW take the sender’s own tokens only', async () => {
  for (const name of ['START_SESSION', 'RESERVE_NOW']) {
    const body = { ...commandOf(emsp, name, 'own'), token: tokenOf('FR-EMB', 'CARD1') }
    const reply = await command(emsp, name, { body, to: 'BE-CPO' })
    assert.is(reply.status, 200)
    assert.is(reply.code, 2001)
    assert.match(reply.message, '/token/party_id')
  }
  assert.equal(cpo.got, [])
})

test('CANCEL_RESERVATION goes where the reservation was accepted, not where it was asked for last', async () => {
  const other = await hub.connect({
    parties: [{ party: 'BE-TWO', role: 'CPO' }],
    modules: operator,
  })
  other.answer = ({ place }) =>
    place === 'receiver/commands' ? { data: { result: 'REJECTED', timeout: 0 } } : undefined
  const body = commandOf(emsp, 'RESERVE_NOW', 'moved')
  await command(emsp, 'RESERVE_NOW', { body, to: 'BE-CPO' })
  await command(emsp, 'RESERVE_NOW', { body, to: 'BE-TWO' })
  const cancel = { body: commandOf(emsp, 'CANCEL_RESERVATION', 'moved') }
  const first = await command(emsp, 'CANCEL_RESERVATION', cancel)
  assert.is(first.headers['ocpi-from-party-id'], 'CPO', first.text)
  other.answer = () => undefined
  await command(emsp, 'RESERVE_NOW', { body, to: 'BE-TWO' })
  const second = await command(emsp, 'CANCEL_RESERVATION', cancel)
  assert.is(second.headers['ocpi-from-party-id'], 'TWO')
})

/** Whom the routing headers name, and the correlation id. */
function legOf(headers: Readonly<Record<string, unknown>> = {}) {
  const party = (side: string) =>
    `${String(headers[`ocpi-${side}-country-code`])}-${String(headers[`ocpi-${side}-party-id`])}`
  return { from: party('from'), to: party('to'), correlation: headers['x-correlation-id'] }
}

function idOf(minted: string): string {
  return minted.slice(minted.lastIndexOf('/') + 1)
}

/** As if the command had been sent that much earlier. */
async function age(minted: string, by: string): Promise<void> {
  await hub.context.db.rows(sql`
    update callbacks set created_at = created_at - ${by}::interval, expires_at = expires_at - ${by}::interval
    where id = ${idOf(minted)}`)
}

test.run()
