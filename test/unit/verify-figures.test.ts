import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exactly, textOf } from '../../src/clearing/decimal.ts'
import { checkPriced } from '../../src/cli/verify/check-price.ts'
import { roundedTo, roundingNamed } from '../../src/cli/verify/rounding.ts'
import { printedPlaces, readComparing, readStated } from '../../src/cli/verify/stated.ts'
import { priceCdr } from '../../src/pricing/price.ts'

const figures = suite('verify: figures')

figures('every mode of rounding, on both sides of zero', () => {
  const cases = {
    half_up: ['0.01', '0.03', '0.02', '-0.01', '-0.03'],
    half_even: ['0', '0.02', '0.02', '0', '-0.02'],
    half_down: ['0', '0.02', '0.02', '0', '-0.02'],
    up: ['0.01', '0.03', '0.03', '-0.01', '-0.03'],
    down: ['0', '0.02', '0.02', '0', '-0.02'],
    ceiling: ['0.01', '0.03', '0.03', '0', '-0.02'],
    floor: ['0', '0.02', '0.02', '-0.01', '-0.03'],
  } as const
  for (const mode of [
    'half_up',
    'half_even',
    'half_down',
    'up',
    'down',
    'ceiling',
    'floor',
  ] as const)
    assert.equal(
      ['0.005', '0.025', '0.0201', '-0.005', '-0.025'].map((value) =>
        textOf(roundedTo(exactly(value), { places: 2, mode })),
      ),
      cases[mode],
      mode,
    )
})

figures('sources name their rounding in their own words', () => {
  const named = {
    half_up: 'half_up',
    'half away from zero (rescaled to 4 decimals)': 'half_up',
    ROUND_HALF_EVEN: 'half_even',
    "banker's": 'half_even',
    'half down': 'half_down',
    up: 'up',
    truncate: 'down',
    ceiling: 'ceiling',
    floor: 'floor',
    'as the wind blows': null,
  }
  for (const [text, mode] of Object.entries(named)) assert.is(roundingNamed(text), mode, text)
})

figures('amounts are read in every form', () => {
  const sides = (value: unknown): (string | null)[] => {
    const { excl, incl } = readStated(value)
    return [excl, incl].map((side) => (side === null ? null : textOf(side)))
  }
  assert.equal(sides('1.50'), ['1.5', null])
  assert.equal(sides(2), ['2', null])
  assert.equal(sides(null), [null, null])
  assert.equal(sides({ excl_vat: '1', incl_vat: null }), ['1', null])
  assert.equal(sides({ before_taxes: 1, after_taxes: '1.21' }), ['1', '1.21'])
  const taxes = [
    { name: 'VAT', amount: '0.2' },
    { name: 'city', amount: '0.05' },
  ]
  assert.equal(sides({ before_taxes: '1', taxes }), ['1', '1.25'])
  assert.equal(sides({ before_taxes: '1', taxes: [] }), ['1', '1'])
  assert.equal(sides({ before_taxes: '1', taxes: 'plus local taxes' }), ['1', null])
  assert.equal(readStated({ before_taxes: '1', taxes: 'plus' }).unread, ['.taxes'])
  assert.equal(readStated({ excl_vat: 'unknown', other: 1 }).unread, ['.excl_vat', '.other'])
  assert.equal(readStated('free').unread, [''])
})

figures('without words about comparing: 6 decimals, half up, no tolerance', () => {
  const plain = { places: 6, mode: 'half_up', tolerance: 0n, unread: [] }
  for (const value of [undefined, null, {}, { scale: null, tolerance: null }])
    assert.equal(readComparing(value), plain)
  assert.is(readComparing({ scale: '2' }).places, 2)
  assert.is(readComparing({ tolerance: '0.02' }).tolerance, exactly('0.02'))
  const odd = readComparing({ scale: 'two', rounding: 'odd', tolerance: 'some' })
  assert.equal(odd.unread, ['.scale', '.rounding', '.tolerance'])
  assert.equal([printedPlaces('0.50'), printedPlaces('5'), printedPlaces(1e-7)], [2, 0, 7])
})

