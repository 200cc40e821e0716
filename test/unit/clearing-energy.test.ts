import { knownSession, knownTariff, noTariff, period, pricedAt } from '../helpers/clearing-case.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const zero = {
  charging_periods: [period('2026-03-01T10:00:00Z', { ENERGY: 0, TIME: 2 })],
  total_energy: 0,
  total_energy_cost: { excl_vat: 0, incl_vat: 0 },
}

const start = '2026-03-01T10:00:00Z'
const parkingPrice = { type: 'PARKING_TIME', price: 2, step_size: 1 }
const parked = {
  ...zero,
  charging_periods: [period(start, { ENERGY: 0, TIME: 1.5, PARKING_TIME: 0.5 })],
  total_parking_time: 0.5,
  total_cost: { excl_vat: 1 },
}

runRules('clearing: energy and session', [
  // Q5, Q1, Q3, X4
  hold(
    'negative energy holds',
    {
      cdr: { ...sized(-1), charging_periods: [period(start, { ENERGY: -1 })] },
      ...knownSession({ kwh: -1 }),
      priced: null,
    },
    ['Q5 S', 'P0 W'],
  ),
  hold(
    'a negative period holds',
    {
      cdr: { charging_periods: [period(start, { ENERGY: -1 }), period(start, { ENERGY: 21.4 })] },
    },
    ['Q5 S'],
  ),
  hold('more energy than that of the session holds', knownSession({ kwh: 20.1 }), ['Q1 S']),
  clear('less energy than that of the session is told', knownSession({ kwh: 20.7 }), ['Q1 W']),
  clear('energy within 0.5 % of the session is sound', knownSession({ kwh: 20.3 })),
  clear('energy within 0.05 kWh of a small session is sound', {
    cdr: {
      ...sized(1),
      charging_periods: [period(start, { ENERGY: 1 })],
      total_cost: { excl_vat: 1.25 },
    },
    ...knownSession({ kwh: 1.05 }),
    priced: pricedAt('1.25', null),
  }),
  hold(
    'energy 0.06 kWh off a small session holds',
    {
      cdr: {
        ...sized(1),
        charging_periods: [period(start, { ENERGY: 1 })],
        total_cost: { excl_vat: 1.25 },
      },
      ...knownSession({ kwh: 0.94 }),
      priced: pricedAt('1.25', null),
    },
    ['Q1 S'],
  ),
  hold('more power than the connector has holds', { location: { maxPowerKw: 3.7 } }, ['Q3 S']),
  clear('the power of a connector that is not known is not judged', {
    location: { maxPowerKw: null },
  }),
  clear('a connector of 0 kW is not believed', { location: { maxPowerKw: 0 } }),
  clear('a period of seconds is not judged for power', {
    cdr: {
      charging_periods: [
        period(start, { ENERGY: 18.4 }),
        period('2026-03-01T11:59:40Z', { ENERGY: 2 }),
      ],
    },
    location: { maxPowerKw: 11 },
  }),
  hold(
    'one period above the power of the connector holds',
    {
      cdr: {
        charging_periods: [
          period(start, { ENERGY: 8.4 }),
          period('2026-03-01T11:30:00Z', { ENERGY: 12 }),
        ],
      },
      location: { maxPowerKw: 11 },
    },
    ['Q3 S'],
  ),
  hold(
    'cost without energy holds where the tariff does not explain it',
    {
      cdr: { ...zero, total_cost: { excl_vat: 1 } },
      ...knownSession({ kwh: 0 }),
      ...noTariff,
    },
    ['X4 S', 'P0 W'],
  ),
  clear(
    'a start fee without energy is only noted',
    {
      cdr: { ...zero, total_cost: { excl_vat: 1 } },
      ...knownSession({ kwh: 0 }),
      priced: pricedAt('1', null),
    },
    ['X4 I'],
  ),
  hold(
    'a wrong start fee without energy is a wrong price',
    {
      cdr: { ...zero, total_cost: { excl_vat: 1.1 }, total_fixed_cost: { excl_vat: 1.1 } },
      ...knownSession({ kwh: 0 }),
      priced: pricedAt('1', null),
    },
    ['P1 S', 'X4 I'],
  ),
  clear('parking without energy is sound where the tariff has a price for it', {
    cdr: parked,
    ...knownSession({ kwh: 0 }),
    ...knownTariff({ elements: [{ price_components: [parkingPrice] }] }),
    priced: pricedAt('1', null),
  }),
  hold(
    'parking without energy that the tariff has no price for holds',
    {
      cdr: parked,
      ...knownSession({ kwh: 0 }),
      ...knownTariff({ elements: [{ price_components: [{ type: 'ENERGY', price: 0.25 }] }] }),
      priced: pricedAt('0', null),
    },
    ['P1 S', 'X4 S'],
  ),
  clear(
    'a start fee for a stay without energy is only noted, parked or not',
    { cdr: parked, ...knownSession({ kwh: 0 }), priced: pricedAt('1', null) },
    ['X4 I'],
  ),
  clear(
    'parking without energy is told where no tariff is known',
    { cdr: parked, ...knownSession({ kwh: 0 }), ...noTariff },
    ['X4 W', 'P0 W'],
  ),

  // X1, X5, X6
  clear(
    'a session that never came is a warning',
    { session: { state: 'missing' }, waitOver: true },
    ['X1 W'],
  ),
  clear(
    'a CDR without session_id waits for none',
    { cdr: { session_id: undefined }, session: { state: 'missing' } },
    ['X1 I'],
  ),
  clear(
    'a session that is never completed is a warning',
    { ...knownSession({ status: 'ACTIVE', kwh: 3 }), waitOver: true },
    ['X5 W'],
  ),
  hold(
    'an INVALID session cannot be billed',
    { ...knownSession({ status: 'INVALID' }), waitOver: true },
    ['X6 S'],
  ),
])

function sized(energy: number): Record<string, unknown> {
  return { total_energy: energy, total_energy_cost: undefined, total_fixed_cost: undefined }
}
