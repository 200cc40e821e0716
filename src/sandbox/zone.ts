import { present } from '../assert.ts'

const HOUR_MS = 3_600_000

type LocalTime = { date: string; minuteOfDay: number; weekday: string }

/** Local time of one IANA zone. Offsets are kept per hour: asking Intl for each minute would take minutes. */
export type Zone = {
  name: string
  /** Minutes that local time is ahead of UTC at this instant. */
  offsetMinutes(ms: number): number
  local(ms: number): LocalTime
  /** The instant of a local wall-clock time, given as if it were UTC. In the spring gap: the later reading. */
  toUtc(wallMs: number): number
}

const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY']
const zones = new Map<string, Zone>()

/** The zone of that IANA name; throws RangeError when there is none. */
export function zoneNamed(name: string): Zone {
  const known = zones.get(name)
  if (known) return known
  const zone = createZone(name)
  zones.set(name, zone)
  return zone
}

function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const offsets = new Map<number, number>()
  const offsetMinutes = (ms: number) => {
    const hour = Math.floor(ms / HOUR_MS)
    const kept = offsets.get(hour)
    if (kept !== undefined) return kept
    const at = hour * HOUR_MS
    const part = new Map(format.formatToParts(at).map((entry) => [entry.type, entry.value]))
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(present(part.get(type), type))
    const wall = Date.UTC(
      number('year'),
      number('month') - 1,
      number('day'),
      number('hour'),
      number('minute'),
    )
    const offset = Math.round((wall - at) / 60_000)
    offsets.set(hour, offset)
    return offset
  }
  const local = (ms: number): LocalTime => {
    const wall = new Date(ms + offsetMinutes(ms) * 60_000)
    return {
      date: wall.toISOString().slice(0, 10),
      minuteOfDay: wall.getUTCHours() * 60 + wall.getUTCMinutes(),
      weekday: present(WEEKDAYS[wall.getUTCDay()], 'weekday'),
    }
  }
  const toUtc = (wallMs: number) => {
    const first = wallMs - offsetMinutes(wallMs) * 60_000
    return wallMs - offsetMinutes(first) * 60_000
  }
  return { name, offsetMinutes, local, toUtc }
}
