import { isNegative, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import {
  exactAt,
  fieldOf,
  instantAt,
  note,
  objectAt,
  objectsAt,
  requiredExactAt,
} from './reading.ts'
import { requiredTextAt, textAt, unreadable } from './reading.ts'
import type { Source } from './reading.ts'
import { readRestrictions } from './restrictions.ts'
import type { Restrictions } from './restrictions.ts'
import type { ComponentType } from './types.ts'

/** A price component. `price` is per kWh, per hour or per session; `vat` a percentage or null when none is stated. */
export type Component = {
  readonly element: number
  readonly index: number
  readonly pointer: string
  readonly type: ComponentType
  readonly price: Exact
  readonly vat: Exact | null
  /** Wh or seconds; 0: no rounding. */
  readonly stepSize: Exact
}

export type ReservationKind = 'RESERVATION' | 'RESERVATION_EXPIRES'

export type Element = {
  readonly restrictions: Restrictions | null
  readonly reservation: ReservationKind | null
  readonly components: Readonly<Partial<Record<ComponentType, Component>>>
}

/** A bound of the session total, on one side of taxes or on both. */
export type PriceLimit = { readonly excl: Exact | null; readonly incl: Exact | null }

export type Tariff = {
  readonly id: string
  readonly pointer: string
  readonly currency: string
  readonly hasType: boolean
  /** Are taxes part of the prices (YES), added to them (NO, and every version before 2.3.0), or not applicable (N/A)? */
  readonly taxes: 'included' | 'added' | 'none'
  readonly startMs: number | null
  readonly endMs: number | null
  readonly minPrice: PriceLimit | null
  readonly maxPrice: PriceLimit | null
  readonly elements: readonly Element[]
  /** May a price change while a session runs? If so, the kWh bounds at which it may. */
  readonly isChanging: boolean
  readonly energyEdges: readonly Exact[]
}

/** Reads a tariff of OCPI 2.1.1, 2.2.1 or 2.3.0. What cannot be read becomes the problem of `source.reading`. */
export function readTariff(source: Source): Tariff {
  const elements = objectsAt(source, 'elements').map(readElement)
  return {
    id: requiredTextAt(source, 'id'),
    pointer: source.pointer,
    currency: requiredTextAt(source, 'currency'),
    hasType: fieldOf(source, 'type') !== undefined,
    taxes: readTaxes(source),
    startMs: instantAt(source, 'start_date_time'),
    endMs: instantAt(source, 'end_date_time'),
    minPrice: readLimit(source, 'min_price'),
    maxPrice: readLimit(source, 'max_price'),
    elements,
    isChanging: elements.some(isChanging),
    energyEdges: elements.flatMap(({ restrictions }) => edgesOf(restrictions?.kwh)),
  }
}

function isChanging({ restrictions }: Element): boolean {
  if (restrictions === null) return false
  return restrictions.local !== null || edgesOf(restrictions.kwh, restrictions.durationS).length > 0
}

function edgesOf(...ranges: (Restrictions['kwh'] | undefined)[]): Exact[] {
  return ranges.flatMap((range) => [range?.min, range?.max].flatMap((edge) => edge ?? []))
}

function readTaxes(source: Source): Tariff['taxes'] {
  const text = textAt(source, 'tax_included')
  if (text === 'YES') return 'included'
  if (text === 'N/A') return 'none'
  if (text === null || text === 'NO') return 'added'
  return unreadable(source, {
    key: 'tax_included',
    is: 'none of YES, NO and N/A',
    instead: 'added' as const,
  })
}

/** Price of OCPI 2.2.1 or PriceLimit of 2.3.0. */
function readLimit(source: Source, key: string): PriceLimit | null {
  const limit = objectAt(source, key)
  if (limit === null) return null
  return {
    excl: exactAt(limit, 'excl_vat') ?? exactAt(limit, 'before_taxes'),
    incl: exactAt(limit, 'incl_vat') ?? exactAt(limit, 'after_taxes'),
  }
}

function readElement(source: Source, element: number): Element {
  const components: Partial<Record<ComponentType, Component>> = {}
  objectsAt(source, 'price_components').forEach((inner, index) => {
    const component = readComponent(inner, { element, index })
    if (component === null) return
    if (components[component.type] === undefined) components[component.type] = component
    else note(source.reading, { code: 'component_duplicate', pointer: inner.pointer })
  })
  const restrictions = objectAt(source, 'restrictions')
  return {
    components,
    reservation: restrictions === null ? null : readReservation(restrictions),
    restrictions: restrictions === null ? null : readRestrictions(restrictions),
  }
}

function readComponent(
  source: Source,
  place: { element: number; index: number },
): Component | null {
  const price = requiredExactAt(source, 'price')
  const vat = exactAt(source, 'vat')
  const type = requiredTextAt(source, 'type')
  if (!isComponentType(type)) {
    note(source.reading, { code: 'component_unknown', pointer: source.pointer })
    return null
  }
  return {
    ...place,
    pointer: source.pointer,
    type,
    price,
    vat,
    stepSize: readStepSize(source, type),
  }
}

function readStepSize(source: Source, type: ComponentType): Exact {
  if (type === 'FLAT') return ZERO
  const stepSize = exactAt(source, 'step_size')
  if (stepSize === null) {
    note(source.reading, { code: 'step_size_missing', pointer: source.pointer })
    return ZERO
  }
  return isNegative(stepSize)
    ? unreadable(source, { key: 'step_size', is: 'below zero', instead: ZERO })
    : stepSize
}

function readReservation(source: Source): ReservationKind | null {
  const text = textAt(source, 'reservation')
  if (text === null || text === 'RESERVATION' || text === 'RESERVATION_EXPIRES') return text
  return unreadable(source, {
    key: 'reservation',
    is: 'neither RESERVATION nor RESERVATION_EXPIRES',
    instead: null,
  })
}

function isComponentType(text: string): text is ComponentType {
  return text === 'ENERGY' || text === 'TIME' || text === 'PARKING_TIME' || text === 'FLAT'
}
