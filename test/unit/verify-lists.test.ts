import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { VerifyCase } from '../../src/cli/verify/cases.ts'
import { checkLint } from '../../src/cli/verify/check-lint.ts'
import { checkPriced } from '../../src/cli/verify/check-price.ts'
import { priceCdr } from '../../src/pricing/price.ts'

const lists = suite('verify: lists of notes, tax lines and lint codes')

const START = '2026-03-02T09:00:00Z'

function tariffOf(component: object, members: object = {}): object {
  const price_components = [{ type: 'ENERGY', price: 1, step_size: 1, ...component }]
  return { id: 'T', currency: 'EUR', elements: [{ price_components }], ...members }
}

function cdrOf(dimension: object): object {
  return {
    currency: 'EUR',
    start_date_time: START,
    end_date_time: '2026-03-02T10:00:00Z',
    charging_periods: [
      { start_date_time: START, tariff_id: 'T', dimensions: [{ type: 'ENERGY', ...dimension }] },
    ],
  }
}

type Case = { tariff?: object; volume?: number | null; source?: string }

function priced(
  expected: Record<string, unknown>,
  { tariff = tariffOf({ vat: 10 }), volume = 2, source = '' }: Case = {},
) {
  const cdr = cdrOf({ volume })
  const answer = priceCdr(cdr, [tariff], { timeZone: 'UTC' })
  const { checks, unchecked, beyond } = checkPriced(expected, {
    priced: answer,
    tariffs: [tariff],
    cdr,
    source,
  })
  const failed = checks.filter(({ agrees }) => !agrees)
  return {
    checked: checks.length,
    failed: failed.map(({ item, computed }) => `${item}: ${computed}`),
    unchecked: unchecked.map(({ item }) => item),
    beyond,
  }
}

const raised = tariffOf({ vat: 10 }, { min_price: { excl_vat: 5, incl_vat: 5.5 } })

lists(
  'an empty list of notes says that there are none its source knows when it matches exactly',
  () => {
    const none = { match: 'exact', notes: [] }
    assert.equal(priced(none).failed, [])
    assert.is(priced(none).checked, 1)
    assert.equal(priced(none, { tariff: raised }).failed, [
      'notes, others that ocpi-kit knows: total_raised_to_min',
    ])
    // What no code of the source means is beyond it, and no fault.
    const own = priced(none, { tariff: tariffOf({}) })
    assert.equal([own.failed, own.beyond], [[], ['note vat_absent']])
    // Nothing stated, or not all that there is.
    assert.is(priced({ notes: null }, { tariff: raised }).checked, 0)
    assert.is(priced({ notes: [] }, { tariff: raised }).checked, 0)
    assert.equal(priced({ warnings: [] }, { tariff: raised }).failed, [])
  },
)

lists('a list that matches exactly names all notes of its source', () => {
  const exact = { match: 'exact', warnings: [] }
  const found = ': total_raised_to_min'
  assert.equal(priced(exact, { tariff: raised }).failed, [
    `warnings, others that ocpi-tariffs knows${found}`,
  ])
  assert.equal(priced(exact, { tariff: raised, source: 'hupe1980/ocpi-kit' }).failed, [
    `warnings, others that ocpi-kit knows${found}`,
  ])
  const named = { match: 'exact', notes: ['total_clamped'] }
  assert.equal(priced(named, { tariff: raised }).failed, [])
  // unpriced is no_price_component of one of the two only.
  const silent = { tariff: tariffOf({ type: 'TIME', vat: 10 }) }
  assert.is(priced({ match: 'exact', notes: [] }, silent).failed.length, 1)
  assert.equal(priced(exact, silent).failed, [])
})

lists('an empty list of tax lines says that there is no tax', () => {
  assert.equal(priced({ tax_lines: [] }).failed, ['tax_lines: 10 %: 0.2'])
  for (const vat of [0, undefined]) {
    const { failed, checked } = priced({ tax_lines: [] }, { tariff: tariffOf({ vat }) })
    assert.equal([failed, checked], [[], 1])
  }
  const small = { tax_lines: [], compare: { scale: 0 } }
  assert.equal(priced(small).failed, [])
  assert.is(priced({ tax_lines: null }).checked, 0)
})

