import { decimal, fraction, order, over, plus, times, toText } from './fractions.ts'
import type { Fraction } from './fractions.ts'
import { TICK_MS, WEEKDAYS, pick, slicesOf } from './pricing-stay.ts'
import type { Kind, OwnComponent, OwnLimit, OwnTariff, Slice, Stay, When } from './pricing-stay.ts'

export type Cost = 'energy' | 'time' | 'parking' | 'reservation' | 'fixed'
type Both = { excl: Fraction; incl: Fraction }
type Line = { cost: Cost; component: OwnComponent; quantity: number }

/** What an operator charges for a stay: a CDR of OCPI 2.2.1 (or, with tax_included, 2.3.0) and the totals it claims. */
export type OperatorBill = {
  slices: Slice[]
  total: { excl: string; incl: string }
  costs: Record<Cost, { excl: string; incl: string }>
}

const PER_UNIT: Record<Cost, number> = {
  ...{ energy: 1000, time: 3600, parking: 3600, reservation: 3600, fixed: 1 },
}

/** Prices the slices as a careful operator would, by the book: OCPI 2.2.1, mod_tariffs. Decimal texts of 20 digits. */
export function operatorBill(
  tariff: OwnTariff,
  { stay, merge }: { stay: Stay; merge: boolean },
): OperatorBill {
  const slices = slicesOf(tariff, stay, merge)
  const lines = slices.flatMap((slice) => linesOf(tariff, { stay, slice }))
  const priced = withStep(oneFlatEach(lines))
  const sum = (kept: readonly Line[]): Both =>
    kept.map((line) => amount(line, tariff)).reduce(addBoth, { excl: NONE, incl: NONE })
  const cost = (name: Cost) => textOf(sum(priced.filter((line) => line.cost === name)))
  const costs = {
    energy: cost('energy'),
    time: cost('time'),
    parking: cost('parking'),
    reservation: cost('reservation'),
    fixed: cost('fixed'),
  }
  return { slices, costs, total: textOf(limited(sum(priced), tariff)) }
}

const NONE = fraction(0)

function linesOf(tariff: OwnTariff, { stay, slice }: { stay: Stay; slice: Slice }): Line[] {
  const seconds = ((slice.to - slice.at) * TICK_MS) / 1000
  const { kind } = slice.phase
  const wanted: { cost: Cost; kind: Kind; quantity: number }[] = [
    { cost: 'energy', kind: 'ENERGY', quantity: slice.wh },
    { cost: 'time', kind: 'TIME', quantity: kind === 'charging' ? seconds : 0 },
    { cost: 'reservation', kind: 'TIME', quantity: kind === 'reserved' ? seconds : 0 },
    { cost: 'parking', kind: 'PARKING_TIME', quantity: kind === 'parking' ? seconds : 0 },
    { cost: kind === 'reserved' ? 'reservation' : 'fixed', kind: 'FLAT', quantity: 1 },
  ]
  return wanted.flatMap(({ cost, kind: type, quantity }) => {
    const component = quantity === 0 ? undefined : pick(tariff, { stay, slice, kind: type })
    return component ? [{ cost, component, quantity }] : []
  })
}

/** One FLAT for the charging, one for the reservation (OCPI 2.2.1, the example with both). */
function oneFlatEach(lines: readonly Line[]): Line[] {
  const met = new Set<Cost>()
  return lines.filter(({ cost, component }) => {
    if (component.kind !== 'FLAT') return true
    const isFirst = !met.has(cost)
    met.add(cost)
    return isFirst
  })
}

/** Rounds up each dimension once, at the last price: parking if any is priced, else charging time (mod_cdrs, step_size). */
function withStep(lines: readonly Line[]): Line[] {
  const stepped = [...lines]
  const clock: Cost = lines.some(({ cost }) => cost === 'parking') ? 'parking' : 'time'
  for (const cost of ['energy', clock, 'reservation'] as const) {
    const isOf = (line: Line) => line.cost === cost && line.component.kind !== 'FLAT'
    const last = stepped.findLastIndex(isOf)
    const line = stepped[last]
    if (!line || line.component.step === 0) continue
    const total = stepped.filter(isOf).reduce((sum, { quantity }) => sum + quantity, 0)
    const billed = Math.ceil(total / line.component.step) * line.component.step
    stepped[last] = { ...line, quantity: line.quantity + billed - total }
  }
  return stepped
}

function amount({ cost, component, quantity }: Line, { taxes }: OwnTariff): Both {
  const unit = component.kind === 'FLAT' ? 1 : PER_UNIT[cost]
  const quoted = fraction(quantity * component.price, 10_000 * unit)
  const factor = fraction(1000 + (component.vat ?? 0), 1000)
  if (taxes === 'N/A' || component.vat === null) return { excl: quoted, incl: quoted }
  if (taxes === 'YES') return { excl: over(quoted, factor), incl: quoted }
  return { excl: quoted, incl: times(quoted, factor) }
}

function addBoth(a: Both, b: Both): Both {
  return { excl: plus(a.excl, b.excl), incl: plus(a.incl, b.incl) }
}

/** Minimum, then maximum, each on both sides; a limit on the net side alone takes the tax along in proportion. */
function limited(total: Both, { min, max }: OwnTariff): Both {
  const raised = min === null ? total : held(total, { limit: min, sign: 1 })
  if (max === null) return raised
  const lowered = held(raised, { limit: max, sign: -1 })
  const isCut = max.incl !== null && order(lowered.incl, raised.incl) < 0
  return isCut && order(lowered.incl, lowered.excl) < 0
    ? { excl: lowered.incl, incl: lowered.incl }
    : lowered
}

