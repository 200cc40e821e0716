import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import type { Json } from '../../src/ocpi/adapt/define.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { cdr as sample, facts } from '../helpers/adapt-cdrs.ts'
import { cpo } from '../helpers/adapt-samples.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { asNumbers, isObject } from '../helpers/pricing-json.ts'
import { billed, check, sumsOf } from '../helpers/pricing-law.ts'
import { cdrJson, claimsOf, operatorBill, tariffJson } from '../helpers/pricing-operator.ts'
import type { OwnComponent, OwnTariff, Stay } from '../helpers/pricing-stay.ts'

/** A CDR costs in every version what it costs in the one that it was written in, where nothing was lost on the way. */
const test = suite('pricing: bridge')
const added = ownTariff({ ...EVERYTHING, included: false })

test('2.2.1 and 2.3.0 cost the same, and so does the way back', () => {
  const law = fc.property(anyStay, added, (stay, given) => {
    const old = cdrOf(stay, { ...given, taxes: null })
    const there = way(old, { from: '2.2.1', to: '2.3.0' })
    const back = way(there.value, { from: '2.3.0', to: '2.2.1' })
    assert.equal([...there.lost, ...back.lost], [])
    const bill = priceOf(old, stay)
    assert.equal(sumsOf(priceOf(there.value, stay)), sumsOf(bill))
    assert.equal(sumsOf(priceOf(back.value, stay)), sumsOf(bill))
  })
  check(law, 1000)
})

test('prices of 2.3.0 with their taxes, or without any, cost the same in 2.2.1', () => {
  const law = fc.property(
    anyStay,
    added,
    fc.constantFrom('YES', 'N/A', 'NO'),
    (stay, given, taxes) => {
      const rate = (component: OwnComponent) => ({
        ...component,
        vat: component.vat === null && taxes !== 'YES' ? null : evenRate(component.vat),
      })
      const tariff = { ...withComponents(given, rate), taxes: null }
      const { value } = way(cdrOf(stay, tariff), { from: '2.2.1', to: '2.3.0' })
      const [terms] = Array.isArray(value['tariffs']) ? value['tariffs'] : []
      const recent = { ...value, tariffs: [{ ...Object(terms), tax_included: taxes }] }
      const there = way(recent, { from: '2.3.0', to: '2.2.1' })
      const lost = there.lost.filter((loss) => !/tax_included|written without tax$/.test(loss))
      assert.equal(lost, [])
      assert.equal(sumsOf(priceOf(there.value, stay)), sumsOf(priceOf(recent, stay)))
    },
  )
  check(law, 1000)
})

test('2.2.1 and 2.1.1 cost the same before taxes, and so does the way back', () => {
  const law = fc.property(anyStay, added, (given, terms) => {
    const stay = { ...given, phases: given.phases.filter(({ kind }) => kind !== 'reserved') }
    const tariff = sayableIn211(terms)
    const recent = cdrOf(stay, tariff)
    const there = way(recent, { from: '2.2.1', to: '2.1.1' })
    const back = way(there.value, { from: '2.1.1', to: '2.2.1' })
    assert.equal([...there.lost, ...back.lost], [])
    const bill = priceOf(recent, stay)
    const old = priceOf(there.value, stay)
    assert.is(old.total.incl, null)
    for (const other of [old, priceOf(back.value, stay)]) {
      assert.is(other.total.excl, bill.total.excl)
      assert.equal(other.quantities, bill.quantities)
    }
  })
  check(law, 1000)
})

test.run()

/**
 * What no price depends on where one tariff prices all periods: who was there, what was claimed, fractions of seconds that
 * are 0, and meters that no restriction asks for. Taxes are compared apart, and elements are read in 2.1.1 as later.
 */
const HARMLESS =
  /^\/(total_\w+|session_id|cdr_token|cdr_location|location)\b|_date_time has no fraction|tariff_id 2\.1\.1|(MIN|MAX)_(POWER|CURRENT) is no dim|\/vat |one element at a time/

function way(value: Json, { from, to }: { from: Version; to: Version }) {
  const converted = convert(value, { kind: 'cdr', from, to, facts })
  if (!converted.ok) throw new Error(`withheld: ${converted.pointer} ${converted.reason}`)
  const losses = converted.losses.map(({ pointer, reason }) => `${pointer} ${reason}`)
  return { value: converted.value, lost: losses.filter((loss) => !HARMLESS.test(loss)) }
}

function priceOf(cdr: Json, { zone }: Stay) {
  const { tariffs } = cdr
  return billed(cdr, Array.isArray(tariffs) ? tariffs : [], { timeZone: zone })
}

/** 0, 25 and 100 %: a price without them has a last digit. */
function evenRate(vat: number | null): number {
  return vat === 0 ? 0 : vat !== null && vat < 200 ? 250 : 1000
}

function withComponents(
  tariff: OwnTariff,
  change: (component: OwnComponent) => OwnComponent,
): OwnTariff {
  const elements = tariff.elements.map((each) => ({
    ...each,
    components: each.components.map(change),
  }))
  return { ...tariff, elements }
}

function sayableIn211(tariff: OwnTariff): OwnTariff {
  const elements = tariff.elements.map((each) => {
    const { minAmps, maxAmps, minKw, maxKw, ...when } = each.when
    return { ...each, when, isReservation: false }
  })
  return { elements, taxes: null, min: null, max: null }
}

function cdrOf(stay: Stay, tariff: OwnTariff): Json {
  const bill = operatorBill(tariff, { stay, merge: true })
  const terms = { ...cpo, ...tariffJson(tariff), last_updated: '2024-01-01T00:00:00Z' }
  const whole = asNumbers({
    ...sample,
    ...cdrJson(stay, bill.slices),
    ...claimsOf(bill, { stay, digits: 4 }),
    tariffs: [terms],
  })
  if (!isObject(whole)) throw new Error('a CDR is an object')
  return whole
}
