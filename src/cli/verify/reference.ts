import { LINT_REFERENCES } from '../../pricing/lint/reference-table.ts'
import type { LintCode } from '../../pricing/lint/rules.ts'
import type { Sheet } from './check.ts'
import { checkText } from './check.ts'
import { isCode } from './codes.ts'
import type { Reference } from './codes.ts'

/** Whose identifiers a list holds: as its source says, else the one that calls its list so. */
export function referenceFor(source: string, key: string): Reference {
  const named = (['ocpi-kit', 'ocpi-tariffs'] as const).find((each) => source.includes(each))
  return named ?? (['codes', 'notes'].includes(key) ? 'ocpi-kit' : 'ocpi-tariffs')
}

/**
 * These rules of ours find more than what a reference means by the identifier they stand for (covered by several
 * elements together, nothing below a maximum of 0, weekdays within dates, prices that are all 0, a tariff that has
 * ended, a field that may be missing): a reference that is silent does not contradict them.
 */
const FINDING_MORE: ReadonlySet<LintCode> = new Set([
  'element_unreachable',
  'component_unreachable',
  'max_zero',
  'weekdays_outside_dates',
  'all_prices_zero',
  'expired',
])

/** Our lint codes that say what an identifier of the reference says. Patterns with `*` are no identifiers. */
export function lintCodesOf(reference: Reference): ReadonlySet<LintCode> {
  const rows = LINT_REFERENCES.filter(
    ({ source, theirs }) => source === reference && theirs.some((each) => !each.includes('*')),
  )
  return new Set(rows.flatMap(({ ours }) => ours).filter((code) => !FINDING_MORE.has(code)))
}

/** A list that names all of a reference's codes: ours that say the same as another one of them contradict it. */
export function checkNoOthers(
  sheet: Sheet,
  { item, reference, others }: { item: string; reference: Reference; others: readonly string[] },
): void {
  checkText(sheet, `${item}, others that ${reference} knows`, {
    expected: 'none',
    computed: others.join(', ') || 'none',
  })
}

/** A code that nobody knows is a slip that must not pass a gate; words that are no code are told. */
export function checkUnknown(
  { checks, unchecked }: Sheet,
  { item, code }: { item: string; code: string },
): void {
  if (!isCode(code)) unchecked.push({ item, why: 'is no code' })
  else
    checks.push({
      item,
      expected: 'a code that is known here',
      computed: 'not known (`verify --codes` lists them)',
      agrees: false,
    })
}
