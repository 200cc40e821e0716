import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { claimedAmounts } from '../../src/clearing/amounts.ts'
import { connectorMaxKw } from '../../src/clearing/connector-power.ts'
import { readDecimal, shownText, textOf } from '../../src/clearing/decimal.ts'

const amounts = suite('clearing amounts')

const claims: { name: string; total: unknown; net: string | null; tax?: string | null }[] = [
  { name: '2.2.1 with tax', total: { excl_vat: 20.17, incl_vat: 24 }, net: '20.17', tax: '3.83' },
  {
    name: '2.2.1 without tax is not zero tax',
    total: { excl_vat: 20.17 },
    net: '20.17',
    tax: null,
  },
  {
    name: '2.2.1 with the same amount twice',
    total: { excl_vat: 4, incl_vat: 4 },
    net: '4',
    tax: '0',
  },
  {
    name: '2.3.0 with several taxes',
    total: { before_taxes: '10.10', taxes: [{ amount: 0.1 }, { amount: '0.2' }] },
    net: '10.1',
    tax: '0.3',
  },
  { name: '2.3.0 without taxes', total: { before_taxes: 10, taxes: [] }, net: '10', tax: null },
  { name: 'a negative claim', total: { excl_vat: -1.5, incl_vat: -1.8 }, net: '-1.5', tax: '-0.3' },
  {
    name: 'a number beyond 15 digits',
    total: { excl_vat: '0.1234567890123456789' },
    net: '0.1234567890123456789',
    tax: null,
  },
  { name: 'no amount', total: {}, net: null },
  { name: 'an amount that is no number', total: { excl_vat: '1,5' }, net: null },
  { name: 'tax that is no number', total: { excl_vat: 1, incl_vat: 'two' }, net: null },
  {
    name: 'taxes that are no numbers',
    total: { before_taxes: 1, taxes: [{ amount: 'x' }] },
    net: null,
  },
]

for (const { name, total, net, tax } of claims) {
  amounts(`the claim of ${name}`, () => {
    const read = claimedAmounts({ currency: 'eur', total_cost: total })
    assert.equal(read, net === null ? null : { currency: 'EUR', net, tax: tax ?? null })
  })
}

amounts('a claim needs a currency', () => {
  assert.is(claimedAmounts({ total_cost: { excl_vat: 1 } }), null)
  assert.is(claimedAmounts({ currency: ' ', total_cost: { excl_vat: 1 } }), null)
  assert.is(claimedAmounts(null), null)
})

amounts.run()

const decimals = suite('clearing decimals')

const texts: [unknown, string | null][] = [
  [0.1, '0.1'],
  [1e-7, '0.0000001'],
  [1e21, '1000000000000000000000'],
  [-0, '0'],
  ['+1.50', '1.5'],
  ['-0.0', '0'],
  ['1.5e3', '1500'],
  ['12E-2', '0.12'],
  ['', null],
  ['1.', null],
  ['.5', null],
  ['0x10', null],
  ['1e999', null],
  [Number.NaN, null],
  [Infinity, null],
  [true, null],
  [null, null],
]

for (const [value, text] of texts) {
  decimals(`${JSON.stringify(value)} reads as ${text}`, () => {
    const read = readDecimal(value)
    assert.is(read === null ? null : textOf(read), text)
  })
}

decimals('showing rounds half away from zero and keeps the decimals asked for', () => {
  const shown = (text: string, placesMin = 0): string =>
    shownText(readDecimal(text) ?? 0n, { places: 2, placesMin })
  assert.is(shown('1.005'), '1.01')
  assert.is(shown('-1.005'), '-1.01')
  assert.is(shown('1.0049'), '1')
  assert.is(shown('1.0049', 2), '1.00')
})

decimals.run()

const power = suite('clearing connector power')

const connectors: [string, unknown, string | null][] = [
  ['stated watts', { max_electric_power: 150_000, max_voltage: 400, max_amperage: 32 }, '150'],
  ['three phases', { max_voltage: 230, max_amperage: 32, power_type: 'AC_3_PHASE' }, '22.08'],
  ['two phases', { max_voltage: 230, max_amperage: 16, power_type: 'AC_2_PHASE' }, '7.36'],
  ['one phase', { max_voltage: 230, max_amperage: 16, power_type: 'AC_1_PHASE' }, '3.68'],
  ['direct current', { max_voltage: 500, max_amperage: 125, power_type: 'DC' }, '62.5'],
  ['kilowatts stated as watts', { max_electric_power: 22 }, null],
  ['zeros', { max_electric_power: 0, max_voltage: 0, max_amperage: 0 }, null],
  ['nothing', {}, null],
  ['no connector', undefined, null],
]

for (const [name, connector, kilowatts] of connectors)
  power(`the power of a connector with ${name}`, () => {
    assert.is(connectorMaxKw(connector), kilowatts)
  })

power.run()
