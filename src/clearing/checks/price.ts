import { currencies } from '../../../config/currencies.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, textOf } from '../decimal.ts'
import type { Draft, FindingInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { compared, costTolerance, moneyText } from '../compare.ts'
import { at, shown } from '../read.ts'
import { appliedTariffs } from '../tariffs.ts'

/** P8: a currency that does not exist, or not that of the tariff or of the agreement. */
export function checkCurrency(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const actual = facts.currency
  const claimed = { field: '/currency', source: 'cdr' as const, value: actual }
  if (!currencies.has(actual))
    return [
      { code: 'P8', inputs: [claimed], actual, words: { reason: 'which is no ISO 4217 currency' } },
    ]
  const agreed = input.agreement.currency?.toUpperCase()
  if (agreed !== undefined && agreed !== actual) {
    const inputs = [claimed, { field: '/currency', source: 'agreement' as const, value: agreed }]
    return [
      { code: 'P8', inputs, actual, expected: agreed, words: { reason: `agreed is ${agreed}` } },
    ]
  }
  const other = appliedTariffs(facts, input.tariff).find(
    (tariff) => (tariff.currency ?? actual) !== actual,
  )
  if (other === undefined) return []
  const expected = other.currency ?? ''
  const inputs = [claimed, { field: '/currency', source: 'tariff' as const, value: expected }]
  return [
    { code: 'P8', inputs, actual, expected, words: { reason: `the tariff is in ${expected}` } },
  ]
}

/** P1 beyond the tolerance, P9 within it: the claim against the recomputed price, without tax and with it. */
export function checkPrice(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const { priced } = input
  if (priced?.ok !== true || priced.currency.toUpperCase() !== facts.currency) return []
  const bases = [
    {
      basis: 'without tax',
      field: '/total_cost/excl_vat',
      actual: facts.total.excl,
      priced: priced.total.excl,
    },
    {
      basis: 'with tax',
      field: '/total_cost/incl_vat',
      actual: facts.total.incl,
      priced: priced.total.incl,
    },
  ]
  const drafts = bases.flatMap(({ actual, priced: price, ...where }) =>
    actual === null || price === null
      ? []
      : comparePrice(subject, { ...where, actual, expected: exactly(price) }),
  )
  const wrong = drafts.find((draft) => draft.code === 'P1')
  return wrong === undefined ? drafts.slice(0, 1) : [wrong]
}

/** P0: nothing to compare the claim with. A claim of nothing without a tariff needs no comparison. */
export function checkPriced(subject: Case): readonly Draft[] {
  const { facts, input, decided } = subject
  if (!decided || input.priced?.ok === true) return []
  const { excl, incl } = facts.total
  const isFree = excl === 0n && (incl ?? 0n) === 0n
  if (input.tariff.state === 'missing') {
    const reason = 'no tariff is known for this session.'
    return isFree ? [] : [notPriced(subject, { pointer: '/tariffs', reason })]
  }
  if (input.priced === null)
    return [notPriced(subject, { pointer: '/tariffs', reason: 'pricing was not possible.' })]
  const { pointer, message, code } = input.priced
  return [notPriced(subject, { pointer, reason: `${message} (${code})` })]
}

/** P11: the tariff was not known yet when the session started. */
export function checkTariffAge(subject: Case): readonly Draft[] {
  const { tariff } = subject.input
  if (tariff.state === 'missing' || tariff.afterStart !== true) return []
  return [{ code: 'P11', inputs: [cdrInput(subject, '/start_date_time')] }]
}

/** C6: only a credit CDR may claim less than nothing. */
export function checkSign(subject: Case): readonly Draft[] {
  const { excl } = subject.facts.total
  if (excl >= 0n) return []
  const words = { claim: moneyText(subject, excl) }
  const inputs = [cdrInput(subject, '/total_cost'), cdrInput(subject, '/credit')]
  return [{ code: 'C6', inputs, expected: '0', actual: textOf(excl), words }]
}

type Comparison = { basis: string; field: string; actual: Decimal; expected: Decimal }

function comparePrice(subject: Case, comparison: Comparison): readonly Draft[] {
  const { actual, expected, basis, field } = comparison
  if (actual === expected) return []
  const tolerance = costTolerance(subject, expected)
  const inputs: readonly FindingInput[] = [
    { field, source: 'cdr', value: textOf(actual) },
    {
      field: field.endsWith('excl_vat') ? '/total/excl' : '/total/incl',
      source: 'pricing',
      value: textOf(expected),
    },
  ]
  const words = {
    basis,
    claim: moneyText(subject, actual),
    price: moneyText(subject, expected),
    apart: moneyText(subject, absolute(actual - expected)),
    allowed: moneyText(subject, tolerance),
  }
  const code = absolute(actual - expected) > tolerance ? 'P1' : 'P9'
  return [{ code, inputs, words, ...compared({ actual, expected, tolerance }) }]
}

function notPriced(subject: Case, told: { pointer: string; reason: string }): Draft {
  return { code: 'P0', inputs: [cdrInput(subject, told.pointer)], words: { reason: told.reason } }
}

function cdrInput(subject: Case, field: string): FindingInput {
  return { field, source: 'cdr', value: shown(at(subject.input.cdr.value, field)) }
}