function held(total: Both, { limit, sign }: { limit: OwnLimit; sign: 1 | -1 }): Both {
  const bound = (value: Fraction, at: number | null): Fraction => {
    const edge = at === null ? value : fraction(at, 10_000)
    return order(value, edge) * sign < 0 ? edge : value
  }
  const excl = bound(total.excl, limit.excl)
  if (limit.incl !== null) return { excl, incl: bound(total.incl, limit.incl) }
  if (excl === total.excl) return total
  if (total.excl.n === 0n) return { excl, incl: excl }
  return { excl, incl: over(times(total.incl, excl), total.excl) }
}

function textOf({ excl, incl }: Both): { excl: string; incl: string } {
  return { excl: toText(excl), incl: toText(incl) }
}

const units = (value: number, per: number): string => toText(fraction(value, per), 6)

/** The tariff as OCPI JSON; numbers as decimal texts. */
export function tariffJson(tariff: OwnTariff, id = 'T'): Record<string, unknown> {
  const limit = (value: OwnLimit) => ({
    ...(value.excl === null ? {} : { excl_vat: units(value.excl, 10_000) }),
    ...(value.incl === null ? {} : { incl_vat: units(value.incl, 10_000) }),
  })
  return {
    id,
    currency: 'EUR',
    ...(tariff.taxes === null ? {} : { tax_included: tariff.taxes }),
    ...(tariff.min === null ? {} : { min_price: limit(tariff.min) }),
    ...(tariff.max === null ? {} : { max_price: limit(tariff.max) }),
    elements: tariff.elements.map(({ components, when, isReservation }) => ({
      price_components: components.map(({ kind, price, vat, step }) => ({
        type: kind,
        price: units(price, 10_000),
        ...(vat === null ? {} : { vat: units(vat, 10) }),
        step_size: step,
      })),
      ...restrictionsJson(when, isReservation),
    })),
  }
}

function restrictionsJson(when: When, isReservation: boolean): Record<string, unknown> {
  const number = (value: number | undefined, per: number) =>
    value === undefined ? undefined : units(value, per)
  const all = {
    start_time: clockText(when.from),
    end_time: clockText(when.to),
    start_date: when.startDate,
    end_date: when.endDate,
    day_of_week: when.days?.map((day) => WEEKDAYS[day]),
    min_kwh: number(when.minWh, 1000),
    max_kwh: number(when.maxWh, 1000),
    min_duration: when.minSeconds,
    max_duration: when.maxSeconds,
    min_power: number(when.minKw, 10),
    max_power: number(when.maxKw, 10),
    min_current: number(when.minAmps, 10),
    max_current: number(when.maxAmps, 10),
    reservation: isReservation ? 'RESERVATION' : undefined,
  }
  const stated = Object.entries(all).filter(([, value]) => value !== undefined)
  return stated.length === 0 ? {} : { restrictions: Object.fromEntries(stated) }
}

function clockText(minutes: number | undefined): string | undefined {
  if (minutes === undefined) return undefined
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** The CDR of a stay cut into these slices, without totals. */
export function cdrJson(stay: Stay, slices: readonly Slice[]): Record<string, unknown> {
  const time = (tick: number) => new Date(stay.startMs + tick * TICK_MS).toISOString()
  const end = stay.phases.reduce((sum, phase) => sum + phase.ticks, 0)
  return {
    start_date_time: time(0),
    end_date_time: time(end),
    currency: 'EUR',
    session_id: 'S-1',
    charging_periods: slices.map((slice) => ({
      start_date_time: time(slice.at),
      tariff_id: 'T',
      dimensions: dimensionsOf(slice),
    })),
  }
}

function dimensionsOf({ phase, at, to, wh }: Slice): { type: string; volume: string }[] {
  const hours = units((to - at) * TICK_MS, 3_600_000)
  const time = { reserved: 'RESERVATION_TIME', charging: 'TIME', parking: 'PARKING_TIME' } as const
  return [
    ...(phase.kind === 'charging' ? [{ type: 'ENERGY', volume: units(wh, 1000) }] : []),
    { type: time[phase.kind], volume: hours },
    ...(phase.kw === null ? [] : bothEnds('POWER', phase.kw)),
    ...(phase.amps === null ? [] : bothEnds('CURRENT', phase.amps)),
  ]
}

function bothEnds(name: string, tenths: number): { type: string; volume: string }[] {
  return ['MIN', 'MAX'].map((end) => ({ type: `${end}_${name}`, volume: units(tenths, 10) }))
}

/** What goes into a CDR of OCPI 2.2.1 as claimed, the amounts rounded to this many decimals, halves up. */
export function claimsOf(
  { total, costs }: OperatorBill,
  { stay, digits }: { stay: Stay; digits: number },
): Record<string, unknown> {
  const amount = (text: string) => {
    const { n, d } = decimal(text)
    const scale = 10n ** BigInt(digits)
    return toText({ n: (2n * n * scale + d) / (2n * d), d: scale })
  }
  const price = ({ excl, incl }: { excl: string; incl: string }) => ({
    excl_vat: amount(excl),
    incl_vat: amount(incl),
  })
  const hours = (kept: readonly { ticks: number }[]) =>
    units(kept.reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MS, 3_600_000)
  const wh = stay.phases.reduce((sum, phase) => sum + phase.wh, 0)
  return {
    total_cost: price(total),
    total_fixed_cost: price(costs.fixed),
    total_energy_cost: price(costs.energy),
    total_time_cost: price(costs.time),
    total_parking_cost: price(costs.parking),
    total_reservation_cost: price(costs.reservation),
    total_energy: units(wh, 1000),
    total_time: hours(stay.phases),
    total_parking_time: hours(stay.phases.filter((phase) => phase.kind === 'parking')),
  }
}
