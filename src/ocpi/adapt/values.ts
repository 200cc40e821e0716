import type { BySince } from '../define.ts'
import { isRecord, schemaFor } from '../validate.ts'
import type { Version } from '../version.ts'

/**
 * The values of a closed enum in a version, read from the schema where `path` (member names; lists are entered by
 * themselves) leads. Null when the schema knows no closed enum there, so that every value is taken.
 */
export function valuesAt(
  bySince: BySince,
  { version, path }: { version: Version; path: readonly string[] },
): ReadonlySet<string> | null {
  let schema: unknown = schemaFor(bySince, version)
  for (const name of path) {
    const properties = isRecord(schema) ? schema['properties'] : undefined
    schema = isRecord(properties) ? properties[name] : undefined
    while (isRecord(schema) && isRecord(schema['items'])) schema = schema['items']
  }
  const values = isRecord(schema) ? schema['enum'] : undefined
  return Array.isArray(values) ? new Set(values.map(String)) : null
}
