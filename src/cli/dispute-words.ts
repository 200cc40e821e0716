import { member } from './show.ts'

/** Net and tax of an answer together, as plain decimal text; `-` where they cannot be read. */
export function grossOf(value: unknown, net: string, tax: string): string {
  const parts = [member(value, net), member(value, tax)].map(micros)
  const [a, b] = parts
  if (a === null || a === undefined) return '-'
  return decimal(a + (b ?? 0n))
}

/** A moment as people read it: `2026-12-06 14:00 UTC`. */
export function whenText(value: unknown): string {
  if (typeof value !== 'string') return '-'
  const at = new Date(value)
  if (Number.isNaN(at.getTime())) return value
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

const SCALE = 1_000_000n

/** Decimal text in 10⁻⁶ of its unit; null where it is none. */
export function micros(value: unknown): bigint | null {
  const match = typeof value === 'string' ? /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(value) : null
  if (match === null) return null
  const [, sign, whole = '0', fraction = ''] = match
  const amount = BigInt(whole) * SCALE + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -amount : amount
}

/** The way back, with two decimals or as many as it needs. */
export function decimal(amount: bigint): string {
  const abs = amount < 0n ? -amount : amount
  const fraction = (abs % SCALE)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '')
  return `${amount < 0n ? '-' : ''}${abs / SCALE}.${fraction}`
}
