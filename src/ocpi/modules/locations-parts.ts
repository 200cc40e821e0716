import Type from 'typebox'
import { boolean, dateTime, list, object, oneOf, optional } from '../primitives.ts'
import { clockTime } from './parts.ts'

/** What Locations of all versions share, and the values of their enums. */

export const connectorFormat = oneOf(['SOCKET', 'CABLE'])

export const evseStatus = oneOf([
  'AVAILABLE',
  'BLOCKED',
  'CHARGING',
  'INOPERATIVE',
  'OUTOFORDER',
  'PLANNED',
  'REMOVED',
  'RESERVED',
  'UNKNOWN',
])

export const statusSchedule = object({
  period_begin: dateTime,
  period_end: optional(dateTime),
  status: evseStatus,
})

const exceptionalPeriods = optional(list(object({ period_begin: dateTime, period_end: dateTime })))
const hoursMembers = {
  regular_hours: optional(
    list(
      object({
        weekday: Type.Integer({ minimum: 1, maximum: 7 }),
        period_begin: clockTime,
        period_end: clockTime,
      }),
    ),
  ),
  exceptional_openings: exceptionalPeriods,
  exceptional_closings: exceptionalPeriods,
}

export const hours = object({ twentyfourseven: boolean, ...hoursMembers })
/** 2.1.1 Hours: either regular_hours or twentyfourseven. */
export const hours211 = object({ twentyfourseven: optional(boolean), ...hoursMembers })

/** The values of 2.1.1; what 2.2.1 and 2.3.0 add to each stands with their schemas. */
export const CONNECTOR_TYPES_211 = [
  'CHADEMO',
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
  'TESLA_R',
  'TESLA_S',
] as const
export const POWER_TYPES_211 = ['AC_1_PHASE', 'AC_3_PHASE', 'DC'] as const
export const CAPABILITIES_211 = [
  'CHARGING_PROFILE_CAPABLE',
  'CREDIT_CARD_PAYABLE',
  'REMOTE_START_STOP_CAPABLE',
  'RESERVABLE',
  'RFID_READER',
  'UNLOCK_CAPABLE',
] as const
export const PARKING_RESTRICTIONS_211 = [
  'EV_ONLY',
  'PLUGGED',
  'DISABLED',
  'CUSTOMERS',
  'MOTORCYCLES',
] as const
export const FACILITIES_211 = [
  'HOTEL',
  'RESTAURANT',
  'CAFE',
  'MALL',
  'SUPERMARKET',
  'SPORT',
  'RECREATION_AREA',
  'NATURE',
  'MUSEUM',
  'BUS_STOP',
  'TAXI_STAND',
  'TRAIN_STATION',
  'AIRPORT',
  'CARPOOL_PARKING',
  'FUEL_STATION',
  'WIFI',
] as const
