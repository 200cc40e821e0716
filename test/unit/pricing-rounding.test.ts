import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROUNDING_MODES, ROUNDING_STAGES } from '../../src/pricing/policy.ts'
import type { Rounding } from '../../src/pricing/policy.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import { priceScenario } from '../fixtures/pricing/check.ts'
import type { Scenario } from '../fixtures/pricing/check.ts'
import { sumText } from '../helpers/fractions.ts'

const test = suite('pricing: rounding of bills')

/** What a bill shows, net before gross: its lines, its costs of energy and of time, the rest, and its taxes by rate. */
type Shown = {
  segments: string
  energy: string
  time: string
  clamp: string
  rounding: string
  total: string
  taxes: string
}

type Case = { rounding: Rounding; scenario: Scenario; shown: Shown; why: string }

function shownBy(bill: PricedBill): Shown {
  const text = ({ excl, incl }: { excl: string | null; incl: string | null }): string =>
    `${excl} ${incl}`
  return {
    segments: bill.segments.map(text).join(', '),
    energy: text(bill.dimensions.energy),
    time: text(bill.dimensions.time),
    clamp: text(bill.clamp),
    rounding: text(bill.rounding),
    total: text(bill.total),
    taxes: bill.taxes.map((tax) => `${tax.percentage}: ${tax.base} ${tax.amount}`).join(', '),
  }
}

function billFor(scenario: Scenario, rounding: Rounding): PricedBill {
  const priced = priceScenario(scenario, { rounding })
  if (!priced.ok) throw new Error(`${priced.code} ${priced.message}`)
  return priced
}

/** Two lines of 0.125 / 0.15 of energy at 20 % and one of 0.135 / 0.1485 of time at 10 %, or what `sign` makes of it. */
function session(sign: 1 | -1): Scenario {
  return {
    cdr: {
      periods: [
        { at: '10:00', volumes: { ENERGY: 0.25 } },
        { at: '10:30', volumes: { ENERGY: 0.25, TIME: 0.135 } },
      ],
    },
    tariffs: [
      {
        elements: [
          {
            price: [
              ['ENERGY', 0.5 * sign, 20, 1],
              ['TIME', sign, 10, 1],
            ],
          },
        ],
      },
    ],
  }
}

/** A tariff that pays is the mirror image of one that asks: every mode treats both sides of zero alike. */
function mirrored(shown: Shown): Shown {
  const other = (text: string): string =>
    text.replace(
      /(: )?(-?)(\d[\d.]*)/g,
      (found, after: string = '', minus: string, size: string) =>
        size === '0' ? found : `${after}${minus === '' ? '-' : ''}${size}`,
    )
  const rates = shown.taxes.replace(/ (\d[\d.]*) (\d[\d.]*)/g, ' -$1 -$2')
  const { segments, energy, time, clamp, rounding, total } = shown
  return {
    segments: other(segments),
    energy: other(energy),
    time: other(time),
    clamp: other(clamp),
    rounding: other(rounding),
    total: other(total),
    taxes: rates,
  }
}

const EXACT = '0.125 0.15, 0.125 0.15, 0.135 0.1485'
const NOTHING = '0 0'

