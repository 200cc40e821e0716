import type { Risk } from './at-risk.ts'
import { proportional, roundMicros } from './at-risk.ts'
import { costTolerance, energyText, moneyText } from './compare.ts'
import type { Decimal } from './decimal.ts'
import { absolute, exactly, largest, shownText } from './decimal.ts'
import type { Case } from './input.ts'
import type { Price } from './read.ts'
import { at, readPrice } from './read.ts'

/** What is at risk, with the arithmetic behind it. */
export type PricedRisk = { risk: Risk; steps: readonly string[] }

/**
 * The claim beyond a price: nothing where it is lower. Where only one side of the price is known, the other one goes in
 * proportion, rounded half up to 6 decimals.
 */
export function riskBeyond(
  subject: Case,
  price: { excl: Decimal | null; incl: Decimal | null },
): PricedRisk {
  const { excl, incl } = subject.facts.total
  const claim = claimOf(subject)
  const above = (value: Decimal): Decimal => (value > 0n ? value : 0n)
  if (price.excl === null) {
    const beyond = price.incl === null || incl === null ? 0n : above(incl - price.incl)
    const net = incl === null || incl <= 0n ? 0n : roundMicros((beyond * excl) / incl)
    const steps = [
      `of ${moneyText(subject, beyond)} with tax, ${moneyText(subject, net)} are without tax (in proportion, rounded half up to 6 decimals)`,
    ]
    return { risk: { net, tax: beyond - net }, steps: beyond === 0n ? [] : steps }
  }
  const more = excl - price.excl
  const net = above(more)
  if (incl === null) return { risk: { net, tax: null }, steps: [] }
  if (price.incl === null) {
    const tax = proportional({ net, claim })
    return { risk: { net, tax }, steps: net === 0n ? [] : [taxStep(subject, tax)] }
  }
  // What is missing without tax is set against the tax, since the amount with tax is what is paid.
  const missing = more < 0n ? more : 0n
  const tax = above(incl - excl - (price.incl - price.excl) + missing)
  return { risk: { net, tax }, steps: [] }
}

/** Energy that is billed and should not be, at what the CDR asks for energy. */
export function riskOfEnergy(subject: Case, kwh: Decimal): PricedRisk {
  const whole = absolute(subject.facts.energy)
  const cost = costOf(subject, ['energy'])
  return riskOfShare(subject, { part: kwh, whole, cost, show: energyText, of: 'the energy' })
}

/**
 * The same of energy by which the charging periods and the total differ: where the CDR states no cost of the energy, what
 * the tariff gives is the price of the periods.
 */
export function riskOfPeriods(
  subject: Case,
  { kwh, periods }: { kwh: Decimal; periods: Decimal },
): PricedRisk {
  const { cdr, priced } = subject.input
  const isStated = readPrice(at(cdr.value, '/total_energy_cost')) !== null
  const bill = priced?.ok === true ? priced.dimensions?.energy.excl : null
  if (isStated || typeof bill !== 'string' || periods <= 0n) return riskOfEnergy(subject, kwh)
  const share = { part: kwh, whole: periods, cost: exactly(bill) }
  return riskOfShare(subject, { ...share, show: energyText, of: 'the energy' })
}

/** Time that is billed and should not be, at what the CDR asks for time. */
export function riskOfTime(subject: Case, hours: Decimal): PricedRisk {
  const whole = subject.facts.hours
  const cost = costOf(subject, ['time', 'parking'])
  return riskOfShare(subject, { part: hours, whole, cost, show: hoursText, of: 'the time' })
}

/** Hours of each kind as the charging periods state them. */
export type UsedHours = Record<'time' | 'parking' | 'reservation', Decimal>

/**
 * Hours that the charging periods have beyond what there can have been, whichever of them those are: the dearest first,
 * so that what is left is owed in any case. Where the cost of one kind is not known, their share of all of it.
 */
export function riskOfHours(
  subject: Case,
  { beyond, used }: { beyond: Decimal; used: UsedHours },
): PricedRisk {
  const kinds = HOURS.filter(({ name }) => used[name] > 0n).map((kind) => {
    const cost = costOfPart(subject, kind.name)
    return { ...kind, whole: used[kind.name], cost, show: hoursText }
  })
  const dearest = kinds.flatMap((kind) =>
    kind.cost === null ? [] : [{ ...kind, cost: kind.cost }],
  )
  if (dearest.length < kinds.length) {
    const whole = kinds.reduce((sum, kind) => sum + kind.whole, 0n)
    const cost = costOf(subject, ['time', 'parking', 'reservation'])
    return riskOfShare(subject, { part: beyond, whole, cost, show: hoursText, of: 'the time' })
  }
  let left = beyond
  const shares = dearest
    .toSorted((a, b) => compareSizes(b.cost * a.whole, a.cost * b.whole))
    .map((kind): Share => {
      const part = kind.whole < left ? kind.whole : left
      left -= part
      return { ...kind, part }
    })
  return riskOfShares(subject, shares)
}

