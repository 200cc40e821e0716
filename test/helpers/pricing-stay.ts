import { zoneNamed } from '../../src/sandbox/zone.ts'

/**
 * A stay at a charge point and a tariff as a charge point operator knows them, in whole numbers, and the charging periods
 * that it has to cut (OCPI 2.2.1, mod_cdrs, ChargingPeriod: a new one whenever a price may change). Time is counted in
 * ticks of 9 seconds, so that hours have at most four decimals. None of it is shared with what it checks.
 */
export type Stay = { startMs: number; zone: string; phases: Phase[] }

/** `kw` and `amps` are tenths, the same over the whole phase; null: not measured. Only charging draws energy. */
export type Phase = {
  kind: 'reserved' | 'charging' | 'parking'
  ticks: number
  wh: number
  kw: number | null
  amps: number | null
}

export type Kind = 'ENERGY' | 'TIME' | 'PARKING_TIME' | 'FLAT'

/** `price` in ten-thousandths of the currency, `vat` in tenths of a percent, `step` in Wh or seconds. */
export type OwnComponent = { kind: Kind; price: number; vat: number | null; step: number }

/** Minutes of the day, days as texts, Wh, seconds, tenths of kW and of A. */
export type When = {
  from?: number | undefined
  to?: number | undefined
  days?: number[] | undefined
  startDate?: string | undefined
  endDate?: string | undefined
  minWh?: number | undefined
  maxWh?: number | undefined
  minSeconds?: number | undefined
  maxSeconds?: number | undefined
  minKw?: number | undefined
  maxKw?: number | undefined
  minAmps?: number | undefined
  maxAmps?: number | undefined
}

export type OwnElement = { components: OwnComponent[]; when: When; isReservation: boolean }

/** Ten-thousandths of the currency; null: not stated. */
export type OwnLimit = { excl: number | null; incl: number | null }

export type OwnTariff = {
  elements: OwnElement[]
  taxes: 'NO' | 'YES' | 'N/A' | null
  min: OwnLimit | null
  max: OwnLimit | null
}

/** A part of the stay in which no price changes; `at` and `to` in ticks, energies in Wh. */
export type Slice = { phase: Phase; at: number; to: number; whBefore: number; wh: number }

export const TICK_MS = 9_000
const QUARTER_MS = 900_000
export const WEEKDAYS = [
  'SUNDAY',
  'MONDAY',
  'TUESDAY',
  'WEDNESDAY',
  'THURSDAY',
  'FRIDAY',
  'SATURDAY',
]
const KINDS: readonly Kind[] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT']

/** The component of a kind that applies from the start of a slice on: the first element that matches and has it. */
export function pick(
  tariff: OwnTariff,
  { stay, slice, kind }: { stay: Stay; slice: Slice; kind: Kind },
): OwnComponent | undefined {
  const isReservation = slice.phase.kind === 'reserved'
  for (const element of tariff.elements) {
    if (element.isReservation !== isReservation || !applies(element.when, { stay, slice })) continue
    const found = element.components.find((component) => component.kind === kind)
    if (found) return found
  }
  return undefined
}

function applies(when: When, { stay, slice }: { stay: Stay; slice: Slice }): boolean {
  const { date, minuteOfDay, weekday } = zoneNamed(stay.zone).local(
    stay.startMs + slice.at * TICK_MS,
  )
  if (when.startDate !== undefined && date < when.startDate) return false
  if (when.endDate !== undefined && date >= when.endDate) return false
  if (when.days && !when.days.some((day) => WEEKDAYS[day] === weekday)) return false
  return (
    isInWindow(when, minuteOfDay) &&
    isWithin(slice.whBefore, { min: when.minWh, max: when.maxWh }) &&
    isWithin((slice.at * TICK_MS) / 1000, { min: when.minSeconds, max: when.maxSeconds }) &&
    isWithin(slice.phase.kw, { min: when.minKw, max: when.maxKw }) &&
    isWithin(slice.phase.amps, { min: when.minAmps, max: when.maxAmps })
  )
}