/** By stage and mode. */
const TABLE: Record<string, Omit<Shown, 'clamp'>> = {
  'segment half_up': {
    segments: '0.13 0.15, 0.13 0.15, 0.14 0.15',
    ...{ energy: '0.26 0.3', time: '0.14 0.15', rounding: NOTHING, total: '0.4 0.45' },
    taxes: '20: 0.26 0.04, 10: 0.14 0.01',
  },
  'segment half_even': {
    segments: '0.12 0.15, 0.12 0.15, 0.14 0.15',
    ...{ energy: '0.24 0.3', time: '0.14 0.15', rounding: NOTHING, total: '0.38 0.45' },
    taxes: '20: 0.24 0.06, 10: 0.14 0.01',
  },
  'segment up': {
    segments: '0.13 0.15, 0.13 0.15, 0.14 0.15',
    ...{ energy: '0.26 0.3', time: '0.14 0.15', rounding: NOTHING, total: '0.4 0.45' },
    taxes: '20: 0.26 0.04, 10: 0.14 0.01',
  },
  'dimension half_up': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.14 0.15', rounding: '0.005 0.0015', total: '0.39 0.45' },
    taxes: '20: 0.25 0.05, 10: 0.14 0.01',
  },
  'dimension half_even': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.14 0.15', rounding: '0.005 0.0015', total: '0.39 0.45' },
    taxes: '20: 0.25 0.05, 10: 0.14 0.01',
  },
  'dimension up': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.14 0.15', rounding: '0.005 0.0015', total: '0.39 0.45' },
    taxes: '20: 0.25 0.05, 10: 0.14 0.01',
  },
  'total half_up': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.135 0.1485', rounding: '0.005 0.0015', total: '0.39 0.45' },
    taxes: '20: 0.25 0.05, 10: 0.14 0.01',
  },
  'total half_even': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.135 0.1485', rounding: '-0.005 0.0015', total: '0.38 0.45' },
    // 0.07 of tax: 0.05 at 20 %, and the last rate takes what rounding leaves.
    taxes: '20: 0.25 0.05, 10: 0.14 0.02',
  },
  'total up': {
    segments: EXACT,
    ...{ energy: '0.25 0.3', time: '0.135 0.1485', rounding: '0.005 0.0015', total: '0.39 0.45' },
    taxes: '20: 0.25 0.05, 10: 0.14 0.01',
  },
}

for (const stage of ROUNDING_STAGES)
  for (const mode of ROUNDING_MODES) {
    const row = TABLE[`${stage} ${mode}`]
    test(`each ${stage}, ${mode}, on both sides of zero`, () => {
      if (row === undefined) throw new Error('not in the table')
      const shown: Shown = { ...row, clamp: NOTHING }
      const rounding = { decimals: 2, mode, stage }
      assert.equal(shownBy(billFor(session(1), rounding)), shown)
      assert.equal(shownBy(billFor(session(-1), rounding)), mirrored(shown))
    })
  }

/** Two kWh in two lines at one price, without a rate. */
function twoLines(currency: string, price: string, more: Record<string, unknown> = {}): Scenario {
  return {
    cdr: {
      periods: [
        { at: '10:00', volumes: { ENERGY: 1 } },
        { at: '10:30', volumes: { ENERGY: 1 } },
      ],
      more: { currency },
    },
    tariffs: [{ elements: [{ price: [['ENERGY', price, null, 1]] }], more: { currency, ...more } }],
  }
}

