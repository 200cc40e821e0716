import { COST_PARTS } from '../../pricing/claims.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, largest, multiply, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { compared, costTolerance, graded, moneyText } from '../compare.ts'
import type { Price } from '../read.ts'
import { at, readPrice, shown } from '../read.ts'
import { riskBeyond } from '../risks.ts'
import { appliedTariffs, standsOnLimit } from '../tariffs.ts'

type PartName = (typeof COST_PARTS)[number]

type Part = Price & { name: PartName }

/**
 * T2: the stated parts against total_cost, without tax and with it. Not where the total stands on a min_price or
 * max_price, and parts that are less than the total say nothing unless every part that can cost something is stated.
 */
export function checkCostSum(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const stated = COST_PARTS.flatMap((name): Part[] => {
    const price = readPrice(at(input.cdr.value, `/${name}`))
    return price === null ? [] : [{ name, ...price }]
  })
  if (stated.length === 0) return []
  const tariffs = appliedTariffs(facts, input.tariff)
  const expected = stated.reduce((sum, part) => sum + part.excl, 0n)
  const actual = facts.total.excl
  const noise = (subject.minorUnit / 2n) * BigInt(stated.length + 1)
  if (absolute(actual - expected) <= noise) return checkGrossSum(subject, stated)
  if (standsOnLimit({ total: facts.total, tariffs, within: noise })) return []
  const names = new Set(stated.map((part) => part.name))
  if (actual > expected && chargeableParts(subject).some((name) => !names.has(name))) return []
  const { risk, steps } = riskBeyond(subject, {
    excl: largest(expected, owedOf(subject, { side: 'excl', claim: actual })),
    incl: null,
  })
  const parts = stated.map(({ name, excl }) => ({ name, amount: excl }))
  const draft = sumDraft(subject, { parts, side: 'excl', expected, actual, noise })
  return [
    {
      ...draft,
      risk,
      steps: [...draft.steps, ...steps],
      // Without the tariff nobody can say that the total is not a min_price or max_price.
      ...(tariffs.length === 0 ? { milder: 'W' as const } : {}),
    },
  ]
}

/**
 * The same with tax, where the parts add up without it and all of them state it: no limit of a tariff explains a
 * difference in the tax alone. Each part may have been rounded with its tax. Where the total contradicts the rates of
 * the tariff by itself, V2 says so.
 */
function checkGrossSum(subject: Case, stated: readonly Part[]): readonly Draft[] {
  const { excl, incl: actual } = subject.facts.total
  const parts = stated.flatMap(({ name, incl }) => (incl === null ? [] : [{ name, amount: incl }]))
  if (actual === null || parts.length < stated.length) return []
  const expected = parts.reduce((sum, { amount }) => sum + amount, 0n)
  const noise = subject.minorUnit * BigInt(parts.length + 1)
  if (absolute(actual - expected) <= noise) return []
  const tariffs = appliedTariffs(subject.facts, subject.input.tariff)
  if (standsOnLimit({ total: subject.facts.total, tariffs, within: noise })) return []
  if (checkTax(subject).length > 0) return []
  const owed = owedOf(subject, { side: 'incl', claim: actual })
  const { risk, steps } = riskBeyond(subject, { excl, incl: largest(expected, owed) })
  const draft = sumDraft(subject, { parts, side: 'incl', expected, actual, noise })
  return [{ ...draft, risk, steps: [...draft.steps, ...steps] }]
}

/** What the tariff gives is owed, however it was split; the claim itself where it is that within the tolerance. */
function owedOf(
  subject: Case,
  { side, claim }: { side: 'excl' | 'incl'; claim: Decimal },
): Decimal {
  const { priced } = subject.input
  const price = priced?.ok === true ? exactly(priced.total[side] ?? '0') : 0n
  return costTolerance(subject, price) >= absolute(claim - price) ? claim : price
}

type Sum = {
  parts: readonly { name: PartName; amount: Decimal }[]
  side: 'excl' | 'incl'
  expected: Decimal
  actual: Decimal
  noise: Decimal
}

