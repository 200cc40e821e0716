import { defineModule } from '../define.ts'
import {
  boolean,
  businessDetails,
  ciString,
  dateTime,
  displayText,
  energyMix,
  image,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  text,
  tokenType,
  url,
} from '../primitives.ts'
import Type from 'typebox'

export const geoLocation = object({
  latitude: Type.String({ maxLength: 10, pattern: '^-?[0-9]{1,2}\\.[0-9]{5,7}$' }),
  longitude: Type.String({ maxLength: 11, pattern: '^-?[0-9]{1,3}\\.[0-9]{5,7}$' }),
})

export const connectorFormat = oneOf(['SOCKET', 'CABLE'])
export const powerType = oneOf(['AC_1_PHASE', 'AC_2_PHASE', 'AC_2_PHASE_SPLIT', 'AC_3_PHASE', 'DC'])
export const connectorType = oneOf([
  'CHADEMO',
  'CHAOJI',
  'DOMESTIC_A',
  'DOMESTIC_B',
  'DOMESTIC_C',
  'DOMESTIC_D',
  'DOMESTIC_E',
  'DOMESTIC_F',
  'DOMESTIC_G',
  'DOMESTIC_H',
  'DOMESTIC_I',
  'DOMESTIC_J',
  'DOMESTIC_K',
  'DOMESTIC_L',
  'DOMESTIC_M',
  'DOMESTIC_N',
  'DOMESTIC_O',
  'GBT_AC',
  'GBT_DC',
  'IEC_60309_2_single_16',
  'IEC_60309_2_three_16',
  'IEC_60309_2_three_32',
  'IEC_60309_2_three_64',
  'IEC_62196_T1',
  'IEC_62196_T1_COMBO',
  'IEC_62196_T2',
  'IEC_62196_T2_COMBO',
  'IEC_62196_T3A',
  'IEC_62196_T3C',
  'NEMA_5_20',
  'NEMA_6_30',
  'NEMA_6_50',
  'NEMA_10_30',
  'NEMA_10_50',
  'NEMA_14_30',
  'NEMA_14_50',
  'PANTOGRAPH_BOTTOM_UP',
  'PANTOGRAPH_TOP_DOWN',
  'TESLA_R',
  'TESLA_S',
])

/** 2.2.1 Connector object. */
const connector = object({
  id: ciString(36),
  standard: connectorType,
  format: connectorFormat,
  power_type: powerType,
  max_voltage: integer,
  max_amperage: integer,
  max_electric_power: optional(integer),
  tariff_ids: optional(list(ciString(36))),
  terms_and_conditions: optional(url),
  last_updated: dateTime,
})

/** 2.2.1 EVSE object. */
const evse = object({
  uid: ciString(36),
  evse_id: optional(ciString(48)),
  status: oneOf([
    'AVAILABLE',
    'BLOCKED',
    'CHARGING',
    'INOPERATIVE',
    'OUTOFORDER',
    'PLANNED',
    'REMOVED',
    'RESERVED',
    'UNKNOWN',
  ]),
  status_schedule: optional(
    list(object({ period_begin: dateTime, period_end: optional(dateTime), status: text(255) })),
  ),
  capabilities: optional(
    list(
      oneOf([
        'CHARGING_PROFILE_CAPABLE',
        'CHARGING_PREFERENCES_CAPABLE',
        'CHIP_CARD_SUPPORT',
        'CONTACTLESS_CARD_SUPPORT',
        'CREDIT_CARD_PAYABLE',
        'DEBIT_CARD_PAYABLE',
        'PED_TERMINAL',
        'REMOTE_START_STOP_CAPABLE',
        'RESERVABLE',
        'RFID_READER',
        'START_SESSION_CONNECTOR_REQUIRED',
        'TOKEN_GROUP_CAPABLE',
        'UNLOCK_CAPABLE',
      ]),
    ),
  ),
  connectors: list(connector, { minItems: 1 }),
  floor_level: optional(text(4)),
  coordinates: optional(geoLocation),
  physical_reference: optional(text(16)),
  directions: optional(list(displayText)),
  parking_restrictions: optional(
    list(oneOf(['EV_ONLY', 'PLUGGED', 'DISABLED', 'CUSTOMERS', 'MOTORCYCLES'])),
  ),
  images: optional(list(image)),
  last_updated: dateTime,
})

