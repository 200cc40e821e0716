import { compared, costTolerance, moneyText } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { absolute, exactly, textOf, unitOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'
import { at, readText } from '../read.ts'
import { riskBeyond } from '../risks.ts'

/** P12: what a payment terminal took (OCPI 2.3.0, FinancialAdviceConfirmation) against the claim with tax. */
export function checkCapture(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const captured = input.known?.captured ?? null
  // What was taken in part, or not at all, says nothing about the price.
  if (captured === null || captured.status !== 'SUCCESS') return []
  const actual = facts.total.incl
  const taken = `${captured.total} ${captured.currency}`
  const inputs: DraftInput[] = [
    { field: '/total_cost', source: 'cdr', value: actual === null ? null : textOf(actual) },
    { field: captured.id, source: 'payment', value: taken },
  ]
  if (captured.currency.toUpperCase() !== facts.currency) {
    const claim = moneyText(subject, actual ?? facts.total.excl)
    return [{ code: 'P12', inputs, words: { claim, taken, apart: '' } }]
  }
  if (actual === null) return []
  const expected = exactly(captured.total)
  const tolerance = costTolerance(subject, expected)
  if (absolute(actual - expected) <= tolerance) return []
  const words = {
    claim: moneyText(subject, actual),
    taken: moneyText(subject, expected),
    apart: `: ${moneyText(subject, absolute(actual - expected))} apart`,
  }
  const { risk, steps } = riskBeyond(subject, { excl: null, incl: expected })
  return [
    {
      code: 'P12',
      inputs,
      words,
      unit: facts.currency,
      risk,
      steps: [subtracted(subject, { expected, actual }), ...steps],
      ...compared({ expected, actual, tolerance }),
    },
  ]
}

/**
 * C4, C7, C5: a replacement of what was upheld but never credited; one against what disputes agreed, and against the CDR
 * that it replaces.
 */
export function checkReplaced(subject: Case): readonly Draft[] {
  const replaced = subject.input.known?.replaced ?? null
  if (replaced === null) return []
  const { cdrId, currency, net, gross, isCredited, expectedNet, expectedTax } = replaced
  const named = readText(at(subject.input.cdr.value, '/credit_reference_id'))
  if (!isCredited) {
    const inputs: DraftInput[] = [
      { field: '/credit_reference_id', source: 'cdr', value: named },
      { field: '/id', source: 'original', value: cdrId },
    ]
    return [{ code: 'C4', inputs, words: { first: cdrId } }]
  }
  if (currency !== subject.facts.currency)
    return expectedNet === null ? [] : [otherCurrency(subject, { ...replaced, expectedNet })]
  return [
    ...(expectedNet === null || expectedTax === null
      ? []
      : checkAgreed(subject, { original: cdrId, net: expectedNet, tax: expectedTax })),
    ...checkRaise(subject, { original: cdrId, net, gross }),
  ]
}

/** What was agreed in one currency is not billed in another. */
function otherCurrency(
  subject: Case,
  replaced: { cdrId: string; currency: string; expectedNet: string },
): Draft {
  const { cdrId, currency, expectedNet } = replaced
  const { facts } = subject
  const words = {
    original: cdrId,
    basis: 'without tax',
    agreed: `${textOf(exactly(expectedNet), 2)} ${currency}`,
    claim: moneyText(subject, facts.total.excl),
    apart: ', in another currency',
  }
  const inputs: DraftInput[] = [
    ...claimInputs(subject, { original: cdrId, value: expectedNet }),
    { field: '/currency', source: 'cdr', value: facts.currency },
    { field: '/currency', source: 'original', value: currency },
  ]
  return { code: 'C7', inputs, words, expected: currency, actual: facts.currency }
}

/** What disputes agreed: net to the smallest amount that can be booked, its tax to what rounds on paper. */
function checkAgreed(
  subject: Case,
  { original, ...agreed }: { original: string; net: string; tax: string },
): readonly Draft[] {
  const { excl, incl } = subject.facts.total
  const [net, tax] = [exactly(agreed.net), exactly(agreed.tax)]
  const apart = [
    { basis: 'without tax', actual: excl, expected: net, tolerance: unitOf(6) },
    // A claim that states no tax asks for none.
    ...(incl === null
      ? []
      : [{ basis: 'of tax', actual: incl - excl, expected: tax, tolerance: subject.minorUnit }]),
  ].filter(({ actual, expected, tolerance }) => absolute(actual - expected) > tolerance)
  const found = apart.find(({ actual, expected }) => actual > expected) ?? apart[0]
  if (found === undefined) return []
  const { basis, ...difference } = found
  const { actual, expected } = difference
  const words = {
    original,
    basis,
    agreed: moneyText(subject, expected),
    claim: moneyText(subject, actual),
    apart: `: ${moneyText(subject, absolute(actual - expected))} apart`,
  }
  const { risk, steps } = riskBeyond(subject, { excl: net, incl: incl === null ? null : net + tax })
  return [
    {
      code: 'C7',
      inputs: [
        ...claimInputs(subject, { original, value: agreed.net }),
        ...(found.basis === 'of tax'
          ? [grossInput('cdr', excl + actual), grossInput('original', net + tax)]
          : []),
      ],
      words,
      unit: subject.facts.currency,
      risk,
      steps: [subtracted(subject, { expected, actual }), ...steps],
      ...compared(difference),
    },
  ]
}

/** Raising a price in a replacement is discouraged (ocpi/ocpi#399), so it needs consent. */
function checkRaise(
  subject: Case,
  { original, net, gross }: { original: string; net: string; gross: string | null },
): readonly Draft[] {
  const { excl, incl } = subject.facts.total
  const isNet = excl > exactly(net) + subject.minorUnit
  const isGross = incl !== null && gross !== null && incl > exactly(gross) + subject.minorUnit
  if (!isNet && !isGross) return []
  const [actual, expected, basis] = isNet
    ? [excl, exactly(net), 'without tax']
    : [incl ?? excl, exactly(gross ?? net), 'with tax']
  const words = {
    original,
    basis,
    before: moneyText(subject, expected),
    claim: moneyText(subject, actual),
    apart: moneyText(subject, actual - expected),
    receiver: subject.input.cdr.receiver,
  }
  const price = { excl: exactly(net), incl: gross === null ? null : exactly(gross) }
  const { risk, steps } = riskBeyond(subject, price)
  return [
    {
      code: 'C5',
      inputs: claimInputs(subject, { original, value: net }),
      words,
      unit: subject.facts.currency,
      risk,
      steps: [subtracted(subject, { expected, actual }), ...steps],
      ...compared({ expected, actual, tolerance: subject.minorUnit }),
    },
  ]
}

function claimInputs(
  { facts }: Case,
  { original, value }: { original: string; value: string },
): readonly DraftInput[] {
  return [
    { field: '/total_cost/excl_vat', source: 'cdr', value: textOf(facts.total.excl) },
    { field: '/id', source: 'original', value: original },
    { field: '/total_cost/excl_vat', source: 'original', value },
  ]
}

function grossInput(source: 'cdr' | 'original', gross: Decimal): DraftInput {
  return { field: '/total_cost/incl_vat', source, value: textOf(gross) }
}

function subtracted(
  subject: Case,
  { expected, actual }: { expected: Decimal; actual: Decimal },
): string {
  const [from, to, apart] = [actual, expected, actual - expected].map((amount) =>
    moneyText(subject, amount),
  )
  return `${from} − ${to} = ${apart}`
}
