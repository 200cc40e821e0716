import type { MatchRecord } from './types.ts'

/** What each agreement is worth; together 1. */
const WEIGHTS = {
  token: 0.35,
  evse: 0.25,
  start: 0.15,
  end: 0.1,
  energy: 0.1,
  money: 0.05,
} as const

/** The same location without the same EVSE on both sides is worth this much of the EVSE's weight. */
const LOCATION_SHARE = 0.6

/** Of this score or more a pair may be confirmed. */
export const ACCEPT = 0.85
/** Of this score or more a pair is worth showing. */
export const SUGGEST = 0.6
/** A pair is confirmed when every other way of pairing is worse by this much. */
export const MARGIN = 0.15
/** Sums of weights are compared with this in hand: 0.1 + 0.2 is not 0.3. */
export const EPSILON = 1e-9

const SHIFT_STEP_MS = 1_800_000
/** 14 hours: what local time is written as UTC is off by at most. */
const SHIFT_STEPS_MAX = 28
const SHIFT_SLACK_MS = 90_000

const TIME_SCALE_MS = 600_000
const ENERGY_SCALE = { absolute: 500_000, relative: 0.05 } as const
const MONEY_SCALE = { absolute: 200_000, relative: 0.05 } as const

/** True where two records may be about the same claim: of the same partners, and both credits or neither. */
export function mayMatch(a: MatchRecord, b: MatchRecord): boolean {
  return isCompatible(a.cpo, b.cpo) && isCompatible(a.emsp, b.emsp) && a.isCredit === b.isCredit
}

/** True where both name the same card: by its uid or by its contract. */
export function hasSameToken(a: MatchRecord, b: MatchRecord): boolean {
  return isSame(a.tokenUid, b.tokenUid) || isSame(a.contract, b.contract)
}

export function hasSameEvse(a: MatchRecord, b: MatchRecord): boolean {
  return isSame(a.evse, b.evse)
}

/** True where both name the same location, and not two different EVSEs of it. */
export function hasSamePlace(a: MatchRecord, b: MatchRecord): boolean {
  return isSame(a.location, b.location) && isCompatible(a.evse, b.evse)
}

/**
 * How well two records fit, 0 to 1: Σ weight × exp(−(Δ/scale)²). Token and place count whether or not both sides say
 * them; the other weights only where both do. `shiftMs` is taken off the times of `b`. Symmetric for shift 0.
 */
export function scoreOf(a: MatchRecord, b: MatchRecord, shiftMs = 0): number {
  const known: [weight: number, fit: number][] = [
    [WEIGHTS.token, hasSameToken(a, b) ? 1 : 0],
    [WEIGHTS.evse, placeFit(a, b)],
  ]
  if (a.start !== null && b.start !== null)
    known.push([WEIGHTS.start, bell(a.start - b.start + shiftMs, TIME_SCALE_MS)])
  if (a.end !== null && b.end !== null)
    known.push([WEIGHTS.end, bell(a.end - b.end + shiftMs, TIME_SCALE_MS)])
  if (a.energyMwh !== null && b.energyMwh !== null)
    known.push([WEIGHTS.energy, amountFit(a.energyMwh, b.energyMwh, ENERGY_SCALE)])
  if (a.moneyMicros !== null && b.moneyMicros !== null) {
    const fits = isCompatible(a.currency, b.currency)
    known.push([WEIGHTS.money, fits ? amountFit(a.moneyMicros, b.moneyMicros, MONEY_SCALE) : 0])
  }
  let reached = 0
  let possible = 0
  for (const [weight, fit] of known) {
    reached += weight * fit
    possible += weight
  }
  return reached / possible
}

/** Of the longer one, how much both have in common: 0 to 1. Null where a time is missing. */
export function overlapShare(a: MatchRecord, b: MatchRecord): number | null {
  if (a.start === null || a.end === null || b.start === null || b.end === null) return null
  const longer = Math.max(a.end - a.start, b.end - b.start)
  const common = Math.min(a.end, b.end) - Math.max(a.start, b.start)
  if (longer <= 0) return common === 0 ? 1 : 0
  return Math.max(0, common / longer)
}

/** True where the energies agree within what two meters may tell apart: the larger of 0.05 kWh and 0.5 %. */
export function hasSameEnergy(a: bigint, b: bigint): boolean {
  const difference = size(a - b)
  return difference <= 50_000n || difference * 200n <= greater(size(a), size(b))
}

/**
 * How far the clock of `b` is ahead in whole half hours, where everything else says it is one session: start and end are
 * off by the same n × 30 minutes ± 90 s, and the energies agree. 0 where they are not; at most 14 hours.
 */
export function shiftMinutesOf(a: MatchRecord, b: MatchRecord): number {
  if (a.start === null || b.start === null || a.end === null || b.end === null) return 0
  if (a.energyMwh === null || b.energyMwh === null) return 0
  const ahead = b.start - a.start
  const steps = Math.round(ahead / SHIFT_STEP_MS)
  const isShift =
    Math.abs(steps) <= SHIFT_STEPS_MAX && Math.abs(ahead - steps * SHIFT_STEP_MS) <= SHIFT_SLACK_MS
  const isAsLong = Math.abs(b.end - a.end - ahead) <= SHIFT_SLACK_MS
  if (!isShift || !isAsLong || !hasSameEnergy(a.energyMwh, b.energyMwh)) return 0
  return steps === 0 ? 0 : steps * 30
}

function placeFit(a: MatchRecord, b: MatchRecord): number {
  if (hasSameEvse(a, b)) return 1
  return hasSamePlace(a, b) ? LOCATION_SHARE : 0
}

function amountFit(a: bigint, b: bigint, scale: { absolute: number; relative: number }): number {
  const larger = Number(greater(size(a), size(b)))
  return bell(Number(a - b), Math.max(scale.absolute, larger * scale.relative))
}

function bell(difference: number, scale: number): number {
  return Math.exp(-((difference / scale) ** 2))
}

function isSame(a: string | null, b: string | null): boolean {
  return a !== null && a === b
}

function isCompatible(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
