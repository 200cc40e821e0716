import type { Scope } from '../admin/scope.ts'

/**
 * CDRs in these states are not shown to the eMSP, and neither is one whose delivery is withheld: records may be matched
 * with them, but nobody is told, and the eMSP sees such a match only once it may see the CDR.
 */
export const UNSEEN_STATES = ['received', 'unmatched', 'orphan_credit', 'quarantined', 'dropped']

/** For a query: the states that are hidden from who asks; null for an operator, who sees everything. */
export function unseenBy(scope: Scope): readonly string[] | null {
  return scope.kind === 'operator' ? null : UNSEEN_STATES
}
