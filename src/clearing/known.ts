import type { SignedReading } from './signed/types.ts'

/**
 * What the hub knows about a session beside its CDR, for the checks that compare. Everything may be absent: what is
 * not known is not checked. Times are instants, parties `NL-TNM`, OCPI objects parsed with nulls dropped.
 */
export type Known = {
  /** Every message about the session, in order of receipt. */
  sessionSteps?: readonly SessionStep[]
  /** The token as of the start of the session. `isMultiUse`: several sessions at once are normal for it. */
  token?: { value: unknown; isMultiUse: boolean; receivedAt: Date } | null
  /** Requests of the card at this CPO from a day before the start to the end, oldest first. */
  authorizations?: readonly Authorization[]
  /** When the hub first saw a request of this pair; null: never, so the pair may ask each other on another way. */
  authorizesSince?: Date | null
  place?: Place | null
  rivals?: Rivals
  /** Signed meter data of the CDR, one reading per signed record that was recognised; see readSigned. */
  signed?: readonly SignedReading[]
  meter?: {
    registeredKey: string | null
    /** The stop register of the session before on this meter. */
    previousStop: KnownRegister | null
    /** The start register of the session after, whose CDR came earlier. */
    nextStart?: KnownRegister | null
    /** Another CDR with the very same two registers of this meter. */
    same?: Pick<KnownRegister, 'cdrId' | 'isForAnother'> | null
  }
  record?: RecordInput | null
  /** What a payment terminal captured for this session (FinancialAdviceConfirmation), matched by reference. */
  captured?: { total: string; currency: string; status: string; id: string } | null
  /** The CDR of the same charge that this one replaces, and what its disputes upheld of it. */
  replaced?: {
    cdrId: string
    currency: string
    net: string
    gross: string | null
    /** False where all of it was upheld and its CPO has not credited it. */
    isCredited: boolean
    /** What the replacement was to claim, net and its tax; both null where no dispute said so. */
    expectedNet: string | null
    expectedTax: string | null
    /** Codes of what was found severe or disputed of it, where a dispute of it was decided. */
    settled?: readonly string[]
  } | null
  /** How often the same bytes came again (D1). */
  replays?: number
}

/** In kWh as decimal text; `isForAnother`: billed to another eMSP. */
export type KnownRegister = {
  kwh: string
  at: Date | null
  cdrId: string
  isForAnother?: boolean
}

export type SessionStep = {
  receivedAt: Date
  method: 'PUT' | 'PATCH' | 'pull'
  lastUpdated: Date | null
  status: string | null
  kwh: string | null
  /** It says the energy, and the cost, itself: what it does not say is that of the message before. */
  saysKwh: boolean
  saysCost: boolean
  /** SHA-256 of the message, hex. */
  hash: string
}

export type Authorization = {
  kind: 'realtime' | 'START_SESSION' | 'STOP_SESSION' | 'RESERVE_NOW'
  at: Date
  answeredAt: Date | null
  /** ALLOWED, BLOCKED, EXPIRED, NO_CREDIT, NOT_ALLOWED; ACCEPTED, REJECTED … of a command; null: no answer. */
  answer: string | null
  reference: string | null
  locationId: string | null
  evseUid: string | null
}

/** The Location as of the start. */
export type Place = {
  location: unknown
  evse: unknown
  connector: unknown
  timeZone: string | null
  /** From when the hub knew it like this; SHA-256 hex of the value. */
  receivedAt: Date
  hash: string
}

/** Another CDR that stands near this one. Energies are decimal text in kWh. */
export type Rival = {
  owner: string
  cdrId: string
  sessionId: string | null
  start: Date
  /** When its vehicle came, after what was reserved; null: never. Left out: at its start. */
  usedFrom?: Date | null
  end: Date
  kwh: string
  isCredit: boolean
  channel: 'push' | 'pull'
  platformId: string
  /** Its claim, decimal text. */
  net: string
  currency: string
}

export type PlacedRival = Rival & { latitude: string; longitude: string }

export type Rivals = {
  /** Of the same card and EVSE (or place), starting within two minutes, other ids. */
  similar: readonly Rival[]
  /** Of the same card and EVSE, ending less than a minute before this one starts, or beginning so after its end. */
  neighbours: readonly Rival[]
  /** Of the same connector, another card, times overlapping. */
  sameConnector: readonly Rival[]
  /** The last session of the card before this one, and where it was. */
  before: PlacedRival | null
  /** The first one after it, whose CDR came earlier. */
  after?: PlacedRival | null
}

/** The eMSP's own record of the session. Absent members: it does not say. Decimal texts. */
export type RecordInput = {
  recordId: string
  start: Date | null
  end: Date | null
  kwh: string | null
  net: string | null
  gross: string | null
  currency: string | null
  receivedAt: Date
  hash: string
}
