import { amountText, figureOf, minorDigits, roundHalfUp } from './figures.ts'
import { DEFAULT_POLICY } from './policy.ts'
import { priceCdr } from './price.ts'
import type { Money, PricedCdr, PricingOptions } from './types.ts'

/** Whose tariffs: those in the CDR, those the hub had stored at the session start, those of the agreement. */
export type TariffOrigin = 'own' | 'stored' | 'agreed'

/**
 * Two origins that price the session differently, or of which only one prices it. `code` is stable:
 * `<first>_<second>_differ` or `<first>_<second>_unpriced`, such as `own_stored_differ`. The totals are those of the two
 * bills, null where there is none. `sentence` holds both figures.
 */
export type ThreeWayFinding = {
  readonly code: string
  readonly first: TariffOrigin
  readonly second: TariffOrigin
  readonly firstTotal: Money | null
  readonly secondTotal: Money | null
  readonly sentence: string
}

export type ThreeWay = {
  readonly priced: Readonly<Record<TariffOrigin, PricedCdr | null>>
  readonly findings: readonly ThreeWayFinding[]
}

type Tariffs = readonly unknown[] | null

const NAMES: Readonly<Record<TariffOrigin, string>> = {
  own: 'the tariff in the CDR',
  stored: 'the tariff that was published when the session began',
  agreed: 'the tariff of the agreement',
}
const PAIRS = [
  ['own', 'stored'],
  ['own', 'agreed'],
  ['stored', 'agreed'],
] as const

/**
 * Prices a CDR with its own tariffs, with those the hub had stored at the session start and with those of the agreement,
 * and tells where these lead to different totals. Parsed JSON of any version; null or an empty list: there is none, so
 * nothing is compared with it. Totals are the same when they are equal at the digits of the currency's minor unit, half
 * up; a side of taxes that one of two bills does not know is not compared. The tariff of the agreement prices every
 * period, whichever tariff the period names. Pure. OCPI 2.2.1, CDR.tariffs and ChargingPeriod.tariff_id.
 */
export function compareThreeWays({
  cdr,
  own,
  stored,
  agreed,
  options,
}: {
  readonly cdr: unknown
  readonly own: Tariffs
  readonly stored: Tariffs
  readonly agreed: Tariffs
  readonly options: PricingOptions
}): ThreeWay {
  const price = (tariffs: Tariffs, by: PricingOptions): PricedCdr | null =>
    tariffs === null || tariffs.length === 0 ? null : priceCdr(cdr, tariffs, by)
  const { policy = DEFAULT_POLICY } = options
  // It is for all sessions of the pair, whatever the CDR calls the tariff.
  const forAll = { ...options, policy: { ...policy, tariff_choice: 'first_at_start' } } as const
  const priced = {
    own: price(own, options),
    stored: price(stored, options),
    agreed: price(agreed, forAll),
  }
  const findings = PAIRS.flatMap(([first, second]) => {
    const [one, other] = [priced[first], priced[second]]
    if (one === null || other === null) return []
    const kind = differenceOf(one, other)
    if (kind === null) return []
    return [
      {
        code: `${first}_${second}_${kind}`,
        first,
        second,
        firstTotal: one.ok ? one.total : null,
        secondTotal: other.ok ? other.total : null,
        sentence: `With ${NAMES[first]} ${outcomeText(one)}; with ${NAMES[second]} ${outcomeText(other)}.`,
      },
    ]
  })
  return { priced, findings }
}

function differenceOf(one: PricedCdr, other: PricedCdr): 'differ' | 'unpriced' | null {
  if (!one.ok || !other.ok) return one.ok || other.ok ? 'unpriced' : null
  const digits = minorDigits(one.currency)
  const isDifferent = (['excl', 'incl'] as const).some((side) => {
    const [first, second] = [one.total[side], other.total[side]]
    if (first === null || second === null) return false
    return roundHalfUp(figureOf(first), digits) !== roundHalfUp(figureOf(second), digits)
  })
  return isDifferent ? 'differ' : null
}

function outcomeText(priced: PricedCdr): string {
  if (!priced.ok) return `it cannot be priced: ${priced.message}`
  const { total, currency } = priced
  const before =
    total.excl === null ? [] : [`${amountText(figureOf(total.excl), currency)} before taxes`]
  const after =
    total.incl === null ? [] : [`${amountText(figureOf(total.incl), currency)} after taxes`]
  return `the session costs ${[...before, ...after].join(' and ')}`
}
