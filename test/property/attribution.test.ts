import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { attribute } from '../../src/pricing/attribution.ts'
import type { AttributionInput } from '../../src/pricing/attribution.ts'
import { compareCdr } from '../../src/pricing/compare.ts'
import { figureOf, figureText, roundHalfUp, unitFigure } from '../../src/pricing/figures.ts'
import { BUILT_IN_POLICIES } from '../../src/pricing/policies.ts'
import { DEFAULT_POLICY, READINGS } from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import type { Money, PricedBill } from '../../src/pricing/types.ts'
import { fieldName, periods, spoil, tariff } from '../fixtures/pricing/arbitrary.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortPeriod, ShortTariff } from '../fixtures/pricing/expand.ts'
import { check } from '../helpers/pricing-law.ts'

const test = suite('attribution: laws')
const CENT = unitFigure(2)
const END = '2024-04-01T08:00:00Z'

type Alternative = { readonly code: string; readonly policy: PricingPolicy }
type Session = Pick<AttributionInput, 'cdr' | 'tariffs' | 'options'>

/** Every other value of one key, and the built-in policies. */
const ALTERNATIVES: readonly Alternative[] = [
  ...Object.entries(READINGS).flatMap(([key, values]) =>
    values.slice(1).map((value) => ({
      code: `${key}:${value}`,
      policy: { ...DEFAULT_POLICY, name: 'other', [key]: value },
    })),
  ),
  ...Object.values(BUILT_IN_POLICIES).map((policy) => ({ code: `policy:${policy.name}`, policy })),
]

test('what another reading leads to is attributed to it', () => {
  const law = fc.property(periods, tariff, fc.nat(), (given, terms, from) => {
    const session = sessionOf(given, terms)
    const other = otherPrice(session, from)
    fc.pre(other !== null)
    const { found, isComplete } = attribute(withClaim(session, other.bill))
    const one = found.find(({ code }) => code === other.code)
    assert.ok(one, `${other.code} is not among ${found.map(({ code }) => code).join(', ')}`)
    assert.equal(one.remaining, [])
    assert.equal(one.total, other.bill.total)
    assert.ok(isComplete)
  })
  check(law, 60)
})

test('our reading is found where another one was agreed', () => {
  const law = fc.property(periods, tariff, fc.nat(), (given, terms, from) => {
    const session = sessionOf(given, terms)
    const other = otherPrice(session, from)
    const ours = priceCdr(session.cdr, session.tariffs, session.options)
    fc.pre(other !== null && ours.ok)
    const agreed = { ...session, options: { ...session.options, policy: other.policy } }
    const { found } = attribute(withClaim(agreed, ours))
    const key = other.code.split(':')[0] ?? ''
    const code = key === 'policy' ? 'policy:crosscharge' : `${key}:${ownValue(key)}`
    assert.ok(
      found.some((each) => each.code === code),
      code,
    )
  })
  check(law, 30)
})

test('whatever is found reproduces the claim to the cent, on both sides', () => {
  const law = fc.property(
    periods,
    tariff,
    fc.integer({ min: -300, max: 300 }),
    (given, terms, cents) => {
      const session = sessionOf(given, terms)
      const ours = priceCdr(session.cdr, session.tariffs, session.options)
      fc.pre(ours.ok)
      const claimed = { ...ours, total: shifted(ours.total, cents) }
      for (const { total, sentence } of attribute(withClaim(session, claimed)).found) {
        assert.equal(rounded(total.excl), rounded(claimed.total.excl), sentence)
        assert.equal(rounded(total.incl), rounded(claimed.total.incl), sentence)
      }
    },
  )
  check(law, 30)
})

test('a CDR that claims what we compute matches in every figure', () => {
  const law = fc.property(periods, tariff, (given, terms) => {
    const session = sessionOf(given, terms)
    const ours = priceCdr(session.cdr, session.tariffs, session.options)
    fc.pre(ours.ok)
    const { cdr } = withClaim(session, ours)
    const comparison = compareCdr(cdr, ours, { tolerance: { absolute: '0', relative: '0' } })
    assert.is(comparison.verdict, 'matches')
    assert.ok(
      comparison.items.every(({ verdict, computed }) => verdict === 'matches' || computed === null),
    )
    assert.equal(attribute(withClaim(session, ours)).sentence, 'Nothing differs.')
  })
  check(law, 120)
})

