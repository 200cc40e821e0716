import { countryZones } from '../../config/country-zones.ts'
import { foldUpper } from './primitives.ts'
import { isRecord } from './validate.ts'

type Place = Readonly<Record<string, unknown>>

/** The IANA zone of a Location's country (alpha-3, any version) when all clocks there show one time, else undefined. */
export function zoneOfCountry({ country }: Place): string | undefined {
  return typeof country === 'string' ? countryZones.get(foldUpper(country.trim())) : undefined
}

/** Degrees north and east, null when they cannot be read or lie nowhere on Earth. */
export function degreesOf({ coordinates }: Place): { latitude: number; longitude: number } | null {
  if (!isRecord(coordinates)) return null
  const latitude = degrees(coordinates.latitude)
  const longitude = degrees(coordinates.longitude)
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180
  return isOnEarth ? { latitude, longitude } : null
}

/** Partners send them as text, some as numbers; NaN for anything else. */
function degrees(value: unknown): number {
  const isText = typeof value === 'string' && value.trim() !== ''
  return isText || typeof value === 'number' ? Number(value) : Number.NaN
}
