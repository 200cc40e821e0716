// Taxes of OCPI 2.3.0 that the tariff leaves open: what they are only the CDR says.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, put, sessionOf, tariffOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-NEW', role: 'CPO' }], version: '2.3.0' })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })

const test = suite('clearing: taxes that the tariff leaves open')
test.after(() => hub.close())

type Tax = { name: string; percentage?: number; amount: number }

/** What becomes of 10 kWh at 0.30 with these taxes: `held P1/S 1.45` with the tax that is held. */
async function taxed(
  id: string,
  said: { taxes: Tax[]; included: string; price?: number; net?: number; vat?: number },
): Promise<string> {
  const { taxes, included, price = 0.3, net = 3, vat } = said
  const one = { owner: 'NL-NEW', payer: 'DE-EMA', id, uid: `CARD-${id}` }
  await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
  await put(cpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }))
  const component: Json = {
    type: 'ENERGY',
    price,
    step_size: 1,
    ...(vat === undefined ? {} : { vat }),
  }
  const tariff = {
    ...tariffOf('NL-NEW', 'T1', { elements: [{ price_components: [component] }] }),
    tax_included: included,
  }
  const cost = { before_taxes: net, taxes }
  const more = { tariffs: [tariff], total_cost: cost, total_energy_cost: cost }
  const body = cdrOf({ ...one, session: `S-${id}` }, more)
  const sent = await cpo.send('POST', 'receiver/cdrs', { body })
  assert.is(sent.code, 1000, sent.text)
  await hub.drain()
  const { json } = await hub.admin('GET', `/cdrs/NL/NEW/${id}`)
  const found = items(at(json, 'findings')).filter((finding) => at(finding, 'code') !== 'A7')
  const codes = found.map((one) => `${String(at(one, 'code'))}/${String(at(one, 'severity'))}`)
  const held = items(at(json, 'parts'))
    .filter((part) => at(part, 'kind') === 'disputed')
    .map((part) => String(at(part, 'tax')))
  return [at(json, 'state'), ...codes, ...held].join(' ')
}

test('taxes that nobody knows beforehand are as the CDR states them', async () => {
  const taxes = [
    { name: 'State', percentage: 4, amount: 0.12 },
    { name: 'City', percentage: 4.875, amount: 0.1463 },
  ]
  assert.is(await taxed('U1', { taxes, included: 'NO' }), 'provisional')
  const bare = [{ name: 'State', amount: 0.3 }]
  assert.is(await taxed('U2', { taxes: bare, included: 'NO' }), 'provisional')
})

test('a tax beyond its own percentage is held', async () => {
  const taxes = [{ name: 'VAT', percentage: 21, amount: 1.5 }]
  assert.match(await taxed('U3', { taxes, included: 'NO' }), /^held P1\/S V2\/W .*0\.87/)
})

test('and told where the price has it inside', async () => {
  const taxes = [{ name: 'VAT', percentage: 4, amount: 1.2 }]
  const found = await taxed('U4', { taxes, included: 'YES', price: 0.42 })
  assert.is(found, 'provisional V2/W')
})

test('what the tariff states goes before', async () => {
  const taxes = [{ name: 'VAT', percentage: 20, amount: 0.6 }]
  assert.is(await taxed('U5', { taxes, included: 'NO', vat: 20 }), 'provisional')
  const more = [{ name: 'VAT', percentage: 40, amount: 1.2 }]
  assert.match(await taxed('U6', { taxes: more, included: 'NO', vat: 20 }), /^held .*P1\/S/)
  // A part of the amount may be free of tax.
  const less = [{ name: 'VAT', percentage: 21, amount: 0.42 }]
  assert.is(await taxed('U7', { taxes: less, included: 'NO' }), 'provisional')
})

test.run()
