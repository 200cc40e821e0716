import { limits } from '../../config/limits.ts'
import { auditPeriod } from './audit.ts'
import { chooseFirst, chooseTariff, momentAt, tariffAtStart } from './choice.ts'
import type { Market, Wanted } from './choice.ts'
import { add, compare, isZero, whole, ZERO } from './exact.ts'
import type { Exact } from './exact.ts'
import { fail, note, pointerOf } from './reading.ts'
import type { Line, Unpriced } from './line.ts'
import type { Moment } from './restrictions.ts'
import type { Period } from './session.ts'
import type { Component, ReservationKind, Tariff } from './tariffs.ts'
import type { CostDimension } from './types.ts'
import type { Volumes } from './volumes.ts'

/** The lines of a session in the order of its periods. */
export type Lines = {
  readonly lines: Line[]
  /** Whose price limits count: the tariff of the session start. */
  limiting: Tariff | null
  /** Did other tariffs price periods, too? */
  isMixed: boolean
  /** Did these treat taxes differently? */
  isTaxMixed: boolean
  readonly unpriced: Unpriced
}

type Metered = Exclude<CostDimension, 'fixed'>
type Context = {
  readonly market: Market
  readonly moment: Moment
  readonly tariff: Tariff | null
  readonly result: Lines
  /** The prices of the FLAT components charged so far. */
  readonly flats: Flats
}
type Flats = { readonly fixed: Exact[]; readonly reservation: Exact[] }
type Quantity = {
  readonly dimension: CostDimension
  readonly wanted: readonly Wanted[]
  readonly amount: Exact
}

const ONE = whole(1)
const ENERGY: readonly Wanted[] = [{ type: 'ENERGY', kind: null }]
const TIME: readonly Wanted[] = [{ type: 'TIME', kind: null }]
const PARKING: readonly Wanted[] = [{ type: 'PARKING_TIME', kind: null }]
const FLAT: readonly Wanted[] = [{ type: 'FLAT', kind: null }]

/**
 * What is looked for among elements with `reservation`. When a reservation expired and both kinds hold the component,
 * the one for expired reservations prices all of it (OCPI 2.2.1, ReservationRestrictionType).
 */
const RESERVED = wantedFor(['RESERVATION'])
const EXPIRED = wantedFor(['RESERVATION_EXPIRES'])
const BOTH = wantedFor(['RESERVATION_EXPIRES', 'RESERVATION'])

/**
 * Prices every quantity of every period at the component that applies at the start of the period; nothing is
 * interpolated, since the CPO has to split periods where prices change (OCPI 2.2.1, ChargingPeriod).
 */
export function collectLines(market: Market): Lines {
  const { reading, session } = market
  const result: Lines = {
    lines: [],
    limiting: null,
    isMixed: false,
    isTaxMixed: false,
    unpriced: { energy: ZERO, time: ZERO, parking: ZERO, reservation: ZERO },
  }
  const flats: Flats = { fixed: [], reservation: [] }
  let kwh = ZERO
  let probesLeft: number = limits.pricingAuditProbesMax
  for (const period of session.periods) {
    const tariff = chooseTariff(market, period)
    if (reading.problem !== null) return result
    if (tariff !== null) remember(result, tariff)
    const moment = momentAt(market, { period, atMs: period.startMs, kwh, isProbe: false })
    const context = { market, tariff, moment, result, flats }
    const first = result.lines.length
    priceQuantities(context)
    if (tariff !== null && tariff.isChanging)
      probesLeft -= auditPeriod(market, { tariff, moment, lines: result.lines, first, probesLeft })
    priceFlats(context)
    if (reading.problem !== null) return result
    kwh = add(kwh, period.energyKwh)
  }
  result.limiting ??= tariffAtStart(market)
  return result
}

/** The limits are those of the tariff selected at the session start: the first period's, without periods the default. */
function remember(result: Lines, tariff: Tariff): void {
  const { limiting } = result
  if (limiting === null) result.limiting = tariff
  else if (limiting !== tariff) {
    result.isMixed = true
    if (limiting.taxes !== tariff.taxes) result.isTaxMixed = true
  }
}

function priceQuantities(context: Context): void {
  const { energyKwh, timeH, parkingH, reservationH, volumes } = context.moment.period
  if (!isZero(energyKwh))
    priceQuantity(context, { dimension: 'energy', wanted: ENERGY, amount: energyKwh })
  if (!isZero(timeH)) priceQuantity(context, { dimension: 'time', wanted: TIME, amount: timeH })
  if (!isZero(reservationH)) {
    const { time: wanted } = reservedBy(context.market)
    priceQuantity(context, { dimension: 'reservation', wanted, amount: reservationH })
  }
  if (!isZero(parkingH))
    priceQuantity(context, { dimension: 'parking', wanted: PARKING, amount: parkingH })
  if (context.market.policy.empty_volume_step !== 'skipped') priceEmpty(context, volumes)
}

