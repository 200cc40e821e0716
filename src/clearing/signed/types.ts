/** How a signed record is written; `unknown`: carried as it came, not understood. */
export type SignedFormat =
  'OCMF' | 'EDL40' | 'EDL40_P' | 'ISA_EDL40_P' | 'ALFEN' | 'MENNEKES' | 'unknown'

/**
 * What a signed record says. `verdict`: valid – the signature fits the key; invalid – it does not; unverified – the
 * format or its key is not one that can be checked here. Energies are decimal text in kWh, import (to the vehicle).
 */
export type SignedReading = {
  format: SignedFormat
  verdict: 'valid' | 'invalid' | 'unverified'
  /** Why, in a sentence. */
  reason: string
  /** JSON pointer into the CDR. */
  pointer: string
  start: SignedRegister | null
  stop: SignedRegister | null
  /** stop − start; null where one is missing. */
  differenceKwh: string | null
  /** What a register can tell apart, decimal text in kWh. */
  resolutionKwh: string | null
  publicKey: string | null
  meterId: string | null
  gatewayId: string | null
  /** SHA-256 of the record's bytes, hex. */
  hash: string
}

export type SignedRegister = { kwh: string; at: Date | null; obis: string | null }
