import type { Decimal } from './decimal.ts'
import { decimalsOf, exactly, shownText, textOf, unitOf } from './decimal.ts'

/**
 * What a finding holds of a claim: decimal texts in units of its currency with at most 6 decimals, never negative and
 * never more than the claim; `tax` null where the claim states none. 'all': the whole claim.
 */
export type AtRisk = { net: string; tax: string | null } | 'all'

/**
 * What a check puts at risk. 'explains': nothing by itself, it says why another finding is there. Amounts may be any; they
 * are brought within the claim.
 */
export type Risk = 'all' | 'explains' | { net: Decimal; tax: Decimal | null }

/** What a CDR claims, exact; `digits` of the currency's minor unit. */
export type Claim = { excl: Decimal; incl: Decimal | null; currency: string; digits: number }

/** What is at risk of the claim; null: nothing. */
export function amountsAtRisk(
  risk: 'all' | Exclude<Risk, string>,
  claim: Claim | null,
): AtRisk | null {
  if (risk === 'all' || claim === null) return 'all'
  const tax = claim.incl === null ? null : claim.incl - claim.excl
  const net = within(risk.net, claim.excl)
  const part = tax === null ? null : within(risk.tax ?? proportional({ net, claim }), tax)
  if (net === 0n && (part ?? 0n) === 0n) return null
  if (net === claim.excl && part === tax) return 'all'
  return { net: textOf(net), tax: part === null ? null : textOf(part) }
}

/** True for a claim of nothing. */
export function isEmpty({ excl, incl }: Claim): boolean {
  return excl === 0n && (incl ?? 0n) === 0n
}

/** True where a claim is less with tax than without it by more than rounding: no part of it can be told and held. */
export function hasNegativeTax({ excl, incl, digits }: Claim): boolean {
  return incl !== null && excl - incl > 2n * unitOf(digits)
}

/** The tax that goes with a part of the claim: in proportion, rounded half up to 6 decimals; 0 where none is stated. */
export function proportional({ net, claim }: { net: Decimal; claim: Claim }): Decimal {
  const tax = (claim.incl ?? claim.excl) - claim.excl
  return claim.excl <= 0n ? 0n : roundMicros((tax * net) / claim.excl)
}

/** Half up to 6 decimals: what the ledger has. */
export function roundMicros(value: Decimal): Decimal {
  const unit = unitOf(6)
  return ((value + unit / 2n) / unit) * unit
}

/** True when `one` is more than `other`; equal amounts are not. */
export function isMore(one: AtRisk | null, other: AtRisk | null): boolean {
  return sizeOf(one) > sizeOf(other)
}

/** `0.60 EUR (0.72 EUR with tax) of the claim of 6.10 EUR are`, for a sentence. */
export function heldText(atRisk: AtRisk, claim: Claim): string {
  const whole = amountText(claim.excl, claim)
  if (atRisk === 'all') return `The whole claim of ${withTax(claim.excl, claim.incl, claim)} is`
  const net = exactly(atRisk.net)
  if (net === 0n) return `${amountText(exactly(atRisk.tax ?? '0'), claim)} of the tax are`
  const incl = atRisk.tax === null ? null : net + exactly(atRisk.tax)
  return `${withTax(net, incl, claim)} of the claim of ${whole} are`
}

/** What settles all the same beside what is held, `own` for what is told and `other` for something else. */
export function leftText([own, other]: readonly AtRisk[], claim: Claim): string {
  if (own === undefined || own === 'all' || other === 'all') return ''
  const [held, more] = [own.net, other?.net ?? '0'].map((net) => asShown(exactly(net), claim))
  const left = claim.excl - (held ?? 0n) - (more ?? 0n)
  const rest = `; the rest, ${amountText(left, claim)}, settles`
  if (other === undefined) return rest
  const { net, tax } = other
  const besides =
    net === '0'
      ? `${amountText(exactly(tax ?? '0'), claim)} of the tax`
      : amountText(exactly(net), claim)
  return `, and ${besides} for another finding${left === 0n ? '' : rest}`
}

function withTax(excl: Decimal, incl: Decimal | null, claim: Claim): string {
  const net = amountText(excl, claim)
  return incl === null ? `${net} without tax` : `${net} (${amountText(incl, claim)} with tax)`
}

function amountText(amount: Decimal, claim: Claim): string {
  const { currency, digits } = claim
  return `${shownText(asShown(amount, claim), { places: 6, placesMin: digits })} ${currency}`
}

/** As fine as the claim is stated, and no finer than what is paid; exact where that would be nothing. */
function asShown(amount: Decimal, { excl, incl, digits }: Claim): Decimal {
  const places = Math.max(digits, ...[excl, incl ?? 0n].map(decimalsOf))
  const rounded = exactly(shownText(amount, { places: Math.min(places, 6) }))
  return rounded === 0n ? amount : rounded
}

/** Rounded, and between zero and the most there is, which the ledger cuts to its own digits. */
function within(amount: Decimal, most: Decimal): Decimal {
  const rounded = roundMicros(amount)
  const limit = most > 0n ? most : 0n
  return rounded < 0n ? 0n : rounded > limit ? limit : rounded
}

/** Larger than any amount, so that the whole claim counts most. */
const ALL = exactly('1e30')

/** Net and tax together; less than nothing where nothing is at risk. */
export function sizeOf(atRisk: AtRisk | null): Decimal {
  if (atRisk === null) return -1n
  return atRisk === 'all' ? ALL : exactly(atRisk.net) + exactly(atRisk.tax ?? '0')
}