lists('remarks of ocpi-tariffs when it prices', () => {
  const both = (name: string, spelled: string, given: Case): void => {
    for (const each of [name, spelled]) {
      const { failed, checked, unchecked } = priced({ warnings: [each] }, given)
      assert.equal([failed, checked, unchecked], [[], 1, []], each)
      assert.is(priced({ warnings: { $: [each] } }).failed.length, 1, `${each}, not so`)
    }
  }
  both('DimensionShouldHaveVolume', 'dimension_should_have_volume', { volume: null })
  both('NoElements', 'no_elements', { tariff: { ...raised, elements: [] } })
  const precise = tariffOf({ price: 0.123456, vat: 10 })
  both('ExcessivePrecision', 'excessive_precision', { tariff: precise })
  both('ExcessivePrecision', 'number.excessive_precision', { volume: 1.00001 })
  // What it remarks on in fields of a CDR that price nothing.
  assert.equal(priced({ warnings: ['CountryShouldBeAlpha2', 'needless_null_field'] }), {
    checked: 0,
    failed: [],
    unchecked: ['warnings CountryShouldBeAlpha2', 'warnings needless_null_field'],
    beyond: [],
  })
})

lists('NoValidTariff is no tariff, or none in force', () => {
  const late = tariffOf({}, { start_date_time: '2027-01-01T00:00:00Z' })
  const cdr = cdrOf({ volume: 1 })
  const untied = { ...cdr, charging_periods: [{ start_date_time: START, dimensions: [] }] }
  for (const tariffs of [[], [late]]) {
    const answer = priceCdr(tariffs.length === 0 ? cdr : untied, tariffs, { timeZone: 'UTC' })
    const { checks, unchecked } = checkPriced(
      { error: 'NoValidTariff' },
      { priced: answer, tariffs },
    )
    assert.equal([checks.map(({ agrees }) => agrees), unchecked], [[true], []])
  }
})

function lint(expected: Record<string, unknown>, { tariff, source = '' }: Case) {
  const one: VerifyCase = {
    id: 'L',
    folder: '.',
    source,
    status: 'current',
    kind: 'lint',
    cdr: undefined,
    tariffs: [tariff],
    expected,
    meta: { ocpi_version: '2.2.1' },
    problem: null,
  }
  const { checks, unchecked, beyond } = checkLint(one)
  const failed = checks.filter(({ agrees }) => !agrees)
  return {
    failed: failed.map(({ item, computed }) => `${item}: ${computed}`),
    unchecked: unchecked.map(({ item }) => item),
    beyond,
  }
}

const zeroStep = tariffOf(
  { step_size: 0, vat: 10 },
  { country_code: 'NL', party_id: 'XCH', last_updated: '2026-01-01T00:00:00Z' },
)

lists('lint codes that match exactly are all that their source knows', () => {
  const given = { tariff: zeroStep }
  assert.equal(lint({ codes: [], match: 'exact' }, given).failed, [
    'codes, others that ocpi-kit knows: zero_step_size',
  ])
  assert.equal(lint({ codes: ['never_active'], match: 'exact' }, given).failed.length, 2)
  assert.equal(lint({ codes: ['zero_step_size'], match: 'exact' }, given).failed, [])
  for (const match of ['contains', null]) {
    const { failed, beyond } = lint({ codes: [], match }, given)
    assert.equal([failed, beyond], [[], ['lint zero_step_size']])
  }
  // The other one does not know it.
  const source = 'tandemdrive/ocpi-tariffs'
  assert.equal(lint({ codes: [], match: 'exact' }, { ...given, source }).failed, [])
  // What we find beyond the list of the source is no fault.
  const dear = { ...zeroStep, ...tariffOf({ step_size: 1 }) }
  const { failed, beyond } = lint({ codes: [], match: 'exact' }, { tariff: dear })
  assert.equal([failed, beyond], [[], ['lint vat_absent']])
})

lists('a lint code that nobody knows is a slip, words are not', () => {
  const codes = ['no_such_code', 'NoSuchCode(AtAll)', 'the price is odd', 'zero_step_size']
  const { failed, unchecked } = lint({ codes }, { tariff: zeroStep })
  assert.equal(
    failed.map((each) => each.replace(/:.*/, '')),
    ['no_such_code', 'NoSuchCode(AtAll)'],
  )
  assert.equal(unchecked, ['the price is odd'])
})

lists('a code of ours stands for itself, and places are read in each form', () => {
  const dear = { tariff: tariffOf({ step_size: 5 }) }
  const at = (path: string) => lint({ warnings: { [path]: ['step_size_above_one'] } }, dear).failed
  for (const path of ['$["elements"][0]', "$['elements'][0]", '$.elements.*', '/elements/0'])
    assert.equal(at(path), [], path)
  assert.is(at('$["elements"][1]').length, 1)
  assert.is(lint({ codes: ['min_zero'] }, dear).failed.length, 1)
})

lists.run()
