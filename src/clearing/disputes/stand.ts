import type { DisputeAmount } from './amounts.ts'
import type { DisputeState, Side } from './machine.ts'

/** Where a dispute stands. `amount` is what it is about, `upheld` what of it was accepted so far. */
export type DisputeStand = {
  readonly state: DisputeState
  readonly round: number
  readonly amount: DisputeAmount
  readonly upheld: DisputeAmount
  /** What is on the table and whose offer it is. */
  readonly proposed: { readonly amount: DisputeAmount; readonly by: Side } | null
  /** The party that has accepted the hub's offer, while the other has not. */
  readonly acceptedBy: Side | null
  /** Its deadline is over and what happens then has not been done yet. */
  readonly isOverdue: boolean
}