function priceQuantity(
  context: Context,
  quantity: Quantity & { readonly dimension: Metered },
): void {
  const { market, moment, result } = context
  const { period } = moment
  const { dimension, amount } = quantity
  // Nobody knows how long a time is that began at a placeholder.
  const isPriceable = dimension === 'energy' || period.isTimeKnown
  const component = isPriceable ? find(context, quantity) : null
  if (component !== null) return push(context, quantity, component)
  if (dimension === 'time' && period.isTimeByClock) return
  note(market.reading, { code: 'unpriced', at: period.source })
  if (market.policy.unpriced_in_step === 'counted')
    result.unpriced[dimension] = add(result.unpriced[dimension], amount)
}

/** By some readings a quantity of nothing has a line, too, whose component may give the step size. */
function priceEmpty(context: Context, volumes: Volumes): void {
  const { market, moment } = context
  const { energyKwh, timeH, parkingH, reservationH } = moment.period
  const isAny = market.policy.empty_volume_step === 'any_active'
  const empty: Quantity[] = []
  if (isZero(energyKwh) && (isAny || volumes.ENERGY !== null))
    empty.push({ dimension: 'energy', wanted: ENERGY, amount: ZERO })
  if (isZero(timeH) && (isAny || volumes.TIME !== null))
    empty.push({ dimension: 'time', wanted: TIME, amount: ZERO })
  if (isZero(reservationH) && (isAny || volumes.RESERVATION_TIME !== null)) {
    const { time: wanted } = reservedBy(market)
    empty.push({ dimension: 'reservation', wanted, amount: ZERO })
  }
  if (isZero(parkingH) && (isAny || volumes.PARKING_TIME !== null))
    empty.push({ dimension: 'parking', wanted: PARKING, amount: ZERO })
  for (const quantity of empty) {
    const component = find(context, quantity)
    if (component !== null) push(context, quantity, component)
  }
}

/**
 * One FLAT for the charging part and one for the reservation (OCPI 2.2.1, mod_tariffs, example with a reservation fee),
 * or as the policy says.
 */
function priceFlats(context: Context): void {
  const { market, moment, flats } = context
  const { flat_fees: rule } = market.policy
  const { period } = moment
  const isReserved = !isZero(period.reservationH)
  const isEach = rule === 'per_price'
  const isPaid = rule === 'once' && flats.fixed.length + flats.reservation.length > 0
  if (isPaid) return
  if ((isEach || flats.fixed.length === 0) && (!isReserved || isUsed(period)))
    priceFlat(context, { dimension: 'fixed', wanted: FLAT, amount: ONE })
  if (!isReserved || (rule === 'once' && flats.fixed.length > 0)) return
  if (isEach || flats.reservation.length === 0)
    priceFlat(context, { dimension: 'reservation', wanted: reservedBy(market).flat, amount: ONE })
}

/** A period of nothing but reserved time does not start the charging part; an empty one does. */
function isUsed({ energyKwh, timeH, parkingH, isTimeByClock }: Period): boolean {
  return !isZero(energyKwh) || (!isZero(timeH) && !isTimeByClock) || !isZero(parkingH)
}

function priceFlat(
  context: Context,
  quantity: Quantity & { readonly dimension: keyof Flats },
): void {
  const component = find(context, quantity)
  if (component === null) return
  const paid = context.flats[quantity.dimension]
  if (paid.some((price) => compare(price, component.price) === 0)) return
  paid.push(component.price)
  push(context, quantity, component)
}

function reservedBy({ session, policy }: Market): typeof RESERVED {
  if (!session.isReservationExpired) return RESERVED
  return policy.expired_reservation === 'both' ? BOTH : EXPIRED
}

function wantedFor(kinds: readonly ReservationKind[]): {
  readonly time: readonly Wanted[]
  readonly flat: readonly Wanted[]
} {
  return {
    time: kinds.map((kind) => ({ type: 'TIME', kind })),
    flat: kinds.map((kind) => ({ type: 'FLAT', kind })),
  }
}

function find({ market, tariff, moment }: Context, { wanted }: Quantity): Component | null {
  if (tariff === null) return null
  const component = chooseFirst(market, { tariff, wanted, moment })
  if (component !== 'time_zone') return component
  const message =
    'a restriction in local time decides the price and the time zone of the location is unknown; send the Location with its time_zone, or give the zone'
  fail(market.reading, { code: 'time_zone', pointer: pointerOf(moment.period.source), message })
  return null
}

function push(
  { tariff, moment, result }: Context,
  { dimension, wanted, amount }: Quantity,
  component: Component,
): void {
  if (tariff === null) return
  const { index: period } = moment.period
  result.lines.push({
    period,
    dimension,
    tariff,
    component,
    wanted,
    measured: amount,
    billed: amount,
  })
}
