const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d))?$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const CLOCK = /^(\d\d):(\d\d)(?::(\d\d))?$/
const DAY_MS = 86_400_000

/**
 * Reads an OCPI DateTime: RFC 3339, UTC whether or not a `Z` says so (OCPI 2.2.1, Types). An offset is against the
 * specification but means what it says. Null when it is no date and time; finer than milliseconds is cut off.
 */
export function instant(text: string): { ms: number; hasOffset: boolean } | null {
  const parts = DATE_TIME.exec(text)
  if (parts === null) return null
  const [, year = '', month = '', date = '', hour = '', minute = '', second = '', fraction = ''] =
    parts
  const day = dayOf({ year: Number(year), month: Number(month), date: Number(date) })
  const msOfDay = clockMs({ hour: Number(hour), minute: Number(minute), second: Number(second) })
  if (day === null || msOfDay === null || msOfDay >= DAY_MS) return null
  const ms = day * DAY_MS + msOfDay + Number(fraction.slice(0, 3).padEnd(3, '0'))
  const sign = parts[8]
  if (sign === undefined) return { ms, hasOffset: false }
  const offsetMs = (Number(parts[9]) * 60 + Number(parts[10])) * 60_000
  return { ms: sign === '-' ? ms + offsetMs : ms - offsetMs, hasOffset: true }
}

/** Days since 1970-01-01 of a `YYYY-MM-DD`; null when there is no such day. */
export function dayNumber(text: string): number | null {
  const parts = DATE.exec(text)
  if (parts === null) return null
  return dayOf({ year: Number(parts[1]), month: Number(parts[2]), date: Number(parts[3]) })
}

/** Milliseconds of the day of an `HH:MM` (or `HH:MM:SS`), 24:00 included; null when there is no such time. */
export function timeOfDay(text: string): number | null {
  const parts = CLOCK.exec(text)
  if (parts === null) return null
  return clockMs({
    hour: Number(parts[1]),
    minute: Number(parts[2]),
    second: Number(parts[3] ?? 0),
  })
}

function clockMs({
  hour,
  minute,
  second,
}: {
  hour: number
  minute: number
  second: number
}): number | null {
  if (minute > 59 || second > 59) return null
  const ms = ((hour * 60 + minute) * 60 + second) * 1000
  return ms > DAY_MS ? null : ms
}

function dayOf({
  year,
  month,
  date,
}: {
  year: number
  month: number
  date: number
}): number | null {
  // Date.UTC would read years below 100 as 19xx and roll 31 June over to July.
  if (year < 1000 || month < 1 || month > 12 || date < 1) return null
  const ms = Date.UTC(year, month - 1, date)
  return new Date(ms).getUTCDate() === date ? ms / DAY_MS : null
}
