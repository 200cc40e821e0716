import { LINT_REFERENCES } from './reference-table.ts'
import type { LintReference } from './reference-table.ts'
import { LINT_RULES } from './rules.ts'
import type { LintCode } from './rules.ts'
import type { LintFinding } from './types.ts'

type Meaning = Pick<LintReference, 'theirs' | 'ours'>

/** The line for an identifier of a reference, in any of its spellings, or for a code of ours; null when we know none. */
export function referenceOf(id: string): Meaning | null {
  const name = spelled(id)
  const isNamed = ({ theirs }: LintReference): boolean => theirs.includes(name)
  const isMeant = ({ theirs }: LintReference): boolean =>
    theirs.some((each) => isFitting(each, name))
  return LINT_REFERENCES.find(isNamed) ?? ownCode(name) ?? LINT_REFERENCES.find(isMeant) ?? null
}

/** A code of ours stands for itself. */
function ownCode(name: string): Meaning | null {
  return isLintCode(name) ? { theirs: [name], ours: [name] } : null
}

function isLintCode(name: string): name is LintCode {
  return Object.hasOwn(LINT_RULES, name)
}

/**
 * Does one of the findings say what a reference says by this id? `path`, where given, is a JSON path such as `$.currency`
 * or `$.elements.*.restrictions.max_kwh` (`*`: any index), or a JSON pointer. References differ about where in an element they point, so
 * within an element any place of it will do, and so will a finding about the tariff as a whole. `required_field.x` is
 * about x only.
 */
export function isReported(
  findings: readonly LintFinding[],
  { id, path = null }: { id: string; path?: string | null },
): boolean {
  const reference = referenceOf(id)
  if (reference === null) return false
  const field = REQUIRED.exec(spelled(id))?.[1]
  return findings.some(
    ({ code, pointer }) =>
      reference.ours.includes(code) &&
      (path === null || RELATIONS.has(code) || isNear(pointer, path)) &&
      (field === undefined || pointer.endsWith(`/${field}`)),
  )
}

const REQUIRED = /^(?:required_field|field_required|missing_field)\.(\w+)$/

/** These are about two fields, and every implementation points at another of them. */
const RELATIONS: ReadonlySet<LintCode> = new Set([
  'never_active',
  'price_limits_crossed',
  'limit_after_below_before',
])

/** Is the field at this JSON path, or one that holds it, reported as one that OCPI does not have? */
export function isUnexpected(findings: readonly LintFinding[], path: string): boolean {
  const wanted = partsOf(path)
  return findings.some(({ code, pointer }) => {
    const own = pointer.split('/').slice(1)
    return code === 'field_unknown' && own.length <= wanted.length && isAlong(own, wanted)
  })
}

function isNear(pointer: string, path: string): boolean {
  const wanted = partsOf(path)
  return isAlong(
    pointer.split('/').slice(1),
    wanted[0] === 'elements' ? wanted.slice(0, 2) : wanted,
  )
}

/** Does one of the two lead to a place within the other? */
function isAlong(own: readonly string[], wanted: readonly string[]): boolean {
  const shared = Math.min(own.length, wanted.length)
  return own.slice(0, shared).every((part, index) => [part, '*'].includes(wanted[index] ?? ''))
}

function partsOf(path: string): string[] {
  return path
    .replaceAll(/\[(\w+|\*)\]/g, '.$1')
    .split(/[./]/)
    .filter((part) => part !== '$' && part !== '')
}

/** `NeedlessNullField`, `Country(InvalidCase)` and `country.invalid_case` are spelled the last way. */
function spelled(id: string): string {
  return id
    .replace(/\{.*\}$/, '')
    .replace(/\((.*)\)$/, '.$1')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[.\s]+$/, '')
    .toLowerCase()
}

/** A `*` stands for any words, also for none. */
function isFitting(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.slice(at).endsWith(last)
}
