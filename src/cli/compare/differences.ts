import { contradicts } from './same-id.ts'
import type { Row } from './side.ts'

/** What two rows of one session disagree about. */
export type DifferenceKind =
  'energy' | 'time zone' | 'time' | 'price' | 'currency' | 'card' | 'place'

/**
 * One disagreement. Energy in mWh, money in micro-units, times in milliseconds; `difference` = theirs − ours; null where
 * there is nothing to subtract. `why`: what explains it, in words.
 */
export type Difference = {
  kind: DifferenceKind
  ours: bigint | string | null
  theirs: bigint | string | null
  difference: bigint | null
  why: string | null
}

/** The larger of an absolute and a relative bound; `relative` in millionths. */
export type Bound = { absolute: bigint; relative: bigint }

export type Tolerances = { cost: Bound; energy: Bound; timeMs: number }

/** Settlement practice: 0.02 or 0.5 %, 0.05 kWh or 0.5 %, 90 s. */
export const DEFAULT_TOLERANCES: Tolerances = {
  cost: { absolute: 20_000n, relative: 5_000n },
  energy: { absolute: 50_000n, relative: 5_000n },
  timeMs: 90_000,
}

/** Rates of tax on charging that stand in for "with and without tax" when two amounts differ by just that. */
const TAX_RATES = [5, 6, 7, 8, 9, 10, 12, 13, 17, 18, 19, 20, 21, 22, 23, 24, 25, 25.5, 27]
const MILLION = 1_000_000n

/** Everything that two rows of one session disagree about beyond the tolerances. `shiftMinutes` as Match has it. */
export function differencesOf(
  ours: Row,
  theirs: Row,
  { tolerances, shiftMinutes }: { tolerances: Tolerances; shiftMinutes: number },
): Difference[] {
  const [a, b] = [ours.record, theirs.record]
  return [
    ...energyDifference(ours, theirs, tolerances),
    ...timeDifferences(ours, theirs, { tolerances, shiftMinutes }),
    ...priceDifference(ours, theirs, tolerances),
    ...(contradicts(a.tokenUid, b.tokenUid) && !isSameContract(ours, theirs)
      ? [differing('card', a.tokenUid, b.tokenUid)]
      : []),
    ...(contradicts(a.evse, b.evse) ? [differing('place', a.evse, b.evse)] : []),
  ]
}

/** True when a difference is not beyond its bound. */
export function isWithin(difference: bigint, of: readonly [bigint, bigint], bound: Bound): boolean {
  const larger = [size(of[0]), size(of[1])].reduce((most, each) => (each > most ? each : most))
  const relative = (larger * bound.relative) / MILLION
  return size(difference) <= (relative > bound.absolute ? relative : bound.absolute)
}

function energyDifference(ours: Row, theirs: Row, { energy, timeMs }: Tolerances): Difference[] {
  const [a, b] = [ours.record.energyMwh, theirs.record.energyMwh]
  if (a === null || b === null || isWithin(b - a, [a, b], energy)) return []
  const why =
    a !== 0n && (b === a * 1_000n || a === b * 1_000n)
      ? 'one side writes Wh, the other kWh'
      : b === 0n || a === 0n
        ? 'one side says nothing was charged'
        : timesApart(ours, theirs, timeMs)
          ? 'the times differ too'
          : null
  return [{ kind: 'energy', ours: a, theirs: b, difference: b - a, why }]
}

/** True when both sides tell how long it lasted, and it is not the same. */
function timesApart(ours: Row, theirs: Row, timeMs: number): boolean {
  const [a, b] = [ours.record, theirs.record]
  if (a.start === null || b.start === null || a.end === null || b.end === null) return false
  return Math.abs(b.end - b.start - (a.end - a.start)) > timeMs
}

