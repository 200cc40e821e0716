import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import { checkPriced, priceScenario } from '../fixtures/pricing/check.ts'
import type { Expected, Scenario } from '../fixtures/pricing/check.ts'

type Case = Scenario & {
  name: string
  cites: string
  why?: string
  policy?: Record<string, unknown>
  expect: Expected
}

const TABLES = [
  ...['inputs', 'choice', 'restrictions', 'reservation', 'step-size', 'taxes', 'tax-lines'],
  ...['limits', 'tariffs', 'rounding', 'zones', 'odd', 'versions', 'settled'],
]

for (const table of TABLES) {
  const test = suite(`pricing: ${table}`)
  const path = new URL(`../fixtures/pricing/${table}.json`, import.meta.url)
  const cases: Case[] = JSON.parse(readFileSync(path, 'utf8'))
  for (const each of cases)
    test(each.name, () => checkPriced(priceScenario(each, each.policy), each.expect))
  test.run()
}
