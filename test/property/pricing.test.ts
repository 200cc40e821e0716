import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { add, compare, decimalText, readExact, scaled, subtract } from '../../src/pricing/exact.ts'
import type { Exact } from '../../src/pricing/exact.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricedBill } from '../../src/pricing/types.ts'
import {
  decimal,
  fieldName,
  periods,
  splitAt,
  spoil,
  tariff,
} from '../fixtures/pricing/arbitrary.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortElement, ShortPeriod, ShortTariff } from '../fixtures/pricing/expand.ts'
import { seed, size } from '../helpers/seed.ts'

const test = suite('pricing: laws')
const place = fc.nat({ max: 1000 })
/** Prices whatever no other element prices, so that no half of a period is free by chance. */
const CATCH_ALL: ShortElement[] = [
  {
    price: [
      ['ENERGY', 1, 21, 1],
      ['TIME', 2, 9, 60],
      ['PARKING_TIME', 3, 9, 60],
    ],
  },
  { price: [['TIME', 4, 9, 60]], when: { reservation: 'RESERVATION' } },
]
const END = '2024-04-01T08:00:00Z'

test('splitting a period where nothing changes never changes the price', () => {
  const law = fc.property(
    periods,
    tariff,
    place,
    fc.integer({ min: 0, max: 10 }),
    (given, terms, at, tenths) => {
      const index = at % given.length
      const all = { ...terms, elements: [...terms.elements, ...CATCH_ALL] }
      const whole = price(given, all)
      const split = price(splitAt(given, { index, tenths, end: END }), all)
      // Nothing changes when both halves are priced by the components that priced the whole.
      fc.pre(placesOf(whole, -1).join() === placesOf(split, index).join())
      assert.equal(split.total, whole.total)
      assert.equal(split.dimensions, whole.dimensions)
    },
  )
  check(law)
})

test('segments add up to the dimensions, and with the clamp to the total, to the last digit', () => {
  const law = fc.property(periods, tariff, (given, terms) => {
    const { segments, dimensions, clamp, total } = price(given, terms)
    for (const side of ['excl', 'incl'] as const) {
      const sum = sumOf(segments.map((segment) => segment[side]))
      const costs = Object.values(dimensions).map((cost) => cost[side])
      if (total[side] === null) assert.is(sum, null)
      else
        assert.equal(
          [sumOf([sum, clamp[side]]), sumOf([...costs, clamp[side]])],
          [total[side], total[side]],
        )
    }
  })
  check(law)
})

test('numbers as JSON numbers and as decimal texts cost the same', () => {
  const law = fc.property(periods, tariff, (given, terms) => {
    const asNumbers = given.map((period) => ({
      ...period,
      volumes: toNumbers(period.volumes ?? {}),
    }))
    assert.equal(price(asNumbers, terms), price(given, terms))
  })
  check(law)
})

test('the same local pattern costs the same in another zone', () => {
  const law = fc.property(periods, tariff, (given, terms) => {
    const moved = given.map((period) => ({ ...period, at: shift(period.at, -5.5) }))
    const there = price(moved, terms, { zone: 'Asia/Kolkata', end: shift(END, -5.5) })
    assert.equal(there, price(given, terms, { zone: 'UTC', end: END }))
  })
  check(law)
})

test('twice the price is twice the total', () => {
  const law = fc.property(periods, tariff, (given, terms) => {
    const { elements, more } = {
      ...terms,
      more: { ...terms.more, min_price: null, max_price: null },
    }
    const doubled = elements.map((element) => ({
      ...element,
      price: element.price.map(
        ([type, amount, vat, step]) =>
          [type, text(add(read(amount), read(amount))), vat, step] as const,
      ),
    }))
    const once = price(given, { elements, more }).total
    const twice = price(given, { elements: doubled, more }).total
    for (const side of ['excl', 'incl'] as const) {
      if (once[side] === null || twice[side] === null) assert.is(once[side], twice[side])
      else assert.ok(isClose(twice[side], text(add(read(once[side]), read(once[side])))))
    }
  })
  check(law)
})

