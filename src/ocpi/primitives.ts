import Format from 'typebox/format'
import Type from 'typebox'
import type { Version } from './version.ts'

/** OCPI types as JSON Schema. Lengths, patterns, formats and enums are soft (see validate.ts). */

/** CiString(n): case-insensitive printable ASCII (2.2.1 Types, CiString). */
export const ciString = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[\\x20-\\x7e]*$' })
/** string(n) (2.2.1 Types, string). */
export const text = (maxLength: number) => Type.String({ maxLength })
export const url = Type.String({ maxLength: 255 })
/** DateTime (2.2.1 Types, DateTime): RFC 3339 in UTC; no designator means UTC. */
export const dateTime = Type.String({ format: 'ocpi-date-time', maxLength: 35 })
export const number = Type.Number()
export const integer = Type.Integer()
export const boolean = Type.Boolean()
export const optional = Type.Optional
export const list = Type.Array

/** A closed enum: another string is a soft fault, another JSON type a hard one. */
export function oneOf<const V extends readonly string[]>(values: V) {
  return Type.Unsafe<V[number]>({ type: 'string', enum: values })
}

/** An enum that takes any string (2.3.0 Types, OpenEnum); `values` are those the specification names. */
export function openEnum(values: readonly string[]) {
  return Type.Unsafe<string>({ type: 'string', examples: values })
}

/** An enum that 2.3.0 opens: before, only `values`; since then any string, with `added` among the named ones. */
export function openedEnum(
  version: Version,
  values: readonly string[],
  added: readonly string[] = [],
) {
  return version === '2.3.0' ? openEnum([...values, ...added]) : oneOf(values)
}

/** An object that keeps members it does not name (2.3.0: a platform SHALL NOT reject them). */
export const object = Type.Object

const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/**
 * Reads a DateTime as partners send it: with Z, without designator (UTC) or, against the text, with an offset.
 * Null when it is no such time (30 February, 24:00, another form) or outside 1970–2100. A leap second reads as :59.999.
 */
export function readTime(value: unknown): Date | null {
  if (typeof value !== 'string') return null
  const match = TIME.exec(value)
  if (!match) return null
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour = '',
    minute = '',
    second = '',
    fraction = '',
    zone = 'Z',
  ] = match
  if (
    !isCalendarDay(Number(year), Number(month), Number(day)) ||
    Number(hour) > 23 ||
    Number(minute) > 59
  )
    return null
  if (Number(second) > 60) return null
  const leap = Number(second) === 60
  const millis = leap ? '.999' : fraction.slice(0, 4)
  const offset = zone === '' ? 'Z' : zone
  const time = new Date(
    `${year}-${month}-${day}T${hour}:${minute}:${leap ? '59' : second}${millis}${offset}`,
  )
  const inWindow = Number(year) >= 1970 && Number(year) <= 2100
  return inWindow && !Number.isNaN(time.getTime()) ? time : null
}

function isCalendarDay(year: number, month: number, day: number): boolean {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && !isLeapYear ? 28 : (DAYS[month - 1] ?? 0)
  return day >= 1 && day <= days
}

/** A time as the specification writes it: UTC with Z. */
export function writeTime(time: Date): string {
  return time.toISOString()
}

// The specification allows no offset and no leap second; such a time is kept, used, and reported.
Format.Set(
  'ocpi-date-time',
  (value) => readTime(value) !== null && !/:60|[+-]\d{2}:\d{2}$/.test(value),
)

/** ASCII upper case only: `ı`, `ß` and `ſ` must not turn into other letters. */
export function foldUpper(value: string): string {
  return value.replace(/[a-z]+/g, (part) => part.toUpperCase())
}

/** Identifiers are CiStrings: compared without ASCII case. */
export function foldKey(value: string): string {
  return value.replace(/[A-Z]+/g, (part) => part.toLowerCase())
}

/** The party address `NL-TNM` of a country code and a party id, or null when they are not ASCII letters and digits. */
export function partyOf(countryCode: unknown, partyId: unknown): string | null {
  if (typeof countryCode !== 'string' || typeof partyId !== 'string') return null
  if (!/^[A-Za-z]{2}$/.test(countryCode) || !/^[A-Za-z0-9]{3}$/.test(partyId)) return null
  return `${foldUpper(countryCode)}-${foldUpper(partyId)}`
}

/** `NL-TNM` → its two parts. */
export function partyParts(party: string): { countryCode: string; partyId: string } {
  return { countryCode: party.slice(0, 2), partyId: party.slice(3) }
}
