import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lintTariff } from '../../src/pricing/lint/lint.ts'
import { lintCodes } from '../../src/pricing/lint/report.ts'
import { LINT_RULES } from '../../src/pricing/lint/rules.ts'
import type { LintOptions } from '../../src/pricing/lint/types.ts'
import { expandLint } from '../fixtures/lint/expand.ts'
import type { LintCase } from '../fixtures/lint/expand.ts'

/** `find`: the places at which the rule has to speak, with the witness where one is stated; empty where it may not.
 * `says`: a part of the first message, which has no full stop: one stands for its end. */
type Case = LintCase & {
  name: string
  version?: LintOptions['version']
  options?: LintOptions
  find: [string, (string | null)?][]
  says?: string
}

const TABLES = ['form', 'head', 'restrictions', 'components', 'reach']
const all: Record<string, Case[]> = {}

for (const table of TABLES) {
  const test = suite(`lint: ${table}`)
  const path = new URL(`../fixtures/lint/${table}.json`, import.meta.url)
  const rules: Record<string, Case[]> = JSON.parse(readFileSync(path, 'utf8'))
  Object.assign(all, rules)
  for (const [code, cases] of Object.entries(rules))
    for (const each of cases) test(`${code}: ${each.name}`, () => verify(code, each))
  test.run()
}

function verify(code: string, { version, options, find, says, ...short }: Case): void {
  const found = lintTariff(expandLint(short), { version: version ?? '2.2.1', ...options })
  const own = found.filter((finding) => finding.code === code)
  assert.equal(
    own.map(({ pointer, witness }, index) =>
      find[index]?.length === 2 ? [pointer, witness] : [pointer],
    ),
    find,
  )
  if (says !== undefined) assert.match(`${own[0]?.message}.`, says)
  for (const { severity, message } of own) {
    assert.is(severity, Object.entries(LINT_RULES).find(([key]) => key === code)?.[1].severity)
    assert.not.match(message, /[{}]|undefined|^ | {2}| [,;]/)
  }
}

const rules = suite('lint: the table of rules')

rules('every rule has a case that breaks it and a near miss that does not', () => {
  // That a tariff is too large is shown where limits are tested.
  const wanted = lintCodes().filter((code) => code !== 'analysis_incomplete')
  const isTested = (code: string): boolean =>
    [true, false].every((isBroken) => all[code]?.some(({ find }) => find.length > 0 === isBroken))
  assert.equal(
    wanted.filter((code) => !isTested(code)),
    [],
  )
  assert.equal(Object.keys(all).sort(), [...wanted].sort())
})

rules('codes are snake_case, sentences are one sentence each', () => {
  for (const [code, { sentence, source }] of Object.entries(LINT_RULES)) {
    assert.match(code, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
    assert.not.match(sentence, /[.]$|\. [A-Z]/)
    assert.ok(source.length > 0)
  }
})

rules('a sound tariff has no findings in any version', () => {
  assert.equal(lintTariff(expandLint({})), [])
  assert.equal(lintTariff(expandLint({ more: { tax_included: 'NO' } })), [])
  const elements = [{ price: [['ENERGY', 0.25, null, 1]] }] as const
  assert.equal(lintTariff(expandLint({ elements, less: ['country_code', 'party_id'] })), [])
})

rules.run()
