import { assert } from '../assert.ts'
import { halfEven } from './decimals.ts'
import type { Component, ComponentKind, Element, StepTariff } from './tariff.ts'
import type { Zone } from './zone.ts'

/**
 * What a session should cost, by the most naive way there is: walk through it minute by minute, look at each
 * step which price applies, and start a new charging period where that changes. It is the sandbox's own
 * opinion and shares nothing with the hub's engine.
 */
export type Stay = {
  startMs: number
  endMs: number
  /** µkWh drawn evenly over the first `chargeSeconds`; what follows is parking. */
  energy: number
  chargeSeconds: number
}

/** Micro-units, rounded to four decimals; gross is undefined when a price names no VAT. */
export type Amount = { net: bigint; gross: bigint | undefined }

/** Offsets in seconds from the session's start, energy in µkWh. */
type StepPeriod = {
  from: number
  to: number
  energy: number
  isCharging: boolean
  picks: Partial<Record<ComponentKind, Component>>
}

export type StepResult = {
  periods: StepPeriod[]
  energy: Amount
  time: Amount
  parking: Amount
  fixed: Amount
  total: Amount
  /** Whether every kWh found a price. */
  hasEnergyPrice: boolean
}

/** Prices one session. Start and end are whole seconds apart. */
export function stepSession(tariff: StepTariff, stay: Stay, zone: Zone): StepResult {
  const periods = merged(slices(tariff, stay, zone))
  const energy = priced(periods, 'ENERGY', tariff.hasVat)
  const parkingIsPriced = periods.some((one) => one.picks.PARKING_TIME !== undefined)
  const time = priced(periods, 'TIME', tariff.hasVat, !parkingIsPriced)
  const parking = priced(periods, 'PARKING_TIME', tariff.hasVat)
  const fixed = flat(periods, tariff.hasVat)
  return {
    periods,
    energy,
    time,
    parking,
    fixed,
    total: [energy, time, parking, fixed].reduce(sum),
    hasEnergyPrice: periods.every((one) => one.energy === 0 || one.picks.ENERGY !== undefined),
  }
}

function sum(a: Amount, b: Amount): Amount {
  const gross = a.gross === undefined || b.gross === undefined ? undefined : a.gross + b.gross
  return { net: a.net + b.net, gross }
}

/** The session cut wherever this tariff could change its price, each slice with the prices at its start. */
function slices(tariff: StepTariff, stay: Stay, zone: Zone): StepPeriod[] {
  const seconds = Math.round((stay.endMs - stay.startMs) / 1000)
  assert(seconds > 0 && stay.chargeSeconds <= seconds, 'a session ends after it starts')
  const known = cuts(tariff, stay, zone)
  const at = [...known.keys()].sort((a, b) => a - b)
  const found: StepPeriod[] = []
  for (const [index, from] of at.entries()) {
    const to = at[index + 1]
    if (to === undefined) break
    const before = known.get(from) ?? energyAt(stay, from)
    const energy = (known.get(to) ?? energyAt(stay, to)) - before
    const isCharging = from < stay.chargeSeconds
    const local = zone.local(stay.startMs + from * 1000)
    const applying = tariff.elements.filter(({ restrictions: r }) => {
      if (from < r.seconds.from || from >= r.seconds.to) return false
      if (before < r.energy.from || before >= r.energy.to) return false
      if (local.date < r.dates.from || local.date >= r.dates.to) return false
      if (r.weekdays && !r.weekdays.has(local.weekday)) return false
      return inWindow(r.minutes, local.minuteOfDay)
    })
    found.push({ from, to, energy, isCharging, picks: picksOf(applying, { isCharging, energy }) })
  }
  return found
}

/** Second → energy so far, for every second at which a slice begins or ends. */
function cuts(tariff: StepTariff, stay: Stay, zone: Zone): Map<number, number | undefined> {
  const seconds = Math.round((stay.endMs - stay.startMs) / 1000)
  const at = new Map<number, number | undefined>([
    [0, undefined],
    [stay.chargeSeconds, undefined],
    [seconds, undefined],
  ])
  for (const edge of tariff.secondEdges) if (edge < seconds) at.set(edge, undefined)
  if (tariff.hasClock) {
    const firstMinute = Math.ceil(stay.startMs / 60_000) * 60_000
    for (let ms = firstMinute; ms < stay.endMs; ms += 60_000) {
      const wall = Math.floor(ms / 60_000) + zone.offsetMinutes(ms)
      const moved = zone.offsetMinutes(ms) !== zone.offsetMinutes(ms - 60_000)
      if (moved || tariff.minuteEdges.has(((wall % 1440) + 1440) % 1440)) {
        at.set(Math.round((ms - stay.startMs) / 1000), undefined)
      }
    }
  }
  for (const edge of tariff.energyEdges) {
    if (edge >= stay.energy) continue
    const second = Math.round((edge / stay.energy) * stay.chargeSeconds)
    at.set(Math.min(Math.max(second, 1), stay.chargeSeconds - 1), edge)
  }
  return at
}

