// Commands and their response_urls as a weapon: T22, T23, T24 and T37.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { createSecrets } from '../../src/directory/secrets.ts'
import { rekeyCallbacks } from '../../src/hub/commands/callbacks.ts'
import { command, commandOf, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { startServer } from '../helpers/http-server.ts'
import { until } from '../helpers/processes.ts'

const hub = await startHub({ peerDeadlineMs: 500 })
const operator = ['sender/locations', 'receiver/commands', 'receiver/chargingprofiles']
const provider = ['receiver/locations', 'sender/tokens']
const cpo = await hub.connect({ parties: [{ party: 'BE-CPO', role: 'CPO' }], modules: operator })
const rival = await hub.connect({ parties: [{ party: 'BE-RIV', role: 'CPO' }], modules: operator })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }], modules: provider })
const other = await hub.connect({ parties: [{ party: 'FR-EMB', role: 'EMSP' }], modules: provider })
const all = [cpo, rival, emsp, other]

const test = suite('attacks on callbacks')
test.before.each(() => {
  for (const partner of all) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

const ACCEPTED = { result: 'ACCEPTED' }

/** Sends a command and returns the URL that its receiver got. */
async function mint(name: string, sender: FakePartner = emsp): Promise<string> {
  const body = { ...commandOf(sender, 'STOP_SESSION', name), session_id: 'S1' }
  const reply = await command(sender, 'STOP_SESSION', { body, to: 'BE-CPO' })
  assert.is(reply.code, 1000, reply.text)
  return mintedIn(cpo.received('receiver/commands').at(-1))
}

test('T22: a response_url on another host than the sender’s reaches nobody, in the body and in the query', async () => {
  await using bait = await startServer((_, response) => response.end())
  for (const url of [`${bait.url}/cb`, resultUrl(other, 'x'), resultUrl(cpo, 'x'), hub.url]) {
    const body = { ...commandOf(emsp, 'STOP_SESSION', 'x'), response_url: url }
    const reply = await command(emsp, 'STOP_SESSION', { body, to: 'BE-CPO' })
    assert.equal([reply.status, reply.code], [200, 2001], url)
    assert.match(reply.message, '/response_url')
    const query = { duration: '60', response_url: url }
    const asked = await emsp.send('GET', 'receiver/chargingprofiles/S1', { query, to: 'BE-CPO' })
    assert.equal([asked.status, asked.code], [200, 2001], url)
    assert.match(asked.message, 'query:response_url')
  }
  assert.equal(cpo.got, [])
  const rows = await hub.context.db.rows(sql`select 1 from callbacks where requester = 'DE-EMA'`)
  assert.equal(rows, [])
})

test('T22: a second response_url in the same body reaches nobody', async () => {
  const own = JSON.stringify(resultUrl(emsp, 'x'))
  const raw = `{"response_url":"http://127.0.0.1:1/","session_id":"S","response_url":${own}}`
  const reply = await command(emsp, 'STOP_SESSION', { raw, to: 'BE-CPO' })
  assert.is(reply.code, 2001)
  assert.equal(cpo.got, [])
})

test('T23, T24: a guessed id, another platform, and an expired one are answered alike', async () => {
  const minted = await mint('guess')
  const guessed = `${hub.url}/ocpi/callbacks/${'A'.repeat(43)}`
  const absent = await cpo.send('POST', guessed, { body: ACCEPTED })
  assert.is(absent.status, 404)
  for (const stranger of [rival, emsp, other]) {
    const reply = await stranger.send('POST', minted, { body: ACCEPTED })
    assert.equal(
      [reply.status, reply.code, reply.message, reply.data],
      [404, absent.code, absent.message, undefined],
    )
    // Not even a broken body tells them apart.
    assert.is((await stranger.send('POST', minted, { raw: '{' })).status, 404)
  }
  await hub.context.db.rows(sql`update callbacks set expires_at = clock_timestamp()`)
  const late = await cpo.send('POST', minted, { body: ACCEPTED })
  assert.equal([late.status, late.message], [404, absent.message])
  assert.equal(resultsAt(emsp, 'guess'), [])
})

test('T23: ids hold 256 bits and no two are alike', async () => {
  const ids = [await mint('a'), await mint('b')].map((url) => url.split('/').at(-1) ?? '')
  for (const id of ids) assert.match(id, /^([0-9a-f]{64}|[A-Za-z0-9_-]{43})$/)
  assert.is.not(ids[0], ids[1])
})

test('nobody without a token, with a wrong one or with an invitation gets anywhere', async () => {
  const minted = await mint('token')
  const invited = await hub.invite({ parties: [{ party: 'BE-INV', role: 'CPO' }] })
  for (const headers of [{ authorization: '' }, { authorization: 'Token d3Jvbmc=' }]) {
    const reply = await cpo.send('POST', minted, { body: ACCEPTED, headers })
    assert.is(reply.status, 401)
  }
  assert.is((await invited.send('POST', minted, { body: ACCEPTED })).status, 401)
  assert.equal(resultsAt(emsp, 'token'), [])
})

test('a receiver cannot make the hub post elsewhere: what follows the id is no part of any URL', async () => {
  const minted = await mint('path')
  for (const url of [`${minted}/more`, `${minted}/../x`, `${minted}%2Fmore`, minted.toUpperCase()])
    assert.is((await cpo.send('POST', url, { body: ACCEPTED })).status, 404, url)
  const query = await cpo.send('POST', `${minted}?to=http://127.0.0.1:1`, { body: ACCEPTED })
  assert.is(query.code, 1000)
  assert.is(resultsAt(emsp, 'path').length, 1)
})

test('a redirect of the requester is not followed', async () => {
  await using bait = await startServer((_, response) => response.end())
  const minted = await mint('moved')
  emsp.answer = () => ({ status: 307, headers: { location: `${bait.url}/steal` } })
  const reply = await cpo.send('POST', minted, { body: ACCEPTED })
  assert.equal([reply.status, reply.code], [200, 4000])
})

test('the requester’s URL is shown to nobody: not in answers, the message log, or the clear in the table', async () => {
  const minted = await mint('secret-of-ema')
  assert.not.match(cpo.received('receiver/commands').at(-1)?.body ?? '', 'secret-of-ema')
  emsp.answer = () => 'drop'
  const reply = await cpo.send('POST', minted, { body: ACCEPTED })
  assert.is(reply.code, 4003)
  assert.not.match(reply.text, 'secret-of-ema')
  const read = async () => (await hub.admin('GET', '/messages')).text
  // The log is written behind the answer.
  const isWritten = async () => (await read()).includes('(response_url)')
  await until(isWritten, { what: 'the result in the log' })
  const log = await read()
  assert.not.match(log, 'secret-of-ema')
  const rows = await hub.context.db.rows(sql`select encode(url_sealed, 'escape') from callbacks`)
  assert.not.match(JSON.stringify(rows), 'secret-of-ema')
})

test('a row that was moved to another id opens nothing', async () => {
  const [first, second] = [await mint('one'), await mint('two', other)].map(
    (url) => url.split('/').at(-1) ?? '',
  )
  await hub.context.db.rows(sql`
    update callbacks set url_sealed = (select url_sealed from callbacks where id = ${first ?? ''})
    where id = ${second ?? ''}`)
  const reply = await cpo.send('POST', `${hub.url}/ocpi/callbacks/${second ?? ''}`, {
    body: ACCEPTED,
  })
  assert.is.not(reply.code, 1000)
  assert.equal([...resultsAt(emsp, 'one'), ...resultsAt(other, 'two')], [])
})

test('URLs move to a new key while keys rotate, and open under no other', async () => {
  const minted = await mint('rotated')
  const send = () => cpo.send('POST', minted, { body: ACCEPTED })
  const [old = Buffer.alloc(0)] = hub.context.config.secretsKeys
  const next = Buffer.alloc(32, 9)
  const rekey = (keys: Buffer[]) =>
    hub.context.db.transaction((tx) => rekeyCallbacks(tx, { secrets: createSecrets(keys) }))
  assert.ok((await rekey([next, old])) > 0)
  assert.is(await rekey([next, old]), 0)
  assert.is((await send()).status, 404)
  await rekey([old, next])
  assert.is((await send()).code, 1000)
})

test('T37: a flood of commands at one EVSE is 429, other EVSEs and other senders go on', async () => {
  const start = (sender: FakePartner, evse: string) =>
    command(sender, 'START_SESSION', {
      body: { ...commandOf(sender, 'START_SESSION', 'flood'), evse_uid: evse },
      to: 'BE-CPO',
    })
  const statuses: number[] = []
  for (let sent = 0; sent <= limits.commandsPerEvsePerMinuteMax; sent += 1)
    statuses.push((await start(emsp, 'FLOODED')).status)
  // The minute may have turned meanwhile.
  for (
    let sent = 0;
    statuses.at(-1) !== 429 && sent < limits.commandsPerEvsePerMinuteMax;
    sent += 1
  )
    statuses.push((await start(emsp, 'FLOODED')).status)
  assert.is(statuses.at(-1), 429)
  assert.is((await start(emsp, 'CALM')).code, 1000)
  assert.is((await start(other, 'FLOODED')).code, 1000)
})

test('a flood of results for one command is 429', async () => {
  const minted = await mint('results')
  const statuses: number[] = []
  for (
    let sent = 0;
    statuses.at(-1) !== 429 && sent <= 2 * limits.resultsPerCallbackPerMinuteMax;
    sent += 1
  )
    statuses.push((await cpo.send('POST', minted, { body: ACCEPTED })).status)
  assert.is(statuses.at(-1), 429)
  assert.ok(statuses.length > limits.resultsPerCallbackPerMinuteMax)
})

test.run()
