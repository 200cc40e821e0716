import type { CannotPrice } from '../../pricing/types.ts'
import { currencies } from '../../../config/currencies.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, largest, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { FindingCode } from '../rules.ts'
import type { Case, PricedInput } from '../input.ts'
import { compared, costTolerance, moneyText, toleranceText } from '../compare.ts'
import { at, shown } from '../read.ts'
import { riskBeyond } from '../risks.ts'
import { billSteps } from '../steps.ts'
import { appliedTariffs } from '../tariffs.ts'

/** P8: a currency that does not exist, or not that of the tariff or of the agreement. */
export function checkCurrency(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const actual = facts.currency
  const claimed = { field: '/currency', source: 'cdr' as const, value: actual }
  if (!currencies.has(actual))
    return [
      {
        code: 'P8',
        inputs: [claimed],
        actual,
        words: { reason: 'which is not a currency of ISO 4217' },
      },
    ]
  const agreed = input.agreement.currency?.toUpperCase()
  if (agreed !== undefined && agreed !== actual) {
    const inputs = [claimed, { field: '/currency', source: 'agreement' as const, value: agreed }]
    return [
      {
        code: 'P8',
        inputs,
        actual,
        expected: agreed,
        words: { reason: `but the agreement is in ${agreed}` },
      },
    ]
  }
  const other = appliedTariffs(facts, input.tariff).find(
    (tariff) => (tariff.currency ?? actual) !== actual,
  )
  if (other === undefined) return []
  const expected = other.currency ?? ''
  const inputs = [claimed, { field: '/currency', source: 'tariff' as const, value: expected }]
  return [
    { code: 'P8', inputs, actual, expected, words: { reason: `but the tariff is in ${expected}` } },
  ]
}

/** P1 beyond the tolerance, P9 within it: the claim against the recomputed price, without tax and with it. */
export function checkPrice(subject: Case): readonly Draft[] {
  const { priced } = subject.input
  const drafts = comparePrice(subject, priced, { beyond: 'P1', within: 'P9' })
  const wrong = drafts.find((draft) => draft.code === 'P1')
  if (wrong === undefined) return drafts.slice(0, 1)
  return [{ ...wrong, steps: [...billSteps(subject, priced), ...(wrong.steps ?? [])] }]
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
  const { pointer, message, code, bounds = null } = input.priced
  if (bounds !== null) return checkBounds(subject, bounds)
  return [
    notPriced(subject, {
      pointer,
      reason: `${message.replace(/[.]$/, '')} (${code.replaceAll('_', ' ')}).`,
    }),
  ]
}

type Bounds = Exclude<CannotPrice['bounds'], null>

/**
 * Where the time zone matters and nobody knows it: P1 for a claim that no zone leads to, else P0 that says between what
 * the price lies.
 */
function checkBounds(subject: Case, { low, high }: Bounds): readonly Draft[] {
  const { facts } = subject
  const sides = [
    { basis: 'without tax', field: '/total_cost/excl_vat', side: 'excl' },
    { basis: 'with tax', field: '/total_cost/incl_vat', side: 'incl' },
  ] as const
  const judged = sides.flatMap(({ basis, field, side }) => {
    const [from, to] = [low.total[side], high.total[side]]
    const actual = facts.total[side]
    if (from === null || to === null || actual === null) return []
    // The dearer of two bills without tax need not be the dearer one with it.
    const [least = 0n, most = 0n] = [exactly(from), exactly(to)].toSorted((a, b) =>
      a < b ? -1 : 1,
    )
    const expected = actual < least ? least : actual > most ? most : actual
    const tolerance = costTolerance(subject, expected)
    const price = `${moneyText(subject, least)} to ${moneyText(subject, most)}`
    return [{ basis, field, actual, expected, tolerance, price }]
  })
  const wrong = judged.find((one) => absolute(one.actual - one.expected) > one.tolerance)
  if (wrong !== undefined) {
    const { basis, field, price, ...figures } = wrong
    const words = {
      basis,
      claim: moneyText(subject, figures.actual),
      price: `${price} in whatever time zone`,
      apart: moneyText(subject, absolute(figures.actual - figures.expected)),
      allowed: toleranceText(subject, {
        tolerance: figures.tolerance,
        apart: figures.actual - figures.expected,
      }),
    }
    const inputs = [{ field, source: 'cdr' as const, value: textOf(figures.actual) }]
    const { expected } = figures
    const { risk, steps } = riskBeyond(
      subject,
      basis === 'without tax' ? { excl: expected, incl: null } : { excl: null, incl: expected },
    )
    const unit = facts.currency
    const apart = `${words.claim} − ${moneyText(subject, expected)} = ${moneyText(subject, figures.actual - expected)} ${basis}`
    return [
      { code: 'P1', inputs, words, unit, risk, steps: [apart, ...steps], ...compared(figures) },
    ]
  }
  const [first] = judged
  const reason =
    'the tariff depends on the local time, and the time zone of the location is not known.'
  const between =
    first === undefined
      ? ''
      : ` Over all zones it is ${first.price} ${first.basis}; the claim is among these.`
  return [notPriced(subject, { pointer: '/cdr_location', reason: `${reason}${between}` })]
}

