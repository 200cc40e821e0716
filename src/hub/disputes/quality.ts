import type { Sql } from '../../db/sql.ts'

/** How well a party does its side, in a window of receipt. Shares are decimal texts from 0 to 1, null where there is nothing. */
export type PartnerQuality = {
  party: string
  role: 'CPO' | 'EMSP'
  cdrs: number
  /** Cleared without a finding above information and without a dispute. */
  untouched: number
  untouched_share: string | null
  findings: { code: string; count: number }[]
  /** From the end of the session to the receipt of its CDR, in seconds. */
  lateness_s: { median: number | null; p95: number | null }
  /** `won` is from the party's own side. */
  disputes: {
    opened: number
    open: number
    won: number
    lost: number
    split: number
    median_age_s: number | null
  }
  /** What is held now, by currency; decimal texts. */
  held: { currency: string; net: string; tax: string }[]
}

/** Every CPO and eMSP with CDRs received from `from` (inclusive) to `to` (exclusive), or one `party`. */
export async function partnerQuality(
  _db: Sql,
  _window: { from: Date; to: Date; party?: string },
): Promise<PartnerQuality[]> {
  throw new Error('not there yet')
}
