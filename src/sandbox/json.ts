import { assert } from '../assert.ts'

/** A parsed JSON object whose members are not known yet. */
export type Json = Record<string, unknown>

/** Whether a parsed value is an object with members (not null, not a list). */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object in `value`, or an empty one: what is missing then reads as absent. */
export function objectIn(value: unknown): Json {
  return isJson(value) ? value : {}
}

/** The objects of a list; everything else in it is left out. */
export function objectsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : []
}

/** The texts of a list; everything else in it is left out. */
export function textsIn(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === 'string')
    : []
}

/** A text member, or undefined. */
export function textOf(object: Json, key: string): string | undefined {
  const value = object[key]
  return typeof value === 'string' ? value : undefined
}

/** A number member, or undefined. */
export function numberOf(object: Json, key: string): number | undefined {
  const value = object[key]
  return typeof value === 'number' ? value : undefined
}

/** A text member that our own records always hold. */
export function needText(object: Json, key: string): string {
  const value = textOf(object, key)
  assert(value !== undefined, `${key} is missing`)
  return value
}