const hours = object({
  twentyfourseven: boolean,
  regular_hours: optional(
    list(object({ weekday: integer, period_begin: text(5), period_end: text(5) })),
  ),
  exceptional_openings: optional(list(object({ period_begin: dateTime, period_end: dateTime }))),
  exceptional_closings: optional(list(object({ period_begin: dateTime, period_end: dateTime }))),
})

/** 2.2.1 Location object. */
const location = object({
  country_code: ciString(2),
  party_id: ciString(3),
  id: ciString(36),
  publish: boolean,
  publish_allowed_to: optional(
    list(
      object({
        uid: optional(ciString(36)),
        type: optional(tokenType),
        visual_number: optional(text(64)),
        issuer: optional(text(64)),
        group_id: optional(ciString(36)),
      }),
    ),
  ),
  name: optional(text(255)),
  address: text(255),
  city: text(45),
  postal_code: optional(text(10)),
  state: optional(text(45)),
  country: text(3),
  coordinates: geoLocation,
  related_locations: optional(
    list(object({ latitude: text(10), longitude: text(11), name: optional(displayText) })),
  ),
  parking_type: optional(
    oneOf([
      'ALONG_MOTORWAY',
      'PARKING_GARAGE',
      'PARKING_LOT',
      'ON_DRIVEWAY',
      'ON_STREET',
      'UNDERGROUND_GARAGE',
    ]),
  ),
  evses: optional(list(evse)),
  directions: optional(list(displayText)),
  operator: optional(businessDetails),
  suboperator: optional(businessDetails),
  owner: optional(businessDetails),
  facilities: optional(
    list(
      oneOf([
        'HOTEL',
        'RESTAURANT',
        'CAFE',
        'MALL',
        'SUPERMARKET',
        'SPORT',
        'RECREATION_AREA',
        'NATURE',
        'MUSEUM',
        'BIKE_SHARING',
        'BUS_STOP',
        'TAXI_STAND',
        'TRAM_STOP',
        'METRO_STATION',
        'TRAIN_STATION',
        'AIRPORT',
        'PARKING_LOT',
        'CARPOOL_PARKING',
        'FUEL_STATION',
        'WIFI',
      ]),
    ),
  ),
  time_zone: text(255),
  opening_times: optional(hours),
  charging_when_closed: optional(boolean),
  images: optional(list(image)),
  energy_mix: optional(energyMix),
  last_updated: dateTime,
})

const path = '/:country_code/:party_id/:id/:evse_uid?/:connector_id?'

export const locations = defineModule({
  id: 'locations',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['CPO'],
  readerRoles: ['EMSP', 'NSP', 'NAP', 'OTHER'],
  object: {
    schema: { '2.2.1': location },
    idMember: 'id',
    appended: [],
    children: [
      { list: 'evses', idMember: 'uid', schema: { '2.2.1': evse } },
      { list: 'connectors', idMember: 'id', schema: { '2.2.1': connector } },
    ],
    audience: 'everyone',
    versioned: false,
    deletable: false,
    judges: { except: ['last_updated', 'status', 'status_schedule', 'images', 'directions'] },
  },
  endpoints: {
    list: { interface: 'sender', method: 'GET', path: '/', routing: 'pull' },
    getOwn: {
      interface: 'sender',
      method: 'GET',
      path: '/:id/:evse_uid?/:connector_id?',
      routing: 'pull-one',
    },
    get: { interface: 'receiver', method: 'GET', path, routing: 'pull-one' },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': location } },
    },
    patch: {
      interface: 'receiver',
      method: 'PATCH',
      path,
      routing: 'push',
      body: { schema: { '2.2.1': location }, patch: true },
    },
  },
})
