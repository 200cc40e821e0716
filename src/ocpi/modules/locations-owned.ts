import {
  boolean,
  ciString,
  dateTime,
  integer,
  list,
  object,
  oneOf,
  openEnum,
  openedEnum,
  optional,
  text,
  url,
} from '../primitives.ts'
import {
  CAPABILITIES_211,
  CONNECTOR_TYPES_211,
  FACILITIES_211,
  PARKING_RESTRICTIONS_211,
  POWER_TYPES_211,
  connectorFormat,
  evseStatus,
  hours,
  statusSchedule,
} from './locations-parts.ts'
import { evseParking, parking } from './parking.ts'
import {
  additionalGeoLocation,
  businessDetails,
  displayText,
  energyMix,
  geoLocation,
  image,
  tokenType,
} from './parts.ts'
import type { OwnedVersion } from './parts.ts'

export const powerType = oneOf([...POWER_TYPES_211, 'AC_2_PHASE', 'AC_2_PHASE_SPLIT'])

export const connectorType = (version: OwnedVersion) =>
  openedEnum(
    version,
    [
      ...CONNECTOR_TYPES_211,
      'CHAOJI',
      'DOMESTIC_M',
      'DOMESTIC_N',
      'DOMESTIC_O',
      'GBT_AC',
      'GBT_DC',
      'NEMA_5_20',
      'NEMA_6_30',
      'NEMA_6_50',
      'NEMA_10_30',
      'NEMA_10_50',
      'NEMA_14_30',
      'NEMA_14_50',
      'PANTOGRAPH_BOTTOM_UP',
      'PANTOGRAPH_TOP_DOWN',
    ],
    ['MCS', 'SAE_J3400'],
  )

const capability = (version: OwnedVersion) =>
  openedEnum(version, [
    ...CAPABILITIES_211,
    'CHARGING_PREFERENCES_CAPABLE',
    'CHIP_CARD_SUPPORT',
    'CONTACTLESS_CARD_SUPPORT',
    'DEBIT_CARD_PAYABLE',
    'PED_TERMINAL',
    'START_SESSION_CONNECTOR_REQUIRED',
    'TOKEN_GROUP_CAPABLE',
  ])

const facility = (version: OwnedVersion) =>
  openedEnum(version, [
    ...FACILITIES_211,
    'BIKE_SHARING',
    'METRO_STATION',
    'PARKING_LOT',
    'TRAM_STOP',
  ])

const connectorCapability = openEnum([
  'ISO_15118_2_PLUG_AND_CHARGE',
  'ISO_15118_20_PLUG_AND_CHARGE',
])

const connectorMembers = (version: OwnedVersion) => ({
  id: ciString(36),
  standard: connectorType(version),
  format: connectorFormat,
  power_type: powerType,
  max_voltage: integer,
  max_amperage: integer,
  max_electric_power: optional(integer),
  tariff_ids: optional(list(ciString(36))),
  terms_and_conditions: optional(url),
  last_updated: dateTime,
})

/** 2.2.1 Connector object. */
export const connector221 = object(connectorMembers('2.2.1'))
/** 2.3.0 Connector object. */
export const connector230 = object({
  ...connectorMembers('2.3.0'),
  capabilities: optional(list(connectorCapability)),
})

const evseMembers = (version: OwnedVersion) => ({
  uid: ciString(36),
  evse_id: optional(ciString(48)),
  status: evseStatus,
  status_schedule: optional(list(statusSchedule)),
  capabilities: optional(list(capability(version))),
  floor_level: optional(text(4)),
  coordinates: optional(geoLocation(version)),
  physical_reference: optional(text(16)),
  directions: optional(list(displayText)),
  parking_restrictions: optional(
    list(openedEnum(version, PARKING_RESTRICTIONS_211, ['EMPLOYEES', 'TAXIS', 'TENANTS'])),
  ),
  images: optional(list(image(version))),
  last_updated: dateTime,
})

/** 2.2.1 EVSE object. */
export const evse221 = object({
  ...evseMembers('2.2.1'),
  connectors: list(connector221, { minItems: 1 }),
})
/** 2.3.0 EVSE object. */
export const evse230 = object({
  ...evseMembers('2.3.0'),
  connectors: list(connector230, { minItems: 1 }),
  parking: optional(list(evseParking)),
  accepted_service_providers: optional(list(text(50))),
})

const publishTokenType = (version: OwnedVersion) =>
  object({
    uid: optional(ciString(36)),
    type: optional(tokenType(version)),
    visual_number: optional(text(64)),
    issuer: optional(text(64)),
    group_id: optional(ciString(36)),
  })

const locationMembers = (version: OwnedVersion) => ({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  publish: boolean,
  publish_allowed_to: optional(list(publishTokenType(version))),
  name: optional(text(255)),
  address: text(255),
  city: text(45),
  postal_code: optional(text(10)),
  state: optional(text(45)),
  country: text(3),
  coordinates: geoLocation(version),
  related_locations: optional(list(additionalGeoLocation(version))),
  parking_type: optional(
    openedEnum(version, [
      'ALONG_MOTORWAY',
      'PARKING_GARAGE',
      'PARKING_LOT',
      'ON_DRIVEWAY',
      'ON_STREET',
      'UNDERGROUND_GARAGE',
    ]),
  ),
  directions: optional(list(displayText)),
  operator: optional(businessDetails(version)),
  suboperator: optional(businessDetails(version)),
  owner: optional(businessDetails(version)),
  facilities: optional(list(facility(version))),
  time_zone: text(255),
  opening_times: optional(hours),
  charging_when_closed: optional(boolean),
  images: optional(list(image(version))),
  energy_mix: optional(energyMix(version)),
  last_updated: dateTime,
})

/** 2.2.1 Location object. */
export const location221 = object({
  ...locationMembers('2.2.1'),
  evses: optional(list(evse221)),
})
/** 2.3.0 Location object. */
export const location230 = object({
  ...locationMembers('2.3.0'),
  evses: optional(list(evse230)),
  parking_places: optional(list(parking)),
  help_phone: optional(ciString(25)),
})
