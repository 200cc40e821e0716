import { exactly, textOf } from '../../clearing/decimal.ts'
import { isRecord } from '../../clearing/read.ts'
import type { PricedBill, PricedCdr } from '../../pricing/types.ts'
import type { Checked, Sheet } from './check.ts'
import { checkMoney, checkText, newSheet } from './check.ts'
import { checkCosts, COST_KEYS } from './check-costs.ts'
import { checkNotes } from './check-notes.ts'
import type { Noted } from './check-notes.ts'
import { checkBilled, checkMeasured } from './check-quantities.ts'
import { checkLines, checkTaxLines, checkTotalTax } from './check-taxes.ts'
import { ERROR_CODES, oursFor } from './codes.ts'
import { readComparing } from './stated.ts'

type Priced = Noted
type KeyCheck = (sheet: Sheet, expected: unknown, priced: Priced) => void

/** What a source says about itself or the CDR; nothing that pricing could get wrong. */
const STATEMENTS: ReadonlySet<string> = new Set([
  'total_energy',
  'total_time',
  'total_parking_time',
  'compare',
  'claimed',
  'spec_internal_conflict',
  'note',
  'error',
  'match',
])

const KEYS: Readonly<Record<string, KeyCheck>> = {
  currency: (sheet, expected, { bill }) => {
    if (expected !== null)
      checkText(sheet, 'currency', { expected: String(expected), computed: bill.currency })
  },
  total_cost: checkTotal,
  total_tax: (sheet, expected, { bill }) =>
    checkTotalTax(sheet, { item: 'total_tax', expected, money: bill.total }),
  total_flat: checkFlat,
  tax_lines: (sheet, expected, { bill }) => checkTaxLines(sheet, expected, bill),
  tax_basis: checkTaxBasis,
  billed: (sheet, expected, { bill }) => checkBilled(sheet, expected, bill),
  measured: (sheet, expected, { bill }) => checkMeasured(sheet, expected, bill),
  limit_applied: checkLimit,
  notes: (sheet, expected, noted) => checkNotes(sheet, { item: 'notes', expected, noted }),
  warnings: (sheet, expected, noted) => checkNotes(sheet, { item: 'warnings', expected, noted }),
  notes_not_empty: checkSomeNote,
}

/** Everything that `expected.json` of a priced case states beside what we computed; `source` says whose words it uses. Pure. */
export function checkPriced(
  expected: Readonly<Record<string, unknown>>,
  {
    priced,
    tariffs,
    cdr = null,
    source = '',
  }: { priced: PricedCdr; tariffs: readonly unknown[]; cdr?: unknown; source?: string },
): Checked {
  const comparing = readComparing(expected['compare'])
  const sheet = newSheet(comparing)
  for (const name of comparing.unread)
    sheet.unchecked.push({ item: `compare${name}`, why: 'is not understood; the default was used' })
  const error = expected['error'] ?? null
  if (error !== null) checkError(sheet, error, priced)
  else if (!priced.ok) {
    checkText(sheet, 'price', { expected: 'a price', computed: refusal(priced) })
    return sheet
  }
  const isExact = expected['match'] === 'exact'
  if (priced.ok) checkKeys(sheet, expected, { bill: priced, tariffs, cdr, source, isExact })
  else if (isRecord(expected['bounds'])) checkBounds(sheet, expected['bounds'], priced)
  return sheet
}

function checkKeys(
  sheet: Sheet,
  expected: Readonly<Record<string, unknown>>,
  priced: Priced,
): void {
  for (const [key, value] of Object.entries(expected)) {
    const check = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
    if (check !== undefined) check(sheet, value, priced)
    else if (!STATEMENTS.has(key) && !COST_KEYS.has(key) && value !== null)
      sheet.unchecked.push({ item: key, why: 'is a member that is not known here' })
  }
  checkCosts(sheet, expected, priced.bill)
}

function refusal({ code, message }: { code: string; message: string }): string {
  return `error ${code} (${message})`
}

function checkError(sheet: Sheet, error: unknown, priced: PricedCdr): void {
  const code = isRecord(error) ? (error['code'] ?? error['name']) : error
  const theirs = typeof code === 'string' ? code : null
  const known = ERROR_CODES.flatMap(({ ours }) => ours)
  const ours = theirs === null ? null : oursFor(theirs, { rows: ERROR_CODES, known })
  if (ours === null)
    sheet.unchecked.push({ item: `error ${theirs ?? ''}`, why: 'is a code that is not known here' })
  checkText(sheet, 'price', {
    expected: `error ${theirs ?? ''}`.trim(),
    computed: priced.ok ? `the price ${shownTotal(priced)}` : refusal(priced),
    agrees: !priced.ok && (ours === null || ours.includes(priced.code)),
  })
}

