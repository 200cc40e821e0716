import { absolute, exactly } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { Case, PricedInput } from '../input.ts'
import { compared, costTolerance, moneyText } from '../compare.ts'
import { comparePrice } from './price.ts'

/** P3: the claim against the price by the tariff of the agreement, beyond the tolerance. */
export function checkAgreedTariff(subject: Case): readonly Draft[] {
  const agreed = subject.input.others?.agreed ?? null
  return comparePrice(subject, agreed, { beyond: 'P3', within: null }).slice(0, 1)
}

/**
 * P2: the tariffs in the CDR and those that their owner had published when the session began price it differently,
 * beyond the tolerance, or only its own can price it.
 */
export function checkStoredTariff(subject: Case): readonly Draft[] {
  const { priced, others, tariff } = subject.input
  const stored = others?.stored ?? null
  if (tariff.state !== 'own' || priced?.ok !== true || stored === null) return []
  if (!stored.ok) return [unpriced(stored)]
  const [first] = (['excl', 'incl'] as const).flatMap((side) => {
    const [own, published] = [priced.total[side], stored.total[side]]
    if (own === null || published === null) return []
    const [actual, expected] = [exactly(own), exactly(published)]
    const tolerance = costTolerance(subject, expected)
    return absolute(actual - expected) > tolerance ? [{ side, actual, expected, tolerance }] : []
  })
  if (first === undefined) return []
  const { side, ...figures } = first
  const { actual, expected } = figures
  const claimed = subject.facts.total[side]
  const isOfStored =
    claimed !== null && absolute(claimed - expected) <= subject.minorUnit / 2n
      ? ' The claim is what the published one gives.'
      : ''
  const basis = side === 'excl' ? 'without tax' : 'with tax'
  const what =
    `By the tariff in the CDR the session costs ${moneyText(subject, actual)} ${basis}, by the one published when it ` +
    `began ${moneyText(subject, expected)}: ${moneyText(subject, absolute(actual - expected))} apart.${isOfStored}`
  const inputs = [
    { field: `/total/${side}`, source: 'pricing' as const, value: priced.total[side] },
    { field: `/total/${side}`, source: 'tariff' as const, value: stored.total[side] },
  ]
  return [{ code: 'P2', inputs, words: { what }, ...compared(figures) }]
}

function unpriced(stored: Extract<PricedInput, { ok: false }>): Draft {
  const what = `By the tariff that was published when the session began it cannot be priced, only by the one in the CDR: ${stored.message} (${stored.code}).`
  return {
    code: 'P2',
    inputs: [{ field: stored.pointer, source: 'tariff', value: stored.code }],
    words: { what },
  }
}