const HOURS = [
  { name: 'time', of: 'the time' },
  { name: 'parking', of: 'the parking time' },
  { name: 'reservation', of: 'the reservation' },
] as const

function compareSizes(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0
}

type Share = {
  part: Decimal
  whole: Decimal
  cost: Decimal
  show: (value: Decimal) => string
  of: string
}

function riskOfShare(subject: Case, share: Share): PricedRisk {
  return riskOfShares(subject, [share])
}

/** Each share net rounded half up to 6 decimals. */
function riskOfShares(subject: Case, shares: readonly Share[]): PricedRisk {
  const claim = claimOf(subject)
  const told = shares.flatMap(({ part, whole, cost, show, of }) => {
    const size = part > whole ? whole : part
    if (size <= 0n || cost <= 0n) return []
    const value = roundMicros((cost * size) / whole)
    const texts = [moneyText(subject, cost), moneyText(subject, value)]
    const step =
      size === whole
        ? `${of} costs ${texts[0]}`
        : `${texts[0]} for ${show(whole)}, so ${show(size)} are ${texts[1]} (rounded half up to 6 decimals)`
    return [{ value, step }]
  })
  if (told.length === 0) return { risk: { net: 0n, tax: 0n }, steps: [] }
  const exact = told.reduce((sum, { value }) => sum + value, 0n)
  const net = exact > claim.excl ? claim.excl : exact
  const steps = told.map(({ step }) => step)
  if (claim.incl === null) return { risk: { net, tax: null }, steps }
  const tax = proportional({ net, claim })
  return { risk: { net, tax }, steps: [...steps, taxStep(subject, tax)] }
}

function hoursText(value: Decimal): string {
  return `${shownText(value, { places: 4 })} h`
}

function taxStep(subject: Case, tax: Decimal): string {
  return `with it goes ${moneyText(subject, tax)} of the tax (in proportion, rounded half up to 6 decimals)`
}

type PartName = (typeof PARTS)[number]

/** What the CDR asks for these dimensions together; the whole claim where that is known of none. */
function costOf(subject: Case, names: readonly PartName[]): Decimal {
  const known = names.map((name) => costOfPart(subject, name))
  if (known.every((cost) => cost === null)) return subject.facts.total.excl
  return known.reduce<Decimal>((sum, cost) => sum + (cost ?? 0n), 0n)
}

/**
 * What the CDR asks for a dimension: as the tariff gives it where the total is the tariff's price, however it was split;
 * else as the CDR states it or as the tariff gives it, the larger of the two. Null where neither is known.
 */
function costOfPart(subject: Case, name: PartName): Decimal | null {
  const { priced, cdr } = subject.input
  const stated = readPrice(at(cdr.value, `/total_${name}_cost`))?.excl ?? null
  const bill = priced?.ok === true ? priced.dimensions?.[name] : undefined
  const given = bill === undefined ? null : exactly(bill.excl ?? bill.incl ?? '0')
  if (stated !== null && given !== null)
    return isPriceOfTariff(subject) ? given : largest(stated, given)
  return stated ?? given ?? (restOf(subject) === 0n ? 0n : null)
}

/** True where the claim is what the tariff gives, within the tolerance. */
export function isPriceOfTariff(subject: Case): boolean {
  const { priced } = subject.input
  if (priced?.ok !== true || priced.total.excl === null) return false
  const price = exactly(priced.total.excl)
  return absolute(subject.facts.total.excl - price) <= costTolerance(subject, price)
}

const PARTS = ['fixed', 'energy', 'time', 'parking', 'reservation'] as const

/** What of the total no stated part accounts for; null: no part is stated. */
function restOf({ input, facts, minorUnit }: Case): Decimal | null {
  const stated = PARTS.flatMap(
    (name) => readPrice(at(input.cdr.value, `/total_${name}_cost`)) ?? [],
  )
  if (stated.length === 0) return null
  const rest = stated.reduce<Decimal>((left, { excl }: Price) => left - excl, facts.total.excl)
  return absolute(rest) <= minorUnit * BigInt(stated.length) ? 0n : rest
}

function claimOf({ facts, digits }: Case) {
  return { ...facts.total, currency: facts.currency, digits }
}
