import { fromMicros } from '../../ledger/money.ts'
import { amountText, figureOf, minorDigits, roundHalfUp } from '../../pricing/figures.ts'

/** `6.00 EUR`, exact. */
export function money(micros: bigint, currency: string): string {
  return amountText(figureOf(fromMicros(micros)), currency)
}

/** The same rounded half up to what the currency has, `1.93 EUR`; exact where that would be nothing. */
export function roundMoney(micros: bigint, currency: string): string {
  const figure = figureOf(fromMicros(micros))
  const rounded = roundHalfUp(figure, minorDigits(currency))
  return amountText(rounded === 0n ? figure : rounded, currency)
}

/** A moment as people read it, with its zone: `6 December 2026, 14:00 UTC`. */
export function moment(at: Date, timeZone = 'UTC'): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })
  return format.format(at).replace(' at ', ', ')
}
