import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { frozen } from '../helpers/adapt-samples.ts'
import { EVERYTHING, ownTariff, stay as anyStay } from '../helpers/pricing-arbitrary.ts'
import { asNumbers, isObject, rebuilt } from '../helpers/pricing-json.ts'
import type { Json } from '../helpers/pricing-json.ts'
import { billed, check, sumsOf } from '../helpers/pricing-law.ts'
import { cdrJson, tariffJson } from '../helpers/pricing-operator.ts'
import { slicesOf } from '../helpers/pricing-stay.ts'
import type { OwnElement, OwnTariff, Stay } from '../helpers/pricing-stay.ts'

/** What must not matter to a price. */
const test = suite('pricing: no matter')
const everything = ownTariff(EVERYTHING)
const place = fc.nat({ max: 1_000_000 })

test('asking twice, of frozen input, answers the same twice and changes nothing', () => {
  const law = fc.property(anyStay, everything, (stay, tariff) => {
    const { cdr, terms, options } = question(stay, tariff)
    const first = billed(frozen(cdr), [frozen(terms)], frozen(options))
    assert.equal(billed(cdr, [terms], options), first)
    assert.equal(JSON.parse(JSON.stringify(first)), first, 'a bill is plain JSON')
  })
  check(law, 1000)
})

test('naming the default policy is naming none', () => {
  const law = fc.property(anyStay, everything, (stay, tariff) => {
    const { cdr, terms, options } = question(stay, tariff)
    const named = billed(cdr, [terms], { ...options, policy: DEFAULT_POLICY })
    assert.equal(named, billed(cdr, [terms], options))
  })
  check(law, 500)
})

test('fields that nobody knows change nothing', () => {
  const law = fc.property(
    anyStay,
    everything,
    fc.jsonValue({ maxDepth: 1 }),
    (stay, tariff, value) => {
      const { cdr, terms, options } = question(stay, tariff)
      const more = { x_own_field: value, Price: value, volumes: value, comment: 'none' }
      const bill = billed(withMore(cdr, more), [withMore(terms, more)], options)
      assert.equal(bill, billed(cdr, [terms], options))
    },
  )
  check(law, 1000)
})

test('numbers as JSON numbers and as decimal texts cost the same', () => {
  const law = fc.property(anyStay, everything, (stay, tariff) => {
    const { cdr, terms, options } = question(stay, tariff)
    const bill = billed(asNumbers(cdr), [asNumbers(terms)], options)
    assert.equal(bill, billed(cdr, [terms], options))
  })
  check(law, 1000)
})

test('the same instants cost the same however they are written', () => {
  const shape = fc.constantFrom('bare', 'short', 'plus', 'minus', 'long')
  const law = fc.property(anyStay, everything, shape, (stay, tariff, form) => {
    const { cdr, terms, options } = question(stay, tariff)
    const bill = billed(rewritten(cdr, form), [terms], options)
    assert.equal(sumsOf(bill), sumsOf(billed(cdr, [terms], options)))
  })
  check(law, 1000)
})

const NOWHERE = fc.constantFrom<Record<string, unknown>>(
  { start_date: '2031-01-01' },
  { end_date: '1999-12-31' },
  { start_date: '2024-06-01', end_date: '2024-06-01' },
  { min_kwh: 900_000 },
  { max_kwh: 0 },
  { min_duration: 900_000_000 },
  { max_duration: 0 },
  { min_power: 100_000 },
  { max_power: 0 },
  { min_kwh: 20, max_kwh: 20 },
  { reservation: 'RESERVATION', max_duration: 0 },
)

test('an element that never applies changes nothing, wherever it stands', () => {
  const law = fc.property(anyStay, everything, NOWHERE, place, (stay, tariff, restrictions, at) => {
    const { cdr, terms, options } = question(stay, tariff)
    const elements = listIn(terms, 'elements')
    const price_components = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'].map((type) => ({
      ...{ type, price: 777, vat: 50, step_size: 4711 },
    }))
    const more = elements.toSpliced(at % (elements.length + 1), 0, {
      price_components,
      restrictions,
    })
    const bill = billed(cdr, [{ ...terms, elements: more }], options)
    assert.equal(sumsOf(bill), sumsOf(billed(cdr, [terms], options)))
  })
  check(law, 1500)
})

test('elements behind one without restrictions that has all their kinds change nothing', () => {
  const law = fc.property(anyStay, everything, everything, (stay, tariff, behind) => {
    const open: OwnElement = {
      components: [
        { kind: 'ENERGY', price: 3100, vat: 210, step: 1 },
        { kind: 'TIME', price: 0, vat: null, step: 60 },
        { kind: 'PARKING_TIME', price: 9900, vat: 90, step: 300 },
        { kind: 'FLAT', price: 5000, vat: 210, step: 0 },
      ],
      when: {},
      isReservation: false,
    }
    const elements = [...tariff.elements, open, { ...open, isReservation: true }]
    const closed = { ...tariff, elements }
    const longer = { ...tariff, elements: [...elements, ...behind.elements] }
    assert.equal(priceOf(stay, longer), priceOf(stay, closed))
  })
  check(law, 1000)
})

test('the order of elements matters only where they price the same kind', () => {
  const law = fc.property(anyStay, everything, place, (stay, tariff, at) => {
    const { elements } = tariff
    const index = at % elements.length
    const [one, other] = [elements[index], elements[index + 1]]
    if (!one || !other || !areApart(one, other)) return fc.pre(false)
    const swapped = elements.toSpliced(index, 2, other, one)
    assert.equal(priceOf(stay, { ...tariff, elements: swapped }), priceOf(stay, tariff))
  })
  check(law, 1000)
})

