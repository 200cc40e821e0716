import { isRecord, listOf } from '../../clearing/read.ts'
import { lintTariff } from '../../pricing/lint/lint.ts'
import { LINT_REFERENCES } from '../../pricing/lint/reference-table.ts'
import { NOTES } from '../../pricing/notes.ts'
import type { PricedBill } from '../../pricing/types.ts'
import type { Sheet } from './check.ts'
import { checkText } from './check.ts'
import { isOnlyNamed, NOTE_CODES, oursFor, plain } from './codes.ts'
import { checkNoOthers, checkUnknown, referenceFor } from './reference.ts'
import { printedPlaces } from './stated.ts'

/** A bill and what it was made from. `isExact`: lists of notes name all notes of their source. */
export type Noted = {
  readonly bill: PricedBill
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly source: string
  readonly isExact: boolean
}

type Stated = { readonly item: string; readonly name: string }

/**
 * `expected.notes` and `expected.warnings`, as a list or as lists by path: a note of ours must stand for each. What a
 * source says of the tariff when it prices, we say when we lint, so lint is asked too. Notes of ours beyond are told; with
 * `match: exact` a list, an empty one too, says that there are no others the source knows.
 */
export function checkNotes(
  sheet: Sheet,
  { item, expected, noted }: { item: string; expected: unknown; noted: Noted },
): void {
  if (expected === null) return
  const lists = isRecord(expected) ? Object.values(expected) : [expected]
  const names = lists.flatMap(listOf).map((each) => (isRecord(each) ? each['code'] : each))
  const own = noted.bill.notes.map(({ code }) => code)
  const stated = new Set<string>()
  for (const each of names) {
    const name = String(each)
    const ours = oursFor(name, { rows: NOTE_CODES, known: Object.keys(NOTES) })
    if (ours === null) {
      checkOther(sheet, { item: `${item} ${name}`, name }, noted)
      continue
    }
    for (const code of ours) stated.add(code)
    const found = ours.filter((code) => own.includes(code))
    checkText(sheet, `${item} ${name}`, {
      expected: ours.join(' or '),
      computed: found.join(', ') || `not noted (${own.join(', ') || 'no notes'})`,
      agrees: found.length > 0,
    })
  }
  if (noted.isExact) {
    const reference = referenceFor(noted.source, item)
    const known = new Set<string>(
      NOTE_CODES.flatMap(({ source, ours }) => (source === reference ? ours : [])),
    )
    const others = own.filter((code) => known.has(code) && !stated.has(code))
    checkNoOthers(sheet, { item, reference, others })
    for (const code of others) stated.add(code)
  }
  sheet.beyond.push(...own.filter((code) => !stated.has(code)).map((code) => `note ${code}`))
}

/** A name that no note of ours has. */
function checkOther(sheet: Sheet, { item, name }: Stated, { cdr, tariffs }: Noted): void {
  const row = LINT_REFERENCES.find(({ theirs }) => theirs.some((each) => isNamed(each, name)))
  if (row === undefined) {
    if (isOnlyNamed(name))
      sheet.unchecked.push({ item, why: 'is about a field that pricing does not need' })
    else checkUnknown(sheet, { item, code: name })
    return
  }
  const found = tariffs.flatMap((tariff) => lintTariff(tariff)).map(({ code }) => code)
  const fitting = row.ours.filter((code) => found.includes(code))
  const isPrecise = row.ours.includes('number_too_precise') && hasTooPrecise(cdr)
  if (fitting.length > 0 || isPrecise) {
    const shown = [...fitting, ...(isPrecise ? ['a number of the CDR'] : [])].join(', ')
    checkText(sheet, item, { expected: row.ours.join(' or '), computed: shown, agrees: true })
    return
  }
  if (row.ours.includes('number_too_precise'))
    checkText(sheet, item, { expected: row.ours.join(' or '), computed: 'not found' })
  // The source may mean a field of the CDR, which we do not lint.
  else sheet.unchecked.push({ item, why: 'is a remark of lint that the tariff does not have' })
}

/** `*excessive_precision` is also `number.excessive_precision`. Wider patterns are for lint. */
function isNamed(pattern: string, name: string): boolean {
  if (pattern.lastIndexOf('*') > 0) return false
  return pattern.startsWith('*')
    ? plain(name).endsWith(plain(pattern))
    : plain(name) === plain(pattern)
}

const PLACES_MAX = 4

/** Is there a number with more than 4 decimals (OCPI 2.2.1, Types)? */
function hasTooPrecise(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasTooPrecise)
  if (isRecord(value)) return Object.values(value).some(hasTooPrecise)
  return typeof value === 'number' && printedPlaces(value) > PLACES_MAX
}
