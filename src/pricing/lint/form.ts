import { limits } from '../../../config/limits.ts'
import { isNegative, readExact } from '../exact.ts'
import { dayNumber, instant, timeOfDay } from '../instant.ts'
import { isObject } from '../reading.ts'
import { pointerKey, report, shown } from './findings.ts'
import type { Findings } from './findings.ts'
import type { Field, Fields, Form } from './fields.ts'
import type { LintCode } from './rules.ts'
import type { LintVersion } from './types.ts'

/** Where a value stands: `field` is the nearest name, for messages. */
type Place = { readonly pointer: string; readonly field: string; readonly depth: number }
type Walk = { readonly findings: Findings; readonly version: LintVersion }

/** Holds the object against the table of its fields, and everything in it: missing, unknown, null, unreadable, odd. */
export function lintFields(
  value: Readonly<Record<string, unknown>>,
  { fields, walk, place }: { fields: Fields; walk: Walk; place: Place },
): void {
  for (const [key, field] of fields) {
    const found = Object.hasOwn(value, key) ? value[key] : undefined
    if (found !== undefined && found !== null)
      lintValue(found, { field, walk, place: within(place, key) })
    else if (field.missing !== null) tell(walk, { code: field.missing, place: within(place, key) })
  }
  for (const key of Object.keys(value)) {
    const found = value[key]
    if (found === null) tell(walk, { code: 'null_field', place: within(place, key) })
    else if (!fields.has(key)) lintUnknown(found, { walk, place: within(place, key), fields })
  }
}

function lintValue(
  value: unknown,
  { field, walk, place }: { field: Field; walk: Walk; place: Place },
): void {
  if (field.empty !== null && Array.isArray(value) && value.length === 0)
    tell(walk, { code: field.empty, place })
  lintForm(value, { form: field.form, walk, place })
}

function lintForm(
  value: unknown,
  { form, walk, place }: { form: Form; walk: Walk; place: Place },
): void {
  switch (form.is) {
    case 'object':
      if (!isObject(value)) return wrongType(walk, place, 'an object')
      return lintFields(value, { fields: form.fields, walk, place })
    case 'list':
      if (!Array.isArray(value)) return wrongType(walk, place, 'a list')
      return lintList(value, { of: form.of, walk, place })
    case 'number':
    case 'whole':
      return lintNumber(value, { isWhole: form.is === 'whole', walk, place })
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType(walk, place, 'true or false')
    default:
      if (typeof value !== 'string') return wrongType(walk, place, 'a text')
      return lintText(value, { form, walk, place })
  }
}

function lintList(
  list: readonly unknown[],
  { of, walk, place }: { of: Form; walk: Walk; place: Place },
): void {
  const seen = new Set<unknown>()
  list.forEach((item: unknown, index) => {
    const inner = { ...place, pointer: `${place.pointer}/${index}`, depth: place.depth + 1 }
    if (item === null) return tell(walk, { code: 'null_field', place: inner })
    if (of.is === 'weekday' && seen.has(item))
      tell(walk, { code: 'weekday_repeated', place: inner, names: { value: shown(item) } })
    seen.add(item)
    lintForm(item, { form: of, walk, place: inner })
  })
}

function lintNumber(
  value: unknown,
  { isWhole, walk, place }: { isWhole: boolean; walk: Walk; place: Place },
): void {
  if (typeof value !== 'number' && typeof value !== 'string')
    return wrongType(walk, place, 'a number')
  const exact = readExact(value)
  if (exact === 'unreadable') return tell(walk, { code: 'number_unreadable', place })
  if (exact === 'out_of_range') return tell(walk, { code: 'number_out_of_range', place })
  if (typeof value === 'string') tell(walk, { code: 'number_as_text', place })
  const decimals = decimalsOf(String(value))
  if (isWhole && decimals > 0) tell(walk, { code: 'number_not_whole', place })
  else if (decimals > DECIMALS_MAX) tell(walk, { code: 'number_too_precise', place })
  // A negative tax rate has a rule of its own.
  if (isNegative(exact) && place.field !== 'vat') tell(walk, { code: 'number_negative', place })
}

/** OCPI 2.2.1, Types, number: "4 decimal places". */
const DECIMALS_MAX = 4

