import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { attribute } from '../../src/pricing/attribution.ts'
import type { AttributionInput, Attributions } from '../../src/pricing/attribution.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortCdr, ShortTariff } from '../fixtures/pricing/expand.ts'

/** A claim that one reading leads to; `base` is what we compute before taxes. Claims are worked out by hand. */
type Case = {
  name: string
  code: string
  zone?: string | null
  policy?: Partial<PricingPolicy>
  cdr: ShortCdr
  tariffs: ShortTariff[]
  claim: Record<string, unknown>
  base?: string
  previous?: ShortTariff[]
  next?: ShortTariff[]
}

for (const table of ['policies', 'readings', 'taxes']) {
  const test = suite(`attribution: ${table}`)
  const path = new URL(`../fixtures/compare/${table}.json`, import.meta.url)
  const cases: Case[] = JSON.parse(readFileSync(path, 'utf8'))
  for (const each of cases) {
    test(`${each.name} is named ${each.code}`, () => findsCause(each))
    // Each is a search through all pairs, too slow to repeat for every mutant.
    if (process.env['MUTATE'] === undefined)
      test(`${each.name}: seven hundredths more is not ${each.code}`, () => findsNoCause(each))
  }
  test.run()
}

function findsCause(each: Case): void {
  const input = inputOf(each)
  const priced = priceCdr(input.cdr, input.tariffs, input.options)
  assert.is(priced.ok ? priced.total.excl : undefined, each.base)
  const { found, isComplete } = attribute(input)
  const one = found.find(({ code }) => code === each.code)
  assert.ok(one, `found ${found.map(({ code }) => code).join(', ')}`)
  assert.ok(isComplete)
  assert.equal(one.remaining, [])
  assert.ok(one.items.every(({ verdict }) => verdict === 'matches'))
  const [change] = one.changes
  assert.is(`${change?.key}:${change?.value}`, each.code)
  assert.is.not(change?.instead, change?.value)
  assert.match(one.sentence, /^Your .* (is|are) reproduced.* if .{10,}\.$/)
}

function findsNoCause(each: Case): void {
  const { found } = attribute(inputOf({ ...each, claim: raised(each.claim) }))
  assert.is(
    found.find(({ code }) => code === each.code),
    undefined,
  )
}

function inputOf({
  zone = 'UTC',
  policy,
  cdr,
  tariffs,
  claim,
  previous,
  next,
}: Case): AttributionInput {
  return {
    cdr: { ...expandCdr(cdr), ...claim },
    tariffs: tariffs.map(expandTariff),
    options: { timeZone: zone, policy: { ...DEFAULT_POLICY, ...policy } },
    ...(previous === undefined ? {} : { previousTariffs: previous.map(expandTariff) }),
    ...(next === undefined ? {} : { nextTariffs: next.map(expandTariff) }),
  }
}

/** Every number of the claim and 0.07. */
function raised(claim: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(claim).map(([key, value]) => [
      key,
      typeof value === 'number' || typeof value === 'string'
        ? Math.round((Number(value) + 0.07) * 1e6) / 1e6
        : typeof value === 'object' && value !== null && !Array.isArray(value)
          ? raised({ ...value })
          : value,
    ]),
  )
}

const test = suite('attribution: what is found')
const STEPPED = { elements: [{ price: [['ENERGY', 1, 21, 500]] as const }] }

test('one cause ends the argument in one sentence', () => {
  const two = [at('10:00', { ENERGY: 1.1 }), at('11:00', { ENERGY: 1.1 })]
  const { found, sentence, tried } = explain(two, STEPPED, {
    total_cost: { excl_vat: 3, incl_vat: 3.63 },
  })
  assert.is(
    sentence,
    'Your total is reproduced to the cent if the billing step (step_size) is applied to every period.',
  )
  assert.equal(
    found.map(({ code }) => code),
    ['step_size:period'],
  )
  assert.equal(found[0]?.changes, [{ key: 'step_size', value: 'period', instead: 'session' }])
  assert.equal(found[0]?.total, { excl: '3', incl: '3.63' })
  assert.equal(found[0]?.explains, ['total_cost'])
  assert.ok(tried > 50 && tried <= 150, `${tried}`)
})

