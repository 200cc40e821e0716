import type { Version } from '../version.ts'

export type Json = Record<string, unknown>

/** What can be brought from one version of OCPI to another: objects, parts of objects, and live messages. */
export const KINDS = [
  'location',
  'evse',
  'connector',
  'tariff',
  'session',
  'cdr',
  'token',
  'locationReferences',
  'authorizationInfo',
  'startSession',
  'stopSession',
  'reserveNow',
  'cancelReservation',
  'unlockConnector',
  'commandResponse',
  'commandResult',
] as const

export type Kind = (typeof KINDS)[number]

/**
 * What a step needs and the value itself does not say; read from the store and passed in. Objects in it have the shape
 * of 2.2.1, whatever the direction. A missing fact is undefined; null: it was looked for and nobody has it.
 */
export type Facts = {
  /** Who owns the object (2.1.1 objects do not say). */
  owner?: { country_code: string; party_id: string }
  /** The Token behind auth_id or cdr_token. */
  token?: Json | null
  /** The Location of a session, CDR or command, with the EVSEs it has in the store. */
  location?: Json | null
  /** IANA zone of a location that states none. */
  timeZone?: string
  /** The number under which a 2.1.1 partner knows a reservation, or the id behind that number. */
  reservation?: { id: string; number: number }
  /** When the hub received a PATCH without last_updated; RFC 3339 with Z. */
  receivedAt?: string
  /** Ids that have another name for this receiver, because two owners use the same (2.1.1 lists): module → id → alias. */
  aliases?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** The owner's tariffs, folded, that a 2.1.1 partner is not given: no connector has one of these there. */
  unusableTariffs?: ReadonlySet<string>
  /** The time at which a tariff must be in force for 2.1.1, which has no times for it; RFC 3339 with Z. */
  inForceAt?: string
  /** The 2.1.1 receiver agreed to get credit CDRs, which 2.1.1 does not know, as CDRs with a negative total. */
  allowCredit?: boolean
}

/** A value that did not survive a step, and where it stood (JSON pointer into the value before the step). */
export type Loss = { pointer: string; reason: string }

/** What a step may report. `withhold`: the other version cannot say this at all, so the object must not be sent. */
export type StepWork = {
  facts: Facts
  /** Only some members are there (PATCH): nothing is filled in for those that are not. */
  partial: boolean
  lose(pointer: string, reason: string): void
  withhold(pointer: string, reason: string): void
}

/** One step between neighbours: pure and total, never changes its input. */
export type Step = (value: Json, work: StepWork) => Json

/** The steps of a kind between neighbouring versions; a missing one leaves the value as it is. */
export type Steps = Partial<
  Record<'2.1.1>2.2.1' | '2.2.1>2.1.1' | '2.2.1>2.3.0' | '2.3.0>2.2.1', Step>
>

export type Conversion = {
  kind: Kind
  from: Version
  to: Version
  facts: Facts
  partial?: boolean
}

/** The value in the other version with the report of what was lost, or why it cannot be said there. */
export type Converted<T> =
  | { ok: true; value: T; losses: readonly Loss[] }
  | { ok: false; pointer: string; reason: string; losses: readonly Loss[] }
