// Money, tariffs and open enums between versions, and what one of them cannot say (requirements 182 to 186, 188).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { present } from '../../src/assert.ts'
import { at, items } from '../helpers/ask.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { token211 } from '../helpers/objects-211.ts'
import {
  cdrOf,
  creditOf,
  fromNow,
  locationOf,
  pathOf,
  put,
  sessionOf,
  tariffOf,
  tokenOf,
} from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { assertValid } from '../helpers/valid.ts'
import { connectPairs, inVersion } from '../helpers/version-pairs.ts'
import { requirement } from './requirements.ts'

const hub = await startHub()
const pairs = await connectPairs(hub)
const [older, newer] = [present(pairs[0], '2.2.1'), present(pairs[1], '2.3.0')]
const oldCpo = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
})
const contract = 'CONTRACT-K1'
await oldEmsp.send('PUT', 'receiver/tokens/FR/OLE/K1', { body: token211('K1') })

const test = suite('values between versions')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [oldCpo, oldEmsp, ...pairs.flatMap(({ cpo, emsp }) => [cpo, emsp])])
    partner.forget()
})
test.after(() => hub.close())

/** What a partner got of one object by push. */
const gotOf = (partner: FakePartner, module: string, id: string) =>
  partner
    .received(`receiver/${module}`)
    .map(({ json }) => json)
    .filter((json) => at(json, 'id') === id)
    .at(-1)

/** The same object in the list that a partner pulls. */
async function listedTo(partner: FakePartner, module: string, id: string): Promise<unknown> {
  const query = { limit: '500' }
  const { data } = await partner.send('GET', `sender/${module}`, { to: hub.party, query })
  return items(data).find((each) => at(each, 'id') === id)
}

/** Pushes an object of 2.3.0 to everyone and lets it arrive. */
async function tell(module: string, object: Json): Promise<void> {
  const reply = await put(newer.cpo, module, object)
  assert.is(reply.code, 1000, reply.text)
  await hub.drain()
}

const component = (more: Json = {}) => ({ type: 'ENERGY', price: 0.36, step_size: 1, ...more })
const tariff230 = (id: string, more: Json): Json => ({
  ...inVersion('2.3.0', tariffOf(newer.cpo.party, id)),
  ...more,
})
const priceIn = (tariff: unknown, name = 'price') =>
  at(tariff, 'elements', 0, 'price_components', 0, name)

test(requirement(182), async () => {
  const limits = { min_price: { excl_vat: 1, incl_vat: 1.2 }, max_price: { excl_vat: 10 } }
  const tariff = tariffOf(older.cpo.party, 'T182', limits)
  await put(older.cpo, 'tariffs', tariff)
  await hub.drain()
  const direct = tariffOf(older.cpo.party, 'T182D', limits)
  assert.is((await put(older.cpo, 'tariffs', direct, { to: newer.emsp.party })).code, 1000)
  for (const got of [
    gotOf(newer.emsp, 'tariffs', 'T182'),
    await listedTo(newer.emsp, 'tariffs', 'T182'),
    gotOf(newer.emsp, 'tariffs', 'T182D'),
  ]) {
    assertValid('tariffs', '2.3.0', got)
    assert.is(at(got, 'tax_included'), 'NO')
    assert.equal(at(got, 'min_price'), { before_taxes: 1, after_taxes: 1.2 })
    assert.equal(at(got, 'max_price'), { before_taxes: 10 })
    assert.equal(at(got, 'elements'), tariff['elements'])
  }
})

test(requirement(183), async () => {
  const { cpo } = newer
  const { emsp } = older
  await put(emsp, 'tokens', tokenOf(emsp.party, 'K1'))
  const charge = { owner: cpo.party, payer: emsp.party, id: 'S-C183', uid: 'K1' }
  const taxes = (...amounts: number[]) =>
    amounts.map((amount, index) => ({ name: `TAX${index}`, amount }))
  const total_cost = { before_taxes: 0.1, taxes: taxes(0.2, 0.03) }
  await put(cpo, 'sessions', { ...sessionOf(charge), total_cost })
  assert.equal(at(gotOf(emsp, 'sessions', 'S-C183'), 'total_cost'), {
    excl_vat: 0.1,
    incl_vat: 0.33,
  })
  const path = `receiver/sessions/${pathOf(cpo.party, 'S-C183')}`
  const body = { total_cost: { before_taxes: 3 }, last_updated: fromNow(0) }
  assert.is((await cpo.send('PATCH', path, { body })).code, 1000)
  const partial = emsp.received('receiver/sessions', 'PATCH')[0]?.json
  assert.equal(at(partial, 'total_cost'), { excl_vat: 3 }, 'no taxes are not a tax of 0')
  const cdr = inVersion('2.3.0', cdrOf({ ...charge, id: 'C183' }))
  const costs = { total_time_cost: { before_taxes: 0, taxes: [] } }
  await cpo.send('POST', 'receiver/cdrs', { body: { ...cdr, ...costs } })
  await hub.drain()
  const got = gotOf(emsp, 'cdrs', 'C183')
  assertValid('cdrs', '2.2.1', got)
  const paid = { excl_vat: 3, incl_vat: 3.6 }
  assert.equal(
    [at(got, 'total_cost'), at(got, 'total_energy_cost'), at(got, 'total_time_cost')],
    [paid, paid, { excl_vat: 0 }],
  )
})

