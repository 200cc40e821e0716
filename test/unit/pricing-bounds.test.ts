import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricedCdr } from '../../src/pricing/types.ts'
import { possibleZones } from '../../src/pricing/zones.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortElement } from '../fixtures/pricing/expand.ts'

const test = suite('pricing: bounds without a time zone')
const DAY: ShortElement = {
  price: [['ENERGY', 0.6, 20, 1]],
  when: { start_time: '08:00', end_time: '20:00' },
}
const NIGHT: ShortElement = { price: [['ENERGY', 0.4, 20, 1]] }

test('every offset that a zone has this year or last is among those tried', () => {
  const tried = possibleZones.map((zone) => zone(0) / 3_600_000)
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    for (const month of [1, 4, 7, 10]) {
      const hours = offsetOf(zone, `2025-${String(month).padStart(2, '0')}-15T12:00:00Z`)
      assert.ok(tried.includes(hours), `${zone} is ${hours} hours from UTC`)
    }
  }
  assert.is(new Set(tried).size, tried.length)
  assert.equal([Math.min(...tried), Math.max(...tried)], [-12, 14])
})

test('each bound is a whole bill', () => {
  const priced = priceFor([DAY, NIGHT], 1)
  assert.not(priced.ok)
  if (priced.ok || priced.bounds === null) throw new Error('no bounds')
  const { low, high } = priced.bounds
  assert.equal(
    [low.total, high.total],
    [
      { excl: '4', incl: '4.8' },
      { excl: '6', incl: '7.2' },
    ],
  )
  assert.equal(
    [low, high].map((bill) => [bill.segments.length, bill.segments[0]?.element]),
    [
      [1, 1],
      [1, 0],
    ],
  )
  assert.equal(high.taxes, [{ percentage: '20', base: '6', amount: '1.2' }])
  assert.equal(high.timeZone, { name: null, source: 'none' })
  assert.equal(
    high.notes.map(({ code }) => code),
    ['default_tariff'],
  )
})

test('bounds beyond what partners may send are told apart', () => {
  const periods = [{ at: '10:00', volumes: { ENERGY: 1_000_000_000_000 } }]
  const priced = priceCdr(expandCdr({ periods }), [
    expandTariff({
      elements: [{ ...DAY, price: [['ENERGY', 9, 20, 1]] }, { price: [['ENERGY', 7, 20, 1]] }],
    }),
  ])
  const bounds = priced.ok ? null : priced.bounds
  assert.equal(
    [bounds?.low.total.excl, bounds?.high.total.excl],
    ['7000000000000', '9000000000000'],
  )
})

test('a CDR too long for dozens of pricings has no bounds', () => {
  const elements = [DAY, NIGHT]
  const most = limits.pricingBoundsLookupsMax / elements.length
  assert.not.equal(boundsOf(priceFor(elements, 10)), null)
  assert.is(boundsOf(priceFor(elements, most + 1)), null)
})

test('periods out of order are looked at in order without a zone, too', () => {
  const periods = [
    { at: '11:00', volumes: { ENERGY: 10 } },
    { at: '10:00', volumes: { ENERGY: 5 } },
  ]
  const elements: ShortElement[] = [
    { price: [['ENERGY', 0.1, 0, 1]], when: { max_kwh: 10 } },
    { price: [['ENERGY', 0.5, 0, 1]], when: { start_date: '2000-01-01' } },
  ]
  const priced = priceCdr(expandCdr({ start: '10:00', periods }), [expandTariff({ elements })])
  const codes = priced.ok ? priced.notes.map(({ code }) => code) : []
  assert.ok(codes.includes('order_changes_price'))
  assert.ok(codes.includes('time_zone_unknown_harmless'))
})

test('what else cannot be priced is answered as that', () => {
  const cdr = expandCdr({
    periods: [
      { at: '10:00', tariff: 'T', volumes: { ENERGY: 10 } },
      { at: '11:00', tariff: 'none', volumes: { ENERGY: 10 } },
    ],
  })
  const priced = priceCdr(cdr, [expandTariff({ elements: [DAY, NIGHT] })])
  assert.is(priced.ok ? 'priced' : priced.code, 'unknown_tariff')
})

test.run()

function priceFor(elements: ShortElement[], count: number): PricedCdr {
  const periods = Array.from({ length: count }, () => ({ at: '10:00', volumes: { ENERGY: 10 } }))
  return priceCdr(expandCdr({ periods, end: '10:00' }), [expandTariff({ elements })], {
    timeZone: null,
  })
}

function boundsOf(priced: PricedCdr): unknown {
  return priced.ok ? undefined : priced.bounds
}

/** Hours from UTC by the clock that the runtime shows there. */
function offsetOf(zone: string, at: string): number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const shown = Date.parse(`${format.format(Date.parse(at)).replace(' ', 'T')}Z`)
  return (shown - Date.parse(at)) / 3_600_000
}
