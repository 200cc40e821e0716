import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  decimal,
  fraction,
  isWithinDigits,
  order,
  sumText,
  times,
  toText,
} from '../helpers/fractions.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { billOfStay, billed, check } from '../helpers/pricing-law.ts'
import { cdrJson, tariffJson } from '../helpers/pricing-operator.ts'
import { slicesOf } from '../helpers/pricing-stay.ts'
import type { Kind, OwnLimit, OwnTariff, Slice, Stay } from '../helpers/pricing-stay.ts'

/** How a price grows. */
const test = suite('pricing: scale')
const KINDS: readonly Kind[] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT']
/** No step sizes and no taxes inside prices, so that every figure has a last digit. */
const FINITE = { local: true, measured: true, flats: true, reservations: true }
const factor = fc.constantFrom(0, 2, 3, 7, 10, 1000)

test('prices times k cost k times as much, to the last digit where there is one', () => {
  const law = fc.property(anyStay, ownTariff(FINITE), factor, (stay, tariff, k) => {
    const [once, more] = totals(stay, tariff, dearer(tariff, k))
    assert.equal([more.excl, more.incl], [multiple(once.excl, k), multiple(once.incl, k)])
  })
  check(law, 1500)
})

test('prices and price limits times k cost k times as much, step sizes or not', () => {
  const law = fc.property(anyStay, ownTariff(EVERYTHING), factor, (stay, tariff, k) => {
    fc.pre(k > 0)
    const [once, more] = totals(stay, tariff, dearer(tariff, k))
    for (const side of ['excl', 'incl'] as const)
      assert.ok(isWithinDigits(more[side] ?? '', multiple(once[side], k), k + 1))
  })
  check(law, 1500)
})

test('quantities times k cost k times as much, fees apart', () => {
  const terms = ownTariff({ local: true, flats: true, reservations: false, included: false })
  const tenths = fc.constantFrom('-1', '0.1', '0.25', '2', '3', '17', '1000')
  const law = fc.property(anyStay, terms, tenths, (stay, tariff, k) => {
    const slices = slicesOf(tariff, stay, true)
    const cdr = cdrJson(stay, slices)
    const once = billOfStay({ stay, tariff, slices }).dimensions
    const scaled = withVolumes(cdr, (volume) => toText(times(decimal(volume), decimal(k))))
    const more = billed(scaled, [tariffJson(tariff)], { timeZone: stay.zone }).dimensions
    for (const name of ['energy', 'time', 'parking'] as const)
      for (const side of ['excl', 'incl'] as const)
        assert.is(more[name][side], toText(times(decimal(once[name][side] ?? ''), decimal(k))))
    assert.equal(more.fixed, once.fixed)
  })
  check(law, 1500)
})

test('more energy never costs less where no tier, step, limit or power bound applies', () => {
  const terms = ownTariff({ ...EVERYTHING, steps: false, limits: false })
  const extra = fc.array(fc.nat({ max: 50_000 }), { minLength: 1, maxLength: 5 })
  const law = fc.property(anyStay, terms, extra, (stay, given, more) => {
    const tariff = withoutMeters(given)
    const slices = slicesOf(tariff, stay, true)
    const fuller = slices.map((slice, index) =>
      slice.phase.kind === 'charging'
        ? { ...slice, wh: slice.wh + (more[index % more.length] ?? 0) }
        : slice,
    )
    assertNotLess({ stay, tariff, slices: fuller }, { stay, tariff, slices })
  })
  check(law, 2000)
})

test('a higher price never costs less where no limit applies', () => {
  const terms = ownTariff({ ...EVERYTHING, limits: false })
  const law = fc.property(
    anyStay,
    terms,
    fc.nat(),
    fc.nat({ max: 9999 }),
    (stay, tariff, ...more) => {
      const [at, by] = more
      let place = 0
      const count = tariff.elements.reduce((sum, { components }) => sum + components.length, 0)
      const raised = withPrices(tariff, (price) => (place++ === at % count ? price + by : price))
      const slices = slicesOf(tariff, stay, true)
      assertNotLess({ stay, tariff: raised, slices }, { stay, tariff, slices })
    },
  )
  check(law, 1500)
})

test('a tariff costs what its kinds of components cost one by one', () => {
  const law = fc.property(anyStay, ownTariff(FINITE), (stay, tariff) => {
    const slices = slicesOf(tariff, stay, true)
    const parts = KINDS.map((kind) => {
      const elements = tariff.elements.map((each) => ({
        ...each,
        components: each.components.filter((component) => component.kind === kind),
      }))
      return billOfStay({ stay, tariff: { ...tariff, elements }, slices }).total
    })
    const { total } = billOfStay({ stay, tariff, slices })
    assert.is(total.excl, sumText(parts.map(({ excl }) => excl)))
    assert.is(total.incl, sumText(parts.map(({ incl }) => incl)))
  })
  check(law, 800)
})

test.run()

function totals(stay: Stay, first: OwnTariff, second: OwnTariff) {
  const slices = slicesOf(first, stay, true)
  return [
    billOfStay({ stay, tariff: first, slices }).total,
    billOfStay({ stay, tariff: second, slices }).total,
  ] as const
}

function multiple(text: string | null, k: number): string {
  return toText(times(decimal(text ?? ''), fraction(k)))
}

function withPrices(tariff: OwnTariff, change: (price: number) => number): OwnTariff {
  const elements = tariff.elements.map((each) => ({
    ...each,
    components: each.components.map((component) => ({
      ...component,
      price: change(component.price),
    })),
  }))
  return { ...tariff, elements }
}

function dearer(tariff: OwnTariff, k: number): OwnTariff {
  const limit = (given: OwnLimit | null): OwnLimit | null =>
    given && {
      excl: given.excl === null ? null : given.excl * k,
      incl: given.incl === null ? null : given.incl * k,
    }
  const priced = withPrices(tariff, (price) => price * k)
  return { ...priced, min: limit(tariff.min), max: limit(tariff.max) }
}

function withoutMeters(tariff: OwnTariff): OwnTariff {
  const elements = tariff.elements.map((each) => {
    const { minWh: _, maxWh: __, minKw, maxKw, minAmps, maxAmps, ...when } = each.when
    return { ...each, when }
  })
  return { ...tariff, elements }
}

type Case = { stay: Stay; tariff: OwnTariff; slices: Slice[] }

function assertNotLess(dearer: Case, cheaper: Case): void {
  const [more, less] = [billOfStay(dearer).total, billOfStay(cheaper).total]
  for (const side of ['excl', 'incl'] as const)
    assert.ok(order(decimal(more[side] ?? ''), decimal(less[side] ?? '')) >= 0, side)
}

function withVolumes(value: unknown, change: (volume: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => withVolumes(each, change))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    key === 'volume' && typeof each === 'string' ? change(each) : withVolumes(each, change),
  ])
  return Object.fromEntries(entries)
}
