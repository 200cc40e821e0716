import { knownSession, knownTariff, noTariff, period, pricedAt } from '../helpers/clearing-case.ts'
import type { CaseChanges } from '../helpers/clearing-case.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const none = { charging_periods: [period('2026-03-01T10:00:00Z', { TIME: 2 })] }

const start = '2026-03-01T10:00:00Z'

runRules('clearing: totals', [
  // T2
  hold(
    'periods that add up to other energy hold',
    { cdr: { charging_periods: [period(start, { ENERGY: 20.2 })] } },
    ['T2 S'],
  ),
  clear(
    'a small difference to the sum of the periods is a warning',
    { cdr: { charging_periods: [period(start, { ENERGY: 20.333 })] } },
    ['T2 W'],
  ),
  clear('ten watt-hours are no difference', {
    cdr: { charging_periods: [period(start, { ENERGY: 20.391 })] },
  }),
  clear('periods may leave the energy out', { cdr: none }),
  hold(
    'whole kilowatt-hours are exact',
    {
      cdr: {
        ...sized(31),
        charging_periods: [period(start, { ENERGY: 10 }), period(start, { ENERGY: 20 })],
      },
      ...knownSession({ kwh: 31 }),
      priced: null,
      location: null,
    },
    ['T2 S', 'P0 W'],
  ),
  clear(
    'a total time that is not end minus start is a warning where time costs nothing',
    { cdr: { total_time: 3 } },
    ['T2 W'],
  ),
  hold(
    'a total time that is not end minus start holds where time is billed',
    {
      cdr: {
        total_time: 3,
        total_energy_cost: { excl_vat: 4.1, incl_vat: 4.92 },
        total_time_cost: { excl_vat: 1, incl_vat: 1.2 },
      },
    },
    ['T2 S'],
  ),
  clear('a total time a minute off is a warning', { cdr: { total_time: 2.0169 } }, ['T2 W']),
  clear('a total time with two decimals is sound', {
    cdr: { end_date_time: '2026-03-01T11:58:23Z', total_time: 1.97 },
  }),
  clear('a reservation may count into the total time', { cdr: reserved(2) }),
  clear('a reservation may be left out of the total time', { cdr: reserved(1.5) }),
  clear('a total time less than without the reservation is told', { cdr: reserved(1) }, ['T2 W']),
  clear('more parking than time is told', { cdr: { total_parking_time: 2.5 } }, ['T2 W']),
  clear('parking as long as the session is sound', { cdr: { total_parking_time: 2 } }),
  clear(
    'periods longer than the session are told where time costs nothing',
    { cdr: timed({ TIME: 3 }) },
    ['T2 W'],
  ),
  hold('periods longer than the session hold where time is billed', billed(timed({ TIME: 3 })), [
    'T2 S',
  ]),
  hold('charging and parking exclude one another', billed(timed({ TIME: 2, PARKING_TIME: 1 })), [
    'T2 S',
  ]),
  hold('so does a reservation', billed(timed({ TIME: 2, RESERVATION_TIME: 1 })), ['T2 S']),
  clear('periods a minute longer are a warning', billed(timed({ TIME: 2.0169 })), ['T2 W']),
  clear('periods may leave time out', billed(timed({ TIME: 1 }))),
  clear('periods may be rounded one by one', billed(minutes(24, 0.0834))),
  hold('but not up by a minute each', billed(minutes(24, 0.1)), ['T2 S']),
  hold(
    'more parking in the periods than in total holds',
    billed({ ...timed({ TIME: 1.25, PARKING_TIME: 0.75 }), total_parking_time: 0.25 }),
    ['T2 S'],
  ),
  clear(
    'parts that exceed the total are told: the total is less',
    { cdr: { total_fixed_cost: { excl_vat: 1.5 } } },
    ['T2 W'],
  ),
  clear(
    'parts that miss something of a total that is right are told',
    { cdr: { total_fixed_cost: { excl_vat: 0.5 } } },
    ['T2 W'],
  ),
  hold(
    'parts that miss something of a total that nobody can check hold',
    {
      cdr: { total_fixed_cost: { excl_vat: 0.5 } },
      priced: { ok: false, code: 'unreadable', pointer: '/tariffs', message: 'It is unreadable' },
    },
    ['T2 S', 'P0 W'],
  ),
  clear('parts a little off are a warning', { cdr: { total_fixed_cost: { excl_vat: 1.02 } } }, [
    'T2 W',
  ]),
  clear('parts may be rounded one by one', { cdr: { total_fixed_cost: { excl_vat: 1.01 } } }),
  clear(
    'a part with too much tax is told: the total is less',
    { cdr: { total_energy_cost: { excl_vat: 5.1, incl_vat: 9 } } },
    ['T2 W'],
  ),
  hold(
    'tax that no part has holds, also where no tariff is known',
    { cdr: { total_cost: { excl_vat: 6.1, incl_vat: 9 } }, ...noTariff },
    ['T2 S', 'P0 W'],
  ),
  clear('parts with tax may be rounded one by one', {
    cdr: { total_fixed_cost: { excl_vat: 1, incl_vat: 1.22 } },
  }),
  clear('parts without tax say nothing of it', {
    cdr: { total_fixed_cost: { excl_vat: 1 }, total_energy_cost: { excl_vat: 5.1, incl_vat: 9 } },
  }),
  clear('not every part has to be stated', { cdr: { total_fixed_cost: undefined } }),
  clear('a total on the min_price is not the sum of its parts', {
    cdr: { total_cost: { excl_vat: 10, incl_vat: 12 } },
    ...knownTariff({ min_price: { excl_vat: 10, incl_vat: 12 } }),
    priced: pricedAt('10', '12'),
  }),
  clear('a total on the max_price is not the sum of its parts', {
    cdr: { total_cost: { excl_vat: 5, incl_vat: 6 } },
    ...knownTariff({ max_price: { excl_vat: 5, incl_vat: 6 } }),
    priced: pricedAt('5', '6'),
  }),
  clear(
    'parts cannot be held against a total whose tariff is not known',
    { cdr: { total_fixed_cost: { excl_vat: 3 } }, ...noTariff },
    ['T2 W', 'P0 W'],
  ),

  // T5, row 19 of the catalogue of bad input
  clear(
    'row 19: an amount of more than 4 decimals clears and is noted',
    { cdr: { total_energy_cost: { excl_vat: 5.10001 } } },
    ['T5 I'],
  ),
  clear(
    'row 19: an amount of more than 15 digits clears and is noted',
    { cdr: { total_energy_cost: { excl_vat: '5.1000000000000001' } } },
    ['T5 I'],
  ),
  clear('a quantity may have as many decimals as it likes', { cdr: { total_time: 2.000001 } }),
])