test('more energy never costs less where no tier, step, limit or power bound applies', () => {
  const law = fc.property(
    periods,
    decimal({ min: 0, max: 9 }),
    decimal({ min: 0, max: 9 }),
    fc.nat(),
    (given, day, night, place) => {
      const terms: ShortTariff = {
        elements: [
          { price: [['ENERGY', night, 21, 0]], when: { start_time: '22:00', end_time: '07:00' } },
          {
            price: [
              ['ENERGY', day, 9, 0],
              ['TIME', 1, null, 0],
            ],
          },
        ],
      }
      const more = given.map((period, index) =>
        index === place % given.length
          ? { ...period, volumes: { ...period.volumes, ENERGY: 41 } }
          : period,
      )
      const before = price(given, terms).total
      const after = price(more, terms).total
      assert.ok(compare(read(after.excl), read(before.excl)) >= 0)
      assert.ok(compare(read(after.incl), read(before.incl)) >= 0)
    },
  )
  check(law)
})

test('a plain tariff costs what whole numbers say', () => {
  const wh = fc.integer({ min: 0, max: 900_000 })
  const price10000 = fc.integer({ min: 0, max: 90_000 })
  const law = fc.property(
    fc.array(wh, { minLength: 1, maxLength: 9 }),
    price10000,
    fc.integer({ min: 1, max: 5000 }),
    fc.integer({ min: 0, max: 30 }),
    (amounts, unit, step, vat) => {
      const given = amounts.map((amount, index) => ({
        at: `1${index}:00`,
        tariff: 'T',
        volumes: { ENERGY: decimalText(BigInt(amount), 3) },
      }))
      const cdr = expandCdr({ periods: given })
      const terms = expandTariff({
        elements: [{ price: [['ENERGY', decimalText(BigInt(unit), 4), vat, step]] }],
      })
      const priced = priceCdr(cdr, [terms], { timeZone: null })
      const total = amounts.reduce((sum, amount) => sum + BigInt(amount), 0n)
      const billed = ((total + BigInt(step) - 1n) / BigInt(step)) * BigInt(step)
      const excl = decimalText(billed * BigInt(unit), 7)
      const incl = decimalText(billed * BigInt(unit) * BigInt(100 + vat), 9)
      assert.equal(priced.ok && priced.total, { excl, incl })
    },
  )
  check(law)
})

test('whatever a partner sends is priced or refused with a code, never thrown', () => {
  const law = fc.property(
    periods,
    tariff,
    fieldName,
    fc.jsonValue({ maxDepth: 2 }),
    fc.nat(),
    (given, terms, name, value, place) => {
      const cdr = spoil(expandCdr({ periods: given, end: END }), { name, value, place })
      const offer = spoil(expandTariff(terms), { name, value, place })
      const priced = priceCdr(cdr, [offer], { timeZone: 'Europe/Amsterdam' })
      if (!priced.ok) assert.ok(priced.code.length > 0 && priced.message.length > 0)
    },
  )
  check(law)
})

test.run()

function check<Ts>(law: fc.IPropertyWithHooks<Ts>): void {
  fc.assert(law, { seed: seed(), numRuns: size(300) })
}

function price(
  given: ShortPeriod[],
  terms: ShortTariff,
  { zone = 'Europe/Amsterdam', end = END } = {},
): PricedBill {
  const priced = priceCdr(expandCdr({ periods: given, end }), [expandTariff(terms)], {
    timeZone: zone,
  })
  if (!priced.ok) throw new Error(`${priced.code} ${priced.pointer}`)
  return priced
}

/** Which component prices what; both halves of the period split at `index` count as that period. */
function placesOf(bill: PricedBill, index: number): string[] {
  const moved = (period: number): number => (index >= 0 && period > index ? period - 1 : period)
  const keys = bill.segments.map(({ period, dimension, element, component }) =>
    [moved(period), dimension, element, component].join(' '),
  )
  return [...new Set(keys)].sort()
}

function toNumbers(volumes: Record<string, number | string>): Record<string, number> {
  return Object.fromEntries(Object.entries(volumes).map(([type, volume]) => [type, Number(volume)]))
}

function shift(at: string, hours: number): string {
  return new Date(Date.parse(at) + hours * 3_600_000).toISOString()
}

function sumOf(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : text(texts.map(read).reduce(add, read(0)))
}

function isClose(a: string, b: string): boolean {
  const difference = subtract(read(a), read(b))
  return compare(difference, read('1e-19')) < 0 && compare(difference, read('-1e-19')) > 0
}

function text(value: Exact): string {
  return decimalText(scaled(value, 20), 20)
}

function read(value: unknown): Exact {
  const exact = readExact(value)
  if (typeof exact === 'string') throw new Error(`${String(value)} is ${exact}`)
  return exact
}
