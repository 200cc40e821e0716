import { foldUpper, partyOf } from './primitives.ts'

/** EVSE ids compare without separators and case: `NL*TNM*E1*2` and `nltnme12` are one EVSE (ISO 15118-2 Annex H). */
export function evseIdKey(evseId: string): string {
  return foldUpper(evseId.replace(/[*]/g, ''))
}

const EMI3 = /^([A-Z]{2})([A-Z0-9]{3})E/
const SEPARATED = /^([A-Z]{2})[*.-]([A-Z0-9]{3})[*.-]/

/**
 * The operator that an EVSE id names: `NL*CKE*E1`, `NLCKEE1`, in either case; also `NL.SPI.ECO1`, which is no eMI3 id
 * but parted in the same way. Null when it names none.
 */
export function partyOfEvseId(evseId: string): string | null {
  const parts = EMI3.exec(evseIdKey(evseId)) ?? SEPARATED.exec(foldUpper(evseId))
  return parts ? partyOf(parts[1], parts[2]) : null
}

/** True for an id of the form that eMI3 gives: country, operator, `E`, and up to 31 letters, digits and `*`. */
export function isEmi3(evseId: string): boolean {
  return /^[A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9][A-Z0-9*]{0,30}$/.test(foldUpper(evseId))
}
