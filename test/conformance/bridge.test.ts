// Partners of 2.1.1 and later ones meet at the hub (requirements 179 to 181, 187).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at } from '../helpers/ask.ts'
import { command, commandOf, mintedIn, resultsAt, resultUrl } from '../helpers/command-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import {
  cdr211,
  location211,
  secondsFromNow,
  session211,
  token211,
} from '../helpers/objects-211.ts'
import { cdrOf, fromNow, locationOf, pathOf, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { assertValid } from '../helpers/valid.ts'
import { connectPairs } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const operator = ['sender/locations', 'sender/sessions', 'sender/cdrs', 'receiver/commands']
const provider = ['locations', 'tariffs', 'sessions', 'cdrs'].map((name) => `receiver/${name}`)
const hub = await startHub()
const pairs = await connectPairs(hub, { cpo: operator, emsp: [...provider, 'sender/tokens'] })
const oldCpo = await hub.connect({
  parties: [{ party: 'NL-OLD', role: 'CPO' }],
  version: '2.1.1',
  modules: operator,
})
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
  modules: [...provider, 'sender/tokens'],
})
const contract = 'CONTRACT-K1'
await oldEmsp.send('PUT', 'receiver/tokens/FR/OLE/K1', { body: token211('K1') })
for (const { emsp } of pairs) await put(emsp, 'tokens', tokenOf(emsp.party, 'K1'))

const test = suite('2.1.1 among others')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [oldCpo, oldEmsp, ...pairs.flatMap(({ cpo, emsp }) => [cpo, emsp])]) {
    partner.answer = () => undefined
    partner.forget()
  }
})
test.after(() => hub.close())

/** Members that must not be there. */
function assertWithout(value: unknown, names: readonly string[]): void {
  for (const name of names) assert.is(at(value, name), undefined, name)
}
const last = (partner: FakePartner, module: string, method = 'PUT') =>
  partner.received(`receiver/${module}`, method).at(-1)?.json
const mix = (name: 'source' | 'category') => ({
  is_green_energy: true,
  environ_impact: [{ [name]: 'CARBON_DIOXIDE', amount: 12.5 }],
})
const connectorIn = (location: unknown) => at(location, 'evses', 0, 'connectors', 0)
const sendOld = (method: string, path: string, body: Json) =>
  oldCpo.send(method, `receiver/${path}`, { body })

