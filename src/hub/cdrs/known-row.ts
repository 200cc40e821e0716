import type { FiguredCdr } from '../records/columns.ts'

/** What of a CDR says what else may be known of its session. */
export type KnownRow = FiguredCdr & { cdr_id: string; token_key: string; received_at: Date }

/** A token as of the start of a session. `afterStart`: the oldest version that is known is younger. */
export type TokenAtStart = {
  source: 'push' | 'authorize'
  afterStart: boolean
  value: unknown
  receivedAt: Date
}

/** What of a batch was read before: the Locations as they are now and their zones, by `<owner>/<key>`; the tokens. */
export type ReadBefore = {
  locations: ReadonlyMap<string, unknown>
  zones: ReadonlyMap<string, { name: string }>
  tokens: ReadonlyMap<bigint, TokenAtStart>
}
