import { limits } from '../../../config/limits.ts'
import { LINT_RULES } from './rules.ts'
import type { LintCode } from './rules.ts'
import type { LintFinding } from './types.ts'

/** What one run has found so far. Filled only by `report`, so that its size is bounded. */
export type Findings = { readonly list: LintFinding[]; isCut: boolean }

export function newFindings(): Findings {
  return { list: [], isCut: false }
}

/** Adds a finding. `names` fill the braces in the sentence of its rule. */
export function report(
  findings: Findings,
  {
    code,
    pointer,
    names = {},
    witness = null,
  }: {
    code: LintCode
    pointer: string
    names?: Readonly<Record<string, string>> | undefined
    witness?: string | null
  },
): void {
  if (findings.list.length >= limits.lintFindingsMax) {
    findings.isCut = true
    return
  }
  const { severity, sentence } = LINT_RULES[code]
  findings.list.push({ code, severity, pointer, message: filled(sentence, names), witness })
}

/** The findings, and whether some were left out. */
export function findingsOf(findings: Findings): readonly LintFinding[] {
  if (!findings.isCut) return findings.list
  const { severity, sentence } = LINT_RULES.analysis_incomplete
  const code = 'analysis_incomplete' as const
  return [...findings.list, { code, severity, pointer: '', message: sentence, witness: null }]
}

/** A sentence cut at its braces: every second part is a name. */
const PARTS = new Map(
  Object.values(LINT_RULES).map(({ sentence }) => [sentence, sentence.split(/[{}]/)]),
)

function filled(sentence: string, names: Readonly<Record<string, string>>): string {
  const parts = PARTS.get(sentence) ?? [sentence]
  let text = parts[0] ?? ''
  for (let index = 1; index < parts.length; index += 2)
    text += (names[parts[index] ?? ''] ?? '') + (parts[index + 1] ?? '')
  return text
}

const SHOWN_CHARS_MAX = 40
const CONTROL = /[\u0000-\u001f\u007f]/

/** A value of the tariff as a message shows it: short, on one line, without control characters. */
export function shown(value: unknown): string {
  const text = String(value)
  const plain = CONTROL.test(text) ? text.replaceAll(new RegExp(CONTROL, 'g'), ' ') : text
  return plain.length <= SHOWN_CHARS_MAX ? plain : `${plain.slice(0, SHOWN_CHARS_MAX - 1)}…`
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