for (const { version, cpo, emsp, seen } of pairs) {
  test(requirement(179, `2.1.1 to ${version}`), async () => {
    const id = `L179-${version}`
    const energy_mix = mix('source')
    await sendOld('PUT', `locations/NL/OLD/${id}`, location211(id, { energy_mix }))
    await hub.drain()
    const renamed = () => {
      const got = last(emsp, 'locations')
      assertValid('locations', version, got)
      assertWithout(got, ['type'])
      assertWithout(connectorIn(got), ['voltage', 'amperage', 'tariff_id'])
      const connector = connectorIn(got)
      return [
        at(got, 'parking_type'),
        ...['max_voltage', 'max_amperage', 'tariff_ids'].map((name) => at(connector, name)),
        at(got, 'energy_mix', 'environ_impact', 0),
      ]
    }
    const impact = (amount: number) => ({ category: 'CARBON_DIOXIDE', amount })
    assert.equal(renamed(), ['ON_STREET', 230, 32, ['T1'], impact(12.5)])
    await sendOld('PATCH', `locations/NL/OLD/${id}`, {
      type: 'PARKING_LOT',
      energy_mix: {
        is_green_energy: true,
        environ_impact: [{ source: 'CARBON_DIOXIDE', amount: 1 }],
      },
      last_updated: secondsFromNow(-60_000),
    })
    const change = { voltage: 400, amperage: 16, tariff_id: 'T2' }
    const last_updated = secondsFromNow(-1_000)
    await sendOld('PATCH', `locations/NL/OLD/${id}/E1/1`, { ...change, last_updated })
    await hub.drain()
    assert.equal(renamed(), ['PARKING_LOT', 400, 16, ['T2'], impact(1)])
  })

  test(requirement(179, `${version} to 2.1.1`), async () => {
    const id = `M179-${version}`
    const more = { parking_type: 'ON_STREET', postal_code: '3511', energy_mix: mix('category') }
    const sent = await put(cpo, 'locations', locationOf(cpo.party, id, more), { to: oldEmsp.party })
    assert.is(sent.code, 1000, sent.text)
    const got = last(oldEmsp, 'locations')
    assertValid('locations', '2.1.1', got)
    assertWithout(got, ['parking_type', 'country_code', 'party_id', 'publish'])
    assert.equal(
      [
        at(got, 'type'),
        at(connectorIn(got), 'voltage'),
        at(connectorIn(got), 'amperage'),
        at(connectorIn(got), 'tariff_id'),
        at(got, 'energy_mix', 'environ_impact', 0),
      ],
      ['ON_STREET', 230, 32, 'T1', { source: 'CARBON_DIOXIDE', amount: 12.5 }],
    )
    const patch = async (below: string, body: Json) => {
      const path = `receiver/locations/${pathOf(cpo.party, id)}${below}`
      const whole = { ...body, last_updated: fromNow(0) }
      const reply = await cpo.send('PATCH', path, { body: whole, to: oldEmsp.party })
      assert.is(reply.code, 1000, reply.text)
      const { last_updated: _time, ...rest } = Object(last(oldEmsp, 'locations', 'PATCH'))
      return rest
    }
    const connector = { max_voltage: 400, max_amperage: 16, tariff_ids: ['T2'] }
    assert.equal(await patch('/E1/1', connector), { voltage: 400, amperage: 16, tariff_id: 'T2' })
    const place = { parking_type: 'PARKING_LOT', energy_mix: mix('category') }
    assert.equal(await patch('', place), { type: 'PARKING_LOT', energy_mix: mix('source') })
  })

  test(requirement(180, `2.1.1 to ${version}`), async () => {
    const id = `S180-${version}`
    const card = `${emsp.party}-CK1`
    const active = { end_datetime: null, status: 'ACTIVE' }
    const session = session211({ id, contract: card }, active)
    const reply = await sendOld('PUT', `sessions/NL/OLD/${id}`, session)
    assert.is(reply.code, 1000, reply.text)
    const got = last(emsp, 'sessions')
    assertValid('sessions', version, got)
    assertWithout(got, ['start_datetime', 'end_datetime', 'auth_id', 'location'])
    assert.is(at(got, 'start_date_time'), session['start_datetime'])
    assert.equal(
      [at(got, 'location_id'), at(got, 'evse_uid'), at(got, 'connector_id')],
      ['L1', 'E1', '1'],
    )
    assert.equal([at(got, 'cdr_token', 'contract_id'), at(got, 'cdr_token', 'uid')], [card, 'K1'])
    const end = secondsFromNow(-60_000)
    const change = { end_datetime: end, kwh: 11, status: 'COMPLETED', last_updated: end }
    const patched = await sendOld('PATCH', `sessions/NL/OLD/${id}`, change)
    assert.is(patched.code, 1000, patched.text)
    const partial = last(emsp, 'sessions', 'PATCH')
    assert.equal([at(partial, 'end_date_time'), at(partial, 'kwh')], [end, 11])
    assertWithout(partial, ['end_datetime'])

    const cdr = cdr211({ id: `C180-${version}`, contract: card })
    await sendOld('POST', 'cdrs', cdr)
    await hub.drain()
    const billed = last(emsp, 'cdrs', 'POST')
    assertValid('cdrs', version, billed)
    assertWithout(billed, ['stop_date_time', 'auth_id', 'location'])
    assert.is(at(billed, 'end_date_time'), cdr['stop_date_time'])
    assert.is(at(billed, 'cdr_token', 'contract_id'), card)
    assert.equal(
      ['id', 'evse_uid', 'connector_id', 'city'].map((name) => at(billed, 'cdr_location', name)),
      ['L1', 'E1', '1', 'Utrecht'],
    )
  })

  test(requirement(180, `${version} to 2.1.1`), async () => {
    await put(cpo, 'locations', locationOf(cpo.party, 'L1'))
    const id = `S180-${version}`
    const charge = { owner: cpo.party, payer: oldEmsp.party, id, uid: 'K1', evse: 'E1' }
    const whole = sessionOf(charge)
    const cdr_token = { ...Object(whole['cdr_token']), contract_id: contract }
    const reply = await put(cpo, 'sessions', seen({ ...whole, cdr_token }))
    assert.is(reply.code, 1000, reply.text)
    const got = last(oldEmsp, 'sessions')
    assertValid('sessions', '2.1.1', got)
    assertWithout(got, ['start_date_time', 'end_date_time', 'cdr_token', 'location_id'])
    const whenOf = (time: unknown) => new Date(String(time)).getTime()
    const seconds = (time: unknown) => Math.floor(whenOf(time) / 1_000) * 1_000
    assert.is(whenOf(at(got, 'start_datetime')), seconds(whole['start_date_time']))
    assert.is(whenOf(at(got, 'end_datetime')), seconds(whole['end_date_time']))
    assert.is(at(got, 'auth_id'), contract)
    assert.equal(
      [at(got, 'location', 'city'), at(got, 'location', 'evses', 0, 'uid')],
      ['Utrecht', 'E1'],
    )
    const body = { end_date_time: fromNow(-60_000), last_updated: fromNow(0) }
    const path = `receiver/sessions/${pathOf(cpo.party, id)}`
    assert.is((await cpo.send('PATCH', path, { body })).code, 1000)
    const partial = last(oldEmsp, 'sessions', 'PATCH')
    assert.is(whenOf(at(partial, 'end_datetime')), seconds(body.end_date_time))
    assertWithout(partial, ['end_date_time'])

    const cdr = cdrOf({ ...charge, id: `C180-${version}`, session: id }, { cdr_token })
    await cpo.send('POST', 'receiver/cdrs', { body: seen(cdr) })
    await hub.drain()
    const billed = last(oldEmsp, 'cdrs', 'POST')
    assertValid('cdrs', '2.1.1', billed)
    assertWithout(billed, ['end_date_time', 'cdr_token', 'cdr_location', 'session_id'])
    assert.is(whenOf(at(billed, 'stop_date_time')), seconds(cdr['end_date_time']))
    assert.equal([at(billed, 'auth_id'), at(billed, 'total_cost')], [contract, 3])
    assert.is(at(billed, 'location', 'evses', 0, 'connectors', 0, 'voltage'), 230)
  })

  test(requirement(181, `a CPO of 2.1.1 answers an eMSP of ${version}`), async () => {
    for (const [told, heard] of [
      ['ACCEPTED', 'ACCEPTED'],
      ['REJECTED', 'REJECTED'],
      ['NOT_SUPPORTED', 'NOT_SUPPORTED'],
      ['TIMEOUT', 'TIMEOUT'],
      ['UNKNOWN_SESSION', 'FAILED'],
    ] as const) {
      const body = commandOf(emsp, 'START_SESSION', told)
      await command(emsp, 'START_SESSION', { body, to: oldCpo.party })
      const minted = mintedIn(oldCpo.received('receiver/commands').at(-1))
      assert.is((await oldCpo.send('POST', minted, { body: { result: told } })).code, 1000)
      assert.is(at(resultsAt(emsp, told)[0]?.json, 'result'), heard)
    }
  })

  test(requirement(181, `a CPO of ${version} answers an eMSP of 2.1.1`), async () => {
    const location_id = `L181-${version}`
    await put(cpo, 'locations', locationOf(cpo.party, location_id))
    for (const [told, heard] of [
      ['ACCEPTED', 'ACCEPTED'],
      ['NOT_SUPPORTED', 'NOT_SUPPORTED'],
      ['REJECTED', 'REJECTED'],
      ['TIMEOUT', 'TIMEOUT'],
      ['CANCELED_RESERVATION', 'REJECTED'],
      ['EVSE_OCCUPIED', 'REJECTED'],
      ['EVSE_INOPERATIVE', 'REJECTED'],
      ['FAILED', 'REJECTED'],
      ['UNKNOWN_RESERVATION', 'REJECTED'],
    ] as const) {
      const name = `${version}-${told}`
      const response_url = resultUrl(oldEmsp, name)
      const body = { response_url, token: token211('K1'), location_id }
      await command(oldEmsp, 'START_SESSION', { body })
      const minted = mintedIn(cpo.received('receiver/commands').at(-1))
      const result = { result: told, message: [{ language: 'en', text: 'so it is' }] }
      assert.is((await cpo.send('POST', minted, { body: result })).code, 1000)
      assert.equal(resultsAt(oldEmsp, name)[0]?.json, { result: heard })
    }
  })

  test(requirement(187, version), async () => {
    const id = `S187-${version}`
    const session = session211({ id, contract: `${emsp.party}-CK1` }, { status: 'ACTIVE' })
    await sendOld('PUT', `sessions/NL/OLD/${id}`, session)
    const before = fromNow(-1_000)
    const patched = await sendOld('PATCH', `sessions/NL/OLD/${id}`, { kwh: 12 })
    assert.is(patched.code, 1000, patched.text)
    const partial = last(emsp, 'sessions', 'PATCH')
    assert.is(at(partial, 'kwh'), 12)
    assert.match(String(at(partial, 'last_updated')), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    assert.ok(String(at(partial, 'last_updated')) >= before.slice(0, 19))

    const place = `locations/NL/OLD/L187-${version}`
    await sendOld('PUT', place, location211(`L187-${version}`))
    await sendOld('PATCH', `${place}/E1`, { status: 'CHARGING' })
    await hub.drain()
    const got = last(emsp, 'locations')
    assert.is(at(got, 'evses', 0, 'status'), 'CHARGING')
    for (const changed of [got, at(got, 'evses', 0)])
      assert.ok(String(at(changed, 'last_updated')) >= before.slice(0, 19))
  })
}

test.run()