function shownTotal({ total, currency }: PricedBill): string {
  return `${total.excl ?? 'unknown'} before, ${total.incl ?? 'unknown'} after taxes, ${currency}`
}

/** A CDR without a known time zone may state what it costs at least and at most. */
function checkBounds(
  sheet: Sheet,
  expected: Readonly<Record<string, unknown>>,
  priced: PricedCdr & { ok: false },
): void {
  for (const name of ['low', 'high'] as const) {
    const total = priced.bounds?.[name].total ?? { excl: null, incl: null }
    checkMoney(sheet, `bounds.${name}`, { expected: expected[name] ?? null, computed: total })
  }
}

function checkTotal(sheet: Sheet, expected: unknown, { bill }: Priced): void {
  const stated = checkMoney(sheet, 'total_cost', { expected, computed: bill.total })
  const lines = stated.lines.filter(({ rate }) => rate !== null)
  checkLines(sheet, { item: 'total_cost.taxes', lines, bill })
  // Without the amount before taxes, the taxes alone can be held against ours.
  if (stated.excl === null && stated.tax !== null) {
    const expectedTax = textOf(stated.tax)
    checkTotalTax(sheet, { item: 'total_cost.taxes', expected: expectedTax, money: bill.total })
  }
}

/** All flat fees, whatever they belong to. */
function checkFlat(sheet: Sheet, expected: unknown, { bill }: Priced): void {
  const fees = bill.segments.filter(({ type }) => type === 'FLAT')
  const sum = (side: 'excl' | 'incl'): string | null => {
    let total = 0n
    for (const fee of fees) {
      const amount = fee[side]
      if (amount === null) return null
      total += exactly(amount)
    }
    return textOf(total)
  }
  const computed = { excl: sum('excl'), incl: sum('incl') }
  checkMoney(sheet, 'total_flat', { expected, computed })
}

const BASES: Readonly<Record<string, string>> = {
  excluded: 'NO',
  exclusive: 'NO',
  no: 'NO',
  included: 'YES',
  inclusive: 'YES',
  yes: 'YES',
  none: 'N/A',
  not_applicable: 'N/A',
  na: 'N/A',
  'n/a': 'N/A',
}

function checkTaxBasis(sheet: Sheet, expected: unknown, { bill, tariffs }: Priced): void {
  if (expected === null) return
  const name = String(expected).toLowerCase()
  const isMixed = bill.notes.some(({ code }) => code === 'mixed_tax_basis')
  const wanted = BASES[name]
  if (name !== 'mixed' && wanted === undefined) {
    sheet.unchecked.push({ item: `tax_basis ${name}`, why: 'is a basis that is not known here' })
    return
  }
  const computed = isMixed ? 'mixed' : basisOf(bill, tariffs)
  checkText(sheet, 'tax_basis', { expected: wanted ?? name, computed })
}

/** `tax_included` of the tariff that priced the session; without one taxes are not included. */
function basisOf(bill: PricedBill, tariffs: readonly unknown[]): string {
  const id = bill.segments[0]?.tariffId.toLowerCase()
  const used =
    tariffs.find((each) => isRecord(each) && String(each['id']).toLowerCase() === id) ?? tariffs[0]
  const basis = isRecord(used) ? used['tax_included'] : null
  return typeof basis === 'string' ? basis : 'NO'
}

function checkLimit(sheet: Sheet, expected: unknown, { bill }: Priced): void {
  if (expected === null) return
  const has = (code: string): boolean => bill.notes.some((note) => note.code === code)
  const applied = [
    ...(has('total_raised_to_min') ? ['minimum'] : []),
    ...(has('total_lowered_to_max') ? ['maximum'] : []),
  ]
  const name = String(expected).toLowerCase()
  const wanted = /^min/.test(name) ? 'minimum' : /^max/.test(name) ? 'maximum' : 'none'
  const computed = applied.length === 0 ? 'none' : applied.join(' and ')
  const agrees = wanted === 'none' ? applied.length === 0 : applied.includes(wanted)
  checkText(sheet, 'limit_applied', { expected: wanted, computed, agrees })
}

function checkSomeNote(sheet: Sheet, expected: unknown, { bill }: Priced): void {
  if (typeof expected !== 'boolean') return
  const computed = bill.notes.length > 0
  checkText(sheet, 'notes_not_empty', {
    expected: String(expected),
    computed: String(computed),
    // Notes of ours beyond the source's are no fault.
    agrees: computed || !expected,
  })
}
