import { exactly } from '../../clearing/decimal.ts'
import { moneyText, figureText } from '../bill-words.ts'
import type { Difference } from './differences.ts'

const MILLION = 1_000_000n

/** Millionths as plain decimal text: micro-units → units, mWh → kWh. */
export function plainText(millionths: bigint): string {
  const size = millionths < 0n ? -millionths : millionths
  const fraction = String(size % MILLION)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return `${millionths < 0n ? '-' : ''}${size / MILLION}${fraction === '' ? '' : `.${fraction}`}`
}

/** `12.50 EUR`. */
export function shownMoney(micros: bigint, currency: string | null): string {
  return `${moneyText(plainText(micros), currency ?? '')}${currency === null || currency === '' ? '' : ` ${currency}`}`
}

/** `11.4 kWh`. */
export function shownEnergy(mwh: bigint): string {
  return `${figureText(plainText(mwh))} kWh`
}

/** `2026-06-01 12:00:00 UTC`. */
export function shownTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** How long, with its direction: `+2 h 00 min`, `-95 s`. */
function shownSpan(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  const sign = ms < 0 ? '-' : '+'
  if (seconds < 120) return `${sign}${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60
    ? `${sign}${minutes} min`
    : `${sign}${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** Both values of a difference and what lies between, as texts. */
export function shownDifference(
  { kind, ours, theirs, difference }: Difference,
  currency: string | null,
): [ours: string, theirs: string, difference: string] {
  const show = (value: bigint): string => {
    if (kind === 'energy') return shownEnergy(value)
    return kind === 'price' ? shownMoney(value, currency) : shownTime(Number(value))
  }
  const side = (value: bigint | string | null): string =>
    typeof value === 'bigint' ? show(value) : (value ?? '-')
  const signed = (text: string, isUp: boolean): string => (isUp ? `+${text}` : text)
  if (difference === null) return [side(ours), side(theirs), '']
  const between =
    kind === 'time' || kind === 'time zone'
      ? shownSpan(Number(difference))
      : signed(show(difference), exactly(difference.toString()) > 0n)
  return [side(ours), side(theirs), between]
}
