import type { Exact } from './exact.ts'
import { whole, divide } from './exact.ts'
import { fail, note } from './reading.ts'
import type { Reading } from './reading.ts'
import { isMet } from './restrictions.ts'
import type { Moment } from './restrictions.ts'
import type { Period, Session } from './session.ts'
import type { Component, ReservationKind, Tariff } from './tariffs.ts'
import { localTime } from './time-zone.ts'
import type { Zone } from './time-zone.ts'
import type { ComponentType } from './types.ts'

/** What is looked for: a component type among charging elements (null) or elements for one kind of reservation. */
export type Wanted = { readonly type: ComponentType; readonly kind: ReservationKind | null }

/** Everything a choice depends on besides the moment. */
export type Market = {
  readonly reading: Reading
  readonly session: Session
  readonly tariffs: readonly Tariff[]
  readonly zone: Zone | null
}

/**
 * The first component of the wanted type whose element matches, in list order, per dimension (OCPI 2.2.1, mod_tariffs,
 * Tariff element choice); null when nothing prices it, 'time_zone' when that depends on an unknown local time.
 */
export function chooseComponent(
  tariff: Tariff,
  { wanted, moment, reading }: { wanted: Wanted; moment: Moment; reading: Reading },
): Component | null | 'time_zone' {
  for (const element of tariff.elements) {
    const component = element.components[wanted.type]
    if (component === undefined || element.reservation !== wanted.kind) continue
    const met = element.restrictions === null || isMet(element.restrictions, { moment, reading })
    if (met === 'time_zone') return met
    if (met) return component
  }
  return null
}

/** The moment at `atMs` with `kwh` charged so far. */
export function momentAt(
  market: Market,
  { period, atMs, kwh }: { period: Period; atMs: number; kwh: Exact },
): Moment {
  const elapsedMs = atMs - market.session.startMs
  return {
    period,
    kwh,
    durationS: divide(whole(elapsedMs), THOUSAND),
    local: market.zone === null ? null : localTime(market.zone, atMs),
  }
}

const THOUSAND = whole(1000)

/**
 * The tariff of a period: the one it names, else the first active at the session start (OCPI 2.2.1, ChargingPeriod).
 * Null after a failure: unknown id, nothing active, or another currency than the CDR's.
 */
export function chooseTariff(market: Market, period: Period): Tariff | null {
  const tariff =
    period.tariffId === null ? defaultTariff(market, period) : namedTariff(market, period)
  return inCurrency(market, tariff)
}

/** The first tariff active at the session start; null when there is none or after a failure. */
export function tariffAtStart(market: Market): Tariff | null {
  return inCurrency(market, firstActive(market))
}

function inCurrency({ reading, session }: Market, tariff: Tariff | null): Tariff | null {
  if (tariff === null) return null
  if (tariff.currency.toUpperCase() === session.currency.toUpperCase()) return tariff
  const message = `the tariff is in ${tariff.currency}, the CDR in ${session.currency}`
  fail(reading, { code: 'currency', pointer: `${tariff.pointer}/currency`, message })
  return null
}

function firstActive({ session, tariffs }: Market): Tariff | null {
  return tariffs.find((tariff) => isActive(tariff, session.startMs)) ?? null
}

function defaultTariff(market: Market, period: Period): Tariff | null {
  const { reading, session, tariffs } = market
  const tariff = firstActive(market)
  if (tariff === null) {
    const message = 'the period names no tariff and none is active at the session start'
    fail(reading, { code: 'no_active_tariff', pointer: period.pointer, message })
    return null
  }
  // A period of OCPI 2.1.1 cannot name a tariff, so nothing is remarkable about that.
  if (session.isTaxKnown) note(reading, { code: 'default_tariff', pointer: period.pointer })
  const active = tariffs.filter((other) => isActive(other, session.startMs))
  if (active.length > 1 && active.some((other) => other.hasType))
    note(reading, { code: 'tariff_type_ignored', pointer: period.pointer })
  return tariff
}

function namedTariff({ reading, session, tariffs }: Market, period: Period): Tariff | null {
  const id = period.tariffId?.toLowerCase()
  const named = tariffs.filter((tariff) => tariff.id.toLowerCase() === id)
  const pointer = `${period.pointer}/tariff_id`
  const first = named[0]
  if (first === undefined) {
    fail(reading, { code: 'unknown_tariff', pointer, message: 'no tariff given has this id' })
    return null
  }
  const active = named.find((tariff) => isActive(tariff, session.startMs))
  if (active !== undefined) return active
  note(reading, {
    code: named.length > 1 ? 'tariff_id_ambiguous' : 'tariff_not_active',
    pointer: pointer,
  })
  return first
}

function isActive(tariff: Tariff, atMs: number): boolean {
  return (
    (tariff.startMs === null || tariff.startMs <= atMs) &&
    (tariff.endMs === null || atMs < tariff.endMs)
  )
}
