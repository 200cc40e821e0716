import { Refusal } from './refusal.ts'

/** What an operator may do. `admin` may do everything. */
export const OPERATOR_ROLES = ['viewer', 'operator', 'finance', 'admin'] as const
export type OperatorRole = (typeof OPERATOR_ROLES)[number]

/** An operator of the hub: sees every party's side. `actor` is what the audit log and histories show. */
export type OperatorScope = { kind: 'operator'; actor: string; roles: readonly string[] }

/** A connected platform: sees the CDRs its own CPOs sent, and those that its own eMSPs are billed for. */
export type PartyScope = {
  kind: 'party'
  actor: string
  platformId: string
  cpos: readonly string[]
  emsps: readonly string[]
}

/** Who asks, and so which side of the facts may be shown. */
export type Scope = OperatorScope | PartyScope

/** The operator behind a scope; the routes of /admin/v1 never see another. */
export function operatorOf(scope: Scope): OperatorScope {
  if (scope.kind !== 'operator') throw new Refusal('notFound', 'There is nothing here for a party.')
  return scope
}

/** True when the scope is the operator's, or `party` is one of the platform's own. */
export function sees(scope: Scope, party: string): boolean {
  return scope.kind === 'operator' || scope.cpos.includes(party) || scope.emsps.includes(party)
}
