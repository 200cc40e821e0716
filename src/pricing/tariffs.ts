import { isNegative, isZero, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import type { PricingPolicy } from './policy.ts'
import {
  exactAt,
  fieldOf,
  instantAt,
  note,
  objectAt,
  objectsAt,
  requiredExactAt,
} from './reading.ts'
import { requiredTextAt, textAt, unboundedAt, unreadable } from './reading.ts'
import type { Source } from './reading.ts'
import { readRestrictions } from './restrictions.ts'
import type { Range, Restrictions } from './restrictions.ts'
import { known } from './session.ts'
import type { ComponentType } from './types.ts'

/** A price component. `price` is per kWh, per hour or per session; `vat` a percentage or null when none is stated. */
export type Component = {
  readonly source: Source
  readonly element: number
  readonly index: number
  readonly type: ComponentType
  readonly price: Exact
  readonly vat: Exact | null
  /** Wh or seconds; 0: no rounding. */
  readonly stepSize: Exact
}

export type ReservationKind = 'RESERVATION' | 'RESERVATION_EXPIRES'

type Components = { -readonly [Type in ComponentType]: Component | null }

export type Element = {
  readonly restrictions: Restrictions | null
  readonly reservation: ReservationKind | null
  /** For bookings only (bookings extension of OCPI 2.3.0); no CDR dimension says that one was used. */
  readonly isForBookings: boolean
  readonly components: Readonly<Components>
}

/** A bound of the session total, on one side of taxes or on both. */
export type PriceLimit = { readonly excl: Exact | null; readonly incl: Exact | null }

export type Tariff = {
  readonly source: Source
  readonly id: string
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

/**
 * Reads a tariff of OCPI 2.1.1, 2.2.1 or 2.3.0. What cannot be read becomes the problem of `source.reading`. `isOf230`:
 * its CDR is of OCPI 2.3.0, where a tariff has to say whether it includes taxes.
 */
export function readTariff(
  source: Source,
  { policy, isOf230 }: { policy: PricingPolicy; isOf230: boolean },
): Tariff {
  const id = requiredTextAt(source, 'id')
  const currency = requiredTextAt(source, 'currency')
  const elements: Element[] = []
  const energyEdges: Exact[] = []
  let isChanging = false
  for (const inner of objectsAt(source, 'elements')) {
    const element = readElement(inner, policy)
    elements.push(element)
    const { restrictions } = element
    if (restrictions === null) continue
    const { local, duration, kwh } = restrictions
    if (local !== null || duration !== null || kwh !== null) isChanging = true
    if (kwh !== null) pushEdges(kwh, energyEdges)
  }
  if (elements.length === 0)
    note(source.reading, { code: 'tariff_without_elements', at: source, key: 'elements' })
  return {
    source,
    id,
    currency,
    hasType: fieldOf(source, 'type') !== undefined,
    taxes: readTaxes(source, { policy, isOf230 }),
    startMs: known(instantAt(source, 'start_date_time')),
    endMs: known(instantAt(source, 'end_date_time')),
    minPrice: readLimit(source, 'min_price'),
    maxPrice: readLimit(source, 'max_price'),
    elements,
    isChanging,
    energyEdges,
  }
}

function pushEdges({ min, max }: Range, edges: Exact[]): void {
  if (min !== null) edges.push(min)
  if (max !== null) edges.push(max)
}

function readTaxes(
  source: Source,
  { policy, isOf230 }: { policy: PricingPolicy; isOf230: boolean },
): Tariff['taxes'] {
  const text = textAt(source, 'tax_included')
  if (text === null && isOf230)
    note(source.reading, { code: 'tax_included_missing', at: source, key: 'tax_included' })
  if (text === null || text === 'NO') return 'added'
  const isHonoured = policy.tax_included === 'honoured'
  if (text === 'YES') return isHonoured ? 'included' : 'added'
  if (text === 'N/A') return isHonoured ? 'none' : 'added'
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

function readElement(source: Source, policy: PricingPolicy): Element {
  const components: Components = { ENERGY: null, TIME: null, PARKING_TIME: null, FLAT: null }
  const sources = objectsAt(source, 'price_components')
  for (let index = 0; index < sources.length; index++) {
    const inner = sources[index]
    const component = inner === undefined ? null : readComponent(inner, source.index)
    if (component === null) continue
    if (components[component.type] === null) components[component.type] = component
    else note(source.reading, { code: 'component_duplicate', at: component.source })
  }
  const restrictions = objectAt(source, 'restrictions')
  if (restrictions === null)
    return { components, reservation: null, isForBookings: false, restrictions: null }
  const isForBookings = fieldOf(restrictions, 'booking') !== undefined
  if (isForBookings)
    note(source.reading, { code: 'booking_element', at: restrictions, key: 'booking' })
  return {
    components,
    reservation: readReservation(restrictions),
    isForBookings,
    restrictions: readRestrictions(restrictions, policy),
  }
}

function readComponent(source: Source, element: number): Component | null {
  const price = requiredExactAt(source, 'price')
  const vat = exactAt(source, 'vat')
  const type = requiredTextAt(source, 'type')
  if (!isComponentType(type)) {
    note(source.reading, { code: 'component_unknown', at: source })
    return null
  }
  const { index } = source
  return { source, element, index, type, price, vat, stepSize: readStepSize(source, type) }
}

function readStepSize(source: Source, type: ComponentType): Exact {
  if (type === 'FLAT') return ZERO
  const stepSize = unboundedAt(source, 'step_size')
  if (stepSize === null) {
    note(source.reading, { code: 'step_size_missing', at: source })
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

/** Does this component ask for nothing? */
export function isFree({ price }: Component): boolean {
  return isZero(price)
}

/** Does it have members that OCPI 2.1.1 does not? Beside a CDR of that version they are honoured all the same. */
export function isOfLaterVersion(tariff: Tariff): boolean {
  const { startMs, endMs, minPrice, maxPrice, hasType, taxes, elements } = tariff
  return (
    startMs !== null ||
    endMs !== null ||
    minPrice !== null ||
    maxPrice !== null ||
    hasType ||
    taxes !== 'added' ||
    elements.some(
      ({ reservation, restrictions }) =>
        reservation !== null || (restrictions?.current ?? null) !== null,
    )
  )
}
