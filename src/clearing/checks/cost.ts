import { COST_PARTS } from '../../pricing/claims.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, largest, multiply, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { compared, costTolerance, graded, moneyText } from '../compare.ts'
import { at, readPrice, shown } from '../read.ts'
import { riskBeyond } from '../risks.ts'
import { appliedTariffs, standsOnLimit } from '../tariffs.ts'

type PartName = (typeof COST_PARTS)[number]

/**
 * T2: the stated parts against total_cost. Not where the total stands on a min_price or max_price, and parts that are
 * less than the total say nothing unless every part that can cost something is stated.
 */
export function checkCostSum(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const stated = COST_PARTS.flatMap((name) => {
    const price = readPrice(at(input.cdr.value, `/${name}`))
    return price === null ? [] : [{ name, excl: price.excl }]
  })
  if (stated.length === 0) return []
  const tariffs = appliedTariffs(facts, input.tariff)
  const expected = stated.reduce((sum, part) => sum + part.excl, 0n)
  const actual = facts.total.excl
  const noise = (subject.minorUnit / 2n) * BigInt(stated.length + 1)
  if (absolute(actual - expected) <= noise) return []
  if (standsOnLimit({ total: facts.total, tariffs, within: noise })) return []
  const names = new Set(stated.map((part) => part.name))
  if (actual > expected && chargeableParts(subject).some((name) => !names.has(name))) return []
  const tolerance = largest(costTolerance(subject, expected), noise)
  const inputs = [
    { field: '/total_cost/excl_vat', source: 'cdr' as const, value: textOf(actual) },
    ...stated.map((part) => ({
      field: `/${part.name}/excl_vat`,
      source: 'cdr' as const,
      value: textOf(part.excl),
    })),
  ]
  // Without the tariff nobody can say that the total is not a min_price or max_price.
  const unproven = tariffs.length === 0 ? { milder: 'W' as const } : {}
  const words = {
    total: 'the total cost (total_cost)',
    parts: 'its parts add up to',
    stated: moneyText(subject, actual),
    added: moneyText(subject, expected),
    apart: moneyText(subject, absolute(actual - expected)),
  }
  // What the tariff gives is owed, however it was split.
  const price = input.priced?.ok === true ? exactly(input.priced.total.excl ?? '0') : 0n
  const owed = costTolerance(subject, price) >= absolute(actual - price) ? actual : price
  const { risk, steps } = riskBeyond(subject, { excl: largest(expected, owed), incl: null })
  const sums = stated.map((part) => moneyText(subject, part.excl)).join(' + ')
  return [
    {
      code: 'T2',
      inputs,
      words,
      unit: facts.currency,
      risk,
      steps: [
        `${sums} = ${moneyText(subject, expected)}`,
        `${moneyText(subject, actual)} − ${moneyText(subject, expected)} = ${moneyText(subject, actual - expected)}`,
        ...steps,
      ],
      ...unproven,
      ...graded({ expected, actual, tolerance }),
    },
  ]
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