/** P11: the tariff was not known yet when the session started. */
export function checkTariffAge(subject: Case): readonly Draft[] {
  const { tariff } = subject.input
  if (tariff.state === 'missing' || tariff.afterStart !== true) return []
  const used =
    tariff.state === 'own' ? 'The session is priced by the one in the CDR.' : 'It was used.'
  return [{ code: 'P11', inputs: [cdrInput(subject, '/start_date_time')], words: { used } }]
}

/** C6: only a credit CDR may claim less than nothing. */
export function checkSign(subject: Case): readonly Draft[] {
  const { excl, incl } = subject.facts.total
  const claimed = excl < 0n ? excl : (incl ?? excl)
  if (claimed >= 0n) return []
  const words = { claim: moneyText(subject, claimed) }
  const inputs = [cdrInput(subject, '/total_cost'), cdrInput(subject, '/credit')]
  return [
    {
      code: 'C6',
      inputs,
      expected: '0',
      actual: textOf(claimed),
      unit: subject.facts.currency,
      words,
    },
  ]
}

type Codes = { beyond: FindingCode; within: FindingCode | null }

/** The claim against a price, without tax and with it where both are known: a finding for each side that differs. */
export function comparePrice(
  subject: Case,
  priced: PricedInput | null,
  codes: Codes,
): readonly Draft[] {
  const { facts } = subject
  if (priced?.ok !== true || priced.currency.toUpperCase() !== facts.currency) return []
  const sides = [
    {
      basis: 'without tax',
      field: '/total_cost/excl_vat',
      side: 'excl',
      actual: facts.total.excl,
      price: priced.total.excl,
    },
    {
      basis: 'with tax',
      field: '/total_cost/incl_vat',
      side: 'incl',
      actual: facts.total.incl,
      price: priced.total.incl,
    },
  ] as const
  const found = sides.flatMap(({ actual, price, ...where }) =>
    actual === null || price === null
      ? []
      : compareSide(subject, {
          ...where,
          ...codes,
          actual,
          expected: exactly(price),
          rounding: roundingOf(subject, { priced, actual, side: where.side }),
        }),
  )
  if (found.length === 0) return []
  const total = {
    excl: priced.total.excl === null ? null : exactly(priced.total.excl),
    incl: priced.total.incl === null ? null : exactly(priced.total.incl),
  }
  const { risk, steps } = riskBeyond(subject, total)
  return found.map((draft) => ({ ...draft, risk, steps: [...(draft.steps ?? []), ...steps] }))
}

/**
 * What rounding alone may do to a claim that is stated in whole minor units: one of these for each part of the bill that is
 * not, whatever the way it is rounded, and with tax one more.
 */
function roundingOf(
  { minorUnit }: Case,
  at: { priced: Extract<PricedInput, { ok: true }>; actual: Decimal; side: 'excl' | 'incl' },
): Decimal {
  const { priced, actual, side } = at
  const isUneven = (amount: string | null): boolean => exactly(amount ?? '0') % minorUnit !== 0n
  if (actual % minorUnit !== 0n) return 0n
  const parts = Object.values(priced.dimensions ?? {}).filter((part) => isUneven(part[side]))
  const taxes = side === 'incl' && isUneven(priced.total.incl) ? 1 : 0
  return minorUnit * BigInt(parts.length + taxes)
}

type Side = Codes & {
  basis: string
  field: string
  actual: Decimal
  expected: Decimal
  rounding: Decimal
}

function compareSide(subject: Case, side: Side): readonly Draft[] {
  const { actual, expected, basis, field, beyond, within, rounding } = side
  const tolerance = largest(costTolerance(subject, expected), rounding)
  const code = absolute(actual - expected) > tolerance ? beyond : within
  if (actual === expected || code === null) return []
  const inputs: readonly DraftInput[] = [
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
    allowed: toleranceText(subject, { tolerance, apart: actual - expected }),
  }
  const steps = [
    `${words.claim} claimed − ${words.price} by the tariff = ${moneyText(subject, actual - expected)} ${basis}`,
    `tolerated: ${words.allowed}`,
  ]
  const unit = subject.facts.currency
  return [{ code, inputs, words, unit, steps, ...compared({ actual, expected, tolerance }) }]
}

function notPriced(subject: Case, told: { pointer: string; reason: string }): Draft {
  return { code: 'P0', inputs: [cdrInput(subject, told.pointer)], words: { reason: told.reason } }
}

function cdrInput(subject: Case, field: string): DraftInput {
  return { field, source: 'cdr', value: shown(at(subject.input.cdr.value, field)) }
}
