import type { CannotPrice, PricedBill, PricingOptions } from '../pricing/types.ts'
import type { Known } from './known.ts'
import type { Decimal } from './decimal.ts'
import type { CdrFacts } from './read.ts'
import type { Standing } from './standing.ts'
import type { CdrState } from './states.ts'
import type { Severities } from './severities.ts'
import type { ClearingTerms } from './terms.ts'

/** A CDR to be judged and everything known about it. Parties as `NL-TNM`; OCPI objects parsed, nulls dropped. */
export type ClearingInput = {
  cdr: CdrInput
  session: SessionInput
  token: TokenInput
  tariff: TariffInput
  /** maxPowerKw: of the connector as stored, decimal text or number, see connectorMaxKw; null = not known. */
  location: { maxPowerKw: string | number | null } | null
  priced: PricedInput | null
  /** What it was priced by, for a price that differs; null or left out: not kept. */
  pricing?: PricingInput | null
  /**
   * The same session by other tariffs, left out or null where there are none: `stored` – those that the owner had
   * published when it began, where the CDR carries different ones; `agreed` – that of the agreement. `isUnpublished`: it
   * carries one that they never published, so `stored` is by that of the connector.
   */
  others?: { stored: PricedInput | null; agreed: PricedInput | null; isUnpublished?: boolean }
  prior: PriorInput
  /** What else is known, for the checks that compare; absent = nothing. */
  known?: Known
  agreement: ClearingTerms
  /** The waiting time is over: judge with what is known. */
  waitOver: boolean
  /** Of a CDR that is booked already; left out or null: of one that is not, or that only drafts hold. */
  standing?: Standing | null
}

/** `doubts`: values that were sent in a form that may mean something else, with how they were read. */
type CdrInput = {
  owner: string
  receiver: string
  value: unknown
  receivedAt: Date
  /** How it came, and from which of its sender's platforms; left out: not known. */
  channel?: 'push' | 'pull'
  platformId?: string
  /** SHA-256 of its bytes, hex. */
  hash?: string
  doubts?: readonly { pointer: string; message: string }[]
}

/** `completed` left out: read from the session's status. */
type SessionInput = { state: 'missing' } | { state: 'found'; value: unknown; completed?: boolean }

/**
 * `afterStart`: the oldest known version is younger than the session. `foreign`: another eMSP owns the token. `command`:
 * the eMSP never published it, but had a session started with it.
 */
type TokenInput =
  | { state: 'found'; afterStart?: boolean; source: 'push' | 'authorize' | 'command' }
  | { state: 'foreign'; owner: string }
  | { state: 'missing' }

/**
 * `own`: the tariffs in the CDR itself. `stored`: the version in force at the start, or the oldest known. `afterStart`:
 * what is stored of one of them is all younger than the session.
 */
export type TariffInput =
  | { state: 'own' | 'stored'; tariffs: readonly unknown[]; afterStart?: boolean }
  | { state: 'missing' }

/**
 * The part of a priced CDR that is compared. Decimal texts in units of the currency. `bounds`: between what it costs
 * where the time zone matters and nobody knows it.
 */
export type PricedInput =
  | (Pick<PricedBill, 'ok' | 'currency' | 'total'> &
      Partial<
        Pick<PricedBill, 'dimensions' | 'segments' | 'clamp' | 'quantities' | 'notes' | 'timeZone'>
      >)
  | (Pick<CannotPrice, 'ok' | 'code' | 'pointer' | 'message'> &
      Partial<Pick<CannotPrice, 'bounds'>>)

/** Another CDR of the same session. `net`, `kwh`: decimal text of its claim; left out: not read. */
export type SameSession = { cdrId: string; isForAnother?: boolean; net?: string; kwh?: string }

/**
 * CDRs received earlier that stand against this one: not quarantined, credited, withdrawn or credits. `sameSession`: of
 * the same owner; `isForAnother`: billed to another eMSP. `overlapping`: of the same token and any owner, from when they
 * were used; the times are compared again here.
 */
type PriorInput = {
  sameSession: readonly SameSession[]
  overlapping: readonly { owner: string; cdrId: string; start: Date; end: Date }[]
}

/** The CDR as it is priced, by which tariffs and how. */
export type PricingInput = { cdr: unknown; tariffs: readonly unknown[]; options: PricingOptions }

/**
 * A credit CDR and its original, matched by credit_reference_id within the owner. `creditedBy`: the id of another
 * credit that took that original back, null = none. `waitOver`: the original has been waited for long enough.
 */
export type CreditInput = {
  cdr: CdrInput
  original: OriginalInput
  agreement: { severities: Severities }
  waitOver: boolean
}

type OriginalInput =
  | { state: 'missing' }
  | {
      state: 'found'
      value: unknown
      cdrState: CdrState
      isCredit: boolean
      creditedBy: string | null
    }

/** What a check of a readable CDR gets. `decided`: nothing is waited for, so what is missing counts as missing. */
export type Case = {
  input: ClearingInput
  facts: CdrFacts
  decided: boolean
  /** Minor-unit digits of the currency, and one such unit; 2 for a currency that does not exist. */
  digits: number
  minorUnit: Decimal
  /** Of the place, for times that people read; null = not known. */
  zone: string | null
}