test('a claim a cent and more off never matches', () => {
  const law = fc.property(
    periods,
    tariff,
    fc.integer({ min: 1, max: 500 }),
    (given, terms, cents) => {
      const session = sessionOf(given, terms)
      const ours = priceCdr(session.cdr, session.tariffs, session.options)
      fc.pre(ours.ok && (ours.total.excl ?? ours.total.incl) !== null)
      const { cdr } = withClaim(session, { ...ours, total: shifted(ours.total, cents) })
      const { verdict, items } = compareCdr(cdr, ours, {
        tolerance: { absolute: '2', relative: '0' },
      })
      assert.is(verdict, cents <= 200 ? 'within_tolerance' : 'differs')
      const total = items.find(({ item }) => item === 'total_cost')
      assert.is(total?.difference, figureText(BigInt(cents) * CENT))
    },
  )
  check(law, 120)
})

test('whatever a partner sends is compared and searched without an error', () => {
  const law = fc.property(
    periods,
    tariff,
    fc.oneof(fieldName, fc.constantFrom('total_cost', 'incl_vat', 'total_energy', 'total_time')),
    fc.jsonValue({ maxDepth: 2 }),
    fc.nat(),
    (given, terms, name, value, place) => {
      const session = sessionOf(given, terms)
      const ours = priceCdr(session.cdr, session.tariffs, session.options)
      fc.pre(ours.ok)
      const claimed = withClaim(session, { ...ours, total: shifted(ours.total, 9) })
      const cdr = spoil(claimed.cdr, { name, value, place })
      const tariffs = claimed.tariffs.map((each) => spoil(each, { name, value, place }))
      const { found, sentence } = attribute({ ...claimed, cdr, tariffs })
      assert.ok(sentence.length > 0)
      assert.ok(found.every(({ explains }) => explains.length > 0))
    },
  )
  check(law, 60)
})

function sessionOf(given: ShortPeriod[], { elements, more = {} }: ShortTariff): Session {
  return {
    cdr: expandCdr({ end: END, periods: given }),
    tariffs: [expandTariff({ elements, more })],
    options: { timeZone: 'Europe/Amsterdam', policy: DEFAULT_POLICY },
  }
}

/** The first alternative from that place on that leads to another total at two decimals. */
function otherPrice(
  { cdr, tariffs, options }: Session,
  from: number,
): (Alternative & { bill: PricedBill }) | null {
  const ours = priceCdr(cdr, tariffs, options)
  if (!ours.ok) return null
  for (let step = 0; step < ALTERNATIVES.length; step += 1) {
    const alternative = ALTERNATIVES[(from + step) % ALTERNATIVES.length]
    if (alternative === undefined) continue
    const bill = priceCdr(cdr, tariffs, { ...options, policy: alternative.policy })
    if (bill.ok && isOther(bill.total, ours.total)) return { ...alternative, bill }
  }
  return null
}

/** Another amount on a side that both know. */
function isOther(first: Money, second: Money): boolean {
  return (['excl', 'incl'] as const).some(
    (side) =>
      first[side] !== null &&
      second[side] !== null &&
      rounded(first[side]) !== rounded(second[side]),
  )
}

function ownValue(key: string): unknown {
  return Object.entries(DEFAULT_POLICY).find(([each]) => each === key)?.[1]
}

/** The session with a CDR that claims all of that bill. */
function withClaim(session: Session, { total, dimensions, quantities }: PricedBill): Session {
  const cost = ({ excl, incl }: Money): unknown =>
    excl === null ? undefined : { excl_vat: excl, ...(incl === null ? {} : { incl_vat: incl }) }
  const claim = {
    total_cost: { excl_vat: total.excl, incl_vat: total.incl },
    total_fixed_cost: cost(dimensions.fixed),
    total_energy_cost: cost(dimensions.energy),
    total_time_cost: cost(dimensions.time),
    total_parking_cost: cost(dimensions.parking),
    total_reservation_cost: cost(dimensions.reservation),
    total_energy: quantities.energyKwh,
    total_time: quantities.sessionH,
    total_parking_time: quantities.parkingH,
  }
  return { ...session, cdr: { ...Object(session.cdr), ...claim } }
}

function shifted({ excl, incl }: Money, cents: number): Money {
  const shift = (amount: string | null): string | null =>
    amount === null ? null : figureText(figureOf(amount) + BigInt(cents) * CENT)
  return { excl: shift(excl), incl: shift(incl) }
}

function rounded(amount: string | null): bigint | null {
  return amount === null ? null : roundHalfUp(figureOf(amount), 2)
}

test.run()
