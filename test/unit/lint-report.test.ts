import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { inferVersion, lintTariff } from '../../src/pricing/lint/lint.ts'
import { countFindings, lintReport } from '../../src/pricing/lint/report.ts'
import { expandLint } from '../fixtures/lint/expand.ts'
import type { LintCase } from '../fixtures/lint/expand.ts'

const test = suite('lint: whole tariffs and many of them')
const ENERGY = ['ENERGY', 1, 21, 1] as const

test('the version is inferred from fields that only later ones have', () => {
  const infer = (short: LintCase): string => {
    const tariff = expandLint(short)
    return typeof tariff === 'object' && tariff !== null ? inferVersion({ ...tariff }) : ''
  }
  const bare = {
    less: ['country_code', 'party_id'],
    elements: [{ price: [['ENERGY', 1, null, 1]] }],
  } as const
  assert.is(infer(bare), '2.1.1')
  assert.is(infer({ ...bare, less: ['party_id'] }), '2.2.1')
  assert.is(infer({ ...bare, less: ['country_code'] }), '2.2.1')
  assert.is(infer({ ...bare, elements: [{ price: [ENERGY] }] }), '2.2.1')
  for (const key of ['type', 'min_price', 'max_price', 'start_date_time', 'end_date_time'])
    assert.is(infer({ ...bare, more: { [key]: null } }), '2.2.1')
  for (const key of ['min_current', 'max_current', 'reservation'])
    assert.is(
      infer({ ...bare, elements: [{ price: [['ENERGY', 1, null, 1]], when: { [key]: null } }] }),
      '2.2.1',
    )
  assert.is(
    infer({ ...bare, elements: [{ price: [['ENERGY', 1, null, 1]], when: { min_power: 1 } }] }),
    '2.1.1',
  )
  const plain = ['TIME', 1, null, 1] as const
  assert.is(infer({ ...bare, elements: [{ price: [plain, ENERGY] }] }), '2.2.1')
  assert.is(infer({ ...bare, elements: [{ price: [plain] }, { price: [ENERGY] }] }), '2.2.1')
  assert.is(infer({ ...bare, more: { tax_included: 'NO' } }), '2.3.0')
  assert.is(infer({ more: { preauthorize_amount: 5 } }), '2.3.0')
  assert.is(infer({ more: { min_price: { before_taxes: 1 } } }), '2.3.0')
  assert.is(infer({ more: { max_price: { before_taxes: 1 } } }), '2.3.0')
  assert.is(infer({ more: { max_price: { excl_vat: 1 } } }), '2.2.1')
  // The version decides what is known.
  assert.ok(codesOf({ more: { tax_included: 'NO' } }, '2.2.1').includes('field_unknown'))
  assert.not(codesOf({ more: { tax_included: 'NO' } }).includes('field_unknown'))
})

test('rules are counted by findings, elements and tariffs, in their order', () => {
  const when = { min_kwh: 0, min_duration: 0 }
  const tariffs = [
    expandLint({
      elements: [
        { price: [ENERGY], when },
        { price: [ENERGY], when: { min_kwh: 0 } },
      ],
    }),
    expandLint({ elements: [{ price: [ENERGY], when }], more: { party_id: 'tnm' } }),
    expandLint({}),
  ]
  const { tariffs: count, rules } = lintReport(tariffs)
  assert.is(count, 3)
  const wanted = ['party_id_case', 'min_zero']
  assert.equal(
    rules.filter(({ code }) => wanted.includes(code)),
    [
      { code: 'party_id_case', severity: 'info', findings: 1, elements: 0, tariffs: 1 },
      { code: 'min_zero', severity: 'info', findings: 5, elements: 3, tariffs: 2 },
    ],
  )
  assert.equal(countFindings(tariffs.map((tariff) => lintTariff(tariff))), { tariffs: 3, rules })
  assert.equal(countFindings([]), { tariffs: 0, rules: [] })
})

test('options reach every tariff of a report', () => {
  const tariff = expandLint({ more: { end_date_time: '2024-01-01T00:00:00Z' } })
  const codes = lintReport([tariff], { at: Date.parse('2025-01-01T00:00:00Z') }).rules
  assert.ok(codes.some(({ code }) => code === 'expired'))
})

test('elements are told apart by their whole number', () => {
  const when = { min_kwh: 0 }
  const elements = Array.from({ length: 12 }, () => ({ price: [ENERGY], when }))
  const { rules } = lintReport([expandLint({ elements })])
  assert.is(rules.find(({ code }) => code === 'min_zero')?.elements, 12)
})

test('a remark on an element as a whole is in that element', () => {
  const elements = [{ price: [ENERGY] }, { price: [ENERGY] }, { price: [ENERGY] }]
  const { rules } = lintReport([expandLint({ elements })])
  assert.is(rules.find(({ code }) => code === 'element_shadowed')?.elements, 2)
})

test('findings end at their limit, and that is said', () => {
  const nulls = (count: number): LintCase => ({
    more: { x: Array.from({ length: count }, () => null) },
  })
  // The field itself is unknown, which is one finding more.
  const full = codesOf(nulls(limits.lintFindingsMax - 1))
  assert.is(full.length, limits.lintFindingsMax)
  assert.not(full.includes('analysis_incomplete'))
  const cut = codesOf(nulls(limits.lintFindingsMax))
  assert.is(cut.length, limits.lintFindingsMax + 1)
  assert.is(cut.at(-1), 'analysis_incomplete')
  assert.is(lintTariff(expandLint(nulls(limits.lintFindingsMax))).at(-1)?.pointer, '')
})

test('values that are nested too deeply are not looked into, and that is said', () => {
  const nested = (depth: number): LintCase => {
    let value: unknown = null
    for (let level = 0; level < depth; level++) value = [value]
    return { more: { x: value } }
  }
  const within = codesOf(nested(limits.jsonDepthMax - 1))
  assert.equal(within, ['field_unknown', 'null_field'])
  assert.equal(codesOf(nested(limits.jsonDepthMax)), ['field_unknown', 'analysis_incomplete'])
  assert.equal(codesOf(nested(100_000)), ['field_unknown', 'analysis_incomplete'])
  assert.equal(codesOf({ more: { x: 'text' } }), ['field_unknown'])
})

test('what the tariff has around such a value counts', () => {
  const depths = [4, 3].map((around) => {
    let value: unknown = null
    for (let level = around; level < limits.jsonDepthMax; level++) value = [value]
    return codesOf({ elements: [{ price: [ENERGY], when: { x: value } }] })
  })
  assert.not(depths[0]?.includes('analysis_incomplete'))
  assert.ok(depths[1]?.includes('analysis_incomplete'))
})

function codesOf(short: LintCase, version?: '2.2.1'): string[] {
  return lintTariff(expandLint(short), { version }).map(({ code }) => code)
}

test.run()
