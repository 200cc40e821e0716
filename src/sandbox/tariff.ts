import { decimalUnits } from './decimals.ts'
import { numberOf, objectIn, objectsIn, textOf, textsIn } from './json.ts'
import type { Json } from './json.ts'

export type ComponentKind = 'ENERGY' | 'TIME' | 'PARKING_TIME' | 'FLAT'

/** One price: in 10^-12 of the currency per kWh, hour or session; VAT in 10^-6 percent, undefined = unknown. */
export type Component = {
  kind: ComponentKind
  price: bigint
  vat: bigint | undefined
  step: number
}

/** When an element applies: local minutes and dates, µkWh so far, seconds since the session began. */
type Restrictions = {
  minutes: { from: number; to: number } | undefined
  dates: { from: string; to: string }
  energy: { from: number; to: number }
  seconds: { from: number; to: number }
  weekdays: Set<string> | undefined
}

export type Element = { components: Component[]; restrictions: Restrictions }

/** A tariff as the naive stepper reads it, and the places at which its price may change. */
export type StepTariff = {
  id: string
  countryCode: string
  partyId: string
  currency: string
  elements: Element[]
  hasVat: boolean
  startsAtMs: number
  minuteEdges: Set<number>
  hasClock: boolean
  secondEdges: number[]
  energyEdges: number[]
}

/** Why a tariff is not used: two careful readers of it could disagree about the price. */
type Unpriceable = { unpriceable: string }

/**
 * Reads an OCPI 2.2.1 tariff. Refuses what the naive stepper does not know or what the specification leaves
 * open: current and power limits, reservations, price limits, an end date, windows of no or odd length.
 */
export function readTariff(raw: Json): StepTariff | Unpriceable {
  const currency = textOf(raw, 'currency')
  const id = textOf(raw, 'id')
  if (id === undefined || currency === undefined) return { unpriceable: 'no id or currency' }
  if (raw['min_price'] || raw['max_price']) return { unpriceable: 'price limits' }
  if (raw['end_date_time']) return { unpriceable: 'an end date' }
  const elements: Element[] = []
  for (const rawElement of objectsIn(raw['elements'])) {
    const element = readElement(rawElement)
    if ('unpriceable' in element) return element
    elements.push(element)
  }
  if (elements.length === 0) return { unpriceable: 'no elements' }
  const startsAt = textOf(raw, 'start_date_time')
  return {
    id,
    countryCode: textOf(raw, 'country_code') ?? '',
    partyId: textOf(raw, 'party_id') ?? '',
    currency,
    elements,
    hasVat: elements.every((element) => element.components.every((one) => one.vat !== undefined)),
    startsAtMs: startsAt === undefined ? -Infinity : Date.parse(startsAt),
    ...edgesOf(elements),
  }
}

function edgesOf(elements: Element[]) {
  const minuteEdges = new Set<number>()
  const seconds = new Set<number>()
  const energies = new Set<number>()
  let hasClock = false
  for (const { restrictions } of elements) {
    if (restrictions.minutes) {
      minuteEdges.add(restrictions.minutes.from)
      minuteEdges.add(restrictions.minutes.to % 1440)
    }
    const dated = restrictions.dates.from !== '' || restrictions.dates.to !== '~'
    if (restrictions.weekdays || dated) minuteEdges.add(0)
    if (minuteEdges.size > 0) hasClock = true
    for (const edge of [restrictions.seconds.from, restrictions.seconds.to]) {
      if (edge > 0 && edge < Infinity) seconds.add(edge)
    }
    for (const edge of [restrictions.energy.from, restrictions.energy.to]) {
      if (edge > 0 && edge < Infinity) energies.add(edge)
    }
  }
  return { minuteEdges, hasClock, secondEdges: [...seconds], energyEdges: [...energies] }
}

function readElement(raw: Json): Element | Unpriceable {
  const components: Component[] = []
  for (const one of objectsIn(raw['price_components'])) {
    const kind = kindOf(textOf(one, 'type'))
    const price = numberOf(one, 'price')
    if (kind === undefined || price === undefined || price < 0) return { unpriceable: 'component' }
    if (components.some((other) => other.kind === kind)) return { unpriceable: 'a kind twice' }
    const vat = numberOf(one, 'vat')
    components.push({
      kind,
      price: decimalUnits(String(price), 12),
      vat: vat === undefined ? undefined : decimalUnits(String(vat), 6),
      step: numberOf(one, 'step_size') ?? 1,
    })
  }
  const restrictions = readRestrictions(objectIn(raw['restrictions']))
  if ('unpriceable' in restrictions) return restrictions
  return { components, restrictions }
}

function kindOf(text: string | undefined): ComponentKind | undefined {
  switch (text) {
    case 'ENERGY':
    case 'TIME':
    case 'PARKING_TIME':
    case 'FLAT':
      return text
    default:
      return undefined
  }
}

const UNREAD = ['min_current', 'max_current', 'min_power', 'max_power', 'reservation'] as const

function readRestrictions(raw: Json): Restrictions | Unpriceable {
  for (const key of UNREAD) {
    if (raw[key] !== undefined && raw[key] !== null) return { unpriceable: key }
  }
  const minutes = readWindow(textOf(raw, 'start_time'), textOf(raw, 'end_time'))
  if (minutes !== undefined && 'unpriceable' in minutes) return minutes
  const weekdays = textsIn(raw['day_of_week'])
  const microKwh = (key: string) => {
    const value = numberOf(raw, key)
    return value === undefined ? undefined : Math.round(value * 1e6)
  }
  return {
    minutes,
    dates: { from: textOf(raw, 'start_date') ?? '', to: textOf(raw, 'end_date') ?? '~' },
    energy: { from: microKwh('min_kwh') ?? 0, to: microKwh('max_kwh') ?? Infinity },
    seconds: {
      from: numberOf(raw, 'min_duration') ?? 0,
      to: numberOf(raw, 'max_duration') ?? Infinity,
    },
    weekdays: weekdays.length === 0 ? undefined : new Set(weekdays),
  }
}

type Window = { from: number; to: number }

function readWindow(
  start: string | undefined,
  end: string | undefined,
): Window | Unpriceable | undefined {
  if (start === undefined && end === undefined) return undefined
  const from = minuteOf(start ?? '00:00')
  const to = end === undefined ? 1440 : minuteOf(end)
  if (from === undefined || to === undefined) return { unpriceable: 'a time that is not HH:MM' }
  if (from === to) return { unpriceable: 'a window that ends where it starts' }
  if (start === undefined && to === 0) return { unpriceable: 'a window until 00:00 only' }
  return { from, to }
}

function minuteOf(text: string): number | undefined {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : undefined
}
