// What a Tariff becomes in a neighbouring version, rows A1 to A15 of the version differences, and prices (money).
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Facts, Json, Loss, StepWork } from '../../src/ocpi/adapt/define.ts'
import {
  amountToPrice,
  netPrice,
  priceDown,
  priceToAmount,
  priceUp,
  vatRates,
} from '../../src/ocpi/adapt/money.ts'
import type { Version } from '../../src/ocpi/version.ts'

const facts: Facts = {
  owner: { country_code: 'NL', party_id: 'TNM' },
  aliases: { tariffs: { T1: 'NL-TNM-T1' } },
}
const run = (value: Json, from: Version, to: Version) =>
  convert(value, { kind: 'tariff', from, to, facts })
const into = (value: Json, from: Version, to: Version) => {
  const converted = run(value, from, to)
  assert.ok(converted.ok, JSON.stringify(converted))
  return {
    value: converted.ok ? converted.value : {},
    lost: converted.losses.map((loss) => loss.pointer),
  }
}
const withheld = (value: Json, from: Version, to: Version) => {
  const converted = run(value, from, to)
  return converted.ok ? null : converted.pointer
}

const energy = (price: unknown, more: Json = {}): Json => ({
  type: 'ENERGY',
  price,
  step_size: 1,
  ...more,
})
const element = (component: Json, restrictions?: Json): Json => ({
  price_components: [component],
  ...(restrictions ? { restrictions } : {}),
})
const rest = { currency: 'EUR', last_updated: '2026-07-01T10:00:00Z' }
const tariff211 = { id: 'NL-TNM-T1', ...rest, elements: [element(energy(0.25))] }
const tariff221 = { ...facts.owner, id: 'T1', ...rest, elements: [element(energy(0.25))] }
const tariff230 = { ...tariff221, tax_included: 'NO' }

test('a plain tariff goes through all versions without a loss', () => {
  assert.equal(into(tariff211, '2.1.1', '2.3.0'), { value: tariff230, lost: [] })
  assert.equal(into(tariff230, '2.3.0', '2.1.1'), { value: tariff211, lost: [] })
})

test('A2: a tariff that is not for every session is withheld from 2.1.1', () => {
  const typed = (type: string) => ({ ...tariff221, type })
  assert.equal(into(typed('REGULAR'), '2.2.1', '2.1.1'), { value: tariff211, lost: ['/type'] })
  for (const type of ['AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN']) {
    assert.is(withheld(typed(type), '2.2.1', '2.1.1'), '/type')
  }
})

test('A3: limits are renamed between 2.2.1 and 2.3.0 and dropped for 2.1.1', () => {
  const older = {
    ...tariff221,
    min_price: { excl_vat: 1, incl_vat: 1.2 },
    max_price: { excl_vat: 9 },
  }
  const newer = {
    ...tariff230,
    min_price: { before_taxes: 1, after_taxes: 1.2 },
    max_price: { before_taxes: 9 },
  }
  assert.equal(into(older, '2.2.1', '2.3.0'), { value: newer, lost: [] })
  assert.equal(into(newer, '2.3.0', '2.2.1'), { value: older, lost: [] })
  assert.equal(into(older, '2.2.1', '2.1.1'), {
    value: tariff211,
    lost: ['/min_price', '/max_price'],
  })
})

test('A4: 2.1.1 tariffs have no validity, but both names of it are understood', () => {
  const dated = { ...tariff221, start_date_time: '2026-01-01T00:00:00Z' }
  assert.equal(into(dated, '2.2.1', '2.1.1'), { value: tariff211, lost: ['/start_date_time'] })
  for (const name of ['start_date_time', 'start_datetime']) {
    const value = { ...tariff211, [name]: '2026-01-01T00:00:00Z' }
    assert.equal(into(value, '2.1.1', '2.2.1').value, dated)
  }
})

