import {
  boolean,
  dateTime,
  integer,
  list,
  object,
  oneOf,
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
  hours211,
  statusSchedule,
} from './locations-parts.ts'
import {
  additionalGeoLocation,
  businessDetails,
  displayText,
  energyMix,
  geoLocation,
  image,
} from './parts.ts'

/** 2.1.1 Connector object. */
export const connector211 = object({
  id: text(36),
  standard: oneOf(CONNECTOR_TYPES_211),
  format: connectorFormat,
  power_type: oneOf(POWER_TYPES_211),
  voltage: integer,
  amperage: integer,
  tariff_id: optional(text(36)),
  terms_and_conditions: optional(url),
  last_updated: dateTime,
})

/** 2.1.1 EVSE object. */
export const evse211 = object({
  uid: text(39),
  evse_id: optional(text(48)),
  status: evseStatus,
  status_schedule: optional(list(statusSchedule)),
  capabilities: optional(list(oneOf(CAPABILITIES_211))),
  connectors: list(connector211, { minItems: 1 }),
  floor_level: optional(text(4)),
  coordinates: optional(geoLocation('2.1.1')),
  physical_reference: optional(text(16)),
  directions: optional(list(displayText)),
  parking_restrictions: optional(list(oneOf(PARKING_RESTRICTIONS_211))),
  images: optional(list(image('2.1.1'))),
  last_updated: dateTime,
})

/** 2.1.1 Location object. */
export const location211 = object({
  id: text(39),
  type: oneOf([
    'ON_STREET',
    'PARKING_GARAGE',
    'UNDERGROUND_GARAGE',
    'PARKING_LOT',
    'OTHER',
    'UNKNOWN',
  ]),
  name: optional(text(255)),
  address: text(45),
  city: text(45),
  postal_code: text(10),
  country: text(3),
  coordinates: geoLocation('2.1.1'),
  related_locations: optional(list(additionalGeoLocation('2.1.1'))),
  evses: optional(list(evse211)),
  directions: optional(list(displayText)),
  operator: optional(businessDetails('2.1.1')),
  suboperator: optional(businessDetails('2.1.1')),
  owner: optional(businessDetails('2.1.1')),
  facilities: optional(list(oneOf(FACILITIES_211))),
  time_zone: optional(text(255)),
  opening_times: optional(hours211),
  charging_when_closed: optional(boolean),
  images: optional(list(image('2.1.1'))),
  energy_mix: optional(energyMix('2.1.1')),
  last_updated: dateTime,
})
