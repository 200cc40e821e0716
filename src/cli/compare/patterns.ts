import { limits } from '../../../config/limits.ts'
import type { Difference, Tolerances } from './differences.ts'
import { isWithin } from './differences.ts'
import type { Row } from './side.ts'

/** Two rows that are one session, with what they disagree about. */
export type Pair = { ours: Row; theirs: Row; differences: readonly Difference[] }

/** What many rows have in common: said once, instead of row by row. `rows`: how many it is about. */
export type Pattern = {
  kind: 'bias' | 'rate' | 'time zone' | 'tax' | 'energy price'
  rows: number
  sentence: string
  difference: bigint | null
  currency: string | null
}

/** Of this share of rows or more a tendency is one. */
const SHARE_MIN = 0.9
/** What adds up to less is not worth a word: 5.00 of a currency, or 5 kWh. */
const SUM_MIN = 5_000_000n

/**
 * What many pairs have in common: differences below the tolerance that always lean the same way (always +0.4 %), prices
 * that differ by one factor, clocks that are off by the same hours. Amounts as micro-units and mWh in `show`.
 */
export function patternsOf(
  pairs: readonly Pair[],
  { tolerances, show }: { tolerances: Tolerances; show: Show },
): Pattern[] {
  const currencies = [...new Set(pairs.map(({ ours }) => ours.record.currency))]
  return [
    ...currencies.flatMap((currency) => {
      const own = pairs.filter(({ ours }) => ours.record.currency === currency)
      return moneyBias(own, { currency, tolerances, show })
    }),
    ...energyBias(pairs, { tolerances, show }),
    ...sameReason(pairs, 'tax', /^looks like tax/),
    ...sameReason(pairs, 'energy price', /^follows from the energy/),
    ...oneRate(pairs),
    ...zones(pairs),
  ]
}

type Show = { money(micros: bigint, currency: string | null): string; energy(mwh: bigint): string }
type How = { tolerances: Tolerances; show: Show }

function moneyBias(
  pairs: readonly Pair[],
  { currency, tolerances, show }: How & { currency: string | null },
): Pattern[] {
  const values = pairs.flatMap(({ ours, theirs }) => {
    const [a, b] = [ours.record.moneyMicros, theirs.record.moneyMicros]
    if (a === null || b === null || theirs.record.currency !== currency) return []
    return isWithin(b - a, [a, b], tolerances.cost) ? [{ a, b }] : []
  })
  const lean = leaning(values)
  if (lean === null) return []
  const { rows, sum, percent } = lean
  const sentence = `In ${rows} of ${values.length} sessions that differ by less than the tolerance theirs is ${sum > 0n ? 'higher' : 'lower'}, by ${percent} on the whole: ${show.money(sum, currency)} together.`
  return [{ kind: 'bias', rows, sentence, difference: sum, currency }]
}

function energyBias(pairs: readonly Pair[], { tolerances, show }: How): Pattern[] {
  const values = pairs.flatMap(({ ours, theirs }) => {
    const [a, b] = [ours.record.energyMwh, theirs.record.energyMwh]
    if (a === null || b === null) return []
    return isWithin(b - a, [a, b], tolerances.energy) ? [{ a, b }] : []
  })
  const lean = leaning(values)
  if (lean === null) return []
  const { rows, sum, percent } = lean
  const sentence = `In ${rows} of ${values.length} sessions whose energies differ by less than the tolerance theirs is ${sum > 0n ? 'higher' : 'lower'}, by ${percent} on the whole: ${show.energy(sum)} together.`
  return [{ kind: 'bias', rows, sentence, difference: sum, currency: null }]
}

/** Null where small differences go both ways, are few, or come to nothing. */
function leaning(
  values: readonly { a: bigint; b: bigint }[],
): { rows: number; sum: bigint; percent: string } | null {
  let [sum, base, up, down] = [0n, 0n, 0, 0]
  for (const { a, b } of values) {
    sum += b - a
    base += a
    if (b > a) up += 1
    if (b < a) down += 1
  }
  const [rows, moved] = [Math.max(up, down), up + down]
  const isMany = rows >= limits.comparePatternRowsMin && moved >= values.length / 2
  const isOneWay = moved > 0 && rows / moved >= SHARE_MIN && sum > 0n === up > down
  if (!isMany || !isOneWay || (sum < 0n ? -sum : sum) < SUM_MIN || base === 0n) return null
  return { rows, sum, percent: percentText(Number(sum) / Number(base)) }
}

function sameReason(
  pairs: readonly Pair[],
  kind: 'tax' | 'energy price',
  reason: RegExp,
): Pattern[] {
  const counts = new Map<string, number>()
  for (const { differences } of pairs)
    for (const { why } of differences)
      if (why !== null && reason.test(why)) counts.set(why, (counts.get(why) ?? 0) + 1)
  return [...counts]
    .filter(([, rows]) => rows >= limits.comparePatternRowsMin)
    .map(([why, rows]) => ({
      kind,
      rows,
      sentence: `In ${rows} sessions the difference of the price ${why}.`,
      difference: null,
      currency: null,
    }))
}

/** Prices beyond the tolerance that all differ by one factor: another price per kWh, a fee in percent. */
function oneRate(pairs: readonly Pair[]): Pattern[] {
  const ratios = pairs.flatMap(({ differences }) =>
    differences.flatMap(({ kind, why, ours, theirs }) =>
      kind === 'price' &&
      why === null &&
      typeof ours === 'bigint' &&
      typeof theirs === 'bigint' &&
      ours > 0n
        ? [Number(theirs) / Number(ours)]
        : [],
    ),
  )
  const middle = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 1
  const rows = ratios.filter((each) => Math.abs(each / middle - 1) <= 0.005).length
  if (rows < limits.comparePatternRowsMin || rows / ratios.length < 0.5) return []
  const sentence = `In ${rows} of ${ratios.length} sessions whose prices differ theirs is ${percentText(middle - 1)} ${middle > 1 ? 'more' : 'less'} than ours: one price or fee that differs, not many mistakes.`
  return [{ kind: 'rate', rows, sentence, difference: null, currency: null }]
}

function zones(pairs: readonly Pair[]): Pattern[] {
  const counts = new Map<number, number>()
  for (const { differences } of pairs)
    for (const { kind, difference } of differences) {
      if (kind !== 'time zone' || difference === null) continue
      const hours = Math.round(Number(difference) / 1_800_000) / 2
      counts.set(hours, (counts.get(hours) ?? 0) + 1)
    }
  const rows = [...counts.values()].reduce((sum, each) => sum + each, 0)
  if (rows < limits.comparePatternRowsMin) return []
  const shifts = [...counts].toSorted(([a], [b]) => a - b)
  const told = shifts
    .map(
      ([hours, many]) =>
        `${Math.abs(hours)} h ${hours > 0 ? 'ahead' : 'behind'} in ${many} sessions`,
    )
    .join(', ')
  const isSummer =
    shifts.length === 2 && Math.abs((shifts[0]?.[0] ?? 0) - (shifts[1]?.[0] ?? 0)) === 1
  const why = isSummer
    ? 'local time with summer time was written as UTC'
    : 'a time zone was left out or taken for another'
  return [
    {
      kind: 'time zone',
      rows,
      sentence: `Their clock is ${told}: ${why}. Give the zone with --ours-zone or --theirs-zone.`,
      difference: null,
      currency: null,
    },
  ]
}

function percentText(share: number): string {
  return `${Math.abs(share * 100).toFixed(2)} %`
}
