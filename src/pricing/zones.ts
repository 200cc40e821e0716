import { countries } from '../../config/countries.ts'
import { countryZones } from '../../config/country-zones.ts'
import { fail, isObject, pointerOf } from './reading.ts'
import type { Source } from './reading.ts'
import { zoneNamed } from './time-zone.ts'
import type { Zone } from './time-zone.ts'
import type { ZoneUsed } from './types.ts'

/** A zone and where it came from; no zone: unknown. */
export type Placed = { readonly zone: Zone | null; readonly used: ZoneUsed }

const UNKNOWN: Placed = { zone: null, used: { name: null, source: 'none' } }

const HOUR_MS = 3_600_000

/** Every offset from UTC that some zone has today, in hours (IANA tz). */
const OFFSETS_H = [
  ...[-12, -11, -10, -9.5, -9, -8, -7, -6, -5, -4, -3.5, -3, -2.5, -2, -1, 0, 1, 2, 3, 3.5, 4],
  ...[4.5, 5, 5.5, 5.75, 6, 6.5, 7, 8, 8.75, 9, 9.5, 10, 10.5, 11, 12, 12.75, 13, 13.75, 14],
]

/** A zone for each offset in use: where the zone is unknown, it is one of these. */
export const possibleZones: readonly Zone[] = OFFSETS_H.map((hours) => () => hours * HOUR_MS)

/** For the policy that reads local time as UTC where the zone is unknown. */
export const utc: Zone = () => 0

/**
 * The zone of the place: as given, else what the CDR itself says (OCPI 2.1.1, Location.time_zone), else that of its
 * country, where all of it has one time. A name that is no IANA zone becomes the problem of the reading.
 */
export function placeOf(cdr: Source, given: string | null): Placed {
  if (given !== null) return named(cdr, { name: given, source: 'given', pointer: '' })
  for (const key of LOCATIONS) {
    const location = cdr.fields[key]
    if (!isObject(location)) continue
    const name = location['time_zone']
    if (typeof name === 'string') {
      const pointer = `${pointerOf(cdr)}/${key}/time_zone`
      return named(cdr, { name, source: 'cdr_location', pointer })
    }
    const country = location['country']
    const zone = typeof country === 'string' ? zoneOfCountry(country) : undefined
    if (zone !== undefined) return named(cdr, { name: zone, source: 'country', pointer: '' })
  }
  return UNKNOWN
}

const LOCATIONS = ['location', 'cdr_location'] as const

/** Alpha-3 as OCPI asks for, or alpha-2 as its own example of OCPI 2.1.1 has it. */
function zoneOfCountry(country: string): string | undefined {
  const code = country.toUpperCase()
  return countryZones.get(countries.get(code) ?? code)
}

function named(
  { reading }: Source,
  { name, source, pointer }: { name: string; source: ZoneUsed['source']; pointer: string },
): Placed {
  const zone = zoneNamed(name)
  const whose = source === 'given' ? 'given' : 'of the location'
  const message = `the time zone ${whose} is no IANA zone; name it as in Europe/Amsterdam`
  if (zone === null) fail(reading, { code: 'time_zone', pointer, message })
  return { zone, used: { name, source } }
}
