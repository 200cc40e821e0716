import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lintTariff } from '../../src/pricing/lint/lint.ts'
import { expandLint } from '../fixtures/lint/expand.ts'

const test = suite('lint: limits')
const ENERGY = ['ENERGY', 1, 21, 1] as const
const FLAT = ['FLAT', 1, 21, 1] as const

test('a tariff made to keep the linter busy is given up on soon', () => {
  const elements = Array.from({ length: 120 }, (_, index) => ({
    price: [ENERGY, FLAT],
    when: {
      min_kwh: index % 23,
      max_kwh: 30 + (index % 29),
      min_duration: index % 31,
      max_duration: 40 + (index % 37),
      min_power: index % 41,
      max_power: 50 + (index % 43),
      min_current: index % 47,
      max_current: 60 + (index % 53),
    },
  }))
  const found = lintTariff(expandLint({ elements })).map(({ code }) => code)
  assert.ok(found.includes('analysis_incomplete'))
})

test.run()