/** Decimals that are not zeros at the end; a text with an exponent below zero has them, too. */
function decimalsOf(text: string): number {
  // Without an exponent it is Number(''), which is 0.
  const [, fraction = '', exponent = ''] = /(?:\.(\d*?)0*)?(?:[eE](.*))?$/.exec(text) ?? []
  return Math.max(0, fraction.length - Number(exponent))
}

type TextForm = Exclude<Form, { is: 'object' | 'list' | 'number' | 'whole' | 'boolean' }>

function lintText(
  value: string,
  { form, walk, place }: { form: TextForm; walk: Walk; place: Place },
): void {
  if (CONTROL.test(value)) tell(walk, { code: 'text_control_characters', place })
  if (form.is === 'text') return lintPlainText(value, { form, walk, place })
  if (ESCAPED.test(value)) tell(walk, { code: 'text_escape_codes', place })
  switch (form.is) {
    case 'date_time':
      return lintDateTime(value, walk, place)
    case 'date':
      return dayNumber(value) === null ? tell(walk, { code: 'date_invalid', place }) : undefined
    case 'time':
      return lintTime(value, walk, place)
    case 'weekday':
      if (!WEEKDAYS.has(value))
        tell(walk, { code: 'weekday_invalid', place, names: { value: shown(value) } })
      return
    case 'enum':
      return lintEnum(value, { values: form.values, walk, place })
    default:
      return form satisfies never
  }
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const NOT_ASCII = /[^\u0020-\u007e]/
const ESCAPED = /["\\]/
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/
const WEEKDAYS = new Set([
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
  'SUNDAY',
])

function lintPlainText(
  value: string,
  { form, walk, place }: { form: Extract<Form, { is: 'text' }>; walk: Walk; place: Place },
): void {
  if (value.length > form.max)
    tell(walk, { code: 'text_too_long', place, names: { max: String(form.max) } })
  if (!form.isAscii && place.field !== 'currency') return
  if (NOT_ASCII.test(value)) tell(walk, { code: 'text_not_ascii', place })
  if (ESCAPED.test(value)) tell(walk, { code: 'text_escape_codes', place })
}

function lintDateTime(value: string, walk: Walk, place: Place): void {
  const read = instant(value)
  if (read === null) tell(walk, { code: 'datetime_invalid', place })
  else if (read.hasOffset) tell(walk, { code: 'datetime_offset', place })
}

function lintTime(value: string, walk: Walk, place: Place): void {
  if (timeOfDay(value) === null) tell(walk, { code: 'time_invalid', place })
  else if (!TIME.test(value)) tell(walk, { code: 'time_form', place })
}

function lintEnum(
  value: string,
  { values, walk, place }: { values: readonly string[]; walk: Walk; place: Place },
): void {
  if (values.includes(value)) return
  const upper = value.toUpperCase()
  const names = { value: shown(value), right: upper, version: walk.version }
  tell(walk, { code: values.includes(upper) ? 'enum_case' : 'enum_unknown', place, names })
}

function lintUnknown(
  value: unknown,
  { walk, place, fields }: { walk: Walk; place: Place; fields: Fields },
): void {
  const meant = [...fields.keys()].find((key) => folded(key) === folded(place.field))
  const hint = meant === undefined ? '' : `; is ${meant} meant?`
  tell(walk, { code: 'field_unknown', place, names: { version: walk.version, hint } })
  lintNulls(value, { walk, place })
}

function folded(key: string): string {
  return key.replaceAll(/[_-]/g, '').toLowerCase()
}

/** Nulls within a value that the tables do not know. */
function lintNulls(value: unknown, { walk, place }: { walk: Walk; place: Place }): void {
  if (typeof value !== 'object' || value === null) return
  if (place.depth >= limits.jsonDepthMax) {
    walk.findings.isCut = true
    return
  }
  for (const [key, item] of Object.entries(value)) {
    const inner = within(place, key)
    if (item === null) tell(walk, { code: 'null_field', place: inner })
    else lintNulls(item, { walk, place: inner })
  }
}

function wrongType(walk: Walk, place: Place, kind: string): void {
  tell(walk, { code: 'type_wrong', place, names: { kind } })
}

function within({ pointer, depth }: Place, key: string): Place {
  return { pointer: `${pointer}/${pointerKey(key)}`, field: shown(key), depth: depth + 1 }
}

function tell(
  { findings }: Walk,
  { code, place, names }: { code: LintCode; place: Place; names?: Record<string, string> },
): void {
  report(findings, { code, pointer: place.pointer, names: { field: place.field, ...names } })
}