const tariff = {
  id: 'T',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 1, step_size: 1, vat: 19 }] }],
}
const cdr = {
  currency: 'EUR',
  start_date_time: '2026-03-02T09:00:00Z',
  end_date_time: '2026-03-02T10:00:00Z',
  charging_periods: [
    {
      start_date_time: '2026-03-02T09:00:00Z',
      dimensions: [{ type: 'ENERGY', volume: 1.005 }],
    },
  ],
}
// 1.005 kWh at 1.00 and 19 %: 1.005 before and 1.19595 after taxes.
const priced = priceCdr(cdr, [tariff], { timeZone: 'UTC' })

function failed(expected: Record<string, unknown>): string[] {
  const { checks } = checkPriced(expected, { priced, tariffs: [tariff] })
  return checks.filter(({ agrees }) => !agrees).map(({ item }) => item)
}

figures('scale, mode and tolerance decide', () => {
  const at = (excl_vat: string, compare: object) => failed({ total_cost: { excl_vat }, compare })
  assert.equal(at('1.01', { scale: 2 }), [])
  assert.equal(at('1.00', { scale: 2 }), ['total_cost before taxes'])
  assert.equal(at('1.00', { scale: 2, rounding: 'half_even' }), [])
  assert.equal(at('1.00', { scale: 2, tolerance: '0.01' }), [])
  assert.equal(at('1.005000', {}), [])
  assert.equal(at('1.005001', {}), ['total_cost before taxes'])
  // More digits than the scale: both sides are rounded.
  assert.equal(at('1.005', { scale: 2 }), [])
})

figures('taxes agree exactly, or as they are presented beside rounded totals', () => {
  const tax = (amount: string, scale: number) =>
    failed({ tax_lines: [{ percentage: 19, taxable: '1.005', amount }], compare: { scale } })
  assert.equal(tax('0.19095', 6), [])
  assert.equal(tax('0.19', 2), [])
  // 1.01 and 1.20 are 0.19 apart, and so is what is said of them.
  assert.equal(failed({ total_tax: '0.19', compare: { scale: 2 } }), [])
  assert.equal(tax('0.18', 2), ['tax_lines 19 %'])
  assert.equal(failed({ tax_lines: [{ percentage: 7, amount: '0' }] }), ['tax_lines 7 %'])
  const taxes = [{ percentage: '19.0', amount: '0.19095' }]
  assert.equal(failed({ total_cost: { before_taxes: '1.005', taxes } }), [])
  assert.equal(failed({ total_cost: { before_taxes: null, taxes: [{ amount: '0.2' }] } }), [
    'total_cost.taxes',
  ])
})

figures('nothing is passed over in silence', () => {
  const { checks, unchecked } = checkPriced(
    {
      total_cost: null,
      total_energy: '7',
      total_time: 'never looked at',
      mystery: 1,
      billed: { ENERGY_barrels: 1, ENERGY_kwh: 'many', TIME_kwh: '1', FLAT_minutes: '1' },
      tax_basis: 'odd',
      notes: ['no_such_note', 'no such note', 7],
    },
    { priced, tariffs: [tariff] },
  )
  assert.equal(
    checks.filter(({ agrees }) => !agrees).map(({ item }) => item),
    ['billed.ENERGY_kwh', 'notes no_such_note'],
  )
  assert.equal(
    unchecked.map(({ item }) => item),
    [
      'mystery',
      'billed.ENERGY_barrels',
      'billed.TIME_kwh',
      'billed.FLAT_minutes',
      'tax_basis odd',
      'notes no such note',
      'notes 7',
    ],
  )
})

figures('an error expected needs that error, a price expected needs a price', () => {
  const refused = priceCdr(cdr, [], { timeZone: 'UTC' })
  const agrees = (expected: Record<string, unknown>, answer: typeof priced): boolean =>
    checkPriced(expected, { priced: answer, tariffs: [] }).checks.every((each) => each.agrees)
  assert.ok(agrees({ error: 'NoTariff' }, refused))
  assert.ok(agrees({ error: { code: 'no_tariff' }, total_cost: null }, refused))
  assert.not.ok(agrees({ error: 'time_zone' }, refused))
  assert.not.ok(agrees({ error: 'no_tariff' }, priced))
  assert.not.ok(agrees({ total_cost: null }, refused))
  // A code that nobody knows: that it is refused can be checked, why cannot.
  const odd = checkPriced({ error: 'bad_weather' }, { priced: refused, tariffs: [] })
  assert.ok(odd.checks.every((each) => each.agrees))
  assert.is(odd.unchecked.length, 1)
})

figures.run()
