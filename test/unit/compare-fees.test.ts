import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCdr } from '../../src/pricing/compare.ts'
import type { Comparison } from '../../src/pricing/comparison.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import { bill, money, segment } from '../fixtures/compare/bill.ts'

const test = suite('compare: whose a flat fee is')

/** 7.50 of parking and a fee of 2.50, of which nobody knows whether it is for parking. */
const PARKED = priced({
  fixed: ['2.5', '2.875'],
  parking: ['7.5', '8.25'],
  segments: [
    segment('parking', { type: 'PARKING_TIME', excl: '7.5', incl: '8.25' }),
    segment('fixed', { type: 'FLAT', excl: '2.5', incl: '2.875' }),
  ],
  hours: { parkingH: '1.5' },
})

/** A reservation of 4.00 with a fee of 2.00, and a fee of 0.50 for charging. */
const RESERVED = priced({
  fixed: ['0.5', '0.5'],
  reservation: ['6', '6'],
  segments: [
    segment('reservation', { type: 'TIME', excl: '4' }),
    segment('reservation', { type: 'FLAT', excl: '2' }),
    segment('fixed', { type: 'FLAT', excl: '0.5' }),
  ],
  hours: { reservationH: '1' },
})

test('a fee may be claimed apart from parking or inside of it', () => {
  assert.equal(verdicts(PARKED, { fixed: 2.5, parking: 7.5 }), ['matches', 'matches'])
  assert.equal(verdicts(PARKED, { fixed: 0, parking: 10 }), ['matches', 'matches'])
  assert.equal(verdicts(PARKED, { parking: 10 }), ['matches'])
  assert.equal(verdicts(PARKED, { fixed: 0 }), ['matches'])
})

test('both sides of taxes have to place it alike', () => {
  const claim = { total_parking_cost: { excl_vat: 10, incl_vat: 8.25 } }
  assert.equal(verdictsOf(compareCdr(claim, PARKED, { tolerance: null })), [
    'not_compared',
    'not_compared',
  ])
  const good = { total_parking_cost: { excl_vat: 10, incl_vat: 11.125 } }
  const { items } = compareCdr(good, PARKED, { tolerance: null })
  assert.equal(
    items.map(({ computed }) => computed),
    ['10', '11.125'],
  )
})

test('where no way of placing it adds up nothing is said', () => {
  const { items, verdict } = compareCdr({ total_fixed_cost: 2.5, total_parking_cost: 10 }, PARKED, {
    tolerance: null,
  })
  assert.equal(
    items.map((item) => [item.verdict, item.computed]),
    [
      ['not_compared', null],
      ['not_compared', null],
    ],
  )
  assert.match(`${items[0]?.reason}`, 'flat fee')
  assert.is(verdict, 'cannot_price')
})

test('placing it within the tolerance is second best', () => {
  const tolerance = { absolute: '0.1', relative: '0' }
  const { items } = compareCdr({ total_parking_cost: 9.95 }, PARKED, { tolerance })
  assert.equal(
    items.map((item) => [item.verdict, item.computed]),
    [['within_tolerance', '10']],
  )
  const both = compareCdr({ total_fixed_cost: 0, total_parking_cost: 9.95 }, PARKED, { tolerance })
  assert.equal(verdictsOf(both), ['matches', 'within_tolerance'])
})

test('placing it exactly is better than leaving it near', () => {
  const tolerance = { absolute: '5', relative: '0' }
  const { items } = compareCdr({ total_parking_cost: 10 }, PARKED, { tolerance })
  assert.equal(
    items.map((item) => [item.verdict, item.computed]),
    [['matches', '10']],
  )
})

test('no fee is counted twice', () => {
  assert.equal(verdicts(PARKED, { fixed: 5, parking: 7.5 }), ['not_compared', 'not_compared'])
})

test('a claim that cannot be read stands against no way of placing a fee', () => {
  const claim = { total_fixed_cost: 'none', total_parking_cost: 10 }
  assert.equal(verdictsOf(compareCdr(claim, PARKED, { tolerance: null })), [
    'not_compared',
    'matches',
  ])
})

