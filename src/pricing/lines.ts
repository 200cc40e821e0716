import { limits } from '../../config/limits.ts'
import { auditPeriod } from './audit.ts'
import { chooseComponent, chooseTariff, momentAt, tariffAtStart } from './choice.ts'
import type { Market, Wanted } from './choice.ts'
import { add, isZero, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import { fail, note } from './reading.ts'
import type { Moment } from './restrictions.ts'
import type { Period } from './session.ts'
import type { Component, ReservationKind, Tariff } from './tariffs.ts'
import type { ComponentType, CostDimension } from './types.ts'

/** A quantity of one period at the component that prices it: kWh, hours, or 1 for a FLAT. */
export type Line = {
  readonly period: number
  readonly dimension: CostDimension
  readonly tariff: Tariff
  readonly component: Component
  readonly measured: Exact
  readonly billed: Exact
}

/** The lines of a session in the order of its periods, and the tariffs of these; without periods the default one. */
export type Lines = { readonly lines: readonly Line[]; readonly tariffs: readonly Tariff[] }

type Quantity = {
  readonly dimension: CostDimension
  readonly type: ComponentType
  readonly amount: Exact
}
type Context = { readonly market: Market; readonly tariff: Tariff; readonly moment: Moment }

/**
 * Prices every quantity of every period at the component that applies at the start of the period; nothing is
 * interpolated, since the CPO has to split periods where prices change (OCPI 2.2.1, ChargingPeriod).
 */
export function collectLines(market: Market): Lines {
  const lines: Line[] = []
  const tariffs: Tariff[] = []
  const flats = { fixed: false, reservation: false }
  let kwh = ZERO
  let probesLeft: number = limits.pricingAuditProbesMax
  for (const period of market.session.periods) {
    const tariff = chooseTariff(market, period)
    if (tariff === null) break
    tariffs.push(tariff)
    const moment = momentAt(market, { period, atMs: period.startMs, kwh })
    const context = { market, tariff, moment }
    const priced = priceQuantities(context)
    probesLeft -= auditPeriod({ market, tariff, moment, priced, probesLeft })
    for (const { line } of priced) lines.push(line)
    for (const dimension of ['fixed', 'reservation'] as const) {
      if (flats[dimension] || !mayHoldFlat(period, dimension)) continue
      const flat = find(context, { type: 'FLAT', dimension })
      if (flat === null) continue
      flats[dimension] = true
      lines.push(
        lineOf(context, {
          found: flat.component,
          quantity: { dimension, type: 'FLAT', amount: whole(1) },
        }),
      )
    }
    kwh = add(kwh, period.energyKwh)
  }
  const fallback = market.session.periods.length === 0 ? tariffAtStart(market) : null
  return { lines, tariffs: fallback === null ? tariffs : [fallback] }
}

function priceQuantities(context: Context): { line: Line; wanted: Wanted }[] {
  const priced: { line: Line; wanted: Wanted }[] = []
  for (const quantity of quantitiesOf(context.moment.period)) {
    if (isZero(quantity.amount)) continue
    const found = find(context, quantity)
    if (found === null)
      note(context.market.reading, { code: 'unpriced', pointer: context.moment.period.pointer })
    else
      priced.push({
        wanted: found.wanted,
        line: lineOf(context, { found: found.component, quantity }),
      })
  }
  return priced
}

function quantitiesOf(period: Period): Quantity[] {
  return [
    { dimension: 'energy', type: 'ENERGY', amount: period.energyKwh },
    { dimension: 'time', type: 'TIME', amount: period.timeH },
    { dimension: 'reservation', type: 'TIME', amount: period.reservationH },
    { dimension: 'parking', type: 'PARKING_TIME', amount: period.parkingH },
  ]
}

/**
 * One FLAT for the charging part and one for the reservation (OCPI 2.2.1, mod_tariffs, example with a reservation fee).
 * A period of nothing but reserved time does not start the charging part; an empty one does.
 */
function mayHoldFlat(period: Period, dimension: 'fixed' | 'reservation'): boolean {
  const isReserved = !isZero(period.reservationH)
  if (dimension === 'reservation') return isReserved
  return (
    !isReserved || !isZero(period.energyKwh) || !isZero(period.timeH) || !isZero(period.parkingH)
  )
}

const CHARGING: readonly null[] = [null]
const RESERVED: readonly ReservationKind[] = ['RESERVATION']
// Where both kinds hold the component, the one for expired reservations prices all of it (OCPI 2.2.1, ReservationRestriction).
const EXPIRED: readonly ReservationKind[] = ['RESERVATION_EXPIRES', 'RESERVATION']

function find(
  { market, tariff, moment }: Context,
  { type, dimension }: { type: ComponentType; dimension: CostDimension },
): { component: Component; wanted: Wanted } | null {
  const { reading, session } = market
  const reserved = session.isReservationExpired ? EXPIRED : RESERVED
  for (const kind of dimension === 'reservation' ? reserved : CHARGING) {
    const wanted = { type, kind }
    const component = chooseComponent(tariff, { wanted, moment, reading })
    if (component === 'time_zone') {
      const message =
        'a restriction in local time decides the price, and the time zone of the location is unknown'
      fail(reading, { code: 'time_zone', pointer: moment.period.pointer, message })
      return null
    }
    if (component !== null) return { component, wanted }
  }
  return null
}

function lineOf(
  { tariff, moment }: Context,
  { found, quantity }: { found: Component; quantity: Quantity },
): Line {
  const { dimension, amount } = quantity
  const period = moment.period.index
  return { period, dimension, tariff, component: found, measured: amount, billed: amount }
}
