import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BUILT_IN_POLICIES } from '../../src/pricing/policies.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import { fieldName, periods, spoil, tariff } from '../fixtures/pricing/arbitrary.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import { decimal, isWithinDigits, minus, order, sumText, toText } from '../helpers/fractions.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { billed, check } from '../helpers/pricing-law.ts'
import { cdrJson, tariffJson } from '../helpers/pricing-operator.ts'
import { exactPolicy, policy as anyPolicy } from '../helpers/pricing-policies.ts'
import { slicesOf } from '../helpers/pricing-stay.ts'
import type { OwnTariff, Stay } from '../helpers/pricing-stay.ts'

const test = suite('pricing: sums')
const END = '2024-04-01T08:00:00Z'
const SIDES = ['excl', 'incl'] as const
const named = fc.constantFrom(...Object.values(BUILT_IN_POLICIES))
const policies = fc.oneof(fc.constant(DEFAULT_POLICY), named, anyPolicy)

test('a bill adds up to the last digit, whatever is in it and whoever reads it', () => {
  const law = fc.property(periods, tariff, policies, (given, terms, policy) => {
    const cdr = expandCdr({ periods: given, end: END })
    const timeZone = 'Europe/Amsterdam'
    const bill = billed(cdr, [expandTariff(terms)], { timeZone, policy })
    assertAddsUp(bill, policy)
    const { end_date_time: stop_date_time, ...rest } = cdr
    const old = billed({ ...rest, stop_date_time }, [expandTariff(terms)], { timeZone, policy })
    assertAddsUp(old, policy)
    assert.is(old.total.incl, null, 'OCPI 2.1.1 knows no tax')
  })
  check(law, 2500)
})

test('a bill cut by the book adds up to the last digit, whoever reads it', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), policies, (stay, terms, policy) => {
    const bill = billUnder(policy, { stay, terms })
    assertAddsUp(bill, policy)
    const isExplained = bill.taxes.every(({ percentage }) => percentage !== null)
    // Only a limit with an amount of its own after taxes, or one that leaves them alone, needs tax without a rate.
    const isOwn = [terms.min, terms.max].some((limit) => limit && limit.incl !== null)
    assert.ok(isExplained || isOwn || policy.price_limits === 'both_unscaled')
  })
  check(law, 1500)
})

test('where nothing is left open, every policy leads to the same price', () => {
  const law = fc.property(
    anyStay,
    ownTariff({ local: true }),
    exactPolicy,
    (stay, given, policy) => {
      const terms = withoutOpenQuestions(given)
      const charging = { ...stay, phases: stay.phases.filter(({ kind }) => kind === 'charging') }
      const question = { stay: charging, terms }
      const { total } = billUnder(policy, question)
      assert.equal(total, billUnder(DEFAULT_POLICY, question).total)
    },
  )
  check(law, 1000)
})

test('rounding the total moves it by less than a unit, away from the exact one in no other way', () => {
  const decimals = fc.nat({ max: 6 })
  const mode = fc.constantFrom('half_up', 'half_even', 'up')
  const law = fc.property(anyStay, ownTariff(EVERYTHING), decimals, mode, (stay, terms, ...how) => {
    const [digits, by] = how
    const rounding = { decimals: digits, mode: by, stage: 'total' } as const
    const exact = billUnder(DEFAULT_POLICY, { stay, terms })
    const rounded = billUnder({ ...DEFAULT_POLICY, name: 'custom', rounding }, { stay, terms })
    assert.equal([rounded.segments, rounded.clamp], [exact.segments, exact.clamp])
    for (const side of SIDES)
      assert.is(rounded.total[side], roundedText(exact.total[side] ?? '', { digits, by }))
  })
  check(law, 1000)
})

test('whatever a partner sends is priced or refused with a code, whoever reads it', () => {
  const law = fc.property(
    periods,
    tariff,
    fieldName,
    fc.jsonValue({ maxDepth: 2 }),
    fc.nat(),
    policies,
    (given, terms, name, value, place, policy) => {
      const cdr = spoil(expandCdr({ periods: given, end: END }), { name, value, place })
      const offer = spoil(expandTariff(terms), { name, value, place })
      const priced = priceCdr(cdr, [offer], { timeZone: 'Europe/Amsterdam', policy })
      if (priced.ok) assertAddsUp(priced, policy)
      else assert.ok(priced.code.length > 0 && priced.message.length > 0)
    },
  )
  check(law, 1500)
})

