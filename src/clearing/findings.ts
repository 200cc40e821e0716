import { assert } from '../assert.ts'
import type { FindingCode, Severity } from './rules.ts'
import { RULES } from './rules.ts'

/** Where a compared value stands: `field` is a JSON pointer into the `source`, `value` what stands there. */
export type FindingInput = { field: string; source: Source; value: string | null }

type Source =
  'cdr' | 'session' | 'token' | 'tariff' | 'location' | 'pricing' | 'agreement' | 'original' | 'hub'

/** What a check found. Numbers are plain decimal text, `difference` = actual − expected; null = does not apply. */
export type Finding = {
  code: FindingCode
  severity: Severity
  message: string
  inputs: readonly FindingInput[]
  expected: string | null
  actual: string | null
  difference: string | null
  tolerance: string | null
}

/**
 * What a check hands over. `milder` is a grade below the rule's own (a small internal sum error, say). `words` fill the
 * braces of the rule's sentence, beside expected, actual, difference and tolerance.
 */
export type Draft = {
  code: FindingCode
  milder?: Severity
  inputs: readonly FindingInput[]
  expected?: string
  actual?: string
  difference?: string
  tolerance?: string
  words?: Readonly<Record<string, string>>
}

/**
 * Severity by finding code, as an agreement overrides it, never below the rule's floor. Codes that do not exist are
 * ignored.
 */
export type Severities = Readonly<Record<string, Severity>>

/** Findings in the order of the rule table, each with the agreed severity and its sentence. */
export function toFindings(drafts: readonly Draft[], severities: Severities): readonly Finding[] {
  const order = Object.keys(RULES)
  return drafts
    .map((draft) => toFinding(draft, severities))
    .toSorted((a, b) => order.indexOf(a.code) - order.indexOf(b.code))
}

/** What the findings lead to, and *the* code that decided; null when nothing stands against clearing. */
export function decide(findings: readonly Finding[]): {
  verdict: 'quarantine' | 'hold' | 'clear'
  code: FindingCode | null
} {
  const fatal = findings.find((finding) => finding.severity === 'F')
  if (fatal !== undefined) return { verdict: 'quarantine', code: fatal.code }
  const severe = findings.find((finding) => finding.severity === 'S')
  if (severe !== undefined) return { verdict: 'hold', code: severe.code }
  return { verdict: 'clear', code: null }
}

function toFinding(draft: Draft, severities: Severities): Finding {
  const {
    code,
    inputs,
    expected = null,
    actual = null,
    difference = null,
    tolerance = null,
  } = draft
  const severity = milderOf(agreedSeverity(code, severities), draft.milder)
  return {
    code,
    severity,
    message: sentenceOf(draft),
    inputs,
    expected,
    actual,
    difference,
    tolerance,
  }
}

/** The overrides that are milder than the floor of their rule, which no agreement may ask for. */
export function belowFloor(severities: Severities): readonly { code: string; floor: Severity }[] {
  return Object.entries(severities).flatMap(([code, agreed]) => {
    const floor = floorOf(code)
    return floor !== null && isMilder(agreed, floor) ? [{ code, floor }] : []
  })
}

function agreedSeverity(code: FindingCode, severities: Severities): Severity {
  const agreed = Object.hasOwn(severities, code) ? severities[code] : undefined
  if (agreed === undefined) return RULES[code].severity
  const floor = floorOf(code)
  return floor !== null && isMilder(agreed, floor) ? floor : agreed
}

function floorOf(code: string): Severity | null {
  const rules: Readonly<Record<string, { severity: Severity; floor?: Severity }>> = RULES
  return Object.hasOwn(rules, code) ? (rules[code]?.floor ?? null) : null
}

/** A milder grade stays milder when an agreement tightens the rule, and follows when it loosens it. */
function milderOf(severity: Severity, milder: Severity | undefined): Severity {
  return milder !== undefined && isMilder(milder, severity) ? milder : severity
}

function isMilder(one: Severity, other: Severity): boolean {
  const order = ['F', 'S', 'W', 'I']
  return order.indexOf(one) > order.indexOf(other)
}

function sentenceOf(draft: Draft): string {
  const { expected, actual, tolerance } = draft
  const difference = draft.difference?.replace('-', '')
  const words: Readonly<Record<string, string | undefined>> = {
    expected,
    actual,
    difference,
    tolerance,
    ...draft.words,
  }
  return RULES[draft.code].sentence.replace(/\{(\w+)\}/g, (_, word: string) => {
    const filled = words[word]
    assert(filled !== undefined, `finding ${draft.code} lacks the word ${word}`)
    return filled
  })
}
