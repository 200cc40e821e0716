import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { judge } from '../../src/clearing/judge.ts'
import type { Finding } from '../../src/clearing/findings.ts'
import type { CaseChanges } from './clearing-case.ts'
import { soundInput } from './clearing-case.ts'
import { readsWell } from './reads-well.ts'

/** What a changed sound CDR must lead to: `findings` are code and severity, in their order. */
export type RuleRow = { name: string; changes: CaseChanges; verdict: string; findings: string[] }

/** What a person reads is whole and names no code. */
export function findingReadsWell({ message, explanation, severity }: Finding): void {
  const { steps, decision, counterfactual } = explanation
  for (const text of [message, decision, counterfactual, ...steps]) readsWell(text)
  assert.match(message, /[.]$/)
  assert.match(counterfactual, /^It would pass if .*[^.][.]$/)
  assert.is(explanation.at_risk !== null && severity !== 'S', false)
}

export function clear(name: string, changes: CaseChanges, findings: string[] = []): RuleRow {
  return { name, changes, verdict: 'clear', findings }
}

export function hold(name: string, changes: CaseChanges, findings: string[]): RuleRow {
  return { name, changes, verdict: 'hold', findings }
}

export function quarantine(name: string, changes: CaseChanges, findings: string[]): RuleRow {
  return { name, changes, verdict: 'quarantine', findings }
}

/** A suite with one test a row; every sentence must be whole. */
export function runRules(name: string, rows: readonly RuleRow[]): void {
  const rules = suite(name)
  for (const row of rows) {
    rules(row.name, () => {
      const judgement = judge(soundInput(row.changes))
      const found = judgement.findings.map((finding) => `${finding.code} ${finding.severity}`)
      assert.equal(found, row.findings)
      assert.is(judgement.verdict, row.verdict)
      const isFatal = row.verdict === 'quarantine'
      const decisive = judgement.findings.find(({ severity, atRisk }) =>
        isFatal ? severity === 'F' : severity === 'S' && atRisk === judgement.atRisk,
      )
      assert.is(judgement.code, decisive?.code ?? null)
      for (const finding of judgement.findings) {
        findingReadsWell(finding)
        assert.ok(finding.inputs.length > 0)
      }
    })
  }
  rules.run()
}
