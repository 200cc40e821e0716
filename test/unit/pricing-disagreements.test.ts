import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  DEFAULT_POLICY,
  READINGS,
  ROUNDING_MODES,
  ROUNDING_STAGES,
} from '../../src/pricing/policy.ts'
import type { PricingPolicy } from '../../src/pricing/policy.ts'
import { checkPriced, priceScenario } from '../fixtures/pricing/check.ts'
import type { Expected, Scenario } from '../fixtures/pricing/check.ts'

/** One session on which implementations disagree, and what each reading of the key makes of it. */
type Disagreement = Scenario & {
  row: string
  key: keyof PricingPolicy
  name: string
  readings: { is: unknown; why: string; expect: Expected }[]
}

const test = suite('pricing: disagreements')
const path = new URL('../fixtures/pricing/disagreements.json', import.meta.url)
const table: Disagreement[] = JSON.parse(readFileSync(path, 'utf8'))

for (const each of table) {
  for (const { is, expect } of each.readings) {
    test(`${each.row} ${each.name}: ${each.key} ${JSON.stringify(is)}`, () => {
      checkPriced(priceScenario(each, { [each.key]: is }), expect)
      if (isDefault(each.key, is)) checkPriced(priceScenario(each), expect)
    })
  }
  test(`${each.row} ${each.name}: the default is among them`, () => {
    assert.ok(each.readings.some(({ is }) => isDefault(each.key, is)))
  })
}

test('every key of a policy has a case for every reading', () => {
  const missing = Object.entries(READINGS).flatMap(([key, readings]) =>
    readings
      .filter((reading) => !shown(key).includes(reading))
      .map((reading) => `${key} ${reading}`),
  )
  assert.equal(missing, [])
})

test('the first reading of every key is the default', () => {
  const first = Object.entries(READINGS).map(([key, [reading]]) => [key, reading])
  assert.equal({ ...DEFAULT_POLICY, ...Object.fromEntries(first) }, DEFAULT_POLICY)
})

test('every mode and stage of rounding has a case', () => {
  const seen = shown('rounding').map((rounding) => JSON.stringify(rounding))
  for (const mode of ROUNDING_MODES)
    for (const stage of ROUNDING_STAGES)
      assert.ok(
        seen.includes(JSON.stringify({ decimals: 2, mode, stage })),
        `${mode} at the ${stage}`,
      )
  assert.ok(seen.some((text) => text.includes('"currency"')))
})

test('every row of the table of disagreements has a case', () => {
  const rows = new Set(table.map(({ row }) => row))
  for (let number = 1; number <= 26; number++) assert.ok(rows.has(`D${number}`), `D${number}`)
})

test.run()

function shown(key: string): unknown[] {
  return table
    .filter((each) => each.key === key)
    .flatMap((each) => each.readings.map(({ is }) => is))
}

function isDefault(key: keyof PricingPolicy, value: unknown): boolean {
  return JSON.stringify(DEFAULT_POLICY[key]) === JSON.stringify(value)
}
