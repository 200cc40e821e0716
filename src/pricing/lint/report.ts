import { lintTariff } from './lint.ts'
import { LINT_RULES } from './rules.ts'
import type { LintCode } from './rules.ts'
import type { LintFinding, LintOptions, Severity } from './types.ts'

/** How often a rule was broken: remarks, elements they are in or on, tariffs. */
export type RuleCount = {
  readonly code: LintCode
  readonly severity: Severity
  readonly findings: number
  readonly elements: number
  readonly tariffs: number
}

export type LintReport = { readonly tariffs: number; readonly rules: readonly RuleCount[] }

/** Lints many tariffs, one after the other, and counts. Nothing is kept of a tariff but the counts. */
export function lintReport(tariffs: Iterable<unknown>, options: LintOptions = {}): LintReport {
  return countFindings(lintAll(tariffs, options))
}

function* lintAll(
  tariffs: Iterable<unknown>,
  options: LintOptions,
): Generator<readonly LintFinding[]> {
  for (const tariff of tariffs) yield lintTariff(tariff, options)
}

/**
 * Counts each rule that was broken at least once, in the order of LINT_RULES. One list of findings a tariff; a tariff
 * without findings counts, too.
 */
export function countFindings(linted: Iterable<readonly LintFinding[]>): LintReport {
  const counts = new Map<LintCode, { findings: number; elements: number; tariffs: number }>()
  let tariffs = 0
  for (const findings of linted) {
    tariffs += 1
    const places = new Map<LintCode, Set<string>>()
    for (const { code, pointer } of findings) {
      const count = counts.get(code) ?? { findings: 0, elements: 0, tariffs: 0 }
      counts.set(code, count)
      count.findings += 1
      const known = places.get(code)
      if (known === undefined) count.tariffs += 1
      const seen = known ?? new Set()
      places.set(code, seen)
      const element = elementIn(pointer)
      if (element === null || seen.has(element)) continue
      seen.add(element)
      count.elements += 1
    }
  }
  const rules = lintCodes().flatMap((code) => {
    const count = counts.get(code)
    return count === undefined ? [] : [{ code, severity: LINT_RULES[code].severity, ...count }]
  })
  return { tariffs, rules }
}

const ELEMENTS = '/elements/'

function elementIn(pointer: string): string | null {
  if (!pointer.startsWith(ELEMENTS)) return null
  const end = pointer.indexOf('/', ELEMENTS.length)
  return end < 0 ? pointer : pointer.slice(0, end)
}

/** The codes of all rules, in their order. */
export function lintCodes(): readonly LintCode[] {
  return Object.keys(LINT_RULES).filter(isCode)
}

function isCode(key: string): key is LintCode {
  return Object.hasOwn(LINT_RULES, key)
}
