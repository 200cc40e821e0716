import { readExact } from '../exact.ts'
import type { Exact } from '../exact.ts'
import { isObject } from '../reading.ts'
import type { ComponentType } from '../types.ts'

export type Json = Readonly<Record<string, unknown>>

/** A price component whose type is known. Null: absent or unreadable, which is reported elsewhere. */
export type Component = {
  readonly pointer: string
  readonly type: ComponentType
  readonly price: Exact | null
  readonly stepSize: Exact | null
  readonly hasVat: boolean
  readonly vat: Exact | null
}

export type Element = {
  readonly index: number
  readonly pointer: string
  /** What it prices: '' charging, else the kind of reservation or booking. Elements of different kinds never compete. */
  readonly kind: string
  readonly restrictions: Json | null
  /** True when no restriction is stated, so that it applies to every session. */
  readonly isAlways: boolean
  /** All of them, in order. */
  readonly components: readonly Component[]
  /** The first of each type: the one that counts. */
  readonly effective: ReadonlyMap<ComponentType, Component>
}

/** The elements that can be read as objects, in order. */
export function elementsOf(tariff: Json): Element[] {
  return listAt(tariff, 'elements').flatMap((value, index) =>
    isObject(value) ? [readElement(value, index)] : [],
  )
}

function readElement(value: Json, index: number): Element {
  const pointer = `/elements/${index}`
  const restrictions = isObject(value['restrictions']) ? value['restrictions'] : null
  const components = listAt(value, 'price_components').flatMap((item, at) =>
    isObject(item) ? readComponent(item, `${pointer}/price_components/${at}`) : [],
  )
  const effective = new Map<ComponentType, Component>()
  for (const component of components)
    if (!effective.has(component.type)) effective.set(component.type, component)
  return {
    index,
    pointer,
    kind: restrictions === null ? '' : kindOf(restrictions),
    restrictions,
    isAlways: restrictions === null || RESTRICTIONS.every((key) => isFree(restrictions[key])),
    components,
    effective,
  }
}

/** What restricts an element (OCPI 2.2.1, TariffRestrictions). Other fields are ignored by whoever prices. */
const RESTRICTIONS = [
  'start_time',
  'end_time',
  'start_date',
  'end_date',
  'min_kwh',
  'max_kwh',
  'min_current',
  'max_current',
  'min_power',
  'max_power',
  'min_duration',
  'max_duration',
  'day_of_week',
  'reservation',
  'booking',
] as const

function isFree(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function kindOf(restrictions: Json): string {
  const kinds = [restrictions['reservation'], restrictions['booking']]
  // What cannot be read is at least not charging.
  return kinds
    .filter((kind) => !isFree(kind))
    .map((kind) => (typeof kind === 'string' ? kind : 'unreadable'))
    .join('+')
}

function readComponent(value: Json, pointer: string): Component[] {
  const type = value['type']
  if (!isType(type)) return []
  return [
    {
      pointer,
      type,
      price: exactAt(value, 'price'),
      stepSize: exactAt(value, 'step_size'),
      hasVat: value['vat'] !== undefined && value['vat'] !== null,
      vat: exactAt(value, 'vat'),
    },
  ]
}

function isType(value: unknown): value is ComponentType {
  return value === 'ENERGY' || value === 'TIME' || value === 'PARKING_TIME' || value === 'FLAT'
}

/** The number at `key`, or null when it is absent or unreadable. */
export function exactAt(value: Json, key: string): Exact | null {
  const exact = readExact(value[key])
  return typeof exact === 'string' ? null : exact
}

export function textAt(value: Json, key: string): string | null {
  const found = value[key]
  return typeof found === 'string' ? found : null
}

export function listAt(value: Json, key: string): readonly unknown[] {
  const found: unknown = value[key]
  return Array.isArray(found) ? found : []
}
