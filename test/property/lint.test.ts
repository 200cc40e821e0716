import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lintTariff } from '../../src/pricing/lint/lint.ts'
import type { LintFinding } from '../../src/pricing/lint/types.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { applies, modelTariff, moments, tariffOf } from '../helpers/lint-model.ts'
import type { ModelElement, Moment } from '../helpers/lint-model.ts'
import { seed, size } from '../helpers/seed.ts'

const test = suite('lint: laws')

test('a price is dead exactly when no moment of the grid chooses it', () => {
  check(
    fc.property(modelTariff, (elements) => {
      const found = lintTariff(tariffOf(elements))
      elements.forEach(({ types }, index) =>
        types.forEach((type, at) => {
          const expected = isDead(elements, { index, type })
          assert.is(isCalledDead(found, { index, at }), expected, `${index} ${type}`)
        }),
      )
    }),
  )
})

test('a dimension has a gap exactly when some moment of the grid has no price for it', () => {
  check(
    fc.property(modelTariff, (elements) => {
      const found = lintTariff(tariffOf(elements))
      for (const type of ['ENERGY', 'TIME', 'FLAT']) {
        const priced = elements.filter(({ types }) => types.includes(type))
        const expected = priced.length > 0 && hasGap(priced)
        const isFound = found.some(
          ({ code, message }) => code === 'dimension_not_exhaustive' && message.startsWith(type),
        )
        assert.is(isFound, expected, type)
      }
      const isFree = found.some(({ code }) => code === 'session_without_price')
      assert.is(isFree, hasGap(elements))
    }),
  )
})

test('pricing chooses the element that the model of these laws chooses', () => {
  const moment = fc.constantFrom(...moments.filter(({ kwh, seconds }) => kwh === 0 || seconds > 0))
  check(
    fc.property(modelTariff, moment, (elements, at) => {
      const index = elements.findIndex(
        (element) => element.types.includes('ENERGY') && applies(element, at),
      )
      assert.is(elementPriced(elements, at), index)
    }),
  )
})

test('any JSON value has findings and no error, the same ones each time', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  check(
    fc.property(json, (value) => {
      assert.equal(lintTariff(value), lintTariff(value))
    }),
  )
})

test('a tariff with any JSON value somewhere in it has findings and no error', () => {
  const place = fc.constantFrom(...PLACES)
  check(
    fc.property(modelTariff, place, fc.jsonValue({ maxDepth: 2 }), (elements, path, value) => {
      const tariff = tariffOf(elements)
      put(tariff, path, value)
      for (const { pointer, message } of lintTariff(tariff)) {
        assert.match(pointer, /^(\/.*)?$/s)
        assert.not.match(message, /undefined|\[object/)
      }
    }),
  )
})

const PLACES = [
  ...['currency', 'elements', 'start_date_time', 'min_price', 'tax_included', 'energy_mix'].map(
    (key) => [key],
  ),
  ['elements', '0'],
  ['elements', '0', 'restrictions'],
  ['elements', '0', 'price_components'],
  ['elements', '0', 'price_components', '0'],
  ...['type', 'price', 'vat', 'step_size'].map((key) => [
    'elements',
    '0',
    'price_components',
    '0',
    key,
  ]),
  ...['min_kwh', 'end_time', 'start_date', 'day_of_week', 'reservation', 'x'].map((key) => [
    'elements',
    '0',
    'restrictions',
    key,
  ]),
]

function put(target: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (typeof target !== 'object' || target === null) return
  const inner: unknown = Reflect.get(target, key)
  if (rest.length === 0) Reflect.set(target, key, value)
  else put(inner, rest, value)
}

function isDead(
  elements: readonly ModelElement[],
  { index, type }: { index: number; type: string },
): boolean {
  const own = elements[index]
  if (own === undefined) return false
  const rivals = elements.slice(0, index).filter(({ types }) => types.includes(type))
  // An element with no restrictions at all takes everything, also from one that never applies.
  if (rivals.some(({ when }) => when === null || Object.keys(when).length === 0)) return true
  const mine = moments.filter((moment) => applies(own, moment))
  return mine.length > 0 && mine.every((moment) => rivals.some((rival) => applies(rival, moment)))
}

function isCalledDead(
  found: readonly LintFinding[],
  { index, at }: { index: number; at: number },
): boolean {
  const pointers = [`/elements/${index}`, `/elements/${index}/price_components/${at}`]
  return found.some(
    ({ code, pointer }) => /_(shadowed|unreachable)$/.test(code) && pointers.includes(pointer),
  )
}

function hasGap(elements: readonly ModelElement[]): boolean {
  return moments.some((moment) => !elements.some((element) => applies(element, moment)))
}

/** The element that prices the energy of a period at this moment; -1: none. */
function elementPriced(elements: readonly ModelElement[], moment: Moment): number {
  const atMs = Date.parse(`${moment.date}T${moment.time}:00Z`)
  const start = new Date(atMs - moment.seconds * 1000).toISOString()
  const before = { start_date_time: start, dimensions: [{ type: 'ENERGY', volume: moment.kwh }] }
  const power =
    moment.power === null
      ? []
      : [
          { type: 'MIN_POWER', volume: moment.power.low },
          { type: 'MAX_POWER', volume: moment.power.high },
        ]
  const period = {
    start_date_time: new Date(atMs).toISOString(),
    dimensions: [{ type: 'ENERGY', volume: 0.001 }, ...power],
  }
  const periods = moment.seconds === 0 ? [period] : [before, period]
  const cdr = {
    start_date_time: start,
    end_date_time: new Date(atMs + 1000).toISOString(),
    session_id: 'S',
    currency: 'EUR',
    charging_periods: periods,
  }
  const priced = priceCdr(cdr, [tariffOf(elements)], { timeZone: 'UTC' })
  if (!priced.ok) throw new Error(priced.message)
  const own = priced.segments.filter(
    ({ period: index, type }) => type === 'ENERGY' && index === periods.length - 1,
  )
  return own[0]?.element ?? -1
}

function check<T>(law: fc.IPropertyWithHooks<T>): void {
  fc.assert(law, { seed: seed(), numRuns: size(300) })
}

test.run()
