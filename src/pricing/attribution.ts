import { limits } from '../../config/limits.ts'
import {
  attributionSentence,
  isQuantity,
  isToPrintedDigits,
  losesTotal,
  nothingFoundSentence,
  stateOf,
} from './attribution-items.ts'
import { peerReadings, policyReadings, roundingReadings } from './attribution-policies.ts'
import type { Reading, Situation } from './attribution-reading.ts'
import { sessionReadings } from './attribution-sessions.ts'
import { tariffReadings } from './attribution-tariffs.ts'
import { compareCdr } from './compare.ts'
import type { ComparedItem, Comparison, CostTolerance } from './comparison.ts'
import { minorDigits } from './figures.ts'
import { DEFAULT_POLICY } from './policy.ts'
import { priceCdr } from './price.ts'
import { isObject } from './reading.ts'
import type { Money, PricedBill, PricedCdr, PricingOptions } from './types.ts'

/** What was changed for a figure to come out: a policy key or another reading, e.g. step_size → period. */
export type Change = { readonly key: string; readonly value: string; readonly instead: string }

/**
 * An explanation of a claim that reproduces it exactly. `code` is stable: `<key>:<value>`, such as `step_size:period`,
 * `policy:ocpi-tariffs-0.6`, `time_zone:utc`, `vat:twice`; two of them joined by `+` for a pair. `total` is what the CDR
 * costs then, `items` the comparison with it, `explains` the items that differed before and match now, `remaining`
 * those that still differ.
 */
export type Attribution = {
  readonly code: string
  readonly changes: readonly Change[]
  readonly sentence: string
  readonly total: Money
  readonly explains: readonly string[]
  readonly remaining: readonly string[]
  readonly items: readonly ComparedItem[]
}

/**
 * `found`: the best first. `isComplete` false: the CDR is so large that not every explanation was tried. `sentence` says
 * the outcome in words, also when nothing was found.
 */
export type Attributions = {
  readonly found: readonly Attribution[]
  readonly tried: number
  readonly isComplete: boolean
  readonly sentence: string
}

export type AttributionInput = {
  readonly cdr: unknown
  readonly tariffs: readonly unknown[]
  readonly options: PricingOptions
  readonly tolerance?: CostTolerance | null
  /** The versions of the tariffs before and after those, where known. */
  readonly previousTariffs?: readonly unknown[]
  readonly nextTariffs?: readonly unknown[]
  /** Only readings with these keys or codes that give another total, one at a time; left out: all, and pairs of them. */
  readonly keys?: ReadonlySet<string>
}

/**
 * Why a claim differs: which single change of how a CDR is priced reproduces the claimed amounts exactly. Tries every
 * other value of every key of the policy in force, known implementations as a whole, other versions of the tariff, local
 * time, taxes, units and roundings; where no single one fits, pairs of those that change the total.
 *
 * Amounts are reproduced when they are equal, before and after taxes as far as both are claimed, at the digits of the
 * currency's minor unit, half up. What leaves fewer figures of the CDR unexplained, and what also meets the decimals
 * beyond these digits, comes first. When the totals agree and other figures do not, what explains some of those without
 * spoiling another is named. `options` are those of priceCdr. Pure; prices the CDR at most
 * `limits.attributionPricingsMax` times.
 */
export function attribute(input: AttributionInput): Attributions {
  const search = startSearch(input)
  const { verdict, code, reason } = search.before
  if (verdict === 'matches') return outcome([], { search, sentence: 'Nothing differs.' })
  if (code === 'credit' || code === 'nothing_claimed')
    return outcome([], { search, sentence: reason ?? '' })
  const tries = readingsOf(search, input).flatMap((reading) => tryReadings(search, [reading]) ?? [])
  const singles = tries.flatMap((each) => explain(search, each) ?? [])
  const isOpen = search.isTotalOpen && search.base.ok && input.keys === undefined
  const pairs = isOpen && !singles.some(reachesTotal) ? tryPairs(search, tries) : []
  const found = [...singles, ...pairs].toSorted(
    (a, b) =>
      a.attribution.remaining.length - b.attribution.remaining.length ||
      Number(b.isToPrinted) - Number(a.isToPrinted),
  )
  return outcome(
    found.map(({ attribution }) => attribution),
    { search, sentence: found[0]?.attribution.sentence ?? nothingFoundSentence(search) },
  )
}

type Search = {
  readonly situation: Situation
  readonly tolerance: CostTolerance | null
  readonly base: PricedCdr
  readonly before: Comparison
  readonly currency: string
  readonly isTotalOpen: boolean
  readonly pricingsMax: number
  /** Only what explains the total is wanted, so a reading that leaves it alone need not be compared. */
  readonly isForTotal: boolean
  tried: number
  isComplete: boolean
}
type Try = {
  readonly readings: readonly Reading[]
  readonly bill: PricedBill
  readonly after: Comparison
}
type Explained = { readonly attribution: Attribution; readonly isToPrinted: boolean }