test(requirement(184), async () => {
  const of = (id: string, tax_included: string, more: Json) =>
    tariff230(id, { tax_included, elements: [{ price_components: [component(more)] }] })
  await tell('tariffs', of('YES', 'YES', { vat: 20 }))
  await tell('tariffs', of('UNTOLD', 'YES', {}))
  await tell('tariffs', of('NA', 'N/A', {}))
  assert.is(priceIn(gotOf(newer.emsp, 'tariffs', 'YES')), 0.36)
  for (const [version, partner] of [
    ['2.2.1', older.emsp],
    ['2.1.1', oldEmsp],
  ] as const) {
    for (const shown of [
      gotOf(partner, 'tariffs', 'YES'),
      await listedTo(partner, 'tariffs', 'YES'),
    ]) {
      assertValid('tariffs', version, shown)
      assert.is(priceIn(shown), 0.3)
      assert.is(at(shown, 'tax_included'), undefined)
    }
    // Without its rate the tax cannot be taken out.
    assert.is(gotOf(partner, 'tariffs', 'UNTOLD'), undefined)
    assert.is(await listedTo(partner, 'tariffs', 'UNTOLD'), undefined)
    assert.is(priceIn(gotOf(partner, 'tariffs', 'NA')), 0.36)
    assert.is(priceIn(gotOf(partner, 'tariffs', 'NA'), 'vat'), undefined)
  }
  const direct = of('UNTOLD', 'YES', {})
  const refused = await put(newer.cpo, 'tariffs', direct, { to: older.emsp.party })
  assert.is(refused.code, 4000, refused.text)
  assert.match(refused.message, '/elements/0/price_components/0/vat')
})

test(requirement(184, 'in the tariffs of a CDR'), async () => {
  const elements = [{ price_components: [component({ vat: 20 })] }]
  const tariff = tariff230('T1', { tax_included: 'YES', elements })
  const charge = { owner: newer.cpo.party, payer: older.emsp.party, id: 'S-C184', uid: 'K1' }
  await put(newer.cpo, 'sessions', inVersion('2.3.0', sessionOf(charge)))
  const cdr = { ...inVersion('2.3.0', cdrOf({ ...charge, id: 'C184' })), tariffs: [tariff] }
  assert.is((await newer.cpo.send('POST', 'receiver/cdrs', { body: cdr })).code, 1000)
  await hub.drain()
  const got = gotOf(older.emsp, 'cdrs', 'C184')
  assertValid('cdrs', '2.2.1', got)
  assert.is(priceIn(at(got, 'tariffs', 0)), 0.3)
})

test(requirement(185), async () => {
  const element = (type: string, restrictions?: Json) => ({
    price_components: [component({ type })],
    ...(restrictions ? { restrictions } : {}),
  })
  const elements = [
    element('FLAT', { min_kwh: 5 }),
    element('ENERGY', { min_kwh: 5, min_current: 32 }),
    element('ENERGY', { max_current: 16 }),
    element('TIME', { reservation: 'RESERVATION' }),
    element('TIME', { booking: 'BOOKING' }),
    element('PARKING_TIME'),
  ]
  await tell('tariffs', tariff230('T185', { elements }))
  for (const [version, partner, kept] of [
    ['2.3.0', newer.emsp, [0, 1, 2, 3, 4, 5]],
    ['2.2.1', older.emsp, [0, 1, 2, 3, 5]],
    ['2.1.1', oldEmsp, [0, 5]],
  ] as const) {
    for (const got of [
      gotOf(partner, 'tariffs', 'T185'),
      await listedTo(partner, 'tariffs', 'T185'),
    ]) {
      assertValid('tariffs', version, got)
      assert.equal(
        at(got, 'elements'),
        kept.map((index) => elements[index]),
      )
    }
  }
  const hidden = tariff230('T185N', { elements: elements.slice(1, 5) })
  await tell('tariffs', hidden)
  assert.is(gotOf(oldEmsp, 'tariffs', 'T185N'), undefined)
  assert.is(await listedTo(oldEmsp, 'tariffs', 'T185N'), undefined)
})

