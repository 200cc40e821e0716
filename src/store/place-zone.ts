import { limits } from '../../config/limits.ts'
import { degreesOf, zoneOfCountry } from '../ocpi/time-zone-of.ts'

type Place = Readonly<Record<string, unknown>>

/**
 * The IANA zone that sessions at a Location are priced by, and who says so: the Location itself, its country where all
 * clocks show one time, its coordinates, or nobody (then `name` is null, never UTC).
 */
export type PlaceZone =
  { name: string; source: 'location' } | InferredZone | { name: null; source: 'none' }

/** What the hub concludes where a Location does not say it. */
type InferredZone = { name: string; source: 'country' | 'coordinates' }

/** The zone that the clocks at coordinates show; undefined at sea and where they show several. */
export type ZoneFinder = (place: Place) => string | undefined

/**
 * The zone of a Location of any version, out of its value. The polygons of coordinates lie in files that are read in
 * pieces when they are needed, so this is for where Locations are stored and not for where prices are reckoned.
 */
export async function zoneOfPlace(place: Place): Promise<PlaceZone> {
  const stated = typeof place.time_zone === 'string' ? place.time_zone.trim() : ''
  if (isZone(stated)) return { name: stated, source: 'location' }
  const inferred = await inferredZone(place)
  return inferred ?? { name: null, source: 'none' }
}

/** What a Location does not say itself: the zone of its country, else of its coordinates. */
export async function inferredZone(place: Place): Promise<InferredZone | null> {
  const ofCountry = zoneOfCountry(place)
  if (ofCountry !== undefined) return { name: ofCountry, source: 'country' }
  if (degreesOf(place) === null) return null
  const name = (await openZones())(place)
  return name === undefined ? null : { name, source: 'coordinates' }
}

let opened: Promise<ZoneFinder> | undefined

/** Loads the index of the polygons once, at first need: 30 ms and some MB that no other process has to pay. */
export function openZones(): Promise<ZoneFinder> {
  opened ??= loadZones()
  return opened
}

async function loadZones(): Promise<ZoneFinder> {
  const { find, setCache } = await import('geo-tz/all')
  setCache({ store: boundedStore(limits.zonePolygonsCachedMax) })
  return (place) => {
    const at = degreesOf(place)
    const names = at === null ? [] : find(at.latitude, at.longitude)
    // Etc/… is open sea: coordinates of nowhere, or swapped ones.
    const [first, ...others] = names.filter((name) => !name.startsWith('Etc/'))
    return others.length === 0 ? first : undefined
  }
}

/** Pieces of the polygon file that have been read; when there are too many, all go. */
function boundedStore<Piece>(most: number) {
  const pieces = new Map<string, Piece>()
  return {
    get: (key: string) => pieces.get(key),
    set: (key: string, piece: Piece) => {
      if (pieces.size >= most) pieces.clear()
      pieces.set(key, piece)
    },
  }
}

const known = new Map<string, boolean>()

/** True for a name of the IANA data base. Offsets such as +01:00 are none. */
function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name) || name.length > limits.timeZoneCharsMax) return false
  const before = known.get(name)
  if (before !== undefined) return before
  const isKnown = canOpen(name)
  if (known.size >= limits.timeZonesCachedMax) known.clear()
  known.set(name, isKnown)
  return isKnown
}

function canOpen(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== null
  } catch {
    return false // Intl throws a RangeError for an unknown zone; there is no other way to ask.
  }
}
