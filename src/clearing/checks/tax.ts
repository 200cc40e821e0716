import { compared, moneyText } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, multiply, shownText, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at } from '../read.ts'
import { riskBeyond } from '../risks.ts'
import { appliedTariffs, standsOnLimit } from '../tariffs.ts'
import { taxesBeyond } from '../untold-tax.ts'

/** What the amounts should be, and what is wrong with them. */
type Suspicion = { excl: Decimal; incl: Decimal; what: string }

/**
 * V3: tax added twice, left in the amount without tax, or the two amounts exchanged. Only where the tariff has one rate,
 * and where the amounts are large enough to tell that from rounding. `isExplained`: another reading of the tariff gives
 * the claim, so that an amount without tax that is the price with it says nothing.
 */
export function checkTaxTwice(
  subject: Case,
  { isExplained }: { isExplained: boolean },
): readonly Draft[] {
  const { facts, input, minorUnit } = subject
  const { excl, incl } = facts.total
  const rate = oneRate(subject)
  if (incl === null || rate === null || excl <= 0n) return []
  const tariffs = appliedTariffs(facts, input.tariff)
  // Limits hold with and without tax independently, so a total on one of them has no rate.
  if (standsOnLimit({ total: facts.total, tariffs, within: minorUnit })) return []
  const within = minorUnit * 2n
  const fair = excl + multiply(excl, rate)
  if (absolute(incl - fair) <= within || multiply(excl, rate) <= within * 2n) {
    return isExplained ? [] : leftInside(subject, { rate, within })
  }
  const percent = `${shownText(rate * 100n, { places: 2 })} %`
  const amounts = { net: moneyText(subject, excl), gross: moneyText(subject, incl) }
  const twice = fair + multiply(fair, rate)
  if (absolute(incl - twice) <= within)
    return draft(subject, {
      excl,
      incl: fair,
      what: `The tax of ${percent} seems to be added twice: ${amounts.net} without tax and ${amounts.gross} with tax, where ${moneyText(subject, fair)} would be right.`,
    })
  if (absolute(incl + multiply(incl, rate) - excl) <= within)
    return draft(subject, {
      excl: incl,
      incl: excl,
      what: `The amounts with and without tax of ${percent} seem to be exchanged: ${amounts.net} are stated without tax and ${amounts.gross} with tax.`,
    })
  return []
}

/** The amount without tax is what the session costs with tax; the rates fit, so only the price tells. */
function leftInside(
  subject: Case,
  { rate, within }: { rate: Decimal; within: Decimal },
): readonly Draft[] {
  const { facts, input } = subject
  const { excl } = facts.total
  const { priced } = input
  if (priced?.ok !== true || priced.total.excl === null || priced.total.incl === null) return []
  const [net, gross] = [exactly(priced.total.excl), exactly(priced.total.incl)]
  if (gross - net <= within * 2n || rate === 0n) return []
  // Amounts that only come near each other do so by chance.
  const isExact = absolute(excl - gross) <= subject.minorUnit / 2n
  if (!isExact || absolute(excl - net) <= within) return []
  return draft(subject, {
    excl: net,
    incl: gross,
    what: `The amount without tax, ${moneyText(subject, excl)}, is what the tariff gives with tax: the tax was left inside and added again.`,
  })
}

function draft(subject: Case, { excl, incl, what }: Suspicion): readonly Draft[] {
  const { facts, input } = subject
  const actual = facts.total.incl ?? facts.total.excl
  const words = {
    what,
    fair: moneyText(subject, incl - excl),
    net: moneyText(subject, excl),
  }
  const inputs: DraftInput[] = [
    {
      field: '/total_cost',
      source: 'cdr',
      value: `${textOf(facts.total.excl)}, ${textOf(actual)}`,
    },
    { field: '/tariffs', source: input.tariff.state === 'own' ? 'cdr' : 'tariff', value: null },
  ]
  const { risk, steps } = riskBeyond(subject, { excl, incl })
  const text = (amount: Decimal): string => moneyText(subject, amount)
  return [
    {
      code: 'V3',
      inputs,
      words,
      unit: facts.currency,
      risk,
      steps: [
        `${text(excl)} + tax of ${text(incl - excl)} = ${text(incl)}`,
        `${text(actual)} − ${text(incl)} = ${text(actual - incl)}`,
        ...steps,
      ],
      ...compared({ expected: incl, actual, tolerance: subject.minorUnit * 2n }),
    },
  ]
}

/**
 * V2: a tax that is more than its own percentage of the amount before taxes (OCPI 2.3.0, TaxAmount), where the tariff has
 * no rates to compare it with.
 */
export function checkStatedTaxes(subject: Case): readonly Draft[] {
  const { facts, input, minorUnit } = subject
  const tariffs = appliedTariffs(facts, input.tariff)
  if (tariffs.some(({ components }) => components.some(({ vat }) => vat !== null))) return []
  const [first] = taxesBeyond(at(input.cdr.value, '/total_cost'), minorUnit * 2n)
  const { excl, incl } = facts.total
  if (first === undefined || incl === null) return []
  const { pointer, percentage, amount, expected } = first
  const percent = `${shownText(percentage, { places: 4 })} %`
  const [claim, net, stated, fair] = [incl, excl, amount, expected].map((one) =>
    moneyText(subject, one),
  )
  const reason = `a tax of ${percent} is stated with ${stated}, where ${percent} of ${net} are ${fair}`
  const field = `/total_cost${pointer}`
  const inputs = ['percentage', 'amount'].map((name) => ({
    field: `${field}/${name}`,
    source: 'cdr' as const,
    value: textOf(name === 'amount' ? amount : percentage),
  }))
  return [
    {
      code: 'V2',
      inputs,
      words: { claim: claim ?? '', reason },
      unit: facts.currency,
      risk: { net: 0n, tax: amount - expected },
      ...compared({ expected, actual: amount, tolerance: minorUnit * 2n }),
    },
  ]
}

/** The share of tax, where the tariff has one rate for everything it prices; null otherwise. */
function oneRate({ facts, input }: Case): Decimal | null {
  const components = appliedTariffs(facts, input.tariff).flatMap((tariff) => tariff.components)
  const rates = new Set(components.map(({ vat }) => vat))
  const [rate] = rates
  return rates.size !== 1 || rate === undefined || rate === null || rate <= 0n ? null : rate / 100n
}
