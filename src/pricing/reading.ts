import type { CannotPrice, CannotPriceCode, PricingNote } from './types.ts'
import { readExact, readUnbounded, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import { NOTES } from './notes.ts'
import type { NoteCode } from './notes.ts'
import { dayNumber, instant } from './instant.ts'

/** What one pricing run has met so far: the first problem stops it, notes gather. */
export type Reading = {
  problem: CannotPrice | null
  readonly notes: Map<NoteCode, PricingNote & { count: number }>
}

/** A JSON object of the input and where it stands: at `key` of its parent, in a list when `index` is not negative. */
export type Source = {
  readonly reading: Reading
  readonly fields: Readonly<Record<string, unknown>>
  readonly parent: Source | null
  readonly key: string
  readonly index: number
}

/** The JSON pointer of a source. Only problems and notes need one, so it is made when one of these is met. */
export function pointerOf({ parent, key, index }: Source): string {
  const above = parent === null ? '' : pointerOf(parent)
  const here = key === '' ? above : `${above}/${key}`
  return index < 0 ? here : `${here}/${index}`
}

/** A reading that has met nothing. */
export function newReading(): Reading {
  return { problem: null, notes: new Map() }
}

/** A reading of its own with the notes gathered so far, for another run over the same input. */
export function copyReading({ notes }: Reading): Reading {
  const copies = [...notes].map(([code, each]) => [code, { ...each }] as const)
  return { problem: null, notes: new Map(copies) }
}

/** Records why there is no price; the first reason stays. */
export function fail(
  reading: Reading,
  problem: { code: CannotPriceCode; pointer: string; message: string },
): void {
  reading.problem ??= { ok: false, ...problem, bounds: null }
}

/** Gathers a note; places of the same kind are counted, the first one is kept. `key` is a member of `at`. */
export function note(
  reading: Reading,
  { code, at, key = '' }: { code: NoteCode; at: Source; key?: string },
): void {
  const known = reading.notes.get(code)
  if (known !== undefined) {
    known.count += 1
    return
  }
  const place = pointerOf(at)
  const pointer = key === '' ? place : `${place}/${key}`
  reading.notes.set(code, { code, message: NOTES[code], pointer, count: 1 })
}

/** Is it a JSON object? A list and null are none. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Null means absent, as the design says, so null and undefined both come back as undefined. */
export function fieldOf(source: Source, key: string): unknown {
  return source.fields[key] ?? undefined
}

/** A number, or null when absent. An unreadable one fails the reading and counts as 0. */
export function exactAt(source: Source, key: string): Exact | null {
  const value = fieldOf(source, key)
  if (value === undefined) return null
  const exact = readExact(value)
  return typeof exact === 'string' ? noNumber(source, { key, code: exact }) : exact
}

/** Likewise, of any size. */
export function unboundedAt(source: Source, key: string): Exact | null {
  const value = fieldOf(source, key)
  if (value === undefined) return null
  const exact = readUnbounded(value)
  return typeof exact === 'string' ? noNumber(source, { key, code: exact }) : exact
}

function noNumber(
  source: Source,
  { key, code }: { key: string; code: 'unreadable' | 'out_of_range' },
): Exact {
  const pointer = `${pointerOf(source)}/${key}`
  const message =
    code === 'unreadable'
      ? `${key} is not a decimal number, as 12.5 is`
      : `${key} is beyond 1e12 or has more than 40 decimals; look at its unit`
  fail(source.reading, { code, pointer, message })
  return ZERO
}

/** The number at `key`, whose absence fails the reading. */
export function requiredExactAt(source: Source, key: string): Exact {
  return exactAt(source, key) ?? missing(source, { key, instead: ZERO })
}

/** The text at `key`, or null when absent. Another type fails the reading. */
export function textAt(source: Source, key: string): string | null {
  const value = fieldOf(source, key)
  if (value === undefined) return null
  return typeof value === 'string'
    ? value
    : unreadable(source, { key, is: 'not a text', instead: '' })
}

/** The text at `key`, whose absence fails the reading. */
export function requiredTextAt(source: Source, key: string): string {
  return textAt(source, key) ?? missing(source, { key, instead: '' })
}

/** Epoch milliseconds of an OCPI DateTime, or null when absent. An offset is honoured and noted. */
export function instantAt(source: Source, key: string): number | null {
  const text = textAt(source, key)
  if (text === null) return null
  const read = instant(text)
  if (read === null)
    return unreadable(source, {
      key,
      is: 'not a date and time in UTC, as 2026-03-10T08:00:00Z is',
      instead: 0,
    })
  if (read.hasOffset) note(source.reading, { code: 'timestamp_offset', at: source, key })
  return read.ms
}

/** The instant at `key`, whose absence fails the reading. */
export function requiredInstantAt(source: Source, key: string): number {
  return instantAt(source, key) ?? missing(source, { key, instead: 0 })
}

/** Days since 1970-01-01 of a `YYYY-MM-DD`, or null when absent. */
export function dayAt(source: Source, key: string): number | null {
  const text = textAt(source, key)
  if (text === null) return null
  return (
    dayNumber(text) ?? unreadable(source, { key, is: 'not a date, as 2026-03-10 is', instead: 0 })
  )
}

/** The list at `key`; empty when absent. */
export function listAt(source: Source, key: string): readonly unknown[] {
  const value = fieldOf(source, key)
  if (value === undefined) return []
  return Array.isArray(value) ? value : unreadable(source, { key, is: 'not a list', instead: [] })
}

/** The objects of the list at `key`; empty when absent. */
export function objectsAt(source: Source, key: string): Source[] {
  const values = listAt(source, key)
  const sources: Source[] = []
  for (let index = 0; index < values.length; index++)
    sources.push(sourceIn(source, { value: values[index], key, index }))
  return sources
}

/** The object at `key`, or null when absent. */
export function objectAt(source: Source, key: string): Source | null {
  const value = fieldOf(source, key)
  return value === undefined ? null : sourceIn(source, { value, key, index: -1 })
}

/** Fails the reading, since the value at `key` `is` none of what OCPI allows, and answers what to go on with. */
export function unreadable<T>(
  source: Source,
  { key, is, instead }: { key: string; is: string; instead: T },
): T {
  fail(source.reading, {
    code: 'unreadable',
    pointer: `${pointerOf(source)}/${key}`,
    message: `${key} is ${is}`,
  })
  return instead
}

function missing<T>(source: Source, { key, instead }: { key: string; instead: T }): T {
  return unreadable(source, { key, is: 'missing', instead })
}

/** The source of `value` in its parent; what is no object fails the reading. */
export function sourceIn(
  parent: Source,
  { value, key, index }: { value: unknown; key: string; index: number },
): Source {
  const { reading } = parent
  if (isObject(value)) return { reading, fields: value, parent, key, index }
  const path = index < 0 ? key : `${key}/${index}`
  return unreadable(parent, {
    key: path,
    is: 'not an object',
    instead: { reading, fields: {}, parent, key, index },
  })
}
