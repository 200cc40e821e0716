import { evseIdKey } from '../../ocpi/evse-id.ts'

/** Ids compare without case and the spaces around them (OCPI CiString); null for nothing. */
export function idKey(value: string | null | undefined): string | null {
  const text = value?.trim().toUpperCase() ?? ''
  return text === '' ? null : text
}

/** An EVSE id as evseIdKey has it; null for nothing. */
export function evseKey(value: string | null | undefined): string | null {
  const text = value?.trim() ?? ''
  return text === '' ? null : evseIdKey(text)
}

/**
 * A contract id without separators and case, and without its check digit where it has one (15 characters, eMI3), so that
 * `DE-8AA-CA2B3C4D5-N` is `DE8AACA2B3C4D5N` and `DE8AACA2B3C4D5`; null for nothing.
 */
export function contractKey(value: string | null | undefined): string | null {
  const text = (value ?? '').replace(/[-*\s]/g, '').toUpperCase()
  if (text === '') return null
  return /^[A-Z]{2}[A-Z0-9]{13}$/.test(text) ? text.slice(0, -1) : text
}
