import { exactly, unitOf } from './decimal.ts'
import type { Case } from './input.ts'
import type { Known } from './known.ts'
import type { CdrFacts } from './read.ts'

/**
 * The CDR of which disputes upheld something, that was credited, and that this one replaces; null where this one
 * documents the end of no dispute.
 */
export function documentedBy({ input }: Case): string | null {
  const replaced = input.known?.replaced ?? null
  return replaced !== null && replaced.isCredited && replaced.expectedNet !== null
    ? replaced.cdrId
    : null
}

/**
 * The codes of what was found or disputed of the CDR that this one replaces, where it claims no more than was left of
 * that: what was decided is not asked again. Empty where it claims more, or nothing was decided.
 */
export function settledCodes(
  known: Known | undefined,
  claim: { facts: Pick<CdrFacts, 'total' | 'currency'>; digits: number },
): readonly string[] {
  const replaced = known?.replaced ?? null
  if (replaced === null || !replaced.isCredited) return []
  const { expectedNet: net, expectedTax: tax, currency, settled = [] } = replaced
  const { facts, digits } = claim
  if (net === null || tax === null || currency !== facts.currency) return []
  const { excl, incl } = facts.total
  const isWithin =
    excl <= exactly(net) + unitOf(6) &&
    (incl === null || incl - excl <= exactly(tax) + unitOf(digits))
  return isWithin ? settled : []
}
