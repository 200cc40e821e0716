// The objects of wire-objects.ts in the names of who takes part.
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { WIRE_OBJECTS } from '../fixtures/wire-objects.ts'

/** Who is meant by the parties of the examples, and what its ids are here. */
export type Names = {
  cpo: string
  emsp: string
  ids?: Readonly<Record<string, string>>
}

/** An example as a version has it: of its own shape or of the newest before it. */
export function exampleIn(name: string, version: Version): unknown {
  const shapes = WIRE_OBJECTS[name] ?? {}
  const fitting = VERSIONS.slice(0, VERSIONS.indexOf(version) + 1).findLast(
    (each) => shapes[each] !== undefined,
  )
  if (fitting === undefined) throw new Error(`wire-objects has no ${name} for ${version}`)
  return shapes[fitting]
}

/** The example with its operator NL-TNM, its provider DE-EMA and its ids replaced. */
export function named(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return wordFor(value, names)
  if (Array.isArray(value)) return value.map((each) => named(each, names))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, each]) => [name, named(each, names)])
  const party = partyFor(value, names)
  return { ...Object.fromEntries(members), ...party }
}

function wordFor(text: string, { emsp, ids = {} }: Names): string {
  if (text === 'DE-EMA-C1') return `${emsp}-C1`
  return ids[text] ?? text
}

function partyFor(value: object, { cpo, emsp }: Names): Record<string, string> {
  if (!('country_code' in value) || !('party_id' in value)) return {}
  const party = value.party_id === 'EMA' ? emsp : value.party_id === 'TNM' ? cpo : null
  return party === null ? {} : { country_code: party.slice(0, 2), party_id: party.slice(3) }
}

/** The same with a number where text belongs: of no type that OCPI has. */
export function mistyped(value: unknown): unknown {
  if (typeof value === 'string') return 7
  if (typeof value === 'boolean') return 7
  if (typeof value === 'number') return 'seven'
  if (Array.isArray(value)) return value.map(mistyped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mistyped(each)]))
}
