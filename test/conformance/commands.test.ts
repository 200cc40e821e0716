// Commands and charging profiles, and the results that come later (requirements 157 to 168).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at } from '../helpers/ask.ts'
import { command, commandOf, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import type { Got } from '../helpers/fake-partner-wire.ts'
import { startHub } from '../helpers/hub.ts'
import { fromNow, tokenOf } from '../helpers/objects.ts'
import { connectPairs, otherOf } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub({ peerDeadlineMs: 500 })
const pairs = await connectPairs(hub, {
  cpo: ['sender/sessions', 'receiver/commands', 'receiver/chargingprofiles'],
  emsp: ['receiver/sessions', 'sender/tokens', 'sender/commands', 'sender/chargingprofiles'],
})
const old = await hub.connect({
  parties: [{ party: 'BE-OLD', role: 'CPO' }],
  version: '2.1.1',
  modules: ['sender/locations', 'receiver/commands'],
})

const PROFILES = 'receiver/chargingprofiles'
const accepted = { result: 'ACCEPTED', timeout: 30 }
const charging_profile = {
  charging_rate_unit: 'W',
  charging_profile_period: [{ start_period: 0, limit: 11000.5 }],
}

const test = suite('commands')
test.before.each(() => {
  for (const { cpo, emsp } of pairs) {
    cpo.answer = ({ place }) => (place === PROFILES ? { data: accepted } : undefined)
    emsp.answer = () => undefined
    for (const partner of [cpo, emsp]) partner.forget()
  }
  old.forget()
})
test.after(() => hub.close())

/** The response_url in the query of what the receiver got. */
const mintedInQuery = (got: Got | undefined) =>
  new URLSearchParams(got?.rest.split('?')[1]).get('response_url') ?? ''

/** Whom routing headers name. */
function legOf(headers: Readonly<Record<string, unknown>> = {}): string {
  const party = (side: string) =>
    `${String(headers[`ocpi-${side}-country-code`])}-${String(headers[`ocpi-${side}-party-id`])}`
  return `${party('from')} ${party('to')}`
}

/** As if the request had been made that much earlier. */
async function age(minted: string, by: string): Promise<void> {
  await hub.context.db.rows(sql`
    update callbacks set created_at = created_at - ${by}::interval, expires_at = expires_at - ${by}::interval
    where id = ${minted.slice(minted.lastIndexOf('/') + 1)}`)
}

for (const pair of pairs) {
  const { version, cpo, emsp } = pair
  const to = cpo.party
  /** Sends a command and returns the URL for its result that the CPO got. */
  const commanded = async (name: string, url: string): Promise<string> => {
    const reply = await command(emsp, name, { body: commandOf(emsp, name, url), to })
    assert.is(reply.code, 1000, reply.text)
    return mintedIn(cpo.received('receiver/commands').at(-1))
  }

  test(requirement(157, version), async () => {
    const long = resultUrl(emsp, '').padEnd(255, 'x')
    const name = long.slice(resultUrl(emsp, '').length)
    const minted = [await commanded('START_SESSION', name)]
    const query = { duration: '900', response_url: long }
    for (const [method, options] of [
      ['GET', { query }],
      ['DELETE', { query: { response_url: long } }],
      ['PUT', { body: { charging_profile, response_url: long } }],
    ] as const) {
      const reply = await emsp.send(method, `${PROFILES}/S1`, { ...options, to })
      assert.is(reply.code, 1000, reply.text)
      const [got] = cpo.received(PROFILES, method)
      assert.not(`${got?.rest}${got?.body}`.includes(emsp.url), 'the eMSP’s own URL')
      minted.push(method === 'PUT' ? mintedIn(got) : mintedInQuery(got))
    }
    for (const url of minted) {
      assert.ok(url.startsWith(`${hub.url}/ocpi/`), url)
      assert.ok(url.length <= 255)
    }
    assert.is(new Set(minted).size, minted.length, 'each of its own')
  })

  test(requirement(158, version), async () => {
    const exact = 'r-158?x=1&y=%2F%2f&z=a+b&empty='
    const minted = await commanded('STOP_SESSION', exact)
    assert.is((await cpo.send('POST', minted, { body: { result: 'ACCEPTED' } })).code, 1000)
    const [result] = resultsAt(emsp, exact)
    assert.equal(result?.json, { result: 'ACCEPTED' })
    const shown = Buffer.from(emsp.expects).toString('base64')
    assert.is(result?.headers.authorization, `Token ${shown}`)
    assert.equal(otherOf(pairs, pair).emsp.got, [])
  })

  test(requirement(159, version), async () => {
    const minted = await commanded('STOP_SESSION', 'r-159')
    const headers = { 'X-Request-ID': 'result-1', 'X-Correlation-ID': 'story-1' }
    await cpo.send('POST', minted, { body: { result: 'ACCEPTED' }, headers })
    const [result] = resultsAt(emsp, 'r-159')
    assert.is(legOf(result?.headers), `${cpo.party} ${emsp.party}`)
    assert.match(String(result?.headers['x-request-id']), /^[0-9a-f-]{36}$/)
    assert.is(result?.headers['x-correlation-id'], 'story-1')
  })

  test(requirement(160, version), async () => {
    const minted = await commanded('RESERVE_NOW', 'r-160')
    const say = (result: string) => cpo.send('POST', minted, { body: { result } })
    assert.is((await say('ACCEPTED')).code, 1000)
    // Until the reservation ends: it is for three days.
    await age(minted, '70 hours')
    assert.is((await say('CANCELED_RESERVATION')).code, 1000)
    assert.equal(
      resultsAt(emsp, 'r-160').map(({ json }) => at(json, 'result')),
      ['ACCEPTED', 'CANCELED_RESERVATION'],
    )
  })

  test(requirement(161, version), async () => {
    const of = (receiver: string) =>
      command(emsp, 'UNLOCK_CONNECTOR', {
        body: commandOf(emsp, 'UNLOCK_CONNECTOR', 'r-161'),
        ...(receiver === '' ? {} : { to: receiver }),
      })
    const answers = [await of(cpo.party), await of(old.party), await of('')]
    for (const { data, text } of answers) {
      assert.type(at(data, 'result'), 'string', text)
      assert.ok(Number.isInteger(at(data, 'timeout')), text)
    }
    assert.equal(answers[0]?.data, accepted)
    assert.is(old.received('receiver/commands').length, 1)
  })

  test(requirement(162, version), async () => {
    const minted = await commanded('STOP_SESSION', 'r-162')
    const say = () => cpo.send('POST', minted, { body: { result: 'TIMEOUT' } })
    // It was answered with a timeout of 30 seconds.
    await age(minted, '30 seconds')
    assert.is((await say()).code, 1000)
    await age(minted, '23 hours')
    assert.is((await say()).code, 1000, 'late, but not too late')
    assert.is(resultsAt(emsp, 'r-162').length, 2)
  })

  test(requirement(163, version), async () => {
    const minted = await commanded('STOP_SESSION', 'r-163')
    const other = otherOf(pairs, pair)
    const body = { result: 'REJECTED' }
    for (const intruder of [other.cpo, other.emsp, old, emsp]) {
      const reply = await intruder.send('POST', minted, { body })
      assert.equal([reply.status, reply.data], [404, undefined], intruder.party)
      assert.ok(reply.code >= 2000)
    }
    assert.equal(resultsAt(emsp, 'r-163'), [])
    assert.is((await cpo.send('POST', minted, { body })).code, 1000)
  })

  test(requirement(164, version), async () => {
    const data = { result: 'REJECTED', timeout: 0, message: [{ language: 'en', text: 'where?' }] }
    cpo.answer = () => ({ code: 2003, message: 'unknown location', data })
    const body = commandOf(emsp, 'UNLOCK_CONNECTOR', 'r-164')
    const relayed = await command(emsp, 'UNLOCK_CONNECTOR', { body, to })
    assert.equal([relayed.status, relayed.code], [200, 2003])
    assert.is(relayed.message, 'unknown location')
    assert.equal(relayed.data, data)
    const nowhere = await command(emsp, 'UNLOCK_CONNECTOR', { body })
    assert.equal([nowhere.status, nowhere.code], [200, 2003], 'the hub itself does not know it')
    assert.is(at(nowhere.data, 'result'), 'REJECTED')
  })

  test(requirement(165, version), async () => {
    for (const name of ['START_SESSION', 'RESERVE_NOW']) {
      const body = { ...commandOf(emsp, name, 'r-165'), token: tokenOf('FR-EMB', 'CARD1') }
      const reply = await command(emsp, name, { body, to })
      assert.equal([reply.status, reply.code], [200, 2001], reply.text)
      assert.match(reply.message, '/token/')
    }
    assert.equal(cpo.got, [])
    await commanded('START_SESSION', 'r-165')
  })

  test(requirement(166, version), async () => {
    const response_url = resultUrl(emsp, 'active?for=S1&x=%26')
    await emsp.send('GET', `${PROFILES}/S1`, { query: { duration: '900', response_url }, to })
    await emsp.send('DELETE', `${PROFILES}/S1`, { query: { response_url }, to })
    const [get, clear] = cpo.received(PROFILES)
    const names = (got: Got | undefined) => [...new URLSearchParams(got?.rest.split('?')[1]).keys()]
    assert.equal([names(get), names(clear)], [['duration', 'response_url'], ['response_url']])
    assert.equal([get?.body, clear?.body], ['', ''])
    assert.is(new URLSearchParams(get?.rest.split('?')[1]).get('duration'), '900')
    cpo.forget()
    for (const [method, query, missing] of [
      ['GET', { response_url }, 'duration'],
      ['GET', { duration: '900' }, 'response_url'],
      ['DELETE', {}, 'response_url'],
    ] as const) {
      const reply = await emsp.send(method, `${PROFILES}/S1`, { query, to })
      assert.equal([reply.status, reply.code], [200, 2001])
      assert.match(reply.message, missing)
    }
    assert.equal(cpo.got, [])
  })

  test(requirement(167, version), async () => {
    const response_url = resultUrl(emsp, 'r-167')
    emsp.answer = ({ place }) => (place === 'cb' ? { data: { more: 'than needed' } } : undefined)
    await emsp.send('GET', `${PROFILES}/S1`, { query: { duration: '900', response_url }, to })
    const active = { start_date_time: fromNow(0), charging_profile }
    const result = { result: 'ACCEPTED', profile: active }
    const minted = mintedInQuery(cpo.received(PROFILES)[0])
    const posted = await cpo.send('POST', minted, { body: result })
    const path = 'sender/chargingprofiles/S1'
    const updated = await cpo.send('PUT', path, { body: active, to: emsp.party })
    for (const { status, code, json, text } of [posted, updated]) {
      assert.equal([status, code], [200, 1000], text)
      assert.not('data' in Object(json), text)
    }
    assert.equal(resultsAt(emsp, 'r-167')[0]?.json, result)
  })

  test(requirement(168, version), async () => {
    const body = { start_date_time: fromNow(0), charging_profile }
    const path = 'sender/chargingprofiles/S-168'
    for (const { emsp: addressed } of pairs) {
      const reply = await cpo.send('PUT', path, { body, to: addressed.party })
      assert.is(reply.code, 1000, reply.text)
      assert.equal(
        addressed.got.map(({ method, place, rest, json }) => [method, place, rest, json]),
        [['PUT', 'sender/chargingprofiles', '/S-168', body]],
      )
      assert.is(legOf(addressed.got[0]?.headers), `${cpo.party} ${addressed.party}`)
    }
  })
}

test.run()
