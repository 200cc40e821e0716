import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'
import type { Fault } from '../errors.ts'
import type { BySince } from './define.ts'
import { VERSIONS } from './version.ts'
import type { Version } from './version.ts'

// The default of 8 would let eight over-long names hide a missing price.
Settings.Set({ maxErrors: 1_000 })

/** hard: the hub cannot work with it, answer 2001. soft: accepted, kept as sent, reported to the sender's operator. */
export type Verdict = { hard: Fault[]; soft: Fault[] }

const NONE: Verdict = { hard: [], soft: [] }
const HARD_KEYWORDS = new Set(['type', 'required', 'maxItems'])

type Compiled = { Check(value: unknown): boolean; Errors(value: unknown): readonly SchemaError[] }
type SchemaError = { keyword: string; instancePath: string; message: string; params: object }
const compiled = new WeakMap<TSchema, Compiled>()

/** The schema of a version: its own entry or the newest before it. */
export function schemaFor(bySince: BySince, version: Version): TSchema | undefined {
  for (let at = VERSIONS.indexOf(version); at >= 0; at -= 1) {
    const known = VERSIONS[at]
    const schema = known === undefined ? undefined : bySince[known]
    if (schema) return schema
  }
  return undefined
}

/**
 * Judges `value` (null members already dropped) by a schema. In a `patch` nothing is required at the top level, because
 * a PATCH holds only what changes.
 */
export function validate(schema: TSchema, value: unknown, patch = false): Verdict {
  let check = compiled.get(schema)
  if (!check) {
    check = Compile(schema)
    compiled.set(schema, check)
  }
  if (check.Check(value)) return NONE
  const verdict: Verdict = { hard: [], soft: [] }
  for (const error of check.Errors(value)) {
    if (patch && error.keyword === 'required' && error.instancePath === '') continue
    const bucket = HARD_KEYWORDS.has(error.keyword) ? verdict.hard : verdict.soft
    for (const fault of faultsOf(error)) bucket.push(fault)
  }
  return verdict
}

function faultsOf(error: SchemaError): Fault[] {
  if ('requiredProperties' in error.params && Array.isArray(error.params.requiredProperties)) {
    return error.params.requiredProperties.map((name) => ({
      pointer: `${error.instancePath}/${escapePointer(String(name))}`,
      message: 'is required',
    }))
  }
  return [{ pointer: error.instancePath, message: wording(error) }]
}

function wording(error: SchemaError): string {
  if ('allowedValues' in error.params && Array.isArray(error.params.allowedValues)) {
    const values = error.params.allowedValues
    return values.length <= 12
      ? `must be one of ${values.join(', ')}`
      : 'is not a value of this enum'
  }
  return error.keyword === 'format'
    ? 'must be a UTC time such as 2026-11-22T10:15:00Z'
    : error.message
}

/** RFC 6901 escaping of one reference token. */
export function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}

/**
 * A copy without null members: null means absent (2.2.1 Terminology, Cardinality). Arrays keep their places, so that
 * pointers still fit the text. Returns the value itself when nothing had to be dropped.
 */
export function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    let changed = false
    const items = value.map((item: unknown) => {
      const next = dropNulls(item)
      changed ||= next !== item
      return next
    })
    return changed ? items : value
  }
  if (!isRecord(value)) return value
  let changed = false
  const kept: [string, unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    const next = dropNulls(member)
    changed ||= next !== member || member === null
    if (member !== null) kept.push([name, next])
  }
  return changed ? Object.fromEntries(kept) : value
}

/** A JSON object (not an array, not null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
