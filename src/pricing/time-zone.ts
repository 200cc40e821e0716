import { limits } from '../../config/limits.ts'

/** The offset of local time from UTC in milliseconds at an instant (epoch milliseconds). */
export type Zone = (instantMs: number) => number

/** A local wall-clock moment: days since 1970-01-01, milliseconds of that day, 0 = Sunday … 6 = Saturday. */
export type LocalTime = { readonly day: number; readonly msOfDay: number; readonly weekday: number }

const DAY_MS = 86_400_000
const QUARTER_MS = 900_000
const zones = new Map<string, Zone | null>()

/** The IANA zone of that name, or null when there is none. Zones and offsets are remembered: Intl costs 3 µs a look-up. */
export function zoneNamed(name: string): Zone | null {
  if (name.length > limits.timeZoneCharsMax) return null
  const known = zones.get(name)
  if (known !== undefined) return known
  if (zones.size >= limits.timeZonesCachedMax) zones.clear()
  const zone = openZone(name)
  zones.set(name, zone)
  return zone
}

/** Local time by IANA rules. UTC to local is unambiguous, so daylight saving needs no special case. */
export function localTime(zone: Zone, instantMs: number): LocalTime {
  const local = instantMs + zone(instantMs)
  const day = Math.floor(local / DAY_MS)
  return { day, msOfDay: local - day * DAY_MS, weekday: (((day + 4) % 7) + 7) % 7 }
}

function openZone(name: string): Zone | null {
  // Newer runtimes also accept '+01:00', which is an offset and no IANA zone.
  if (!/^[A-Za-z]/.test(name)) return null
  const read = offsetReader(name)
  return read === null ? null : remembered(read)
}

function offsetReader(name: string): Zone | null {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
    return (instantMs) => offsetInText(format.format(instantMs))
  } catch {
    return null // Intl throws a RangeError for an unknown zone; there is no other way to ask.
  }
}

/** 'GMT', 'GMT+01:00' or 'GMT-00:44:30' at the end of the text → milliseconds. */
function offsetInText(text: string): number {
  const parts = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text)
  if (parts === null) return 0
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = parts
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}

/** A UTC day that begins and ends with the same offset has that offset throughout; other days are asked by quarter hour. */
function remembered(read: Zone): Zone {
  const days = new Map<number, number | null>()
  const quarters = new Map<number, number>()
  const recall = (cache: Map<number, number>, key: number, instantMs: number): number => {
    const known = cache.get(key)
    if (known !== undefined) return known
    if (cache.size >= limits.timeZoneOffsetsCachedMax) cache.clear()
    const offset = read(instantMs)
    cache.set(key, offset)
    return offset
  }
  return (instantMs) => {
    const day = Math.floor(instantMs / DAY_MS)
    let offset = days.get(day)
    if (offset === undefined) {
      if (days.size >= limits.timeZoneOffsetsCachedMax) days.clear()
      const atStart = read(day * DAY_MS)
      offset = read((day + 1) * DAY_MS) === atStart ? atStart : null
      days.set(day, offset)
    }
    if (offset !== null) return offset
    const quarter = Math.floor(instantMs / QUARTER_MS)
    return recall(quarters, quarter, quarter * QUARTER_MS)
  }
}
