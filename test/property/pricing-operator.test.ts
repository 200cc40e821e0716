import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareCdr } from '../../src/pricing/compare.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { decimal, fraction, isWithinDigits, plus, toText } from '../helpers/fractions.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { billOfStay, check, sumsOf } from '../helpers/pricing-law.ts'
import { cdrJson, claimsOf, operatorBill, tariffJson } from '../helpers/pricing-operator.ts'
import { slicesOf } from '../helpers/pricing-stay.ts'
import type { Slice } from '../helpers/pricing-stay.ts'

/** The engine against a charge point operator who measures in whole numbers and cuts and prices by the book. */
const test = suite('pricing: operator')

test('what an operator charges by the book is what the engine computes, to the last digit', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), fc.boolean(), (stay, tariff, merge) => {
    const { slices, total, costs } = operatorBill(tariff, { stay, merge })
    const bill = billOfStay({ stay, tariff, slices })
    assert.equal(bill.total, total)
    for (const name of ['energy', 'time', 'parking', 'reservation', 'fixed'] as const) {
      const { excl, incl } = bill.dimensions[name]
      assert.ok(isWithinDigits(excl ?? '', costs[name].excl, 1), name)
      assert.ok(isWithinDigits(incl ?? '', costs[name].incl, 1), name)
    }
    const isCutLate = bill.notes.some(({ code }) => code === 'period_spans_price_change')
    assert.not.ok(!merge && isCutLate, 'cut at every bound, and yet too late')
  })
  check(law, 2500)
})

test('splitting a period where nothing changes never changes the price', () => {
  const law = fc.property(
    anyStay,
    ownTariff(EVERYTHING),
    fc.nat(),
    fc.array(fc.record({ time: fc.nat({ max: 99 }), energy: fc.nat({ max: 99 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
    (stay, tariff, place, cuts) => {
      const slices = slicesOf(tariff, stay, false)
      const split = slices.flatMap((slice, index) =>
        index === place % slices.length ? parts(slice, cuts) : [slice],
      )
      const whole = billOfStay({ stay, tariff, slices })
      const bill = billOfStay({ stay, tariff, slices: split })
      assert.equal(sumsOf(bill), sumsOf(whole))
    },
  )
  check(law, 2000)
})

test('a CDR that an operator wrote by the book always matches', () => {
  const decimals = fc.constantFrom(2, 4, 20)
  const law = fc.property(anyStay, ownTariff(EVERYTHING), decimals, (stay, tariff, digits) => {
    const bill = operatorBill(tariff, { stay, merge: true })
    const cdr = { ...cdrJson(stay, bill.slices), ...claimsOf(bill, { stay, digits }) }
    const priced = priceCdr(cdr, [tariffJson(tariff)], { timeZone: stay.zone })
    const { verdict, items } = compareCdr(cdr, priced, { tolerance: null })
    // Whoever rounds to four digits and then to two may be a cent off: 18.14495 is 18.14, 18.1450 is 18.15.
    const isTwice = digits === 4 && verdict === 'within_tolerance'
    const others = items.filter((item) => item.verdict !== 'matches')
    assert.equal([verdict, others], isTwice ? [verdict, others] : ['matches', []])
  })
  check(law, 2000)
})

test('a total that is two cents off never matches', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), fc.boolean(), (stay, tariff, isMore) => {
    const bill = operatorBill(tariff, { stay, merge: true })
    const { excl } = bill.total
    const wrong = toText(plus(decimal(excl), fraction(isMore ? 2 : -2, 100)))
    const cdr = { ...cdrJson(stay, bill.slices), total_cost: { excl_vat: wrong } }
    const priced = priceCdr(cdr, [tariffJson(tariff)], { timeZone: stay.zone })
    const exact = { absolute: '0', relative: '0' }
    assert.is(compareCdr(cdr, priced, { tolerance: exact }).verdict, 'differs')
  })
  check(law, 500)
})

test.run()

/**
 * A slice in several, cut at these percentages of its time and of its energy, before its end: there another price may
 * begin. An empty part of a reservation is left out:
 * a period without any quantity is one of charging, so that the start fee of charging would be due.
 */
function parts(slice: Slice, cuts: readonly { time: number; energy: number }[]): Slice[] {
  const length = slice.to - slice.at
  const times = cuts.map(({ time }) => slice.at + Math.floor((length * time) / 100))
  const energies = cuts.map(({ energy }) => Math.floor((slice.wh * energy) / 100))
  const ats = [slice.at, ...times, slice.to].sort((a, b) => a - b)
  const whs = [0, ...energies, slice.wh].sort((a, b) => a - b)
  const all = [...ats.keys()].slice(1).map((each) => ({
    phase: slice.phase,
    at: ats[each - 1] ?? 0,
    to: ats[each] ?? 0,
    whBefore: slice.whBefore + (whs[each - 1] ?? 0),
    wh: (whs[each] ?? 0) - (whs[each - 1] ?? 0),
  }))
  return all.filter(({ at, to }) => slice.phase.kind !== 'reserved' || to > at)
}