function sized(energy: number): Record<string, unknown> {
  return { total_energy: energy, total_energy_cost: undefined, total_fixed_cost: undefined }
}

function timed(volumes: Record<string, number>): Record<string, unknown> {
  return { charging_periods: [period(start, { ENERGY: 20.4, ...volumes })] }
}

function minutes(count: number, hours: number): Record<string, unknown> {
  const at = (index: number): string => new Date(Date.parse(start) + index * 300_000).toISOString()
  const periods = Array.from({ length: count }, (_, index) =>
    period(at(index), { ENERGY: 0.85, TIME: hours }),
  )
  return { charging_periods: periods }
}

/** A CDR of which 3.00 are for the time and the parking. */
function billed(cdr: Record<string, unknown>): CaseChanges {
  const time = { total_time_cost: { excl_vat: 2, incl_vat: 2.4 } }
  const parking = { total_parking_cost: { excl_vat: 1, incl_vat: 1.2 } }
  const energy = { total_energy_cost: { excl_vat: 2.1, incl_vat: 2.52 } }
  return { cdr: { ...cdr, ...energy, ...time, ...parking } }
}

function reserved(totalTime: number): Record<string, unknown> {
  return {
    charging_periods: [
      period(start, { RESERVATION_TIME: 0.5 }),
      period('2026-03-01T10:30:00Z', { ENERGY: 20.4, TIME: 1.5 }),
    ],
    total_time: totalTime,
  }
}
