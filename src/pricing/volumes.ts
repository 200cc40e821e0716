import { add, readExact } from './exact.ts'
import type { Exact } from './exact.ts'
import type { PricingPolicy } from './policy.ts'
import { isObject, listAt, note, requiredExactAt, requiredTextAt, sourceIn } from './reading.ts'
import type { Source } from './reading.ts'

/** The dimensions that a price depends on: kWh, hours, A and kW; null when a period does not list one. */
export type Volumes = {
  ENERGY: Exact | null
  TIME: Exact | null
  PARKING_TIME: Exact | null
  RESERVATION_TIME: Exact | null
  RESERVATION_EXPIRES: Exact | null
  MIN_CURRENT: Exact | null
  MAX_CURRENT: Exact | null
  MIN_POWER: Exact | null
  MAX_POWER: Exact | null
}

type Priced = keyof Volumes

const PRICED: ReadonlySet<string> = new Set([
  ...['ENERGY', 'TIME', 'PARKING_TIME', 'RESERVATION_TIME', 'RESERVATION_EXPIRES'],
  ...['MIN_CURRENT', 'MAX_CURRENT', 'MIN_POWER', 'MAX_POWER'],
])

/** Dimensions of a Session only (OCPI 2.2.1, CdrDimensionType): a CDR should not list them. */
const OF_SESSIONS: ReadonlySet<string> = new Set([
  ...['CURRENT', 'ENERGY_EXPORT', 'ENERGY_IMPORT', 'POWER', 'STATE_OF_CHARGE'],
])

/** The priced dimensions that OCPI 2.1.1 has, too: reserved time and power came later. */
const IN_211: ReadonlySet<string> = new Set([
  ...['ENERGY', 'TIME', 'PARKING_TIME', 'MIN_CURRENT', 'MAX_CURRENT'],
])

/**
 * The volumes of a period by dimension (OCPI 2.2.1, CdrDimension); `isOld`: in a CDR of OCPI 2.1.1. What no price
 * depends on has to be in range only.
 */
export function readVolumes(
  period: Source,
  { policy, isOld }: { policy: PricingPolicy; isOld: boolean },
): Volumes {
  const volumes: Volumes = {
    ENERGY: null,
    TIME: null,
    PARKING_TIME: null,
    RESERVATION_TIME: null,
    RESERVATION_EXPIRES: null,
    MIN_CURRENT: null,
    MAX_CURRENT: null,
    MIN_POWER: null,
    MAX_POWER: null,
  }
  const dimensions = listAt(period, 'dimensions')
  for (let index = 0; index < dimensions.length; index++) {
    const value = dimensions[index]
    const type = isObject(value) ? value['type'] : undefined
    if (!isObject(value) || typeof type !== 'string' || !isPriced(type)) {
      passOver(sourceIn(period, { value, key: 'dimensions', index }))
      continue
    }
    const sent = value['volume'] ?? null
    if (sent === null || (isOld && !IN_211.has(type))) {
      const at = sourceIn(period, { value, key: 'dimensions', index })
      if (sent !== null) passOver(at)
      else note(period.reading, { code: 'volume_missing', at, key: 'volume' })
      continue
    }
    const volume = readExact(sent)
    if (typeof volume === 'string')
      requiredExactAt(sourceIn(period, { value, key: 'dimensions', index }), 'volume')
    else if (volumes[type] === null) volumes[type] = volume
    else {
      const at = sourceIn(period, { value, key: 'dimensions', index })
      volumes[type] = again(at, { first: volumes[type], volume, policy })
    }
  }
  return volumes
}

function again(
  at: Source,
  { first, volume, policy }: { first: Exact; volume: Exact; policy: PricingPolicy },
): Exact {
  note(at.reading, { code: 'dimension_duplicate', at })
  if (policy.duplicate_dimension === 'first') return first
  return policy.duplicate_dimension === 'last' ? volume : add(first, volume)
}

/** A dimension without a price. FLAT is one of OCPI 2.1.1; flat fees come from the tariff, so it says nothing. */
function passOver(dimension: Source): void {
  const type = requiredTextAt(dimension, 'type')
  const { reading, fields } = dimension
  if (readExact(fields['volume']) === 'out_of_range') requiredExactAt(dimension, 'volume')
  if (type === 'FLAT') return
  if (type === 'RESERVATION_OVERTIME')
    note(reading, { code: 'reservation_overtime', at: dimension })
  else if (OF_SESSIONS.has(type)) note(reading, { code: 'dimension_of_session', at: dimension })
  else if (isPriced(type)) note(reading, { code: 'dimension_of_later_version', at: dimension })
  else note(reading, { code: 'dimension_unknown', at: dimension })
}

function isPriced(type: string): type is Priced {
  return PRICED.has(type)
}
