import { isRecord, listOf } from '../../clearing/read.ts'
import { lintTariff } from '../../pricing/lint/lint.ts'
import { isReported, isUnexpected, referenceOf } from '../../pricing/lint/references.ts'
import type { LintFinding, LintVersion } from '../../pricing/lint/types.ts'
import type { VerifyCase } from './cases.ts'
import type { Checked, Sheet } from './check.ts'
import { checkText, newSheet } from './check.ts'
import { checkUnknown, checkNoOthers, lintCodesOf, referenceFor } from './reference.ts'
import { readComparing } from './stated.ts'

const VERSIONS: readonly LintVersion[] = ['2.1.1', '2.2.1', '2.3.0']
/** `match` says whether a list names all of a source's findings; see below. */
const STATEMENTS = ['match', 'note', 'compare']
const UNEXPECTED = 'unexpected_field'

/**
 * Every finding that a source states needs one of ours that stands for it, at the same place where the source names one.
 * Findings of ours beyond are told, and are no fault; but `match: exact` says that the source has no others, so none of
 * ours may be one that it knows and does not state.
 */
export function checkLint({ tariffs, expected, meta, source }: VerifyCase): Checked {
  const sheet = newSheet(readComparing(null))
  const version = VERSIONS.find((each) => each === meta['ocpi_version'])
  const found = tariffs.flatMap((tariff) => lintTariff(tariff, { version }))
  if (tariffs.length === 0)
    checkText(sheet, 'tariff.json', { expected: 'a tariff', computed: 'none' })
  const used = new Set<string>()
  const lists: string[] = []
  const named = new Set(found.map(({ code }) => code))
  for (const [key, value] of Object.entries(expected)) {
    if (value === null || STATEMENTS.includes(key)) continue
    const stated = statedBy(key, value)
    if (stated === null) sheet.unchecked.push({ item: key, why: 'is a member not known here' })
    for (const one of stated ?? []) checkFinding(sheet, { one, found, used })
    if (stated !== null && key !== 'unexpected_fields') lists.push(key)
  }
  for (const key of expected['match'] === 'exact' ? lists : []) {
    const reference = referenceFor(source, key)
    const known = lintCodesOf(reference)
    const others = [...named].filter((code) => known.has(code) && !used.has(code))
    checkNoOthers(sheet, { item: key, reference, others })
    for (const code of others) used.add(code)
  }
  const beyond = [...named].filter((code) => !used.has(code))
  sheet.beyond.push(...beyond.map((code) => `lint ${code}`))
  return sheet
}

/** A finding of a source: its code, and the place where it names one. */
type Stated = { readonly item: string; readonly code: string; readonly path: string | null }

function statedBy(key: string, value: unknown): readonly Stated[] | null {
  if (key === 'unexpected_fields') {
    return listOf(value).map((path) => ({
      item: `unexpected field ${path}`,
      code: UNEXPECTED,
      path: String(path),
    }))
  }
  if (!['codes', 'warnings', 'findings', 'errors', 'lints'].includes(key)) return null
  if (!isRecord(value)) return listOf(value).map((each) => statedOne(each, null))
  return Object.entries(value).flatMap(([path, codes]) =>
    (Array.isArray(codes) ? codes : [codes]).map((each: unknown) => statedOne(each, path)),
  )
}

function statedOne(value: unknown, path: string | null): Stated {
  const fields = isRecord(value) ? value : { code: value }
  const place = plainPath(path ?? fields['path'] ?? fields['pointer'] ?? null)
  const code = String(fields['code'] ?? fields['id'] ?? '')
  const at = place === null ? '' : ` at ${place}`
  return { item: `${code}${at}`, code, path: place }
}

/** `$["elements"][0]` is `$[elements][0]`. */
function plainPath(place: unknown): string | null {
  return place === null ? null : String(place).replaceAll(/["'](?=\])|(?<=\[)["']/g, '')
}

function checkFinding(
  sheet: Sheet,
  { one, found, used }: { one: Stated; found: readonly LintFinding[]; used: Set<string> },
): void {
  const ours = oursFor(one.code)
  if (ours === null) {
    checkUnknown(sheet, { item: one.item, code: one.code })
    return
  }
  // Sources name fields that OCPI does not have by their paths alone.
  const agrees =
    one.code === UNEXPECTED && one.path !== null
      ? isUnexpected(found, one.path)
      : isReported(found, { id: one.code, path: one.path })
  const named = [...new Set(found.map(({ code }) => code))]
  const fitting = named.filter((code) => ours.includes(code))
  for (const code of fitting) used.add(code)
  checkText(sheet, one.item, {
    expected: ours.join(' or '),
    computed: agrees
      ? fitting.join(', ')
      : `not found${one.path === null ? '' : ' there'} (${named.join(', ') || 'no findings'})`,
    agrees,
  })
}

function oursFor(code: string): readonly string[] | null {
  return referenceOf(code)?.ours ?? null
}