test('a fee of a reservation and one of charging are placed one by one', () => {
  for (const [fixed, reservation] of [
    [0.5, 6],
    [2.5, 4],
    [0, 6.5],
    [2, 4.5],
  ])
    assert.equal(verdicts(RESERVED, { fixed, reservation }), ['matches', 'matches'], `${fixed}`)
  assert.equal(verdicts(RESERVED, { fixed: 1, reservation: 5.5 }), ['not_compared', 'not_compared'])
  assert.equal(verdicts(RESERVED, { fixed: 2.5, reservation: 6 }), ['not_compared', 'not_compared'])
  // Nothing was parked, so no fee is for parking.
  assert.equal(verdicts(RESERVED, { fixed: 2.5, parking: 2, reservation: 4 }), [
    'matches',
    'differs',
    'matches',
  ])
  assert.equal(verdicts(RESERVED, { parking: 2 }), ['differs'])
  assert.equal(verdicts(RESERVED, { fixed: 1, parking: 2, reservation: 6 }), [
    'not_compared',
    'differs',
    'not_compared',
  ])
})

test('without parking and reserved time every fee is a fixed cost', () => {
  const plain = priced({
    fixed: ['2', '2'],
    segments: [segment('fixed', { type: 'FLAT', excl: '2' })],
  })
  assert.equal(verdicts(plain, { fixed: 2, parking: 0 }), ['matches', 'matches'])
  assert.equal(verdicts(plain, { fixed: 0, parking: 2 }), ['differs', 'differs'])
})

test('without a fee costs of parking are compared as they are', () => {
  const parked = priced({
    parking: ['7.5', '8.25'],
    segments: [segment('parking', { type: 'PARKING_TIME', excl: '7.5' })],
    hours: { parkingH: '1.5' },
  })
  assert.equal(verdicts(parked, { fixed: 1, parking: 7.5 }), ['differs', 'matches'])
})

test('a side that is not known stands against nothing', () => {
  const claim = { total_parking_cost: { excl_vat: 10, incl_vat: 1 } }
  const unknown = {
    ...PARKED,
    dimensions: { ...PARKED.dimensions, parking: money('7.5', null) },
  }
  const { items } = compareCdr(claim, unknown, { tolerance: null })
  assert.equal(
    items.map((item) => item.verdict),
    ['matches', 'not_compared'],
  )
  const [parking, fee] = PARKED.segments
  const net = {
    ...PARKED,
    dimensions: { ...PARKED.dimensions, fixed: money('2.5', null) },
    segments: [parking, fee].flatMap((each) => (each ? [{ ...each, incl: null }] : [])),
  }
  assert.equal(verdictsOf(compareCdr(claim, net, { tolerance: null })), ['matches', 'not_compared'])
})

test('more fees than a session has are left where they are', () => {
  const fees = ['1', '1', '1', '1', '1'].map((excl) => segment('fixed', { type: 'FLAT', excl }))
  const many = priced({ fixed: ['5', '5'], segments: fees, hours: { parkingH: '1' } })
  assert.equal(verdicts(many, { fixed: 5, parking: 0 }), ['matches', 'matches'])
  assert.equal(verdicts(many, { fixed: 4, parking: 1 }), ['not_compared', 'not_compared'])
  const four = priced({ fixed: ['4', '4'], segments: fees.slice(1), hours: { parkingH: '1' } })
  assert.equal(verdicts(four, { fixed: 3, parking: 1 }), ['matches', 'matches'])
})

type Sides = [string, string]

function priced({
  fixed = ['0', '0'],
  parking = ['0', '0'],
  reservation = ['0', '0'],
  segments,
  hours = {},
}: {
  fixed?: Sides
  parking?: Sides
  reservation?: Sides
  segments: PricedBill['segments']
  hours?: { parkingH?: string; reservationH?: string }
}): PricedBill {
  const base = bill()
  return {
    ...base,
    segments,
    quantities: { ...base.quantities, ...hours },
    dimensions: {
      ...base.dimensions,
      fixed: money(...fixed),
      parking: money(...parking),
      reservation: money(...reservation),
    },
  }
}

function verdicts(
  priced: PricedBill,
  claim: { fixed?: number | undefined; parking?: number; reservation?: number | undefined },
): string[] {
  const costs = {
    total_fixed_cost: claim.fixed,
    total_parking_cost: claim.parking,
    total_reservation_cost: claim.reservation,
  }
  return verdictsOf(compareCdr(costs, priced, { tolerance: null }))
}

function verdictsOf({ items }: Comparison): string[] {
  return items.map(({ verdict }) => verdict)
}

test.run()