test('A5, A6: prices with tax lose it by their own rate, half to even, and every rounding is named', () => {
  const taxed = (component: Json) => ({
    ...tariff230,
    tax_included: 'YES',
    elements: [element(component)],
  })
  const exact = run(taxed(energy(0.605, { vat: 21 })), '2.3.0', '2.2.1')
  assert.ok(exact.ok)
  assert.equal(exact.ok && exact.value, {
    ...tariff221,
    elements: [element(energy(0.5, { vat: 21 }))],
  })
  const pointer = '/elements/0/price_components/0/price'
  assert.equal(exact.losses.slice(-1), [{ pointer, reason: 'is written without tax' }])
  const rounded = run(taxed(energy(0.5, { vat: 19 })), '2.3.0', '2.2.1')
  assert.equal(rounded.ok && rounded.value['elements'], [element(energy(0.420168, { vat: 19 }))])
  assert.match(rounded.losses.at(-1)?.reason ?? '', /rounded half to even to 6 decimals/)
  assert.is(withheld(taxed(energy(0.5)), '2.3.0', '2.2.1'), '/elements/0/price_components/0/vat')
  assert.equal(into(taxed(energy(0)), '2.3.0', '2.2.1').lost, ['/tax_included'])
  assert.is(withheld({ ...tariff230, tax_included: 'MAYBE' }, '2.3.0', '2.2.1'), '/tax_included')
})

test('A5, A7: where taxes do not apply there is no vat before 2.3.0, and never one in 2.1.1', () => {
  const value = {
    ...tariff230,
    tax_included: 'N/A',
    elements: [element(energy(0.25, { vat: 21 }))],
  }
  const lost = ['/tax_included', '/elements/0/price_components/0/vat']
  assert.equal(into(value, '2.3.0', '2.2.1'), { value: tariff221, lost })
  const excluded = { ...tariff221, elements: [element(energy(0.25, { vat: 21 }))] }
  assert.equal(into(excluded, '2.2.1', '2.1.1'), { value: tariff211, lost: lost.slice(1) })
})

test('A8: the amount to authorise in advance is 2.3.0 only', () => {
  assert.equal(into({ ...tariff230, preauthorize_amount: 50 }, '2.3.0', '2.2.1'), {
    value: tariff221,
    lost: ['/preauthorize_amount'],
  })
})

test('A9: an element with a restriction that the version does not know is dropped whole', () => {
  const night = element(energy(0.1), { start_time: '22:00' })
  const booked = element(energy(9), { booking: 'BOOKING', start_time: '22:00' })
  assert.equal(into({ ...tariff230, elements: [booked, night] }, '2.3.0', '2.2.1'), {
    value: { ...tariff221, elements: [night] },
    lost: ['/elements/0'],
  })
  for (const restriction of [
    { min_current: 6 },
    { max_current: 6 },
    { reservation: 'RESERVATION' },
  ]) {
    const unsaid = element(energy(9), { ...restriction, min_kwh: 1 })
    assert.equal(into({ ...tariff221, elements: [night, unsaid] }, '2.2.1', '2.1.1'), {
      value: { ...tariff211, elements: [night] },
      lost: ['/elements/1'],
    })
    assert.is(withheld({ ...tariff221, elements: [unsaid] }, '2.2.1', '2.1.1'), '/elements')
  }
})

test('A9: pointers of losses count the elements as they were sent', () => {
  const booked = element(energy(9), { booking: 'BOOKING' })
  const value = {
    ...tariff230,
    tax_included: 'YES',
    elements: [booked, element(energy(1.21, { vat: 21 }))],
  }
  assert.equal(into(value, '2.3.0', '2.2.1').lost, [
    '/tax_included',
    '/elements/0',
    '/elements/1/price_components/0/price',
  ])
})

test('A11: elements that price different dimensions are read in another way by 2.1.1', () => {
  const elements = [element(energy(0.25)), element({ type: 'FLAT', price: 1, step_size: 1 })]
  assert.equal(into({ ...tariff221, elements }, '2.2.1', '2.1.1').lost, ['/elements'])
  assert.equal(into({ ...tariff211, elements }, '2.1.1', '2.2.1').lost, ['/elements'])
})

test('A14: a price that 2.1.1 partners write as text becomes a number and is reported', () => {
  const made = into({ ...tariff211, elements: [element(energy('0.250'))] }, '2.1.1', '2.2.1')
  assert.equal(made, { value: tariff221, lost: ['/elements/0/price_components/0/price'] })
  const free = into({ ...tariff211, elements: [element(energy('free'))] }, '2.1.1', '2.2.1')
  assert.equal(free.value['elements'], [element(energy('free'))])
})