type Range = { min: number | undefined; max: number | undefined }

function isWithin(value: number | null, { min, max }: Range): boolean {
  if (min === undefined && max === undefined) return true
  if (value === null) return false
  return (min === undefined || value >= min) && (max === undefined || value < max)
}

function isInWindow({ from, to }: When, minute: number): boolean {
  if (from === undefined || to === undefined)
    return (from === undefined || minute >= from) && (!to || minute < to)
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

/** The stay cut wherever the tariff may change its price; neighbours that are priced alike are one again if `merge`. */
export function slicesOf(tariff: OwnTariff, stay: Stay, merge: boolean): Slice[] {
  const clock = clockCuts(tariff, stay)
  const slices: Slice[] = []
  let at = 0
  let wh = 0
  for (const phase of stay.phases) {
    const phaseAt = at
    const before = wh
    const reached = (tick: number): number =>
      before + Math.floor((phase.wh * (tick - phaseAt)) / Math.max(phase.ticks, 1))
    const end = phaseAt + phase.ticks
    const cuts = clock.filter((tick) => tick > phaseAt && tick < end)
    const bounds = cuts.map((tick) => ({ tick, wh: reached(tick) }))
    for (const edge of energyEdges(tariff)) {
      if (edge <= before || edge >= before + phase.wh) continue
      let tick = phaseAt
      while (reached(tick) < edge) tick += 1
      bounds.push({ tick, wh: edge })
    }
    bounds.push({ tick: end, wh: before + phase.wh })
    bounds.sort((a, b) => a.tick - b.tick || a.wh - b.wh)
    for (const bound of bounds) {
      if (bound.tick > at || bound.wh > wh)
        slices.push({ phase, at, to: bound.tick, whBefore: wh, wh: bound.wh - wh })
      at = bound.tick
      wh = bound.wh
    }
  }
  return merge ? merged(tariff, { stay, slices }) : slices
}

/** Ticks at which the clock or the duration may change a price: a walk in quarters of an hour, and every limit. */
function clockCuts(tariff: OwnTariff, stay: Stay): number[] {
  const zone = zoneNamed(stay.zone)
  const minutes = new Set<number>([0])
  const ticks = new Set<number>()
  for (const { when } of tariff.elements) {
    for (const minute of [when.from, when.to]) if (minute !== undefined) minutes.add(minute % 1440)
    for (const second of [when.minSeconds, when.maxSeconds])
      if (second !== undefined) ticks.add((second * 1000) / TICK_MS)
  }
  const length = stay.phases.reduce((sum, phase) => sum + phase.ticks, 0)
  const endMs = stay.startMs + length * TICK_MS
  const first = Math.ceil(stay.startMs / QUARTER_MS) * QUARTER_MS
  for (let ms = first; ms < endMs; ms += QUARTER_MS) {
    const offset = zone.offsetMinutes(ms)
    const minute = (((ms / 60_000 + offset) % 1440) + 1440) % 1440
    if (minutes.has(minute) || zone.offsetMinutes(ms - QUARTER_MS) !== offset)
      ticks.add((ms - stay.startMs) / TICK_MS)
  }
  return [...ticks].sort((a, b) => a - b)
}

function energyEdges(tariff: OwnTariff): number[] {
  const edges = tariff.elements.flatMap(({ when }) => [when.minWh, when.maxWh])
  return [...new Set(edges.filter((edge) => edge !== undefined))]
}

function merged(
  tariff: OwnTariff,
  { stay, slices }: { stay: Stay; slices: readonly Slice[] },
): Slice[] {
  const found: Slice[] = []
  for (const slice of slices) {
    const last = found.at(-1)
    const isSame =
      last?.phase === slice.phase &&
      KINDS.every(
        (kind) => pick(tariff, { stay, slice: last, kind }) === pick(tariff, { stay, slice, kind }),
      )
    if (last && isSame) found[found.length - 1] = { ...last, to: slice.to, wh: last.wh + slice.wh }
    else found.push(slice)
  }
  return found
}
