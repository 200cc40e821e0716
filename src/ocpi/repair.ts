import type { TSchema } from 'typebox'
import { readTime } from './primitives.ts'
import { escapePointer, isRecord } from './validate.ts'

/** What may be mended in the value the hub works with; the text that the partner sent stays as it is. */
const REPAIR_KINDS = [
  'integer id',
  'number as text',
  'enum case',
  'time zone missing',
  'time offset',
  'coordinate as number',
  'bare price',
  'text list',
  'object for list',
  'null list item',
] as const

export type RepairKind = (typeof REPAIR_KINDS)[number]

/**
 * One mend. `pointer` leads into the value as it was sent. `isDoubtful`: money could be meant otherwise, so nothing may
 * be priced by it before a person has looked.
 */
export type Repair = { pointer: string; kind: RepairKind; message: string; isDoubtful: boolean }

/** The value to work with and what was mended in it; the same reference when there was nothing to mend. */
export type Repaired = { value: unknown; repairs: Repair[] }

type Walk = { may(kind: RepairKind): boolean; repairs: Repair[] }
type Place = { pointer: string; name: string }

/**
 * Mends what is wrong in form but beyond doubt in meaning, as far as `allowed`: whatever else a schema forbids stays
 * for `validate` to find. Pure. `value` has lost its null members before (`dropNulls`).
 */
export function repair(
  value: unknown,
  schema: TSchema,
  allowed: readonly RepairKind[] | 'all',
): Repaired {
  const repairs: Repair[] = []
  const may = (kind: RepairKind): boolean => allowed === 'all' || allowed.includes(kind)
  return {
    value: mend({ may, repairs }, { value, schema, at: { pointer: '', name: '' } }),
    repairs,
  }
}

/** True when something was mended that money depends on. */
export function isDoubtful(repairs: readonly Repair[]): boolean {
  return repairs.some((one) => one.isDoubtful)
}

type Input = { value: unknown; schema: unknown; at: Place }

function mend(walk: Walk, { value, schema, at }: Input): unknown {
  if (!isRecord(schema)) return value
  switch (schema.type) {
    case 'object':
      return isRecord(value)
        ? mendMembers(walk, { value, schema, at })
        : wrap(walk, { value, schema, at })
    case 'array':
      return mendList(walk, { value, schema, at })
    case 'string':
      return mendText(walk, { value, schema, at })
    case 'number':
    case 'integer':
      return mendNumber(walk, { value, schema, at })
    default:
      return value
  }
}

function mendMembers(
  walk: Walk,
  {
    value,
    schema,
    at,
  }: { value: Record<string, unknown>; schema: Record<string, unknown>; at: Place },
): unknown {
  const { properties } = schema
  if (!isRecord(properties)) return value
  let changed: Record<string, unknown> | null = null
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (known === undefined) continue
    const pointer = `${at.pointer}/${escapePointer(name)}`
    const next = mend(walk, { value: member, schema: known, at: { pointer, name } })
    if (next === member) continue
    changed ??= { ...value }
    changed[name] = next
  }
  return changed ?? value
}

function mendList(
  walk: Walk,
  { value, schema, at }: { value: unknown; schema: Record<string, unknown>; at: Place },
): unknown {
  if (!Array.isArray(value)) {
    const isEmptyObject = isRecord(value) && Object.keys(value).length === 0
    return isEmptyObject && walk.may('object for list')
      ? done(walk, { at, kind: 'object for list', to: [], message: '{} read as an empty list' })
      : value
  }
  let hasChanged = false
  const items: unknown[] = []
  for (const [index, item] of value.entries()) {
    const place = { pointer: `${at.pointer}/${index}`, name: at.name }
    if (item === null && walk.may('null list item')) {
      hasChanged = true
      done(walk, {
        at: place,
        kind: 'null list item',
        to: null,
        message: 'null left out of the list',
      })
      continue
    }
    const next = mend(walk, { value: item, schema: schema.items, at: place })
    hasChanged ||= next !== item
    items.push(next)
  }
  return hasChanged ? items : value
}

