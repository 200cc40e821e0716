import { Compile } from 'typebox/compile'
import { assert } from '../assert.ts'
import type { Snapshot } from '../directory/snapshot.ts'
import { agreementTerms, defaultTerms, inForce } from './agreement-terms.ts'
import type { AgreementTerms } from './agreement-terms.ts'

const terms = Compile(agreementTerms)

/** What two parties agreed as of a time. version 0: nothing of their own, the hub's defaults. */
export type Agreed = { version: number; terms: AgreementTerms }

/**
 * The agreement of a pair at `at`, or null when they may not deal: with `required` nothing flows without one; with
 * `open` those who agreed nothing deal on default terms.
 */
export function agreementAt(input: {
  snapshot: Snapshot
  mode: 'open' | 'required'
  cpo: string
  emsp: string
  at: Date
}): Agreed | null {
  const versions = (input.snapshot.agreements.get(`${input.cpo}>${input.emsp}`) ?? []).map(
    (version) => ({
      ...version,
      terms: readTerms(version.terms),
    }),
  )
  const found = inForce(versions, input.at)
  if (found) return found
  return input.mode === 'open' ? { version: 0, terms: defaultTerms } : null
}

/** True when messages of a module may go between two parties now; one of them is the CPO side. */
export function mayDeal(input: {
  snapshot: Snapshot
  mode: 'open' | 'required'
  cpo: string
  emsp: string
  module: string
  at: Date
}): boolean {
  const agreed = agreementAt(input)
  if (!agreed) return false
  const { modules } = agreed.terms
  return modules === undefined || modules.some((module) => wireId(module) === input.module)
}

/** The bookings extension calls its module Booking; agreements of before have it by the name of the extension. */
function wireId(module: string): string {
  return module === 'bookings' ? 'Booking' : module
}

function readTerms(value: unknown): AgreementTerms {
  assert(terms.Check(value), 'stored agreement terms do not match their schema')
  return value
}
