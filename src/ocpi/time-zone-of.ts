import tzLookup from '@photostructure/tz-lookup'
import { countryZones } from '../../config/country-zones.ts'
import { foldUpper } from './primitives.ts'
import { isRecord } from './validate.ts'

/**
 * The IANA zone of a Location of any version that states none: its country's when all clocks there show one time, else
 * that of its coordinates. Undefined when neither says it.
 */
export function timeZoneOf(location: Readonly<Record<string, unknown>>): string | undefined {
  const country = typeof location.country === 'string' ? foldUpper(location.country.trim()) : ''
  return countryZones.get(country) ?? zoneAt(location.coordinates)
}

function zoneAt(coordinates: unknown): string | undefined {
  if (!isRecord(coordinates)) return undefined
  const latitude = degrees(coordinates.latitude)
  const longitude = degrees(coordinates.longitude)
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return isOnEarth ? tzLookup(latitude, longitude) : undefined
}

/** Partners send them as text, some as numbers; NaN for anything else. */
function degrees(value: unknown): number {
  const isText = typeof value === 'string' && value.trim() !== ''
  return isText || typeof value === 'number' ? Number(value) : Number.NaN
}