function sumDraft(
  subject: Case,
  { parts, side, expected, actual, noise }: Sum,
): Draft & { steps: readonly string[] } {
  const tolerance = largest(costTolerance(subject, expected), noise)
  const isNet = side === 'excl'
  const inputs = [{ name: 'total_cost', amount: actual }, ...parts].map(({ name, amount }) => ({
    field: `/${name}/${side}_vat`,
    source: 'cdr' as const,
    value: textOf(amount),
  }))
  const [claim, sum] = [moneyText(subject, actual), moneyText(subject, expected)]
  const words = {
    total: isNet ? 'the total cost (total_cost)' : 'the total cost (total_cost) with tax',
    parts: isNet ? 'its parts add up to' : 'its parts with tax add up to',
    stated: claim,
    added: sum,
    apart: moneyText(subject, absolute(actual - expected)),
  }
  return {
    code: 'T2',
    inputs,
    words,
    unit: subject.facts.currency,
    steps: [
      ...(parts.length === 1
        ? []
        : [`${parts.map(({ amount }) => moneyText(subject, amount)).join(' + ')} = ${sum}`]),
      `${claim} − ${sum} = ${moneyText(subject, actual - expected)}`,
    ],
    ...graded({ expected, actual, tolerance }),
  }
}

/** V2: the amount with tax against the amount without it and the rates of the tariff, where those are known. */
export function checkTax(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const { excl, incl } = facts.total
  if (incl === null || excl < 0n) return []
  const tariffs = appliedTariffs(facts, input.tariff)
  const rates = tariffs.flatMap((tariff) => tariff.components.map((component) => component.vat))
  const within = subject.minorUnit
  // Limits hold with and without tax independently, so a total on one of them has no rate.
  if (standsOnLimit({ total: facts.total, tariffs, within })) return []
  if (!rates.some((rate) => rate !== null)) {
    if (incl >= excl) return []
    const reason = `that is less than the ${moneyText(subject, excl)} without tax`
    return [taxDraft(subject, { expected: excl, actual: incl, reason })]
  }
  const shares = rates.map((rate) => (rate ?? 0n) / 100n)
  const least =
    excl +
    multiply(
      excl,
      shares.reduce((a, b) => (b < a ? b : a)),
    )
  const most =
    excl +
    multiply(
      excl,
      shares.reduce((a, b) => (b > a ? b : a)),
    )
  const expected = incl < least ? least : incl > most ? most : incl
  if (absolute(incl - expected) <= taxTolerance(subject, expected)) return []
  const reason =
    least === most
      ? `at the rate of the tariff it is ${moneyText(subject, least)}`
      : `at the rates of the tariff it is between ${moneyText(subject, least)} and ${moneyText(subject, most)}`
  return [taxDraft(subject, { expected, actual: incl, reason })]
}

/** The parts that cost something here, by the tariff where it is known, else by what was used. */
function chargeableParts(subject: Case): readonly PartName[] {
  const { facts, input } = subject
  const used = {
    energy: facts.energy > 0n,
    time: facts.hours > 0n,
    parking:
      (facts.parkingHours ?? 0n) > 0n ||
      facts.periods.some((period) => (period.parking ?? 0n) > 0n),
    reserved: facts.periods.some((period) => (period.reserved ?? 0n) > 0n),
  }
  const components = appliedTariffs(facts, input.tariff).flatMap((tariff) => tariff.components)
  const prices = (type: string): boolean =>
    components.length === 0 || components.some((one) => one.type === type)
  const parts: PartName[] = []
  if (prices('FLAT')) parts.push('total_fixed_cost')
  if (prices('ENERGY') && used.energy) parts.push('total_energy_cost')
  if (prices('TIME') && used.time) parts.push('total_time_cost')
  if (prices('PARKING_TIME') && used.parking) parts.push('total_parking_cost')
  if (used.reserved && (components.length === 0 || components.some((one) => one.forReservation)))
    parts.push('total_reservation_cost')
  return parts
}

/** Each part may have been rounded with its tax, so two minor units are left. */
function taxTolerance(subject: Case, expected: Decimal): Decimal {
  return largest(costTolerance(subject, expected), subject.minorUnit * 2n)
}

function taxDraft(
  subject: Case,
  told: { expected: Decimal; actual: Decimal; reason: string },
): Draft {
  const { expected, actual, reason } = told
  const tolerance = taxTolerance(subject, expected)
  const inputs: readonly DraftInput[] = ['/total_cost'].map((field) => ({
    field,
    source: 'cdr' as const,
    value: shown(at(subject.input.cdr.value, field)),
  }))
  const words = { claim: moneyText(subject, actual), reason }
  const more = actual > expected ? actual - expected : 0n
  return {
    code: 'V2',
    inputs,
    words,
    unit: subject.facts.currency,
    risk: { net: 0n, tax: more },
    ...compared({ expected, actual, tolerance }),
  }
}
