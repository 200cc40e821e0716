// What may stand in a CDR: credits, lengths, periods, signatures, amounts (requirements 150 to 155).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, fromNow, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { connectPairs, otherOf } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const pairs = await connectPairs(hub)

const test = suite('content of cdrs')
test.before.each(async () => {
  await hub.drain()
  for (const { emsp } of pairs) emsp.forget()
})
test.after(() => hub.close())

for (const pair of pairs) {
  const { version, cpo, emsp, seen } = pair
  const owner = cpo.party
  const post = (body: Json) => cpo.send('POST', 'receiver/cdrs', { body: seen(body) })
  const shown = async (id: string) =>
    (await hub.admin('GET', `/cdrs/${owner.replace('-', '/')}/${id}`)).json
  const stateOf = async (id: string) => at(await shown(id), 'state')

  /** A CDR whose session and token are known, so that it clears. Each has a card of its own. */
  const ready = async (id: string, more: Json = {}): Promise<Json> => {
    const charge = { owner, payer: emsp.party, id: `S-${id}`, uid: `CARD-${id}` }
    await put(emsp, 'tokens', tokenOf(emsp.party, charge.uid))
    await put(cpo, 'sessions', seen(sessionOf(charge)))
    return cdrOf({ ...charge, id }, more)
  }

  test(requirement(150, version), async () => {
    const cdr = await ready('C150')
    await post(cdr)
    await hub.drain()
    emsp.forget()
    const own = creditOf(cdr, 'C150')
    assert.is((await post(own)).code, 2001, 'a credit has an id of its own')
    const credit = creditOf(cdr, 'C150-credit')
    assert.is((await post(credit)).code, 1000)
    await hub.drain()
    assert.equal([await stateOf('C150'), await stateOf('C150-credit')], ['credited', 'credited'])
    assert.equal(
      emsp.received('receiver/cdrs', 'POST').map(({ json }) => json),
      [seen(credit)],
    )
  })

  test(requirement(150, `${version}, a credit that names no original is kept back`), async () => {
    const cdr = await ready('C150B')
    await post(cdr)
    await hub.drain()
    emsp.forget()
    const { credit_reference_id: _reference, ...credit } = creditOf(cdr, 'C150B-credit')
    assert.is((await post(credit)).code, 1000)
    await hub.drain()
    const json = await shown('C150B-credit')
    assert.is(at(json, 'state'), 'quarantined')
    assert.ok(items(at(json, 'findings')).some((finding) => at(finding, 'code') === 'C1'))
    assert.is(await stateOf('C150B'), 'provisional')
    assert.equal(emsp.got, [])
  })

  test(requirement(151, `${version}, as decided otherwise`), async () => {
    const of = (length: number) => `C151${version}`.padEnd(length, 'x')
    for (const [length, isReported] of [
      [36, false],
      [37, true],
      [45, true],
    ] as const) {
      const reply = await post(await ready(of(length)))
      assert.is(reply.code, 1000, reply.text)
      assert.is(reply.message.includes('/id'), isReported, `${length}: ${reply.message}`)
      const kept = await cpo.send('GET', String(reply.headers.location))
      assert.is(at(kept.data, 'id'), of(length))
    }
    await hub.drain()
    const original = await ready(`C151-${version}`)
    await post(original)
    await hub.drain()
    const credit = await post(creditOf(original, of(39)))
    assert.is(credit.code, 1000)
    assert.not.match(credit.message, '/id')
    const alerts = await hub.admin('GET', '/alerts?state=open&code=object_fault')
    assert.match(alerts.text, `${owner}/cdrs/id`)
  })

  test(requirement(152, `${version}, as decided otherwise`), async () => {
    const start_date_time = fromNow(-7_200_000)
    const dimension = (type: string, volume: number) => ({ type, volume })
    const energy = [dimension('ENERGY', 10), dimension('TIME', 1)]
    for (const [id, charging_periods, pointer] of [
      ['C152A', [], '/charging_periods'],
      ['C152B', [{ start_date_time, dimensions: [] }], '/charging_periods/0/dimensions'],
      ...['CURRENT', 'ENERGY_EXPORT', 'ENERGY_IMPORT', 'POWER', 'STATE_OF_CHARGE'].map(
        (type) =>
          [
            `C152-${type}`,
            [{ start_date_time, tariff_id: 'T1', dimensions: [...energy, dimension(type, 1)] }],
            '/charging_periods/0/dimensions/2/type',
          ] as const,
      ),
    ] as const) {
      const reply = await post(await ready(id, { charging_periods }))
      assert.equal([reply.status, reply.code], [201, 1000], reply.text)
      assert.ok(reply.message.includes(`${pointer} `), `${id}: ${reply.message}`)
      const kept = await cpo.send('GET', String(reply.headers.location))
      assert.equal(at(kept.data, 'charging_periods'), charging_periods)
    }
    await hub.drain()
    // Without periods there is nothing to price it by; a dimension of sessions changes no price.
    const codes = items(at(await shown('C152A'), 'findings')).map((each) => at(each, 'code'))
    assert.ok(codes.length > 0)
    assert.is(await stateOf('C152-POWER'), 'provisional')
    const alerts = await hub.admin('GET', '/alerts?state=open&code=object_fault&limit=500')
    for (const place of ['', '/*/dimensions', '/*/dimensions/*/type'])
      assert.ok(
        items(at(alerts.json, 'items')).some(
          (alert) => at(alert, 'subject') === `${owner}/cdrs/charging_periods${place}`,
        ),
        place,
      )
  })

  test(requirement(153, version), async () => {
    const signed_data = {
      encoding_method: 'OCMF',
      signed_values: [{ nature: 'Start', plain_data: 'é\u2028"', signed_data: 'A'.repeat(5_000) }],
    }
    const cdr = JSON.stringify(seen(await ready('C153', { signed_data })))
    // The same JSON value in other bytes: none of them may be tidied up.
    const raw = cdr.replace('"OCMF"', ' "OC\\u004dF" ').replace('é', '\\u00E9')
    assert.is.not(raw, cdr)
    const reply = await cpo.send('POST', 'receiver/cdrs', { raw })
    assert.is(reply.code, 1000, reply.text)
    assert.not.match(reply.message, '/signed_data')
    await hub.drain()
    assert.ok(emsp.received('receiver/cdrs', 'POST')[0]?.body === raw)
    assert.ok((await emsp.send('GET', String(reply.headers.location))).text.includes(raw))
  })

  test(requirement(154, version), async () => {
    const raw = JSON.stringify(seen(await ready('C154')))
      .replace(/"(excl_vat|before_taxes)":3,/g, '"$1":3.000000000000000000001,')
      .replaceAll('"total_time":1', '"total_time": 1.0e0')
      .replaceAll('"price":0.3,', '"price":0.30,')
    assert.is((await cpo.send('POST', 'receiver/cdrs', { raw })).code, 1000)
    await hub.drain()
    assert.ok(emsp.received('receiver/cdrs', 'POST')[0]?.body === raw)
  })

  test(requirement(154, `${version}, also to the other version`), async () => {
    const price = '0.300000000000000000001'
    const raw = JSON.stringify(seen(tariffOf(owner, `T154-${version}`))).replace(
      '"price":0.3,',
      `"price":${price},`,
    )
    const path = `receiver/tariffs/${owner.replace('-', '/')}/T154-${version}`
    assert.is((await cpo.send('PUT', path, { raw })).code, 1000)
    await hub.drain()
    for (const each of [emsp, otherOf(pairs, pair).emsp]) {
      const body = each.received('receiver/tariffs', 'PUT').at(-1)?.body ?? ''
      assert.ok(body.includes(`"price":${price},`), body)
    }
  })

  test(requirement(155, version), async () => {
    const cdr = await ready('C155', { home_charging_compensation: true })
    const cdr_location = { ...Object(cdr['cdr_location']), id: 'HOME', evse_uid: 'HOME' }
    assert.is((await post({ ...cdr, cdr_location })).code, 1000)
    await hub.drain()
    assert.is(await stateOf('C155'), 'provisional')
    assert.is(at(emsp.received('receiver/cdrs')[0]?.json, 'cdr_location', 'id'), 'HOME')
  })
}

test.run()