test(requirement(186), async () => {
  const base = locationOf(newer.cpo.party, 'L186')
  const [evse] = items(base['evses'])
  const connector = at(evse, 'connectors', 0)
  const plug = (standard: string, id: string) => ({ ...Object(connector), standard, id })
  await tell('locations', {
    ...base,
    parking_type: 'ON_THE_ROOF',
    facilities: ['HOTEL', 'MOON_BASE'],
    images: [{ url: 'https://cpo.example/a.png', category: 'SELFIE', type: 'png' }],
    postal_code: '3511',
    evses: [
      {
        ...Object(evse),
        capabilities: ['RFID_READER', 'TELEPATHY'],
        parking_restrictions: ['EV_ONLY', 'TAXIS', 'WIZARDS'],
        connectors: [plug('IEC_62196_T2', '1'), plug('MCS', '2'), plug('WARP_PLUG', '3')],
      },
      { ...Object(evse), uid: 'E2', connectors: [plug('WARP_PLUG', '1')] },
    ],
  })
  for (const [version, partner] of [
    ['2.2.1', older.emsp],
    ['2.1.1', oldEmsp],
  ] as const)
    for (const got of [
      gotOf(partner, 'locations', 'L186'),
      await listedTo(partner, 'locations', 'L186'),
    ]) {
      assertValid('locations', version, got)
      assert.equal(at(got, 'evses', 0, 'capabilities'), ['RFID_READER'])
      assert.is(at(got, 'evses', 0, 'connectors', 'length'), 1)
      assert.equal(at(got, 'facilities'), ['HOTEL'])
    }
  const seen = gotOf(newer.emsp, 'locations', 'L186')
  assert.is(at(seen, 'evses', 'length'), 2, 'its own version has everything')
})

test(requirement(186, 'tokens'), async () => {
  for (const type of ['EMAID', 'IMPLANT']) {
    const uid = `U186-${type}`
    const path = `receiver/tokens/${pathOf(newer.emsp.party, uid)}`
    const body = tokenOf(newer.emsp.party, uid, { type })
    const reply = await newer.emsp.send('PUT', path, { body, query: { type } })
    assert.is(reply.code, 1000, reply.text)
    await hub.drain()
    for (const [version, partner] of [
      ['2.2.1', older.cpo],
      ['2.1.1', oldCpo],
    ] as const) {
      const got = partner
        .received('receiver/tokens')
        .map(({ json }) => json)
        .find((json) => at(json, 'uid') === uid)
      assertValid('tokens', version, got)
      assert.is(at(got, 'type'), 'OTHER')
    }
  }
})

for (const { version, cpo, seen } of pairs) {
  test(requirement(188, version), async () => {
    // An id of its own: where two CPOs have one, 2.1.1 tells them apart by other names.
    const id = `C188-${version}`
    const charge = { owner: cpo.party, payer: oldEmsp.party, id: `S-${id}`, uid: 'K1' }
    const whole = sessionOf(charge)
    const cdr_token = { ...Object(whole['cdr_token']), contract_id: contract }
    await put(cpo, 'sessions', seen({ ...whole, cdr_token }))
    const cdr = cdrOf({ ...charge, id }, { cdr_token })
    const post = (body: Json) => cpo.send('POST', 'receiver/cdrs', { body: seen(body) })
    await post(cdr)
    await hub.drain()
    assert.is((await post(creditOf(cdr, `${id}-credit`))).code, 1000)
    await hub.drain()
    assert.equal(
      oldEmsp.received('receiver/cdrs', 'POST').map(({ json }) => at(json, 'id')),
      [id],
    )
    const path = `/cdrs/${cpo.party.replace('-', '/')}/${id}-credit`
    assert.is(at((await hub.admin('GET', path)).json, 'delivery'), 'withheld')
    const alerts = await hub.admin('GET', '/alerts?state=open&code=credit_not_expressible')
    assert.match(alerts.text, `${cpo.party}/${id.toLowerCase()}-credit`)
    const listed = await oldEmsp.send('GET', 'sender/cdrs')
    assert.match(listed.text, `"${id}"`)
    assert.not.match(listed.text, `${id}-credit`)
  })
}

test.run()
