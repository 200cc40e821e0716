import type { AtRisk, Claim } from './at-risk.ts'
import { amountsAtRisk, isMore, proportional, roundMicros, sizeOf } from './at-risk.ts'
import type { Decimal } from './decimal.ts'
import { exactly, readDecimal, textOf } from './decimal.ts'
import type { ClearingInput, PricedInput } from './input.ts'
import type { FindingCode } from './rules.ts'

/** What a claim is compared with: the prices of the same session by the tariffs that are known. */
export type Bills = Record<'own' | 'stored' | 'agreed', PricedInput | null>

/** What is held of a claim under the code of a finding. */
export type Hold = { code: FindingCode; atRisk: AtRisk }

/** A finding as far as this needs it; `atRisk` null: there is nothing to hold. */
type Suspect = {
  draft: { code: FindingCode; expected?: string; unit?: string }
  atRisk: AtRisk | null
  mayHold: boolean
}

export function billsOf(input: Pick<ClearingInput, 'priced' | 'others'>): Bills {
  const { stored = null, agreed = null } = input.others ?? {}
  return { own: input.priced, stored, agreed }
}

/**
 * Which findings hold what, the one that holds most first. That is one of them, because most faults are several signs of
 * one; but two where the price is wrong for what the CDR bills, and it bills too much besides: these never overlap, since
 * the first is the claim beyond the price of what is billed, and the second is reckoned at that price. Together they are
 * never more than the claim.
 */
export function heldBy(
  found: readonly Suspect[],
  { claim, bills }: { claim: Claim | null; bills: Bills | null },
): readonly Hold[] {
  const two = claim === null || bills === null ? [] : independent(found, { claim, bills })
  const size = two.reduce((sum, hold) => sum + sizeOf(hold.atRisk), 0n)
  const may = found.filter((one) => one.mayHold)
  if (size > sizeOf(mostOf(found)?.atRisk ?? null))
    return two.filter(({ code }) => may.some(({ draft }) => draft.code === code))
  const most = mostOf(may)
  return most === null || most.atRisk === null
    ? []
    : [{ code: most.draft.code, atRisk: most.atRisk }]
}

/** True where both say the same of a claim, one more and one less of it. */
export function areAlike(one: FindingCode, other: FindingCode): boolean {
  const side = sideOf(one)
  return side !== null && side === sideOf(other)
}

/** By which price a finding measures the claim. */
const PRICES: Partial<Record<FindingCode, keyof Bills>> = {
  V3: 'own',
  P1: 'own',
  P2: 'stored',
  P3: 'agreed',
}

/** What a finding says there is less of than is billed: `expected` in kWh, or in hours. */
const AMOUNTS: Partial<Record<FindingCode, 'energy' | 'time'>> = {
  G2: 'energy',
  Q1: 'energy',
  Q2: 'energy',
  Q4: 'energy',
  Z8: 'time',
}

function sideOf(code: FindingCode): 'price' | 'energy' | 'time' | null {
  return PRICES[code] === undefined ? (AMOUNTS[code] ?? null) : 'price'
}

function independent(
  found: readonly Suspect[],
  { claim, bills }: { claim: Claim; bills: Bills },
): readonly Hold[] {
  const price = mostOf(found.filter(({ draft }) => PRICES[draft.code] !== undefined))
  const side = price === null ? undefined : PRICES[price.draft.code]
  const bill = side === undefined ? null : bills[side]
  if (price === null || price.atRisk === null || price.atRisk === 'all' || bill === null) return []
  const left = leftOf(claim, price.atRisk)
  const others = found.flatMap((one) => {
    const atRisk = one.atRisk === null ? null : atPrice(one.draft, { bill, left })
    return atRisk === null ? [] : [{ draft: one.draft, atRisk }]
  })
  const other = mostOf(others)
  if (other === null || other.atRisk === null) return []
  const holds = [
    { code: price.draft.code, atRisk: price.atRisk },
    { code: other.draft.code, atRisk: other.atRisk },
  ]
  return isMore(other.atRisk, price.atRisk) ? holds.toReversed() : holds
}

/**
 * What the price of a session holds of what is billed too much: its share of what that energy or time costs, net rounded
 * half up to 6 decimals, and so is the tax. Null where there is none, or where a limit of the tariff decides the price.
 */
function atPrice(
  { code, expected, unit }: Suspect['draft'],
  { bill, left }: { bill: PricedInput; left: Claim },
): AtRisk | null {
  // Of a session its cost may be compared too, which is no amount of anything.
  const kind = unit === left.currency ? undefined : AMOUNTS[code]
  const said = readDecimal(expected)
  if (kind === undefined || said === null || !bill.ok || !bill.dimensions || !bill.quantities)
    return null
  const clamp = [bill.clamp?.excl, bill.clamp?.incl].map((text) => exactly(text ?? '0'))
  if (clamp.some((amount) => amount !== 0n)) return null
  const { energyKwh, timeH, parkingH } = bill.quantities
  const { energy, time, parking } = bill.dimensions
  const whole = kind === 'energy' ? exactly(energyKwh) : exactly(timeH) + exactly(parkingH)
  const costs = kind === 'energy' ? [energy] : [time, parking]
  const excl = sumOf(costs.map((cost) => cost.excl))
  const incl = sumOf(costs.map((cost) => cost.incl))
  const more = said < 0n ? whole : whole - said
  if (excl === null || whole <= 0n || more <= 0n) return null
  const share = (cost: Decimal): Decimal => roundMicros((cost * more) / whole)
  const net = share(excl)
  const tax = incl === null ? proportional({ net, claim: left }) : share(incl - excl)
  const atRisk = amountsAtRisk({ net, tax }, left)
  return atRisk === 'all' ? allOf(left) : atRisk
}

function mostOf<One extends Pick<Suspect, 'atRisk'>>(found: readonly One[]): One | null {
  return found.reduce<One | null>(
    (most, one) => (isMore(one.atRisk, most?.atRisk ?? null) ? one : most),
    null,
  )
}

/** What of a claim is not held yet. */
function leftOf(claim: Claim, held: Exclude<AtRisk, 'all'>): Claim {
  const excl = claim.excl - exactly(held.net)
  const incl =
    claim.incl === null ? null : claim.incl - exactly(held.net) - exactly(held.tax ?? '0')
  return { ...claim, excl, incl }
}

function allOf({ excl, incl }: Claim): AtRisk {
  return { net: textOf(excl), tax: incl === null ? null : textOf(incl - excl) }
}

function sumOf(amounts: readonly (string | null)[]): Decimal | null {
  return amounts.reduce<Decimal | null>(
    (sum, amount) => (sum === null || amount === null ? null : sum + exactly(amount)),
    0n,
  )
}
