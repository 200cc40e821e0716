import type { Known } from '../../src/clearing/known.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { knownTariff, period, pricedAt, soundAgreement } from '../helpers/clearing-case.ts'
import { known } from '../helpers/clearing-known.ts'
import { clear, hold, quarantine, runRules } from '../helpers/clearing-rules.ts'

const captured = (total: string, currency = 'EUR', status = 'SUCCESS'): CaseChanges =>
  known({ captured: { total, currency, status, id: 'PAY-1' } })
const replaced = (facts: Partial<NonNullable<Known['replaced']>>): CaseChanges =>
  known({
    replaced: {
      cdrId: 'FIRST',
      currency: 'EUR',
      net: '8',
      gross: '9.6',
      isCredited: true,
      expectedNet: null,
      expectedTax: facts.expectedNet === undefined ? null : '1.22',
      ...facts,
    },
  })
const claimed = (excl: number, incl: number): Record<string, unknown> => ({
  total_cost: { excl_vat: excl, incl_vat: incl },
  total_fixed_cost: undefined,
  total_energy_cost: undefined,
})
const reserved = {
  total_cost: { excl_vat: 7.1, incl_vat: 8.52 },
  total_reservation_cost: { excl_vat: 1, incl_vat: 1.2 },
}

runRules('clearing: payments, replacements and tax', [
  // P12
  clear('what the terminal took', captured('7.32')),
  clear('two cents less', captured('7.29')),
  hold('less than is claimed', captured('7.28'), ['P12 S']),
  clear('more than is claimed', captured('8'), ['P12 W']),
  clear('a part of it says nothing of the price', captured('5', 'EUR', 'PARTIAL_SUCCESS')),
  clear('what failed says nothing', captured('0', 'EUR', 'FAILED')),
  hold('another currency', captured('7.32', 'SEK'), ['P12 S']),
  clear('a claim that states no tax is not compared', {
    ...captured('7'),
    cdr: { total_cost: { excl_vat: 6.1 } },
  }),

  // C5, C7
  clear('a replacement that is lower', replaced({})),
  clear('one of the same price', replaced({ net: '6.1', gross: '7.32' })),
  hold('one that is higher', replaced({ net: '6', gross: '7.2' }), ['C5 S']),
  hold('one that is higher with tax', replaced({ net: '6.1', gross: '6.1' }), ['C5 S']),
  clear('one of what was agreed', replaced({ expectedNet: '6.1' })),
  hold('one of more than that', replaced({ expectedNet: '6.09' }), ['C7 S']),
  clear('one of less', replaced({ expectedNet: '6.2' }), ['C7 W']),
  clear('one micro-unit is no difference', replaced({ expectedNet: '6.099999' })),
  hold('two are', replaced({ expectedNet: '6.099998' }), ['C7 S']),
  clear(
    'one of the tax that was agreed, to the cent',
    replaced({ expectedNet: '6.1', expectedTax: '1.21' }),
  ),
  hold('one of more tax', replaced({ expectedNet: '6.1', expectedTax: '1.2' }), ['C7 S']),
  hold('one of tax where none was agreed', replaced({ expectedNet: '6.1', expectedTax: '0' }), [
    'C7 S',
  ]),
  clear('one of less tax', replaced({ expectedNet: '6.1', expectedTax: '1.3' }), ['C7 W']),
  clear(
    'one of less without tax and as much more of it',
    replaced({ expectedNet: '6.2', expectedTax: '1.12' }),
    ['C7 W'],
  ),
  clear('one that states no tax asks for none', {
    ...replaced({ expectedNet: '6.1' }),
    cdr: { total_cost: { excl_vat: 6.1 } },
  }),
  hold('one of what was never credited', replaced({ isCredited: false, expectedNet: '0' }), [
    'C4 S',
  ]),
  hold('one in another currency', replaced({ currency: 'USD', expectedNet: '6.1' }), ['C7 S']),
  clear('one in another currency where nothing was agreed', replaced({ currency: 'USD' })),

  // V3
  hold('tax that was added twice', { cdr: claimed(6.1, 8.78), priced: pricedAt('6.1', null) }, [
    'V3 S',
    'V2 W',
  ]),
  quarantine(
    'amounts that were exchanged',
    { cdr: claimed(7.32, 6.1), priced: null, waitOver: true },
    ['V3 F', 'P0 W', 'V2 W'],
  ),
  hold(
    'tax that was left inside and added again',
    { cdr: claimed(7.32, 8.78), priced: pricedAt('6.1', '7.32') },
    ['V3 S', 'P1 S'],
  ),
  clear('tax that was left out', { cdr: claimed(6.1, 6.1), priced: pricedAt('6.1', null) }, [
    'V2 W',
  ]),
  clear('tax of cents tells nothing', {
    cdr: claimed(0.1, 0.14),
    priced: pricedAt('0.1', null),
  }),
  clear('two rates tell nothing', {
    cdr: claimed(6.1, 7.1),
    priced: pricedAt('6.1', null),
    ...knownTariff({
      elements: [
        {
          price_components: [
            { type: 'ENERGY', price: 0.25, vat: 10, step_size: 1 },
            { type: 'FLAT', price: 1, vat: 20, step_size: 1 },
          ],
        },
      ],
    }),
  }),

  // P10
  clear('a reservation that nobody priced', { cdr: reserved, priced: pricedAt('7.1', '8.52') }, [
    'P10 W',
  ]),
  clear('one that the tariff has', {
    cdr: {
      ...reserved,
      charging_periods: [
        period('2026-03-01T10:00:00Z', { RESERVATION_TIME: 0.5 }),
        period('2026-03-01T10:30:00Z', { ENERGY: 20.4, TIME: 1.5 }),
      ],
    },
    priced: pricedAt('7.1', '8.52'),
    ...knownTariff({
      elements: [
        {
          price_components: [{ type: 'TIME', price: 2, vat: 20, step_size: 1 }],
          restrictions: { reservation: 'RESERVATION' },
        },
        {
          price_components: [
            { type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 },
            { type: 'FLAT', price: 1, vat: 20, step_size: 1 },
          ],
        },
      ],
    }),
  }),

  // At risk of nothing
  clear('a price below the tariff is told', { priced: pricedAt('7', '8.4') }, ['P1 W']),
  hold(
    'an agreed tariff holds what is claimed beyond it',
    { others: { stored: null, agreed: pricedAt('5.9', '7.08') } },
    ['P3 S'],
  ),
])
