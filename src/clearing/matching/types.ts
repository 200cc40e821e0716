/**
 * What two sides say about a session, in a form that can be compared: a CDR, an eMSP's record, a row of a file. Keys are
 * folded by the caller (see keys.ts), so that equal means the same. Null: this side does not say.
 */
export type MatchRecord = {
  /** Unique within its side. */
  readonly id: string
  /** `NL-TNM`. Two records with different operators, or different eMSPs, are never of one session. */
  readonly cpo: string | null
  readonly emsp: string | null
  /** A credit is matched with credits only: it repeats what its original says. */
  readonly isCredit: boolean
  readonly cdrId: string | null
  readonly sessionId: string | null
  readonly reference: string | null
  /** Of the signed record: which meter, and its registers at start and stop. */
  readonly meter: {
    readonly id: string
    readonly startMwh: bigint
    readonly stopMwh: bigint
  } | null
  readonly tokenUid: string | null
  readonly contract: string | null
  readonly evse: string | null
  readonly location: string | null
  /** Epoch milliseconds. */
  readonly start: number | null
  readonly end: number | null
  readonly energyMwh: bigint | null
  /** What is claimed before taxes (after taxes where both sides only know that), in micro-units of `currency`. */
  readonly moneyMicros: bigint | null
  readonly currency: string | null
}

/**
 * How two records were found to be one session: 0 the CDR's id, 1 the session's, 2 the authorization reference, 3 meter
 * and its registers, 4 token, EVSE and start, 5 token, location and overlap, 6 EVSE and time.
 */
export type Tier = 0 | 1 | 2 | 3 | 4 | 5 | 6

/**
 * Records that belong together: one and one, one and several (`split`: one on the left, `merged`: one on the right).
 * `score` 0 to 1. `suggested`: a person has to look. `shiftMinutes`: the right side's clock is that much ahead, in whole
 * half hours; 0 where the times fit, or nothing was looked at but ids.
 */
export type Match = {
  readonly kind: 'one' | 'split' | 'merged'
  readonly left: readonly string[]
  readonly right: readonly string[]
  readonly tier: Tier
  readonly score: number
  readonly state: 'confirmed' | 'suggested'
  readonly shiftMinutes: number
}

/** Records that fit each other so well that nobody can tell who belongs to whom; never confirmed. */
export type Ambiguity = {
  readonly left: readonly string[]
  readonly right: readonly string[]
  readonly tier: Tier
  /** Of the best pair among them. */
  readonly score: number
}

/** Every record of a side is in exactly one place. Everything is sorted by id. */
export type Matching = {
  readonly matches: readonly Match[]
  readonly ambiguous: readonly Ambiguity[]
  readonly leftOnly: readonly string[]
  readonly rightOnly: readonly string[]
}