function startSearch(input: AttributionInput): Search {
  const { cdr, tariffs, options, tolerance = null, keys } = input
  const base = priceCdr(cdr, tariffs, options)
  const before = compareCdr(cdr, base, { tolerance })
  const fields = isObject(cdr) ? cdr : {}
  const periods: unknown = fields['charging_periods']
  const count = Math.max(1, Array.isArray(periods) ? periods.length : 0)
  return {
    situation: { cdr, tariffs, options, finish: (bill) => bill },
    tolerance,
    base,
    before,
    currency: typeof fields['currency'] === 'string' ? fields['currency'] : '',
    isTotalOpen: !base.ok || stateOf(before, 'total_cost') === 'open',
    pricingsMax: Math.min(
      limits.attributionPricingsMax,
      Math.ceil(limits.attributionPeriodsMax / count),
    ),
    isForTotal: keys !== undefined,
    tried: 0,
    isComplete: true,
  }
}

/** The likeliest first, because of equally good explanations the first is told. */
function readingsOf(search: Search, input: AttributionInput): readonly Reading[] {
  const policy = input.options.policy ?? DEFAULT_POLICY
  const { previousTariffs = null, nextTariffs = null, keys } = input
  const all = [
    ...policyReadings(policy),
    ...tariffReadings({ previous: previousTariffs, next: nextTariffs }),
    ...sessionReadings(),
    ...roundingReadings(policy, minorDigits(search.currency)),
    ...peerReadings(policy),
  ]
  return keys === undefined
    ? all
    : all.filter(({ key, value }) => keys.has(key) || keys.has(`${key}:${value}`))
}

/** Null: with these the CDR cannot be priced, or the search is over. */
function tryReadings(search: Search, readings: readonly Reading[]): Try | null {
  const { situation, base, tolerance } = search
  if (search.tried >= search.pricingsMax) {
    if (readings.length === 1) search.isComplete = false
    return null
  }
  const next = readings.reduce((sum, reading) => reading.apply(sum), situation)
  const isRepriced =
    next.cdr !== situation.cdr ||
    next.tariffs !== situation.tariffs ||
    next.options !== situation.options
  if (isRepriced) search.tried += 1
  const priced = isRepriced ? priceCdr(next.cdr, next.tariffs, next.options) : base
  const bill = priced.ok ? next.finish(priced) : null
  if (bill === null || (search.isForTotal && hasTotalOf(base, bill))) return null
  return { readings, bill, after: compareCdr(situation.cdr, bill, { tolerance }) }
}

/** Two readings together, the likeliest first; each of them changes a cost, though a price limit may hide it. */
function tryPairs(search: Search, tries: readonly Try[]): Explained[] {
  const { base } = search
  const moving = tries.flatMap(({ readings, bill }) =>
    base.ok && costsText(bill) !== costsText(base)
      ? readings.filter(({ key }) => key !== 'policy')
      : [],
  )
  const pairs = moving.flatMap((first, index) =>
    moving.slice(0, index).flatMap((second) => (first.key === second.key ? [] : [[second, first]])),
  )
  return pairs.flatMap((pair) => {
    const both = tryReadings(search, pair)
    const found = both === null ? null : explain(search, both)
    return found !== null && reachesTotal(found) ? [found] : []
  })
}

function hasTotalOf(base: PricedCdr, { total }: PricedBill): boolean {
  return base.ok && base.total.excl === total.excl && base.total.incl === total.incl
}

function costsText({ total, dimensions }: PricedBill): string {
  return JSON.stringify([total, dimensions])
}

/** The attribution when the readings reproduce what was claimed, else null. */
function explain(search: Search, { readings, bill, after }: Try): Explained | null {
  const { base, before, isTotalOpen } = search
  if (losesTotal(before, after)) return null
  const names = [...new Set(after.items.map(({ item }) => item))]
  const explains = names.filter(
    (item) => stateOf(before, item) !== 'closed' && stateOf(after, item) === 'closed',
  )
  const remaining = names.filter((item) => stateOf(after, item) === 'open')
  const isReached = isTotalOpen && explains.includes('total_cost')
  // A figure besides the total is explained by itself, but not at the price of another one.
  const isPart =
    base.ok &&
    explains.some((item) => !isTotalOpen || isQuantity(after, item)) &&
    remaining.every((item) => stateOf(before, item) === 'open')
  if (!isReached && !isPart) return null
  const changes = readings.map(({ key, value, instead }) => ({ key, value, instead }))
  const code = changes.map(({ key, value }) => `${key}:${value}`).join('+')
  const causes = readings.map(({ phrase }) => phrase)
  const sentence = attributionSentence({ causes, explains, remaining, currency: search.currency })
  return {
    attribution: {
      code,
      changes,
      sentence,
      total: bill.total,
      explains,
      remaining,
      items: after.items,
    },
    isToPrinted: isToPrintedDigits(after, minorDigits(search.currency)),
  }
}

function reachesTotal({ attribution }: Explained): boolean {
  return attribution.explains.includes('total_cost')
}

function outcome(
  found: readonly Attribution[],
  { search, sentence }: { search: Search; sentence: string },
): Attributions {
  return { found, tried: search.tried, isComplete: search.isComplete, sentence }
}