function energyAt(stay: Stay, second: number): number {
  if (second >= stay.chargeSeconds) return stay.energy
  return Math.round((stay.energy * second) / stay.chargeSeconds)
}

function inWindow(window: { from: number; to: number } | undefined, minute: number): boolean {
  if (!window) return true
  const { from, to } = window
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** Per kind the first element, in order, that applies and has it (OCPI 2.2.1, Tariffs: TariffElement). */
function picksOf(applying: Element[], slice: { isCharging: boolean; energy: number }) {
  const first = (kind: ComponentKind) => {
    for (const element of applying) {
      const component = element.components.find((one) => one.kind === kind)
      if (component) return component
    }
    return undefined
  }
  const picks: StepPeriod['picks'] = {}
  const wanted: ComponentKind[] = slice.isCharging ? ['TIME', 'FLAT'] : ['PARKING_TIME', 'FLAT']
  if (slice.energy > 0) wanted.push('ENERGY')
  for (const kind of wanted) {
    const component = first(kind)
    if (component) picks[kind] = component
  }
  return picks
}

/** Neighbours with the same prices are one charging period. */
function merged(all: StepPeriod[]): StepPeriod[] {
  const found: StepPeriod[] = []
  for (const slice of all) {
    const last = found.at(-1)
    if (last && isSame(last, slice)) {
      last.to = slice.to
      last.energy += slice.energy
    } else {
      found.push({ ...slice })
    }
  }
  return found
}

function isSame(a: StepPeriod, b: StepPeriod): boolean {
  const kinds: ComponentKind[] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT']
  return a.isCharging === b.isCharging && kinds.every((kind) => a.picks[kind] === b.picks[kind])
}

/**
 * One dimension: quantity × price, the total rounded up once to the step of the last price used, the rest
 * billed at that price. TIME is not stepped when parking is priced (OCPI 2.2.1, CDRs: step_size).
 */
function priced(
  periods: StepPeriod[],
  kind: 'ENERGY' | 'TIME' | 'PARKING_TIME',
  hasVat: boolean,
  isStepped = true,
): Amount {
  let measured = 0n
  let net = 0n
  let gross = 0n
  let last: Component | undefined
  const bill = (component: Component, quantity: bigint) => {
    const cost = quantity * component.price
    net += cost
    gross += cost * (100_000_000n + (component.vat ?? 0n))
  }
  for (const period of periods) {
    const component = period.picks[kind]
    if (!component) continue
    // Energy in µkWh, time in seconds; the price is in 10^-12 per kWh or hour.
    const quantity = BigInt(kind === 'ENERGY' ? period.energy : period.to - period.from)
    measured += quantity
    last = component
    bill(component, quantity)
  }
  if (last && isStepped && last.step > 0) {
    const step = BigInt(last.step) * (kind === 'ENERGY' ? 1000n : 1n)
    bill(last, ((measured + step - 1n) / step) * step - measured)
  }
  const unit = kind === 'ENERGY' ? 10n ** 14n : 3_600n * 10n ** 8n
  return amount({ net, gross, unit, hasVat })
}

function flat(periods: StepPeriod[], hasVat: boolean): Amount {
  const component = periods.find((one) => one.picks.FLAT !== undefined)?.picks.FLAT
  const net = component?.price ?? 0n
  const gross = net * (100_000_000n + (component?.vat ?? 0n))
  return amount({ net, gross, unit: 10n ** 8n, hasVat })
}

/** `unit` is how many of the raw cost make one ten-thousandth of the currency. */
function amount(raw: { net: bigint; gross: bigint; unit: bigint; hasVat: boolean }): Amount {
  const gross = halfEven(raw.gross, raw.unit * 100_000_000n) * 100n
  return { net: halfEven(raw.net, raw.unit) * 100n, gross: raw.hasVat ? gross : undefined }
}
