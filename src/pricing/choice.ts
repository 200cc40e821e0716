import type { Exact } from './exact.ts'
import { fail, note, pointerOf } from './reading.ts'
import { isMet } from './restrictions.ts'
import type { Moment, Place } from './restrictions.ts'
import type { Period, Session } from './session.ts'
import { isFree } from './tariffs.ts'
import type { Component, Element, ReservationKind, Tariff } from './tariffs.ts'
import type { ComponentType } from './types.ts'

/** What is looked for: a component type among charging elements (null) or elements for one kind of reservation. */
export type Wanted = { readonly type: ComponentType; readonly kind: ReservationKind | null }

/** Everything a choice depends on besides the moment. */
export type Market = Place & {
  readonly session: Session
  readonly tariffs: readonly Tariff[]
  /** The instant from which durations count. */
  readonly originMs: number
}

/**
 * The first component of the wanted type whose element matches, in list order, per dimension (OCPI 2.2.1, mod_tariffs,
 * Tariff element choice); null when nothing prices it, 'time_zone' when that depends on an unknown local time.
 */
function chooseComponent(
  market: Market,
  { tariff, wanted, moment }: { tariff: Tariff; wanted: Wanted; moment: Moment },
): Component | null | 'time_zone' {
  const { policy } = market
  const { elements } = tariff
  const isWhole = policy.element_choice_211 === 'whole_element' && !market.session.isTaxKnown
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]
    if (element === undefined || !isFor(element, { wanted, market })) continue
    const component = element.components[wanted.type]
    if (component === null && !isWhole) continue
    const met = element.restrictions === null || isMet(element.restrictions, moment)
    if (met === false) continue
    if (met === 'time_zone') return met
    if (policy.free_components === 'skipped' && component !== null && isFree(component)) {
      if (isWhole) return null
      continue
    }
    return component
  }
  return null
}

/** The component for the first of what is wanted that has one. */
export function chooseFirst(
  market: Market,
  { tariff, wanted, moment }: { tariff: Tariff; wanted: readonly Wanted[]; moment: Moment },
): Component | null | 'time_zone' {
  for (const each of wanted) {
    const component = chooseComponent(market, { tariff, wanted: each, moment })
    if (component !== null) return component
  }
  return null
}

function isFor(
  { reservation, isForBookings }: Element,
  { wanted, market }: { wanted: Wanted; market: Market },
): boolean {
  if (isForBookings) return false
  if (reservation === null) return wanted.kind === null
  const { reservation_elements: reading } = market.policy
  if (reading === 'never') return false
  return reservation === wanted.kind || (reading === 'charging' && wanted.kind === null)
}

/** The moment at `atMs` with `kwh` charged so far. */
export function momentAt(
  market: Market,
  { period, atMs, kwh, isProbe }: { period: Period; atMs: number; kwh: Exact; isProbe: boolean },
): Moment {
  const durationMs = atMs - market.originMs
  return { place: market, period, atMs, durationMs, kwh, isProbe, local: null }
}

/**
 * The tariff of a period: the one it names, else the first active at the session start (OCPI 2.2.1, ChargingPeriod), or
 * as the policy says. Null when the policy wants none, or after a failure: unknown id, nothing active, or another
 * currency than the CDR's.
 */
export function chooseTariff(market: Market, period: Period): Tariff | null {
  const { policy, session } = market
  // A period of OCPI 2.1.1 cannot name a tariff, so it always has the default one.
  if (period.tariffId === null && policy.unnamed_tariff === 'unpriced' && session.isTaxKnown) {
    note(market.reading, { code: 'no_tariff_named', at: period.source })
    return null
  }
  const isNamed = policy.tariff_choice === 'named_else_at_start' || isByPeriod(market)
  const tariff =
    isNamed && period.tariffId !== null
      ? namedTariff(market, period, period.tariffId)
      : defaultTariff(market, period)
  return inCurrency(market, tariff)
}

/** The first tariff active at the session start; null when there is none or after a failure. */
export function tariffAtStart(market: Market): Tariff | null {
  return inCurrency(market, firstActive(market, market.session.startMs))
}

function isByPeriod({ policy }: Market): boolean {
  return policy.tariff_choice === 'named_else_at_period'
}

function inCurrency({ reading, session }: Market, tariff: Tariff | null): Tariff | null {
  if (tariff === null || tariff.currency === session.currency) return tariff
  if (tariff.currency.toUpperCase() === session.currency.toUpperCase()) return tariff
  const message = `the tariff is in ${tariff.currency} and the CDR in ${session.currency}; nothing is converted, so both have to be the same`
  fail(reading, { code: 'currency', pointer: `${pointerOf(tariff.source)}/currency`, message })
  return null
}

function firstActive({ policy, tariffs }: Market, atMs: number): Tariff | null {
  if (policy.tariff_choice === 'first') return tariffs[0] ?? null
  for (const tariff of tariffs) if (isActive(tariff, atMs)) return tariff
  return null
}

function defaultTariff(market: Market, period: Period): Tariff | null {
  const { reading, session } = market
  const atMs = isByPeriod(market) ? period.startMs : session.startMs
  const tariff = firstActive(market, atMs)
  if (tariff === null) {
    const message = isByPeriod(market)
      ? `the period names no tariff and none is active at its start; ${NAME_IT}`
      : `the period names no tariff and none is active at the session start; ${NAME_IT}`
    fail(reading, { code: 'no_active_tariff', pointer: pointerOf(period.source), message })
    return null
  }
  // A period of OCPI 2.1.1 cannot name a tariff, so nothing is remarkable about that.
  if (session.isTaxKnown && period.tariffId === null)
    note(reading, { code: 'default_tariff', at: period.source })
  if (market.tariffs.length > 1) noteTypes(market, { period, atMs })
  return tariff
}

const NAME_IT = 'name one in tariff_id, or give the version that was active'

function noteTypes(
  { reading, tariffs }: Market,
  { period, atMs }: { period: Period; atMs: number },
): void {
  const active = tariffs.filter((other) => isActive(other, atMs))
  if (active.length > 1 && active.some((other) => other.hasType))
    note(reading, { code: 'tariff_type_ignored', at: period.source })
}

function namedTariff(market: Market, { source, startMs }: Period, id: string): Tariff | null {
  const { reading, session, tariffs } = market
  const atMs = isByPeriod(market) ? startMs : session.startMs
  let first: Tariff | null = null
  let count = 0
  for (const tariff of tariffs) {
    if (tariff.id !== id && tariff.id.toLowerCase() !== id.toLowerCase()) continue
    if (isActive(tariff, atMs)) return tariff
    first ??= tariff
    count += 1
  }
  if (first === null) {
    const pointer = `${pointerOf(source)}/tariff_id`
    fail(reading, { code: 'unknown_tariff', pointer, message: UNKNOWN_TARIFF })
    return null
  }
  const code = count > 1 ? 'tariff_id_ambiguous' : 'tariff_not_active'
  note(reading, { code, at: source, key: 'tariff_id' })
  return first
}

const UNKNOWN_TARIFF =
  'no tariff that the CDR contains or that was given has this id; send that tariff'

function isActive({ startMs, endMs }: Tariff, atMs: number): boolean {
  return (startMs === null || startMs <= atMs) && (endMs === null || atMs < endMs)
}