/** A bare value where an object with one obvious member is wanted: a Price, a DisplayText. */
function wrap(
  walk: Walk,
  { value, schema, at }: { value: unknown; schema: Record<string, unknown>; at: Place },
): unknown {
  const members = isRecord(schema.properties) ? schema.properties : {}
  const amount =
    'excl_vat' in members ? 'excl_vat' : 'before_taxes' in members ? 'before_taxes' : null
  if (amount !== null && typeof value === 'number' && walk.may('bare price')) {
    const message = `${value} read as ${amount}`
    // Zero is zero with and without taxes; of any other amount nobody knows which one it is.
    return done(walk, {
      at,
      kind: 'bare price',
      to: { [amount]: value },
      message,
      isDoubtful: value !== 0,
    })
  }
  if (
    'language' in members &&
    'text' in members &&
    typeof value === 'string' &&
    walk.may('text list')
  ) {
    // ISO 639-1 has no code for a language that is not known; xx is assigned to none.
    const to = { language: 'xx', text: value }
    return done(walk, { at, kind: 'text list', to, message: 'a bare text read as DisplayText' })
  }
  return value
}

function mendText(
  walk: Walk,
  { value, schema, at }: { value: unknown; schema: Record<string, unknown>; at: Place },
): unknown {
  if (typeof value === 'number') return mendNumberForText(walk, { value, schema, at })
  if (typeof value !== 'string') return value
  if (Array.isArray(schema.enum)) return mendEnum(walk, { value, values: schema.enum, at })
  return schema.format === 'ocpi-date-time' ? mendTime(walk, value, at) : value
}

function mendNumberForText(
  walk: Walk,
  { value, schema, at }: { value: number; schema: Record<string, unknown>; at: Place },
): unknown {
  if (at.name === 'latitude' || at.name === 'longitude') {
    if (!walk.may('coordinate as number')) return value
    const to = decimals(value)
    return done(walk, { at, kind: 'coordinate as number', to, message: `a number read as "${to}"` })
  }
  const isPlain = schema.enum === undefined && schema.format === undefined
  if (!isPlain || !Number.isSafeInteger(value) || !walk.may('integer id')) return value
  return done(walk, {
    at,
    kind: 'integer id',
    to: String(value),
    message: `a number read as "${value}"`,
  })
}

/** 5 to 7 decimals (2.2.1 GeoLocation). */
function decimals(value: number): string {
  return value.toFixed(7).replace(/0{1,2}$/, '')
}

function mendEnum(
  walk: Walk,
  { value, values, at }: { value: string; values: readonly unknown[]; at: Place },
): unknown {
  if (values.includes(value) || !walk.may('enum case')) return value
  const folded = value.toLowerCase()
  const meant = values.filter((one) => typeof one === 'string' && one.toLowerCase() === folded)
  return meant.length === 1
    ? done(walk, {
        at,
        kind: 'enum case',
        to: meant[0],
        message: `${value} read as ${String(meant[0])}`,
      })
    : value
}

/** `2026-10-08T00:37:26+00:00` and `2026-10-08T00:37:26` are UTC in another dress; other offsets are reckoned. */
function mendTime(walk: Walk, value: string, at: Place): unknown {
  const time = readTime(value)
  if (time === null || value.endsWith('Z')) return value
  const offset = /[+-]\d{2}:\d{2}$/.exec(value)?.[0]
  const kind = offset === undefined ? 'time zone missing' : 'time offset'
  if (!walk.may(kind)) return value
  const isUtc = offset === undefined || /^[+-]00:00$/.test(offset)
  const to = isUtc ? `${value.slice(0, value.length - (offset?.length ?? 0))}Z` : time.toISOString()
  return done(walk, { at, kind, to, message: `read as ${to}` })
}

/** Text of at most 15 digits, which a double holds exactly. */
const NUMBER = /^-?\d{1,15}(\.\d{1,14})?$/

function mendNumber(
  walk: Walk,
  { value, schema, at }: { value: unknown; schema: Record<string, unknown>; at: Place },
): unknown {
  if (typeof value !== 'string' || !walk.may('number as text')) return value
  const digits = value.replace(/\D/g, '').replace(/^0+/, '').length
  if (!NUMBER.test(value) || digits > 15) return value
  const to = Number(value)
  if (schema.type === 'integer' && !Number.isInteger(to)) return value
  const message = `"${value}" read as a number`
  return done(walk, { at, kind: 'number as text', to, message, isDoubtful: true })
}

function done<T>(
  walk: Walk,
  mended: { at: Place; kind: RepairKind; to: T; message: string; isDoubtful?: boolean },
): T {
  const { at, kind, message } = mended
  walk.repairs.push({ pointer: at.pointer, kind, message, isDoubtful: mended.isDoubtful ?? false })
  return mended.to
}