function timeDifferences(
  ours: Row,
  theirs: Row,
  { tolerances, shiftMinutes }: { tolerances: Tolerances; shiftMinutes: number },
): Difference[] {
  const [a, b] = [ours.record, theirs.record]
  if (a.start === null || b.start === null) return []
  const difference = b.start - a.start
  if (shiftMinutes !== 0) return [ofTime('time zone', a.start, b.start, shiftWords(shiftMinutes))]
  const isStartOff = Math.abs(difference) > tolerances.timeMs
  const isEndOff = a.end !== null && b.end !== null && Math.abs(b.end - a.end) > tolerances.timeMs
  if (!isStartOff && !isEndOff) return []
  if (isStartOff) return [ofTime('time', a.start, b.start, isEndOff ? null : 'the ends agree')]
  return a.end === null || b.end === null
    ? []
    : [ofTime('time', a.end, b.end, 'the starts agree, the ends do not')]
}

function ofTime(kind: 'time' | 'time zone', a: number, b: number, why: string | null): Difference {
  return { kind, ours: BigInt(a), theirs: BigInt(b), difference: BigInt(b - a), why }
}

function shiftWords(minutes: number): string {
  const hours = Math.abs(minutes) / 60
  const length = `${hours} ${hours === 1 ? 'hour' : 'hours'}`
  return `theirs is ${length} ${minutes > 0 ? 'ahead' : 'behind'}: local time and UTC taken for each other`
}

function priceDifference(ours: Row, theirs: Row, tolerances: Tolerances): Difference[] {
  const [a, b] = [ours.record, theirs.record]
  if (contradicts(a.currency, b.currency)) {
    const why = 'the sides name different currencies: the amounts are not compared'
    return [{ ...differing('currency', a.currency, b.currency), why }]
  }
  if (a.moneyMicros === null || b.moneyMicros === null) return []
  const [one, other] = [a.moneyMicros, b.moneyMicros]
  if (isWithin(other - one, [one, other], tolerances.cost)) return []
  const why = priceReason(ours, theirs, { one, other, tolerances })
  return [{ kind: 'price', ours: one, theirs: other, difference: other - one, why }]
}

function priceReason(
  ours: Row,
  theirs: Row,
  { one, other, tolerances }: { one: bigint; other: bigint; tolerances: Tolerances },
): string | null {
  if (one === 0n || other === 0n) return 'one side charges nothing'
  if (one === -other) return 'the sign is turned: a credit and a claim'
  const [kwh, theirKwh] = [ours.record.energyMwh, theirs.record.energyMwh]
  if (kwh !== null && theirKwh !== null && kwh > 0n && theirKwh > 0n) {
    const isEnergyOff = !isWithin(theirKwh - kwh, [kwh, theirKwh], tolerances.energy)
    const scaled = (one * theirKwh) / kwh
    if (isEnergyOff && isWithin(other - scaled, [other, scaled], tolerances.cost))
      return 'follows from the energy: the price per kWh is the same'
  }
  if (saysBoth(ours) && saysBoth(theirs)) return null
  const rate = TAX_RATES.find((each) => isTax({ one, other, rate: each }))
  if (rate === undefined) return null
  return `looks like tax of ${rate} %: ${other > one ? 'theirs' : 'ours'} is with it, the other without`
}

/** Net and gross cannot be taken for each other where each side says both. */
function saysBoth({ net, gross }: Row): boolean {
  return net !== null && gross !== null
}

function isTax({ one, other, rate }: { one: bigint; other: bigint; rate: number }): boolean {
  const [less, more] = size(one) < size(other) ? [size(one), size(other)] : [size(other), size(one)]
  const taxed = (less * (1_000n + BigInt(Math.round(rate * 10)))) / 1_000n
  return size(taxed - more) <= 10_000n
}

function differing(kind: DifferenceKind, ours: string | null, theirs: string | null): Difference {
  return { kind, ours, theirs, difference: null, why: null }
}

function isSameContract(ours: Row, theirs: Row): boolean {
  const { contract } = ours.record
  return contract !== null && contract === theirs.record.contract
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value
}
