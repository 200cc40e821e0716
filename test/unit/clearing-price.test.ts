import {
  knownTariff,
  noTariff,
  period,
  pricedAt,
  soundAgreement,
  soundTariff,
} from '../helpers/clearing-case.ts'
import type { PricedInput } from '../../src/clearing/input.ts'
import { TERMS } from '../../src/clearing/terms.ts'
import { clear, hold, quarantine, runRules } from '../helpers/clearing-rules.ts'

/** Nothing is tolerated but what has to be rounded. */
const exact = {
  agreement: soundAgreement({
    tolerance: { ...TERMS.tolerance, cost: { absolute: 0, relative: 0 } },
  }),
}

/** A bill of energy and a start fee. */
function inParts({ excl, incl }: { excl: [string, string]; incl: [string, string] }): PricedInput {
  const none = { excl: '0', incl: '0' }
  const sum = (parts: string[]) =>
    (parts.reduce((all, one) => all + Number(one) * 1e6, 0) / 1e6).toString()
  const [energy, fixed] = [0, 1].map((part) => ({
    excl: excl[part] ?? '0',
    incl: incl[part] ?? '0',
  }))
  return {
    ok: true,
    currency: 'EUR',
    total: { excl: sum(excl), incl: sum(incl) },
    dimensions: {
      energy: energy ?? none,
      fixed: fixed ?? none,
      time: none,
      parking: none,
      reservation: none,
    },
  }
}

runRules('clearing: price and tax', [
  // P8, P1, P9, P0, P11, C6
  quarantine('a currency that does not exist is fatal', { cdr: { currency: 'EUX' } }, ['P8 F']),
  quarantine('another currency than the tariff is fatal', { cdr: { currency: 'SEK' } }, ['P8 F']),
  quarantine(
    'another currency than agreed is fatal',
    { agreement: soundAgreement({ currency: 'CHF' }) },
    ['P8 F'],
  ),
  clear('a currency in small letters is the same one', { cdr: { currency: 'eur' } }),
  clear('a tariff of another currency that no period names is no matter', {
    tariff: {
      state: 'own',
      tariffs: [soundTariff(), soundTariff({ id: 'OTHER', currency: 'SEK' })],
    },
  }),
  hold('a price beyond the tolerance holds', { priced: pricedAt('6.0694', '7.28328') }, ['P1 S']),
  clear('a price within the tolerance is rounding', { priced: pricedAt('6.09', '7.308') }, [
    'P9 I',
  ]),
  hold('a price with tax beyond the tolerance holds', { priced: pricedAt('6.1', '7.28') }, [
    'P1 S',
  ]),
  clear('a price with tax that pricing does not know is not compared', {
    priced: pricedAt('6.1', null),
  }),
  clear('a price with tax that the CDR does not state is not compared', {
    cdr: { total_cost: { excl_vat: 6.1 } },
  }),
  clear(
    'a rounded price is sound even where no tolerance is agreed',
    {
      agreement: soundAgreement({
        tolerance: { ...TERMS.tolerance, cost: { absolute: 0, relative: 0 } },
      }),
      priced: pricedAt('6.095', '7.325'),
    },
    ['P9 I'],
  ),
  clear(
    'each part of the bill may have been rounded up',
    { priced: inParts({ excl: ['5.085', '0.998'], incl: ['6.102', '1.1976'] }), ...exact },
    ['P9 I'],
  ),
  hold(
    'what is in whole cents needs no rounding',
    { priced: inParts({ excl: ['5.08', '1'], incl: ['6.10', '1.20'] }), ...exact },
    ['P1 S'],
  ),
  hold(
    'one part explains one cent and no more',
    { priced: inParts({ excl: ['5.088', '1'], incl: ['6.1056', '1.2'] }), ...exact },
    ['P1 S'],
  ),
  clear('without a tariff the price is not judged', noTariff, ['P0 W']),
  clear('a claim of nothing needs no tariff', {
    ...noTariff,
    cdr: { total_cost: { excl_vat: 0 }, total_energy_cost: undefined, total_fixed_cost: undefined },
  }),
  clear(
    'a CDR that cannot be priced is a warning',
    {
      priced: {
        ok: false,
        code: 'no_active_tariff',
        pointer: '/tariffs',
        message: 'No tariff is active.',
      },
    },
    ['P0 W'],
  ),
  clear(
    'a tariff younger than the session is only noted',
    {
      tariff: { state: 'stored', tariffs: [soundTariff()], afterStart: true },
    },
    ['P11 I'],
  ),
  clear(
    'one in the CDR that its owner published only later too',
    { tariff: { state: 'own', tariffs: [soundTariff()], afterStart: true } },
    ['P11 I'],
  ),
  quarantine(
    'a negative claim that is no credit is refused',
    {
      cdr: {
        total_cost: { excl_vat: -6.1 },
        total_energy_cost: undefined,
        total_fixed_cost: undefined,
      },
      priced: pricedAt('-6.1', null),
    },
    ['C6 F'],
  ),

  // V2
  clear(
    'tax at another rate than the tariff is a warning',
    {
      cdr: { total_cost: { excl_vat: 6.1, incl_vat: 7.26 } },
      priced: pricedAt('6.1', null),
    },
    ['V2 W'],
  ),
  hold(
    'tax beyond the highest price is no tax of it',
    {
      cdr: { total_cost: { excl_vat: 6.1, incl_vat: 9.15 }, total_energy_cost: undefined },
      ...knownTariff({ max_price: { excl_vat: 6.1, incl_vat: 7.32 } }),
    },
    ['P1 S', 'V2 W'],
  ),
  clear('one side alone may stand on the highest price', {
    cdr: { total_cost: { excl_vat: 6.1, incl_vat: 6.4 } },
    ...knownTariff({ max_price: { excl_vat: 6.1, incl_vat: 7.32 } }),
    priced: pricedAt('6.1', '6.4'),
  }),
  clear('two rates leave a range', {
    cdr: { total_cost: { excl_vat: 6.1, incl_vat: 6.8 }, total_energy_cost: { excl_vat: 5.1 } },
    ...knownTariff({ elements: [{ price_components: [component(10), component(22)] }] }),
    priced: pricedAt('6.1', null),
  }),
  clear('tax nobody knows the rate of is not judged', {
    cdr: { total_cost: { excl_vat: 6.1, incl_vat: 9 }, total_energy_cost: { excl_vat: 5.1 } },
    ...knownTariff({ elements: [{ price_components: [component(undefined)] }] }),
    priced: pricedAt('6.1', null),
  }),
  clear(
    'less with tax than without is a warning',
    {
      cdr: { total_cost: { excl_vat: 6.1, incl_vat: 6 } },
      ...knownTariff({ elements: [{ price_components: [component(undefined)] }] }),
      priced: pricedAt('6.1', null),
    },
    ['V2 W'],
  ),
])

function component(vat: number | undefined): unknown {
  return { type: 'ENERGY', price: 0.25, step_size: 1, ...(vat === undefined ? {} : { vat }) }
}
