import * as assert from 'uvu/assert'
import type { DisputeAmount } from '../../src/clearing/disputes/amounts.ts'
import { isNothing } from '../../src/clearing/disputes/amounts.ts'
import type { DisputeState, DisputeVerb, Side } from '../../src/clearing/disputes/machine.ts'
import { isOpen, isUndecided } from '../../src/clearing/disputes/machine.ts'
import { stepDispute } from '../../src/clearing/disputes/step.ts'
import type { DisputeStand } from '../../src/clearing/disputes/stand.ts'
import type { Stepped } from '../../src/clearing/disputes/step.ts'
import type { DisputeTerms } from '../../src/clearing/disputes/terms.ts'
import { TERMS } from '../../src/clearing/terms.ts'
import { fromMicros } from '../../src/ledger/money.ts'

export const terms: DisputeTerms = { ...TERMS.auto_dispute, ...TERMS.dispute }
export const show = (micros: bigint): string => `${fromMicros(micros)} EUR`

/** Micro-units of whole units. */
export const units = (net: number, tax = net / 5): DisputeAmount => ({
  net: BigInt(Math.round(net * 1_000_000)),
  tax: BigInt(Math.round(tax * 1_000_000)),
})

export type Said = {
  verb: DisputeVerb
  side: Side
  amount?: { net: bigint; tax: bigint | null }
  text?: string
  verdict?: DisputeAmount | null
}

/** A dispute about 6.00 with 1.20 of tax. */
export function standAt(state: DisputeState, more: Partial<DisputeStand> = {}): DisputeStand {
  return {
    state,
    round: 1,
    amount: units(6),
    upheld: units(0),
    proposed: null,
    acceptedBy: null,
    isOverdue: false,
    ...more,
  }
}

export function step(
  stand: DisputeStand,
  said: Said,
  own: DisputeTerms = terms,
): ReturnType<typeof stepDispute> {
  return stepDispute(stand, { text: 'because', ...said, terms: own, show })
}

/** What comes of it; fails with the refusal. */
export function done(stand: DisputeStand, said: Said): Stepped {
  const result = step(stand, said)
  if (!result.ok) throw new Error(`${said.verb} by ${said.side}: ${result.message}`)
  return result.next
}

export function refused(stand: DisputeStand, said: Said): string {
  const result = step(stand, said)
  assert.is(result.ok, false, `${said.verb} by ${said.side} was possible`)
  return result.ok ? '' : result.message
}

/** The dispute after a step, with the clock that runs: an own model of what the database keeps. */
export type Running = { stand: DisputeStand; clock: { days: number; verb: DisputeVerb } | null }

export function follow(before: Running, next: Stepped): Running {
  const clock =
    next.clock === 'keep'
      ? before.clock
      : next.clock && { days: next.clock.days, verb: next.clock.verb }
  return {
    clock,
    stand: {
      state: next.state,
      round: next.round,
      amount: before.stand.amount,
      upheld: next.upheld,
      proposed: next.proposed,
      acceptedBy: next.acceptedBy,
      isOverdue: false,
    },
  }
}

/** What holds of every dispute at every moment. */
export function assertSound({ stand, clock }: Running, outcome: string | null): void {
  const { state, upheld, amount, proposed, round } = stand
  assert.is(isOpen(state), clock !== null, `${state} has ${clock === null ? 'no' : 'a'} clock`)
  assert.is(outcome === null, isOpen(state), `${state} has the outcome ${outcome}`)
  assert.ok(upheld.net >= 0n && upheld.net <= amount.net, 'upheld is within what is disputed')
  assert.ok(upheld.tax >= 0n && upheld.tax <= amount.tax, 'and so is its tax')
  if (proposed) assert.ok(proposed.amount.net <= amount.net && proposed.amount.net >= 0n)
  assert.ok(round <= terms.rounds, `round ${round}`)
  if (state === 'await_credit' || state === 'await_replacement') assert.not(isNothing(upheld))
  if (isUndecided(state) && state !== 'accepted_partial' && round === 1 && proposed === null)
    assert.ok(upheld.net >= 0n)
}