test('numbers that a double cannot hold stay exact text in a parsed value', () => {
  const long = '0.1234567890123456789'
  const made = into({ ...tariff211, elements: [element(energy(long))] }, '2.1.1', '2.2.1')
  assert.equal(made.value, { ...tariff221, elements: [element(energy(long))] })
})

const work = (losses: Loss[]): StepWork => ({
  facts: {},
  partial: false,
  lose: (pointer, reason) => losses.push({ pointer, reason }),
  withhold: () => assert.unreachable(),
})
const step = (part: (value: unknown, work: StepWork) => unknown, value: unknown) => {
  const losses: Loss[] = []
  return { value: part(value, work(losses)), lost: losses.map((loss) => loss.pointer) }
}

test('a price gets its VAT as an exact difference, with the rate when there is only one', () => {
  const both = { excl_vat: 0.1, incl_vat: 0.3 }
  assert.equal(step(priceUp, both), {
    value: { before_taxes: 0.1, taxes: [{ name: 'VAT', amount: 0.2 }] },
    lost: [],
  })
  const rated = (value: unknown, one: StepWork) => priceUp(value, one, { single: 20, any: true })
  assert.equal(step(rated, { excl_vat: 1, incl_vat: 1.2 }).value, {
    before_taxes: 1,
    taxes: [{ name: 'VAT', percentage: 20, amount: 0.2 }],
  })
  assert.equal(step(priceUp, { excl_vat: 1 }), { value: { before_taxes: 1 }, lost: [] })
  assert.equal(step(priceUp, { excl_vat: 1, incl_vat: 1 }).value, {
    before_taxes: 1,
    taxes: [{ name: 'VAT', amount: 0 }],
  })
  const untaxed = (value: unknown, one: StepWork) =>
    priceUp(value, one, { single: null, any: false })
  assert.equal(step(untaxed, { excl_vat: 1, incl_vat: 1 }), {
    value: { before_taxes: 1, taxes: [] },
    lost: ['/incl_vat'],
  })
  assert.equal(step(priceUp, { excl_vat: 1, incl_vat: 'x' }).lost, ['/incl_vat'])
})

test('a price of 2.3.0 becomes its two sums, exact beyond a double, and names what is lost', () => {
  const taxes = [
    { name: 'QST', amount: '\u00000.10000000000000000001' },
    { name: 'GST', amount: 0.2 },
  ]
  assert.equal(step(priceDown, { before_taxes: 1, taxes }), {
    value: { excl_vat: 1, incl_vat: '\u00001.30000000000000000001' },
    lost: ['/taxes'],
  })
  assert.equal(step(priceDown, { before_taxes: 1, taxes: [{ name: 'VAT', amount: 0.2 }] }), {
    value: { excl_vat: 1, incl_vat: 1.2 },
    lost: [],
  })
  assert.equal(step(priceDown, { before_taxes: 1, taxes: [] }).value, { excl_vat: 1 })
  assert.equal(step(priceDown, { before_taxes: 1, taxes: [{ name: 'VAT' }] }), {
    value: { excl_vat: 1 },
    lost: ['/taxes'],
  })
})

test('an amount of 2.1.1 is a price without VAT', () => {
  assert.equal(step(amountToPrice, 4), { value: { excl_vat: 4 }, lost: [] })
  assert.equal(step(amountToPrice, '4.00'), { value: { excl_vat: 4 }, lost: [''] })
  assert.equal(step(priceToAmount, { excl_vat: 4, incl_vat: 5 }), { value: 4, lost: ['/incl_vat'] })
})

test('a net price is rounded half to even, and one rate is told from several', () => {
  assert.equal(netPrice(1.21, 21), { value: 1, exact: true })
  assert.equal(netPrice(0.000001, 100), { value: 0, exact: false })
  assert.equal(netPrice(0.000003, 100), { value: 0.000002, exact: false })
  assert.equal(netPrice(-0.000003, 100), { value: -0.000002, exact: false })
  assert.is(netPrice(1, -100), null)
  assert.is(netPrice('free', 21), null)
  const tariffs = (...vats: unknown[]) =>
    vats.map((vat) => ({ elements: [element(energy(1, vat === undefined ? {} : { vat }))] }))
  assert.equal(vatRates(tariffs(20, 20)), { single: 20, any: true })
  assert.equal(vatRates(tariffs(20, undefined)), { single: null, any: true })
  assert.equal(vatRates(tariffs(undefined)), { single: null, any: false })
})

test.run()
