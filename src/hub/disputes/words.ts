import { fromMicros } from '../../ledger/money.ts'

/** `6.00 EUR`. */
export function money(micros: bigint, currency: string): string {
  return `${fromMicros(micros)} ${currency}`
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