test.run()

function billUnder(policy: PricingPolicy, given: { stay: Stay; terms: OwnTariff }): PricedBill {
  const { stay, terms } = given
  const cdr = cdrJson(stay, slicesOf(terms, stay, true))
  return billed(cdr, [tariffJson(terms)], { timeZone: stay.zone, policy })
}

/** Segments → dimensions → total with clamp and rounding, taxes, and quantities. */
function assertAddsUp(bill: PricedBill, policy: PricingPolicy): void {
  const { segments, dimensions, clamp, rounding, total, taxes, quantities } = bill
  for (const side of SIDES) {
    const sum = sumText(segments.map((segment) => segment[side]))
    const none = policy.rounding === null ? '0' : null
    if (total[side] === null) assert.equal([clamp[side], rounding[side]], [null, none], side)
    else assert.is(sumText([sum, clamp[side], rounding[side]]), total[side], `total ${side}`)
    if (policy.rounding === null && total[side] !== null) assert.is(rounding[side], '0')
    if (policy.rounding?.stage === 'dimension') {
      if (policy.rounding.decimals === 'currency') continue
      const { decimals: digits, mode: by } = policy.rounding
      for (const cost of Object.values(dimensions))
        if (cost[side] !== null)
          assert.is(roundedText(cost[side], { digits, by }), cost[side], `rounded ${side}`)
      continue
    }
    for (const [name, cost] of Object.entries(dimensions)) {
      const own = segments.filter(({ dimension }) => dimension === name)
      assert.is(cost[side], sumText(own.map((segment) => segment[side])), `${name} ${side}`)
    }
  }
  const { excl, incl } = total
  if (excl === null || incl === null) assert.equal(taxes, [])
  else {
    const tax = toText(minus(decimal(incl), decimal(excl)))
    assert.is(sumText(taxes.map(({ amount }) => amount)), tax, 'taxes')
  }
  // Quantities are each rounded to 20 decimals, as an hour has no last digit when a step of seven seconds ends it.
  for (const [quantity, name] of QUANTITIES) {
    const own = segments.filter(({ dimension, type }) => dimension === name && type !== 'FLAT')
    const sum = sumText(own.map((each) => each.billed)) ?? ''
    assert.ok(isWithinDigits(quantities.billed[quantity], sum, own.length), quantity)
  }
}

const QUANTITIES = [
  ['energyKwh', 'energy'],
  ['timeH', 'time'],
  ['parkingH', 'parking'],
  ['reservationH', 'reservation'],
] as const

/** One price for each kind, all day or at some hours, above 0, with a rate, without steps. */
function withoutOpenQuestions(tariff: OwnTariff): OwnTariff {
  const elements = tariff.elements.map((each) => {
    const { from, to, days } = each.when
    const isPlain = from !== undefined && to !== undefined && from < to
    const components = each.components.map((component) => ({
      ...component,
      price: component.price + 1,
      vat: component.vat ?? 210,
    }))
    return {
      ...each,
      components,
      when: { ...(isPlain ? { from, to } : {}), ...(days && { days }) },
    }
  })
  return { ...tariff, elements }
}

type How = { digits: number; by: 'half_up' | 'half_even' | 'up' }

function roundedText(text: string, { digits, by }: How): string {
  const value = decimal(text)
  if (by === 'half_even') return toText(value, digits)
  const size = value.n < 0n ? { ...value, n: -value.n } : value
  const unit = { n: 1n, d: 10n ** BigInt(digits) }
  const floor = { n: (size.n * unit.d) / size.d, d: unit.d }
  const rest = minus(size, floor)
  const isUp = by === 'up' ? rest.n > 0n : order(rest, { ...unit, d: unit.d * 2n }) >= 0
  const whole = { ...floor, n: floor.n + (isUp ? 1n : 0n) }
  return toText(value.n < 0n ? { ...whole, n: -whole.n } : whole, digits)
}
