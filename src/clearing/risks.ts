import type { Risk } from './at-risk.ts'
import { proportional, roundMicros } from './at-risk.ts'
import { energyText, moneyText } from './compare.ts'
import type { Decimal } from './decimal.ts'
import { absolute, exactly, shownText } from './decimal.ts'
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
  const show = (value: Decimal): string => `${shownText(value, { places: 4 })} h`
  return riskOfShare(subject, { part: hours, whole, cost, show, of: 'the time' })
}

type Share = {
  part: Decimal
  whole: Decimal
  cost: Decimal
  show: (value: Decimal) => string
  of: string
}

function riskOfShare(subject: Case, { part, whole, cost, show, of }: Share): PricedRisk {
  const claim = claimOf(subject)
  const size = part > whole ? whole : part
  if (size <= 0n || cost <= 0n) return { risk: { net: 0n, tax: 0n }, steps: [] }
  const exact = roundMicros((cost * size) / whole)
  const net = exact > claim.excl ? claim.excl : exact
  const [costs, value] = [moneyText(subject, cost), moneyText(subject, net)]
  const steps = [
    size === whole
      ? `${of} costs ${costs}`
      : `${costs} for ${show(whole)}, so ${show(size)} are ${value} (rounded half up to 6 decimals)`,
  ]
  if (claim.incl === null) return { risk: { net, tax: null }, steps }
  const tax = proportional({ net, claim })
  return { risk: { net, tax }, steps: [...steps, taxStep(subject, tax)] }
}

function taxStep(subject: Case, tax: Decimal): string {
  return `with it goes ${moneyText(subject, tax)} of the tax (in proportion, rounded half up to 6 decimals)`
}

/**
 * What the CDR asks for these dimensions: as it states it, else as the tariff gives it; the whole claim where neither is
 * known.
 */
function costOf(subject: Case, names: readonly ('energy' | 'time' | 'parking')[]): Decimal {
  const { input, facts } = subject
  const { priced } = input
  const known = names.map((name): Decimal | null => {
    const stated = readPrice(at(input.cdr.value, `/total_${name}_cost`))
    if (stated !== null) return stated.excl
    const bill = priced?.ok === true ? priced.dimensions?.[name] : undefined
    if (bill !== undefined) return exactly(bill.excl ?? bill.incl ?? '0')
    return restOf(subject) === 0n ? 0n : null
  })
  if (known.every((cost) => cost === null)) return facts.total.excl
  return known.reduce<Decimal>((sum, cost) => sum + (cost ?? 0n), 0n)
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