const CASES: Record<string, Case> = {
  'the yen has no minor unit in lines, either': {
    rounding: { decimals: 'currency', mode: 'half_up', stage: 'segment' },
    scenario: twoLines('JPY', '12.5'),
    why: '13 + 13',
    shown: {
      ...{ segments: '13 13, 13 13', energy: '26 26', time: NOTHING, clamp: NOTHING },
      ...{ rounding: NOTHING, total: '26 26', taxes: '' },
    },
  },
  'the yen by dimension': {
    rounding: { decimals: 'currency', mode: 'up', stage: 'dimension' },
    scenario: twoLines('JPY', '12.6'),
    why: '25.2 up',
    shown: {
      ...{ segments: '12.6 12.6, 12.6 12.6', energy: '26 26', time: NOTHING, clamp: NOTHING },
      ...{ rounding: '0.8 0.8', total: '26 26', taxes: '' },
    },
  },
  'the dinar of Kuwait has three decimals in lines': {
    rounding: { decimals: 'currency', mode: 'half_even', stage: 'segment' },
    scenario: twoLines('KWD', '0.0125'),
    why: '0.012 + 0.012',
    shown: {
      ...{ segments: '0.012 0.012, 0.012 0.012', energy: '0.024 0.024', time: NOTHING },
      ...{ clamp: NOTHING, rounding: NOTHING, total: '0.024 0.024', taxes: '' },
    },
  },
  'a limit is held against the sum of the rounded lines': {
    rounding: { decimals: 2, mode: 'half_up', stage: 'segment' },
    scenario: twoLines('EUR', '0.125', { max_price: { excl_vat: 0.255, incl_vat: 0.255 } }),
    why: '0.13 + 0.13 = 0.26 to 0.255, and that to 0.26; exactly 0.25 would be below the limit',
    shown: {
      ...{ segments: '0.13 0.13, 0.13 0.13', energy: '0.26 0.26', time: NOTHING },
      ...{ clamp: '-0.005 -0.005', rounding: '0.005 0.005', total: '0.26 0.26', taxes: '' },
    },
  },
  'a limit is held against the sum of the rounded dimensions': {
    rounding: { decimals: 1, mode: 'half_up', stage: 'dimension' },
    scenario: twoLines('EUR', '0.125', { min_price: { excl_vat: 0.28, incl_vat: 0.28 } }),
    why: '0.25 to 0.3, which is above the minimum',
    shown: {
      ...{ segments: '0.125 0.125, 0.125 0.125', energy: '0.3 0.3', time: NOTHING },
      ...{ clamp: NOTHING, rounding: '0.05 0.05', total: '0.3 0.3', taxes: '' },
    },
  },
  'a limit is held against the exact sum where only the total is rounded': {
    rounding: { decimals: 1, mode: 'half_up', stage: 'total' },
    scenario: twoLines('EUR', '0.125', { min_price: { excl_vat: 0.26, incl_vat: 0.26 } }),
    why: '0.25 to 0.26 to 0.3',
    shown: {
      ...{ segments: '0.125 0.125, 0.125 0.125', energy: '0.25 0.25', time: NOTHING },
      ...{ clamp: '0.01 0.01', rounding: '0.04 0.04', total: '0.3 0.3', taxes: '' },
    },
  },
}

for (const [name, { rounding, scenario, shown }] of Object.entries(CASES))
  test(name, () => assert.equal(shownBy(billFor(scenario, rounding)), shown))

test('taxes of rounded lines move with a limit before taxes', () => {
  const scenario = session(1)
  const [tariff] = scenario.tariffs
  if (tariff === undefined) throw new Error('no tariff')
  const limited = { ...scenario, tariffs: [{ ...tariff, more: { min_price: { excl_vat: 0.8 } } }] }
  const bill = billFor(limited, { decimals: 2, mode: 'half_up', stage: 'segment' })
  // 0.40 / 0.45 doubled.
  assert.equal(shownBy(bill), {
    segments: '0.13 0.15, 0.13 0.15, 0.14 0.15',
    ...{ energy: '0.26 0.3', time: '0.14 0.15', clamp: '0.4 0.45', rounding: NOTHING },
    ...{ total: '0.8 0.9', taxes: '20: 0.52 0.08, 10: 0.28 0.02' },
  })
})

test('a bill beyond what partners may send still adds up when it is rounded', () => {
  const scenario: Scenario = {
    cdr: { periods: [{ at: '10:00', volumes: { ENERGY: '999999999999.12345' } }] },
    tariffs: [
      {
        elements: [{ price: [['ENERGY', '999999999999.54321', 20, 0]] }],
        more: { max_price: { excl_vat: 1 } },
      },
    ],
  }
  for (const stage of ROUNDING_STAGES) {
    const bill = billFor(scenario, { decimals: 2, mode: 'half_up', stage })
    const [segment] = bill.segments
    for (const side of ['excl', 'incl'] as const) {
      const parts = [segment?.[side] ?? null, bill.clamp[side], bill.rounding[side]]
      assert.is(sumText(parts), bill.total[side], `${stage} ${side}`)
    }
    assert.equal(bill.total, { excl: '1', incl: '1.2' })
  }
})

test.run()