test('both sides have to be met', () => {
  const two = [at('10:00', { ENERGY: 1.1 }), at('11:00', { ENERGY: 1.1 })]
  const { found, sentence } = explain(two, STEPPED, { total_cost: { excl_vat: 3, incl_vat: 3.99 } })
  assert.equal(found, [])
  assert.is(sentence, 'No known reading reproduces your total of 3.00 EUR; it should be 2.50 EUR.')
})

test('what also reproduces the parts comes first, and what does not says so', () => {
  const terms = {
    elements: [
      {
        price: [
          ['ENERGY', 1, null, 0],
          ['PARKING_TIME', 4, null, 0],
          ['TIME', 2, null, 0],
        ] as const,
      },
    ],
  }
  const { found } = explain([at('10:00', { ENERGY: 1, TIME: 2, PARKING_TIME: 1 })], terms, {
    total_cost: 5,
    total_time_cost: 0,
  })
  const one = found.find(({ code }) => code === 'left_out:TIME')
  const other = found.find(({ code }) => code === 'left_out:PARKING_TIME')
  assert.is(found[0], one)
  assert.is(found.at(-1), other)
  assert.equal([one?.explains, one?.remaining], [['total_cost', 'total_time_cost'], []])
  assert.equal([other?.explains, other?.remaining], [['total_cost'], ['total_time_cost']])
  assert.match(`${other?.sentence}`, 'Then your cost of time (total_time_cost) still differs.')
  const parked = explain([at('10:00', { ENERGY: 1, TIME: 2, PARKING_TIME: 1 })], terms, {
    total_cost: 5,
    total_parking_cost: 0,
  })
  assert.is(parked.found[0]?.code, 'left_out:PARKING_TIME')
  assert.ok(parked.found.some(({ code }) => code === 'left_out:TIME'))
})

test('what also meets the decimals that were printed comes first', () => {
  const terms = { elements: [{ price: [['ENERGY', 0.2555, null, 0]] as const }] }
  const claimed = (total: string): string[] =>
    explain([at('10:00', { ENERGY: 10 })], terms, { total_cost: total }).found.map(
      ({ code }) => code,
    )
  assert.equal(claimed('2.55').slice(0, 2), ['total:cut', 'unit_price:cut_3'])
  assert.is(claimed('2.5500001')[0], 'total:cut')
  assert.is(claimed('2.553').includes('unit_price:cut_3'), true)
  const longer = { elements: [{ price: [['ENERGY', 0.2558, null, 0]] as const }] }
  const { found } = explain([at('10:00', { ENERGY: 10.004 })], longer, { total_cost: '2.55102' })
  assert.is(found[0]?.code, 'unit_price:cut_3')
  assert.ok(found.some(({ code }) => code === 'total:cut'))
})

test('nothing is explained where nothing differs, nor for a credit', () => {
  const one = [at('10:00', { ENERGY: 1 })]
  for (const [claim, sentence] of [
    [{ total_cost: 1 }, 'Nothing differs.'],
    [
      { total_cost: -1, credit: true },
      'A credit CDR takes back its original; compare it with that one.',
    ],
    [{}, 'The CDR claims nothing that can be compared.'],
  ] as const) {
    const { found, tried, isComplete, ...rest } = explain(one, STEPPED, claim)
    assert.equal([found, tried, isComplete, rest.sentence], [[], 0, true, sentence])
  }
})

