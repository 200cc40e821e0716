import type { PricedCdr } from '../../pricing/types.ts'
import type { PricingPolicy } from '../../pricing/policy.ts'
import type { SignedReading } from '../signed/types.ts'

/** What every evidence pack names itself; a change of its meaning gets another version. */
export const PACK_FORMAT = 'crosscharge evidence pack'
export const PACK_VERSION = 1
/** When every file of a pack was written, as far as its ZIP says: the same evidence is the same ZIP, whenever it is asked for. */
export const PACK_TIME = new Date(Date.UTC(2026, 0, 1))

/** Where things stand in the ZIP. */
export const PACK_PATHS = {
  manifest: 'manifest.json',
  readme: 'README.md',
  sums: 'SHA256SUMS',
  frozen: 'evidence/manifest.json',
} as const

/** Names of frozen evidence that is checked, not only hashed. */
export const EVIDENCE_NAMES = {
  manifest: 'manifest.json',
  cdr: 'cdr.json',
  recomputation: 'recomputation.json',
  signed: 'signed-data.json',
  pattern: 'pattern.json',
  patternLines: 'cdrs.json',
  patternTable: 'cdrs.csv',
  patternTariffs: 'tariffs.json',
} as const

/**
 * `evidence/manifest.json`: what was frozen when the dispute was opened. Its SHA-256 is the evidence hash that the hub
 * shows with the dispute. Written once, byte for byte. `cdr` null: it is about a pattern of many CDRs.
 */
export type FrozenManifest = {
  format: typeof PACK_FORMAT
  version: number
  dispute: string
  cdr: { party: string; id: string; emsp: string; currency: string } | null
  files: readonly FrozenFile[]
}

export type FrozenFile = {
  number: number
  name: string
  media: string
  sha256: string
  bytes: number
}

/**
 * `manifest.json`: everything in the ZIP but itself and `SHA256SUMS`, which lists the hash of every file, also of this
 * one. `redacted`: after the retention of personal data its card is hashed,
 * so its bytes are no longer those that were frozen; `sha256` is that of the bytes as they are.
 */
export type PackManifest = {
  format: typeof PACK_FORMAT
  version: number
  dispute: Readonly<Record<string, unknown>>
  evidence_hash: string | null
  files: readonly PackFile[]
  events: readonly PackEvent[]
  cdr_events: readonly PackEvent[]
}

export type PackFile = {
  path: string
  media: string
  sha256: string
  bytes: number
  added_by: string
  at: string | null
  redacted?: true
}

/**
 * One event as it is hashed: SHA-256 of the hash before and of the JSON array of subject, epoch, what was said, and the
 * time in microseconds of the Unix epoch. `said` null: withheld, because it names an operator of the hub, or
 * because what a party wrote named a card and was hashed after its retention.
 */
export type PackEvent = {
  subject: string
  epoch: number
  said: readonly (string | null)[] | null
  at: string
  at_micros: string
  prev_hash: string | null
  hash: string
}

/**
 * `recomputation.json`: everything that the price was reckoned from, and what came out. `as_sent`: the CDR priced says
 * the same as the bytes in `cdr.json`; false where the hub had mended it first.
 */
export type Recomputation =
  | {
      possible: true
      as_sent: boolean
      cdr: unknown
      tariffs: readonly unknown[]
      time_zone: string | null
      policy: PricingPolicy
      bill: PricedCdr
    }
  | { possible: false; why: string }

/** `signed-data.json`: what the signed records of the CDR say, with the key that was known of the EVSE. */
export type SignedEvidence = { registered_key: string | null; readings: readonly SignedReading[] }
