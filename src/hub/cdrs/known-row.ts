import type { Known } from '../../clearing/known.ts'
import type { FiguredCdr } from '../records/columns.ts'

/** What of a CDR says what else may be known of its session. */
export type KnownRow = FiguredCdr & { cdr_id: string; token_key: string; received_at: Date }

/**
 * A token as of the start of a session. `afterStart`: the oldest version that is known is younger. `command`: there is no
 * version, its provider had the session started with it.
 */
export type TokenAtStart = {
  source: 'push' | 'authorize' | 'command'
  afterStart: boolean
  value: unknown
  receivedAt: Date
}

/** The CDR that another one replaces, as the checks see it and as it is booked. */
export type ReplacedCdr = {
  originalId: bigint
  known: NonNullable<Known['replaced']>
  /** What this one is to claim, in micro-units; null where no dispute said so. */
  agreed: { net: bigint; tax: bigint } | null
  /** True where adjustments of the original wait for this one. */
  isAwaited: boolean
}

/**
 * What of a batch was read before: the Locations as they are now and their zones, by `<owner>/<key>`; the tokens; what
 * CDRs replace.
 */
export type ReadBefore = {
  locations: ReadonlyMap<string, unknown>
  zones: ReadonlyMap<string, { name: string }>
  tokens: ReadonlyMap<bigint, TokenAtStart>
  replaced: ReadonlyMap<bigint, ReplacedCdr>
}