test('a figure besides the total is explained by itself', () => {
  const terms = { elements: [{ price: [['ENERGY', 1, null, 0]] as const }] }
  const late = { start: '10:00', end: '12:00', periods: [at('10:30', { ENERGY: 1 })] }
  const both = attribute(
    inputOf({
      name: '',
      code: '',
      cdr: late,
      tariffs: [terms],
      claim: { total_cost: 9.99, total_time: 1.5 },
    }),
  )
  assert.equal(
    both.found.map(({ code }) => code),
    ['total_time:periods_span', 'policy:ocpi-tariffs-0.6', 'policy:wwcp'],
  )
  assert.is(
    both.found[0]?.sentence,
    'Your total time (total_time) is reproduced if the total time (total_time) counts from the first charging period. Then your total cost (total_cost) still differs.',
  )
})

test('a figure is not explained at the price of another one', () => {
  const terms = { elements: [{ price: [['ENERGY', 0, null, 0]] as const }] }
  const { found } = explain([at('10:00', { ENERGY: 1000 })], terms, {
    total_energy: 1,
    total_cost: 0,
  })
  assert.equal(
    found.map(({ code }) => code),
    ['unit:kwh_from_wh'],
  )
  const priced = { elements: [{ price: [['ENERGY', 1, null, 0]] as const }] }
  const other = explain([at('10:00', { ENERGY: 1000 })], priced, {
    total_energy: 1,
    total_cost: 1000,
  })
  assert.equal(other.found, [])
  assert.is(other.sentence, 'No known reading reproduces the figures that differ.')
  assert.ok(other.tried < 150, 'pairs are only looked for where the total differs')
})

test('a side that can no longer be known is no explanation', () => {
  const terms = { elements: [{ price: [['ENERGY', 10, null, 0]] as const }] }
  const { found } = explain([at('10:00', { ENERGY: 1 })], terms, {
    total_cost: { excl_vat: 8, incl_vat: 10 },
  })
  assert.equal(found, [])
})

test('two causes together are looked for when none alone is enough', () => {
  const terms = {
    elements: [{ price: [['ENERGY', 1, 21, 500]] as const }],
    more: { min_price: { excl_vat: 9 } },
  }
  const { found, tried } = explain([at('10:00', { ENERGY: 1.1 })], terms, {
    total_cost: { excl_vat: 1.1, incl_vat: 1.33 },
  })
  assert.ok(tried <= 150)
  assert.is(found[0]?.code, 'step_size:none+price_limits:ignored')
})

test('a price beyond all measure is compared and searched like any other', () => {
  const terms = { elements: [{ price: [['ENERGY', 1e12, 21, 0]] as const }] }
  const { found } = explain([at('10:00', { ENERGY: 1e12 })], terms, { total_cost: 1 })
  assert.equal(found, [])
})

test('a rate below zero is no rate', () => {
  const terms = { elements: [{ price: [['ENERGY', 1, -100, 0]] as const }] }
  const { found } = explain([at('10:00', { ENERGY: 0.344 })], terms, {
    total_cost: { excl_vat: 0.35, incl_vat: 0 },
  })
  assert.equal(found, [])
})

test('what no component can be read from is left to pricing', () => {
  for (const tariffs of [
    [null],
    [{ id: 'T', elements: 'x' }],
    [{ id: 'T', elements: [{ price_components: [1, null] }] }],
  ]) {
    const { found } = attribute({
      cdr: { total_cost: 1, charging_periods: [7] },
      tariffs,
      options: {},
    })
    assert.equal(found, [])
  }
})

test('a large CDR is not searched for ever, and says so', () => {
  const many = Array.from({ length: 2_500 }, () => at('10:00', { ENERGY: 0.001 }))
  const { found, tried, isComplete } = explain(many, STEPPED, { total_cost: 9 })
  assert.equal([found, tried, isComplete], [[], 40, false])
})

type Period = ShortCdr['periods'][number]

function at(time: string, volumes: Record<string, number>): Period {
  return { at: time, tariff: 'T', volumes }
}

function explain(
  periods: Period[],
  terms: ShortTariff,
  claim: Record<string, unknown>,
): Attributions {
  return attribute(inputOf({ name: '', code: '', cdr: { periods }, tariffs: [terms], claim }))
}

test.run()