test('the order of components, of dimensions and of members matters nowhere', () => {
  const law = fc.property(anyStay, everything, (stay, tariff) => {
    const { cdr, terms, options } = question(stay, tariff)
    const turned = billed(backwards(cdr), [backwards(terms)], options)
    assert.equal(sumsOf(turned), sumsOf(billed(cdr, [terms], options)))
  })
  check(law, 1000)
})

test('tariffs that no period names change nothing, and ids are compared without case', () => {
  const law = fc.property(anyStay, everything, everything, (stay, tariff, other) => {
    const { cdr, terms, options } = question(stay, tariff)
    const all = [tariffJson(other, 'OTHER'), { ...terms, id: 't' }, tariffJson(other, 'T2')]
    assert.equal(sumsOf(billed(cdr, all, options)), sumsOf(billed(cdr, [terms], options)))
  })
  check(law, 1000)
})

test('no JSON whatever makes pricing throw', () => {
  const wild = fc.jsonValue({ maxDepth: 4 })
  const law = fc.property(wild, fc.array(wild, { maxLength: 3 }), wild, (cdr, tariffs, zone) => {
    const timeZone = typeof zone === 'string' ? zone : null
    const bill = priceCdr(cdr, tariffs, { timeZone })
    if (!bill.ok) assert.ok(bill.code.length > 0 && bill.message.length > 0)
  })
  check(law, 2000)
})

test('a document with one value replaced is priced or refused with a code', () => {
  const wild = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      ...['', '-1', 'NaN', '1e12', '1e13', '1e-41', '-0', ' 1', '١', [], {}],
    ),
    fc.constantFrom<unknown>(
      Infinity,
      NaN,
      -1,
      1e300,
      5e-324,
      0.1 + 0.2,
      undefined,
      10n,
      null,
      true,
    ),
    fc.constantFrom<unknown>('2024-02-30', '24:00', '2024-01-01T24:00:00Z', '9999-12-31T23:59:60Z'),
  )
  const law = fc.property(anyStay, everything, wild, place, place, (stay, tariff, value, ...at) => {
    const { cdr, terms, options } = question(stay, tariff)
    const bill = priceCdr(replaced(cdr, at[0], value), [replaced(terms, at[1], value)], options)
    if (!bill.ok) assert.ok(bill.code.length > 0 && bill.message.length > 0)
  })
  check(law, 2000)
})

test.run()

function question(stay: Stay, tariff: OwnTariff) {
  const cdr = cdrJson(stay, slicesOf(tariff, stay, true))
  return { cdr, terms: tariffJson(tariff), options: { timeZone: stay.zone } }
}

function priceOf(stay: Stay, tariff: OwnTariff): unknown {
  const { cdr, terms, options } = question(stay, tariff)
  return sumsOf(billed(cdr, [terms], options))
}

/** Do these two never compete for a quantity? */
function areApart(one: OwnElement, other: OwnElement): boolean {
  const kinds = new Set(one.components.map(({ kind }) => kind))
  return (
    one.isReservation !== other.isReservation ||
    !other.components.some(({ kind }) => kinds.has(kind))
  )
}

function listIn(value: Json, key: string): unknown[] {
  const list = value[key]
  return Array.isArray(list) ? list : []
}

function withMore(value: unknown, more: Json): unknown {
  return rebuilt(value, (object) => ({ ...more, ...object }))
}

/** Members the other way round, and so the lists whose order says nothing. */
function backwards(value: unknown): unknown {
  return rebuilt(value, (object) =>
    Object.fromEntries(
      Object.entries(object)
        .reverse()
        .map(([key, each]) => {
          const isFree = ['price_components', 'dimensions', 'day_of_week'].includes(key)
          return [key, isFree && Array.isArray(each) ? each.toReversed() : each]
        }),
    ),
  )
}

/** The timestamps of a CDR in another form that means the same instant. */
function rewritten(cdr: Json, form: 'bare' | 'short' | 'plus' | 'minus' | 'long'): unknown {
  const shifted = (text: string, hours: number) =>
    new Date(Date.parse(text) + hours * 3_600_000).toISOString().slice(0, -1)
  const write = {
    bare: (text: string) => text.slice(0, -1),
    short: (text: string) => text.replace('.000Z', 'Z'),
    plus: (text: string) => `${shifted(text, 5.75)}+05:45`,
    minus: (text: string) => `${shifted(text, -11)}-11:00`,
    long: (text: string) => text.replace('Z', '000Z'),
  }[form]
  return rebuilt(cdr, (object) =>
    Object.fromEntries(
      Object.entries(object).map(([key, each]) => [
        key,
        key.endsWith('_date_time') && typeof each === 'string' ? write(each) : each,
      ]),
    ),
  )
}

/** The document with the value at one of its places, counted from the top, replaced. */
function replaced(document: unknown, at: number | undefined, value: unknown): unknown {
  let count = 0
  const walk = (each: unknown, hit: number): unknown => {
    count += 1
    if (count === hit) return value
    if (Array.isArray(each)) return each.map((inner) => walk(inner, hit))
    if (!isObject(each)) return each
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, walk(inner, hit)]))
  }
  walk(document, -1)
  const places = count
  count = 0
  return walk(document, ((at ?? 0) % places) + 1)
}
