const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))?$/
const DAY_MS = 86_400_000
const DIGIT_ZERO = 48
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Reads an OCPI DateTime: RFC 3339, UTC whether or not a `Z` says so (OCPI 2.2.1, Types). An offset is against the
 * specification but means what it says. Null when it is no date and time; finer than milliseconds is cut off.
 */
export function instant(text: string): { ms: number; hasOffset: boolean } | null {
  const ms = usualInstant(text)
  return ms === null ? anyInstant(text) : { ms, hasOffset: false }
}

/** `2026-03-10T08:00:00Z`, with or without milliseconds, needs no pattern; null: spelled in another way, or no instant. */
function usualInstant(text: string): number | null {
  const { length } = text
  if (text[10] !== 'T' || text[length - 1] !== 'Z') return null
  if (length === 20) return wholeSecond(text.slice(0, 10), text.slice(11, 19))
  if (length !== 24 || text[19] !== '.') return null
  const second = wholeSecond(text.slice(0, 10), text.slice(11, 19))
  const ms = pair(text, 20) * 10 + digit(text, 22)
  return second === null || Number.isNaN(ms) ? null : second + ms
}

function anyInstant(text: string): { ms: number; hasOffset: boolean } | null {
  const parts = DATE_TIME.exec(text)
  if (parts === null) return null
  const [, date = '', clock = '', fraction = '', sign, hours, minutes] = parts
  const second = wholeSecond(date, clock)
  if (second === null) return null
  const ms = second + Number(fraction.slice(0, 3).padEnd(3, '0'))
  if (sign === undefined) return { ms, hasOffset: false }
  const offsetMs = timeOfDay(`${hours}:${minutes}`)
  if (offsetMs === null || offsetMs === DAY_MS) return null
  return { ms: sign === '-' ? ms + offsetMs : ms - offsetMs, hasOffset: true }
}

/** Unlike a window of a tariff, an instant never says 24:00. */
function wholeSecond(date: string, clock: string): number | null {
  const day = dayNumber(date)
  const msOfDay = timeOfDay(clock)
  return day === null || msOfDay === null || msOfDay === DAY_MS ? null : day * DAY_MS + msOfDay
}

/** Days since 1970-01-01 of a `YYYY-MM-DD` from the year 1000 on; null when there is no such day. */
export function dayNumber(text: string): number | null {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return null
  const year = pair(text, 0) * 100 + pair(text, 2)
  const month = pair(text, 5)
  const date = pair(text, 8)
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0)
  if (!(year >= 1000 && date >= 1 && date <= days)) return null
  // Counted in years that begin in March, so that a leap day is the last of its year; 153 days are five such months.
  const from = month > 2 ? year : year - 1
  const months = month > 2 ? month - 3 : month + 9
  const leapDays = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400)
  return from * 365 + leapDays + Math.floor((153 * months + 2) / 5) + date - 719_469
}

/** Milliseconds of the day of an `HH:MM` (or `HH:MM:SS`), 24:00 included; null when there is no such time. */
export function timeOfDay(text: string): number | null {
  const { length } = text
  if ((length !== 5 && length !== 8) || text[2] !== ':') return null
  if (length === 8 && text[5] !== ':') return null
  const minute = pair(text, 3)
  const second = length === 5 ? 0 : pair(text, 6)
  const ms = ((pair(text, 0) * 60 + minute) * 60 + second) * 1000
  return minute <= 59 && second <= 59 && ms <= DAY_MS ? ms : null
}

/** The number of two digits; not a number when they are none. */
function pair(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1)
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - DIGIT_ZERO
  return value >= 0 && value <= 9 ? value : Number.NaN
}
