import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PricedInput } from '../../src/clearing/input.ts'
import { judge } from '../../src/clearing/judge.ts'
import { hasSamePrices } from '../../src/clearing/same-tariff.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import {
  pricedAt,
  soundAgreement,
  soundCdr,
  soundInput,
  soundTariff,
} from '../helpers/clearing-case.ts'
import { clear, hold, runRules } from '../helpers/clearing-rules.ts'

const failed: PricedInput = {
  ok: false,
  code: 'no_active_tariff',
  pointer: '/tariffs/0',
  message: 'no tariff was active',
}
const stored = (price: PricedInput) => ({ others: { stored: price, agreed: null } })
const agreed = (price: PricedInput) => ({ others: { stored: null, agreed: price } })

const inForce = (window: Record<string, unknown>) => ({
  state: 'own' as const,
  tariffs: [soundTariff(window)],
})

runRules('clearing: other tariffs', [
  clear('a published tariff of the same price is no news', stored(pricedAt('6.1', '7.32'))),
  clear('one that rounds otherwise neither', stored(pricedAt('6.11', '7.33'))),
  hold('one that is cheaper holds the difference', stored(pricedAt('5.1', '6.12')), ['P2 S']),
  clear('one that is dearer is reported', stored(pricedAt('7.1', '8.52')), ['P2 W']),
  hold('without tax they may be the same and differ with it', stored(pricedAt('6.1', '7.26')), [
    'P2 S',
  ]),
  clear(
    'a claim that the published one gives holds nothing',
    { ...stored(pricedAt('6.11', '7.33')), priced: pricedAt('6.2', '7.44') },
    ['P1 W', 'P2 W'],
  ),
  clear('one that cannot price the session is reported', stored(failed), ['P2 W']),
  clear('and one that alone can', { ...stored(pricedAt('6.1', '7.32')), priced: failed }, [
    'P2 W',
    'P0 W',
  ]),
  hold('and one that alone can, for less', { ...stored(pricedAt('5.1', '6.12')), priced: failed }, [
    'P2 S',
    'P0 W',
  ]),
  clear('where neither can, once is enough', { ...stored(failed), priced: failed }, ['P0 W']),
  clear('a CDR without tariffs was priced by the published one', {
    ...stored(pricedAt('5.1', '6.12')),
    tariff: { state: 'stored', tariffs: [soundTariff()] },
  }),
  clear(
    'a pair may agree that it is only reported',
    { ...stored(pricedAt('5.1', '6.12')), agreement: soundAgreement({ severities: { P2: 'W' } }) },
    ['P2 W'],
  ),
  clear(
    'one in the CDR that begins only after the session is reported',
    {
      tariff: inForce({ start_date_time: '2026-03-02T10:00:00Z' }),
    },
    ['P2 W'],
  ),
  clear('and one that had ended', { tariff: inForce({ end_date_time: '2026-03-01T09:00:00Z' }) }, [
    'P2 W',
  ]),
  clear('not one that was in force when the session began, for whatever time', {
    tariff: inForce({
      start_date_time: '2026-03-01T10:01:00Z',
      end_date_time: '2026-03-01T10:30:00Z',
    }),
  }),
  clear('nor one that is replaced by another in the CDR', {
    tariff: {
      state: 'own',
      tariffs: [soundTariff({ end_date_time: '2026-01-01T00:00:00Z' }), soundTariff()],
    },
  }),
  clear('a claim that is what was agreed is sound', agreed(pricedAt('6.1', '7.32'))),
  clear('one within the tolerance too', agreed(pricedAt('6.09', '7.308'))),
  hold('one beyond it is held', agreed(pricedAt('5.9', '7.08')), ['P3 S']),
  clear('one below it is reported', agreed(pricedAt('6.3', '7.56')), ['P3 W']),
  clear('an agreed tariff of another currency is compared with nothing', {
    ...agreed({ ok: true, currency: 'SEK', total: { excl: '1', incl: '1' } }),
  }),
  hold(
    'what its own tariff does not give goes before',
    { ...agreed(pricedAt('5.9', '7.08')), priced: pricedAt('6', '7.2') },
    ['P1 S', 'P3 S'],
  ),
])

/** Cheap by night, in a country of many zones. */
const night = soundTariff({
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 0.1, vat: 20, step_size: 1 }],
      restrictions: { start_time: '22:00', end_time: '06:00' },
    },
    { price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] },
  ],
})
const unzoned = (total: number) => {
  const total_cost = { excl_vat: total, incl_vat: Math.round(total * 120) / 100 }
  const cdr = {
    cdr_location: { country: 'USA' },
    total_cost,
    total_fixed_cost: undefined,
    total_energy_cost: undefined,
  }
  const priced = priceCdr(soundCdr(cdr), [night], { timeZone: null })
  return judge(soundInput({ cdr, tariff: { state: 'own', tariffs: [night] }, priced }))
}

const once = suite('clearing: one difference by two tariffs')

once('is held once, under the one that holds most', () => {
  const { verdict, code, atRisk, beside } = judge(
    soundInput({ ...stored(pricedAt('5.1', '6.12')), priced: pricedAt('5.5', '6.6') }),
  )
  assert.equal([verdict, code, atRisk, beside], ['hold', 'P2', { net: '1', tax: '0.2' }, null])
})

const bounds = suite('clearing: unknown time zones')

bounds('a claim between the bounds is not judged, and told between what', () => {
  for (const total of [2.04, 3, 5.1, 5.11]) {
    const { verdict, findings } = unzoned(total)
    assert.equal([verdict, findings.map(({ code }) => code)], ['clear', ['P0']])
    assert.match(findings[0]?.message ?? '', /2\.04 EUR to 5\.10 EUR without tax/)
  }
})

bounds('a claim that no zone leads to differs from the nearest bound', () => {
  for (const [total, nearest] of [
    [1.9, '2.04'],
    [5.2, '5.1'],
  ] as const) {
    const outcome = total < 2 ? 'clear' : 'hold'
    const { verdict, findings } = unzoned(total)
    assert.equal([verdict, findings.map(({ code }) => code)], [outcome, ['P1']])
    assert.is(findings[0]?.expected, nearest)
  }
})

const same = suite('clearing: the same tariff')

same('what decides no price may differ', () => {
  const other = soundTariff({ last_updated: '2026-02-01T00:00:00Z', tariff_alt_text: [] })
  assert.ok(hasSamePrices(soundTariff(), other))
})

same('what decides a price may not', () => {
  const changes = [
    { currency: 'SEK' },
    { elements: [] },
    { min_price: { excl_vat: 1 } },
    { end_date_time: '2027-01-01T00:00:00Z' },
    { tax_included: 'YES' },
  ]
  for (const change of changes) assert.not.ok(hasSamePrices(soundTariff(), soundTariff(change)))
  assert.not.ok(hasSamePrices(soundTariff(), null))
})

once.run()
bounds.run()
same.run()
