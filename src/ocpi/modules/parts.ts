import Type from 'typebox'
import {
  boolean,
  ciString,
  dateTime,
  integer,
  list,
  number,
  object,
  oneOf,
  openedEnum,
  optional,
  text,
  url,
} from '../primitives.ts'
import type { Version } from '../version.ts'

/** Classes that several modules use; a function of the version where versions differ. */

/** Versions whose objects say who owns them. */
export type OwnedVersion = '2.2.1' | '2.3.0'

export const displayText = object({ language: text(2), text: text(512) })

export const clockTime = Type.String({
  maxLength: 5,
  pattern: '^([0-1][0-9]|2[0-3]):[0-5][0-9]$',
})

const coordinate = (maxLength: number, wholeDigits: number, decimals: string) =>
  Type.String({ maxLength, pattern: `^-?[0-9]{1,${wholeDigits}}\\.[0-9]{${decimals}}$` })

/** 2.1.1 wants six decimals, later versions five to seven. */
const geoMembers = (version: Version) => {
  const decimals = version === '2.1.1' ? '6' : '5,7'
  return { latitude: coordinate(10, 2, decimals), longitude: coordinate(11, 3, decimals) }
}

export const geoLocation = (version: Version) => object(geoMembers(version))
export const additionalGeoLocation = (version: Version) =>
  object({ ...geoMembers(version), name: optional(displayText) })

export const image = (version: Version) =>
  object({
    url,
    thumbnail: optional(url),
    category: openedEnum(version, [
      'CHARGER',
      'ENTRANCE',
      'LOCATION',
      'NETWORK',
      'OPERATOR',
      'OTHER',
      'OWNER',
    ]),
    type: version === '2.1.1' ? text(4) : ciString(4),
    width: optional(integer),
    height: optional(integer),
  })

export const businessDetails = (version: Version) =>
  object({ name: text(100), website: optional(url), logo: optional(image(version)) })

const energySource = oneOf([
  'NUCLEAR',
  'GENERAL_FOSSIL',
  'COAL',
  'GAS',
  'GENERAL_GREEN',
  'SOLAR',
  'WIND',
  'WATER',
])

export const energyMix = (version: Version) => {
  const impact = openedEnum(version, ['NUCLEAR_WASTE', 'CARBON_DIOXIDE'])
  return object({
    is_green_energy: boolean,
    energy_sources: optional(list(object({ source: energySource, percentage: number }))),
    // Called `source` in 2.1.1.
    environ_impact: optional(
      list(
        version === '2.1.1'
          ? object({ source: impact, amount: number })
          : object({ category: impact, amount: number }),
      ),
    ),
    supplier_name: optional(text(64)),
    energy_product_name: optional(text(64)),
  })
}

/** What a session or CDR costs. In 2.1.1 it is a bare number without VAT. */
export const price = (version: OwnedVersion) =>
  version === '2.2.1'
    ? object({ excl_vat: number, incl_vat: optional(number) })
    : object({
        before_taxes: number,
        taxes: optional(
          list(
            object({
              name: Type.String(),
              account_number: optional(Type.String()),
              percentage: optional(number),
              amount: number,
            }),
          ),
        ),
      })

export const tokenType = (version: Version) =>
  version === '2.1.1'
    ? oneOf(['OTHER', 'RFID'])
    : openedEnum(version, ['AD_HOC_USER', 'APP_USER', 'OTHER', 'RFID'], ['EMAID'])

export const profileType = oneOf(['CHEAP', 'FAST', 'GREEN', 'REGULAR'])

export const authMethod = (version: Version) =>
  oneOf(
    version === '2.1.1' ? ['AUTH_REQUEST', 'WHITELIST'] : ['AUTH_REQUEST', 'COMMAND', 'WHITELIST'],
  )

/** The party that the driver's card belongs to decides where sessions and CDRs go (2.2.1 CdrToken class). */
export const cdrToken = (version: OwnedVersion) =>
  object({
    country_code: ciString(2),
    party_id: ciString(3),
    uid: ciString(36),
    type: tokenType(version),
    contract_id: ciString(36),
  })

const DIMENSIONS = {
  '2.1.1': ['ENERGY', 'FLAT', 'MAX_CURRENT', 'MIN_CURRENT', 'PARKING_TIME', 'TIME'],
  '2.2.1': [
    'CURRENT',
    'ENERGY',
    'ENERGY_EXPORT',
    'ENERGY_IMPORT',
    'MAX_CURRENT',
    'MIN_CURRENT',
    'MAX_POWER',
    'MIN_POWER',
    'PARKING_TIME',
    'POWER',
    'RESERVATION_TIME',
    'STATE_OF_CHARGE',
    'TIME',
  ],
  // 2.3.0 Bookings, CdrDimensionType.
  booking: ['RESERVATION_EXPIRES', 'RESERVATION_OVERTIME'],
} as const

/** What a vehicle does just now, which no CDR tells (2.2.1 CdrDimensionType enum, Session Only). */
const SESSION_ONLY: ReadonlySet<string> = new Set([
  'CURRENT',
  'ENERGY_EXPORT',
  'ENERGY_IMPORT',
  'POWER',
  'STATE_OF_CHARGE',
])

const dimensionsOf = (version: Version): readonly string[] =>
  version === '2.3.0' ? [...DIMENSIONS['2.2.1'], ...DIMENSIONS.booking] : DIMENSIONS[version]

const periodWith = (version: Version, types: readonly string[]) => {
  const members = {
    start_date_time: dateTime,
    dimensions: list(object({ type: oneOf(types), volume: number }), { minItems: 1 }),
  }
  return version === '2.1.1'
    ? object(members)
    : object({ ...members, tariff_id: optional(ciString(36)) })
}

/** ChargingPeriod class, in a Session. */
export const chargingPeriod = (version: Version) => periodWith(version, dimensionsOf(version))

/** The same in a CDR, which has fewer dimensions. */
export const chargingPeriodInCdr = (version: Version) =>
  periodWith(
    version,
    dimensionsOf(version).filter((type) => !SESSION_ONLY.has(type)),
  )
